"""The prediction, its vector–Jacobian product and the two closed forms."""

import numpy as np
import pytest

from helpers.mathematics.factorization import (
    Parameters,
    als_half_step,
    as_ids,
    as_triples,
    fit_biases,
    rating,
    rating_vjp,
    ridge,
    rmse,
    shrunken_means,
)
from helpers.mathematics.numdiff import check_vjp
from tests.mathematics.test_recommender import NAMES, generator, small


def test_a_prediction_by_hand():
    point = [0.5], [-0.25], [[1.0, 2.0]], [[0.5, 0.25]]
    # 3 + 0.5 − 0.25 + 1·0.5 + 2·0.25
    assert rating(3.0, point, [0], [0]).tolist() == [4.25]
    assert rmse([4.25, 1.0], [5.25, 2.0]) == 1.0


def test_the_vjp_of_the_prediction():
    model, (users, items, _) = small()
    error = check_vjp(
        lambda *p: rating(3.0, p, users, items),
        lambda upstream, *p: tuple(rating_vjp(upstream, p, users, items)),
        *model.parameters,
        rng=generator(),
        names=NAMES,
    )
    assert error < 1e-7


def test_half_steps_of_alternating_least_squares_are_closed_form():
    # Corrections: "need gradients" is wrong; each half step is exact and lowers the loss.
    model, (users, items, ratings) = small(penalty=0.7)
    targets = ratings - model.mu - model.user_bias[users] - model.item_bias[items]
    losses = [model.loss(users, items, ratings)]
    for _ in range(5):
        b, c, P, Q = model.parameters
        P = als_half_step(users, items, targets, Q, n_rows=7, penalty=0.7)
        model.parameters = Parameters(b, c, P, Q)
        assert np.abs(model.gradient(users, items, ratings).user_factors).max() < 1e-12
        losses.append(model.loss(users, items, ratings))
        Q = als_half_step(items, users, targets, P, n_rows=9, penalty=0.7)
        model.parameters = Parameters(b, c, P, Q)
        assert np.abs(model.gradient(users, items, ratings).item_factors).max() < 1e-12
        losses.append(model.loss(users, items, ratings))
    assert np.all(np.diff(losses) <= 1e-12)
    assert not P[0].any()


def test_alternating_biases_reach_their_minimum():
    model, (users, items, ratings) = small(k=0, bias_penalty=0.3)
    model.mu, b, c = fit_biases(
        users, items, ratings, n_users=7, n_items=9, penalty=0.3, sweeps=200
    )
    model.parameters = model.parameters._replace(user_bias=b, item_bias=c)
    gradient = model.gradient(users, items, ratings)
    assert max(np.abs(gradient.user_bias).max(), np.abs(gradient.item_bias).max()) < 1e-9
    assert b[0] == c[0] == 0


def test_an_error_is_a_plain_number():
    assert type(rmse([1.0, 2.0], [1.0, 4.0])) is float
    assert rmse([1.0, 2.0], [1.0, 4.0]) == np.sqrt(2)


def test_shrunken_means_by_hand():
    # Row 0: 1.5 / (1 + 3). Row 1: (1 + 1 + 0) / (3 + 3). Row 2 has no ratings.
    rows, residuals = [0, 1, 1, 1], np.array([1.5, 1.0, 1.0, 0.0])
    assert np.allclose(shrunken_means(rows, residuals, 3, 3.0), [0.375, 1 / 3, 0.0])
    # With no penalty it is a mean, and nothing is divided by the nothing of row 2.
    assert np.allclose(shrunken_means(rows, residuals, 3, 0.0), [1.5, 2 / 3, 0.0])
    weights = np.array([0.5, 2.0, 1.0, 1.0])
    wanted = [0.75 / 3.5, 3.0 / 7.0, 0.0]
    assert np.allclose(shrunken_means(rows, residuals, 3, 3.0, weights), wanted)


def test_ridge_is_the_minimum_and_the_shortest_where_there_are_many():
    rng = generator()
    A, x, charges = rng.normal(size=(5, 3)), rng.normal(size=5), np.array([0.3, 1.0, 2.0])
    w = ridge(A, x, charges)
    assert np.allclose(A.T @ (x - A @ w), charges * w, atol=1e-12)
    assert np.allclose(ridge(A, x, 0.7), ridge(A, x, np.full(3, 0.7)))
    assert np.allclose(ridge(A[:2], x[:2], 0.0), np.linalg.pinv(A[:2]) @ x[:2], atol=1e-8)


def test_biases_after_one_and_two_sweeps_by_hand():
    # μ = 3; residuals 2, −1, −1 of films 0, 0, 1 by users 0, 1, 1; λ_b = 1.
    arguments = [0, 1, 1], [0, 0, 1], [5.0, 2.0, 2.0]
    mu, b, c = fit_biases(*arguments, n_users=2, n_items=2, penalty=1.0, sweeps=1)
    assert mu == 3.0
    assert type(mu) is float
    assert np.allclose(c, [1 / 3, -1 / 2])
    assert np.allclose(b, [(2 - 1 / 3) / 2, (-1 - 1 / 3 - 1 + 1 / 2) / 3])
    _, again, films = fit_biases(*arguments, n_users=2, n_items=2, penalty=1.0, sweeps=2)
    assert np.allclose(films, [(2 - b[0] - 1 - b[1]) / 3, (-1 - b[1]) / 2])
    assert np.allclose(again[0], (2 - films[0]) / 2)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([0, 3], "users must be between 0 and 2, got 3"),
        ([[0, 1], [-1, 2]], "users must be between 0 and 2, got -1"),
        (np.full(99, 0.5), r"users must be whole numbers, got an array of shape \(99,\)"),
        ([[1], [2, 3]], r"users must be whole numbers, got \[\[1\], \[2, 3\]\]"),
        ([[1], list(range(90))], r"users must be whole numbers, got \[\[1\], \[0, 1.*\.\.\.$"),
        ([True], r"users must be whole numbers, got \[True\]"),
    ],
)
def test_ids_that_are_none_are_named(value, message):
    with pytest.raises(ValueError, match=message):
        as_ids(value, "users", 3)


def test_ids_are_indices_of_the_platform():
    # Where indices have 32 bits, others would be refused.
    for dtype in (np.int64, np.int32, np.uint8):
        assert as_ids(np.array([0, 2], dtype), "users", 3).dtype == np.intp
    assert as_ids(np.zeros(0, int), "users", 3).size == 0


def test_half_steps_need_factors_to_pair_with():
    for empty in (np.ones((0, 2)), np.ones((2, 0))):
        with pytest.raises(ValueError, match="column_factors must have at least 1"):
            als_half_step([0], [0], [1.0], empty, n_rows=1, penalty=1.0)
    # More columns than factors, and the other way round; the last row has no rating.
    for shape in ((5, 2), (2, 4)):
        Q = generator(1).normal(size=shape)
        found = als_half_step([0, 0, 1], [1, 0, 1], [1.0, 2.0, 3.0], Q, n_rows=3, penalty=0.5)
        assert found.shape == (3, shape[1])
        assert np.allclose(found[0], ridge(Q[[1, 0]], np.array([1.0, 2.0]), 0.5))
        assert not found[2].any()


def test_rows_of_unequal_length_are_named_with_their_shapes():
    message = r"items must have one entry a rating, shape \(3,\), got \(2,\)"
    with pytest.raises(ValueError, match=message):
        as_triples([0, 1, 0], [0, 1], [1.0, 2.0, 3.0], 2, 2)
    users, items, ratings = as_triples([0, 1], [1, 0], [1, 2], 2, 2)
    assert (users.dtype, items.dtype, ratings.dtype) == (np.intp, np.intp, np.float64)


BAD_CALLS = {
    "predictions": lambda m, t: rmse([1.0, 2.0], [1.0]),
    "sweeps": lambda m, t: fit_biases(*t, n_users=7, n_items=9, sweeps=0),
    "n_rows": lambda m, t: als_half_step([0], [0], [1.0], np.eye(2), n_rows=0, penalty=1.0),
    "penalty must be greater": lambda m, t: als_half_step(
        [0], [0], [1.0], np.eye(2), n_rows=1, penalty=0.0
    ),
    "parameters must be four": lambda m, t: rating(3.0, m.parameters[:3], t[0], t[1]),
    "item_factors": lambda m, t: rating(3.0, (*m.parameters[:3], np.ones((9, 2))), *t[:2]),
    "mu must be": lambda m, t: rating(np.nan, m.parameters, *t[:2]),
    "users must be between 0": lambda m, t: rating(3.0, m.parameters, t[0] - 2, t[1]),
    "two rows": lambda m, t: rating(3.0, m.parameters, t[0], t[1][1:]),
    "upstream": lambda m, t: rating_vjp(np.ones(3), m.parameters, *t[:2]),
    "column_factors": lambda m, t: als_half_step([0], [0], [1.0], [1.0], n_rows=1, penalty=1.0),
}


@pytest.mark.parametrize("named", BAD_CALLS)
def test_bad_input_is_refused_by_name(named):
    model, triples = small()
    with pytest.raises(ValueError, match=named):
        BAD_CALLS[named](model, triples)
