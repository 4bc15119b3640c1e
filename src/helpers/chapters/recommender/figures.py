"""Drawings of the chapter on recommenders."""

from __future__ import annotations

import numpy as np

from helpers.mathematics.validate import (
    as_finite_array,
    as_finite_float,
    as_positive,
    one_of,
)
from helpers.show.style import COLOR, format_number, label, panel

# One user and one film in two factors; 3.5 + p·q = 4.25 stars are expected.
_BASE, _P, _Q = 3.5, np.array([1.0, 0.5]), np.array([0.5, 0.5])


def _arrow(ax, end, color, *, dashed=False, alpha=1.0):
    style = {"arrowstyle": "-|>", "color": color, "lw": 2, "alpha": alpha, "shrinkA": 0}
    style.update(shrinkB=0, mutation_scale=14, linestyle=(0, (5, 2)) if dashed else "-")
    ax.annotate("", end, (0, 0), arrowprops=style)


def draw_tug(*, stars, learning_rate):
    """Left, a user and a film as vectors before and after one step; right, the new prediction.

    ``stars`` is the rating given, from 0.5 to 5; ``learning_rate`` the step size η > 0.
    """
    stars, eta = as_positive(stars, "stars"), as_positive(learning_rate, "learning_rate")
    expected = _BASE + _P @ _Q
    residual = stars - expected
    p, q = _P + eta * residual * _Q, _Q + eta * residual * _P
    new = _BASE + p @ q

    left, ax = panel(
        "One step on one rating", "factor 1", "factor 2", xlim=(-1.55, 1.85), ylim=(-0.9, 1.32)
    )
    _arrow(ax, _P, COLOR.parameter, alpha=0.35)
    _arrow(ax, _Q, COLOR.model, dashed=True, alpha=0.35)
    _arrow(ax, p, COLOR.parameter)
    _arrow(ax, q, COLOR.model, dashed=True)
    label(ax, *p, "user p", COLOR.parameter, dx=6)
    # At the left edge the label starts near the tip, so as not to reach over the axis.
    side = {"ha": "left", "dx": -8} if q[0] < -1.1 else {"ha": "center"}
    label(ax, *q, "film q", COLOR.model, dy=10 if q[1] > 0 else -10, **side)

    right, ax = panel(
        "The prediction after the step", "learning rate η", "stars", xlim=(0, 0.5), ylim=(0, 6)
    )
    grid = np.linspace(0, 0.5, 41)
    path = expected + grid * residual * (_P @ _P + _Q @ _Q) + (grid * residual) ** 2 * (_P @ _Q)
    ax.axhline(stars, color=COLOR.target, ls="--", lw=1.5)
    # On the side of the line that the curve is not on.
    label(ax, 0.49, stars, "rating given", COLOR.target, ha="right", dy=9 if residual > 0 else -9)
    ax.plot(grid, path, color=COLOR.model)
    ax.plot(0, expected, "s", color=COLOR.muted, clip_on=False)
    ax.plot(eta, new, "o", color=COLOR.step, ms=8)
    way = "pulls the two together" if residual > 0 else "pushes the two apart"
    reading = (
        f"{format_number(stars)}★ given, {format_number(expected)} expected: the residual is "
        f"{format_number(residual)}, so the step with η = {format_number(eta)} {way}; the "
        f"prediction becomes {format_number(new)}."
    )
    # As a function of η the prediction is a parabola; for a negative residual it turns back.
    turn = (_P @ _P + _Q @ _Q) / (2 * abs(residual) * (_P @ _Q))
    if residual < 0 and eta > turn:
        reading += f" That was too long a step: η = {turn:.2f} would have come closer."
    return (left, right), reading


def draw_biases(path, *, bias_penalty):
    """Left, error of the biases against their penalty; right, how far a film's mean is believed.

    ``path`` comes from ``bias_path``; ``bias_penalty`` is one of its penalties.
    """
    penalty = one_of(bias_penalty, "bias_penalty", path.penalties)
    at = path.penalties.index(penalty)
    error = path.validation[at]
    left, ax = panel(
        "Biases alone",
        "bias penalty λ_b",
        "RMSE in stars",
        xlim=(0.07, 140),
        ylim=(0.76, 1.09),
        xscale="log",
    )
    ax.axhline(path.mean, color=COLOR.muted, ls=":", lw=1.5)
    label(ax, 0.08, path.mean, "the mean rating for everything", COLOR.muted, dy=9)
    ax.plot(path.penalties, path.train, color=COLOR.data, ls="--", lw=1.5)
    label(ax, 0.08, path.train[0], "training", COLOR.data, dy=-9)
    ax.plot(path.penalties, path.validation, color=COLOR.loss)
    label(ax, 0.08, path.validation[0], "validation", COLOR.loss, dy=10)
    ax.plot(penalty, error, "o", color=COLOR.parameter, ms=8)

    right, ax = panel(
        "How much of its own mean a film keeps",
        "ratings of the film n",
        "n / (n + λ_b)",
        xlim=(1, 400),
        ylim=(0, 1.05),
        xscale="log",
    )
    counts = np.geomspace(1, 400, 50)
    ax.plot(counts, counts / (counts + penalty), color=COLOR.model)
    shares = {n: n / (n + penalty) for n in (1, 10, 100)}
    for n, share in shares.items():
        ax.plot(n, share, "o", color=COLOR.parameter, clip_on=False)
        # Below the curve where there is room above the axis, else well above it.
        label(ax, n, share, f"{share:.2f}", COLOR.ink, dx=8, dy=-9 if share > 0.08 else 15)
    reading = (
        f"λ_b = {format_number(penalty, 2)}: the biases have a validation RMSE of {error:.3f}, the "
        f"mean has {path.mean:.3f}. A film with one rating keeps {100 * shares[1]:.0f} % of its "
        f"own mean, one with 100 keeps {100 * shares[100]:.0f} %."
    )
    return (left, right), reading


def _window(sweep):
    """Limits for the errors over λ, the same for every state, with a line of text above."""
    ends = [sweep.error(*pair, stopped=True) for pair in sweep.runs]
    low = np.floor(50 * min(sweep.biases, *(e for e in ends if e is not None))) / 50
    return low, low + 0.15, low + 0.18


def draw_sweep(sweep, *, penalty, learning_rate):
    """Left, error by epoch for one penalty and one learning rate; right, over all penalties.

    ``sweep`` comes from ``run_sweep``; the two values are among its penalties and rates.
    """
    penalty = one_of(penalty, "penalty", sweep.penalties)
    rate = one_of(learning_rate, "learning_rate", sweep.rates)
    run = sweep.runs[penalty, rate]
    n_epochs = max(len(r.train_rmse) for r in sweep.runs.values())
    left, ax = panel(
        "Error by epoch", "epoch", "RMSE in stars", xlim=(0.5, n_epochs + 0.5), ylim=(0.55, 1.15)
    )
    ax.set_xticks([1, *range(5, n_epochs + 1, 5)])
    ax.axhline(sweep.biases, color=COLOR.muted, ls=":", lw=1.5)
    label(ax, n_epochs, 0.57, "dotted: biases alone", COLOR.muted, ha="right", dy=4)
    label(ax, n_epochs, 1.11, "— validation", COLOR.loss, ha="right")
    label(ax, n_epochs, 1.06, "- - training", COLOR.data, ha="right")
    epochs = np.arange(1, len(run.train_rmse) + 1)
    ax.plot(epochs, np.clip(run.train_rmse, 0.56, 1.14), color=COLOR.data, ls="--", lw=1.5)
    held = np.clip(run.validation_rmse, 0.56, 1.14)
    ax.plot(epochs, held, color=COLOR.loss)
    if run.diverged_in:
        ax.plot(run.diverged_in, 1.1, "^", ms=10, color=COLOR.loss)
        label(ax, run.diverged_in, 1.0, f"diverged in epoch {run.diverged_in}", COLOR.loss)
    else:
        ax.plot(run.best_epoch, held[run.best_epoch - 1], "o", color=COLOR.target, ms=8)

    low, top, high = _window(sweep)
    right, ax = panel(
        "Validation error over λ, for this η",
        "penalty λ",
        "RMSE in stars",
        xlim=(-0.5, len(sweep.penalties) - 0.5),
        ylim=(low, high),
    )
    ax.set_xticks(range(len(sweep.penalties)), [format_number(v) for v in sweep.penalties])
    for other in sweep.rates:
        _over_penalties(ax, sweep, other, top, stopped=True, color=COLOR.grid, lw=1.2)
    ax.axhline(sweep.biases, color=COLOR.muted, ls=":", lw=1.5)
    _over_penalties(ax, sweep, rate, top, stopped=False, color=COLOR.loss, lw=1.5, ls="--")
    _over_penalties(ax, sweep, rate, top, stopped=True, color=COLOR.target, lw=2)
    label(ax, -0.4, high - 0.012, "— best epoch", COLOR.target)
    label(ax, 3.0, high - 0.012, "- - last epoch", COLOR.loss)
    x, last = sweep.penalties.index(penalty), sweep.error(penalty, rate, stopped=False)
    head = f"λ = {format_number(penalty)}, η = {format_number(rate, 2)}: "
    if last is None:
        ax.plot(x, top, "^", color=COLOR.loss, ms=9)
        return (left, right), f"{head}diverged in epoch {run.diverged_in}; this η is too large."
    best = sweep.error(penalty, rate, stopped=True)
    ax.plot(x, min(last, top), "D" if last <= top else "^", color=COLOR.loss)
    ax.plot(x, min(best, top), "o", color=COLOR.target, ms=8)
    reading = (
        f"{head}validation RMSE {best:.3f} at its best, in epoch {run.best_epoch}, and {last:.3f} "
        f"after {len(held)} epochs; the biases alone have {sweep.biases:.3f}. "
        f"Training RMSE {run.train_rmse[-1]:.3f}."
    )
    return (left, right), reading


def _over_penalties(ax, sweep, rate, top, *, stopped, **style):
    errors = [sweep.error(p, rate, stopped=stopped) for p in sweep.penalties]
    kept = [(x, min(e, top)) for x, e in enumerate(errors) if e is not None]
    if kept:
        ax.plot(*zip(*kept, strict=True), **style)


def draw_planted(results, *, density, penalty, noise=0.5):
    """Left, error on unseen cells against the share observed; right, predicted against given.

    ``results`` comes from ``recover_planted``; density and penalty are among its keys.
    """
    densities, penalties = (tuple(dict.fromkeys(column)) for column in zip(*results, strict=True))
    density = one_of(density, "density", densities)
    penalty = one_of(penalty, "penalty", penalties)
    now = results[density, penalty]
    left, ax = panel(
        "Error on the cells left out",
        "share of cells observed in %",
        "RMSE",
        xlim=(0, 75),
        ylim=(0.4, 1.5),
    )
    shares, row = [100 * d for d in densities], [results[d, penalty] for d in densities]
    errors = np.array([r.errors for r in row])  # (densities, tables)
    mean = float(np.mean(row[0].means))
    ax.fill_between(
        shares, errors.min(axis=1), errors.max(axis=1), color=COLOR.model, alpha=0.2, lw=0
    )
    ax.plot(shares, errors.mean(axis=1), "-o", color=COLOR.model, ms=4)
    ax.axhline(mean, color=COLOR.muted, ls="--", lw=1.5)
    ax.axhline(noise, color=COLOR.uncertainty, ls=":", lw=1.5)
    label(ax, 74, mean, "the mean", COLOR.muted, ha="right", dy=10)
    label(ax, 74, noise, "noise: nobody gets below", COLOR.uncertainty, ha="right", dy=-9)
    ax.plot(100 * density, now.errors.mean(), "o", color=COLOR.parameter, ms=9)

    right, ax = panel(
        "Sixty unseen cells of one table", "rating given", "predicted", xlim=(-1, 7), ylim=(-1, 7)
    )
    ax.plot([-1, 7], [-1, 7], color=COLOR.target, ls="--", lw=1.5)
    inside = np.clip([now.truth, now.predicted], -0.9, 6.9)
    ax.plot(*inside, "o", color=COLOR.data, ms=4)
    better = int(np.sum(now.errors < now.means))
    tables = len(now.errors)
    reading = (
        f"{100 * density:.0f} % of the cells observed, λ = {format_number(penalty)}: over {tables} "
        f"tables the RMSE on the others is {now.errors.mean():.2f} on average, from "
        f"{now.errors.min():.2f} to {now.errors.max():.2f}; the mean rating has "
        f"{np.mean(now.means):.2f}, and the fit beats it on {better} of {tables}."
    )
    return (left, right), reading


def turned(factors, degrees):
    """The rows of ``factors``, shape (n, 2), turned by an angle in the plane of the two factors."""
    factors = as_finite_array(factors, "factors", shape=(None, 2))
    angle = np.deg2rad(as_finite_float(degrees, "degrees"))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return factors @ turn.T


def draw_rotation(user, films, names, *, degrees):
    """Left, one user and some films in two factors, turned together; right, what that changes.

    ``user`` has shape (2,), ``films`` (n, 2), and there are n ``names``.
    """
    user = as_finite_array(user, "user", shape=(2,))
    films = as_finite_array(films, "films", shape=(len(names), 2))
    letters = [chr(ord("A") + n) for n in range(len(names))]
    reach = 1.3 * max(np.linalg.norm(films, axis=1).max(), np.linalg.norm(user))
    before, wide = films, 1.15 * max(np.linalg.norm(films, axis=1).max(), *abs(films @ user))
    films, user = turned(films, degrees), turned(np.reshape(user, (1, 2)), degrees)[0]
    left, ax = panel(
        "User and films in two factors",
        "factor 1",
        "factor 2",
        xlim=(-1.53 * reach, 1.53 * reach),
        ylim=(-reach, reach),
    )
    ax.axvline(0, color=COLOR.muted, lw=0.8)
    ax.axhline(0, color=COLOR.muted, lw=0.8)
    ax.plot(*before.T, "s", color=COLOR.grid, ms=5)
    _arrow(ax, user, COLOR.parameter)
    ax.plot(*films.T, "s", color=COLOR.model, ms=5)
    for point, text, color in (
        (user, "user", COLOR.parameter),
        *((film, letter, COLOR.ink) for film, letter in zip(films, letters, strict=True)),
    ):
        # Outwards from the origin, so that a label keeps its distance at every angle.
        out = point / max(np.linalg.norm(point), 1e-9)
        far = 17 if text == "user" else 11
        label(ax, *point, text, color, ha="center", dx=far * out[0], dy=far * out[1])

    right, ax = panel(
        "What turns, and what stays",
        "value",
        "",
        xlim=(-3.2 * wide, wide),
        ylim=(-0.6, len(names) + 0.7),
    )
    ax.set_yticks([])
    ax.axvline(0, color=COLOR.muted, lw=0.8)
    rows = np.arange(len(names))[::-1]
    ax.plot(films[:, 0], rows + 0.15, "s", color=COLOR.step)
    ax.plot(films @ user, rows - 0.15, "o", color=COLOR.model)
    for row, letter, name in zip(rows, letters, names, strict=True):
        label(ax, -3.15 * wide, row, f"{letter} {name}", COLOR.ink)
    label(ax, -3.15 * wide, len(names) + 0.35, "■ factor 1 of the film", COLOR.step)
    label(ax, 0.95 * wide, len(names) + 0.35, "● p·q", COLOR.model, ha="right")
    first, liked = names[int(np.argmax(films[:, 0]))], names[int(np.argmax(films @ user))]
    reading = (
        f"Turned by {format_number(degrees)}°: “{first}” has the most of factor 1. The user's "
        f"largest p·q, {np.max(films @ user):.2f} stars, is that of “{liked}”."
    )
    return (left, right), reading


def draw_passes(histories, *, biases):
    """Validation error by pass over the ratings, for minibatch steps and for full-gradient steps.

    ``histories`` maps a name to a ``History``; the first is drawn solid. ``biases`` is the
    validation error of the biases alone.
    """
    if not histories:
        raise ValueError("histories must hold at least one History, got none")
    longest = max(len(h.validation_rmse) for h in histories.values())
    figure, ax = panel(
        "The same passes, many steps or one",
        "passes over the ratings",
        "validation RMSE",
        xlim=(0, longest + 1),
        ylim=(0.865, 0.915),
    )
    ax.axhline(biases, color=COLOR.muted, ls=":", lw=1.5)
    label(ax, 0.4, biases, "biases alone", COLOR.muted, dy=-10)
    styles = ((COLOR.model, "-"), (COLOR.step, "--"), (COLOR.loss, "-."))
    parts = []
    sides = (-14, 11, 11)
    for (name, history), (color, dashes), dy in zip(histories.items(), styles, sides, strict=False):
        errors = np.clip(history.validation_rmse, 0.866, 0.914)
        ax.plot(np.arange(1, len(errors) + 1), errors, color=color, ls=dashes)
        label(ax, len(errors), errors[-1], name, color, ha="right", dy=dy)
        parts.append(f"{name} {history.validation_rmse[-1]:.3f}")
    said = ", ".join(parts)
    return figure, (
        f"Validation RMSE after {longest} passes: {said}; the biases alone have {biases:.3f}."
    )
