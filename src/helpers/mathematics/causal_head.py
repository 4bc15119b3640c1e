"""A reader of one causal head: embeddings, attention, and the next token, with all gradients.

Inputs are rows of a table of embeddings plus rows of a table of positions, X = E[tokens] + P. One
head adds what it has looked up, H = X + A X W_V W_O, and logits H U over the vocabulary say what
comes next. Tokens are whole numbers, ``(batch, n + 1)``: the first n are read, the last n foretold.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.activations import log_softmax, log_softmax_vjp
from helpers.mathematics.attention import (
    causal_mask,
    multi_head_attention,
    multi_head_attention_vjp,
)
from helpers.mathematics.validate import as_count, as_finite_array, as_generator, describe


class Reader(NamedTuple):
    """Parameters for m tokens and up to n positions; gradients have the same form.

    ``E`` (m, d) and ``P`` (n, d): embeddings of tokens and positions; ``W_Q`` and ``W_K`` (d, d_k),
    ``W_V`` (d, d_k), ``W_O`` (d_k, d): the head; ``U`` (d, m): from the sum to the logits.
    """

    E: np.ndarray
    P: np.ndarray
    W_Q: np.ndarray
    W_K: np.ndarray
    W_V: np.ndarray
    W_O: np.ndarray
    U: np.ndarray


def embed(E, tokens):
    """Rows of the table ``E`` (m, d) for ``tokens`` of any shape: ``(*tokens.shape, d)``.

    ``ValueError`` when a token is no whole number from 0 to m − 1.
    """
    E = as_finite_array(E, "E", ndim=2, min_size=1)
    return E[as_tokens(tokens, len(E))]


def embed_vjp(upstream, E, tokens):
    """Gradient to ``E`` when ``upstream`` is the gradient to ``embed(E, tokens)``: (m, d).

    A row gets the sum over the places where its token stands, and 0 where it stands nowhere.
    ``ValueError`` as for :func:`embed`, and when ``upstream`` does not fit.
    """
    E = as_finite_array(E, "E", ndim=2, min_size=1)
    tokens = as_tokens(tokens, len(E))
    upstream = as_finite_array(upstream, "upstream", shape=(*tokens.shape, E.shape[1]))
    gradient = np.zeros_like(E)
    np.add.at(gradient, tokens, upstream)  # unlike +=, it adds once for each repetition
    return gradient


def start_reader(n_tokens, n_positions, rng, *, d=24, d_k=8):
    """A random start whose logits are all 0, so that its first loss is exactly log n_tokens.

    ``ValueError`` when a size is below 1.
    """
    m, n = as_count(n_tokens, "n_tokens"), as_count(n_positions, "n_positions")
    d, d_k = as_count(d, "d"), as_count(d_k, "d_k")
    rng = as_generator(rng)
    E, P = 0.5 * rng.standard_normal((m, d)), 0.5 * rng.standard_normal((n, d))
    W_Q, W_K, W_V = rng.standard_normal((3, d, d_k)) / np.sqrt(d)
    W_O = 0.5 * rng.standard_normal((d_k, d)) / np.sqrt(d_k)
    return Reader(E, P, W_Q, W_K, W_V, W_O, np.zeros((d, m)))


def reader_loss(reader, tokens):
    """Mean of −log of the probability of the next token, in nats, over all places of ``tokens``.

    ``tokens``: ``(batch, n + 1)``, n from 1 to the number of positions.
    ``ValueError`` when shapes do not fit.
    """
    return _forward(reader, tokens).loss


def reader_gradients(reader, tokens):
    """The loss and its gradients, as ``(loss, Reader)``. Errors as :func:`reader_loss`."""
    E, P, W_Q, W_K, W_V, W_O, U = reader
    read = _forward(reader, tokens)
    dZ = log_softmax_vjp(-read.wanted / read.wanted.sum(), read.Z)  # (batch, n, m)
    dH = dZ @ U.T  # (batch, n, d)
    head = multi_head_attention_vjp(dH, read.X, W_Q, W_K, W_V, W_O, mask=read.mask)
    dX = dH + head.X  # past the head, and through it
    dP = np.zeros_like(P)
    dP[: dX.shape[1]] = dX.sum(axis=0)
    return read.loss, Reader(
        E=embed_vjp(dX, E, read.tokens),
        P=dP,
        W_Q=head.W_Q,
        W_K=head.W_K,
        W_V=head.W_V,
        W_O=head.W_O,
        U=np.einsum("bnd,bnm->dm", read.H, dZ),
    )


def reader_weights(reader, tokens):
    """The attention weights ``(batch, n, n)`` while ``tokens`` ``(batch, n + 1)`` are read."""
    return _forward(reader, tokens).A


class _Read(NamedTuple):
    tokens: np.ndarray
    X: np.ndarray
    A: np.ndarray
    H: np.ndarray
    Z: np.ndarray
    mask: np.ndarray
    wanted: np.ndarray  # one-hot (batch, n, m)
    loss: float


def _forward(reader, tokens):
    if not isinstance(reader, Reader):
        raise ValueError(f"reader must be a Reader, got {describe(reader)}")
    E, P, W_Q, W_K, W_V, W_O, U = reader
    tokens = as_tokens(tokens, len(E))
    if tokens.ndim != 2 or not 1 < tokens.shape[1] <= len(P) + 1:
        raise ValueError(
            f"tokens must have shape (batch, 2 to {len(P) + 1}), got shape {tokens.shape}"
        )
    before, after = tokens[:, :-1], tokens[:, 1:]
    n = before.shape[1]
    X = embed(E, before) + P[:n]  # (batch, n, d)
    mask = causal_mask(n)
    looked_up, A = multi_head_attention(X, W_Q, W_K, W_V, W_O, mask=mask)
    H = X + looked_up  # (batch, n, d)
    Z = H @ U  # (batch, n, m)
    wanted = np.eye(len(E))[after]
    loss = -np.sum(wanted * log_softmax(Z)) / after.size
    return _Read(before, X, A[:, 0], H, Z, mask, wanted, float(loss))


def as_tokens(tokens, m):
    """``tokens`` as an array of indices, if they are whole numbers from 0 to m − 1."""
    numbers = np.asarray(tokens)
    if numbers.dtype.kind not in "iu" or numbers.size == 0:
        raise ValueError(f"tokens must be whole numbers, got {describe(tokens)}")
    if numbers.min() < 0 or numbers.max() >= m:
        raise ValueError(
            f"tokens must lie from 0 to {m - 1}, got {numbers.min()} to {numbers.max()}"
        )
    return numbers.astype(np.intp)
