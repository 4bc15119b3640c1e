"""Numerical differentiation, and the check that every gradient in the book has to pass.

Sources: Nocedal & Wright, *Numerical Optimization* (2006), sec. 8.1, and Press et al., *Numerical
Recipes* (2007), sec. 5.7 (rounding against truncation); Squire & Trapp, "Using complex variables to
estimate derivatives of real functions", SIAM Review 40 (1998) (the complex step).
"""

from __future__ import annotations

import numpy as np

from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_finite_float,
    as_generator,
    as_positive,
    describe,
)

EPSILON = float(np.finfo(float).eps)
TINY = float(np.finfo(float).tiny)


class GradientMismatch(AssertionError):
    """An analytic gradient differs from the finite differences of its function."""


def forward_difference(f, x, h):
    """(f(x + h) - f(x)) / h for scalar or elementwise ``f``; its truncation error is ½ h f″(ξ).

    ``x`` is a number or an array, ``h`` > 0 a number or an array of step sizes; the two broadcast.
    Raises ``ValueError`` for a step that is not positive or a value that is not finite.
    """
    x, h = _point_and_step(x, h)
    return (f(x + h) - f(x)) / h


def central_difference(f, x, h):
    """(f(x + h) - f(x - h)) / 2h for scalar or elementwise ``f``; truncation error h² f‴(ξ) / 6.

    Shapes and errors as in ``forward_difference``.
    """
    x, h = _point_and_step(x, h)
    return (f(x + h) - f(x - h)) / (2 * h)


def complex_step(f, x, h=1e-20):
    """Im f(x + ih) / h: no subtraction, so no cancellation, and the step may be tiny.

    ``f`` must be analytic near x and computed by analytic operations: arithmetic, ``exp``, ``sin``
    and their like. ``z * np.conj(z)`` is not, and gives 0 in silence; ``np.maximum`` compares real
    parts first. Shapes and errors as in ``forward_difference``, and ``ValueError`` where ``f``
    drops the imaginary part (returns real numbers), as ``np.abs`` does.
    """
    x, h = _point_and_step(x, h)
    value = f(x + 1j * h)
    if not np.iscomplexobj(value):
        raise ValueError(
            "f must return complex values for a complex argument, got real ones: "
            "the imaginary part that carries the derivative was dropped"
        )
    return np.imag(value) / h


def numerical_gradient(f, x, h=None):
    """Gradient of a scalar function at ``x`` by central differences, one coordinate at a time.

    ``x`` has any shape and the result has the same; ``h`` defaults to ``cbrt(eps) * max(1, |x|)``
    for each coordinate, which balances truncation and rounding. ``f`` gets its own copy of ``x``.
    Raises ``ValueError`` where ``f`` does not return one finite number.
    """
    x = as_finite_array(x, "x")
    steps = _default_steps(x) if h is None else np.full(x.shape, as_positive(h, "h"))
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = steps[index]
        difference = _scalar(f(x + shift)) - _scalar(f(x - shift))
        gradient[index] = difference / (2 * steps[index])
    return gradient


def numerical_jacobian(f, x, h=None):
    """Jacobian J[i, j] = ∂f_i/∂x_j by central differences, for ``f``: shape (n,) → shape (m,).

    The result has shape (m, n). ``h`` as in ``numerical_gradient``.
    """
    x = as_finite_array(x, "x", ndim=1, min_size=1)
    steps = _default_steps(x) if h is None else np.full(x.shape, as_positive(h, "h"))
    columns = []
    for j, step in enumerate(steps):
        shift = np.zeros_like(x)
        shift[j] = step
        above = as_finite_array(f(x + shift), "f(x + h)", ndim=1)
        below = as_finite_array(f(x - shift), "f(x - h)", ndim=1)
        columns.append((above - below) / (2 * step))
    return np.stack(columns, axis=1)


def check_gradient(f, gradient, *arguments, rng, names=None, directions=5, rtol=1e-6, atol=0.0):
    """Compare an analytic gradient with finite differences along random directions.

    ``f(*arguments)`` returns one number and ``gradient(*arguments)`` one array for each argument,
    of its shape (the array itself where there is one argument). Along a random unit direction v
    the derivative is ⟨gradient, v⟩; it must agree with a fourth-order central difference to
    ``rtol``, relative to the larger of the two and to ‖gradient‖ / √n, the size that is typical
    of ⟨gradient, v⟩: a direction that happens to be nearly level does not fail for rounding alone.
    Where all three lie below what the rounding of f's value leaves visible, or below ``atol``,
    nothing can be told apart, and nothing fails. ``atol`` is for an f whose value is less exact
    than its last places promise, such as a loss -log(1 - tiny).

    Returns the largest relative error. Raises ``GradientMismatch`` naming the argument and both
    numbers, ``ValueError`` for bad input. A derivative along a random direction involves every
    coordinate: a wrong one shows unless its error is below about ``rtol`` times the norm of the
    whole gradient, at the price of four values of ``f`` for a direction instead of 2n in all.
    """
    rng = as_generator(rng)
    directions = as_count(directions, "directions")
    rtol, atol = as_positive(rtol, "rtol"), as_positive(atol, "atol", zero_allowed=True)
    if not arguments:
        raise ValueError("arguments must hold at least one array to differentiate at, got none")
    names = _names(names, len(arguments))
    points = [as_finite_array(a, n) for a, n in zip(arguments, names, strict=True)]
    analytic = gradient(*[p.copy() for p in points])
    analytic = analytic if isinstance(analytic, (tuple, list)) else (analytic,)
    if len(analytic) != len(points):
        raise ValueError(
            f"gradient must return one array for each of the {len(points)} argument(s), "
            f"got {len(analytic)}"
        )
    largest = 0.0
    for k, (name, point) in enumerate(zip(names, points, strict=True)):
        slope = as_finite_array(analytic[k], f"gradient with respect to {name}", shape=point.shape)
        typical = np.linalg.norm(slope) / np.sqrt(max(1, slope.size))
        for trial in range(directions):
            v = rng.standard_normal(point.shape)
            v /= np.linalg.norm(v)
            numeric, rounding = _derivative_along(f, points, k, v)
            claimed = np.sum(slope * v)
            scale = max(abs(claimed), abs(numeric), typical, max(rounding, atol) / rtol)
            error = abs(claimed - numeric) / scale
            largest = max(largest, error)
            if not error <= rtol:
                raise GradientMismatch(
                    f"gradient with respect to {name}: along random direction {trial + 1} of "
                    f"{directions} the analytic derivative is {claimed:.10g} but finite "
                    f"differences give {numeric:.10g} (relative error {error:.1e}, "
                    f"allowed {rtol:.1e})"
                )
    return largest


def check_vjp(f, vjp, *arguments, rng, names=None, directions=5, rtol=1e-6, atol=0.0):
    """Check a vector–Jacobian product: ``vjp(upstream, *arguments)`` against finite differences.

    ``f(*arguments)`` returns an array of any shape; for a random ``upstream`` u of that shape the
    product must be the gradient of the scalar Σ u · f(*arguments). Returns and raises as
    ``check_gradient``.
    """
    rng = as_generator(rng)
    upstream = rng.standard_normal(np.shape(f(*arguments)))
    return check_gradient(
        lambda *a: np.sum(upstream * f(*a)),
        lambda *a: vjp(upstream, *a),
        *arguments,
        rng=rng,
        names=names,
        directions=directions,
        rtol=rtol,
        atol=atol,
    )


def _point_and_step(x, h):
    x = as_finite_array(x, "x")
    h = as_finite_array(h, "h")
    if np.any(h <= 0):
        raise ValueError(f"h must be greater than 0, got {np.min(h):g}")
    # A plain number in, a plain number out: functions written for floats stay usable.
    return (x if x.ndim else float(x)), (h if h.ndim else float(h))


def _default_steps(x):
    return np.cbrt(EPSILON) * np.maximum(1.0, np.abs(x))


def _derivative_along(f, points, k, v):
    """Derivative of ``f(*points)`` when point ``k`` moves along ``v``, and its rounding error."""

    def along(t):
        moved = [p + t * v if i == k else p.copy() for i, p in enumerate(points)]
        return _scalar(f(*moved))

    return _fourth_order(along, max(1.0, np.max(np.abs(points[k]), initial=0.0)))


def _fourth_order(along, scale):
    """Derivative at 0 of a function of one number, truncation error O(h⁴), and its rounding error.

    The rounding is an estimate: each value is taken to be wrong by a few units in its last place.
    """
    h = EPSILON**0.2 * scale
    near, far = (along(h), along(-h)), (along(2 * h), along(-2 * h))
    slope = (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * h)
    largest = max(map(abs, (*near, *far)))
    return slope, max(4 * EPSILON * largest / h, TINY)


def _names(names, count):
    if names is None:
        return [f"argument {i + 1}" for i in range(count)]
    names = [names] if isinstance(names, str) else list(names)
    if len(names) != count:
        raise ValueError(f"names must hold one name for each of {count} argument(s), got {names}")
    return names


def _scalar(value):
    if np.size(value) != 1:
        raise ValueError(f"f must return one number, got {describe(np.asarray(value))}")
    return as_finite_float(np.reshape(value, ()), "the value of f")
