"""Softmax, its logarithm and its derivative, along any axis.

For one line of scores z the softmax is s_i = exp(z_i) / Σ_k exp(z_k), and its Jacobian is
J_ij = ∂s_i/∂z_j = s_i (δ_ij − s_j), that is J = diag(s) − s sᵀ.
"""

from __future__ import annotations

import operator

import numpy as np

from helpers.mathematics.validate import as_finite_array


def softmax(z, *, axis=-1, where=None):
    """Softmax of ``z`` along ``axis``: positive numbers that sum to 1.

    ``z``: scores, any shape. ``where``: boolean, broadcastable to ``z``; entries where it is
    False get weight exactly 0, and a line in which nothing is allowed is all 0.
    Returns an array of the shape of ``z``. The largest score is subtracted first, which changes
    nothing (softmax ignores a constant added to a line) and keeps ``exp`` from overflowing.

    ``ValueError`` when ``z`` is empty, 0-dimensional or not finite, when ``axis`` is not one of
    its axes, or when ``where`` is not boolean or does not broadcast to it.
    Source: Bridle (1990); the shift is the standard one, e.g. Goodfellow et al. (2016), ch. 4.1.
    """
    z, axis = _scores(z, axis)
    if where is None:
        with np.errstate(over="ignore"):  # a gap above 1.8e308 becomes −inf, and exp(−inf) is 0
            powers = np.exp(z - z.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)
    allowed = as_mask(where, "where", z.shape)
    peak = np.where(allowed, z, -np.inf).max(axis=axis, keepdims=True)
    with np.errstate(over="ignore"):
        # −inf takes the place of a forbidden score before `exp`, however large that score is.
        powers = np.exp(np.where(allowed, z - peak, -np.inf))
    total = powers.sum(axis=axis, keepdims=True)
    # A line with nothing allowed stays 0: it would be 0 / 0.
    return np.divide(powers, total, out=powers, where=total > 0)


def softmax_vjp(upstream, z, *, axis=-1, where=None):
    """Gradient to ``z`` when ``upstream`` is the gradient to ``softmax(z)``: Jᵀu without J.

    Shapes: ``z``, ``upstream`` and the result agree. The cost is that of the softmax itself.
    ``ValueError`` as for :func:`softmax`, and when ``upstream`` has another shape than ``z``.
    Source: J = diag(s) − s sᵀ is symmetric, so Jᵀu = s ∘ (u − ⟨s, u⟩).
    """
    z, axis = _scores(z, axis)
    upstream = as_finite_array(upstream, "upstream", shape=z.shape)
    s = softmax(z, axis=axis, where=where)
    return s * (upstream - (s * upstream).sum(axis=axis, keepdims=True))


def softmax_jacobian(z, *, axis=-1):
    """Whole Jacobian ∂s_i/∂z_j = s_i (δ_ij − s_j) of every line of ``z`` along ``axis``.

    Returns shape ``(…, n, n)`` for a line length n, the other axes of ``z`` in front, in order.
    For looking at; in a backward pass use :func:`softmax_vjp`, which needs n numbers, not n².
    ``ValueError`` as for :func:`softmax`.
    """
    z, axis = _scores(z, axis)
    s = np.moveaxis(softmax(z, axis=axis), axis, -1)
    return s[..., :, None] * (np.eye(s.shape[-1]) - s[..., None, :])


def log_softmax(z, *, axis=-1):
    """Logarithm of the softmax, right also where the softmax itself rounds to 0.

    Shapes and errors as for :func:`softmax`, and ``ValueError`` when two scores of a line lie
    further apart than the largest float. Source: log s_i = z_i − logsumexp(z).
    """
    z, axis = _scores(z, axis)
    with np.errstate(over="ignore"):
        shifted = z - z.max(axis=axis, keepdims=True)
    if not np.isfinite(shifted).all():
        raise ValueError("z must have scores whose differences are finite, got a gap above 1.8e308")
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def log_softmax_vjp(upstream, z, *, axis=-1):
    """Gradient to ``z`` when ``upstream`` is the gradient to ``log_softmax(z)``: u − s Σu.

    Shapes: ``z``, ``upstream`` and the result agree.
    ``ValueError`` as for :func:`log_softmax`, and when ``upstream`` has another shape than ``z``.
    """
    z, axis = _scores(z, axis)
    upstream = as_finite_array(upstream, "upstream", shape=z.shape)
    log_softmax(z, axis=axis)  # the same input is refused in both directions
    return upstream - softmax(z, axis=axis) * upstream.sum(axis=axis, keepdims=True)


def softmax_jacobian_norm(weights, *, axis=-1):
    """Frobenius norm ‖diag(s) − s sᵀ‖ of each line s of ``weights``, without the matrix.

    ``weights``: what :func:`softmax` returned (a line of zeros, where all was masked, has norm 0).
    Returns the shape of ``weights`` without ``axis``. ``ValueError`` when an entry lies outside
    [0, 1] or a line does not sum to 1 (or 0).
    Source: ‖J‖² = Σ_i s_i² [(1 − s_i)² + Σ_{j≠i} s_j²].
    """
    s, axis = _scores(weights, axis, name="weights")
    s = np.moveaxis(s, axis, -1)
    sums = s.sum(axis=-1)
    if (s < 0).any() or (np.minimum(abs(sums - 1), sums) > 1e-6).any():
        raise ValueError(
            "weights must be at least 0 and sum to 1 (or be all 0) along the axis, "
            f"got entries from {s.min():g} to {s.max():g} and sums from {sums.min():g} to "
            f"{sums.max():g}"
        )
    # 1 − s_i for the largest entry is taken as the sum of the others: near a one-hot line the
    # subtraction would leave only rounding.
    top = s.argmax(axis=-1)[..., None]
    largest = np.take_along_axis(s, top, axis=-1)
    rest = s.copy()
    np.put_along_axis(rest, top, 0.0, axis=-1)
    squares = (rest**2).sum(axis=-1, keepdims=True)
    of_largest = largest**2 * (rest.sum(axis=-1, keepdims=True) ** 2 + squares)
    of_rest = rest**2 * ((1 - rest) ** 2 + largest**2 + squares - rest**2)
    return np.sqrt(of_largest[..., 0] + of_rest.sum(axis=-1))


def as_mask(value, name, shape):
    """``value`` as a boolean array broadcast to ``shape``, or ``ValueError``."""
    mask = np.asarray(value)
    if mask.dtype != bool:
        raise ValueError(
            f"{name} must be boolean, True where allowed, got an array of {mask.dtype}"
        )
    try:
        return np.broadcast_to(mask, shape)
    except ValueError as error:
        raise ValueError(
            f"{name} must have a shape that broadcasts to {tuple(shape)}, got {mask.shape}"
        ) from error


def _scores(z, axis, name="z"):
    """``z`` as a finite array with at least one entry, and ``axis`` as one of its axes."""
    z = as_finite_array(z, name, min_size=1)
    try:
        axis = operator.index(axis)
    except TypeError as error:
        raise ValueError(f"axis must be a whole number, got {axis!r}") from error
    if not -z.ndim <= axis < z.ndim:
        raise ValueError(f"axis must be an axis of {name} (shape {z.shape}), got {axis}")
    return z, axis
