"""Drawings of the chapter on derivatives."""

from __future__ import annotations

import numpy as np

from helpers.mathematics.functions import weierstrass
from helpers.mathematics.numdiff import central_difference, complex_step, forward_difference
from helpers.mathematics.validate import as_finite_float, as_positive, one_of
from helpers.show.style import COLOR, format_number, label, panel

# A cubic with a hill and a valley: slopes of both signs, and none of them by accident 1.
_X = np.linspace(-2.3, 2.3, 93)


def _cubic(x):
    return x**3 / 3 - x


def _cubic_slope(x):
    return x**2 - 1


def draw_secant(*, x, h):
    """Curve of f(x) = x³/3 − x with its secant through x and x + h, and slope against h."""
    x, h = as_finite_float(x, "x"), as_positive(h, "h")
    slope, limit = forward_difference(_cubic, x, h), _cubic_slope(x)

    curve, ax = panel(
        "The curve, a secant, the tangent", "x", "f(x)", xlim=(-2.3, 4.1), ylim=(-3, 5)
    )
    ends = np.array([-2.3, 4.1])
    ax.plot(_X, _cubic(_X), color=COLOR.loss)
    ax.plot(np.linspace(2.3, 2.9, 13), _cubic(np.linspace(2.3, 2.9, 13)), color=COLOR.loss)
    ax.plot(ends, _cubic(x) + limit * (ends - x), color=COLOR.gradient, ls="--", lw=1.5)
    ax.plot(ends, _cubic(x) + slope * (ends - x), color=COLOR.step)
    ax.plot([x], [_cubic(x)], "o", color=COLOR.parameter, ms=8)
    ax.plot([x + h], [_cubic(x + h)], "s", color=COLOR.step, ms=7)
    label(ax, 2.35, -2.6, "- - tangent", COLOR.gradient)
    label(ax, 2.35, -1.9, "— secant", COLOR.step)

    slopes, ax = panel(
        "Slope of the secant", "distance h", "slope", xlim=(8e-3, 2.5), ylim=(-2, 8), xscale="log"
    )
    hs = np.geomspace(8e-3, 2.5, 50)
    ax.plot(hs, forward_difference(_cubic, x, hs), color=COLOR.step, lw=1.2)
    ax.axhline(limit, color=COLOR.gradient, ls="--", lw=1.5)
    ax.plot([h], [slope], "s", color=COLOR.step, ms=7)
    label(ax, 2.3, limit, "slope of the tangent", COLOR.gradient, ha="right", dy=-9)
    gap = slope - limit
    reading = (
        f"x = {format_number(x)}, h = {format_number(h)}: the secant's slope is "
        f"{format_number(slope)}, the tangent's {format_number(limit)}; they differ by "
        f"{format_number(abs(gap), 2)}."
    )
    return (curve, slopes), reading


def _bell(x):
    # Arithmetic only: its rounding is the same on every machine, which that of sin is not.
    return 1 / (1 + x * x)


def _bell_slope(x):
    return -2 * x / (1 + x * x) ** 2


_AT = 0.7
_SMALLEST = 1e-17  # where an error of exactly zero is drawn


def step_errors(h):
    """Errors of three schemes for f(x) = 1/(1+x²) at x = 0.7 with step ``h`` > 0.

    Returns {"forward": …, "central": …, "complex step": …}, each of the shape of ``h``.
    """
    exact = _bell_slope(_AT)
    return {
        "forward": np.abs(forward_difference(_bell, _AT, h) - exact),
        "central": np.abs(central_difference(_bell, _AT, h) - exact),
        "complex step": np.abs(complex_step(_bell, _AT, h) - exact),
    }


_SCHEMES = {
    "forward": (COLOR.step, "o", "-"),
    "central": (COLOR.model, "s", "--"),
    "complex step": (COLOR.target, "D", ":"),
}


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
    for name, errors in step_errors(hs).items():
        color, _, dashes = _SCHEMES[name]
        ax.plot(hs, np.maximum(errors, _SMALLEST), color=color, ls=dashes, lw=1.4)
    label(ax, 3e-13, 6e-2, "forward", COLOR.step)
    label(ax, 1.2e-6, 2e-12, "central", COLOR.model, ha="right")
    label(ax, 6e-17, 3e-15, "complex step", COLOR.target)
    ax.axvline(h, color=COLOR.muted, lw=1)
    now = {name: float(error) for name, error in step_errors(h).items()}
    for name, error in now.items():
        color, marker, _ = _SCHEMES[name]
        ax.plot([h], [max(error, _SMALLEST)], marker, color=color, ms=7)
    reading = f"h = {format_number(h, 2)}: " + ", ".join(
        f"{name} {_size(error)}" for name, error in now.items()
    )
    best = min(now, key=lambda name: now[name] if name != "complex step" else np.inf)
    if max(now["forward"], now["central"]) > 0.1:
        reading += "; the step is useless for the two differences"
    elif now["forward"] > 2 * now["central"]:
        reading += "; truncation still rules the forward difference"
    else:
        reading += f"; rounding has caught up with both, {best} is no real winner"
    return figure, reading + "."


def _size(error):
    return "at rounding level" if error < 1e-15 else f"is off by {format_number(error, 2)}"


def _root(x):
    return np.cbrt(x)


def _wiggle(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0.0, x**2 * np.sin(1 / np.where(x == 0, 1.0, x)))


# name: function, y limits of the curve, continuous at 0?, what the quotients do
GALLERY = {
    "x² (smooth)": (
        np.square,
        (-0.6, 1.4),
        "continuous and differentiable at 0: both quotients go to the slope 0",
    ),
    "|x| (a kink)": (
        np.abs,
        (-0.6, 1.4),
        "continuous at 0, not differentiable: the quotients stay at +1 and −1",
    ),
    "sign of x (a jump)": (
        np.sign,
        (-1.6, 1.6),
        "not continuous at 0, so not differentiable: the quotient passes 10⁴ in size",
    ),
    "∛x (a vertical tangent)": (
        _root,
        (-1.4, 1.4),
        "continuous at 0, not differentiable: the quotients grow without bound",
    ),
    "x² sin(1/x) (a wild slope)": (
        _wiggle,
        (-0.6, 1.4),
        "differentiable at 0 with slope 0, although its slope has no limit there",
    ),
    "Weierstrass (kinks everywhere)": (
        weierstrass,
        (-2.6, 2.6),
        "continuous everywhere, differentiable nowhere: the quotients pass 10⁴ and go on growing",
    ),
}


def draw_gallery(*, function):
    """A function near 0, and its difference quotients from the right and the left against h."""
    f, ylim, verdict = GALLERY[one_of(function, "function", list(GALLERY))]
    points = 481 if f is weierstrass else 121
    x = np.linspace(-1, 1, points)
    curve, ax = panel("The function", "x", "f(x)", xlim=(-1.05, 1.05), ylim=ylim)
    if f is np.sign:
        ax.plot([-1, 0], [-1, -1], color=COLOR.loss)
        ax.plot([0, 1], [1, 1], color=COLOR.loss)
    else:
        ax.plot(x, f(x), color=COLOR.loss, lw=1 if f is weierstrass else 2)
    ax.plot([0], [float(f(0.0))], "o", color=COLOR.parameter, ms=7)

    quotients, ax = panel(
        "Its difference quotients at 0",
        "distance h",
        "slope",
        xlim=(1.5e-6, 2),
        ylim=(-9, 9),
        xscale="log",
    )
    h = np.float64(13.0) ** -np.arange(0, 6) if f is weierstrass else np.logspace(-5, 0, 41)
    for side, color, marker, name in (
        (1, COLOR.step, "o", "from the right"),
        (-1, COLOR.model, "s", "from the left"),
    ):
        slopes = (f(side * h) - f(0.0)) / (side * h)
        inside = np.abs(slopes) <= 9
        ax.plot(h[inside], slopes[inside], marker, color=color, ms=4)
        beyond = ~inside
        ax.plot(
            h[beyond], np.sign(slopes[beyond]) * 8.6, "^" if side > 0 else "v", color=color, ms=5
        )
        label(
            ax, 1.6, 7.2 if side > 0 else -7.2, f"{marker_sign(marker)} {name}", color, ha="right"
        )
    return (curve, quotients), f"{function}: {verdict}."


def marker_sign(marker):
    """The character that names a matplotlib marker in a label."""
    return {"o": "●", "s": "■"}[marker]


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
            f"Δx = {format_number(step)}: the tangent says {format_number(linear)}, eˣ is "
            f"{format_number(exact)}; the error {format_number(error)} is "
            f"{format_number(error / (step**2 / 2), 2)} times ½ Δx²."
        )
    return (curve, errors), reading
