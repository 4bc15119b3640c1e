"""The network's forward pass, loss and gradient, against autograd, loops and closed forms."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.scipy.special import erf
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.mathematics.activations import softmax
from helpers.mathematics.network import (
    HE_SCALE,
    backpropagate,
    dense,
    dense_vjp,
    forward,
    initial_parameters,
    network_loss,
    predict,
)
from helpers.mathematics.numdiff import check_gradient, check_vjp

PLAIN = {
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "tanh": anp.tanh,
    "ReLU": lambda z: anp.maximum(z, 0.0),
    "GELU": lambda z: z * (1 + erf(z / anp.sqrt(2))) / 2,
}


def plain_loss(parameters, X, y, activation):
    """The loss written once more, for autograd."""
    a = X
    for k in range(0, len(parameters), 2):
        z = a @ parameters[k] + parameters[k + 1]
        a = PLAIN[activation](z)
    return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[np.arange(len(y)), y])


def made(seed, sizes, rows):
    """A network with biases that are not 0, examples and labels."""
    rng = np.random.default_rng(seed)
    parameters = initial_parameters(sizes, scale=1.3, rng=rng)
    parameters = tuple(p if p.ndim == 2 else rng.normal(size=p.shape) for p in parameters)
    return parameters, rng.normal(size=(rows, sizes[0])), rng.integers(sizes[-1], size=rows)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    rows=st.integers(1, 7),
    activation=st.sampled_from(list(PLAIN)),
)
def test_gradient_is_that_of_autograd(seed, sizes, rows, activation):
    parameters, X, y = made(seed, sizes, rows)
    back = backpropagate(parameters, X, y, activation=activation)
    assert back.loss == pytest.approx(plain_loss(parameters, X, y, activation), rel=1e-10)
    wanted = autograd.grad(plain_loss)(parameters, X, y, activation)
    assert len(back.gradient) == len(parameters)
    for one, other in zip(back.gradient, wanted, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_signals_are_the_slopes_by_the_sums():
    parameters, X, y = made(3, (4, 5, 3), 6)
    back = backpropagate(parameters, X, y, activation="tanh")

    def from_first_sums(z):
        scores = anp.tanh(z) @ parameters[2] + parameters[3]
        return anp.mean(anp.log(anp.sum(anp.exp(scores), axis=1)) - scores[np.arange(6), y])

    seen = forward(parameters, X, activation="tanh")
    first, last = back.signals
    np.testing.assert_allclose(first, autograd.grad(from_first_sums)(seen.sums[0]), rtol=1e-10)
    right = np.eye(3)[y]
    np.testing.assert_allclose(last, (softmax(seen.sums[1]) - right) / 6, atol=1e-15)


def test_forward_keeps_inputs_and_sums_of_each_layer():
    parameters, X, _ = made(4, (4, 5, 3), 6)
    seen = forward(parameters, X)
    assert [a.shape for a in seen.inputs] == [(6, 4), (6, 5)]
    assert [z.shape for z in seen.sums] == [(6, 5), (6, 3)]
    np.testing.assert_array_equal(seen.inputs[0], X)
    np.testing.assert_array_equal(seen.inputs[1], np.maximum(seen.sums[0], 0))
    np.testing.assert_allclose(seen.sums[1], seen.inputs[1] @ parameters[2] + parameters[3])


def test_loss_and_prediction_agree_with_the_scores():
    parameters, X, y = made(5, (4, 5, 3), 6)
    for activation in PLAIN:
        scores = forward(parameters, X, activation=activation).sums[-1]
        loss = network_loss(parameters, X, y, activation=activation)
        assert loss == backpropagate(parameters, X, y, activation=activation).loss
        assert loss == pytest.approx(plain_loss(parameters, X, y, activation))
        answers = predict(parameters, X, activation=activation)
        assert answers.tolist() == [int(np.argmax(row)) for row in scores]


def test_the_default_activation_is_the_relu():
    parameters, X, y = made(6, (4, 5, 3), 6)
    for f in (network_loss, lambda *a, **k: backpropagate(*a, **k).gradient[0].sum()):
        assert f(parameters, X, y) == f(parameters, X, y, activation="ReLU")
        assert f(parameters, X, y) != f(parameters, X, y, activation="tanh")
    plain = predict(parameters, X)
    np.testing.assert_array_equal(plain, predict(parameters, X, activation="ReLU"))


def test_a_network_without_a_hidden_layer_is_logistic_regression(rng):
    parameters, X, y = made(7, (4, 3), 9)
    assert (
        check_gradient(
            lambda *p: network_loss(p, X, y),
            lambda *p: backpropagate(p, X, y).gradient,
            *parameters,
            rng=rng,
        )
        < 1e-8
    )


def test_loss_is_finite_where_probabilities_underflow():
    parameters, X, y = made(8, (4, 5, 3), 6)
    far = (*parameters[:2], 1e4 * parameters[2], parameters[3])
    assert 100 < network_loss(far, X, y) < 1e6
    assert all(np.isfinite(g).all() for g in backpropagate(far, X, y).gradient)


def test_equal_scores_cost_the_logarithm_of_the_number_of_classes():
    zero = (np.zeros((4, 5)), np.zeros(5))
    assert network_loss(zero, np.ones((2, 4)), np.array([0, 3])) == pytest.approx(np.log(5))


def test_dense_and_its_product(rng):
    A, W, b = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    wanted = [[sum(A[r, i] * W[i, j] for i in range(4)) + b[j] for j in range(3)] for r in range(5)]
    np.testing.assert_allclose(dense(A, W, b), wanted)
    assert [g.shape for g in dense_vjp(np.ones((5, 3)), A, W, b)] == [(5, 4), (4, 3), (3,)]
    assert check_vjp(dense, dense_vjp, A, W, b, rng=rng) < 1e-8


def test_initial_weights_have_the_size_that_was_asked_for():
    rng = np.random.default_rng(11)
    parameters = initial_parameters((400, 300, 10), scale=0.7, rng=rng)
    assert [p.shape for p in parameters] == [(400, 300), (300,), (300, 10), (10,)]
    assert parameters[0].std() == pytest.approx(0.7 / 20, rel=0.01)
    assert parameters[2].std() == pytest.approx(0.7 / np.sqrt(300), rel=0.05)
    assert abs(parameters[0].mean()) < 0.7 / 20 / 100
    assert not parameters[1].any()
    assert not parameters[3].any()
    assert pytest.approx(2) == HE_SCALE**2
    again = initial_parameters((400, 300, 10), scale=1.4, rng=np.random.default_rng(11))
    np.testing.assert_allclose(again[0], 2 * parameters[0])


RNG = np.random.default_rng(0)
NET = (np.ones((4, 5)), np.zeros(5), np.ones((5, 3)), np.zeros(3))
X6, Y6 = np.ones((6, 4)), np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: initial_parameters((4,), scale=1, rng=RNG), "sizes must be a tuple of at least"),
        (lambda: initial_parameters(4, scale=1, rng=RNG), "at least two numbers of units, got 4"),
        (lambda: initial_parameters((4, 0), scale=1, rng=RNG), r"sizes\[1\] must be at least 1"),
        (lambda: initial_parameters((2.5, 3), scale=1, rng=RNG), r"sizes\[0\] must be a whole"),
        (lambda: initial_parameters((4, 3), scale=0, rng=RNG), "scale must be greater than 0"),
        (lambda: initial_parameters((4, 3), scale=-1, rng=RNG), "scale must be greater than 0"),
        (lambda: initial_parameters((4, 3), scale=1, rng=3), "rng must be a numpy.random"),
        (lambda: forward(NET[:3], X6), "parameters must be a tuple of weights and biases in turn"),
        (lambda: forward((), X6), "parameters must be a tuple of weights and biases in turn"),
        (lambda: forward(np.ones((4, 5)), X6), "in turn, got an array of shape"),
        (lambda: forward(NET, X6[:, :3]), r"W1 must have shape \(3, any\), got shape \(4, 5\)"),
        (lambda: forward(NET, X6[0]), r"X must have 2 dimension\(s\)"),
        (lambda: forward(NET, X6[:0]), "X must have at least 1 element"),
        (lambda: forward(NET, X6 * np.nan), "X must be finite"),
        (lambda: forward((*NET[:2], NET[2].T, NET[3]), X6), r"W2 must have shape \(5, any\)"),
        (lambda: forward((NET[0], NET[3], *NET[2:]), X6), r"b1 must have shape \(5\)"),
        (lambda: forward((*NET[:3], NET[1]), X6), r"b2 must have shape \(3\)"),
        (lambda: forward(NET, X6, activation="swish"), "activation must be one of"),
        (lambda: predict(NET, X6, activation="swish"), "activation must be one of"),
        (lambda: backpropagate(NET, X6, Y6, activation="swish"), "activation must be one of"),
        (lambda: backpropagate(NET, X6, Y6 + 1), "classes from 0 to 2, got 3 at index 2"),
        (lambda: backpropagate(NET, X6, Y6 - 1), "classes from 0 to 2, got -1 at index 0"),
        (lambda: network_loss(NET, X6, Y6 * 2), "classes from 0 to 2, got 4 at index 2"),
        (lambda: network_loss(NET, X6, Y6 * 1.0), "whole numbers, got an array of float64"),
        (lambda: network_loss(NET, X6, Y6[:5]), r"shape \(6,\), one label a row of X, got \(5,\)"),
        (lambda: dense(X6, NET[2], NET[3]), r"A must have shape \(any, 5\), got shape \(6, 4\)"),
        (lambda: dense(X6, NET[0], NET[3]), r"b must have shape \(5\)"),
        (lambda: dense(X6, NET[1], NET[1]), r"W must have 2 dimension\(s\)"),
        (lambda: dense_vjp(X6, X6, NET[0], NET[1]), r"upstream must have shape \(6, 5\)"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
