"""Runs that the figures of the chapter on gradient descent show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.objectives import DoubleWell, Quadratic
from helpers.mathematics.optimizers import gradient_descent, stochastic_gradient_descent
from helpers.mathematics.validate import as_generator, as_positive, one_of

#: The bowls of the figures on the learning rate: M = 4 in both, μ = 1 in the second.
BOWL_1D = Quadratic(4.0)
BOWL_2D = Quadratic.valley(4.0, largest_curvature=4.0, degrees=-35.0)
START_1D, START_2D = np.array([3.0]), np.array([3.6, 1.6])
#: Where the path starts in the valleys with M = 1 and μ = 1/κ, the flat direction first.
START_VALLEY = np.array([2.6, 2.6])
RATE_STEPS, VALLEY_STEPS, SADDLE_STEPS = 30, 60, 240
#: A run counts as diverged once the loss is more than a thousand times what it was.
BLOWN_UP = 1e3


def valley(condition_number):
    """The bowl with M = 1 and μ = 1/κ whose flat direction is the first axis."""
    return Quadratic.valley(condition_number, degrees=90.0)


def descend(bowl, start, learning_rate, *, steps):
    """Gradient descent that stops once the loss is ``BLOWN_UP`` times what it was."""
    eta = as_positive(learning_rate, "learning_rate")
    limit = BLOWN_UP * float(bowl.value(start))
    return gradient_descent(bowl, start, learning_rate=eta, steps=steps, limit=limit)


def descend_in_the_double_well(nudge):
    """Descent on the double well with η = 0.2 from (1.9, ``nudge``), close to the ridge."""
    start = [1.9, as_positive(nudge, "nudge")]
    return gradient_descent(DoubleWell(), start, learning_rate=0.2, steps=SADDLE_STEPS)


class SgdSweep(NamedTuple):
    """Runs of SGD on one objective: ``runs[size, rate]`` for each batch size and learning rate."""

    objective: object
    sizes: tuple
    rates: tuple
    epochs: int
    runs: dict

    def run(self, size, rate):
        """The ``Trajectory`` of one pair; ``ValueError`` for a pair that was not run."""
        return self.runs[one_of(size, "size", self.sizes), one_of(rate, "rate", self.rates)]

    def excess(self, size, rate):
        """Loss above the least possible one along a run."""
        return self.run(size, rate).loss - self.objective.offset

    def settled(self, size, rate):
        """Mean excess loss over the last third of a run, or ``None`` if it diverged."""
        run = self.run(size, rate)
        if run.diverged_at is not None:
            return None
        late = run.evaluations >= run.evaluations[-1] * 2 / 3
        return float(np.mean(self.excess(size, rate)[late]))

    def best_rate(self, size):
        """The learning rate whose run settles lowest."""
        ends = {rate: self.settled(size, rate) for rate in self.rates}
        return min((rate for rate in ends if ends[rate] is not None), key=ends.get)


def sweep_sgd(objective, *, sizes, rates, epochs, rng):
    """Run SGD from 0 for every batch size and learning rate; with all examples, full batches.

    Each run gets a generator of its own, spawned from ``rng``, and counts as diverged once the loss
    is ``BLOWN_UP`` times that of the start. Returns an ``SgdSweep``; errors as in
    ``stochastic_gradient_descent``.
    """
    for name, values in (("sizes", sizes), ("rates", rates)):
        if len(values) == 0:
            raise ValueError(f"{name} must hold at least one value, got none")
    start = np.zeros_like(objective.minimum)
    limit = BLOWN_UP * float(objective.value(start))
    pairs = [(size, rate) for size in sizes for rate in rates]
    runs = {}
    for (size, rate), own in zip(pairs, as_generator(rng).spawn(len(pairs)), strict=True):
        runs[size, rate] = (
            gradient_descent(objective, start, learning_rate=rate, steps=epochs, limit=limit)
            if size == objective.n_examples
            else stochastic_gradient_descent(
                objective,
                start,
                learning_rate=rate,
                batch_size=size,
                epochs=epochs,
                rng=own,
                limit=limit,
            )
        )
    return SgdSweep(objective, tuple(sizes), tuple(rates), epochs, runs)
