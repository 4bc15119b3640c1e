"""Gaussian-process regression on a line: posterior, log marginal likelihood, and its gradient.

Source: Rasmussen & Williams, *Gaussian Processes for Machine Learning* (2006), algorithm 2.1 and
equations 5.8 and 5.9.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from helpers.mathematics.validate import as_finite_array, as_finite_float, as_positive


class Prediction(NamedTuple):
    """Mean and standard deviation of the function's value at each asked place, shapes (m,)."""

    mean: np.ndarray
    sd: np.ndarray


def squared_exponential(x, z, length):
    """k(x, z) = exp(−(x − z)²/2ℓ²) for x (n,) and z (m,): shape (n, m); ``length`` ℓ > 0."""
    length = as_positive(length, "length")
    x, z = as_finite_array(x, "x", ndim=1), as_finite_array(z, "z", ndim=1)
    return np.exp(-((x[:, None] - z) ** 2) / (2 * length**2))


def log_marginal_likelihood(length, x, y, noise):
    """log p(y) of data ``y`` at ``x``, both (n,), with the function integrated out.

    The prior has mean 0, variance 1 and the length scale ``length``; ``noise`` is the standard
    deviation of independent Gaussian noise. Raises ``ValueError`` unless both are positive, and
    where noise is so small that K is not positive definite in floating point.
    """
    x, y = _data(x, y)
    _, factor, weights = _solved(length, x, y, noise)
    return float(-y @ weights / 2 - np.log(np.diag(factor)).sum() - y.size * np.log(2 * np.pi) / 2)


def log_marginal_likelihood_vjp(upstream, length, x, y, noise):
    """Gradient to ``length``: upstream · ½ tr((α αᵀ − K⁻¹) ∂K/∂ℓ) with α = K⁻¹ y.

    ``upstream`` is the gradient to the log marginal likelihood, a number. Errors as there.
    """
    upstream = as_finite_float(upstream, "upstream")
    x, y = _data(x, y)
    kernel, factor, weights = _solved(length, x, y, noise)
    slope = kernel * (x[:, None] - x) ** 2 / float(length) ** 3
    inverse = cho_solve((factor, True), np.eye(y.size))
    # tr(A B) = Σ A ∘ B for symmetric matrices.
    return upstream * float(np.sum((np.outer(weights, weights) - inverse) * slope)) / 2


def posterior(places, length, x, y, noise):
    """The function's ``Prediction`` at ``places`` (m,), given ``y`` at ``x``; errors as above."""
    places = as_finite_array(places, "places", ndim=1)
    x, y = _data(x, y)
    _, factor, weights = _solved(length, x, y, noise)
    cross = squared_exponential(places, x, length)
    explained = solve_triangular(factor, cross.T, lower=True)
    variance = 1 - np.sum(explained**2, axis=0)
    return Prediction(cross @ weights, np.sqrt(np.maximum(variance, 0)))


def _data(x, y):
    x = as_finite_array(x, "x", ndim=1, min_size=1)
    return x, as_finite_array(y, "y", shape=x.shape)


def _solved(length, x, y, noise):
    """k(x, x) without noise, the lower Cholesky factor of K = k + σ² I, and α = K⁻¹ y."""
    noise = as_positive(noise, "noise")
    kernel = squared_exponential(x, x, length)
    try:
        factor = cholesky(kernel + noise**2 * np.eye(x.size), lower=True)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            f"noise must be large enough that K is positive definite, got {noise:g}"
        ) from error
    return kernel, factor, cho_solve((factor, True), y)
