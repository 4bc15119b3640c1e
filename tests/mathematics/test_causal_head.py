"""A reader of one causal head: its gradients, its start, and what it may not see."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.mathematics import causal_head as model
from helpers.mathematics.numdiff import check_gradient, check_vjp


def a_reader(rng, m=5, n=4, d=3, d_k=2):
    """A reader whose logits are not all 0, so that every gradient is something."""
    start = model.start_reader(m, n, rng, d=d, d_k=d_k)
    return start._replace(U=rng.standard_normal(start.U.shape))


def plain_loss(E, P, W_Q, W_K, W_V, W_O, U, tokens):
    """The model once more, for autograd, one window at a time."""
    total, n = 0.0, tokens.shape[1] - 1
    future = np.triu(np.full((n, n), -1e9), 1)
    for window in tokens:
        X = E[window[:-1]] + P[:n]
        Z = anp.dot(anp.dot(X, W_Q), anp.dot(X, W_K).T) / anp.sqrt(W_Q.shape[1]) + future
        A = anp.exp(Z) / anp.sum(anp.exp(Z), axis=1, keepdims=True)
        H = X + anp.dot(anp.dot(A, anp.dot(X, W_V)), W_O)
        powers = anp.exp(anp.dot(H, U))
        shares = powers / anp.sum(powers, axis=1, keepdims=True)
        total = total - anp.sum(anp.log(shares[np.arange(n), window[1:]]))
    return total / (n * len(tokens))


@pytest.mark.parametrize("n", [4, 2])
def test_loss_and_gradients_match_autograd(n, rng):
    reader = a_reader(rng)
    tokens = np.array([[0, 2, 2, 4, 1], [3, 3, 0, 1, 3], [4, 0, 2, 0, 0]])[:, : n + 1]
    loss, gradients = model.reader_gradients(reader, tokens)
    np.testing.assert_allclose(loss, plain_loss(*reader, tokens), rtol=1e-12)
    assert model.reader_loss(reader, tokens) == loss
    for k, mine in enumerate(gradients):
        expected = grad(plain_loss, k)(*reader, tokens)
        np.testing.assert_allclose(mine, expected, atol=1e-13)
    assert (gradients.P[n:] == 0).all()


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_gradients_match_finite_differences(seed):
    rng = np.random.default_rng(seed)
    reader, tokens = a_reader(rng), rng.integers(5, size=(2, 4))
    check_gradient(
        lambda *p: model.reader_loss(model.Reader(*p), tokens),
        lambda *p: tuple(model.reader_gradients(model.Reader(*p), tokens)[1]),
        *reader,
        rng=rng,
        names=model.Reader._fields,
        directions=2,
        rtol=1e-5,
    )


def test_embedding_reads_rows_and_gives_back_sums(rng):
    E = rng.standard_normal((4, 3))
    tokens = np.array([[2, 0, 2], [3, 2, 0]])
    np.testing.assert_array_equal(model.embed(E, tokens)[1, 1], E[2])
    check_vjp(
        lambda E: model.embed(E, tokens),
        lambda u, E: model.embed_vjp(u, E, tokens),
        E,
        rng=rng,
        names="E",
    )
    gradient = model.embed_vjp(np.ones((2, 3, 3)), E, tokens)
    np.testing.assert_array_equal(gradient[:, 0], [2, 0, 3, 1])


def test_the_start_foretells_all_letters_alike(rng):
    reader = model.start_reader(29, 16, rng)
    assert [W.shape for W in reader] == [
        (29, 24), (16, 24), (24, 8), (24, 8), (24, 8), (8, 24), (24, 29)
    ]  # fmt: skip
    tokens = rng.integers(29, size=(3, 17))
    assert model.reader_loss(reader, tokens) == pytest.approx(np.log(29), rel=1e-12)


def test_the_start_has_the_sizes_it_promises(rng):
    reader = model.start_reader(4_000, 3_000, rng, d=30, d_k=20)
    sizes = [0.5, 0.5, *[30**-0.5] * 3, 0.5 * 20**-0.5]
    for W, size in zip(reader[:6], sizes, strict=True):
        assert W.std() == pytest.approx(size, rel=0.08)
    assert model.start_reader(1, 1, rng, d=1, d_k=1).E.shape == (1, 1)


def test_the_start_is_drawn_in_a_fixed_order():
    """What a seed gives stays what it is: the notebook's numbers hang on it."""
    reader = model.start_reader(5, 4, np.random.default_rng(7), d=3, d_k=2)
    drawn = np.random.default_rng(7)
    np.testing.assert_array_equal(reader.E, 0.5 * drawn.standard_normal((5, 3)))
    np.testing.assert_array_equal(reader.P, 0.5 * drawn.standard_normal((4, 3)))
    for W in (reader.W_Q, reader.W_K, reader.W_V):
        np.testing.assert_allclose(W, drawn.standard_normal((3, 2)) / 3**0.5, rtol=1e-15)
    np.testing.assert_allclose(reader.W_O, 0.5 * drawn.standard_normal((2, 3)) / 2**0.5, rtol=1e-15)


def test_what_comes_later_is_not_seen(rng):
    reader = a_reader(rng)
    tokens = np.array([[0, 2, 1, 4, 1]])
    weights = model.reader_weights(reader, tokens)
    assert weights.shape == (1, 4, 4)
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    assert (np.triu(weights[0], 1) == 0).all()
    other = np.array([[0, 2, 3, 0, 0]])
    np.testing.assert_array_equal(model.reader_weights(reader, other)[0, :2], weights[0, :2])


RNG = np.random.default_rng(0)
READER = a_reader(RNG)
BAD = [
    (lambda: model.embed([1.0, 2.0], [0]), "E must have 2 dimension"),
    (lambda: model.embed(np.zeros((0, 2)), [0]), "E must have at least 1"),
    (lambda: model.embed(np.eye(2), [0.0]), "tokens must be whole numbers"),
    (lambda: model.embed(np.eye(2), [True]), "tokens must be whole numbers"),
    (lambda: model.embed(np.eye(2), []), "tokens must be whole numbers"),
    (lambda: model.embed(np.eye(2), np.zeros(0, dtype=int)), "tokens must be whole numbers"),
    (lambda: model.embed(np.eye(2), [0, 2]), "tokens must lie from 0 to 1, got 0 to 2"),
    (lambda: model.embed(np.eye(2), [0, -1]), "tokens must lie from 0 to 1, got -1 to 0"),
    (lambda: model.embed_vjp([[1.0]], np.eye(2), [0]), "upstream must have shape"),
    (lambda: model.embed_vjp([[1.0]], [1.0], [0]), "E must have 2 dimension"),
    (lambda: model.embed_vjp([[1.0]], np.zeros((0, 2)), [0]), "E must have at least 1"),
    (lambda: model.embed_vjp([[1.0, 1.0]], np.eye(2), [2]), "tokens must lie"),
    (lambda: model.start_reader(0, 1, RNG), "n_tokens must be at least 1"),
    (lambda: model.start_reader(1, 0, RNG), "n_positions must be at least 1"),
    (lambda: model.start_reader(1, 1, RNG, d=0), "d must be at least 1"),
    (lambda: model.start_reader(1, 1, RNG, d_k=0), "d_k must be at least 1"),
    (lambda: model.start_reader(1, 1, 0), "rng must be a numpy.random.Generator"),
    (lambda: model.reader_loss(tuple(READER), [[0, 1]]), "reader must be a Reader"),
    (lambda: model.reader_loss(READER, [0, 1]), r"tokens must have shape \(batch, 2 to 5\)"),
    (lambda: model.reader_loss(READER, [[0]]), "tokens must have shape"),
    (lambda: model.reader_loss(READER, [[0] * 6]), "tokens must have shape"),
    (lambda: model.reader_gradients(READER, [[0, 5]]), "tokens must lie from 0 to 4"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
