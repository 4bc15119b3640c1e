"""The rules for matrices against finite differences, autograd and sums written out."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from helpers.mathematics.matrix_rules import (
    affine,
    affine_vjp,
    quadratic_form,
    quadratic_form_vjp,
    squared_distance,
    squared_distance_vjp,
)
from helpers.mathematics.numdiff import GradientMismatch, check_vjp


@pytest.fixture
def rng():
    return np.random.default_rng(17)


CASES = [
    (quadratic_form, quadratic_form_vjp, ((4,), (4, 4))),
    (quadratic_form, quadratic_form_vjp, ((1,), (1, 1))),
    (squared_distance, squared_distance_vjp, ((3,), (5, 3), (5,))),
    (squared_distance, squared_distance_vjp, ((4,), (2, 4), (2,))),
    (squared_distance, squared_distance_vjp, ((1,), (1, 1), (1,))),
    (affine, affine_vjp, ((5, 4), (4, 3), (3,))),
    (affine, affine_vjp, ((1, 1), (1, 1), (1,))),
    (affine, affine_vjp, ((3, 3), (3, 3), (3,))),
    (affine, affine_vjp, ((1, 2), (2, 1), (1,))),
]


@pytest.mark.parametrize(("function", "vjp", "shapes"), CASES)
def test_products_agree_with_finite_differences(function, vjp, shapes, rng):
    arguments = [rng.normal(size=shape) for shape in shapes]
    assert check_vjp(function, vjp, *arguments, rng=rng, rtol=1e-8) < 1e-8
    upstream = rng.normal(size=np.shape(function(*arguments)))
    given = vjp(upstream, *arguments)
    assert [g.shape for g in given] == [a.shape for a in arguments]


@pytest.mark.parametrize(("function", "vjp", "shapes"), CASES)
def test_a_rule_that_is_a_little_wrong_is_caught(function, vjp, shapes, rng):
    arguments = [rng.normal(size=shape) for shape in shapes]
    for wrong in range(len(shapes)):

        def scaled(upstream, *rest, wrong=wrong):
            return [g * (1.001 if i == wrong else 1) for i, g in enumerate(vjp(upstream, *rest))]

        with pytest.raises(GradientMismatch):
            check_vjp(function, scaled, *arguments, rng=rng)


def test_values_are_the_sums_written_out(rng):
    x, A, c = rng.normal(size=3), rng.normal(size=(3, 3)), rng.normal(size=3)
    entries = [x[i] * A[i, j] * x[j] for i in range(3) for j in range(3)]
    assert quadratic_form(x, A) == pytest.approx(sum(entries))
    assert type(quadratic_form(x, A)) is float
    rows = [sum(A[i, j] * x[j] for j in range(3)) - c[i] for i in range(3)]
    assert squared_distance(x, A, c) == pytest.approx(sum(r * r for r in rows))
    assert type(squared_distance(x, A, c)) is float
    X, W, b = rng.normal(size=(4, 2)), rng.normal(size=(2, 3)), rng.normal(size=3)
    value = sum(X[2, p] * W[p, 1] for p in range(2)) + b[1]
    assert affine(X, W, b)[2, 1] == pytest.approx(value)


def test_a_symmetric_form_has_the_gradient_two_a_x(rng):
    x, A = rng.normal(size=4), rng.normal(size=(4, 4))
    dx, dA = quadratic_form_vjp(1.0, x, A + A.T)
    assert dx == pytest.approx(2 * (A + A.T) @ x)
    assert dA == pytest.approx(np.outer(x, x))


def test_a_batch_of_one_example_and_autograd_agree(rng):
    X, W, b, U = (rng.normal(size=s) for s in ((5, 4), (4, 3), (3,), (5, 3)))
    parts = [affine_vjp(U[i : i + 1], X[i : i + 1], W, b) for i in range(5)]
    dX, dW, db = affine_vjp(U, X, W, b)
    assert dX == pytest.approx(np.concatenate([p[0] for p in parts]))
    assert dW == pytest.approx(sum(p[1] for p in parts))
    assert db == pytest.approx(sum(p[2] for p in parts))
    exact = autograd.grad(lambda W: anp.sum(U * (anp.dot(X, W) + b)))(W)
    assert dW == pytest.approx(exact)


X43, V3 = np.ones((4, 3)), np.ones(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quadratic_form(V3, X43), r"A must have shape \(3, 3\), got shape \(4, 3\)"),
        (lambda: quadratic_form([], np.ones((0, 0))), "x must have at least 1"),
        (lambda: quadratic_form(X43, X43), "x must have 1 dimension"),
        (lambda: quadratic_form_vjp(V3, V3, np.eye(3)), "upstream must be a single number"),
        (lambda: quadratic_form_vjp(1.0, V3, X43), r"A must have shape \(3, 3\)"),
        (
            lambda: squared_distance(V3, X43.T, V3),
            r"A must have shape \(any, 3\), got",
        ),
        (lambda: squared_distance(V3, X43, V3), r"c must have shape \(4\), got shape \(3,\)"),
        (lambda: squared_distance(V3, np.ones((0, 3)), []), "A must have at least 1"),
        (lambda: squared_distance([], X43, V3), "x must have at least 1"),
        (lambda: squared_distance(X43, X43, V3), "x must have 1 dimension"),
        (lambda: squared_distance_vjp(np.nan, V3, X43, np.ones(4)), "upstream must be a finite"),
        (lambda: squared_distance_vjp(1.0, V3, X43, V3), r"c must have shape \(4\)"),
        (lambda: affine(V3, X43, V3), "X must have 2 dimension"),
        (lambda: affine(np.ones((0, 3)), np.eye(3), V3), "X must have at least 1"),
        (lambda: affine(X43, X43, V3), r"W must have shape \(3, any\), got shape \(4, 3\)"),
        (lambda: affine(X43, np.ones((3, 0)), []), "W must have at least 1"),
        (lambda: affine(X43, np.eye(3), np.ones(4)), r"b must have shape \(3\), got shape \(4,\)"),
        (
            lambda: affine_vjp(X43.T, X43, np.eye(3), V3),
            r"upstream must have shape \(4, 3\), got shape \(3, 4\)",
        ),
        (lambda: affine_vjp(X43, X43, X43, V3), r"W must have shape \(3, any\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
