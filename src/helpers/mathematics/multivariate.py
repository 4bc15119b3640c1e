"""Derivatives in several variables: directions, lengths, Taylor's polynomial, and a worst case.

Sources: Boyd & Vandenberghe, *Convex Optimization* (2004), sec. 9.4 (steepest descent in a norm,
dual norms) and A.4 (gradient, chain rule, second derivative).
"""

from __future__ import annotations

import numpy as np

from helpers.mathematics.numdiff import EPSILON
from helpers.mathematics.validate import (
    as_finite_array,
    as_finite_float,
    as_positive,
    one_of,
)


def unit(direction):
    """``direction``, shape (n,), divided by its Euclidean length.

    Raises ``ValueError`` for the zero vector, which has no direction.
    """
    v = as_finite_array(direction, "direction", ndim=1, min_size=1)
    largest = np.max(np.abs(v))
    if largest == 0:
        raise ValueError("direction must not be zero: the zero vector points nowhere")
    # Scaled first, so that squares of tiny or huge entries stay in range.
    v = v / largest
    return v / np.linalg.norm(v)


def directional_derivative(gradient, direction):
    """∇ᵀv along v = direction/‖direction‖, for a function that is differentiable at the point.

    ``gradient`` and ``direction`` have shape (n,). The unit is that of f divided by that of a
    length. Raises ``ValueError`` for a zero direction or shapes that differ.
    """
    g = as_finite_array(gradient, "gradient", ndim=1, min_size=1)
    return float(g @ unit(as_finite_array(direction, "direction", shape=g.shape)))


def dual_norm(gradient, norm="euclidean"):
    """The largest ∇ᵀv over all v of length 1, where ``norm`` says what length is.

    "euclidean": ‖∇‖; "max" (the largest |vᵢ| is 1): the sum of |∂ᵢ|; "sum" (the |vᵢ| add up to 1):
    the largest |∂ᵢ|. It is reached along the opposite of ``optimizers.steepest_direction``.
    ``gradient`` has shape (n,) and may be zero; raises ``ValueError`` for another norm.
    """
    g = np.abs(as_finite_array(gradient, "gradient", ndim=1, min_size=1))
    one_of(norm, "norm", ("euclidean", "max", "sum"))
    if norm == "max":
        return float(np.sum(g))
    if norm == "sum":
        return float(np.max(g))
    return float(np.linalg.norm(g))


def taylor_polynomial(value, gradient, step, hessian=None):
    """f + ∇ᵀd, and + ½ dᵀHd where a ``hessian`` is given: the tangent plane, or the paraboloid.

    ``value`` is f at the point, ``gradient`` has shape (n,), ``hessian`` (n, n) and ``step`` d
    shape (..., n); the result has shape (...). Raises ``ValueError`` for shapes that do not fit
    and for a Hessian that is not symmetric.
    """
    f = as_finite_float(value, "value")
    g = as_finite_array(gradient, "gradient", ndim=1, min_size=1)
    d = as_finite_array(step, "step", min_size=1)
    if d.ndim == 0 or d.shape[-1] != g.size:
        raise ValueError(f"step must have shape (..., {g.size}), got shape {d.shape}")
    plane = f + d @ g
    if hessian is None:
        return plane
    h = as_finite_array(hessian, "hessian", shape=(g.size, g.size))
    if np.max(np.abs(h - h.T)) > 1e-8 * np.max(np.abs(h)):
        raise ValueError("hessian must be symmetric, got a matrix that differs from its transpose")
    return plane + 0.5 * np.sum((d @ h) * d, axis=-1)


def jacobian_vector_product(f, x, v, h=None):
    """J v, the derivative of f(x + rv) by r at 0, by a central difference: two values of ``f``.

    ``x`` and ``v`` have shape (n,), ``f`` returns numbers of any one shape, and so does this. With
    the gradient of a function for ``f`` it is the Hessian times v. ``h`` is the step in r; by
    default it moves the coordinate that moves most by ∛ε max(1, |x|). A zero v gives zeros.
    Raises ``ValueError`` for shapes that differ, or values that are not finite.
    """
    x = as_finite_array(x, "x", ndim=1, min_size=1)
    v = as_finite_array(v, "v", shape=x.shape)
    largest = np.max(np.abs(v))
    if h is not None:
        h = as_positive(h, "h")
    elif largest > 0:
        h = np.cbrt(EPSILON) * max(1.0, np.max(np.abs(x))) / largest
    else:
        h = 1.0
    above = as_finite_array(f(x + h * v), "f(x + hv)")
    below = as_finite_array(f(x - h * v), "f(x - hv)", shape=above.shape)
    return (above - below) / (2 * h)


def as_condition_number(value):
    """``value`` as a finite float of at least 1, or ``ValueError``."""
    kappa = as_positive(value, "condition_number")
    if kappa < 1:
        raise ValueError(f"condition_number must be at least 1, got {kappa:g}")
    return kappa


def angle_on_bowl(condition_number, degrees):
    """Degrees between −∇ and the way to the minimum, on a bowl in the plane.

    ``condition_number`` is κ ≥ 1; ``degrees`` is β, the angle between the steep axis and the line
    from the minimum to the point, of any shape. With t = tan β the way to the minimum and −∇ stand
    at β and at arctan(t/κ) from that axis; the result is their difference, signed as β is.
    """
    kappa = as_condition_number(condition_number)
    beta = np.deg2rad(as_finite_array(degrees, "degrees"))
    cos, sin = np.cos(beta), np.sin(beta)
    return np.degrees(np.arctan2((kappa - 1) * sin * cos, kappa * cos**2 + sin**2))


def worst_angle(condition_number):
    """The largest angle, in degrees, that −∇ can make with the way to a bowl's minimum.

    arctan((κ − 1)/(2√κ)), below 90; the same as arccos(2√κ/(κ + 1)), which is Kantorovich's
    inequality and holds in any dimension.
    """
    kappa = as_condition_number(condition_number)
    return float(np.degrees(np.arctan((kappa - 1) / (2 * np.sqrt(kappa)))))


def worst_place(condition_number):
    """Where that is: the angle β in degrees from the steep axis, arctan √κ."""
    return float(np.degrees(np.arctan(np.sqrt(as_condition_number(condition_number)))))
