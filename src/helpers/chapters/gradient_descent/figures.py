"""The drawings of the chapter on gradient descent."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from helpers.chapters.gradient_descent.experiments import (
    BLOWN_UP,
    BOWL_1D,
    BOWL_2D,
    RATE_STEPS,
    SADDLE_STEPS,
    START_1D,
    START_2D,
    START_VALLEY,
    VALLEY_STEPS,
    descend,
    descend_in_the_double_well,
    valley,
)
from helpers.mathematics.objectives import SLOPE_TWO, Quadratic
from helpers.mathematics.optimizers import Trajectory
from helpers.mathematics.validate import as_finite_float, as_positive, one_of
from helpers.show.style import COLOR, format_number, label, panel, power_of_ten

_WINDOW = {"xlim": (-4.6, 4.6), "ylim": (-3.0, 3.0), "equal": True}
_FLOOR = 1e-8


def draw_rate_1d(*, learning_rate):
    """Left, the loss 2θ² with the points that gradient descent visits; right, loss by step.

    ``learning_rate`` is η > 0; the curvature M is 4, so that 1/M = 0.25 and 2/M = 0.5.
    """
    path = descend(BOWL_1D, START_1D, learning_rate, steps=RATE_STEPS)
    figure, ax = panel(
        "L(θ) = 2θ², its curvature M = 4", "parameter θ", "loss L", xlim=(-4.2, 4.2), ylim=(-5, 36)
    )
    theta = np.linspace(-4.2, 4.2, 57)
    ax.plot(theta, 2 * theta**2, color=COLOR.loss)
    ax.plot(0, 0, marker="*", ms=12, color=COLOR.target)
    label(ax, 0, 0, "minimum", COLOR.target, ha="center", dy=-14)
    ax.plot(path.theta[:, 0], path.loss, "o-", color=COLOR.step, lw=1.2, ms=5)
    ax.plot(*START_1D, path.loss[0], "s", ms=8, color=COLOR.parameter)
    label(ax, 3, 18, "start", COLOR.parameter, dx=8, dy=-4)
    right = _loss_by_step(path, RATE_STEPS, ylim=(1e-9, 1e5))
    return (figure, right), _say_rate(BOWL_1D, learning_rate, path)


def draw_rate_2d(*, learning_rate):
    """Left, level curves of a bowl with the path of gradient descent; right, loss by step.

    ``learning_rate`` is η > 0; M = 4 and μ = 1, so that 2/(M + μ) = 0.4 and 2/M = 0.5.
    """
    path = descend(BOWL_2D, START_2D, learning_rate, steps=RATE_STEPS)
    best = descend(BOWL_2D, START_2D, BOWL_2D.best_learning_rate, steps=RATE_STEPS)
    figure, ax = panel("From above: level curves of L", "θ₁", "θ₂", **_WINDOW)
    _level_curves(ax, BOWL_2D, (0.5, 2, 5, 10, 18, 30))
    _path(ax, path)
    right = _loss_by_step(path, RATE_STEPS, ylim=(1e-9, 1e5), reference=best)
    return (figure, right), _say_rate(BOWL_2D, learning_rate, path)


def draw_factors(*, learning_rate):
    """Left, the factors |1 − ηM| and |1 − ημ| against η; right, each direction's part of the loss.

    ``learning_rate`` is η > 0; the bowl is that of ``draw_rate_2d``, with M = 4 and μ = 1.
    """
    eta = as_positive(learning_rate, "learning_rate")
    steepest, flattest = BOWL_2D.largest_curvature, BOWL_2D.smallest_curvature
    best, edge = BOWL_2D.best_learning_rate, BOWL_2D.largest_stable_learning_rate
    figure, ax = panel(
        "What a step multiplies by",
        "learning rate η",
        "factor without its sign",
        xlim=(0, 0.62),
        ylim=(0, 1.6),
    )
    ax.set_yticks([0, 0.5, 1, 1.5])
    rates = np.array([0, 1 / steepest, best, edge, 0.62])
    steep, flat = np.abs(1 - rates * steepest), np.abs(1 - rates * flattest)
    ax.plot(rates, np.maximum(steep, flat), lw=7, color=COLOR.loss, alpha=0.25)
    ax.plot(rates, steep, "--", color=COLOR.step)
    ax.plot(rates, flat, color=COLOR.parameter)
    ax.plot([0, 0.62], [1, 1], ":", lw=1.2, color=COLOR.muted)
    label(ax, 0.3, 0.2, "steep: |1 − ηM|", COLOR.step, dx=6, dy=-12)
    label(ax, 0.2, 0.8, "flat: |1 − ημ|", COLOR.parameter, dx=4, dy=10)
    label(ax, 0.01, 1.0, "above 1 it grows", COLOR.muted, dy=10)
    ax.plot(best, BOWL_2D.contraction(best), "*", ms=13, color=COLOR.target)
    label(ax, best, 0.6, "best η", COLOR.target, dx=10, dy=-26)
    ax.plot(edge, 1, "X", ms=10, color=COLOR.uncertainty)
    label(ax, edge, 1, "limit", COLOR.uncertainty, ha="right", dx=-8, dy=10)
    now = [abs(1 - eta * steepest), abs(1 - eta * flattest)]
    ax.plot(eta, now[0], "D", ms=8, color=COLOR.step)
    ax.plot(eta, now[1], "o", ms=8, color=COLOR.parameter)
    path = descend(BOWL_2D, START_2D, eta, steps=RATE_STEPS)
    right, ax = panel(
        "Each direction's part of the loss",
        "step",
        "part of L",
        xlim=(0, RATE_STEPS),
        ylim=(1e-9, 1e5),
        yscale="log",
    )
    flat_part, steep_part = BOWL_2D.value_by_direction(path.theta).T
    _log_line(ax, path.update, flat_part, "o-", COLOR.parameter, ms=4.5, lw=1.4)
    _log_line(ax, path.update, steep_part, "D--", COLOR.step, ms=3.5, lw=1.4)
    return (figure, right), _say_factors(eta, edge, 1 - eta * steepest, 1 - eta * flattest)


def _say_factors(eta, edge, steep, flat):
    head = (
        f"η = {format_number(eta)}: a step multiplies the steep direction by "
        f"{format_number(_clean(steep))} and the flat direction by {format_number(_clean(flat))}"
    )
    if np.isclose(eta, edge, rtol=1e-9):
        return f"{head}: at the limit the steep direction swings for ever."
    if eta > edge:
        return f"{head}: beyond the limit the steep direction grows."
    worse = format_number(max(abs(steep), abs(flat)))
    if np.isclose(abs(steep), abs(flat), rtol=1e-9):
        return (
            f"{head}: both shrink alike, and no fixed η is sure to leave less than {worse} of the "
            "distance."
        )
    slow = "steep" if abs(steep) > abs(flat) else "flat"
    return f"{head}: in the end the {slow} direction decides, and {worse} remains after a step."


def draw_direction(*, degrees):
    """Left, a step of length 1 across level curves; right, the change of the loss by direction.

    ``degrees`` is the angle between the step and −∇L, which is drawn in its own length.
    """
    bowl, theta, length = Quadratic.valley(6.0, largest_curvature=1.2), np.array([0.9, 2.1]), 1.0
    gradient = bowl.gradient(theta)
    slope = float(np.linalg.norm(gradient))
    downhill, degrees = np.arctan2(*-gradient[::-1]), as_finite_float(degrees, "degrees")

    def change(angle):
        way = downhill + np.deg2rad(angle)
        end = theta + length * np.stack([np.cos(way), np.sin(way)], axis=-1)
        return bowl.value(end) - bowl.value(theta), end

    actual, end = change(degrees)
    figure, ax = panel(
        "A step of length 1", "θ₁", "θ₂", xlim=(-2.9, 2.9), ylim=(-0.4, 3.4), equal=True
    )
    _level_curves(ax, bowl, (0.1, 0.4, float(bowl.value(theta)), 1.6, 2.5))
    _arrow(ax, theta, theta - gradient, COLOR.gradient, lw=5)  # it shows beneath the step, at 0°
    label(ax, *(theta - gradient), "−∇L", COLOR.gradient, dx=-8, dy=-4, ha="right")
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
    first_order = _clean(-slope * np.cos(np.deg2rad(degrees)))
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
    actual = _clean(change((function, point), step))
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
    error = _clean(actual - 2 * step)
    ax.plot(step, abs(error), "D", ms=8, color=COLOR.uncertainty)
    return (figure, right), (
        f"{formula} where its slope is 2: increasing θ by {format_number(step)} changes the loss "
        f"by {_sign(actual, 3)}; the slope foretells {_sign(2 * step, 2)}, so it is off by "
        f"{_sign(error, 3)}."
    )


def draw_conditioning(*, kappa, eta_m):
    """Left, level curves for M = 1 and μ = 1/κ, with the path of descent; right, loss by step.

    ``kappa`` is the condition number M/μ with M = 1; ``eta_m`` is ηM, the learning rate in units
    of 1/M.
    """
    bowl, start = valley(kappa), START_VALLEY
    path = descend(bowl, start, eta_m, steps=VALLEY_STEPS)
    figure, ax = panel(
        "Level curves for M = 1, μ = 1/κ", "θ₁ (curvature 1/κ)", "θ₂ (curvature 1)", **_WINDOW
    )
    _level_curves(ax, bowl, np.array([1.0, 4, 9, 16, 25]) / (2 * bowl.condition_number))
    ax.plot([start[0], 0], [start[1], 0], ":", lw=1.4, color=COLOR.target)
    _path(ax, path)
    right = _loss_by_step(path, VALLEY_STEPS, ylim=(1e-9, 1e5))
    angle, best = bowl.angle_to_minimum(start), bowl.best_learning_rate
    keeps = _clean(bowl.contraction(best))
    return (figure, right), (
        f"κ = {format_number(kappa)}: −∇L starts {angle:.0f}° away from the minimum. "
        + _say_rate(bowl, eta_m, path, name="ηM")
        + f" The best guarantee is ηM = {format_number(best)}: it keeps at most "
        f"{format_number(keeps)}."
    )


def draw_sgd(sweep, *, batch_size, learning_rate):
    """Left, loss above its minimum by gradient evaluations; right, where each run settles.

    ``sweep`` comes from ``sweep_sgd``; ``batch_size`` and ``learning_rate`` are among its own.
    """
    model, run = sweep.objective, sweep.run(batch_size, learning_rate)
    n, end = model.n_examples, sweep.settled(batch_size, learning_rate)
    figure, ax = _sgd_panel(n)
    best = sweep.best_rate(n)
    if (batch_size, learning_rate) != (n, best):
        _excess_line(ax, sweep.run(n, best), model.offset, "--", COLOR.muted)
        label(ax, 500, 3.0, f"full batch,\nη = {format_number(best)}", COLOR.muted, dx=4)
    if batch_size < n and learning_rate < model.mean_square_limit(batch_size):
        floor = model.noise_floor(learning_rate, batch_size)
        ax.plot([1, 5000], [floor, floor], ":", color=COLOR.uncertainty)
        label(ax, 1.3, floor, "floor η tr C / 4b", COLOR.uncertainty, dy=-10)
    _excess_line(ax, run, model.offset, "-", COLOR.step)
    right, ax = panel(
        "Loss over the last third, by batch size",
        "learning rate η",
        "L − L* at the end",
        xlim=(7e-4, 1.4),
        ylim=(1e-4, 60),
        xscale="log",
        yscale="log",
    )
    for size, dash in zip(
        sweep.sizes, ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))), strict=False
    ):
        kept = [(r, sweep.settled(size, r)) for r in sweep.rates]
        rates, ends = zip(*[pair for pair in kept if pair[1] is not None], strict=True)
        ax.plot(rates, ends, linestyle=dash, lw=1.4, color=COLOR.muted)
        # Where the curves come down they are far enough apart for a name each.
        falling = slice(int(np.argmin(ends)), None, -1)
        level = min(0.3, 0.6 * ends[0])
        rate = np.exp(np.interp(level, ends[falling], np.log(rates[falling])))
        label(ax, rate, level, f"{size}", COLOR.ink, ha="right", dx=-5, dy=-4)
    if batch_size < n:
        limit = model.mean_square_limit(batch_size)
        stable = np.geomspace(sweep.rates[0], 0.995 * limit, 41)
        exact = [model.stationary_excess(rate, batch_size) for rate in stable]
        ax.plot(stable, exact, ":", color=COLOR.uncertainty)
    ax.plot(learning_rate, 40 if end is None else end, "o" if end else "^", ms=9, color=COLOR.step)
    return (figure, right), _say_sgd(sweep, batch_size, learning_rate)


def _say_sgd(sweep, size, rate):
    model, end = sweep.objective, sweep.settled(size, rate)
    full, edge = size == model.n_examples, model.largest_stable_learning_rate
    limit = edge if full else model.mean_square_limit(size)
    name = "Full batch" if full else f"Batches of {size}" if size > 1 else "One example at a time"
    head = f"{name}, η = {format_number(rate)}: "
    if end is None:
        return (
            f"{head}diverged after {sweep.run(size, rate).diverged_at} updates; the limit is "
            f"η = {format_number(limit)}."
        )
    head += (
        f"over the last third of {sweep.epochs} epochs the loss is {format_number(end, 2)} kg² "
        "above its minimum"
    )
    if rate >= limit:
        what = "the loss" if full else "its mean in the long run"
        return f"{head}, but η is beyond {format_number(limit)}: {what} grows without bound."
    if full:
        return f"{head}, and still falls: there is no noise."
    floor = model.noise_floor(rate, size)
    more = 100 * (model.stationary_excess(rate, size) / floor - 1)
    return (
        f"{head}; the floor η tr C / 4b is {format_number(floor, 2)}, and the exact long-run mean "
        f"is {format_number(more, 2)} % above that."
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
        f"and {ends[2]}, in kg²."
    )


def draw_saddle(*, nudge):
    """Left, two wells with a saddle between and the path of gradient descent; right, loss by step.

    ``nudge`` is the distance of the start from the ridge, on which descent runs into the saddle.
    """
    steps, path = SADDLE_STEPS, descend_in_the_double_well(nudge)
    figure, ax = panel(
        "Two minima, one saddle", "θ₁", "θ₂", xlim=(-2.3, 2.3), ylim=(-1.5, 1.5), equal=True
    )
    _curves(ax, _well_levels())
    ax.plot([0, 0], [1, -1], "*", ms=12, color=COLOR.target)
    ax.plot(0, 0, "X", ms=11, color=COLOR.uncertainty, zorder=5)
    label(ax, 0, 0, "saddle", COLOR.uncertainty, ha="right", dx=-8, dy=10)
    ax.plot(*path.theta[::2].T, "o-", lw=1.2, ms=4, color=COLOR.step)
    ax.plot(*path.theta[0], "s", ms=8, color=COLOR.parameter)
    right, ax = panel("Loss by step", "step", "loss L", xlim=(0, steps), ylim=(0, 0.58))
    ax.plot(path.update[::2], path.loss[::2], color=COLOR.loss)
    ax.axhline(0.25, ls=":", color=COLOR.uncertainty)
    label(ax, steps, 0.25, "the saddle's loss, ¼", COLOR.uncertainty, ha="right", dy=9)
    close = int(np.sum(np.abs(path.loss - 0.25) <= 0.005))
    stays = f"stays within 2 % of ¼ for {close} steps" if close else "passes ¼ without a stop"
    return (figure, right), (
        f"Started {power_of_ten(np.log10(nudge).round())} off the ridge, the loss {stays}, and is "
        f"below ⅛ at step {path.first_below(0.125)}."
    )


def _say_rate(bowl, learning_rate, path, *, name="η"):
    """The reading of a run: which side of 1/M, 2/(M + μ) and 2/M the rate is on, and the result."""
    eta, edge = learning_rate, bowl.largest_stable_learning_rate
    rho, round_bowl = bowl.contraction(eta), bowl.condition_number < 1 + 1e-9
    head = f"{name} = {format_number(eta)}: "
    if np.isclose(eta, edge, rtol=1e-9):
        what = "it" if round_bowl else "the steep direction"
        return f"{head}at exactly η = 2/M {what} swings for ever and never settles."
    if eta > edge:
        what = "each step" if round_bowl else "along the steep direction each step"
        if path.diverged_at is not None:
            result = f"at step {path.diverged_at} the loss is more than {BLOWN_UP:.0f} times"
        else:
            grown = path.loss[-1] / path.loss[0]
            result = f"after {int(path.update[-1])} steps the loss is {format_number(grown)} times"
        return f"{head}{what} overshoots further; {result} what it was."
    if rho < 1e-12:
        return f"{head}one step lands in the minimum."
    # Factors such as 0.1 reach 10⁻⁸ exactly, up to rounding.
    reached = path.first_below(_FLOOR * path.loss[0] * (1 + 1e-6))
    result = (
        f"after {int(path.update[-1])} steps the loss is "
        f"{format_number(path.loss[-1] / path.loss[0], 2)} of what it was"
        if reached is None
        else f"after {reached} steps the loss is at most 10⁻⁸ of what it was"
    )
    way = "it"
    if eta * bowl.largest_curvature > 1 + 1e-9:
        way = (
            "it jumps to the other side each time and"
            if round_bowl
            else ("it swings along the steep direction and")
        )
    most = "" if round_bowl else "at most "
    return f"{head}{way} keeps {most}{format_number(rho)} of the distance in a step; {result}."


def _loss_by_step(path, steps, *, ylim, reference=None):
    figure, ax = panel("Loss by step", "step", "loss L", xlim=(0, steps), ylim=ylim, yscale="log")
    if reference is not None:
        _log_line(ax, reference.update, reference.loss, "--", COLOR.muted, lw=1.4)
        label(ax, steps * 0.43, 1e-7, "η = 2/(M + μ)", COLOR.muted, ha="right")
    _log_line(ax, path.update, path.loss, "o-", COLOR.loss, ms=3.5, lw=1.4)
    if path.diverged_at is not None:
        label(ax, path.update[-1], path.loss[-1], "diverged", COLOR.gradient, dx=8)
    return figure


def _log_line(ax, steps, loss, dash, color, **style):
    # Zero has no logarithm: what lies below the drawing is drawn just below it.
    floor = ax.get_ylim()[0] / 10
    ax.plot(steps, np.maximum(loss, floor), dash, color=color, **style)


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


def _arrow(ax, start, end, color, *, lw=2):
    ax.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "lw": lw, "shrinkB": 0}
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


def _clean(value):
    """A number without what rounding leaves of a zero, such as cos 90° = 6×10⁻¹⁷."""
    return round(float(value), 12)


def _sign(value, digits=3):
    """A signed number; an angle of 0 has no sign."""
    text = format_number(value, digits)
    return f"+{text}" if value > 0 else text
