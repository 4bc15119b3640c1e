"""Drawings of the chapter on integrals."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from helpers.chapters.integrals.experiments import (
    DRAWS,
    INTEGRANDS,
    LENGTHS,
    PLACES,
    QUANTITIES,
    RUNS,
    SLICES,
    VALUES,
    averages,
    rule_errors,
)
from helpers.mathematics.bayes import beta_density, beta_posterior
from helpers.mathematics.gaussian_process import log_marginal_likelihood, posterior
from helpers.mathematics.quadrature import nodes_and_weights
from helpers.mathematics.validate import as_count, as_positive, one_of
from helpers.show.style import COLOR, format_number, label, panel

#: How each rule is drawn on the right: colour, marker, dashes.
_RULES = {
    "left": (COLOR.step, "o", "-"),
    "midpoint": (COLOR.model, "s", "--"),
    "trapezoid": (COLOR.target, "D", "-."),
    "Simpson": (COLOR.uncertainty, "^", ":"),
}


def draw_slices(*, function, rule, n):
    """Left, a curve and the slices whose areas a rule adds; right, each rule's error against n."""
    one_of(function, "function", list(INTEGRANDS))
    f = INTEGRANDS[function].f
    top = 3.0 if function.startswith("eˣ") else 1.1
    curve, ax = panel("The slices", "x", "f(x)", xlim=(-0.04, 1.04), ylim=(0, top))
    x, y = _outline(f, rule, n)
    ax.fill(x, y, color=COLOR.step, alpha=0.25, lw=0)
    ax.plot(x, y, color=COLOR.step, lw=1)
    fine = np.linspace(0, 1, 101)
    ax.plot(fine, f(fine), color=COLOR.loss)

    errors, ax = panel(
        "Error of each rule",
        "number of slices n",
        "|error|",
        xlim=(1.6, 80),
        ylim=(1e-11, 10),
        xscale="log",
        yscale="log",
    )
    found = rule_errors(function)
    for name, (color, marker, dashes) in _RULES.items():
        ax.plot(SLICES, np.abs(found[name]), marker, ls=dashes, color=color, ms=4, lw=1.4)
    for name, at in zip(_RULES, (1e-7, 1e-8, 1e-9, 1e-10), strict=True):
        color, _, dashes = _RULES[name]
        label(ax, 1.8, at, f"{'—' if dashes == '-' else dashes} {name}", color)
    here = abs(found[rule][SLICES.index(n)])
    ax.plot([n], [here], "o", color=COLOR.ink, ms=11, mfc="none", mew=1.8)
    ax.set_xticks(SLICES, [str(count) for count in SLICES])
    return (curve, errors), say_slices(function, rule, n)


def _outline(f, rule, n):
    """The outline of the areas that a rule adds, as one line."""
    nodes, _ = nodes_and_weights(rule, n, 0, 1)
    edges = np.linspace(0, 1, n + 1)
    values = f(nodes)
    xs, ys = [], []
    if rule == "Simpson":
        for i in range(0, n, 2):
            t = np.linspace(edges[i], edges[i + 2], 9)
            parabola = np.polyfit([-1, 0, 1], values[i : i + 3], 2)
            xs += [t[0], *t, t[-1]]
            ys += [0, *np.polyval(parabola, np.linspace(-1, 1, 9)), 0]
    else:
        for i in range(n):
            right = values[i + 1] if rule == "trapezoid" else values[i]
            xs += [edges[i], edges[i], edges[i + 1], edges[i + 1]]
            ys += [0, values[i], right, 0]
    return np.array(xs), np.array(ys)


def say_slices(function, rule, n):
    """The reading of ``draw_slices``."""
    error = rule_errors(function)[rule][SLICES.index(as_count(n, "n"))]
    exact = INTEGRANDS[function].exact
    side = "above" if error > 0 else "below"
    name = "Simpson's rule" if rule == "Simpson" else f"the {rule} rule"
    return (
        f"{function}, {n} slices: {name} lies {format_number(abs(error))} {side} the integral, "
        f"{format_number(exact, 5)}."
    )


#: Of how many viewers eight in ten like a film.
_LIKED = 0.8


def draw_belief(*, strength, n):
    """Left, prior and posterior density of a share; right, the likelihood of each share."""
    share = np.linspace(0.005, 0.995, 199)
    prior = as_positive(strength, "strength") / 2
    n = as_count(n, "n", minimum=0)
    k = round(_LIKED * n)
    after = beta_posterior(prior, prior, k, n)
    belief, ax = panel("Belief about the share θ", "share θ", "density", xlim=(0, 1), ylim=(0, 15))
    ax.plot(share, beta_density(share, prior, prior), color=COLOR.muted, ls="--")
    ax.fill_between(
        share, 0, beta_density(share, after.a, after.b), color=COLOR.model, alpha=0.25, lw=0
    )
    ax.plot(share, beta_density(share, after.a, after.b), color=COLOR.model)
    ax.plot([after.mean, after.mean], [0, 11.5], color=COLOR.parameter, lw=1.4)
    label(ax, 0.02, 13.9, "- - prior", COLOR.muted)
    label(ax, 0.02, 12.8, "— posterior", COLOR.model)
    label(ax, 0.98, 13.9, "| posterior mean", COLOR.parameter, ha="right")

    likely, ax = panel(
        "Likelihood of the data", "share θ", "p(data | θ) / its largest", xlim=(0, 1), ylim=(0, 1.2)
    )
    best = k / n if n else 0.5
    logs = k * np.log(share) + (n - k) * np.log1p(-share)
    peak = k * np.log(best) + (n - k) * np.log1p(-best) if n else 0.0
    ax.plot(share, np.exp(logs - peak), color=COLOR.data)
    return (belief, likely), say_belief(strength, n)


def say_belief(strength, n):
    """The reading of ``draw_belief``."""
    prior = strength / 2
    k = round(_LIKED * n)
    after = beta_posterior(prior, prior, k, n)
    name = f"Beta({format_number(prior)}, {format_number(prior)})"
    if n == 0:
        return f"Prior {name}, no data: the posterior is the prior, with mean 0.5."
    evidence = float(np.exp(after.log_evidence))
    return (
        f"Prior {name}, {k} of {n} like the film: the posterior is Beta("
        f"{format_number(after.a, 4)}, {format_number(after.b, 4)}), with mean "
        f"{format_number(after.mean)} and standard deviation {format_number(after.sd, 2)}; the "
        f"evidence is {format_number(evidence, 2)}."
    )


def draw_process(*, length, noise):
    """Left, twelve points with a Gaussian process's mean and band; right, its log evidence."""
    wide = np.linspace(-4, 4, 121)
    mean, sd = posterior(wide, length, PLACES, VALUES, noise)
    fit, ax = panel("Mean, and ± 2 standard deviations", "x", "y", xlim=(-4, 4), ylim=(-3.2, 3.2))
    ax.fill_between(wide, mean - 2 * sd, mean + 2 * sd, color=COLOR.uncertainty, alpha=0.2, lw=0)
    ax.plot(wide, mean, color=COLOR.model)
    ax.plot(PLACES, VALUES, "o", color=COLOR.data, ms=5)

    evidence, ax = panel(
        "Log marginal likelihood",
        "length scale ℓ",
        "log p(y)",
        xlim=(0.08, 6.5),
        ylim=(-42, -4),
        xscale="log",
    )
    values = np.array([log_marginal_likelihood(v, PLACES, VALUES, noise) for v in LENGTHS])
    inside = values >= -41
    ax.plot(np.array(LENGTHS)[inside], values[inside], "o-", color=COLOR.loss, ms=4)
    ax.plot(
        np.array(LENGTHS)[~inside], np.full((~inside).sum(), -41.0), "v", color=COLOR.loss, ms=6
    )
    here = max(values[LENGTHS.index(length)], -41.0)
    ax.plot([length], [here], "o", color=COLOR.parameter, ms=11, mfc="none", mew=1.8)
    ax.set_xticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
    return (fit, evidence), say_process(length, noise)


def say_process(length, noise):
    """The reading of ``draw_process``."""
    values = [log_marginal_likelihood(v, PLACES, VALUES, noise) for v in LENGTHS]
    here, best = values[LENGTHS.index(length)], max(values)
    place = f"ℓ = {format_number(length)}, noise {format_number(noise)}: log p(y) = "
    if here == best:
        return f"{place}{format_number(here)}, the largest on this slider at this noise."
    return (
        f"{place}{format_number(here)}; at this noise it is largest at "
        f"ℓ = {format_number(LENGTHS[values.index(best)])}, with {format_number(best)}."
    )


#: Bars of the histogram, and the colour of each quantity.
_BARS = np.linspace(-3, 7, 41)
_COLORS = dict(zip(QUANTITIES, (COLOR.data, COLOR.model, COLOR.step), strict=True))


def draw_averages(*, quantity, n):
    """Left, 300 averages of n draws each; right, their error against n for three quantities."""
    one_of(quantity, "quantity", list(QUANTITIES))
    shown = averages(quantity)[DRAWS.index(n)]
    counts, _ = np.histogram(np.clip(shown, _BARS[0], _BARS[-1]), _BARS)
    spread, ax = panel(
        f"{RUNS} averages of n draws", "average", "share of the runs", xlim=(-3, 7), ylim=(0, 0.62)
    )
    x, y = np.repeat(_BARS, 2)[1:-1], np.repeat(counts / RUNS, 2)
    ax.fill_between(x, 0, y, color=_COLORS[quantity], alpha=0.4, lw=0)
    ax.plot(x, y, color=_COLORS[quantity], lw=1)
    deviation = np.sqrt(QUANTITIES[quantity].variance / n)
    bell = np.diff(norm.cdf(_BARS, 2, deviation))
    ax.plot((_BARS[1:] + _BARS[:-1]) / 2, bell, color=COLOR.uncertainty, ls="--", lw=1.4)
    label(ax, 6.9, 0.57, "- - N(2, σ²/n)", COLOR.uncertainty, ha="right")

    errors, ax = panel(
        "Root-mean-square error",
        "draws n",
        "error",
        xlim=(0.7, 4500),
        ylim=(0.02, 20),
        xscale="log",
        yscale="log",
    )
    for name, (_, variance) in QUANTITIES.items():
        found = _rms(name)
        ax.plot(DRAWS, np.sqrt(variance / np.array(DRAWS)), color=_COLORS[name], lw=1)
        ax.plot(DRAWS, found, "o", color=_COLORS[name], ms=4)
    ax.plot([n], [_rms(quantity)[DRAWS.index(n)]], "o", color=COLOR.ink, ms=11, mfc="none", mew=1.8)
    label(ax, 4200, 12, "score function", COLOR.step, ha="right")
    label(ax, 0.9, 0.085, "value X²", COLOR.data)
    label(ax, 0.9, 0.035, "reparameterised", COLOR.model)
    label(ax, 4200, 5.5, "— σ/√n", COLOR.muted, ha="right")
    return (spread, errors), say_averages(quantity, n)


def _rms(name):
    return np.sqrt(np.mean((averages(name) - 2) ** 2, axis=1))


def say_averages(quantity, n):
    """The reading of ``draw_averages``."""
    sigma = np.sqrt(QUANTITIES[quantity].variance)
    rms = _rms(quantity)[DRAWS.index(n)]
    draws = "1 draw" if n == 1 else f"{n} draws"
    return (
        f"{quantity[0].upper()}{quantity[1:]}, {draws} an average: σ/√n is "
        f"{format_number(sigma / np.sqrt(n), 2)}, and {RUNS} averages are off by "
        f"{format_number(rms, 2)} (root mean square)."
    )
