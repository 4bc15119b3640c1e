"""Checks of the labelled equations in the chapter on recommenders."""

import autograd
import autograd.numpy as anp
import numpy as np
import sympy as sp

from helpers.data.movielens import load_movielens
from helpers.mathematics.factorization import Parameters, als_half_step, fit_biases
from helpers.mathematics.numdiff import check_gradient, numerical_gradient
from helpers.mathematics.recommender import MatrixFactorization
from tests.truth import checks

_RNG = np.random.default_rng(12)
_USERS, _ITEMS = _RNG.integers(0, 6, 40), _RNG.integers(0, 8, 40)
_RATINGS = _RNG.uniform(0.5, 5, 40)
_DATA = _USERS, _ITEMS, _RATINGS
_POINT = tuple(_RNG.normal(size=shape) for shape in ((6,), (8,), (6, 3), (8, 3)))
_LAM, _LAM_B, _MU = 0.7, 0.3, 3.1


def _loss(b, c, P, Q, per_rating=False):
    errors = _RATINGS - _MU - b[_USERS] - c[_ITEMS] - anp.sum(P[_USERS] * Q[_ITEMS], axis=1)
    rows = (b[_USERS], c[_ITEMS], P[_USERS], Q[_ITEMS]) if per_rating else (b, c, P, Q)
    b, c, P, Q = (anp.sum(row**2) for row in rows)
    return 0.5 * anp.sum(errors**2) + 0.5 * _LAM_B * (b + c) + 0.5 * _LAM * (P + Q)


def _gradients(b, c, P, Q):
    """The four formulas as the chapter prints them, entry by entry."""
    e = _RATINGS - _MU - b[_USERS] - c[_ITEMS] - np.sum(P[_USERS] * Q[_ITEMS], axis=1)
    by_user = [u == _USERS for u in range(6)]
    by_item = [i == _ITEMS for i in range(8)]
    return (
        np.array([-e[at].sum() + _LAM_B * b[u] for u, at in enumerate(by_user)]),
        np.array([-e[at].sum() + _LAM_B * c[i] for i, at in enumerate(by_item)]),
        np.array([-e[at] @ Q[_ITEMS[at]] + _LAM * P[u] for u, at in enumerate(by_user)]),
        np.array([-e[at] @ P[_USERS[at]] + _LAM * Q[i] for i, at in enumerate(by_item)]),
    )


def _check(place):
    claimed = _gradients(*_POINT)[place]
    assert np.allclose(claimed, autograd.grad(_loss, place)(*_POINT), rtol=1e-12)

    def of_one(value):
        return _loss(*_POINT[:place], value, *_POINT[place + 1 :])

    def gradient(value):
        return _gradients(*_POINT[:place], value, *_POINT[place + 1 :])[place]

    check_gradient(of_one, gradient, _POINT[place], rng=np.random.default_rng(0), rtol=1e-7)
    model = MatrixFactorization(
        6, 8, 3, rng=np.random.default_rng(0), penalty=_LAM, bias_penalty=_LAM_B
    )
    model.mu, model.parameters = _MU, Parameters(*_POINT)
    assert np.allclose(model.gradient(*_DATA)[place], claimed, rtol=1e-12)


@checks("eq-recommender-grad-user-bias", by="finite differences and autograd")
def grad_user_bias():
    """The gradient with respect to the users' biases, and that the helper returns it."""
    _check(0)


@checks("eq-recommender-grad-item-bias", by="finite differences and autograd")
def grad_item_bias():
    """The gradient with respect to the films' biases, and that the helper returns it."""
    _check(1)


@checks("eq-recommender-grad-user-factors", by="finite differences and autograd")
def grad_user_factors():
    """The gradient with respect to the users' factors, and that the helper returns it."""
    _check(2)


@checks("eq-recommender-grad-item-factors", by="finite differences and autograd")
def grad_item_factors():
    """The gradient with respect to the films' factors, and that the helper returns it."""
    _check(3)


@checks("eq-recommender-bias-minimum", by="finite differences")
def bias_minimum():
    """At the alternating closed form the gradient with respect to both biases vanishes."""
    mu, b, c = fit_biases(*_DATA, n_users=6, n_items=8, penalty=_LAM_B, sweeps=300)

    def loss(both):
        e = _RATINGS - mu - both[:6][_USERS] - both[6:][_ITEMS]
        return 0.5 * e @ e + 0.5 * _LAM_B * both @ both

    assert np.abs(numerical_gradient(loss, np.concatenate([b, c]))).max() < 1e-7


@checks("eq-recommender-step", by="SymPy")
def step():
    """The prediction after a step on one rating is this parabola in ηe."""
    p1, p2, q1, q2, eta, e = sp.symbols("p1 p2 q1 q2 eta e", real=True)
    p, q = sp.Matrix([p1, p2]), sp.Matrix([q1, q2])
    moved = (p + eta * e * q).dot(q + eta * e * p)
    claimed = p.dot(q) + eta * e * (p.dot(p) + q.dot(q)) + (eta * e) ** 2 * p.dot(q)
    assert sp.expand(moved - claimed) == 0


@checks("eq-recommender-step-limit", by="closed form and descent on real ratings")
def step_limit():
    """Below the limit the bias of the busiest user settles, above it each step overshoots more."""
    data = load_movielens()
    n = np.bincount(data.users).max()
    residuals = data.ratings[data.users == np.bincount(data.users).argmax()] - data.ratings.mean()
    limit = 2 / (n + 3.0)
    for eta, settles in ((0.98 * limit, True), (1.02 * limit, False)):
        b = 0.0
        for _ in range(400):
            b -= eta * (-(residuals - b).sum() + 3.0 * b)
        best = residuals.sum() / (n + 3.0)
        assert (abs(b - best) < abs(best)) == settles


@checks("eq-recommender-per-rating", by="autograd")
def per_rating():
    """With the penalty inside the sum a row is charged once for each of its ratings."""
    slope = autograd.grad(lambda P: _loss(_POINT[0], _POINT[1], P, _POINT[3], True))(_POINT[2])
    free = _gradients(*_POINT)[2] - _LAM * _POINT[2]
    counts = np.bincount(_USERS, minlength=6)[:, None]
    assert counts.max() > 1
    assert np.allclose(slope, free + _LAM * counts * _POINT[2], rtol=1e-12)


@checks("eq-recommender-rotation", by="a random orthogonal matrix")
def rotation():
    """Turned factors have the same products and the same norms."""
    P, Q = _POINT[2:]
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    assert np.allclose((P @ turn) @ (Q @ turn).T, P @ Q.T, rtol=1e-12)
    assert np.isclose(np.sum((P @ turn) ** 2), np.sum(P**2), rtol=1e-12)


@checks("eq-recommender-als", by="finite differences")
def als():
    """At the closed-form half step the gradient with respect to all users' factors vanishes."""
    Q = _POINT[3]
    P = als_half_step(_USERS, _ITEMS, _RATINGS - _MU, Q, n_rows=6, penalty=_LAM)
    none = np.zeros(6), np.zeros(8)
    slope = numerical_gradient(lambda value: _loss(*none, value, Q), P)
    assert np.abs(slope).max() < 1e-7


@checks("eq-recommender-new-user", by="finite differences")
def new_user():
    """The ridge regression of a new user is the minimum of the loss over bias and factors."""
    model = MatrixFactorization(
        6, 8, 3, rng=np.random.default_rng(0), penalty=_LAM, bias_penalty=_LAM_B
    )
    model.mu, model.parameters = _MU, Parameters(*_POINT)
    items, ratings = np.array([1, 4, 6, 7]), np.array([5.0, 2.0, 3.5, 4.0])
    new = model.fold_in(items, ratings)
    c, Q = _POINT[1], _POINT[3]

    def loss(both):
        e = ratings - _MU - both[0] - c[items] - Q[items] @ both[1:]
        return 0.5 * e @ e + 0.5 * _LAM_B * both[0] ** 2 + 0.5 * _LAM * both[1:] @ both[1:]

    found = np.concatenate([[new.bias], new.factors])
    assert np.abs(numerical_gradient(loss, found)).max() < 1e-7
