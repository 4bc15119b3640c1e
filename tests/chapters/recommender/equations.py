"""The labelled equations of the chapter on recommenders: formula and check."""

import autograd
import autograd.numpy as anp
import numpy as np
import sympy as sp

from tests.truth import equation

_RNG = np.random.default_rng(12)
_USERS, _ITEMS = _RNG.integers(0, 6, 40), _RNG.integers(0, 8, 40)
_RATINGS = _RNG.uniform(0.5, 5, 40)
_POINT = tuple(_RNG.normal(size=shape) for shape in ((6,), (8,), (6, 3), (8, 3)))
_LAM, _LAM_B, _MU = 0.7, 0.3, 3.1


def _loss(b, c, P, Q, per_rating=False):
    """L from its definition, written for autograd."""
    errors = _RATINGS - _MU - b[_USERS] - c[_ITEMS] - anp.sum(P[_USERS] * Q[_ITEMS], axis=1)
    rows = (b[_USERS], c[_ITEMS], P[_USERS], Q[_ITEMS]) if per_rating else (b, c, P, Q)
    b, c, P, Q = (anp.sum(row**2) for row in rows)
    return 0.5 * anp.sum(errors**2) + 0.5 * _LAM_B * (b + c) + 0.5 * _LAM * (P + Q)


_SLOPES = tuple(autograd.grad(_loss, place)(*_POINT) for place in range(4))
_SLOPE_PER_RATING = autograd.grad(_loss, 2)(*_POINT, True)
_ERRORS = _RATINGS - _MU - _POINT[0][_USERS] - _POINT[1][_ITEMS]
_ERRORS = _ERRORS - np.sum(_POINT[2][_USERS] * _POINT[3][_ITEMS], axis=1)


def _same(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


@equation(
    "eq-recommender-grad-user-bias",
    r"\frac{\partial L}{\partial b_u} = -\sum_{i} e_{ui} + \lambda_b b_u",
    by="autograd",
)
def grad_user_bias(e, lambda_b, b):
    return -np.sum(e) + lambda_b * b


@grad_user_bias.check
def check_grad_user_bias(formula):
    """The derivative of the whole loss, by automatic differentiation, at six users."""
    for u in range(6):
        _same(formula(_ERRORS[u == _USERS], _LAM_B, _POINT[0][u]), _SLOPES[0][u])


@equation(
    "eq-recommender-grad-item-bias",
    r"\frac{\partial L}{\partial b_i} = -\sum_{u} e_{ui} + \lambda_b b_i",
    by="autograd",
)
def grad_item_bias(e, lambda_b, b):
    return -np.sum(e) + lambda_b * b


@grad_item_bias.check
def check_grad_item_bias(formula):
    """The derivative of the whole loss, by automatic differentiation, at eight films."""
    for i in range(8):
        _same(formula(_ERRORS[i == _ITEMS], _LAM_B, _POINT[1][i]), _SLOPES[1][i])


@equation(
    "eq-recommender-grad-user-factors",
    r"\frac{\partial L}{\partial p_u} = -\sum_{i} e_{ui}\, q_i + \lambda p_u",
    by="autograd",
)
def grad_user_factors(e, q, lambda_, p):
    return -e @ q + lambda_ * p


@grad_user_factors.check
def check_grad_user_factors(formula):
    """The derivative of the whole loss, by automatic differentiation, at six users."""
    for u in range(6):
        at = u == _USERS
        _same(formula(_ERRORS[at], _POINT[3][_ITEMS[at]], _LAM, _POINT[2][u]), _SLOPES[2][u])


@equation(
    "eq-recommender-grad-item-factors",
    r"\frac{\partial L}{\partial q_i} = -\sum_{u} e_{ui}\, p_u + \lambda q_i",
    by="autograd",
)
def grad_item_factors(e, p, lambda_, q):
    return -e @ p + lambda_ * q


@grad_item_factors.check
def check_grad_item_factors(formula):
    """The derivative of the whole loss, by automatic differentiation, at eight films."""
    for i in range(8):
        at = i == _ITEMS
        _same(formula(_ERRORS[at], _POINT[2][_USERS[at]], _LAM, _POINT[3][i]), _SLOPES[3][i])


@equation(
    "eq-recommender-bias-minimum",
    r"""b_i = \frac{1}{n_i + \lambda_b} \sum_{u\ \text{rated}\ i} (r_{ui} - \mu - b_u)""",
    by="autograd",
)
def bias_minimum(n, lambda_b, r, mu, b):
    return 1 / (n + lambda_b) * np.sum(r - mu - b)


@bias_minimum.check
def check_bias_minimum(formula):
    """With the films' biases from the formula and no factors, ∂L/∂b_i is zero for each film."""
    b, P, Q = _POINT[0], np.zeros((6, 3)), np.zeros((8, 3))
    c = np.zeros(8)
    for i in range(8):
        at = i == _ITEMS
        c[i] = formula(np.sum(at), _LAM_B, _RATINGS[at], _MU, b[_USERS[at]])
    slope = autograd.grad(_loss, 1)(b, c, P, Q)
    np.testing.assert_allclose(slope, 0, atol=1e-10)


@equation(
    "eq-recommender-step",
    r"""
\begin{aligned}
& (p + \eta e q) \cdot (q + \eta e p) \\
& \quad = p \cdot q + \eta e \bigl(\|p\|^2 + \|q\|^2\bigr) \\
& \qquad {} + \eta^2 e^2\, p \cdot q .
\end{aligned}
""",
    by="SymPy",
    equivalent={"p, q → q, p": "user and film are treated alike: both sides are symmetric in them"},
)
def step(p, q, eta, e):
    return (
        (p + eta * e * q).dot(q + eta * e * p),
        p.dot(q) + eta * e * (p.dot(p) + q.dot(q)) + eta**2 * e**2 * p.dot(q),
    )


_SYMBOLS = sp.symbols("p1 p2 q1 q2 eta e", real=True)
_MOVED = sp.expand(
    (_SYMBOLS[0] + _SYMBOLS[4] * _SYMBOLS[5] * _SYMBOLS[2])
    * (_SYMBOLS[2] + _SYMBOLS[4] * _SYMBOLS[5] * _SYMBOLS[0])
    + (_SYMBOLS[1] + _SYMBOLS[4] * _SYMBOLS[5] * _SYMBOLS[3])
    * (_SYMBOLS[3] + _SYMBOLS[4] * _SYMBOLS[5] * _SYMBOLS[1])
)


@step.check
def check_step(formula):
    """Both sides, expanded in six symbols, are the product of the two moved vectors."""
    p1, p2, q1, q2, eta, e = _SYMBOLS
    for side in formula(sp.Matrix([p1, p2]), sp.Matrix([q1, q2]), eta, e):
        assert sp.expand(side - _MOVED) == 0


@equation(
    "eq-recommender-step-limit",
    r"\eta < \frac{2}{n_u + \lambda_b} .",
    by="descent on both sides of the bound",
)
def step_limit(n, lambda_b):
    return 2 / (n + lambda_b)


@step_limit.check
def check_step_limit(formula):
    """Full-gradient steps on one bias shrink its error 0.01 % below the bound, and not above it."""
    for n, lambda_b in ((3, 0.4), (7, 2.5)):
        residuals = _RATINGS[:n] - _MU
        best = residuals.sum() / (n + lambda_b)
        for share, settles in ((0.9999, True), (1.0001, False)):
            b = 0.0
            for _ in range(4):
                b -= share * formula(n, lambda_b) * (-(residuals - b).sum() + lambda_b * b)
            assert (abs(b - best) < abs(best)) == settles


@equation(
    "eq-recommender-per-rating",
    r"\frac{\partial L}{\partial p_u} = -\sum_{i} e_{ui}\, q_i + \lambda\, n_u\, p_u .",
    by="autograd",
)
def per_rating(e, q, lambda_, n, p):
    return -e @ q + lambda_ * n * p


@per_rating.check
def check_per_rating(formula):
    """The derivative of the loss whose penalty is summed over ratings, at six users."""
    for u in range(6):
        at = u == _USERS
        found = formula(_ERRORS[at], _POINT[3][_ITEMS[at]], _LAM, np.sum(at), _POINT[2][u])
        _same(found, _SLOPE_PER_RATING[u])


@equation(
    "eq-recommender-als",
    r"p_u = \bigl(Q_u^{\mathsf T} Q_u + \lambda I\bigr)^{-1} Q_u^{\mathsf T} x_u .",
    by="autograd",
)
def als(Q, lambda_, factors, x):
    return np.linalg.inv(Q.T @ Q + lambda_ * np.eye(factors)) @ Q.T @ x


@als.check
def check_als(formula):
    """With the users' factors from the formula, ∂L/∂P is zero for all of them."""
    b, c, _, Q = _POINT
    P = np.zeros((6, 3))
    for u in range(6):
        at = u == _USERS
        left = _RATINGS[at] - _MU - b[u] - c[_ITEMS[at]]
        P[u] = formula(Q[_ITEMS[at]], _LAM, 3, left)
    slope = autograd.grad(_loss, 2)(b, c, P, Q)
    np.testing.assert_allclose(slope, 0, atol=1e-9)


@equation(
    "eq-recommender-new-user",
    r"""
\begin{pmatrix} b \\ p \end{pmatrix} = \bigl(A^{\mathsf T} A + D\bigr)^{-1} A^{\mathsf T} x
""",
    by="autograd",
)
def new_user(A, D, x):
    return np.linalg.inv(A.T @ A + D) @ A.T @ x


@new_user.check
def check_new_user(formula):
    """The gradient of a new user's loss, in bias and factors, is zero at the formula's result."""
    items, ratings = np.array([1, 4, 6, 7]), np.array([5.0, 2.0, 3.5, 4.0])
    c, Q = _POINT[1][items], _POINT[3][items]

    def loss(both):
        e = ratings - _MU - both[0] - c - anp.dot(Q, both[1:])
        charged = 0.5 * _LAM_B * both[0] ** 2 + 0.5 * _LAM * anp.sum(both[1:] ** 2)
        return 0.5 * anp.sum(e**2) + charged

    A = np.column_stack([np.ones(4), Q])
    found = formula(A, np.diag([_LAM_B, _LAM, _LAM, _LAM]), ratings - _MU - c)
    np.testing.assert_allclose(autograd.grad(loss)(found), 0, atol=1e-9)


@equation(
    "eq-recommender-rotation",
    r"""
\begin{aligned}
(PO)(QO)^{\mathsf T} &= P\,O\,O^{\mathsf T} Q^{\mathsf T} = P Q^{\mathsf T} \\
\|PO\| &= \|P\|
\end{aligned}
""",
    by="dot products, user by user",
)
def rotation(P, Q, turn):
    return (
        (P @ turn) @ (Q @ turn).T,
        P @ turn @ turn.T @ Q.T,
        P @ Q.T,
        np.linalg.norm(P @ turn),
        np.linalg.norm(P),
    )


def _products(P, Q):
    return [[sum(a * b for a, b in zip(p, q, strict=True)) for q in Q] for p in P]


@rotation.check
def check_rotation(formula):
    """For a random orthogonal matrix all sides are sums over factors, written out.

    For a matrix that is not orthogonal, what still holds: the first two are equal, and each side
    is what it says.
    """
    P, Q = _POINT[2:]
    any_matrix = np.random.default_rng(1).normal(size=(3, 3))
    orthogonal, _ = np.linalg.qr(any_matrix)
    for turn in (orthogonal, any_matrix):
        moved = [[sum(f[k] * turn[k, j] for k in range(3)) for j in range(3)] for f in P]
        films = [[sum(f[k] * turn[k, j] for k in range(3)) for j in range(3)] for f in Q]
        first, second, third, turned, plain = formula(P, Q, turn)
        for table in (first, second):
            np.testing.assert_allclose(table, _products(moved, films), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(third, _products(P, Q), rtol=1e-10, atol=1e-12)
        _same(turned, sum(entry**2 for row in moved for entry in row) ** 0.5)
        _same(plain, sum(entry**2 for entry in P.flat) ** 0.5)
        if turn is orthogonal:
            np.testing.assert_allclose(first, third, rtol=1e-10, atol=1e-12)
            _same(turned, plain)


@equation(
    "eq-recommender-standard-error",
    r"""
\sqrt{\operatorname{Var}\Bigl( \frac1n \sum_{j=1}^n \ell(x_j) \Bigr)} = \frac{\sigma}{\sqrt n}
""",
    by="adding up every outcome",
)
def standard_error(sigma, n):
    return sigma / np.sqrt(n)


@standard_error.check
def check_standard_error(formula):
    """The exact law of the mean of n independent draws of a rating, for two laws and three n."""
    for stars, chances in (([1, 4, 5], [0.2, 0.5, 0.3]), ([0, 1, 7], [0.6, 0.3, 0.1])):
        one = np.zeros(8)
        one[stars] = chances
        sigma = np.sqrt(one @ np.arange(8) ** 2 - (one @ np.arange(8)) ** 2)
        total = np.ones(1)
        for n in range(1, 6):
            total = np.convolve(total, one)
            mean = np.arange(len(total)) / n
            spread = np.sqrt(total @ mean**2 - (total @ mean) ** 2)
            if n in (2, 3, 5):
                _same(formula(sigma, n), spread)
