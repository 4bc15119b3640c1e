"""The prediction r̂ = μ + b_u + b_i + p_u·q_i, its vector–Jacobian product, and closed forms.

What ``MatrixFactorization`` fits step by step stands here as functions: the prediction, where the
gradient of a sum of ratings goes, and the two minima that setting a gradient to zero gives at once.
Losses carry a factor ½ and the penalty stands outside the sum; see
``helpers.mathematics.recommender``. Sources: Koren, Bell and Volinsky (2009) for the model, Zhou,
Wilkinson, Schreiber and Pan (2008) for alternating least squares on ratings.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_finite_float,
    as_positive,
    describe,
)


class Parameters(NamedTuple):
    """What is learned, or a gradient with respect to it: shapes (m,), (n,), (m, k), (n, k)."""

    user_bias: np.ndarray
    item_bias: np.ndarray
    user_factors: np.ndarray
    item_factors: np.ndarray


def rmse(predictions, ratings):
    """Root mean squared error of two rows of equal length; ``ValueError`` otherwise."""
    ratings = as_finite_array(ratings, "ratings", ndim=1, min_size=1)
    predictions = as_finite_array(predictions, "predictions", shape=ratings.shape)
    return float(np.sqrt(np.mean((predictions - ratings) ** 2)))


def as_ids(value, name, count):
    """``value`` as indices (``np.intp``) in 0 … count − 1, or ``ValueError`` naming ``name``."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be whole numbers, got {describe(value)}") from error
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole numbers, got {describe(value)}")
    if array.size and (array.min() < 0 or array.max() >= count):
        bad = array[(array < 0) | (array >= count)].flat[0]
        raise ValueError(f"{name} must be between 0 and {count - 1}, got {bad}")
    return array.astype(np.intp, copy=False)


def as_triples(users, items, ratings, n_users, n_items):
    """Three rows of equal length, at least one entry each: ids, ids and finite ratings."""
    ratings = as_finite_array(ratings, "ratings", ndim=1, min_size=1)
    users, items = as_ids(users, "users", n_users), as_ids(items, "items", n_items)
    for name, array in (("users", users), ("items", items)):
        if array.shape != ratings.shape:
            raise ValueError(
                f"{name} must have one entry a rating, shape {ratings.shape}, got {array.shape}"
            )
    return users, items, ratings


def rating(mu, parameters, users, items):
    """r̂ = μ + b_u + b_i + p_u·q_i for each pair of the rows ``users`` and ``items``, shape (n,).

    ``parameters`` holds (b, c, P, Q) of shapes (m,), (n,), (m, k), (n, k). ``ValueError`` for
    other shapes and for ids out of range.
    """
    return predicted(as_finite_float(mu, "mu"), *_checked(parameters, users, items))


def rating_vjp(upstream, parameters, users, items):
    """Gradient of Σ upstream · r̂ as ``Parameters``; ``upstream`` has one entry a pair.

    Shapes and errors as in ``rating``.
    """
    parameters, users, items = _checked(parameters, users, items)
    upstream = as_finite_array(upstream, "upstream", shape=users.shape)
    return sent_back(upstream, parameters, users, items)


def predicted(mu, parameters, users, items):
    """The formula of ``rating``, for ids of any shapes that broadcast."""
    b, c, P, Q = parameters
    return mu + b[users] + c[items] + np.einsum("...k,...k->...", P[users], Q[items])


def sent_back(upstream, parameters, users, items):
    """The formula of ``rating_vjp``: each rating sends its share to its own four places.

    The shares form a sparse matrix E with ``upstream`` at (u, i), so that the two sums over
    ratings are two sparse products, E Q and Eᵀ P.
    """
    b, c, P, Q = parameters
    E = sparse.coo_array((upstream, (users, items)), shape=(len(b), len(c)))
    return Parameters(
        np.bincount(users, upstream, len(b)),  # (m,)
        np.bincount(items, upstream, len(c)),  # (n,)
        E @ Q,  # (m, k)
        E.T @ P,  # (n, k)
    )


def _checked(parameters, users, items):
    """Parameters whose shapes fit together, and two rows of ids that they have."""
    if not isinstance(parameters, (tuple, list)) or len(parameters) != 4:
        raise ValueError(f"parameters must be four arrays, got {describe(parameters)}")
    b, c, P = (
        as_finite_array(array, name, ndim=ndim)
        for array, name, ndim in zip(parameters, Parameters._fields, (1, 1, 2), strict=False)
    )
    P = as_finite_array(P, "user_factors", shape=(len(b), None))
    Q = as_finite_array(parameters[3], "item_factors", shape=(len(c), P.shape[1]))
    users, items = as_ids(users, "users", len(b)), as_ids(items, "items", len(c))
    if users.ndim != 1 or users.shape != items.shape:
        raise ValueError(
            f"users and items must be two rows of one length, got {users.shape} and {items.shape}"
        )
    return Parameters(b, c, P, Q), users, items


def fit_biases(users, items, ratings, *, n_users, n_items, penalty=3.0, sweeps=10):
    """μ and the two biases alone, by alternating closed forms: (μ, user biases, item biases).

    With one bias held, ∂L/∂b_u = 0 gives b_u = Σ(r − μ − b_i) / (n_u + λ_b). A user or item without
    a rating keeps bias 0. ``penalty`` is λ_b ≥ 0; the default 3 is near the best of a validation
    set of MovieLens. ``ValueError`` when an id is out of range or the data empty.
    """
    n_users, n_items = as_count(n_users, "n_users"), as_count(n_items, "n_items")
    penalty, sweeps = as_positive(penalty, "penalty", zero_allowed=True), as_count(sweeps, "sweeps")
    users, items, ratings = as_triples(users, items, ratings, n_users, n_items)
    mu, b, c = ratings.mean(), np.zeros(n_users), np.zeros(n_items)
    for _ in range(sweeps):
        c = shrunken_means(items, ratings - mu - b[users], n_items, penalty)
        b = shrunken_means(users, ratings - mu - c[items], n_users, penalty)
    return float(mu), b, c


def shrunken_means(rows, residuals, n_rows, penalty, weights=None):
    """Σ w · residuals / (Σ w + λ) of each row, shape (n_rows,); 0 for a row without ratings.

    ``weights`` w > 0 are 1 where none are given: then it is a mean pulled to 0 by λ.
    """
    weights = np.ones(len(residuals)) if weights is None else weights
    total = np.bincount(rows, weights, n_rows)
    sums = np.bincount(rows, weights * residuals, n_rows)
    return np.divide(sums, total + penalty, out=np.zeros(n_rows), where=total > 0)


def als_half_step(rows, columns, targets, column_factors, *, n_rows, penalty):
    """Best factors of all rows for fixed column factors: one ridge regression a row.

    Minimizes ½ Σ (target − p_row·q_column)² + ½ λ ‖P‖²: p_u = (QᵤᵀQᵤ + λI)⁻¹ Qᵤᵀ targetsᵤ.
    Returns shape (n_rows, k); a row without ratings gets zeros. ``penalty`` > 0.
    """
    column_factors = as_finite_array(column_factors, "column_factors", ndim=2, min_size=1)
    n_rows, penalty = as_count(n_rows, "n_rows"), as_positive(penalty, "penalty")
    rows, columns, targets = as_triples(rows, columns, targets, n_rows, len(column_factors))
    order = np.argsort(rows, kind="stable")
    bounds = np.searchsorted(rows[order], np.arange(n_rows + 1))
    solution = np.zeros((n_rows, column_factors.shape[1]))
    for row in np.flatnonzero(np.diff(bounds)):
        mine = order[bounds[row] : bounds[row + 1]]
        solution[row] = ridge(column_factors[columns[mine]], targets[mine], penalty)
    return solution


def ridge(A, x, charges):
    """The minimum (AᵀA + D)⁻¹ Aᵀx of ½‖x − Aw‖² + ½ wᵀDw, D diagonal with ``charges`` ≥ 0.

    Where the matrix is singular, as it may be without a charge, the shortest of the minima.
    """
    D = np.diag(np.broadcast_to(charges, A.shape[1]))
    return np.linalg.lstsq(A.T @ A + D, A.T @ x, rcond=None)[0]
