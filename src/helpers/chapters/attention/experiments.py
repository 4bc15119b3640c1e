"""Runs that the figures of the chapter on attention show."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import NamedTuple

import numpy as np

from helpers.data.inaugural import LETTERS, speeches
from helpers.mathematics.activations import softmax, softmax_jacobian_norm
from helpers.mathematics.attention import random_scores
from helpers.mathematics.causal_head import Reader, reader_gradients, reader_loss, start_reader
from helpers.mathematics.key_lookup import (
    LookupWeights,
    draw_lookup,
    lookup_gradients,
    lookup_loss,
    start_weights,
)
from helpers.mathematics.training import train
from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_generator,
    as_positive,
)

# --- random scores ------------------------------------------------------------------------------


class Saturation(NamedTuple):
    """Median ‖J‖ over rows of random scores, and the share of rows with a weight above 0.99."""

    norm: float
    share: float


def saturation(d_k, n_keys, rng, *, scaled, rows=1000):
    """How saturated the softmax of random scores is, as :class:`Saturation`.

    ``scaled``: divide the scores of :func:`random_scores` by √d_k, or not.
    ``ValueError`` when a count is below 1.
    """
    scores = random_scores(d_k, n_keys, rows, rng)
    weights = softmax(scores / np.sqrt(d_k) if scaled else scores)
    return Saturation(
        norm=float(np.median(softmax_jacobian_norm(weights))),
        share=float(np.mean(weights.max(axis=1) > 0.99)),
    )


# --- the learned look-up ------------------------------------------------------------------------


class LookupRuns(NamedTuple):
    """What :func:`train_lookup` saw; the last axis is the run, one for each learning rate.

    ``losses`` (records, runs) on 1,000 fresh examples after ``steps`` (records,) updates;
    ``accuracy`` (runs,) at the end; ``diverged_at`` (runs,): the update after which a weight or
    the loss passed the limit, −1 where none did.
    """

    learning_rates: np.ndarray
    steps: np.ndarray
    losses: np.ndarray
    accuracy: np.ndarray
    diverged_at: np.ndarray


def train_lookup(
    task, d_k, learning_rates, *, scaled, rng, readout="vote", steps=300, batch_size=64
):
    """Gradient descent from one start, with every learning rate, on fresh examples each step.

    ``learning_rates``: (runs,). ``scaled``: divide the scores by √d_k, or not. The random
    generator is split, so that runs with equal ``rng`` see equal examples whatever ``d_k`` is.
    Returns :class:`LookupRuns`.
    ``ValueError`` when a learning rate is not positive, a count is below 1, or ``readout`` is
    another word.
    """
    eta = as_finite_array(learning_rates, "learning_rates", ndim=1, min_size=1)
    if (eta <= 0).any():
        raise ValueError(f"learning_rates must be greater than 0, got {eta.min():g}")
    steps = as_count(steps, "steps")
    batch_size = as_count(batch_size, "batch_size")
    options = {"scale": as_count(d_k, "d_k") ** -0.5 if scaled else 1.0, "readout": readout}
    start_rng, data_rng, test_rng = as_generator(rng).spawn(3)
    test = draw_lookup(task, 1000, test_rng)

    def update(weights, _):
        batch = draw_lookup(task, batch_size, data_rng)
        _, gradients = lookup_gradients(LookupWeights(*weights), batch, **options)
        return tuple(W - eta[:, None, None] * dW for W, dW in zip(weights, gradients, strict=True))

    record = train(
        start_weights(task, d_k, len(eta), start_rng),
        update,
        lambda weights: lookup_loss(LookupWeights(*weights), test, **options)[0],
        steps=steps,
        record_every=max(1, steps // 15),
        limit=1e6,
        runs=len(eta),
    )
    _, accuracy = lookup_loss(LookupWeights(*record.parameters), test, **options)
    return LookupRuns(eta, record.steps, record.losses, accuracy, record.diverged_at)


def uniform_lookup(task):
    """Loss and accuracy (two numbers) of looking at all keys alike: a vote by head count.

    Exact: a sum over all ways in which n keys can be spread over C labels. The asked-for key is
    any of the n, so its label has the share c/n of those that it meets c times.
    """
    n, C, loss, accuracy = task.n_items, task.n_classes, 0.0, 0.0
    for bars in combinations(range(n + C - 1), C - 1):
        ends = np.array([-1, *bars, n + C - 1])
        counts = np.diff(ends) - 1
        ways = factorial(n) / np.prod([float(factorial(int(c))) for c in counts])
        share = counts[counts > 0] / n
        loss -= ways / C**n * float(np.sum(share * np.log(share)))
        accuracy += ways / C**n * float(share.max())
    return float(loss), float(accuracy)


# --- a head that reads --------------------------------------------------------------------------

#: How many letters the head can see.
CONTEXT = 16


class Reading(NamedTuple):
    """What :func:`train_reader` saw: ``losses`` on the held-out speech after ``steps`` updates.

    ``readers``: the parameters at each record, so that any of them can be looked at.
    """

    steps: np.ndarray
    losses: np.ndarray
    readers: tuple[Reader, ...]


def windows(letters, n=CONTEXT):
    """``letters`` cut into rows of n + 1 that overlap by one: each letter is foretold once."""
    starts = np.arange(0, len(letters) - n, n)
    return letters[starts[:, None] + np.arange(n + 1)]


def train_reader(rng, *, head=True, steps=1500, learning_rate=2.0, batch_size=16):
    """Train a reader on the second inaugural address; its losses are on the Gettysburg Address.

    Plain SGD on random windows; the learning rate falls to 0 in a straight line. Without a
    ``head``, W_O is 0 and stays so: the same model, that cannot look back.
    Returns :class:`Reading`. ``ValueError`` for counts below 1 or a rate that is not positive.
    """
    steps, batch_size = as_count(steps, "steps"), as_count(batch_size, "batch_size")
    eta = as_positive(learning_rate, "learning_rate")
    letters, held_out = speeches()
    held_out = windows(held_out)
    start_rng, data_rng = as_generator(rng).spawn(2)
    start = start_reader(len(LETTERS), CONTEXT, start_rng)
    if not head:
        start = start._replace(W_O=np.zeros_like(start.W_O))

    def update(parameters, step):
        first = data_rng.integers(len(letters) - CONTEXT, size=(batch_size, 1))
        batch = letters[first + np.arange(CONTEXT + 1)]
        _, gradients = reader_gradients(Reader(*parameters), batch)
        if not head:
            gradients = gradients._replace(W_O=np.zeros_like(gradients.W_O))
        rate = eta * (1 - step / steps)
        return tuple(p - rate * g for p, g in zip(parameters, gradients, strict=True))

    record = train(
        start,
        update,
        lambda parameters: reader_loss(Reader(*parameters), held_out),
        steps=steps,
        record_every=max(1, steps // 60),
        visit=True,
    )
    return Reading(record.steps, record.losses, tuple(Reader(*p) for p in record.visited))


def count_losses(letters, held_out, *, strengths=(1, 2, 4, 8, 16, 32)):
    """Held-out loss (3,), in nats a letter, of counting letters, bigrams and trigrams.

    Frequencies of bigrams are mixed with those of letters, as if these had been seen s more times,
    and those of trigrams with those of bigrams; each s is any of ``strengths``, and what counts is
    the best combination on the *held-out* text, which favours the counting.
    """
    m, (a, b, c) = len(LETTERS), (held_out[:-2], held_out[1:-1], held_out[2:])
    single = (np.bincount(letters, minlength=m) + 1.0) / (len(letters) + m)
    bigrams, trigrams = np.zeros((m, m)), np.zeros((m, m, m))
    np.add.at(bigrams, (letters[:-1], letters[1:]), 1)
    np.add.at(trigrams, (letters[:-2], letters[1:-1], letters[2:]), 1)
    pairs = [_mixed(bigrams, single, s) for s in strengths]
    threes = [_mixed(trigrams, pair, s) for pair in pairs for s in strengths]
    return np.array(
        [
            -np.log(single[c]).mean(),
            min(-np.log(table[b, c]).mean() for table in pairs),
            min(-np.log(table[a, b, c]).mean() for table in threes),
        ]
    )


def _mixed(counts, below, strength):
    """Frequencies along the last axis, with ``below`` counted ``strength`` more times."""
    return (counts + strength * below) / (counts.sum(axis=-1, keepdims=True) + strength)
