"""Expectations by averages over random draws, their errors, and two estimates of their gradient.

Sources: Kish, *Survey Sampling* (1965), on groups; Mohamed et al., "Monte Carlo gradient estimation
in machine learning", JMLR 21 (2020), on gradients.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.validate import as_finite_array, as_finite_float


class Estimate(NamedTuple):
    """A mean of draws, and its standard error."""

    mean: float
    error: float


def monte_carlo(values):
    """Mean of independent draws, shape (n,) with n ≥ 2, and its standard error s/√n.

    s is the sample's standard deviation with n − 1 in the denominator. The error is honest only if
    the draws are independent: see ``grouped``.
    """
    values = as_finite_array(values, "values", ndim=1, min_size=2)
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)))


def grouped(values):
    """Mean of g independent groups of m draws, shape (g, m) with g ≥ 2, and its standard error.

    Draws of one group may depend on each other: only the group means count as independent.
    """
    values = as_finite_array(values, "values", ndim=2, min_size=1)
    return monte_carlo(values.mean(axis=1))


def reparameterised(slope, theta, noise):
    """Estimates of dE[f(X)]/dθ for X = θ + ε from N(θ, 1): f′(θ + ε), one for each ε.

    ``slope`` is f′ for arrays; ``noise`` holds draws ε from N(0, 1), of any shape.
    """
    theta, noise = as_finite_float(theta, "theta"), as_finite_array(noise, "noise")
    return as_finite_array(slope(theta + noise), "slope(x)", shape=noise.shape)


def score_function(f, theta, noise, baseline=0.0):
    """Estimates of dE[f(X)]/dθ for X = θ + ε from N(θ, 1): (f(X) − baseline) (X − θ).

    X − θ is the slope of log p by θ; a constant ``baseline`` leaves the mean as it is.
    """
    theta, noise = as_finite_float(theta, "theta"), as_finite_array(noise, "noise")
    baseline = as_finite_float(baseline, "baseline")
    value = as_finite_array(f(theta + noise), "f(x)", shape=noise.shape)
    return (value - baseline) * noise
