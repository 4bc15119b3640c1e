"""Runs that the figures of the chapter on recommenders show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.data.ratings import planted_ratings
from helpers.mathematics.factorization import fit_biases, rmse
from helpers.mathematics.recommender import MatrixFactorization
from helpers.mathematics.validate import as_finite_array, as_generator, describe


def _three(value, name):
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        raise ValueError(f"{name} must be (users, items, ratings), got {describe(value)}")
    return value


class BiasPath(NamedTuple):
    """Errors of the biases alone for each bias penalty, and those of the mean rating."""

    penalties: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    mean: float


def bias_path(train, validation, *, n_users, n_items, penalties):
    """Fit the biases for each penalty; ``train`` and ``validation`` are (users, items, ratings)."""
    penalties = as_finite_array(penalties, "penalties", ndim=1, min_size=1)
    train, validation = _three(train, "train"), _three(validation, "validation")
    errors = []
    for penalty in penalties:
        mu, b, c = fit_biases(*train, n_users=n_users, n_items=n_items, penalty=penalty)
        errors.append(
            [rmse(np.clip(mu + b[u] + c[i], 0.5, 5), r) for u, i, r in (train, validation)]
        )
    mean = rmse(np.full(len(validation[2]), mu), validation[2])
    return BiasPath(penalties, *np.transpose(errors), mean)


class Sweep(NamedTuple):
    """Fits for every pair of a penalty and a learning rate: ``runs[penalty, rate]`` a History."""

    penalties: tuple[float, ...]
    rates: tuple[float, ...]
    runs: dict
    biases: float

    def error(self, penalty, rate, *, stopped):
        """Validation RMSE of the best epoch (``stopped``) or the last; None if it diverged."""
        run = self.runs[penalty, rate]
        if run.diverged_in:
            return None
        return min(run.validation_rmse) if stopped else run.validation_rmse[-1]


def run_sweep(train, validation, *, n_users, n_items, n_factors, penalties, rates, rng, **how):
    """Fit once for every penalty and rate from one and the same start; ``how`` goes to ``fit``.

    ``train`` and ``validation`` are (users, items, ratings).
    """
    train, validation = _three(train, "train"), _three(validation, "validation")
    seed = int(as_generator(rng).integers(2**32))
    runs = {}
    for penalty in penalties:
        for rate in rates:
            own = np.random.default_rng(seed)
            model = MatrixFactorization(
                n_users, n_items, n_factors, rng=own, penalty=penalty, dtype=np.float32
            )
            # Patience without end: the figure shows what early stopping would have prevented.
            runs[penalty, rate] = model.fit(
                *train, rng=own, learning_rate=rate, validation=validation, patience=10**6, **how
            )
    mu, b, c = fit_biases(*train, n_users=n_users, n_items=n_items)
    users, items, ratings = validation
    biases = rmse(np.clip(mu + b[users] + c[items], 0.5, 5), ratings)
    return Sweep(tuple(penalties), tuple(rates), runs, biases)


class Planted(NamedTuple):
    """One planted set and its recovery: errors, and some cells that were held out."""

    density: float
    error: float
    mean: float
    truth: np.ndarray
    predicted: np.ndarray


def recover_planted(densities, *, rng, noise=0.5, shown=60):
    """Plant one rank-2 table, fit rank 2 at each density, and test on the cells left out.

    The denser sets contain the sparser ones, so that only the density changes.
    """
    seeds = as_generator(rng).integers(2**32, size=2)
    results = []
    for density in densities:
        planting, fitting = (np.random.default_rng(seed) for seed in seeds)
        planted = planted_ratings(rng=planting, density=density, noise=noise)
        # Nothing but factors was planted: a large λ_b keeps the biases out of the way.
        model = MatrixFactorization(
            100,
            50,
            2,
            rng=fitting,
            penalty=1.0,
            bias_penalty=100.0,
            init_scale=0.3,
            rating_range=(-20.0, 20.0),
        )
        triples = planted.users, planted.items, planted.ratings
        model.fit(*triples, rng=fitting, learning_rate=0.05, batch_size=200, n_epochs=80)
        predicted = model.predict(planted.test_users, planted.test_items)
        mean = np.full(len(predicted), planted.ratings.mean())
        every = max(1, len(predicted) // shown)
        results.append(
            Planted(
                density,
                rmse(predicted, planted.test_ratings),
                rmse(mean, planted.test_ratings),
                planted.test_ratings[::every][:shown],
                predicted[::every][:shown],
            )
        )
    return results
