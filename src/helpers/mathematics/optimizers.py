"""Gradient descent with all examples and with a few, and the direction a norm calls steepest.

Both optimizers return a ``Trajectory`` and stop by themselves when the loss blows up, so that no
caller meets an overflow or a NaN.

Sources: Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées" (1847);
Robbins & Monro, "A Stochastic Approximation Method" (1951); Boyd & Vandenberghe, *Convex
Optimization* (2004), sec. 9.4 (steepest descent in other norms); Bottou, Curtis & Nocedal,
"Optimization Methods for Large-Scale Machine Learning" (2018), sec. 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.objectives import as_positive_definite
from helpers.mathematics.training import train
from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_finite_float,
    as_generator,
    as_positive,
    describe,
)


class Trajectory(NamedTuple):
    """What a descent did; every number in it is within the limit.

    ``theta`` has shape (records, *start.shape) and ``loss`` (records,); ``update`` counts the
    updates made before each record, ``evaluations`` the gradients of single examples they cost
    (one an update where the objective has no examples). ``diverged_at`` is the update that led
    beyond the limit or to no number, which is not recorded any more; ``None`` if none did.
    """

    theta: np.ndarray
    loss: np.ndarray
    update: np.ndarray
    evaluations: np.ndarray
    diverged_at: int | None

    def first_below(self, level):
        """The first recorded update whose loss is at most ``level``, or ``None``."""
        below = np.flatnonzero(self.loss <= as_finite_float(level, "level"))
        return int(self.update[below[0]]) if below.size else None


def gradient_descent(objective, start, *, learning_rate, steps, limit=1e12):
    """θ ← θ − η ∇L(θ), ``steps`` times, with the gradient taken at the point that is left.

    ``objective`` has ``value(theta)`` and ``gradient(theta)``; ``start`` is a number or an array.
    ``learning_rate`` is η > 0 or a function of the update number 0, 1, … that returns it. Each of
    the ``steps`` + 1 points is recorded, unless the loss or a parameter passes ``limit`` in size.
    Raises ``ValueError`` for a start that is already beyond the limit, or bad rates and counts.
    """
    return _descend(
        objective,
        start,
        lambda theta: objective.gradient(theta),
        rate=_schedule(learning_rate),
        updates=as_count(steps, "steps"),
        record_every=1,
        evaluations=lambda update: update * getattr(objective, "n_examples", 1),
        limit=as_positive(limit, "limit"),
    )


def stochastic_gradient_descent(
    objective,
    start,
    *,
    learning_rate,
    batch_size,
    epochs,
    rng,
    shuffle=False,
    record_every=1,
    limit=1e12,
):
    """θ ← θ − η · (the mean gradient of ``batch_size`` random examples), for ``epochs`` epochs.

    ``objective`` has ``value(theta)``, ``n_examples`` and ``batch_gradient(theta, rows)``. An epoch
    is ⌈n / batch_size⌉ updates. Batches are drawn independently with replacement, as the theory
    assumes; with ``shuffle`` each epoch goes through a random permutation instead, as training
    loops do. The loss of all examples is recorded every ``record_every`` updates and at the end.
    ``learning_rate``, ``limit`` and errors as in ``gradient_descent``; ``ValueError`` also for a
    batch larger than the data.
    """
    rng = as_generator(rng)
    n = as_count(getattr(objective, "n_examples", None), "objective.n_examples")
    size = as_count(batch_size, "batch_size")
    if size > n:
        raise ValueError(f"batch_size must be at most the {n} examples, got {size}")
    per_epoch = -(-n // size)
    updates = per_epoch * as_count(epochs, "epochs")
    batches = _batches(n, size, shuffle, rng)

    def spent(update):
        whole, rest = np.divmod(update, per_epoch)
        # The last batch of a shuffled epoch holds what is left, so that an epoch costs n.
        return whole * n + rest * size if shuffle else update * size

    return _descend(
        objective,
        start,
        lambda theta: objective.batch_gradient(theta, next(batches)),
        rate=_schedule(learning_rate),
        updates=updates,
        record_every=as_count(record_every, "record_every"),
        evaluations=spent,
        limit=as_positive(limit, "limit"),
    )


def inverse_time_decay(initial, half_after):
    """The schedule η_t = initial / (1 + t / half_after): halved after ``half_after`` updates.

    It meets two conditions of Robbins and Monro, Σ η_t = ∞ and Σ η_t² < ∞; with suitable losses and
    noise of bounded variance SGD then converges instead of hovering. Raises ``ValueError`` unless
    both numbers are positive.
    """
    initial = as_positive(initial, "initial")
    half_after = as_positive(half_after, "half_after")
    return lambda t: initial / (1 + t / half_after)


def steepest_direction(gradient, norm="euclidean"):
    """The step of length 1 along which the loss falls fastest, for a norm's idea of length 1.

    ``gradient`` has shape (d,) and is not zero. ``norm`` is "euclidean" (the answer is −∇/‖∇‖),
    "max" (−sign ∇: every coordinate with a slope moves alike), "sum" (only one coordinate moves,
    the first of those with the largest slope) or a symmetric positive definite matrix P with
    ‖v‖² = vᵀPv (the answer is along −P⁻¹∇). Raises ``ValueError`` for a zero gradient, where no
    direction is steepest, and for a matrix that is not symmetric or not positive definite.
    """
    g = as_finite_array(gradient, "gradient", ndim=1, min_size=1)
    if not np.any(g):
        raise ValueError(
            "gradient must not be zero: at a stationary point no direction is steepest"
        )
    # Tiny or huge slopes have the same direction; scaling first keeps squares in range.
    g = g / np.max(np.abs(g))
    if not isinstance(norm, str):
        return _steepest_in_metric(g, norm)
    if norm == "euclidean":
        return -g / np.linalg.norm(g)
    if norm == "max":
        return -np.sign(g)
    if norm == "sum":
        largest = np.argmax(np.abs(g))
        return np.where(np.arange(g.size) == largest, -np.sign(g), 0.0)
    raise ValueError(f"norm must be 'euclidean', 'max', 'sum' or a matrix, got {describe(norm)}")


def _steepest_in_metric(g, metric):
    metric = as_finite_array(metric, "norm", shape=(g.size, g.size))
    metric = as_positive_definite(metric, "norm")
    step = -np.linalg.solve(metric, g)
    return step / np.sqrt(step @ metric @ step)


def _descend(objective, start, direction, *, rate, updates, record_every, evaluations, limit):
    if not callable(getattr(objective, "value", None)):
        raise ValueError(f"objective must have a method value(theta), got {describe(objective)}")
    start = as_finite_array(start, "start", min_size=1).copy()
    record = train(
        (start,),
        lambda parameters, t: (parameters[0] - rate(t) * direction(parameters[0]),),
        lambda parameters: objective.value(parameters[0]),
        steps=updates,
        record_every=record_every,
        limit=limit,
        visit=True,
    )
    return Trajectory(
        np.array([theta for (theta,) in record.visited]),
        record.losses,
        record.steps,
        evaluations(record.steps),
        record.diverged_at,
    )


def _schedule(learning_rate):
    if callable(learning_rate):
        return lambda t: as_positive(learning_rate(t), f"learning_rate({t})")
    rate = as_positive(learning_rate, "learning_rate")
    return lambda t: rate


def _batches(n, size, shuffle, rng):
    """The rows of one batch after another, without end."""
    while True:
        if not shuffle:
            yield rng.integers(n, size=size)
            continue
        order = rng.permutation(n)
        yield from (order[i : i + size] for i in range(0, n, size))
