"""Drawings of the chapter on loss functions."""

from __future__ import annotations

import numpy as np

from helpers.chapters.loss_functions.experiments import (
    BIRDS,
    DEGREES,
    DELTA,
    N_FITTED,
    few_birds,
    fits,
    lines_through,
    lines_with,
    mistyped,
    polynomial,
    squared_of_logistic,
    squared_of_logistic_slope,
)
from helpers.mathematics.functions import logistic
from helpers.mathematics.losses import (
    absolute,
    absolute_vjp,
    huber,
    huber_vjp,
    log_loss,
    log_loss_vjp,
    squared,
    squared_vjp,
)
from helpers.mathematics.validate import as_count, as_finite_float, as_positive, one_of
from helpers.show.style import COLOR, format_number, label, panel

#: How the three losses of a residual are drawn, in every figure of the chapter.
_LOOKS = {
    "squared": (COLOR.loss, "-", "o", 8, "— squared"),
    "absolute": (COLOR.model, "--", "s", 7, "- - absolute"),
    "Huber": (COLOR.step, ":", "D", 6, "··· Huber"),
}
_BEFORE = 0.6  # opacity of what was there before


def _write_names(ax, x, top, down, **where):
    for number, (color, *_, name) in enumerate(_LOOKS.values()):
        label(ax, x, top - number * down, name, color, **where)


def draw_residual_losses(*, residual, delta):
    """Squared, absolute and Huber's loss of a residual on the left, their slopes on the right."""
    r, delta = as_finite_float(residual, "residual"), as_positive(delta, "delta")
    wide = np.linspace(-4.2, 4.2, 85)
    at = np.array([r])
    curves, ax = panel("Three losses", "residual r", "loss", xlim=(-4.2, 4.2), ylim=(-0.4, 9.2))
    slopes, right = panel(
        "Their slopes", "residual r", "slope by r", xlim=(-4.2, 4.2), ylim=(-4.6, 4.6)
    )
    right.axhline(0, color=COLOR.muted, lw=1)
    for side in (ax, right):
        side.axvline(r, color=COLOR.muted, lw=1)
    for name, (color, dashes, marker, size, _) in _LOOKS.items():
        value, slope = _residual_loss(name, delta)
        look = {"color": color, "ls": dashes, "lw": 2.6 if name == "Huber" else 1.8}
        ax.plot(wide, value(wide), **look)
        ax.plot(at, value(at), marker, color=color, ms=size)
        if name == "absolute":  # it jumps at 0, and has no slope there
            for half in (wide[wide < 0], wide[wide > 0]):
                right.plot([half[0], half[-1]], [slope(half)[0]] * 2, **look)
            if r == 0:
                continue
        else:
            right.plot(wide, slope(wide), **look)
        right.plot(at, slope(at), marker, color=color, ms=size)
    _write_names(ax, 0, 8.7, 0.75, ha="center")
    _write_names(right, -4.0, 4.2, 0.75)
    return (curves, slopes), say_residual_losses(r, delta)


def _residual_loss(name, delta):
    """Value and slope by r of one of the three losses, as functions of an array."""
    value, vjp, options = {
        "squared": (squared, squared_vjp, {}),
        "absolute": (absolute, absolute_vjp, {}),
        "Huber": (huber, huber_vjp, {"delta": delta}),
    }[name]
    return (
        lambda r: value(r, **options),
        lambda r: vjp(np.ones(np.shape(r)), r, **options),
    )


def say_residual_losses(r, delta):
    """The reading of ``draw_residual_losses``."""
    said = []
    for name in _LOOKS:
        value, slope = (f(r) for f in _residual_loss(name, delta))
        rate = "no slope (a kink)" if name == "absolute" and r == 0 else f"slope {_number(slope)}"
        said.append(f"{name} {_number(value)} with {rate}")
    where = "beyond" if abs(r) > delta else "within"
    place = f"r = {_number(r)}, δ = {_number(delta)} (r lies {where} δ): "
    return f"{place}{'; '.join(said)}."


def draw_log_loss(*, logit, label_y):
    """Log-loss, and the squared loss of the probability, against the logit; right, the slopes."""
    z, y = as_finite_float(logit, "logit"), one_of(label_y, "label_y", (0, 1))
    wide = np.linspace(-8.4, 8.4, 85)
    ys = np.full(wide.shape, y)
    curves, ax = panel("Two losses", "logit z", "loss", xlim=(-8.6, 8.6), ylim=(-0.5, 9.4))
    ax.plot(wide, log_loss(wide, ys), color=COLOR.loss)
    ax.plot(wide, squared_of_logistic(wide, ys), color=COLOR.muted, ls="--")
    label(ax, 0, 8.8, "— log-loss", COLOR.loss, ha="center")
    label(ax, 0, 7.9, "- - ½ (p − y)²", COLOR.muted, ha="center")

    slopes, right = panel(
        "Their slopes", "logit z", "slope by z", xlim=(-8.6, 8.6), ylim=(-1.2, 1.2)
    )
    right.axhline(0, color=COLOR.muted, lw=1)
    right.plot(wide, log_loss_vjp(np.ones(wide.shape), wide, ys), color=COLOR.gradient)
    right.plot(wide, squared_of_logistic_slope(wide, ys), color=COLOR.muted, ls="--")
    empty = 1 if y else -1  # the slopes lie on one side of 0
    label(right, 8.3, empty * 1.0, "— p − y, of the log-loss", COLOR.gradient, ha="right")
    label(right, 8.3, empty * 0.8, "- - (p − y) p (1 − p)", COLOR.muted, ha="right")
    for side, first, second, color in (
        (ax, log_loss(z, y), squared_of_logistic(z, y), COLOR.loss),
        (right, log_loss_vjp(1.0, z, y), squared_of_logistic_slope(z, y), COLOR.gradient),
    ):
        side.axvline(z, color=COLOR.muted, lw=1)
        side.plot([z], [float(first)], "o", color=color, ms=8)
        side.plot([z], [float(second)], "s", color=COLOR.muted, ms=5.5)
    return (curves, slopes), say_log_loss(z, y)


def say_log_loss(z, y):
    """The reading of ``draw_log_loss``."""
    numbers = (
        logistic(z),
        log_loss(z, y),
        log_loss_vjp(1.0, z, y),
        squared_of_logistic(z, y),
        squared_of_logistic_slope(z, y),
    )
    p, loss, slope, other, other_slope = (_number(v, 4) for v in numbers)
    return (
        f"z = {_number(z)}, y = {y}: p = {p}; the log-loss is {loss} with slope p − y = {slope}, "
        f"the squared loss of p is {other} with slope {other_slope}."
    )


def draw_outlier(*, mass, bird):
    """Lines that three losses fit to 17 penguins, one of them mistyped; right, their slopes."""
    x, y = mistyped(mass, bird)
    place = BIRDS[bird]
    fitted = lines_with(mass, bird)
    points, ax = panel(
        "17 penguins, one mistyped",
        "flipper length (cm)",
        "body mass (kg)",
        xlim=(17.4, 22.9),
        ylim=(-0.5, 12.4),
    )
    rest = np.arange(len(x)) != place
    ax.plot(x[rest], y[rest], "o", color=COLOR.data, ms=4.5)
    ax.plot([x[place]], [few_birds()[1][place]], "o", color=COLOR.data, ms=6, mfc="none", mew=1.5)
    ends = np.array([17.4, 22.9])
    # The two others of before lie close to it, and would be covered by those of now.
    before, color = lines_through(*few_birds()).squared, _LOOKS["squared"][0]
    ax.plot(ends, before[0] * ends + before[1], color=color, lw=1.5, alpha=_BEFORE)
    for name, line in zip(_LOOKS, fitted, strict=True):
        color, dashes, *_ = _LOOKS[name]
        ax.plot(ends, line[0] * ends + line[1], color=color, ls=dashes, lw=2)
    ax.plot([x[place]], [y[place]], "X", color=COLOR.data, ms=11)
    _write_names(ax, 21.1, 11.8, 0.95, ha="center")

    slopes, right = panel(
        "Kilograms for a centimetre",
        "mass as typed (kg)",
        "slope w (kg/cm)",
        xlim=(-0.3, 10.3),
        ylim=(-0.1, 1.05),
    )
    masses = np.arange(0, 10.01, 0.5)
    right.axvline(mass, color=COLOR.muted, lw=1)
    for number, name in enumerate(_LOOKS):
        color, dashes, marker, size, _ = _LOOKS[name]
        along = [lines_with(float(m), bird)[number][0] for m in masses]
        right.plot(masses, along, color=color, ls=dashes, lw=1.8)
        right.plot([mass], [fitted[number][0]], marker, color=color, ms=size)
    _write_names(right, 5, 1.0, 0.085, ha="center")
    return (points, slopes), say_outlier(mass, bird)


def say_outlier(mass, bird):
    """The reading of ``draw_outlier``."""
    now, before = lines_with(mass, bird), lines_through(*few_birds())
    true = few_birds()[1][BIRDS[bird]]
    w, old = ([_number(line[0]) for line in lines] for lines in (now, before))
    return (
        f"The {bird} belongs to a bird of {_number(true)} kg, typed as {_number(mass)} kg: a "
        f"centimetre adds {w[0]} kg by the squared loss, {w[1]} by the absolute one and {w[2]} by "
        f"Huber's with δ = {_number(DELTA)} kg; without the typing error {old[0]}, {old[1]} and "
        f"{old[2]}."
    )


#: A held-out loss beyond this is drawn as a triangle at the upper edge.
_EDGE = 60.0


def draw_complexity(*, degree, sample):
    """Polynomials fitted to 20 penguins; right, loss on these and on the others, by degree."""
    degree, sample = as_count(degree, "degree", minimum=0), as_count(sample, "sample")
    found = fits(sample)
    points, ax = panel(
        "Fitted to 20 birds",
        "flipper length (cm)",
        "body mass (kg)",
        xlim=(17, 23.3),
        ylim=(1.5, 8),
    )
    ax.plot(*found.others, ".", color=COLOR.muted, ms=2.5, alpha=0.6)
    ax.plot(found.x, found.y, "o", color=COLOR.data, ms=5.5)
    x = np.linspace(17, 23.3, 106)
    ax.plot(x, np.clip(polynomial(found.coefficients[degree], x), -4, 14), color=COLOR.model)
    label(ax, 17.2, 7.6, "● fitted to", COLOR.data)
    label(ax, 17.2, 7.1, "· held out", COLOR.muted)

    losses, right = panel(
        "Loss by degree",
        "degree d of the polynomial",
        "mean ½ r² (kg²)",
        xlim=(-0.4, 8.4),
        ylim=(0.01, 100),
        yscale="log",
    )
    right.axvline(degree, color=COLOR.muted, lw=1)
    right.plot(DEGREES, found.training, "o-", color=COLOR.data, ms=4.5, lw=1.6)
    inside = np.array(found.held_out) <= _EDGE
    # The line runs on to the points beyond the edge, and is cut off there.
    right.plot(DEGREES, np.minimum(found.held_out, 1e4), "--", color=COLOR.loss, lw=1.6)
    where = np.array(DEGREES)
    right.plot(where[inside], found.held_out[inside], "s", color=COLOR.loss, ms=4.5)
    right.plot(where[~inside], np.full((~inside).sum(), _EDGE), "^", color=COLOR.loss, ms=6)
    best = int(np.argmin(found.held_out))
    right.plot([best], [found.held_out[best]], "s", color=COLOR.loss, ms=11, mfc="none", mew=1.6)
    right.plot([degree], [found.training[degree]], "o", color=COLOR.data, ms=9)
    marker = "s" if found.held_out[degree] <= _EDGE else "^"
    right.plot([degree], [min(found.held_out[degree], _EDGE)], marker, color=COLOR.loss, ms=8)
    label(right, -0.2, 50, "- - held out", COLOR.loss)
    label(right, -0.2, 0.016, "— fitted to", COLOR.data)
    return (points, losses), say_complexity(degree, sample)


def say_complexity(degree, sample):
    """The reading of ``draw_complexity``."""
    found = fits(sample)
    best = int(np.argmin(found.held_out))
    training, held_out, least = (
        _number(v) for v in (found.training[degree], found.held_out[degree], found.held_out[best])
    )
    end = (
        "the least of this sample"
        if degree == best
        else f"where degree {best}, the best of this sample, has {least} kg²"
    )
    return (
        f"Degree {degree}, sample {sample}: on the {N_FITTED} birds that it is fitted to the loss "
        f"is {training} kg², on the {len(found.others[0])} others {held_out} kg², {end}."
    )


def _number(value, digits=3):
    return format_number(value, digits)
