"""Every gradient written by hand in the book, derived once more by the engine in a few lines."""

import numpy as np
import pytest

from helpers.mathematics import activations, factorization, functions, objectives
from helpers.mathematics.attention import (
    causal_mask,
    multi_head_attention_vjp,
    scaled_dot_product_attention_vjp,
)
from helpers.mathematics.autodiff import grad, hvp, jacobian, jvp, value_and_grad, vjp
from helpers.mathematics.causal_head import Reader, embed_vjp, reader_gradients, start_reader
from helpers.mathematics.key_lookup import (
    LABEL_NOISE,
    READOUTS,
    draw_lookup,
    lookup_gradients,
    make_lookup_task,
    start_weights,
)
from helpers.mathematics.recommender import MatrixFactorization


def close(mine, theirs, rtol=1e-10):
    np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=rtol * (1 + np.abs(theirs).max()))


def softmax(z, where=None):
    powers = np.exp(z - np.max(z, axis=-1, keepdims=True))
    powers = powers if where is None else np.where(where, powers, 0.0)
    return powers / np.sum(powers, axis=-1, keepdims=True)


def attention(Q, K, V, mask=None):
    S = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])
    return softmax(S, mask) @ V


def split(X, h):
    return np.swapaxes(np.reshape(X, (*X.shape[:-1], h, X.shape[-1] // h)), -2, -3)


def merged(X):
    Y = np.swapaxes(X, -2, -3)
    return np.reshape(Y, (*Y.shape[:-2], Y.shape[-2] * Y.shape[-1]))


def many_heads(X, W_Q, W_K, W_V, W_O, h, mask, context):
    heads = attention(split(X @ W_Q, h), split(context @ W_K, h), split(context @ W_V, h), mask)
    return merged(heads) @ W_O


# --- chapter 1: functions of one variable -------------------------------------------------------


def test_functions_of_one_variable(rng):
    x = rng.normal(size=7)
    u = rng.normal(size=7)
    for f, slope in (
        (functions.cubic, functions.cubic_slope),
        (functions.bell, functions.bell_slope),
    ):
        close(vjp(f, x)[1](np.ones(7)), slope(x))
        close(jvp(f, x, u)[1], u * slope(x))
    close(vjp(lambda x: 1 / (1 + np.exp(-x)), x)[1](u), functions.logistic_vjp(u, x))


# --- chapter 6: losses to descend on ------------------------------------------------------------


def test_the_quadratic_its_gradient_and_its_hessian(rng):
    bowl = objectives.Quadratic.valley(30, degrees=25)
    theta, v = rng.normal(size=(2, 2))

    def loss(theta):
        away = theta - bowl.minimum
        return 0.5 * away @ bowl.curvature @ away

    close(grad(loss)(theta), bowl.gradient(theta))
    close(hvp(loss, theta, v), bowl.curvature @ v)


def test_least_squares_over_all_examples_and_over_a_batch(rng):
    X, y, theta = rng.normal(size=(20, 3)), rng.normal(size=20), rng.normal(size=3)
    model = objectives.LeastSquares(X, y)
    rows = np.array([3, 3, 17, 5])

    def loss(theta, rows):
        return 0.5 * np.mean((X[rows] @ theta - y[rows]) ** 2)

    close(grad(loss)(theta, np.arange(20)), model.gradient(theta))
    close(grad(loss)(theta, rows), model.batch_gradient(theta, rows))
    close(jacobian(lambda t: grad(loss)(t, np.arange(20)), theta), model.curvature)


@pytest.mark.parametrize("loss", [*(loss for loss, _ in objectives.SLOPE_TWO), objectives.PLATEAU],
                         ids=lambda loss: loss.formula)  # fmt: skip
def test_losses_of_one_parameter_and_their_second_derivatives(loss, rng):
    for t in rng.normal(size=5):
        close(grad(loss._value)(t), loss.gradient(t))
        close(grad(loss._gradient)(t), loss.second_derivative(t))
        close(grad(grad(loss._value))(t), loss.second_derivative(t))


def test_the_double_well(rng):
    def value(theta):
        return 0.5 * theta[0] ** 2 + 0.25 * (theta[1] ** 2 - 1) ** 2

    theta = rng.normal(size=2)
    close(grad(value)(theta), objectives.DoubleWell().gradient(theta))
    close(jacobian(grad(value), theta, mode="reverse"), objectives.DoubleWell().hessian(theta))


# --- chapter 12: the recommender ----------------------------------------------------------------


def test_the_rating_and_the_loss_of_the_recommender(rng):
    m, n, k = 4, 5, 3
    users, items = np.array([0, 3, 3, 1, 2, 0]), np.array([4, 0, 2, 2, 1, 4])
    ratings = rng.uniform(1, 5, 6)
    parameters = factorization.Parameters(
        rng.normal(size=m), rng.normal(size=n), rng.normal(size=(m, k)), rng.normal(size=(n, k))
    )

    def rating(p):
        b, c, P, Q = p
        return 3.5 + b[users] + c[items] + np.sum(P[users] * Q[items], axis=-1)

    u = rng.normal(size=6)
    theirs = factorization.rating_vjp(u, parameters, users, items)
    for mine, other in zip(vjp(rating, parameters)[1](u), theirs, strict=True):
        close(mine, other)

    for per in ("parameter", "rating"):
        model = MatrixFactorization(
            m, n, k, rng=rng, penalty=0.7, bias_penalty=0.3, penalty_per=per
        )
        model.mu, model.parameters = 3.5, parameters
        charges = model._charges(users, items)

        def loss(p, charges=charges):
            penalty = sum(0.5 * np.sum(c * q**2) for c, q in zip(charges, p, strict=True))
            return 0.5 * np.sum((ratings - rating(p)) ** 2) + penalty

        value, mine = value_and_grad(loss)(parameters)
        close(value, model.loss(users, items, ratings))
        for a, b in zip(mine, model.gradient(users, items, ratings), strict=True):
            close(a, b)


# --- chapter 13: attention ----------------------------------------------------------------------


def test_the_softmax_and_its_logarithm(rng):
    z, u = rng.normal(size=(2, 3, 5))
    mask = rng.random((3, 5)) < 0.7
    mask[:, 0] = True
    close(vjp(softmax, z)[1](u), activations.softmax_vjp(u, z))
    close(vjp(lambda z: softmax(z, mask), z)[1](u), activations.softmax_vjp(u, z, where=mask))
    close(vjp(lambda z: np.log(softmax(z)), z)[1](u), activations.log_softmax_vjp(u, z))
    close(jacobian(softmax, z[0]), activations.softmax_jacobian(z[0]))


def test_attention_whose_keys_are_shared_by_a_batch(rng):
    Q, K, V = rng.normal(size=(2, 4, 3)), rng.normal(size=(5, 3)), rng.normal(size=(2, 5, 2))
    u, mask = rng.normal(size=(2, 4, 2)), rng.random((4, 5)) < 0.8
    mask[:, 0] = True
    _, pull = vjp(lambda p: attention(*p, mask), (Q, K, V))
    for mine, theirs in zip(
        pull(u), scaled_dot_product_attention_vjp(u, Q, K, V, mask=mask), strict=True
    ):
        close(mine, theirs)


@pytest.mark.parametrize("crossed", [False, True])
def test_attention_with_heads(crossed, rng):
    X, context = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 4, 5))
    d = 5 if crossed else 6
    matrices = tuple(rng.normal(size=s) for s in ((6, 4), (d, 4), (d, 8), (8, 3)))
    u, mask = rng.normal(size=(2, 4, 3)), causal_mask(4)

    def output(p):
        X, context, *W = p
        return many_heads(X, *W, 2, mask, context if crossed else X)

    mine = vjp(output, (X, context, *matrices))[1](u)
    theirs = multi_head_attention_vjp(
        u, X, *matrices, n_heads=2, mask=mask, context=context if crossed else None
    )
    close(mine[0], theirs.X)
    if crossed:
        close(mine[1], theirs.context)
    for a, b in zip(mine[2:], theirs[1:5], strict=True):
        close(a, b)


def test_the_reader_of_one_causal_head(rng):
    tokens = rng.integers(7, size=(3, 6))
    start = start_reader(7, 8, rng, d=4, d_k=3)
    reader = Reader(*(a + 0.3 * rng.normal(size=a.shape) for a in start))
    before, after = tokens[:, :-1], tokens[:, 1:]

    def loss(p):
        X = p.E[before] + p.P[:5]
        H = X + many_heads(X, p.W_Q, p.W_K, p.W_V, p.W_O, 1, causal_mask(5), X)
        wanted = np.eye(7)[after]
        return -np.sum(wanted * np.log(softmax(H @ p.U))) / after.size

    value, mine = value_and_grad(loss)(reader)
    wanted, theirs = reader_gradients(reader, tokens)
    close(value, wanted)
    for a, b in zip(mine, theirs, strict=True):
        close(a, b)
    u = rng.normal(size=(3, 5, 4))
    close(vjp(lambda E: E[before], reader.E)[1](u), embed_vjp(u, reader.E, before))


@pytest.mark.parametrize("readout", READOUTS)
def test_the_learned_look_up(readout, rng):
    task = make_lookup_task(rng, n_items=5, n_classes=3, d=4)
    batch = draw_lookup(task, 6, rng)
    start = start_weights(task, 2, 2, rng)
    weights = type(start)(*(W + 0.2 * rng.normal(size=W.shape) for W in start))
    rows = np.arange(6)

    def loss(p):
        keys = np.swapaxes(batch.keys[:, None] @ p.W_K, -1, -2)  # (B, runs, d_k, n)
        scores = 0.4 * (batch.queries[:, None, None] @ p.W_Q) @ keys
        vote = (softmax(scores) @ batch.values[:, None])[:, :, 0]  # (B, runs, C)
        share = (1 - LABEL_NOISE) * vote + LABEL_NOISE / 3
        if readout == "logits":
            share = softmax((vote[:, :, None] @ p.W_V)[:, :, 0])
        return -np.sum(np.log(share)[rows, :, batch.targets]) / 6

    value, mine = value_and_grad(loss)(weights)
    wanted, theirs = lookup_gradients(weights, batch, scale=0.4, readout=readout)
    close(value, wanted.sum())
    for a, b in zip(mine, theirs, strict=True):
        close(a, b)
