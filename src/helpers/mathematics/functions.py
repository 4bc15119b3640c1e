"""Functions of one variable that the book differentiates, or fails to."""

from __future__ import annotations

import numpy as np


def weierstrass(x, *, a=0.5, b=13, terms=12):
    """Partial sum of Σ aᵏ cos(bᵏ π x), whose limit is continuous and nowhere differentiable.

    ``x`` has any shape. The proof of Weierstrass (1872) needs 0 < a < 1, b an odd whole number
    and ab > 1 + 3π/2; otherwise ``ValueError``.
    """
    x = np.asarray(x, dtype=float)
    if not (0 < a < 1 and b % 2 == 1 and a * b > 1 + 1.5 * np.pi):
        raise ValueError(
            f"a and b must satisfy 0 < a < 1, b odd, ab > 1 + 3π/2 ≈ 5.71, got a = {a}, b = {b}"
        )
    k = np.arange(terms).reshape(-1, *[1] * x.ndim)
    return np.sum(a**k * np.cos(float(b) ** k * np.pi * x), axis=0)
