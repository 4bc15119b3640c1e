"""Bayesian inference where the integral can be done: a share, and the mean of a Gaussian.

Source: Bishop, *Pattern Recognition and Machine Learning* (2006), sec. 2.1 and 2.3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betaln, gammaln

from helpers.mathematics.validate import as_count, as_finite_array, as_finite_float, as_positive


class BetaPosterior(NamedTuple):
    """What is known of a share after the data: Beta(a, b), and the logarithm of the evidence."""

    a: float
    b: float
    log_evidence: float

    @property
    def mean(self):
        """Expected share, a/(a + b)."""
        return self.a / (self.a + self.b)

    @property
    def sd(self):
        """Standard deviation of the share."""
        total = self.a + self.b
        return float(np.sqrt(self.a * self.b / (total**2 * (total + 1))))


def beta_posterior(a, b, k, n):
    """Prior Beta(a, b) on a share, ``k`` successes among ``n`` independent tries.

    The evidence is ∫ likelihood × prior = C(n, k) B(a + k, b + n − k) / B(a, b). Raises
    ``ValueError`` unless a, b > 0 and 0 ≤ k ≤ n.
    """
    a, b = as_positive(a, "a"), as_positive(b, "b")
    n, k = as_count(n, "n", minimum=0), as_count(k, "k", minimum=0)
    if k > n:
        raise ValueError(f"k must be at most n = {n}, got {k}")
    choices = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    log_evidence = choices + betaln(a + k, b + n - k) - betaln(a, b)
    return BetaPosterior(a + k, b + n - k, float(log_evidence))


def beta_density(x, a, b):
    """Density of Beta(a, b) at shares ``x`` strictly between 0 and 1, of any shape."""
    a, b, x = as_positive(a, "a"), as_positive(b, "b"), as_finite_array(x, "x")
    if np.any((x <= 0) | (x >= 1)):
        raise ValueError(f"x must lie between 0 and 1, got {x[(x <= 0) | (x >= 1)].flat[0]:g}")
    return np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - betaln(a, b))


def gaussian_density(x, mean, sd):
    """Density of N(mean, sd²) at ``x`` of any shape; ``sd`` > 0."""
    x, mean, sd = as_finite_array(x, "x"), as_finite_float(mean, "mean"), as_positive(sd, "sd")
    return np.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi))


def gaussian_posterior(mean, sd, data, noise):
    """Mean and standard deviation of θ after ``data``, shape (n,), of which each is N(θ, noise²).

    The prior is N(mean, sd²). Precisions add: 1/s² after is 1/sd² + n/noise². Raises ``ValueError``
    for an ``sd`` or ``noise`` that is not positive, and for no data.
    """
    mean, sd, noise = (
        as_finite_float(mean, "mean"),
        as_positive(sd, "sd"),
        as_positive(noise, "noise"),
    )
    data = as_finite_array(data, "data", ndim=1, min_size=1)
    before, added = 1 / sd**2, data.size / noise**2
    after = before + added
    return float((before * mean + added * data.mean()) / after), float(1 / np.sqrt(after))
