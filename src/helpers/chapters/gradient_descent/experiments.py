"""Runs that the figures of the chapter on gradient descent show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.optimizers import gradient_descent, stochastic_gradient_descent
from helpers.mathematics.validate import as_generator, one_of


class SgdSweep(NamedTuple):
    """Runs of SGD on one objective: ``runs[size, rate]`` for each batch size and learning rate."""

    objective: object
    sizes: tuple
    rates: tuple
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


def sweep_sgd(objective, *, sizes, rates, epochs, rng):
    """Run SGD from 0 for every batch size and learning rate; with all examples, full batches.

    Each run gets a generator of its own, spawned from ``rng``, and counts as diverged once the loss
    is a thousand times that of the start. Returns an ``SgdSweep``; errors as in
    ``stochastic_gradient_descent``.
    """
    for name, values in (("sizes", sizes), ("rates", rates)):
        if len(values) == 0:
            raise ValueError(f"{name} must hold at least one value, got none")
    start = np.zeros_like(objective.minimum)
    limit = 1e3 * (objective.value(start) + 1)
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
    return SgdSweep(objective, tuple(sizes), tuple(rates), runs)
