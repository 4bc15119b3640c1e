"""A learned key look-up: the smallest task that needs attention, trained by hand-written gradients.

Each example is a small dictionary of random keys, each with a label, and a query: the rotated,
noisy copy of one of the keys. The model has to find that key and read its label. The rotation (an
orthogonal matrix, which may mirror as well) is not known to it: W_Q W_Kᵀ has to become (a multiple
of) it.

Many runs can be trained at once: parameters are stacked along a first axis ``(runs, …)``, and all
runs see the same examples. What is here is the task and the model; ``training.train`` trains it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.activations import log_softmax, log_softmax_vjp
from helpers.mathematics.attention import (
    scaled_dot_product_attention,
    scaled_dot_product_attention_vjp,
)
from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_generator,
    as_positive,
    describe,
    one_of,
)

READOUTS = ("vote", "logits")
#: Share of labels that the vote takes to be random, so that −log of a vote of 0 stays finite.
LABEL_NOISE = 1e-6


class LookupTask(NamedTuple):
    """The size of the dictionary, and the unknown rotation from keys to queries.

    ``rotation`` is any orthogonal matrix: its determinant may be −1, and then it mirrors too.
    """

    n_items: int
    n_classes: int
    noise: float
    rotation: np.ndarray


class LookupBatch(NamedTuple):
    """``queries`` (B, d), ``keys`` (B, n, d), ``values`` one-hot (B, n, C), ``targets`` (B,)."""

    queries: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    targets: np.ndarray


class LookupWeights(NamedTuple):
    """``W_Q`` and ``W_K`` (runs, d, d_k), ``W_V`` (runs, C, C); gradients have the same form."""

    W_Q: np.ndarray
    W_K: np.ndarray
    W_V: np.ndarray


def make_lookup_task(rng, *, n_items=10, n_classes=4, d=16, noise=0.3):
    """A task with keys of ``d`` numbers and a random orthogonal matrix from ``rng``.

    ``ValueError`` when a size is below 1 (``n_classes``: below 2) or ``noise`` is negative.
    """
    n_items, n_classes = as_count(n_items, "n_items"), as_count(n_classes, "n_classes", minimum=2)
    noise = as_positive(noise, "noise", zero_allowed=True)
    d = as_count(d, "d")
    rotation, _ = np.linalg.qr(as_generator(rng).standard_normal((d, d)))
    return LookupTask(n_items, n_classes, noise, rotation)


def draw_lookup(task, n_examples, rng):
    """``n_examples`` dictionaries, each with one query, as a :class:`LookupBatch`.

    ``ValueError`` when ``n_examples`` is below 1.
    """
    B = as_count(n_examples, "n_examples")
    rng, d = as_generator(rng), len(task.rotation)
    keys = rng.standard_normal((B, task.n_items, d))
    labels = rng.integers(task.n_classes, size=(B, task.n_items))
    chosen = rng.integers(task.n_items, size=B)
    rows = np.arange(B)
    queries = keys[rows, chosen] @ task.rotation + task.noise * rng.standard_normal((B, d))
    queries /= np.sqrt(1 + task.noise**2)  # components of variance 1, like those of the keys
    return LookupBatch(queries, keys, np.eye(task.n_classes)[labels], labels[rows, chosen])


def start_weights(task, d_k, n_runs, rng, *, gain=5.0):
    """The same random start for every run: queries and keys with components of variance 1.

    ``W_V`` is ``gain`` times the identity; the read-out "vote" leaves it alone.
    ``ValueError`` when ``d_k`` or ``n_runs`` is below 1, or ``gain`` is not positive.
    """
    d_k, runs = as_count(d_k, "d_k"), as_count(n_runs, "n_runs")
    d = len(task.rotation)
    W_Q, W_K = as_generator(rng).standard_normal((2, d, d_k)) / np.sqrt(d)
    W_V = as_positive(gain, "gain") * np.eye(task.n_classes)
    return LookupWeights(*(np.tile(W, (runs, 1, 1)) for W in (W_Q, W_K, W_V)))


def lookup_loss(weights, batch, *, scale, readout="vote"):
    """Mean loss (runs,) and accuracy (runs,) of each run on ``batch``.

    ``scale`` multiplies the scores. ``readout`` "vote": the output is a weighted vote over the
    labels, and the loss −log of the share of the right one. "logits": the output times W_V goes
    through one more softmax, as inside a network.
    ``ValueError`` when shapes do not fit or ``readout`` is another word.
    """
    return _forward(weights, batch, as_positive(scale, "scale"), readout)[:2]


def lookup_gradients(weights, batch, *, scale, readout="vote"):
    """Mean loss (runs,) and its gradients, as :class:`LookupWeights`. Errors as `lookup_loss`.

    The product M = W_Q W_Kᵀ is formed once, so that scores are q M kᵀ and a step costs the same
    for every d_k; the gradients ∂L/∂W_Q = ∂L/∂M W_K and ∂L/∂W_K = (∂L/∂M)ᵀ W_Q are those of
    queries q W_Q and keys k W_K.
    """
    scale = as_positive(scale, "scale")
    loss, _, queries, vote, to_output = _forward(weights, batch, scale, readout)
    B = len(batch.targets)
    if readout == "logits":
        dW_V = np.einsum("brc,brd->rcd", vote, to_output) / B
        to_output = np.einsum("brd,rcd->brc", to_output, weights.W_V)
    else:
        dW_V = np.zeros_like(weights.W_V)
    to_queries = scaled_dot_product_attention_vjp(
        to_output / B, queries, batch.keys, batch.values, scale=scale
    ).Q  # (B, runs, d): the runs stand where other models have a row of queries
    dM = batch.queries.T @ np.swapaxes(to_queries, 0, 1)  # (runs, d, d)
    dW_Q = dM @ weights.W_K
    dW_K = np.swapaxes(dM, 1, 2) @ weights.W_Q
    return loss, LookupWeights(dW_Q, dW_K, dW_V)


def _forward(weights, batch, scale, readout):
    """Loss, accuracy, queries times M, votes, and the gradient of the loss to the last output."""
    one_of(readout, "readout", READOUTS)
    _check(weights, batch)
    M = weights.W_Q @ np.swapaxes(weights.W_K, 1, 2)  # (runs, d, d)
    queries = np.swapaxes(batch.queries @ M, 0, 1)  # (B, runs, d)
    vote, _ = scaled_dot_product_attention(queries, batch.keys, batch.values, scale=scale)
    rows, right = np.arange(len(batch.targets)), batch.targets
    if readout == "vote":
        share = (1 - LABEL_NOISE) * vote + LABEL_NOISE / vote.shape[-1]
        losses, output = -np.log(share[rows, :, right]), vote
        to_output = np.zeros_like(vote)
        to_output[rows, :, right] = -(1 - LABEL_NOISE) / share[rows, :, right]
    else:
        output = np.einsum("brc,rcd->brd", vote, weights.W_V)
        losses = -log_softmax(output)[rows, :, right]
        to_log = np.zeros_like(output)
        to_log[rows, :, right] = -1.0
        to_output = log_softmax_vjp(to_log, output)
    accuracy = (output.argmax(axis=-1) == right[:, None]).mean(axis=0)
    return losses.mean(axis=0), accuracy, queries, vote, to_output


def _check(weights, batch):
    if not isinstance(weights, LookupWeights) or not isinstance(batch, LookupBatch):
        raise ValueError(
            "weights and batch must be a LookupWeights and a LookupBatch, "
            f"got {describe(weights)} and {describe(batch)}"
        )
    d, C = batch.keys.shape[-1], batch.values.shape[-1]
    runs, _, d_k = as_finite_array(weights.W_Q, "W_Q", shape=(None, d, None)).shape
    as_finite_array(weights.W_K, "W_K", shape=(runs, d, d_k))
    as_finite_array(weights.W_V, "W_V", shape=(runs, C, C))
