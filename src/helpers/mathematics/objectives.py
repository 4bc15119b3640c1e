"""Losses to descend on whose minimum, curvature and best learning rate are known in closed form.

Each objective has ``value(theta)`` and ``gradient(theta)``; where the loss is a mean over examples
also ``n_examples`` and ``batch_gradient(theta, rows)``. Parameters have shape (..., d): leading
axes are a batch of points, so that a whole trajectory is evaluated in one call.

Sources: Nesterov, *Lectures on Convex Optimization* (2018), sec. 1.2 and 2.1 (smoothness, strong
convexity, rates); Boyd & Vandenberghe, *Convex Optimization* (2004), sec. 9.1 and 9.3 (the bounds
m and M on the curvature, conditioning).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_finite_float,
    as_positive,
    describe,
)


def as_positive_definite(matrix, name):
    """``matrix`` as a symmetric positive definite array (d, d), or ``ValueError`` naming ``name``.

    What rounding leaves, an asymmetry of 10⁻¹⁰ of the largest entry, is taken out.
    """
    matrix = as_finite_array(matrix, name, ndim=2, min_size=1)
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} must be a square matrix, got shape {matrix.shape}")
    if np.max(np.abs(matrix - matrix.T)) > 1e-10 * np.max(np.abs(matrix)):
        raise ValueError(f"{name} must be symmetric, got a matrix that differs from its transpose")
    symmetric = (matrix + matrix.T) / 2
    least = np.linalg.eigvalsh(symmetric)[0]
    if least <= 0:
        raise ValueError(
            f"{name} must be positive definite (every eigenvalue > 0), got the eigenvalue "
            f"{least:.3g}"
        )
    return symmetric


class Quadratic:
    """The bowl ½ (θ − θ*)ᵀ A (θ − θ*) + c, on which gradient descent is solved exactly.

    ``curvature`` is the symmetric positive definite Hessian A, shape (d, d), or a positive number
    for d = 1; ``minimum`` is θ*, shape (d,), by default 0; ``offset`` is c, the least value.
    Raises ``ValueError`` for a matrix that is not symmetric or has an eigenvalue ≤ 0.

    Attributes: ``largest_curvature`` M and ``smallest_curvature`` μ, the largest and the smallest
    eigenvalue of A, and ``condition_number`` κ = M/μ. Curvatures have the unit of the loss divided
    by that of θ squared, learning rates the inverse of that.
    """

    def __init__(self, curvature, minimum=None, offset=0.0):
        matrix = np.atleast_2d(as_finite_array(curvature, "curvature", ndim=(0, 2)))
        self.curvature = as_positive_definite(matrix, "curvature")
        self.eigenvalues, self.eigenvectors = np.linalg.eigh(self.curvature)
        d = len(matrix)
        zero = np.zeros(d)
        self.minimum = zero if minimum is None else as_finite_array(minimum, "minimum", shape=(d,))
        self.offset = as_finite_float(offset, "offset")
        self.largest_curvature = float(self.eigenvalues[-1])
        self.smallest_curvature = float(self.eigenvalues[0])
        self.condition_number = self.largest_curvature / self.smallest_curvature

    @classmethod
    def valley(cls, condition_number, *, largest_curvature=1.0, degrees=0.0):
        """A bowl in the plane with M = ``largest_curvature`` and μ = M / ``condition_number``.

        The steep direction is turned by ``degrees`` from the first axis. Raises ``ValueError`` for
        a condition number below 1.
        """
        kappa = as_positive(condition_number, "condition_number")
        if kappa < 1:
            raise ValueError(f"condition_number must be at least 1, got {kappa:g}")
        steep = as_positive(largest_curvature, "largest_curvature")
        turn = np.deg2rad(as_finite_float(degrees, "degrees"))
        axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        return cls(axes @ np.diag([steep, steep / kappa]) @ axes.T)

    @property
    def best_learning_rate(self):
        """2/(M + μ): no fixed η makes the slowest direction shrink faster."""
        return 2 / (self.largest_curvature + self.smallest_curvature)

    @property
    def largest_stable_learning_rate(self):
        """2/M: gradient descent converges from every start exactly for 0 < η < 2/M."""
        return 2 / self.largest_curvature

    def contraction(self, learning_rate):
        """max(|1 − ηM|, |1 − ημ|): what multiplies the distance to θ* in a step, at worst."""
        eta = as_positive(learning_rate, "learning_rate")
        ends = self.largest_curvature, self.smallest_curvature
        return max(abs(1 - eta * end) for end in ends)

    def value(self, theta):
        """Loss at ``theta`` of shape (..., d); the result has shape (...)."""
        away = _points(theta, len(self.minimum)) - self.minimum
        return 0.5 * np.sum((away @ self.curvature) * away, axis=-1) + self.offset

    def value_by_direction(self, theta):
        """½ λⱼ zⱼ² with z = Qᵀ(θ − θ*), shape (..., d): what each eigenvector adds to the loss.

        The flattest direction comes first; with ``offset`` they sum to ``value(theta)``.
        """
        z = (_points(theta, len(self.minimum)) - self.minimum) @ self.eigenvectors
        return 0.5 * self.eigenvalues * z**2

    def gradient(self, theta):
        """A (θ − θ*), shape (..., d)."""
        return (_points(theta, len(self.minimum)) - self.minimum) @ self.curvature

    def hessian(self, theta):
        """A, the same at every ``theta``; shape (d, d)."""
        _points(theta, len(self.minimum))
        return self.curvature.copy()

    def iterate(self, start, learning_rate, step):
        """Where gradient descent is after ``step`` steps: θ* + Q (I − ηΛ)ᵗ Qᵀ (θ₀ − θ*).

        The closed form, with A = Q Λ Qᵀ; nothing is iterated. ``start`` has shape (d,).
        """
        start = as_finite_array(start, "start", shape=self.minimum.shape)
        eta = as_positive(learning_rate, "learning_rate")
        shrunk = (1 - eta * self.eigenvalues) ** as_count(step, "step", minimum=0)
        away = self.eigenvectors.T @ (start - self.minimum)
        return self.minimum + self.eigenvectors @ (shrunk * away)

    def angle_to_minimum(self, theta):
        """Degrees between −∇ at ``theta``, shape (d,), and the straight way to the minimum.

        Raises ``ValueError`` at the minimum itself, where neither has a direction.
        """
        theta = as_finite_array(theta, "theta", shape=self.minimum.shape)
        way, downhill = self.minimum - theta, -self.gradient(theta)
        lengths = np.linalg.norm(way) * np.linalg.norm(downhill)
        if lengths == 0:
            raise ValueError(f"theta must not be the minimum {self.minimum}, got {theta}")
        return float(np.degrees(np.arccos(np.clip(way @ downhill / lengths, -1, 1))))

    def level_set(self, level, points=49):
        """A closed curve on which the loss is ``level``, for d = 2; shape (points, 2).

        Raises ``ValueError`` for a level that is not above the least value, or for d ≠ 2.
        """
        if len(self.minimum) != 2:
            raise ValueError(f"a level set is drawn for d = 2, got d = {len(self.minimum)}")
        above = as_positive(
            as_finite_float(level, "level") - self.offset, "level above the minimum"
        )
        turn = np.linspace(0, 2 * np.pi, as_count(points, "points", minimum=3))
        circle = np.stack([np.cos(turn), np.sin(turn)])
        stretch = np.sqrt(2 * above / self.eigenvalues)[:, None]
        return self.minimum + (self.eigenvectors @ (stretch * circle)).T


class LeastSquares(Quadratic):
    """Linear regression: the loss 1/(2n) Σᵢ (xᵢᵀθ − yᵢ)², a ``Quadratic`` with A = XᵀX/n.

    ``features`` X has shape (n, d) with independent columns, ``targets`` y shape (n,). The loss
    has the unit of y squared. Raises ``ValueError`` for fewer rows than columns or columns that
    depend on each other, since the minimum is then not unique.
    """

    def __init__(self, features, targets):
        x = as_finite_array(features, "features", ndim=2, min_size=1)
        n, d = x.shape
        y = as_finite_array(targets, "targets", shape=(n,))
        if np.linalg.matrix_rank(x) < d:
            raise ValueError(
                f"features must have independent columns, got shape {x.shape} "
                f"of rank {np.linalg.matrix_rank(x)}"
            )
        best = np.linalg.lstsq(x, y, rcond=None)[0]
        self.features, self.targets, self.n_examples = x, y, n
        self.residuals = x @ best - y
        super().__init__(x.T @ x / n, minimum=best, offset=0.5 * np.mean(self.residuals**2))

    def batch_gradient(self, theta, rows):
        """Gradient of the mean loss of the examples ``rows`` alone: Xᵦᵀ (Xᵦ θ − yᵦ) / b.

        ``theta`` has shape (d,), ``rows`` holds b ≥ 1 whole numbers below n. With all rows it is
        the gradient; with random rows an unbiased estimate of it.
        """
        theta = as_finite_array(theta, "theta", shape=self.minimum.shape)
        rows = np.asarray(rows)
        if rows.ndim != 1 or rows.size == 0 or rows.dtype.kind not in "iu":
            raise ValueError(f"rows must be at least one whole number, got {describe(rows)}")
        if rows.min() < 0 or rows.max() >= self.n_examples:
            raise ValueError(
                f"rows must lie in 0 … {self.n_examples - 1}, got {rows.min()} … {rows.max()}"
            )
        x = self.features[rows]
        return x.T @ (x @ theta - self.targets[rows]) / len(rows)

    def gradient_covariance(self):
        """C, shape (d, d): the covariance of one random example's gradient at the minimum."""
        each = self.features * self.residuals[:, None]  # (n, d), with mean 0
        return each.T @ each / self.n_examples

    def noise_floor(self, learning_rate, batch_size):
        """η tr C / 4b: the loss above its minimum at which SGD with a fixed step hovers.

        To first order in η, for independent draws with replacement: in the stationary state the
        covariance S of θ solves AS + SA ≈ (η/b) C, and the mean excess loss is ½ tr(AS).
        """
        eta = as_positive(learning_rate, "learning_rate")
        return float(eta * np.trace(self.gradient_covariance()) / (4 * _batch(batch_size)))

    def stationary_excess(self, learning_rate, batch_size):
        """The mean loss above its minimum at which SGD hovers, without approximation.

        For independent draws with replacement. A step with the Hessian Aᵦ of the batch maps S, the
        covariance of θ, to E[(I − ηAᵦ) S (I − ηAᵦ)] + (η²/b) C; the S that it leaves alone solves
        AS + SA − η E[Aᵦ S Aᵦ] = (η/b) C. Raises ``ValueError`` from ``mean_square_limit`` on.
        """
        eta, b = as_positive(learning_rate, "learning_rate"), _batch(batch_size)
        limit = self.mean_square_limit(b)
        if eta >= limit:
            raise ValueError(f"learning_rate must be below {limit:.4g} for {b} a batch, got {eta}")
        twice, squared = self._moments(b)
        noise = (eta / b) * self.gradient_covariance().ravel()
        covariance = np.linalg.solve(twice - eta * squared, noise)
        return float(0.5 * self.curvature.ravel() @ covariance)

    def mean_square_limit(self, batch_size):
        """The learning rate from which on the mean square of SGD's distance grows without bound.

        For independent draws with replacement. It is below 2/M, and approaches it for large
        batches: 1/η is the largest ω with E[Aᵦ S Aᵦ] = ω (AS + SA) for some S.
        """
        twice, squared = self._moments(_batch(batch_size))
        return float(1 / eigh(squared, twice, eigvals_only=True)[-1])

    def _moments(self, b):
        """S ↦ AS + SA and S ↦ E[Aᵦ S Aᵦ] as matrices (d², d²) that act on the entries of S."""
        n, d = self.features.shape
        A, one = self.curvature, np.eye(d)
        outer = (self.features[:, :, None] * self.features[:, None, :]).reshape(n, d * d)
        # Two draws of a batch are the same example's xxᵀ, or two independent ones.
        squared = np.kron(A, A) * (1 - 1 / b) + outer.T @ outer / (n * b)
        return np.kron(A, one) + np.kron(one, A), squared


class ScalarLoss:
    """A smooth loss of one parameter, with its first two derivatives; all three elementwise.

    ``formula`` is how it is written; ``value``, ``gradient`` and ``second_derivative`` are
    callables of a float array. ``theta`` has any shape and the results have the same; raises
    ``ValueError`` where it is not finite.
    """

    def __init__(self, formula, value, gradient, second_derivative):
        self.formula = formula
        self._value, self._gradient, self._second = value, gradient, second_derivative

    def value(self, theta):
        """Loss at ``theta``."""
        return self._value(as_finite_array(theta, "theta"))

    def gradient(self, theta):
        """First derivative at ``theta``."""
        return self._gradient(as_finite_array(theta, "theta"))

    def second_derivative(self, theta):
        """Second derivative at ``theta``."""
        return self._second(as_finite_array(theta, "theta"))


#: Four losses, each with a point at which its slope is exactly 2. To first order they agree there,
#: and in nothing else: the second derivatives at the points are 100, 0, −20 and 4.
SLOPE_TWO = (
    (ScalarLoss("50θ²", lambda t: 50 * t**2, lambda t: 100 * t, lambda t: 100 + 0 * t), 0.02),
    (
        ScalarLoss(
            "2 sin θ", lambda t: 2 * np.sin(t), lambda t: 2 * np.cos(t), lambda t: -2 * np.sin(t)
        ),
        0.0,
    ),
    (
        ScalarLoss(
            "2θ − 10θ²", lambda t: 2 * t - 10 * t**2, lambda t: 2 - 20 * t, lambda t: -20 + 0 * t
        ),
        0.0,
    ),
    (
        ScalarLoss(
            "exp 2θ",
            lambda t: np.exp(2 * t),
            lambda t: 2 * np.exp(2 * t),
            lambda t: 4 * np.exp(2 * t),
        ),
        0.0,
    ),
)


class DoubleWell:
    """½x² + ¼(y² − 1)²: two minima, at (0, ±1) with value 0, and between them a saddle at 0.

    ``theta`` = (x, y) has shape (..., 2). Raises ``ValueError`` for another last dimension.
    """

    def value(self, theta):
        """Loss, shape (...)."""
        x, y = np.moveaxis(_points(theta, 2), -1, 0)
        return 0.5 * x**2 + 0.25 * (y**2 - 1) ** 2

    def gradient(self, theta):
        """(x, y³ − y), shape (..., 2); zero at both minima and at the saddle."""
        x, y = np.moveaxis(_points(theta, 2), -1, 0)
        return np.stack([x, y**3 - y], axis=-1)

    def hessian(self, theta):
        """diag(1, 3y² − 1) for ``theta`` of shape (2,): at the saddle one eigenvalue is −1."""
        _, y = as_finite_array(theta, "theta", shape=(2,))
        return np.diag([1.0, 3 * y**2 - 1])


#: Welsch's robust loss: bounded by 1, and so flat far from 0 that descent hardly moves there.
PLATEAU = ScalarLoss(
    "1 − exp(−θ²/2)",
    lambda t: -np.expm1(-(t**2) / 2),
    lambda t: t * np.exp(-(t**2) / 2),
    lambda t: (1 - t**2) * np.exp(-(t**2) / 2),
)


def _batch(size):
    return as_count(size, "batch_size")


def _points(theta, d):
    theta = as_finite_array(theta, "theta", min_size=1)
    if theta.ndim == 0 or theta.shape[-1] != d:
        raise ValueError(f"theta must have shape (..., {d}), got shape {theta.shape}")
    return theta
