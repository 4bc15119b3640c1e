"""Integrals as sums: four rules, and how fast their errors fall.

Source: Press et al., *Numerical Recipes* (2007), sec. 4.1.
"""

from __future__ import annotations

import numpy as np

from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_finite_float,
    as_positive,
    one_of,
)

#: The rules by name.
RULES = ("left", "midpoint", "trapezoid", "Simpson")


def nodes_and_weights(rule, n, a, b):
    """Where a rule looks and what it multiplies with: ∫ f dx from a to b is about Σ w f(x).

    ``n`` slices of the width h = (b − a)/n. Both results have shape (n,) for "left" and "midpoint"
    and (n + 1,) for "trapezoid" and "Simpson". Raises ``ValueError`` for an unknown rule, n < 1, an
    odd ``n`` with "Simpson", whose parabolas cover two slices each, and unless a < b.
    """
    one_of(rule, "rule", RULES)
    n, a, b = as_count(n, "n"), as_finite_float(a, "a"), as_finite_float(b, "b")
    if a >= b:
        raise ValueError(f"b must be greater than a = {a:g}, got {b:g}")
    if rule == "Simpson" and n % 2:
        raise ValueError(f"n must be even for Simpson's rule, got {n}")
    h = (b - a) / n
    if rule == "left":
        return a + h * np.arange(n), np.full(n, h)
    if rule == "midpoint":
        return a + h * (np.arange(n) + 0.5), np.full(n, h)
    weights = np.full(n + 1, h)
    if rule == "trapezoid":
        weights[[0, -1]] = h / 2
    else:
        weights[1::2], weights[2:-1:2], weights[[0, -1]] = 4 * h / 3, 2 * h / 3, h / 3
    return a + h * np.arange(n + 1), weights


def integrate(f, a, b, n, rule):
    """∫ f dx from a to b by a rule with ``n`` slices.

    ``f`` takes an array and returns one of the same shape. Errors as in ``nodes_and_weights``, and
    ``ValueError`` where a value of ``f`` is not finite.
    """
    x, weights = nodes_and_weights(rule, n, a, b)
    return float(np.sum(weights * as_finite_array(f(x), "f(x)", shape=x.shape)))


def measured_order(f, a, b, slices, rule, exact):
    """The p of an error that falls like hᵖ, between two numbers of slices.

    With ``slices`` = (n, m), n < m, it is log |E(n) / E(m)| / log(m / n). Raises ``ValueError`` for
    other ``slices``, and where one of the two errors is zero: then there is no order to measure.
    """
    n, m = slices
    n, m = as_count(n, "slices[0]"), as_count(m, "slices[1]")
    if n >= m:
        raise ValueError(f"slices must be two numbers, the smaller first, got {slices}")
    exact = as_finite_float(exact, "exact")
    coarse, fine = (
        as_positive(abs(integrate(f, a, b, k, rule) - exact), f"the error with {k} slices")
        for k in (n, m)
    )
    return float(np.log(coarse / fine) / np.log(m / n))
