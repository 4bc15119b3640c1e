"""A fully connected network for classification: its forward pass, its loss and its gradient.

Parameters are a tuple (W₁, b₁, W₂, b₂, …) with W of shape (inputs, outputs) of a layer and b of
shape (outputs,): w_ij leads from unit i to unit j. Examples are rows. The last layer's sums are
scores; their softmax gives the probabilities of the classes, and the loss is −log of the right
one's, on average over the batch.

Source of the backward pass: Rumelhart, Hinton & Williams, "Learning representations by
back-propagating errors", Nature 323 (1986); of the initial weights: Glorot & Bengio (2010) and
He et al. (2015).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from helpers.mathematics.activations import log_softmax, softmax
from helpers.mathematics.nonlinearities import nonlinearity
from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_generator,
    as_positive,
    describe,
)

#: He's scale of the initial weights, which keeps the size of signals through layers of ReLUs.
HE_SCALE = float(np.sqrt(2))


class Forward(NamedTuple):
    """What the forward pass keeps: for each layer its inputs (B, n_in) and its sums (B, n_out)."""

    inputs: tuple
    sums: tuple


class Backward(NamedTuple):
    """Loss, gradient (an array for each parameter), and each layer's error signal (B, n_out)."""

    loss: float
    gradient: tuple
    signals: tuple


def initial_parameters(sizes, *, scale, rng):
    """Parameters for layers of ``sizes`` units: normal weights, biases 0.

    ``sizes``: (inputs, hidden, …, classes). The standard deviation of a layer's weights is
    ``scale`` / √(its inputs): √2 (``HE_SCALE``) is He's for ReLU, 1 is Glorot's where
    layers are equally wide. Returns the tuple (W₁, b₁, W₂, b₂, …). ``ValueError`` for fewer
    than two sizes, a size below 1, a scale that is not greater than 0, or no generator.
    """
    sizes, scale = _sizes(sizes), as_positive(scale, "scale")
    rng = as_generator(rng)
    made = []
    for n_in, n_out in pairwise(sizes):
        made += [rng.normal(size=(n_in, n_out)) * scale / np.sqrt(n_in), np.zeros(n_out)]
    return tuple(made)


def dense(A, W, b):
    """Sums of a layer, Z = A W + b: A (B, n_in), W (n_in, n_out), b (n_out,), Z (B, n_out).

    ``ValueError`` where the shapes do not fit or an entry is not finite.
    """
    A, W, b = _layer(A, W, b)
    return A @ W + b


def dense_vjp(upstream, A, W, b):
    """Gradients to A, W and b when ``upstream`` Δ (B, n_out) is the gradient to ``dense(A, W, b)``.

    They are Δ Wᵀ, Aᵀ Δ and the sum of Δ over the batch. ``ValueError`` as for ``dense``.
    """
    A, W, b = _layer(A, W, b)
    upstream = as_finite_array(upstream, "upstream", shape=(len(A), len(b)))
    return upstream @ W.T, A.T @ upstream, upstream.sum(axis=0)


def forward(parameters, X, *, activation="ReLU"):
    """Run the examples X (B, inputs) through the network; returns ``Forward``.

    ``activation`` is "sigmoid", "tanh", "ReLU" or "GELU", between the layers and not after the
    last. ``ValueError`` where shapes do not fit, an entry is not finite, or for another name.
    """
    f = nonlinearity(activation)
    parameters, X = _fitting(parameters, X)
    return _forward(parameters, X, f)


def backpropagate(parameters, X, y, *, activation="ReLU"):
    """Mean loss over the batch, its gradient, and each layer's error signal, as ``Backward``.

    ``X``: (B, inputs); ``y``: (B,), whole numbers from 0 to classes − 1. One pass forward, one
    back. ``ValueError`` as for ``forward``, and for a label that is no class.
    """
    f = nonlinearity(activation)
    parameters, X = _fitting(parameters, X)
    y = _labels(y, len(X), len(parameters[-1]))
    seen = _forward(parameters, X, f)
    scores = seen.sums[-1]
    gradient, signals = _backward(parameters, seen, _loss_signal(scores, y), f)
    return Backward(_loss(scores, y), gradient, signals)


def network_loss(parameters, X, y, *, activation="ReLU"):
    """Mean of −log p(right class) over the batch; shapes and errors as for ``backpropagate``."""
    scores = forward(parameters, X, activation=activation).sums[-1]
    return _loss(scores, _labels(y, len(scores), scores.shape[1]))


def predict(parameters, X, *, activation="ReLU"):
    """The class with the largest score for each row of X, shape (B,); errors as for ``forward``."""
    return forward(parameters, X, activation=activation).sums[-1].argmax(axis=1)


def _forward(parameters, X, f):
    inputs, sums = [X], []
    for W, b in _layers(parameters):
        sums.append(inputs[-1] @ W + b)  # (B, n_out)
        inputs.append(f.value(sums[-1]))
    return Forward(tuple(inputs[:-1]), tuple(sums))


def _backward(parameters, seen, delta, f):
    """From the last layer's error signal to the first; each layer needs the next one's."""
    gradient, signals = [], []
    weights = parameters[::2]
    for layer in reversed(range(len(weights))):
        signals.insert(0, delta)
        gradient[:0] = [seen.inputs[layer].T @ delta, delta.sum(axis=0)]
        if layer:
            delta = (delta @ weights[layer].T) * f.slope(seen.sums[layer - 1])
    return tuple(gradient), tuple(signals)


def _loss(scores, y):
    return float(-log_softmax(scores)[np.arange(len(y)), y].mean())


def _loss_signal(scores, y):
    """∂L/∂scores: the probabilities, minus 1 at the right class, divided by the batch's size."""
    delta = softmax(scores)
    delta[np.arange(len(y)), y] -= 1
    return delta / len(y)


def _layers(parameters):
    return zip(parameters[::2], parameters[1::2], strict=True)


def _sizes(sizes):
    if not isinstance(sizes, (tuple, list)) or len(sizes) < 2:
        raise ValueError(
            f"sizes must be a tuple of at least two numbers of units, got {describe(sizes)}"
        )
    return tuple(as_count(n, f"sizes[{i}]") for i, n in enumerate(sizes))


def _layer(A, W, b):
    W = as_finite_array(W, "W", ndim=2)
    A = as_finite_array(A, "A", shape=(None, W.shape[0]))
    return A, W, as_finite_array(b, "b", shape=(W.shape[1],))


def _fitting(parameters, X):
    """Parameters whose shapes follow on each other, and examples that fit the first layer."""
    if not isinstance(parameters, (tuple, list)) or len(parameters) < 2 or len(parameters) % 2:
        raise ValueError(
            f"parameters must be a tuple of weights and biases in turn, got {describe(parameters)}"
        )
    X = as_finite_array(X, "X", ndim=2, min_size=1)
    n_in, checked = X.shape[1], []
    for layer, (W, b) in enumerate(_layers(parameters), start=1):
        W = as_finite_array(W, f"W{layer}", shape=(n_in, None))
        n_in = W.shape[1]
        checked += [W, as_finite_array(b, f"b{layer}", shape=(n_in,))]
    return tuple(checked), X


def _labels(y, count, classes):
    y = np.asarray(y)
    if y.shape != (count,):
        raise ValueError(f"y must have shape ({count},), one label a row of X, got {y.shape}")
    if y.dtype.kind not in "iu":
        raise ValueError(f"y must be whole numbers, got an array of {y.dtype}")
    strange = np.flatnonzero((y < 0) | (y >= classes))
    if strange.size:
        raise ValueError(
            f"y must be classes from 0 to {classes - 1}, got {y[strange[0]]} at index {strange[0]}"
        )
    return y
