"""Drawings of the chapter on derivatives."""

from __future__ import annotations

import numpy as np

from helpers.chapters.derivatives.experiments import (
    GALLERY,
    POINT,
    expected_errors,
    follow_chain,
    quotients,
    step_errors,
)
from helpers.mathematics.functions import bell_slope, cubic, cubic_slope, weierstrass
from helpers.mathematics.numdiff import forward_difference
from helpers.mathematics.validate import as_finite_float, as_positive, one_of
from helpers.show.style import COLOR, format_number, label, panel, power_of_ten


def draw_secant(*, x, h):
    """Curve of f(x) = x³/3 − x with its secant through x and x + h, and slope against h."""
    x, h = as_finite_float(x, "x"), as_positive(h, "h")
    slope, limit = float(forward_difference(cubic, x, h)), cubic_slope(x)

    curve, ax = panel(
        "The curve, a secant, the tangent", "x", "f(x)", xlim=(-2.4, 3.1), ylim=(-2.6, 6.4)
    )
    ends, wide = np.array([-2.4, 3.1]), np.linspace(-2.4, 3.1, 111)
    ax.plot(wide, cubic(wide), color=COLOR.loss)
    ax.plot(ends, cubic(x) + slope * (ends - x), color=COLOR.step)
    # On top: where the two lines nearly coincide, both are seen.
    ax.plot(ends, cubic(x) + limit * (ends - x), color=COLOR.gradient, ls="--", lw=1.5)
    ax.plot([x], [cubic(x)], "o", color=COLOR.parameter, ms=8)
    ax.plot([x + h], [cubic(x + h)], "s", color=COLOR.step, ms=7)
    label(ax, -2.2, 5.8, "— secant", COLOR.step)
    label(ax, -2.2, 4.9, "- - tangent", COLOR.gradient)

    slopes, ax = panel(
        "Slope of the secant", "distance h", "slope", xlim=(8e-3, 2), ylim=(-1.6, 4.6), xscale="log"
    )
    hs = np.geomspace(8e-3, 2, 50)
    ax.plot(hs, forward_difference(cubic, x, hs), color=COLOR.step, lw=1.2)
    ax.axhline(limit, color=COLOR.gradient, ls="--", lw=1.5)
    ax.plot([h], [slope], "s", color=COLOR.step, ms=7)
    label(ax, 9e-3, limit, "slope of the tangent", COLOR.gradient, dy=-11)
    return (curve, slopes), say_secant(x, h)


def say_secant(x, h):
    """The reading of ``draw_secant``."""
    slope, limit = float(forward_difference(cubic, x, h)), cubic_slope(x)
    place, gap = f"x = {format_number(x)}, h = {format_number(h)}: ", abs(slope - limit)
    if gap < 1e-12:
        return (
            f"{place}secant and tangent have the same slope, {format_number(limit)}, "
            "although h is not small."
        )
    # To the place of the gap's third digit, so that the numbers agree with each other.
    places = 2 - int(np.floor(np.log10(gap)))
    first, second = (format_number(round(value, places), 8) for value in (slope, limit))
    return (
        f"{place}the secant's slope is {first}, the tangent's {second}; "
        f"they differ by {format_number(gap)}."
    )


def draw_slope_curve(*, x):
    """Left, f(x) = x³/3 − x with its tangent at x; right, the slope f′ as a curve of its own."""
    x = as_finite_float(x, "x")
    slope, wide = cubic_slope(x), np.linspace(-2.2, 2.2, 89)
    curve, ax = panel("The curve f", "x", "f(x)", xlim=(-2.3, 2.3), ylim=(-2.2, 2.2))
    ax.plot(wide, cubic(wide), color=COLOR.loss)
    ax.axvline(x, color=COLOR.muted, lw=1)
    run = np.array([-0.6, 0.6])
    ax.plot(x + run, cubic(x) + slope * run, color=COLOR.gradient, ls="--")
    ax.plot([x], [cubic(x)], "o", color=COLOR.parameter, ms=8)

    slopes, ax = panel("Its slope f′", "x", "f′(x)", xlim=(-2.3, 2.3), ylim=(-2, 4.4))
    ax.axhline(0, color=COLOR.muted, lw=1.4)
    ax.plot([x, x], [-1.25, 4.4], color=COLOR.muted, lw=1)
    ax.plot(wide, cubic_slope(wide), color=COLOR.gradient)
    ax.plot([x, x], [0, slope], color=COLOR.gradient, lw=3.5)
    ax.plot([x], [slope], "o", color=COLOR.gradient, ms=8)
    for at, word in ((-1.75, "f rises"), (0, "f falls"), (1.75, "f rises")):
        label(ax, at, -1.6, word, COLOR.loss, ha="center")
    return (curve, slopes), say_slope(x)


def say_slope(x):
    """The reading of ``draw_slope_curve``."""
    place, slope = f"x = {format_number(x, 4)}: ", cubic_slope(x)
    if slope == 0:
        before, after = ("rising", "fall") if x < 0 else ("falling", "rise")
        return f"{place}f is level, f′ = 0; it stops {before} here and begins to {after}."
    way, side = ("rises", "above") if slope > 0 else ("falls", "below")
    return f"{place}f {way} here, and f′ = {format_number(slope)} lies {side} the axis."


def draw_chain(*, x, step):
    """Left, a change of x carried to v = x² and on to u = 1/(1 + v); right, the three stretches."""
    chain = follow_chain(x, step)
    lines, ax = panel(
        "One change, two links",
        "position on the line (one scale for all three)",
        "",
        xlim=(-1.6, 3.3),
        ylim=(-0.5, 3),
    )
    names = ("x", "v = x²", "u = 1/(1 + v)")
    for (low, high), y, name in zip(chain.ends, (2, 1, 0), names, strict=True):
        ax.axhline(y, color=COLOR.muted, lw=1)
        label(ax, -1.55, y, name, COLOR.ink, dy=10)
        ax.plot([low, high], [y, y], color=COLOR.step, lw=5)
        ax.plot([high], [y], "s", color=COLOR.step, ms=7)
        ax.plot([low], [y], "o", color=COLOR.parameter, ms=7)
    for upper, lower, y in ((*chain.ends[:2], 2), (*chain.ends[1:], 1)):
        for a, b, color in zip(upper, lower, (COLOR.parameter, COLOR.step), strict=True):
            ax.plot([a, b], [y - 0.08, y - 0.92], color=color, lw=1.6, ls=":")
    ax.set_yticks([])

    rates, ax = panel("How much each link stretches", "ratio", "", xlim=(-2.8, 3.3), ylim=(-0.5, 3))
    for ratio, limit, y, name in zip(
        chain.stretch,
        chain.derivative,
        (2, 1, 0),
        ("Δv/Δx  and  v′", "Δu/Δv  and  u′", "Δu/Δx  and  u′ v′"),
        strict=True,
    ):
        label(ax, 3.25, y, name, COLOR.ink, ha="right", dy=14)
        ax.plot([limit], [y], "D", color=COLOR.gradient, ms=11, mfc="none", mew=1.8)
        if ratio is not None:
            ax.plot([ratio], [y], "s", color=COLOR.step, ms=5.5)
    ax.axvline(0, color=COLOR.muted, lw=1)
    label(ax, -2.7, 2.8, "■ over Δx", COLOR.step)
    label(ax, 3.25, 2.8, "◇ in the limit", COLOR.gradient, ha="right")
    ax.set_yticks([])
    return (lines, rates), say_chain(x, step)


def say_chain(x, step):
    """The reading of ``draw_chain``."""
    chain = follow_chain(x, step)
    inner, outer, whole = chain.stretch
    place = f"x = {format_number(x)}, Δx = {format_number(step)}: "
    product = format_number(chain.derivative[2])
    if outer is None:
        return (
            f"{place}v comes back to where it was, Δv = 0, so that Δu = 0 too and there is no "
            f"ratio Δu/Δv; the chain rule says {product} for small Δx."
        )
    return (
        f"{place}Δv/Δx = {format_number(inner)} and Δu/Δv = {format_number(outer)}; together "
        f"Δu/Δx = {format_number(whole)}, and the chain rule says {product}."
    )


_SCHEMES = {
    "forward": (COLOR.step, "o", 7, "-"),
    "central": (COLOR.model, "s", 10, "--"),
    "complex step": (COLOR.target, "D", 5, ":"),
}
_SMALLEST = 1e-17  # where an error of exactly zero is drawn
_TOO_SMALL_TO_SAY = 1e-14
#: One part of an error is named as its cause where it is this many times the other.
_CLEARLY = 3.0


def draw_step_size(*, h):
    """Error of the forward, the central and the complex-step derivative against the step size."""
    h = as_positive(h, "h")
    figure, ax = panel(
        "Error of three schemes at x = 0.7",
        "step size h",
        "error",
        xlim=(3e-17, 3),
        ylim=(1e-17, 10),
        xscale="log",
        yscale="log",
    )
    hs = np.logspace(-16, 0, 65)
    for expected in expected_errors(hs).values():
        ax.plot(hs, expected, color=COLOR.muted, lw=1)
    for name, errors in step_errors(hs).items():
        color, _, _, dashes = _SCHEMES[name]
        ax.plot(hs, np.maximum(np.abs(errors.total), _SMALLEST), color=color, ls=dashes, lw=1.4)
    label(ax, 3e-5, 3e-4, "forward", COLOR.step, ha="right")
    label(ax, 1.4e-3, 2e-9, "central", COLOR.model)
    label(ax, 6e-17, 3e-15, "complex step", COLOR.target)
    label(ax, 2e-13, 3, "— expected", COLOR.muted)
    ax.axvline(h, color=COLOR.muted, lw=1)
    for name, error in step_errors(h).items():
        color, marker, size, _ = _SCHEMES[name]
        shape = {"mfc": "none", "mew": 2} if name == "central" else {}  # others may lie within it
        at = max(abs(float(error.total)), _SMALLEST)
        ax.plot([h], [at], marker, color=color, ms=size, **shape)
    return figure, say_step_size(h)


def say_step_size(h):
    """The reading of ``draw_step_size``."""
    said = "; ".join(_say_error(name, error) for name, error in step_errors(h).items())
    return f"h = {format_number(h, 4)}: {said}."


def _say_error(name, error):
    total, truncation, rounding = (abs(float(part)) for part in error)
    if total < _TOO_SMALL_TO_SAY:
        return f"{name} error below {power_of_ten(-14)}"
    if truncation > _CLEARLY * rounding:
        cause = "truncation"
    elif rounding > _CLEARLY * truncation:
        cause = "rounding"
    else:
        cause = "truncation and rounding"
    share = total / abs(bell_slope(POINT))
    size = " (over a tenth of the slope)" if share > 0.1 else ""
    return f"{name} error {format_number(total, 2)}{size} by {cause}"


#: Quotients beyond this are drawn as triangles at the edge.
_EDGE = 4.2


def draw_gallery(*, function):
    """Left, a function near 0; right, its difference quotients at 0 to both sides, against h."""
    f, width, ylim, slope, verdict = GALLERY[one_of(function, "function", list(GALLERY))]
    h, right, left = quotients(f)
    window = (-1.05 * width, 1.05 * width)
    curve, ax = panel("The function", "x", "f(x)", xlim=window, ylim=ylim)
    for x in _pieces(f, width):
        ax.plot(x, f(x), color=COLOR.loss, lw=1 if f is weierstrass else 2)
    ax.plot([0], [float(f(0.0))], "o", color=COLOR.parameter, ms=7)

    slopes, ax = panel(
        "Its difference quotients at 0",
        "h, shrinking towards the middle",
        "slope",
        xlim=(-6.4, 6.4),
        ylim=(-5, 5),
    )
    ax.axvline(0, color=COLOR.muted, lw=1)
    if slope is not None:
        ax.axhline(slope, color=COLOR.gradient, ls="--", lw=1.5)
        label(ax, 6.2, slope, "slope f′(0)", COLOR.gradient, ha="right", dy=-12)
    for side, color, marker, values in (
        (1, COLOR.step, "o", right),
        (-1, COLOR.model, "s", left),
    ):
        place = side * (6 + np.log10(h))
        inside = np.abs(values) <= _EDGE
        ax.plot(place[inside], values[inside], marker, color=color, ms=4)
        for up in (1, -1):
            beyond = up * values > _EDGE
            edge = np.full(beyond.sum(), up * 4.6)
            ax.plot(place[beyond], edge, "^" if up > 0 else "v", color=color, ms=5)
    ax.set_xticks(range(-6, 7, 2), ["−1", "−10⁻²", "−10⁻⁴", "0", "10⁻⁴", "10⁻²", "1"])
    reading = (
        f"{function}: {verdict}; at distance {format_number(h[-1], 2)} the quotient is "
        f"{format_number(left[-1], 2)} on the left and {format_number(right[-1], 2)} on the right."
    )
    return (curve, slopes), reading


def _pieces(f, width):
    """Where to draw ``f``, closer together near 0: in one piece, or to both sides of a jump."""
    right = width * np.linspace(0, 1, 241) ** (1 if f is weierstrass else 2)
    if abs(f(1e-9) - f(-1e-9)) > 0.5:
        right = np.array([1e-9, width])
        return -right[::-1], right
    return (np.concatenate([-right[:0:-1], right]),)


def draw_tangent_error(*, step):
    """Curve of eˣ with its tangent at 0, and the tangent's error against the distance."""
    step = as_finite_float(step, "step")
    x = np.linspace(-2, 2, 81)
    exact, linear = float(np.exp(step)), 1 + step
    error = exact - linear

    curve, ax = panel(
        "eˣ and its tangent at 0", "distance Δx", "value", xlim=(-2.1, 2.1), ylim=(-1.5, 7.5)
    )
    ax.plot(x, np.exp(x), color=COLOR.loss)
    ax.plot(x, 1 + x, color=COLOR.gradient, ls="--")
    ax.plot([step, step], [linear, exact], color=COLOR.uncertainty, lw=3)
    ax.plot([step], [exact], "o", color=COLOR.loss, ms=7)
    ax.plot([step], [linear], "s", color=COLOR.gradient, ms=6)
    label(ax, 1.75, 6.6, "eˣ", COLOR.loss, ha="right")
    label(ax, 2.0, 1.5, "1 + Δx", COLOR.gradient, ha="right")

    errors, ax = panel(
        "Error of the tangent",
        "|Δx|",
        "error",
        xlim=(0.05, 3),
        ylim=(8e-4, 8),
        xscale="log",
        yscale="log",
    )
    distance = np.geomspace(0.05, 2, 30)
    ax.plot(distance, np.exp(distance) - 1 - distance, color=COLOR.uncertainty, lw=1.3)
    ax.plot(distance, np.exp(-distance) - 1 + distance, color=COLOR.uncertainty, lw=1.3, ls=":")
    ax.plot(distance, distance**2 / 2, color=COLOR.muted, lw=1.3, ls="--")
    label(ax, 0.06, 2.0, "— to the right", COLOR.uncertainty)
    label(ax, 0.06, 0.9, "··· to the left", COLOR.uncertainty)
    label(ax, 0.06, 0.4, "- - ½ Δx²", COLOR.muted)
    if step != 0:
        ax.plot([abs(step)], [error], "o", color=COLOR.uncertainty, ms=8)
    if step == 0:
        reading = "Δx = 0: curve and tangent touch, the error is 0."
    else:
        reading = (
            f"Δx = {format_number(step, 4)}: the tangent says {format_number(linear, 4)}, eˣ is "
            f"{format_number(exact, 4)}; the error {format_number(error)} is "
            f"{format_number(error / (step**2 / 2))} times ½ Δx²."
        )
    return (curve, errors), reading
