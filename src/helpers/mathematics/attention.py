"""Scaled dot-product attention, its masks and heads, and the whole backward pass by hand.

Shapes: queries ``(…, n_q, d_k)``, keys ``(…, n_k, d_k)``, values ``(…, n_k, d_v)``; the leading
axes (batch, heads) are any, and broadcast. A mask is boolean, True where a query may look.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.activations import as_mask, softmax
from helpers.mathematics.validate import as_count, as_finite_array, as_generator, as_positive


class AttentionGradients(NamedTuple):
    """Gradients of a scalar with respect to the queries, keys and values."""

    Q: np.ndarray
    K: np.ndarray
    V: np.ndarray


class MultiHeadGradients(NamedTuple):
    """Gradients with respect to the inputs and the weight matrices (None where not given)."""

    X: np.ndarray
    W_Q: np.ndarray
    W_K: np.ndarray
    W_V: np.ndarray
    W_O: np.ndarray | None
    context: np.ndarray | None


# --- one head -----------------------------------------------------------------------------------


def scaled_dot_product_attention(Q, K, V, *, mask=None, scale=None):
    """Weighted sums of the values: ``softmax(scale · Q Kᵀ) V``.

    ``mask``: boolean, broadcastable to ``(…, n_q, n_k)``. ``scale``: 1/√d_k unless given.
    Returns ``(output, weights)`` of shapes ``(…, n_q, d_v)`` and ``(…, n_q, n_k)``. A query that
    may look nowhere gets weights and output 0.

    ``ValueError`` when shapes do not fit, a value is not finite, the scores overflow, ``scale``
    is not positive, or ``mask`` is not boolean or does not broadcast.
    Source: Vaswani et al. (2017), eq. 1.
    """
    Q, K, V, scale = _check_heads(Q, K, V, scale)
    weights = _weights(Q, K, mask, scale)
    return weights @ V, weights


def scaled_dot_product_attention_vjp(upstream, Q, K, V, *, mask=None, scale=None):
    """Gradients to Q, K and V, when ``upstream`` is the gradient to the output.

    ``upstream``: ``(…, n_q, d_v)``, the shape of the output. Returns :class:`AttentionGradients`,
    each the shape of its argument; where leading axes were broadcast the gradients are summed.
    ``ValueError`` as for :func:`scaled_dot_product_attention`, and when ``upstream`` does not fit.
    """
    Q, K, V, scale = _check_heads(Q, K, V, scale)
    A = _weights(Q, K, mask, scale)  # (…, n_q, n_k)
    batch = np.broadcast_shapes(A.shape[:-2], V.shape[:-2])
    G = as_finite_array(upstream, "upstream", shape=(*batch, Q.shape[-2], V.shape[-1]))
    with np.errstate(over="ignore", invalid="ignore"):
        dV = _transpose(A) @ G  # (…, n_k, d_v)
        dA = G @ _transpose(V)  # (…, n_q, n_k)
        row = (A * dA).sum(axis=-1, keepdims=True)  # (…, n_q, 1)
        dS = scale * A * (dA - row)  # (…, n_q, n_k), 0 where masked because A is 0 there
        dQ = dS @ K  # (…, n_q, d_k)
        dK = _transpose(dS) @ Q  # (…, n_k, d_k)
        gradients = AttentionGradients(
            _sum_to(dQ, Q.shape), _sum_to(dK, K.shape), _sum_to(dV, V.shape)
        )
    if not all(np.isfinite(gradient).all() for gradient in gradients):
        raise ValueError(
            "upstream, Q, K and V must be small enough for finite gradients, got products "
            f"beyond 1.8e308: their entries reach {abs(G).max():g}, {abs(Q).max():g}, "
            f"{abs(K).max():g} and {abs(V).max():g}"
        )
    return gradients


# --- masks --------------------------------------------------------------------------------------


def causal_mask(n):
    """Boolean ``(n, n)``: position i may look at positions 0 … i, and not into the future.

    ``ValueError`` when ``n`` is not a whole number of at least 1.
    """
    n = as_count(n, "n")
    return np.tri(n, dtype=bool)


def padding_mask(lengths, n):
    """Boolean ``(…, 1, n)``: in row b the first ``lengths[b]`` of n key positions are real.

    The axis of length 1 broadcasts over the queries. A length may be 0: then no key is allowed.
    ``ValueError`` when a length is not a whole number from 0 to ``n``.
    """
    n = as_count(n, "n")
    counts = as_finite_array(lengths, "lengths")
    if (counts != np.round(counts)).any() or (counts < 0).any() or (counts > n).any():
        raise ValueError(f"lengths must be whole numbers from 0 to {n}, got {lengths!r}")
    return (np.arange(n) < counts[..., None])[..., None, :]


# --- heads --------------------------------------------------------------------------------------


def split_heads(X, n_heads):
    """``(…, n, h·d)`` → ``(…, h, n, d)``: each head gets its own block of d columns.

    ``ValueError`` when ``X`` has fewer than two axes or its last one is no multiple of ``n_heads``.
    """
    X = _matrix(X, "X")
    h = as_count(n_heads, "n_heads")
    if X.shape[-1] % h:
        raise ValueError(
            f"X must have a last axis that is a multiple of n_heads = {h}, got shape {X.shape}"
        )
    return np.swapaxes(X.reshape(*X.shape[:-1], h, X.shape[-1] // h), -2, -3)


def merge_heads(X):
    """``(…, h, n, d)`` → ``(…, n, h·d)``: the inverse of :func:`split_heads`.

    ``ValueError`` when ``X`` has fewer than three axes.
    """
    X = as_finite_array(X, "X")
    if X.ndim < 3:
        raise ValueError(f"X must have shape (..., heads, n, d), got shape {X.shape}")
    return _merge(X)


def multi_head_attention(X, W_Q, W_K, W_V, W_O=None, *, n_heads=1, mask=None, context=None):
    """Attention of ``X`` to itself, or to ``context`` when given (cross-attention).

    ``X``: ``(…, n_q, d_model)``. ``context``: ``(…, n_k, d_context)``. ``W_Q``: ``(d_model,
    h·d_k)``, ``W_K``: ``(d_context, h·d_k)``, ``W_V``: ``(d_context, h·d_v)``, ``W_O``:
    ``(h·d_v, d_out)`` or None for no output map. ``mask``: boolean, broadcastable to
    ``(…, n_q, n_k)``, the same for all heads.
    Returns ``(output, weights)`` of shapes ``(…, n_q, d_out)`` and ``(…, h, n_q, n_k)``.

    ``ValueError`` when shapes do not fit or a value is not finite.
    Source: Vaswani et al. (2017), section 3.2.2.
    """
    p = _project(X, W_Q, W_K, W_V, W_O, n_heads, mask, context)
    heads, weights = scaled_dot_product_attention(p.Q, p.K, p.V, mask=p.mask)
    output = _merge(heads)
    return (output if p.W_O is None else output @ p.W_O), weights


def multi_head_attention_vjp(
    upstream, X, W_Q, W_K, W_V, W_O=None, *, n_heads=1, mask=None, context=None
):
    """Gradients to X, W_Q, W_K, W_V (W_O, context), when ``upstream`` is that to the output.

    ``upstream``: ``(…, n_q, d_out)``, the shape of the output. Returns
    :class:`MultiHeadGradients`. In self-attention X feeds queries, keys and values, so its
    gradient is the sum of three paths; with a ``context`` two of them go there.
    ``ValueError`` as for :func:`multi_head_attention`, and when ``upstream`` does not fit.
    """
    p = _project(X, W_Q, W_K, W_V, W_O, n_heads, mask, context)
    heads, _ = scaled_dot_product_attention(p.Q, p.K, p.V, mask=p.mask)
    merged = _merge(heads)  # (…, n_q, h·d_v)
    d_out = merged.shape[-1] if p.W_O is None else p.W_O.shape[-1]
    G = as_finite_array(upstream, "upstream", shape=(*merged.shape[:-1], d_out))
    dW_O = None
    if p.W_O is not None:
        dW_O = _weight_gradient(merged, G)
        G = G @ p.W_O.T  # (…, n_q, h·d_v)
    dQ, dK, dV = scaled_dot_product_attention_vjp(
        split_heads(G, n_heads), p.Q, p.K, p.V, mask=p.mask
    )
    dQ, dK, dV = _merge(dQ), _merge(dK), _merge(dV)
    from_queries = dQ @ p.W_Q.T
    from_context = dK @ p.W_K.T + dV @ p.W_V.T
    return MultiHeadGradients(
        X=from_queries if context is not None else from_queries + from_context,
        W_Q=_weight_gradient(p.X, dQ),
        W_K=_weight_gradient(p.context, dK),
        W_V=_weight_gradient(p.context, dV),
        W_O=dW_O,
        context=from_context if context is not None else None,
    )


# --- the scores before any training -------------------------------------------------------------


def random_scores(d_k, n_keys, n_queries, rng, *, correlation=0.0):
    """Unscaled scores q·k of random vectors with components of mean 0 and variance 1.

    Shape ``(n_queries, n_keys)``. With ``correlation`` ρ each key shares ρ with its query,
    component by component: k = ρ q + √(1−ρ²) ε. Then each score has mean ρ d_k and variance
    (1 + ρ²) d_k (Isserlis' theorem); keys are drawn anew for each query.
    ``ValueError`` when a count is below 1 or ``correlation`` lies outside [−1, 1].
    """
    d_k, n_keys = as_count(d_k, "d_k"), as_count(n_keys, "n_keys")
    n_queries = as_count(n_queries, "n_queries")
    rho = as_finite_array(correlation, "correlation", ndim=0)
    if abs(rho) > 1:
        raise ValueError(f"correlation must lie between -1 and 1, got {correlation!r}")
    # ‖q‖² has a chi-squared law, and given q the sum Σ_i q_i ε_i is exactly normal with variance
    # ‖q‖²: no need to draw each component.
    squared = as_generator(rng).chisquare(d_k, size=(n_queries, 1))
    noise = rng.standard_normal((n_queries, n_keys)) * np.sqrt(squared)
    return rho * squared + np.sqrt(1 - rho**2) * noise


def fold_scale(W_Q, d_k):
    """``W_Q / √d_k``: with it *unscaled* attention equals scaled attention with ``W_Q``.

    ``ValueError`` when ``W_Q`` is not a finite matrix or ``d_k`` is below 1.
    """
    return _matrix(W_Q, "W_Q") / np.sqrt(as_count(d_k, "d_k"))


# --- pieces -------------------------------------------------------------------------------------


class _Projected(NamedTuple):
    X: np.ndarray
    context: np.ndarray
    W_Q: np.ndarray
    W_K: np.ndarray
    W_V: np.ndarray
    W_O: np.ndarray | None
    Q: np.ndarray
    K: np.ndarray
    V: np.ndarray
    mask: np.ndarray | None


def _project(X, W_Q, W_K, W_V, W_O, n_heads, mask, context):
    """The checked arguments, and queries, keys and values split into heads."""
    h = as_count(n_heads, "n_heads")
    X = _matrix(X, "X")
    context = X if context is None else _matrix(context, "context")
    W_Q = as_finite_array(W_Q, "W_Q", shape=(X.shape[-1], None), min_size=1)
    W_K = as_finite_array(W_K, "W_K", shape=(context.shape[-1], W_Q.shape[1]))
    W_V = as_finite_array(W_V, "W_V", shape=(context.shape[-1], None), min_size=1)
    for name, W in (("W_Q", W_Q), ("W_V", W_V)):
        if W.shape[1] % h:
            raise ValueError(
                f"{name} must have a number of columns that is a multiple of n_heads = {h}, "
                f"got shape {W.shape}"
            )
    if W_O is not None:
        W_O = as_finite_array(W_O, "W_O", shape=(W_V.shape[1], None), min_size=1)
    if mask is not None:
        mask = np.asarray(mask)
        if mask.ndim > 2:
            mask = mask[..., None, :, :]  # the same mask for every head
    with np.errstate(over="ignore", invalid="ignore"):
        Q, K, V = X @ W_Q, context @ W_K, context @ W_V
    Q, K, V = (split_heads(P, h) for P in (Q, K, V))
    return _Projected(X, context, W_Q, W_K, W_V, W_O, Q, K, V, mask)


def _check_heads(Q, K, V, scale):
    Q, K, V = _matrix(Q, "Q"), _matrix(K, "K"), _matrix(V, "V")
    if K.shape[-1] != Q.shape[-1]:
        raise ValueError(
            f"K must have as many columns as Q, d_k = {Q.shape[-1]}, got shape {K.shape}"
        )
    if V.shape[-2] != K.shape[-2]:
        raise ValueError(
            f"V must have one row for each of the {K.shape[-2]} keys, got shape {V.shape}"
        )
    try:
        np.broadcast_shapes(Q.shape[:-2], K.shape[:-2], V.shape[:-2])
    except ValueError as error:
        raise ValueError(
            "Q, K and V must have leading axes that broadcast, "
            f"got shapes {Q.shape}, {K.shape} and {V.shape}"
        ) from error
    scale = 1 / np.sqrt(Q.shape[-1]) if scale is None else as_positive(scale, "scale")
    return Q, K, V, scale


def _weights(Q, K, mask, scale):
    with np.errstate(over="ignore", invalid="ignore"):
        S = scale * (Q @ _transpose(K))  # (…, n_q, n_k)
    if not np.isfinite(S).all():
        raise ValueError(
            "Q and K must have finite scores, got products beyond 1.8e308: their entries reach "
            f"{abs(Q).max():g} and {abs(K).max():g}"
        )
    return softmax(S, where=None if mask is None else as_mask(mask, "mask", S.shape))


def _matrix(value, name):
    """``value`` as a finite array of at least two axes, none of them empty."""
    array = as_finite_array(value, name, min_size=1)
    if array.ndim < 2:
        raise ValueError(f"{name} must have at least 2 dimensions, got shape {array.shape}")
    return array


def _transpose(X):
    return np.swapaxes(X, -1, -2)


def _merge(X):
    Y = np.swapaxes(X, -2, -3)
    return Y.reshape(*Y.shape[:-2], Y.shape[-2] * Y.shape[-1])


def _weight_gradient(X, dY):
    """Gradient to W of Y = X W: every row of every batch entry adds xᵀ dy."""
    return X.reshape(-1, X.shape[-1]).T @ dY.reshape(-1, dY.shape[-1])


def _sum_to(gradient, shape):
    """Sum over the leading axes along which an argument of ``shape`` was broadcast."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(
        i for i, (g, s) in enumerate(zip(gradient.shape, shape, strict=True)) if s == 1 < g
    )
    return gradient.sum(axis=stretched, keepdims=True)
