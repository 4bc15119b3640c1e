"""Functions of one variable that the book differentiates, or fails to.

Each takes a number or an array of any shape and works entry by entry. What is made of arithmetic
alone, and the logistic function's plain form, accepts complex numbers too: a complex step needs it.
"""

from __future__ import annotations

import numpy as np

from helpers.mathematics.validate import as_count, as_finite_array


def cubic(x):
    """x³/3 − x: a hill at −1, a valley at 1, and a slope that is easy to write down."""
    return x**3 / 3 - x


def cubic_slope(x):
    """Derivative of ``cubic``: x² − 1."""
    return x**2 - 1


def bell(x):
    """1/(1 + x²), the chain of v = x² and 1/(1 + v).

    Arithmetic only: its rounding is the same on every machine, which that of ``sin`` is not.
    """
    return 1 / (1 + x * x)


def bell_slope(x):
    """Derivative of ``bell`` by the chain rule: −1/(1 + v)² at v = x², times 2x."""
    return -2 * x / (1 + x * x) ** 2


def logistic(x):
    """1/(1 + e⁻ˣ), between 0 and 1, without overflow for any finite ``x``.

    ``x`` and the result have the same shape. Raises ``ValueError`` where ``x`` is not finite.
    """
    x = as_finite_array(x, "x")
    # Above and below multiplied by eˣ where x < 0: no power is larger than 1.
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def logistic_vjp(upstream, x):
    """Gradient to ``x`` when ``upstream`` is the gradient to ``logistic(x)``: u σ(x) (1 − σ(x)).

    Shapes: ``x``, ``upstream`` and the result agree; otherwise, or where an entry is not finite,
    ``ValueError``. The factor 1 − σ(x) is taken as σ(−x), which keeps its digits where σ is near 1.
    """
    x = as_finite_array(x, "x")
    upstream = as_finite_array(upstream, "upstream", shape=x.shape)
    return upstream * logistic(x) * logistic(-x)


def squeezed_wave(x):
    """x² sin(1/x), and 0 at 0: differentiable everywhere, with a slope that has no limit at 0.

    ``x`` and the result have the same shape. Raises ``ValueError`` where ``x`` is not finite.
    """
    x = as_finite_array(x, "x")
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        # 1/x is infinite at 0, and next to it; the wave there is lower than any float.
        inverse = 1 / x
        return np.where(np.isfinite(inverse), x**2 * np.sin(inverse), 0.0)


def weierstrass(x, *, a=0.5, b=13, terms=12):
    """Partial sum of Σ aᵏ cos(bᵏ π x), whose limit is continuous and nowhere differentiable.

    ``x`` has any shape, and so has the result. The proof of Weierstrass (1872) needs 0 < a < 1,
    b an odd whole number and ab > 1 + 3π/2; otherwise, and where ``x`` is not finite or ``terms``
    no whole number above 0, ``ValueError``.
    """
    x, terms = as_finite_array(x, "x"), as_count(terms, "terms")
    if not (0 < a < 1 and b % 2 == 1 and a * b > 1 + 1.5 * np.pi):
        raise ValueError(
            f"a and b must satisfy 0 < a < 1, b odd, ab > 1 + 3π/2 ≈ 5.71, got a = {a}, b = {b}"
        )
    return sum(a**k * np.cos(b**k * np.pi * x) for k in range(terms))
