"""Runs that the figures of the chapter on recommenders show, and what it measures in passing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from helpers.data.ratings import planted_ratings
from helpers.mathematics.factorization import fit_biases, rmse, shrunken_means
from helpers.mathematics.recommender import MatrixFactorization, fit
from helpers.mathematics.validate import as_finite_array, as_generator, describe


def _three(value, name):
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        raise ValueError(f"{name} must be (users, items, ratings), got {describe(value)}")
    return value


class BiasPath(NamedTuple):
    """Errors of the biases alone for each bias penalty, and those of the mean rating."""

    penalties: tuple[float, ...]
    train: np.ndarray
    validation: np.ndarray
    mean: float


def bias_path(train, validation, *, n_users, n_items, penalties):
    """Fit the biases for each penalty; ``train`` and ``validation`` are (users, items, ratings)."""
    penalties = as_finite_array(penalties, "penalties", ndim=1, min_size=1).tolist()
    train, validation = _three(train, "train"), _three(validation, "validation")
    errors = []
    for penalty in penalties:
        mu, b, c = fit_biases(*train, n_users=n_users, n_items=n_items, penalty=penalty)
        errors.append(
            [rmse(np.clip(mu + b[u] + c[i], 0.5, 5), r) for u, i, r in (train, validation)]
        )
    mean = rmse(np.full(len(validation[2]), mu), validation[2])
    return BiasPath(tuple(penalties), *np.transpose(errors), mean)


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
            options = {"learning_rate": rate, "validation": validation, "patience": 10**6}
            runs[penalty, rate] = fit(model, *train, rng=own, **options, **how)
    mu, b, c = fit_biases(*train, n_users=n_users, n_items=n_items)
    users, items, ratings = validation
    biases = rmse(np.clip(mu + b[users] + c[items], 0.5, 5), ratings)
    return Sweep(tuple(penalties), tuple(rates), runs, biases)


class Planted(NamedTuple):
    """Recovery of planted tables at one density and one penalty.

    ``errors`` (tables,) and ``means`` (tables,) are the RMSE on the cells left out, of the fit and
    of the mean; ``truth`` and ``predicted`` are some of these cells in the first table.
    """

    errors: np.ndarray
    means: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray


def recover_planted(densities, penalties, *, rng, tables=8, rank=2, fitted_rank=2, shown=60):
    """Plant tables of 100 × 50 and recover each: ``{(density, penalty): Planted}``.

    A denser set contains the sparser one of the same table, so that only the density changes. No
    biases are planted and none are fitted. All tables are fitted at once by ``sweeps_of_als``.
    """
    seeds = as_generator(rng).integers(2**32, size=tables)
    found = {}
    for density in densities:
        sets = [
            planted_ratings(rng=np.random.default_rng(seed), density=density, rank=rank)
            for seed in seeds
        ]
        known, table = np.zeros((tables, 100, 50), bool), np.empty((tables, 100, 50))
        for t, planted in enumerate(sets):
            known[t, planted.users, planted.items] = True
            table[t, planted.users, planted.items] = planted.ratings
            table[t, planted.test_users, planted.test_items] = planted.test_ratings
        means = np.array([planted.ratings.mean() for planted in sets])[:, None, None]
        every = max(1, (~known[0]).sum() // shown)
        for penalty in penalties:
            P, Q = sweeps_of_als(table - means, known, fitted_rank, penalty)
            guess = means + P @ np.swapaxes(Q, 1, 2)
            found[density, penalty] = Planted(
                _hidden_rmse(guess, table, known),
                _hidden_rmse(means, table, known),
                table[0][~known[0]][::every][:shown],
                guess[0][~known[0]][::every][:shown],
            )
    return found


def _hidden_rmse(guess, table, known):
    """RMSE of each table (t, m, n) on the cells that are not known, shape (t,)."""
    return np.sqrt(np.mean((guess - table) ** 2, axis=(1, 2), where=~known))


def sweeps_of_als(tables, known, rank, penalty, *, sweeps=40):
    """Alternating least squares on a stack of small tables at once: P (t, m, k) and Q (t, n, k).

    ``tables`` (t, m, n) counts where ``known`` is true. The start is the singular value
    decomposition of the table with zeros in its empty cells: from random starts some tables end
    in a poor stationary point. ``als_half_step`` in the mathematics does the same for one large
    and sparse table.
    """
    weights, X, t = known.astype(float), np.where(known, tables, 0.0), len(tables)
    _, s, Vt = np.linalg.svd(X, full_matrices=False)
    scale = np.sqrt(s[:, None, :rank] / known.mean(axis=(1, 2))[:, None, None])
    Q, D = np.swapaxes(Vt[:, :rank], 1, 2) * scale, penalty * np.eye(rank)

    def half(X, weights, Q):
        products = (Q[..., :, None] * Q[..., None, :]).reshape(t, -1, rank * rank)
        A = (weights @ products).reshape(t, -1, rank, rank) + D  # QᵤᵀQᵤ + λI for each row
        return np.linalg.solve(A, (X @ Q)[..., None])[..., 0]

    for _ in range(sweeps):
        P = half(X, weights, Q)
        Q = half(np.swapaxes(X, 1, 2), np.swapaxes(weights, 1, 2), P)
    return P, Q


def zero_filled(users, items, ratings, *, n_users, n_items, n_factors):
    """Scores (n_users, n_items) of the best table of rank k when an empty cell counts as 0.

    The minimum of ½ Σ over *all* cells of (r − p_u·q_i)² is the truncated singular value
    decomposition (Eckart and Young); as a recommender it is the PureSVD of Cremonesi, Koren and
    Turrin (2010).
    """
    table = sparse.csr_array((ratings, (users, items)), shape=(n_users, n_items))
    U, s, Vt = svds(table, k=n_factors, v0=np.ones(min(n_users, n_items)))
    return (U * s) @ Vt


def followed(model, users, items, ratings, *, known):
    """Predictions in order of time, each user placed anew by the ratings that came before.

    Every rating is predicted first and learned from then; films and μ stay as trained. ``known``
    (users, items, ratings) are those from before the cut. Returns (n, 2): with the user's bias
    alone, and with bias and factors (the ridge regression of ``fold_in``).
    """
    k = model.item_factors.shape[1] + 1
    D = np.diag([model.bias_penalty, *[model.penalty] * (k - 1)])
    rows = np.column_stack([np.ones(len(model.item_bias)), model.item_factors]).astype(float)
    offset = model.mu + model.item_bias.astype(float)
    left, right = np.tile(D, (len(model.user_bias), 1, 1)), np.zeros((len(model.user_bias), k))

    def learn(u, i, r):
        left[u] += np.outer(rows[i], rows[i])
        right[u] += (r - offset[i]) * rows[i]

    for u, i, r in zip(*known, strict=True):
        learn(u, i, r)
    guesses = np.empty((len(ratings), 2))
    for t, (u, i, r) in enumerate(zip(users, items, ratings, strict=True)):
        guesses[t] = offset[i]
        guesses[t] += right[u, 0] / left[u, 0, 0], rows[i] @ np.linalg.solve(left[u], right[u])
        learn(u, i, r)
    return np.clip(guesses, *model.rating_range)


def recent_bias(model, users, items, ratings, timestamps, *, half_life):
    """User biases in which a rating counts half as much for each ``half_life`` later ones.

    The closed form of a bias with weights w: b_u = Σ w e / (Σ w + λ_b), with e what is left of the
    ratings after μ, film bias and factors.
    """
    order = np.lexsort((-timestamps, users))  # each user's newest rating first
    u = users[order]
    age = np.arange(len(u)) - np.searchsorted(u, u)
    weights = 0.5 ** (age / half_life)
    left = ratings - model.predict(users, items, clip=False) + model.user_bias[users]
    return shrunken_means(u, left[order], len(model.user_bias), model.bias_penalty, weights)
