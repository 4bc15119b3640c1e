"""Drawings of the chapter on gradients."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from helpers.chapters.gradients.experiments import (
    AT_THE_ORIGIN,
    LANDSCAPE,
    SPOT,
    bowl,
    heading,
    slopes,
    start_on_bowl,
)
from helpers.mathematics.multivariate import angle_on_bowl, worst_angle, worst_place
from helpers.mathematics.validate import as_finite_float, as_positive, one_of
from helpers.show.style import COLOR, format_number, label, panel

_MAP = {"xlim": (-2.3, 2.3), "ylim": (-1.5, 1.5), "equal": True}
#: Level curves are drawn between ±_SIDE, and from _LOW to _HIGH: beyond every map of the chapter.
_SIDE, _LOW, _HIGH = 2.9, -2.3, 1.6
_LEVELS = (0.1, 0.4, 1.0, 1.8, 3.0, 4.5, 6.5)
#: Length of a drawn gradient for each unit of its own length.
_SHRUNK = 0.1


def draw_slices(*, x, y):
    """Left, the level curves of f with a point; then f along x and along y, with tangents."""
    x, y = as_finite_float(x, "x"), as_finite_float(y, "y")
    point = np.array([x, y])
    f, gradient = float(LANDSCAPE.value(point)), LANDSCAPE.gradient(point)
    plan, ax = panel("Map of f, two cuts", "x", "y", **_MAP)
    _curves(ax, _level_curves(*_LEVELS))
    ax.plot([-2.3, 2.3], [y, y], color=COLOR.model, lw=1.4)
    ax.plot([x, x], [-1.5, 1.5], "--", color=COLOR.step, lw=1.4)
    if gradient.any():
        ax.add_patch(PathPatch(_level_curves(f), fill=False, lw=3, edgecolor=COLOR.loss))
        _arrow(ax, point, point + _SHRUNK * gradient, COLOR.gradient)
    # Small, so that it hides neither the curve nor a short arrow.
    ax.plot(x, y, "o", color=COLOR.parameter, ms=4)
    along_x = _slice("Along x, with y held fixed", "x", COLOR.model, "-", point, 0)
    along_y = _slice("Along y, with x held fixed", "y", COLOR.step, "--", point, 1)
    return (plan, along_x, along_y), _say_slices(point, f, gradient)


def _slice(title, name, color, dash, point, axis):
    """f along one coordinate through the point, with the tangent whose slope is the partial."""
    figure, ax = panel(title, name, "f", xlim=(-2.3, 2.3), ylim=(-1.5, 8))
    moved = np.linspace(-2.3, 2.3, 60)
    points = np.tile(point, (60, 1))
    points[:, axis] = moved
    f, slope = float(LANDSCAPE.value(point)), float(LANDSCAPE.gradient(point)[axis])
    ax.plot(moved, LANDSCAPE.value(points), dash, color=color)
    run = np.array([-0.6, 0.6])
    ax.plot(point[axis] + run, f + slope * run, color=COLOR.gradient)
    ax.plot(point[axis], f, "o", color=COLOR.parameter, ms=8)
    return figure


def _say_slices(point, f, gradient):
    place = f"({format_number(point[0])}, {format_number(point[1])})"
    start = f"At {place} f is {format_number(f)}. "
    if not gradient.any():
        return f"{start}Both slopes are 0, and there is no arrow."
    said = []
    for name, slope in zip("xy", gradient, strict=True):
        way = "rises" if slope > 0 else "falls" if slope < 0 else "is level"
        said.append(f"along {name} it {way}, with the slope {format_number(slope, 4)}")
    return f"{start}A{said[0][1:]}; {said[1]}."


_NEAR = {"xlim": (-1.53, 1.53), "ylim": (-1, 1), "equal": True}
#: Levels of the third function and of the second.
_AROUND = (0.05, 0.2, 0.5, 0.9, 1.4)
_AROUND_BENT = (-0.4, -0.2, -0.05, 0.05, 0.2, 0.4)
#: The first function is constant on each of these lines; with the angle ½ arcsin 2c.
_RAYS = (-45, -15, 0, 15, 45, 75, 90, 105)


def draw_origin(*, function, degrees):
    """Left, level curves of a function near the origin, and a line; right, f along that line."""
    example = AT_THE_ORIGIN[one_of(function, "function", tuple(AT_THE_ORIGIN))]
    degrees = as_finite_float(degrees, "degrees")
    v = heading(degrees)
    plan, ax = panel("Level curves, and a line at φ", "x", "y", **_NEAR)
    ax.set_yticks([-1, -0.5, 0, 0.5, 1])
    if example.slope is None:
        ends = 2 * heading(np.array(_RAYS))
        _curves(ax, Path.make_compound_path(*[Path([-end, end]) for end in ends]))
    elif example.value == LANDSCAPE.value:
        _curves(ax, _level_curves(*_AROUND))
    else:
        _curves(ax, _contours(example.value, _AROUND_BENT))
    ax.plot(*np.stack([-v, v], axis=1), color=COLOR.model, lw=2.4)
    ax.plot(*v, "s", color=COLOR.model, ms=7)
    ax.plot(0, 0, "o", color=COLOR.parameter, ms=8)

    values, ax = panel(
        "f along the line",
        "signed distance s from the origin",
        "f",
        xlim=(-1.1, 1.1),
        ylim=(-0.75, 1.2),
    )
    s = np.linspace(-1, 1, 61)
    f = example.value(s[:, None] * v)
    ax.axhline(0, color=COLOR.gradient, ls="--", lw=1.5)
    label(ax, 1.05, -0.65, "- - what ∇f = 0 promises", COLOR.gradient, ha="right")
    for part in (s < 0, s > 0) if example.slope is None else (s < 2,):
        ax.plot(s[part], f[part], color=COLOR.model)
    ax.plot(1, f[-1], "s", color=COLOR.model, ms=7)
    ax.plot(0, 0, "o", color=COLOR.parameter, ms=8)
    return (plan, values), _say_origin(example, degrees, f[-1])


def _say_origin(example, degrees, end):
    place = f"φ = {format_number(degrees)}°: "
    if example.slope is None:
        if abs(end) < 1e-12:
            return (
                f"{place}along this axis f is 0 all the way, so that the partial derivative at "
                "the origin is 0."
            )
        return (
            f"{place}along this line f is {format_number(end)} however near the origin, where it "
            "is 0: f is not continuous there, although both partial derivatives are 0."
        )
    slope = example.slope(degrees)
    if abs(slope) < 1e-12:
        return f"{place}along this line f has slope 0 at the origin, as the gradient (0, 0) says."
    return (
        f"{place}along this line f has slope {format_number(slope)} at the origin, where the "
        "gradient (0, 0) promises 0: f is not differentiable there."
    )


def draw_compass(*, degrees, distance):
    """Left, a direction v on the map of f; right, the slope against the angle of v."""
    degrees, distance = as_finite_float(degrees, "degrees"), as_positive(distance, "distance")
    v, gradient = heading(degrees), LANDSCAPE.gradient(SPOT)
    plan, ax = panel("Map of f around (1, −1)", "x", "y", xlim=(-0.8, 2.8), ylim=(-2.2, 0.15),
                     equal=True)  # fmt: skip
    _curves(ax, _level_curves(*_LEVELS))
    _arrow(ax, SPOT, SPOT + gradient / 5, COLOR.gradient, lw=5)
    label(ax, *(SPOT + gradient / 5), "∇f/5", COLOR.gradient, dx=4, dy=-14)
    _arrow(ax, SPOT, SPOT + v, COLOR.model)
    ax.plot(*SPOT, "o", color=COLOR.parameter, ms=8)
    ax.plot(*(SPOT + distance * v), "s", color=COLOR.step, ms=6)

    right, ax = panel(
        "Slope in the direction φ",
        "angle φ in degrees",
        "slope",
        xlim=(-190, 190),
        ylim=(-7, 12.5),
    )
    ax.set_xticks([-180, -90, 0, 90, 180])
    every = np.linspace(-180, 180, 73)
    curves = slopes(every, distance)
    ax.axhline(0, color=COLOR.muted, lw=1)
    ax.plot(every, curves.at_the_point, color=COLOR.gradient)
    ax.plot(every, curves.over_the_step, "--", color=COLOR.step)
    label(ax, -180, 11.5, "— at the point: ∇fᵀv", COLOR.gradient)
    label(ax, -180, 9.9, "- - over the step s", COLOR.step)
    now = slopes(degrees, distance)
    ax.plot(degrees, now.at_the_point, "o", color=COLOR.gradient, ms=8)
    ax.plot(degrees, now.over_the_step, "s", color=COLOR.step, ms=6)
    return (plan, right), (
        f"φ = {format_number(degrees)}°: the slope at the point is "
        f"{format_number(now.at_the_point)}; over a step of length {format_number(distance)} it "
        f"is {format_number(now.over_the_step)}."
    )


def draw_bowl(*, kappa, degrees):
    """Left, a bowl with −∇f and the way to its minimum; right, the angle between the two."""
    kappa, degrees = as_positive(kappa, "kappa"), as_finite_float(degrees, "degrees")
    shape, start = bowl(kappa), start_on_bowl(degrees)
    downhill = -shape.gradient(start)
    downhill = downhill / np.linalg.norm(downhill)
    # The flat direction lies along the page, so that long valleys fit.
    place, way = start[::-1], downhill[::-1]
    plan, ax = panel("Bowl, −∇f and the way", "flat direction", "steep direction",
                     xlim=(-1.5, 3.55), ylim=(-1.0, 2.3), equal=True)  # fmt: skip
    _curves(ax, _bowl_levels(shape))
    ax.plot([place[0], 0], [place[1], 0], ":", color=COLOR.target, lw=2.4)
    _arrow(ax, place, place + way, COLOR.gradient)
    ax.plot(0, 0, "*", ms=13, color=COLOR.target)
    ax.plot(*place, "o", color=COLOR.parameter, ms=8)

    worst, there = worst_angle(kappa), worst_place(kappa)
    right, ax = panel(
        "Angle between −∇f and the way",
        "β, from the steep axis, in degrees",
        "angle in degrees",
        xlim=(-2, 92),
        ylim=(-3, 100),
    )
    ax.set_yticks([0, 30, 60, 90])
    ax.set_xticks([0, 15, 30, 45, 60, 75, 90])
    every = np.linspace(0, 90, 91)
    ax.axhline(90, color=COLOR.muted, lw=1, ls=":")
    ax.plot(every, angle_on_bowl(kappa, every), color=COLOR.gradient)
    ax.plot(there, worst, "D", color=COLOR.uncertainty, ms=7, mfc="none", mew=1.8)
    label(ax, 0, 95, f"◇ at worst {format_number(worst)}°", COLOR.uncertainty)
    now = float(angle_on_bowl(kappa, degrees))
    ax.plot(degrees, now, "o", color=COLOR.parameter, ms=8)
    return (plan, right), _say_bowl(kappa, degrees, now)


def _say_bowl(kappa, degrees, now):
    place = f"κ = {format_number(kappa)}, β = {format_number(degrees)}°: "
    if kappa == 1:
        return f"{place}the bowl is round, and −∇f points at the minimum, as from every β."
    worst, there = format_number(worst_angle(kappa)), format_number(worst_place(kappa))
    where = f"at worst, at β = {there}°, the angle is {worst}°"
    if abs(now) < 1e-9:
        return f"{place}on an axis −∇f points at the minimum; {where}."
    return f"{place}−∇f points {format_number(now)}° away from the minimum; {where}."


def _bowl_levels(shape):
    """The bowl's level curves through (steep, flat) = (0.5, 0), (1, 0), …, above and below."""
    flat = shape.smallest_curvature
    paths = []
    for top in (0.5, 1.0, 1.5, 2.0):
        low, reach = max(-1.5, -top / np.sqrt(flat)), min(3.55, top / np.sqrt(flat))
        across = _spaced(low, reach)
        up = np.sqrt(np.maximum(top**2 - flat * across**2, 0))
        paths += [Path(np.stack([across, up], axis=1)), Path(np.stack([across, -up], axis=1))]
    return Path.make_compound_path(*paths)


@cache
def _level_curves(*levels):
    """The curves on which x² + y² − x²y is one of these levels > 0, exactly, as one path.

    Solved for x they are x² = (c − y²)/(1 − y), with one branch below y = 1 and one above; for
    c = 1 they are the line y = 1 and the parabola y = x² − 1.
    """
    paths = []
    for c in levels:
        if c == 1:
            x = np.linspace(-1, 1, 61) * np.sqrt(1 + _HIGH)
            paths += [Path([(-_SIDE, 1), (_SIDE, 1)]), Path(np.stack([x, x**2 - 1], axis=1))]
            continue
        # y where a branch meets the line x = 0, and where one leaves the window at its sides.
        middle = np.sqrt(c)
        side = (_SIDE**2 - np.sqrt((_SIDE**2 - 2) ** 2 + 4 * (c - 1))) / 2
        below, above = (max(-middle, _LOW), min(middle, side)), (max(middle, side), _HIGH)
        for low, high in (below, above):
            if low < high:
                y = _spaced(low, high)
                x = np.sqrt(np.maximum((c - y**2) / (1 - y), 0))
                paths += [Path(np.stack([way * x, y], axis=1)) for way in (-1, 1)]
    return Path.make_compound_path(*paths)


def _spaced(low, high):
    """Places from ``low`` to ``high``, closer at both ends, where a root would be steep."""
    return low + (high - low) * (1 - np.cos(np.linspace(0, np.pi, 61))) / 2


@cache
def _contours(value, levels):
    """Level curves of a function of points (..., 2) in the largest window, as one path."""
    x, y = np.linspace(-_SIDE, _SIDE, 91), np.linspace(_LOW, _HIGH, 61)
    z = value(np.stack(np.meshgrid(x, y), axis=-1))
    paths = Figure().add_subplot().contour(x, y, z, levels).get_paths()
    return Path.make_compound_path(*[path for path in paths if len(path.vertices)])


def _curves(ax, path):
    ax.add_patch(PathPatch(path, fill=False, lw=1, edgecolor=COLOR.loss, alpha=0.55))


def _arrow(ax, start, end, color, *, lw=2):
    ax.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "lw": lw, "shrinkB": 0}
    )
