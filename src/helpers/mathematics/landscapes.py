"""Functions of two variables: one smooth landscape, and three that misbehave at the origin.

Points have shape (..., 2), the values shape (...): leading axes are a batch of points.

The three are textbook counterexamples; what their descriptions say is computed in the tests.
"""

from __future__ import annotations

import numpy as np

from helpers.mathematics.validate import as_finite_array


class Hollow:
    """x² + y² − x²y: a hollow at the origin and two passes, at (±√2, 1), where f is 1.

    Beyond second order there is one term, so that the remainder of Taylor's formula is known: for a
    step (h, k) it is −h²k. Raises ``ValueError`` for points that are not pairs.
    """

    def value(self, theta):
        """f at ``theta`` of shape (..., 2)."""
        x, y = _pairs(theta)
        return x**2 + y**2 - x**2 * y

    def gradient(self, theta):
        """(2x − 2xy, 2y − x²), shape (..., 2)."""
        x, y = _pairs(theta)
        return np.stack([2 * x - 2 * x * y, 2 * y - x**2], axis=-1)

    def hessian(self, theta):
        """Second derivatives at one ``theta`` of shape (2,); shape (2, 2)."""
        x, y = as_finite_array(theta, "theta", shape=(2,))
        return np.array([[2 - 2 * y, -2 * x], [-2 * x, 2.0]])


def diagonal_ridge(theta):
    """xy/(x² + y²), and 0 at the origin: ½ sin 2φ along each ray, so not continuous there.

    Both partial derivatives at the origin are 0. ``theta`` has shape (..., 2), otherwise
    ``ValueError``.
    """
    _, x, y = _scaled(theta)
    return x * y / (x**2 + y**2)


def bent_sheet(theta):
    """x²y/(x² + y²), and 0 at the origin: continuous, with a slope cos²φ sin φ in each direction.

    Both partial derivatives at the origin are 0, so these slopes are not ∇ᵀv: f is not
    differentiable there. ``theta`` has shape (..., 2), otherwise ``ValueError``.
    """
    size, x, y = _scaled(theta)
    return size * (x**2 * y / (x**2 + y**2))


def twisted_saddle(theta):
    """xy(x² − y²)/(x² + y²), and 0 at the origin: there ∂²f/∂x∂y is 1 and ∂²f/∂y∂x is −1.

    ``theta`` has shape (..., 2), otherwise ``ValueError``.
    """
    size, x, y = _scaled(theta)
    return size**2 * (x * y * (x**2 - y**2) / (x**2 + y**2))


def twisted_saddle_gradient(theta):
    """Gradient of ``twisted_saddle``, shape (..., 2): continuous, and 0 at the origin."""
    size, x, y = _scaled(theta)
    square = (x**2 + y**2) ** 2
    dx = y * (x**4 + 4 * x**2 * y**2 - y**4) / square
    dy = x * (x**4 - 4 * x**2 * y**2 - y**4) / square
    return size[..., None] * np.stack([dx, dy], axis=-1)


def _pairs(theta):
    theta = as_finite_array(theta, "theta")
    if theta.ndim == 0 or theta.shape[-1] != 2:
        raise ValueError(f"theta must have shape (..., 2), got shape {theta.shape}")
    return np.moveaxis(theta, -1, 0)


def _scaled(theta):
    """Largest coordinate in size, and both divided by it: squares of tiny ones do not vanish.

    At the origin the size is 0, and the point is given as (0, 1): all functions here are 0 there,
    and nothing is divided by 0.
    """
    x, y = _pairs(theta)
    size = np.maximum(np.abs(x), np.abs(y))
    by = np.where(size > 0, size, 1.0)
    return size, x / by, np.where(size > 0, y / by, 1.0)
