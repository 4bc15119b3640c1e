"""What the figures of the chapter on derivatives show, computed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.functions import bell, bell_slope, squeezed_wave, weierstrass
from helpers.mathematics.numdiff import (
    EPSILON,
    central_difference,
    complex_step,
    forward_difference,
)
from helpers.mathematics.validate import as_finite_float, as_positive

#: Where the errors of the three schemes are measured, for f(x) = 1/(1 + x²).
POINT = 0.7
#: Where Weierstrass's quotients are taken: at h = 13⁻ⁿ the closed form of the chapter holds.
_POWERS_OF_13 = np.float64(13.0) ** -np.arange(0, 6)
_POWERS_OF_10 = np.logspace(0, -5, 31)


class Chain(NamedTuple):
    """One change of x on its way through v = x² to u = 1/(1 + v).

    ``ends`` holds the two ends in x, in v and in u. ``stretch`` holds Δv/Δx, Δu/Δv (``None`` where
    Δv is 0) and Δu/Δx; ``derivative`` what they are in the limit: v′, u′ and their product.
    """

    ends: tuple
    stretch: tuple
    derivative: tuple


def follow_chain(x, step):
    """Follow the change from ``x`` to ``x + step`` along the chain; ``step`` > 0."""
    x, step = as_finite_float(x, "x"), as_positive(step, "step")
    first, second = _links(x), _links(x + step)
    # (x + Δx)² − x², multiplied out: 0 where it is 0, and not a last digit.
    moved = step * (2 * x + step)
    change = -moved / ((1 + first[1]) * (1 + second[1]))
    inner, outer = 2 * x, -1 / (1 + first[1]) ** 2
    return Chain(
        tuple(zip(first, second, strict=True)),
        (moved / step, change / moved if moved else None, change / step),
        (inner, outer, outer * inner),
    )


def _links(x):
    return x, x**2, 1 / (1 + x**2)


class SchemeError(NamedTuple):
    """Error of a numerical derivative, and the two parts that it is the sum of."""

    total: np.ndarray
    truncation: np.ndarray
    rounding: np.ndarray


def step_errors(h):
    """Errors of three schemes for 1/(1 + x²) at ``POINT``, step ``h`` > 0 of any shape.

    Returns {"forward": …, "central": …, "complex step": …}. The truncation is that of the exact
    quotient, multiplied out so that nothing cancels; what is left of the error is rounding.
    """
    h = np.asarray(h, dtype=float)
    x, top = POINT, 1 + POINT**2
    wide, lean = top + h * h, 2 * x * h
    truncation = {
        "forward": h * (3 * x**2 - 1 + lean) / (top**2 * (wide + lean)),
        "central": 2 * x * h**2 * (2 - 2 * x**2 + h**2) / (top**2 * (wide**2 - lean**2)),
        "complex step": -2 * x * h**2 * (2 - 2 * x**2 - h**2)
        / (top**2 * ((top - h * h) ** 2 + lean**2)),
    }  # fmt: skip
    schemes = (forward_difference, central_difference, complex_step)
    total = {
        name: scheme(bell, x, h) - bell_slope(x)
        for name, scheme in zip(truncation, schemes, strict=True)
    }
    return {n: SchemeError(total[n], t, total[n] - t) for n, t in truncation.items()}


#: |f|, |f″| and |f‴| of 1/(1 + x²) at ``POINT``.
SIZES = (
    1 / (1 + POINT**2),
    abs(6 * POINT**2 - 2) / (1 + POINT**2) ** 3,
    abs(24 * POINT * (1 - POINT**2)) / (1 + POINT**2) ** 4,
)


def expected_errors(h):
    """Truncation and rounding together, with the sizes at ``POINT``: {"forward": …, "central": …}.

    Within reach of a large ``h`` the derivatives are larger, and the error exceeds this.
    """
    f, second, third = SIZES
    return {
        "forward": h * second / 2 + 2 * EPSILON * f / h,
        "central": h**2 * third / 6 + EPSILON * f / h,
    }


class Specimen(NamedTuple):
    """A function near 0: how far it is drawn, its slope at 0 if it has one, and a verdict."""

    f: object
    width: float
    ylim: tuple
    slope: float | None
    verdict: str


def _heaviside(x):
    return np.heaviside(x, 1.0)


#: The gallery of the section on continuity, by the name that a reader chooses.
GALLERY = {
    "x² (smooth)": Specimen(
        np.square, 1, (-0.6, 1.6), 0.0, "continuous and differentiable at 0, with slope 0"
    ),
    "|x| (a kink)": Specimen(np.abs, 1, (-0.6, 1.6), None, "continuous at 0, not differentiable"),
    "∛x (vertical at 0)": Specimen(
        np.cbrt, 1, (-1.6, 1.6), None, "continuous at 0, not differentiable"
    ),
    "sign of x (a jump)": Specimen(
        np.sign, 1, (-1.6, 1.6), None, "not continuous at 0, so not differentiable"
    ),
    "Heaviside (a jump)": Specimen(
        _heaviside, 1, (-0.6, 1.6), None, "not continuous at 0, so not differentiable"
    ),
    "x² sin(1/x) (a wave)": Specimen(
        squeezed_wave, 0.3, (-0.07, 0.07), 0.0, "continuous and differentiable at 0, with slope 0"
    ),
    "Weierstrass": Specimen(
        weierstrass,
        1,
        (-2.6, 2.6),
        None,
        "the whole sum is continuous everywhere, differentiable nowhere",
    ),
}


def quotients(f):
    """Distances h > 0, falling, and the quotients of ``f`` at 0 to the right (h) and left (−h)."""
    h = _POWERS_OF_13 if f is weierstrass else _POWERS_OF_10
    return h, (f(h) - f(0.0)) / h, (f(-h) - f(0.0)) / -h
