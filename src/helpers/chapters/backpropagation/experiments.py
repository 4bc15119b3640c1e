"""Runs that the figures of the chapter on backpropagation show."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from helpers.data.digits import Split, load_digits, split_digits
from helpers.mathematics.functions import logistic
from helpers.mathematics.network import (
    HE_SCALE,
    backpropagate,
    forward,
    initial_parameters,
    network_loss,
    predict,
)
from helpers.mathematics.training import Record, train
from helpers.mathematics.validate import as_count, as_finite_float, as_generator, as_positive

# --- two inputs, two hidden units, one output ---------------------------------------------------

#: Weights into the two hidden units, [from input][to unit], but for w₁₁, which a slider sets; the
#: hidden units' weights to the output; and the second input.
INTO_HIDDEN = ((None, -1.0), (-0.5, 0.5))
TO_OUTPUT = (2.0, -1.0)
SECOND_INPUT = 2.0


class Small(NamedTuple):
    """Values and derivatives of the small network; pairs belong to the two inputs or units.

    Forward: ``x`` inputs, ``z`` and ``a`` sums and outputs of the hidden units, ``output`` and
    ``loss``. Backward: ``delta_output`` = ∂L/∂output, ``delta`` = ∂L/∂z, ``to_output`` = ∂L/∂v,
    ``into_hidden[i][j]`` = ∂L/∂w_ij, ``paths[i][j]`` = what the path from input i through unit j
    adds to ∂L/∂x_i, and ``inputs`` = ∂L/∂x.
    """

    x: tuple
    w: tuple
    z: tuple
    a: tuple
    output: float
    loss: float
    delta_output: float
    delta: tuple
    to_output: tuple
    into_hidden: tuple
    paths: tuple
    inputs: tuple


def small_network(weight, x, y):
    """Forward and backward through the network of the first figure; three finite numbers."""
    weight, x = as_finite_float(weight, "weight"), as_finite_float(x, "x")
    y, v = as_finite_float(y, "y"), TO_OUTPUT
    w = ((weight, INTO_HIDDEN[0][1]), INTO_HIDDEN[1])
    inputs, units = (x, SECOND_INPUT), range(2)
    z = tuple(sum(inputs[i] * w[i][j] for i in range(2)) for j in units)
    a = tuple(float(logistic(s)) for s in z)
    output = sum(a[j] * v[j] for j in units)
    signal = output - y
    delta = tuple(a[j] * (1 - a[j]) * v[j] * signal for j in units)
    paths = tuple(tuple(w[i][j] * delta[j] for j in units) for i in range(2))
    return Small(
        inputs,
        w,
        z,
        a,
        output,
        signal**2 / 2,
        signal,
        delta,
        tuple(a[j] * signal for j in units),
        tuple(tuple(inputs[i] * delta[j] for j in units) for i in range(2)),
        paths,
        tuple(map(sum, paths)),
    )


# --- the size of signals in deep networks -------------------------------------------------------

#: Units in each hidden layer of the deep networks, and the images that are sent through them.
WIDTH, IMAGES = 64, 100


#: Below this share of the outputs, differences between images are mostly rounding.
RESOLVED = 1e-14


class Start(NamedTuple):
    """Sizes in a network before training.

    ``outputs`` (depth − 1,): root mean squares of the hidden layers' outputs. ``spread``
    (depth − 1,): root mean squares of what is left of them when each unit's mean over the images is
    taken away; NaN where rounding hides it. ``gradients`` (depth,): ‖∂L/∂W‖ of all layers.
    """

    outputs: np.ndarray
    spread: np.ndarray
    gradients: np.ndarray


def deep_network(depth, activation, scale, seed=0):
    """What ``deep_start`` measures: the ``Forward`` and the ``Backward`` of 100 digits."""
    depth = as_count(depth, "depth", minimum=2)
    rng = np.random.default_rng(seed)
    images, labels = load_digits()
    chosen = rng.permutation(len(labels))[:IMAGES]
    parameters = initial_parameters((*[WIDTH] * depth, 10), scale=scale, rng=rng)
    X = standardized(images.reshape(len(labels), -1))[chosen]
    return (
        forward(parameters, X, activation=activation),
        backpropagate(parameters, X, labels[chosen], activation=activation),
    )


@cache
def deep_start(depth, activation, scale, seed=0):
    """Sizes at the start, for 100 digits in a network of ``depth`` layers; returns ``Start``.

    All hidden layers have 64 units, as many as an image has pixels. ``scale`` is that of
    ``initial_parameters``; one ``seed`` gives the same images and, up to the scale, the same
    weights whatever the activation. ``ValueError`` for a depth below 2, an unknown activation or a
    scale that is not positive.
    """
    seen, back = deep_network(depth, activation, scale, seed)
    outputs = np.array([_root_mean_square(A) for A in seen.inputs[1:]])
    spread = np.array([_root_mean_square(A - A.mean(axis=0)) for A in seen.inputs[1:]])
    return Start(
        outputs,
        np.where(spread > RESOLVED * outputs, spread, np.nan),
        np.array([np.linalg.norm(G) for G in back.gradient[::2]]),
    )


def _root_mean_square(A):
    return np.sqrt(np.mean(A**2))


def standardized(X):
    """All pixels shifted and scaled together, so that they have mean 0 and mean square 1."""
    return (X - X.mean()) / X.std()


# --- learning to read digits --------------------------------------------------------------------


class Recipe(NamedTuple):
    """How a network is trained: units of its hidden layers, first learning rate, noise, steps."""

    hidden: tuple
    learning_rate: float
    noise: float
    steps: int
    batch_size: int


#: Chosen on other splits than the page's; the network's and that of logistic regression.
NETWORK = Recipe((64,), 1.0, 0.25, 2000, 64)
LOGISTIC = Recipe((), 4.0, 0.1, 2000, 64)


class Run(NamedTuple):
    """A training: the ``split``, its ``record``, and the accuracy (records,) ``held_out``."""

    split: Split
    record: Record
    held_out: np.ndarray


def learn_digits(recipe, rng, *, record_every=50):
    """Train a network on a random split of the digits by steps along mini-batch gradients.

    Each step draws ``batch_size`` images, adds normal noise of deviation ``noise`` to their pixels
    and goes against the gradient; the learning rate falls linearly to 0. The recorded loss and the
    accuracy are without noise. Returns ``Run``; with equal ``rng`` two recipes see equal splits.
    """
    split_rng, start_rng, batch_rng = as_generator(rng).spawn(3)
    split = split_digits(split_rng)
    batch = as_count(recipe.batch_size, "batch_size")
    noise = as_positive(recipe.noise, "noise", zero_allowed=True)

    def update(parameters, t):
        chosen = batch_rng.integers(len(split.y), size=batch)
        X = split.X[chosen] + noise * batch_rng.normal(size=(batch, split.X.shape[1]))
        gradient = backpropagate(parameters, X, split.y[chosen]).gradient
        rate = recipe.learning_rate * (1 - t / recipe.steps)
        return tuple(p - rate * g for p, g in zip(parameters, gradient, strict=True))

    record = train(
        initial_parameters((split.X.shape[1], *recipe.hidden, 10), scale=HE_SCALE, rng=start_rng),
        update,
        lambda parameters: network_loss(parameters, split.X, split.y),
        steps=recipe.steps,
        record_every=record_every,
        visit=True,
    )
    right = [np.mean(predict(p, split.X_held_out) == split.y_held_out) for p in record.visited]
    return Run(split, record, np.array(right))


class Lesson(NamedTuple):
    """The figure's two trainings on one split, and eight held-out images with what is said of them.

    ``steps`` (records,), ``loss`` (records,) of the network on the training images, ``network`` and
    ``logistic`` (records,) accuracies on the held-out ones; ``images`` (8, 8, 8), ``labels`` (8,)
    and ``said`` (records, 8), the network's answers.
    """

    steps: np.ndarray
    loss: np.ndarray
    network: np.ndarray
    logistic: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    said: np.ndarray


#: Seed of the page's split and trainings, and the steps between two records of the figure.
SEED, EVERY = 0, 10


@cache
def digits_run(recipe):
    """The page's training of a recipe, run once in a process."""
    return learn_digits(recipe, np.random.default_rng(SEED), record_every=EVERY)


@cache
def lesson():
    """What the last figure shows.

    The eight images are the first four that were held out, and the four on which the trained
    network's score of the right digit is furthest below, or least above, its best other score.
    """
    network, logistic = digits_run(NETWORK), digits_run(LOGISTIC)
    X, y = network.split.X_held_out, network.split.y_held_out
    scores = forward(network.record.parameters, X).sums[-1]
    right = scores[np.arange(len(y)), y]
    others = np.where(np.eye(scores.shape[1], dtype=bool)[y], -np.inf, scores)
    hardest = np.argsort(right - others.max(axis=1), kind="stable")
    chosen = np.array([0, 1, 2, 3, *[i for i in hardest if i > 3][:4]])
    return Lesson(
        network.record.steps,
        network.record.losses,
        network.held_out,
        logistic.held_out,
        X[chosen].reshape(8, 8, 8),
        y[chosen],
        np.array([predict(p, X[chosen]) for p in network.record.visited]),
    )
