"""The drawings of the chapter on gradient descent."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from helpers.mathematics.objectives import SLOPE_TWO, DoubleWell, Quadratic
from helpers.mathematics.optimizers import Trajectory, gradient_descent
from helpers.mathematics.validate import as_finite_float, as_positive, one_of
from helpers.show.style import COLOR, format_number, label, panel

#: The bowls of the two figures on the learning rate: L = 4 in both, μ = 1 in the second.
BOWL_1D = Quadratic(4.0)
BOWL_2D = Quadratic.valley(4.0, smoothness=4.0, degrees=-35.0)
_START_1D, _START_2D = np.array([3.0]), np.array([3.6, 1.6])
_WINDOW = {"xlim": (-4.6, 4.6), "ylim": (-3.0, 3.0), "equal": True}
#: A run counts as diverged once the loss is a thousand times what it was.
_BLOWN_UP = 1e3
_FLOOR = 1e-8


def draw_rate_1d(*, learning_rate):
    """Left, the loss 2θ² with the points that gradient descent visits; right, loss by step.

    ``learning_rate`` is η > 0; L = 4, so that 1/L = 0.25 and 2/L = 0.5.
    """
    path = _descend(BOWL_1D, _START_1D, learning_rate, steps=30)
    figure, ax = panel(
        "On the curve: L(θ) = 2θ²", "parameter θ", "loss L", xlim=(-4.2, 4.2), ylim=(-5, 36)
    )
    theta = np.linspace(-4.2, 4.2, 57)
    ax.plot(theta, 2 * theta**2, color=COLOR.loss)
    ax.plot(0, 0, marker="*", ms=12, color=COLOR.target)
    label(ax, 0, 0, "minimum", COLOR.target, ha="center", dy=-14)
    ax.plot(path.theta[:, 0], path.loss, "o-", color=COLOR.step, lw=1.2, ms=5)
    ax.plot(*_START_1D, path.loss[0], "s", ms=8, color=COLOR.parameter)
    label(ax, 3, 18, "start", COLOR.parameter, dx=8, dy=-4)
    right = _loss_by_step(path, 30, ylim=(1e-9, 1e5))
    return (figure, right), _say_rate(BOWL_1D, learning_rate, path)


def draw_rate_2d(*, learning_rate):
    """Left, level curves of a bowl with the path of gradient descent; right, loss by step.

    ``learning_rate`` is η > 0; L = 4 and μ = 1, so that 2/(L + μ) = 0.4 and 2/L = 0.5.
    """
    path = _descend(BOWL_2D, _START_2D, learning_rate, steps=30)
    best = gradient_descent(BOWL_2D, _START_2D, learning_rate=BOWL_2D.best_learning_rate, steps=30)
    figure, ax = panel("From above: level curves of L", "θ₁", "θ₂", **_WINDOW)
    _level_curves(ax, BOWL_2D, (0.5, 2, 5, 10, 18, 30))
    _path(ax, path)
    right = _loss_by_step(path, 30, ylim=(1e-9, 1e5), reference=best)
    return (figure, right), _say_rate(BOWL_2D, learning_rate, path)


def draw_direction(*, degrees):
    """Left, a step of length 1 across level curves; right, the change of the loss by direction.

    ``degrees`` is the angle between the step and −∇.
    """
    bowl, theta, length = Quadratic.valley(6.0, smoothness=1.2), np.array([0.9, 2.1]), 1.0
    gradient = bowl.gradient(theta)
    slope = float(np.linalg.norm(gradient))
    downhill, degrees = np.arctan2(*-gradient[::-1]), as_finite_float(degrees, "degrees")

    def change(angle):
        way = downhill + np.deg2rad(angle)
        end = theta + length * np.stack([np.cos(way), np.sin(way)], axis=-1)
        return bowl.value(end) - bowl.value(theta), end

    actual, end = change(degrees)
    figure, ax = panel("A step of length 1", "θ₁", "θ₂", **_WINDOW)
    _level_curves(ax, bowl, (0.1, 0.4, 0.9, 1.6, 2.5))
    _arrow(ax, theta, theta - 1.6 * gradient / slope, COLOR.gradient)
    _, along = change(0)
    label(ax, *along, "−∇L", COLOR.gradient, dx=-24, dy=-12, ha="right")
    _arrow(ax, theta, end, COLOR.step)
    ax.plot(*theta, "s", ms=8, color=COLOR.parameter)
    right, ax = panel(
        "What the step changes",
        "angle from −∇L in degrees",
        "change of L",
        xlim=(-195, 195),
        ylim=(-1.8, 2.9),
    )
    angles = np.linspace(-180, 180, 73)
    ax.set_xticks([-180, -90, 0, 90, 180])
    ax.plot(angles, -slope * np.cos(np.deg2rad(angles)), color=COLOR.gradient)
    ax.plot(angles, change(angles)[0], "--", color=COLOR.loss)
    label(ax, 0, -slope, "first order: −‖∇L‖ cos", COLOR.gradient, ha="center", dy=-11)
    label(ax, 0, 1.9, "what really happens", COLOR.loss, ha="center")
    # cos 90° is 6e-17 in floating point, and a reading should say 0.
    first_order = round(float(-slope * np.cos(np.deg2rad(degrees))), 12)
    ax.plot(degrees, first_order, "o", color=COLOR.gradient)
    ax.plot(degrees, actual, "D", color=COLOR.loss)
    return (figure, right), (
        f"A step {_sign(degrees)}° away from −∇L: to first order the loss changes by "
        f"−‖∇L‖ cos({_sign(degrees)}°) = {_sign(first_order, 2)}; over a length of 1 it changes by "
        f"{_sign(actual, 2)}."
    )


def draw_same_slope(*, formula, step):
    """Left, a loss and its tangent of slope 2; right, the tangent's error for four such losses.

    ``formula`` names one of ``SLOPE_TWO``; ``step`` is the increase of θ, in (0, 1].
    """
    examples = {function.formula: (function, point) for function, point in SLOPE_TWO}
    function, point = examples[one_of(formula, "formula", tuple(examples))]
    step = as_positive(step, "step")

    def change(pair, h):
        return pair[0].value(pair[1] + h) - pair[0].value(pair[1])

    h = np.linspace(-0.2, 1.1, 53)
    figure, ax = panel(
        "Loss and tangent", "increase of θ", "change of L", xlim=(-0.2, 1.4), ylim=(-10, 10)
    )
    ax.plot(h, 2 * h, "--", color=COLOR.gradient)
    label(ax, 1.1, 2.2, "slope 2", COLOR.gradient, dx=4)
    ax.plot(h, change((function, point), h), color=COLOR.loss)
    actual = float(change((function, point), step))
    shown = np.clip(actual, -9.6, 9.6)
    ax.plot([step, step], [2 * step, shown], color=COLOR.uncertainty, lw=1.4)
    ax.plot(step, 2 * step, "o", color=COLOR.gradient)
    ax.plot(step, shown, "D" if shown == actual else "^", color=COLOR.loss)
    right, ax = panel(
        "Error of the tangent",
        "increase of θ",
        "|error|",
        xlim=(0.04, 4.0),
        ylim=(1e-5, 200),
        xscale="log",
        yscale="log",
    )
    grid = np.geomspace(0.04, 1.2, 31)
    for (name, pair), dy in zip(examples.items(), (0, 0, 4, -4), strict=True):
        chosen = {"color": COLOR.loss, "lw": 2.4} if name == formula else {"color": COLOR.muted}
        error = np.abs(change(pair, grid) - 2 * grid)
        ax.plot(grid, error, **{"lw": 1.2, **chosen})
        label(ax, grid[-1], error[-1], name, COLOR.ink, dx=5, dy=dy)
    error = actual - 2 * step
    ax.plot(step, abs(error), "D", ms=8, color=COLOR.uncertainty)
    return (figure, right), (
        f"{formula} where its slope is 2: increasing θ by {format_number(step)} changes the loss "
        f"by {_sign(actual, 3)}; the slope foretells {_sign(2 * step, 2)}, so it is off by "
        f"{_sign(error, 3)}."
    )


def draw_conditioning(*, kappa, eta_l):
    """Left, level curves of a valley with the path of gradient descent; right, loss by step.

    ``kappa`` is the condition number L/μ with L = 1; ``eta_l`` is ηL, the learning rate in units
    of 1/L.
    """
    bowl, start = Quadratic.valley(kappa, degrees=90.0), np.array([2.6, 2.6])
    path = _descend(bowl, start, eta_l, steps=60)
    figure, ax = panel("A valley with L = 1, μ = 1/κ", "θ₁ (flat)", "θ₂ (steep)", **_WINDOW)
    _level_curves(ax, bowl, np.array([1.0, 4, 9, 16, 25]) / (2 * bowl.condition_number))
    ax.plot([start[0], 0], [start[1], 0], ":", lw=1.4, color=COLOR.target)
    _path(ax, path)
    right = _loss_by_step(path, 60, ylim=(1e-9, 1e5))
    angle, best = bowl.angle_to_minimum(start), bowl.best_learning_rate
    return (figure, right), (
        f"κ = {format_number(kappa)}: −∇L starts {angle:.0f}° away from the minimum. "
        + _say_rate(bowl, eta_l, path, name="ηL")
        + f" The best is ηL = {format_number(best)}, which keeps {bowl.contraction(best):.3g}."
    )


def draw_sgd(sweep, *, batch_size, learning_rate):
    """Left, loss above its minimum by gradient evaluations; right, where each run settles.

    ``sweep`` comes from ``sweep_sgd``; ``batch_size`` and ``learning_rate`` are among its own.
    """
    rate = as_positive(learning_rate, "learning_rate")
    learning_rate = min(sweep.rates, key=lambda r: abs(r - rate))
    run, n = sweep.run(batch_size, learning_rate), sweep.objective.n_examples
    figure, ax = _sgd_panel(n)
    full = sweep.run(n, _best_full(sweep))
    _excess_line(ax, full, sweep.objective.offset, "--", COLOR.muted)
    label(ax, 500, 3.0, "full batch,\nbest η", COLOR.muted, dx=4)
    floor = sweep.objective.noise_floor(learning_rate, batch_size)
    if batch_size < n:
        ax.plot([1, 5000], [floor, floor], ":", color=COLOR.uncertainty)
        label(ax, 1.3, floor, "floor η tr C / 4b", COLOR.uncertainty, dy=-10)
    _excess_line(ax, run, sweep.objective.offset, "-", COLOR.step)
    right, ax = panel(
        "Where it settles, by batch size",
        "learning rate η",
        "L − L* at the end",
        xlim=(7e-4, 1.4),
        ylim=(1e-4, 60),
        xscale="log",
        yscale="log",
    )
    for size, dash in zip(sweep.sizes, ("-", "--", "-.", ":", (0, (1, 2))), strict=False):
        kept = [(r, sweep.settled(size, r)) for r in sweep.rates]
        rates, ends = zip(*[pair for pair in kept if pair[1] is not None], strict=True)
        ax.plot(rates, ends, linestyle=dash, lw=1.4, color=COLOR.muted)
        # Where the curves come down they are far enough apart for a name each.
        falling = slice(int(np.argmin(ends)), None, -1)
        level = min(0.3, 0.6 * ends[0])
        rate = np.exp(np.interp(level, ends[falling], np.log(rates[falling])))
        label(ax, rate, level, f"{size}", COLOR.ink, ha="right", dx=-5, dy=-4)
    end = sweep.settled(batch_size, learning_rate)
    ax.plot(learning_rate, 40 if end is None else end, "o" if end else "^", ms=9, color=COLOR.step)
    name = "Full batch" if batch_size == n else f"Batches of {batch_size}"
    head = f"{name}, η = {format_number(learning_rate)}: "
    if end is None:
        return (figure, right), f"{head}diverged after {run.diverged_at} updates."
    tail = (
        "" if batch_size == n else f"; the floor for a constant step is {format_number(floor, 2)}"
    )
    passes = int(run.evaluations[-1] // n)
    return (figure, right), (
        f"{head}over the last third of {passes} epochs the loss is "
        f"{format_number(end, 2)} kg² above its minimum{tail}."
    )


def draw_decay(objective, runs):
    """Loss above its minimum by gradient evaluations, for two constant steps and a decaying one.

    ``objective`` is a ``LeastSquares`` and ``runs`` a dict of three ``Trajectory``s by the name of
    their step: large, small and decaying. Raises ``ValueError`` for another number of runs.
    """
    if len(runs) != 3:
        raise ValueError(f"runs must hold three runs, got {len(runs)}")
    figure, ax = _sgd_panel(objective.n_examples, evaluations=2e4)
    styles = (
        ("-", COLOR.step, (3e3, 0.07)),
        ("--", COLOR.model, (900, 2.0)),
        ("-.", COLOR.target, (700, 1e-4)),
    )
    ends = []
    for (name, run), (dash, color, place) in zip(runs.items(), styles, strict=True):
        _excess_line(ax, run, objective.offset, dash, color, smooth=True)
        label(ax, *place, name, color, ha="center")
        late = run.loss[len(run.loss) // 2 :]
        ends.append(f"{format_number(np.mean(late) - objective.offset, 1)} ({name})")
    return figure, (
        f"In the second half of the runs the loss is above its minimum by {ends[0]}, {ends[1]} "
        f"and {ends[2]}."
    )


def draw_saddle(*, nudge):
    """Left, two wells with a saddle between and the path of gradient descent; right, loss by step.

    ``nudge`` is the distance of the start from the ridge, on which descent runs into the saddle.
    """
    well, steps = DoubleWell(), 240
    nudge = as_positive(nudge, "nudge")
    path = gradient_descent(well, [1.9, nudge], learning_rate=0.2, steps=steps)
    figure, ax = panel(
        "Two minima, one saddle", "θ₁", "θ₂", xlim=(-2.3, 2.3), ylim=(-1.5, 1.5), equal=True
    )
    _curves(ax, _well_levels())
    ax.plot([0, 0], [1, -1], "*", ms=12, color=COLOR.target)
    ax.plot(0, 0, "x", ms=9, mew=2, color=COLOR.uncertainty)
    label(ax, 0, 0, "saddle", COLOR.uncertainty, ha="right", dx=-8)
    ax.plot(*path.theta[::2].T, "o-", lw=1.2, ms=4, color=COLOR.step)
    ax.plot(*path.theta[0], "s", ms=8, color=COLOR.parameter)
    right, ax = panel("Loss by step", "step", "loss L", xlim=(0, steps), ylim=(0, 0.58))
    ax.plot(path.update[::2], path.loss[::2], color=COLOR.loss)
    ax.axhline(0.25, ls=":", color=COLOR.uncertainty)
    label(ax, steps, 0.25, "the saddle's loss, ¼", COLOR.uncertainty, ha="right", dy=9)
    left = path.first_below(0.125)
    return (figure, right), (
        f"Started {format_number(nudge, 1)} off the ridge, descent is held up at the saddle and "
        f"has halved the loss there only at step {left}."
    )


def _descend(bowl, start, learning_rate, *, steps):
    eta = as_positive(learning_rate, "learning_rate")
    limit = _BLOWN_UP * float(bowl.value(start))
    return gradient_descent(bowl, start, learning_rate=eta, steps=steps, limit=limit)


def _say_rate(bowl, learning_rate, path, *, name="η"):
    """The reading of a run: which side of 1/L, 2/(L + μ) and 2/L the rate is on, and the result."""
    eta, edge = learning_rate, bowl.largest_stable_learning_rate
    rho = bowl.contraction(eta)
    head = f"{name} = {format_number(eta)}: "
    start, end = format_number(path.loss[0]), format_number(path.loss[-1])
    steps = int(path.update[-1])
    if path.diverged_at is not None:
        return (
            f"{head}diverged after {path.diverged_at} steps: the loss grew from {start} to {end}."
        )
    if np.isclose(eta, edge, rtol=1e-9):
        return f"{head}at exactly η = 2/L the steep direction swings for ever and never settles."
    if eta > edge:
        return f"{head}each step overshoots further; the loss grew from {start} to {end}."
    if rho < 1e-12:
        return f"{head}one step lands in the minimum."
    reached = path.first_below(_FLOOR * path.loss[0])
    result = (
        f"after {steps} steps the loss is {format_number(path.loss[-1] / path.loss[0], 2)} of what "
        "it was"
        if reached is None
        else f"the loss is below 10⁻⁸ of what it was after {reached} steps"
    )
    across = eta * bowl.smoothness > 1 + 1e-9
    way = "it swings across the valley and" if across and len(bowl.minimum) > 1 else "it"
    if across and len(bowl.minimum) == 1:
        way = "it jumps to the other side each time and"
    return f"{head}{way} keeps at most {rho:.3g} of the distance in a step; {result}."


def _loss_by_step(path, steps, *, ylim, reference=None):
    figure, ax = panel("Loss by step", "step", "loss L", xlim=(0, steps), ylim=ylim, yscale="log")
    if reference is not None:
        _log_line(ax, reference, "--", COLOR.muted, lw=1.4)
        label(ax, steps * 0.43, 1e-7, "best η", COLOR.muted, ha="right")
    _log_line(ax, path, "o-", COLOR.loss, ms=3.5, lw=1.4)
    if path.diverged_at is not None:
        label(ax, path.update[-1], path.loss[-1], "diverged", COLOR.gradient, dx=8)
    return figure


def _log_line(ax, path, dash, color, **style):
    # Zero has no logarithm: what lies below the drawing is drawn just below it.
    floor = ax.get_ylim()[0] / 10
    ax.plot(path.update, np.maximum(path.loss, floor), dash, color=color, **style)


def _level_curves(ax, bowl, levels):
    _curves(ax, _joined([bowl.level_set(level, points=49) for level in levels]))
    ax.plot(*bowl.minimum, "*", ms=12, color=COLOR.target)


def _joined(curves):
    """One compound path: it is drawn in a fraction of the time of as many lines."""
    return Path.make_compound_path(*[Path(curve) for curve in curves])


def _curves(ax, path):
    ax.add_patch(PathPatch(path, fill=False, lw=1, edgecolor=COLOR.loss, alpha=0.55))


def _path(ax, path):
    ax.plot(*path.theta.T, "o-", color=COLOR.step, lw=1.2, ms=4)
    ax.plot(*path.theta[0], "s", ms=8, color=COLOR.parameter)


def _arrow(ax, start, end, color):
    ax.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "lw": 2, "shrinkB": 0}
    )


def _sgd_panel(n, *, evaluations=5e3):
    return panel(
        f"One epoch is {n} evaluations",
        "gradient evaluations",
        "L − L* in kg²",
        xlim=(1, evaluations),
        ylim=(1e-6, 60),
        xscale="log",
        yscale="log",
    )


def _excess_line(ax, run: Trajectory, least, dash, color, *, smooth=False):
    """Excess loss against evaluations at about 80 places that are even on a log axis."""
    excess = np.maximum(run.loss - least, 1e-8)
    wanted = np.geomspace(max(1, run.evaluations[1]), run.evaluations[-1], 80)
    kept = np.unique(np.searchsorted(run.evaluations, wanted))
    if smooth:
        # The mean of what lies between two places shows the trend through the noise.
        starts = np.concatenate([[0], kept[:-1] + 1])
        excess = np.add.reduceat(excess, starts)[: len(kept)] / np.diff([*starts, kept[-1] + 1])
        ax.plot(run.evaluations[kept], excess, linestyle=dash, color=color, lw=1.6)
    else:
        ax.plot(run.evaluations[kept], excess[kept], linestyle=dash, color=color, lw=1.6)


def _best_full(sweep):
    n = sweep.objective.n_examples
    ends = {rate: sweep.settled(n, rate) for rate in sweep.rates}
    return min((r for r in ends if ends[r] is not None), key=ends.get)


@cache
def _well_levels():
    """Level curves of the double well."""
    return _joined([c for level in (0.03, 0.12, 0.25, 0.5, 1.0, 1.8) for c in _well_level(level)])


def _well_level(level):
    """Closed curves on which the double well has the given loss."""
    root = 2 * np.sqrt(level)
    tops = [(np.sqrt(1 - root), np.sqrt(1 + root))] if root < 1 else [(-np.sqrt(1 + root),) * 2]
    curves = []
    for low, high in tops:
        high = abs(high)
        turn = np.linspace(0, np.pi, 25)
        y = (low + high) / 2 - (high - low) / 2 * np.cos(turn)
        x = np.sqrt(np.maximum(2 * level - 0.5 * (y**2 - 1) ** 2, 0))
        curve = np.stack([np.concatenate([x, -x[::-1]]), np.concatenate([y, y[::-1]])], axis=1)
        curves.append(curve)
    return [*curves, *[c * [1, -1] for c in curves if root < 1]]


def _sign(value, digits=3):
    """A signed number; an angle of 0 has no sign."""
    text = format_number(value, digits)
    return f"+{text}" if value > 0 else text
