"""The learned key look-up: its gradients, and what scaling changes about learning it."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.mathematics import key_lookup as lookup
from helpers.mathematics.attention import (
    multi_head_attention,
    multi_head_attention_vjp,
)
from helpers.mathematics.numdiff import check_gradient


@pytest.fixture(scope="module")
def task():
    return lookup.make_lookup_task(np.random.default_rng(0))


@settings(deadline=None, max_examples=15)
@example(336, "vote", 0.3)
@given(st.integers(0, 2**32 - 1), st.sampled_from(lookup.READOUTS), st.sampled_from([0.3, 1.0]))
def test_gradients_match_finite_differences(seed, readout, scale):
    rng = np.random.default_rng(seed)
    task = lookup.make_lookup_task(rng, n_items=3, n_classes=2, d=3)
    batch = lookup.draw_lookup(task, 4, rng)
    start = lookup.start_weights(task, 2, 2, rng, gain=1.0)
    arrays = [W + 0.1 * rng.standard_normal(W.shape) for W in start]

    def f(*arrays):
        weights = lookup.LookupWeights(*arrays)
        return lookup.lookup_loss(weights, batch, scale=scale, readout=readout)[0].sum()

    def gradient(*arrays):
        weights = lookup.LookupWeights(*arrays)
        return tuple(lookup.lookup_gradients(weights, batch, scale=scale, readout=readout)[1])

    # Where every key carries the right label the loss is -log of 1, and its gradient rounding.
    names = ("W_Q", "W_K", "W_V")
    check_gradient(f, gradient, *arrays, rng=rng, names=names, directions=2, rtol=1e-5, atol=1e-11)


def test_the_short_cut_through_M_gives_the_gradients_of_an_attention_layer(task):
    """W_Q Wᵀ_K formed first is the same model as queries q W_Q against keys k W_K."""
    rng = np.random.default_rng(3)
    d_k, B = 8, 5
    batch = lookup.draw_lookup(task, B, rng)
    weights = lookup.start_weights(task, d_k, 1, rng)
    loss, gradients = lookup.lookup_gradients(weights, batch, scale=1 / np.sqrt(d_k))

    d, C = batch.keys.shape[-1], batch.values.shape[-1]
    context = np.concatenate([batch.keys, batch.values], axis=-1)
    W_K = np.concatenate([weights.W_K[0], np.zeros((C, d_k))])
    W_V = np.concatenate([np.zeros((d, C)), np.eye(C)])
    X = batch.queries[:, None, :]
    vote, _ = multi_head_attention(X, weights.W_Q[0], W_K, W_V, context=context)
    right = vote[np.arange(B), 0, batch.targets]
    np.testing.assert_allclose(loss, -np.log(right).mean(), rtol=1e-4)
    upstream = np.zeros_like(vote)
    upstream[np.arange(B), 0, batch.targets] = -1 / right / B
    layer = multi_head_attention_vjp(upstream, X, weights.W_Q[0], W_K, W_V, context=context)
    np.testing.assert_allclose(gradients.W_Q[0], layer.W_Q, rtol=2e-4, atol=1e-7)
    np.testing.assert_allclose(gradients.W_K[0], layer.W_K[:d], rtol=2e-4, atol=1e-7)


def test_the_query_is_the_rotated_key(task):
    quiet = task._replace(noise=0.0)
    batch = lookup.draw_lookup(quiet, 200, np.random.default_rng(2))
    match = np.einsum("bi,ij,bnj->bn", batch.queries, task.rotation.T, batch.keys)
    match -= 0.5 * (batch.keys**2).sum(axis=-1)  # nearest key, not largest product
    found = batch.values[np.arange(200), match.argmax(axis=1)].argmax(axis=1)
    np.testing.assert_array_equal(found, batch.targets)


def test_the_start_costs_5_without_scaling_and_1_4_with(task):
    """The mean over six tasks at d_k = 64; the loss of a guess among 4 labels is ln 4 = 1.39."""
    start = {}
    for scale in (1 / 8, 1.0):
        losses = []
        for seed in range(6):
            rng = np.random.default_rng(seed)
            task = lookup.make_lookup_task(rng)
            weights = lookup.start_weights(task, 64, 1, rng)
            batch = lookup.draw_lookup(task, 2000, rng)
            losses.append(lookup.lookup_loss(weights, batch, scale=scale)[0][0])
        start[scale] = np.mean(losses)
    assert start[1 / 8] == pytest.approx(1.4, abs=0.1)
    assert start[1.0] == pytest.approx(5.0, abs=0.4)


def test_the_vote_and_its_noise_by_hand():
    """Two keys of which one is right, scores 0 and log 3: a share of 1/4, less the label noise."""
    task = lookup.LookupTask(n_items=2, n_classes=2, noise=0.0, rotation=np.eye(1))
    one = np.ones((1, 1, 1))
    weights = lookup.LookupWeights(one, one, 2 * np.eye(2)[None])
    batch = lookup.LookupBatch(
        np.ones((1, 1)), np.array([[[0.0], [np.log(3)]]]), np.eye(2)[None], np.array([0])
    )
    assert len(task.rotation) == 1
    loss, accuracy = lookup.lookup_loss(weights, batch, scale=1.0)
    noise = lookup.LABEL_NOISE
    np.testing.assert_allclose(loss, -np.log((1 - noise) / 4 + noise / 2), rtol=1e-14)
    assert accuracy == 0
    loss, _ = lookup.lookup_loss(weights, batch, scale=1.0, readout="logits")
    np.testing.assert_allclose(loss, np.log(1 + np.exp(1.5 - 0.5)), rtol=1e-12)
    far = batch._replace(keys=np.array([[[0.0], [1e3]]]))
    loss, _ = lookup.lookup_loss(weights, far, scale=1.0)
    np.testing.assert_allclose(loss, -np.log(noise / 2), rtol=1e-12)
    # Without the noise the gradient would be −1 to the right score; with it, it is 0.
    _, gradients = lookup.lookup_gradients(weights, far, scale=1.0)
    assert (gradients.W_Q == 0).all()


def test_queries_and_keys_have_components_of_variance_1(task):
    for noise in (0.0, 2.0):
        batch = lookup.draw_lookup(task._replace(noise=noise), 4000, np.random.default_rng(3))
        assert batch.queries.var() == pytest.approx(1, rel=0.03)
        assert batch.keys.var() == pytest.approx(1, rel=0.03)
    start = lookup.start_weights(task, 512, 2, np.random.default_rng(4), gain=3.0)
    assert start.W_Q.var() == pytest.approx(1 / 16, rel=0.05)
    np.testing.assert_array_equal(start.W_Q[0], start.W_Q[1])
    np.testing.assert_array_equal(start.W_V[1], 3 * np.eye(4))
    default = lookup.start_weights(task, 2, 1, np.random.default_rng(4))
    np.testing.assert_array_equal(default.W_V[0], 5 * np.eye(4))


def test_starts_and_examples_are_drawn_in_a_fixed_order(task):
    """What a seed gives stays what it is: the notebook's numbers hang on it."""
    start, drawn = (
        lookup.start_weights(task, 3, 2, np.random.default_rng(7)),
        np.random.default_rng(7),
    )
    for W in (start.W_Q, start.W_K):
        np.testing.assert_allclose(W[1], drawn.standard_normal((16, 3)) / 4, rtol=1e-15)
    batch, drawn = lookup.draw_lookup(task, 6, np.random.default_rng(8)), np.random.default_rng(8)
    keys = drawn.standard_normal((6, 10, 16))
    labels, chosen = drawn.integers(4, size=(6, 10)), drawn.integers(10, size=6)
    np.testing.assert_array_equal(batch.keys, keys)
    np.testing.assert_array_equal(batch.values.argmax(axis=-1), labels)
    np.testing.assert_array_equal(batch.targets, labels[range(6), chosen])
    noisy = keys[range(6), chosen] @ task.rotation + 0.3 * drawn.standard_normal((6, 16))
    np.testing.assert_allclose(batch.queries, noisy / np.sqrt(1.09), rtol=1e-12)


def test_a_task_has_the_sizes_it_promises(task):
    assert (task.n_items, task.n_classes, task.noise) == (10, 4, 0.3)
    np.testing.assert_allclose(task.rotation @ task.rotation.T, np.eye(16), atol=1e-12)
    batch = lookup.draw_lookup(task, 3, np.random.default_rng(0))
    assert [a.shape for a in batch] == [(3, 16), (3, 10, 16), (3, 10, 4), (3,)]
    small = lookup.make_lookup_task(np.random.default_rng(0), n_items=1, n_classes=2, d=1)
    assert lookup.draw_lookup(small, 1, np.random.default_rng(0)).keys.shape == (1, 1, 1)


@pytest.mark.parametrize("readout", lookup.READOUTS)
def test_loss_and_accuracy_are_those_of_each_run(task, readout):
    rng = np.random.default_rng(9)
    batch = lookup.draw_lookup(task, 7, rng)
    runs = [lookup.start_weights(task, 4, 1, rng) for _ in range(3)]
    together = lookup.LookupWeights(*(np.concatenate(W) for W in zip(*runs, strict=True)))
    loss, accuracy = lookup.lookup_loss(together, batch, scale=0.5, readout=readout)
    alone = [lookup.lookup_loss(W, batch, scale=0.5, readout=readout) for W in runs]
    np.testing.assert_allclose(loss, [a[0][0] for a in alone], rtol=1e-12)
    np.testing.assert_allclose(accuracy, [a[1][0] for a in alone], rtol=1e-12)


def test_the_label_noise_is_in_the_gradient():
    """d/dθ of −log((1 − ε) σ(θ) + ε/2) with right key 1 and wrong key 0, in closed form."""
    one, eps, theta = np.ones((1, 1, 1)), lookup.LABEL_NOISE, 0.7
    weights = lookup.LookupWeights(theta * one, one, np.eye(2)[None])
    batch = lookup.LookupBatch(
        np.ones((1, 1)), np.array([[[1.0], [0.0]]]), np.eye(2)[None], np.array([0])
    )
    _, gradients = lookup.lookup_gradients(weights, batch, scale=1.0)
    s = 1 / (1 + np.exp(-theta))
    expected = -(1 - eps) * s * (1 - s) / ((1 - eps) * s + eps / 2)
    np.testing.assert_allclose(gradients.W_Q, expected, rtol=1e-11)


def test_the_vote_leaves_the_read_out_alone(task):
    rng = np.random.default_rng(6)
    weights, batch = lookup.start_weights(task, 4, 2, rng), lookup.draw_lookup(task, 5, rng)
    _, gradients = lookup.lookup_gradients(weights, batch, scale=0.5)
    assert (gradients.W_V == 0).all()
    assert gradients.W_V.shape == (2, 4, 4)


RNG = np.random.default_rng(0)
BAD = [
    (lambda t: lookup.make_lookup_task(0), "rng must be"),
    (lambda t: lookup.make_lookup_task(RNG, n_items=0), "n_items must be at least 1"),
    (lambda t: lookup.make_lookup_task(RNG, n_classes=1), "n_classes must be at least 2"),
    (lambda t: lookup.make_lookup_task(RNG, noise=-1.0), "noise must be at least 0"),
    (lambda t: lookup.draw_lookup(t, 0, RNG), "n_examples must be at least 1"),
    (lambda t: lookup.start_weights(t, 0, 1, RNG), "d_k must be at least 1"),
    (lambda t: lookup.start_weights(t, 1, 1, RNG, gain=0.0), "gain must be greater"),
    (lambda t: lookup.lookup_loss(None, None, scale=1.0), "weights and batch must be"),
    (lambda t: lookup.lookup_loss(None, lookup.draw_lookup(t, 2, RNG), scale=1.0),
     "weights and batch must be"),
    (lambda t: lookup.lookup_loss(lookup.start_weights(t, 2, 1, RNG), None, scale=1.0),
     "weights and batch must be"),
    (lambda t: lookup.lookup_loss(lookup.start_weights(t, 2, 1, RNG),
                                  lookup.draw_lookup(t, 2, RNG), scale=1.0, readout="x"),
     "readout must be one of"),
    (lambda t: lookup.lookup_loss(lookup.start_weights(t, 2, 1, RNG)._replace(W_Q=np.ones((1, 2))),
                                  lookup.draw_lookup(t, 2, RNG), scale=1.0), "W_Q must have shape"),
    (lambda t: lookup.lookup_loss(lookup.start_weights(t, 2, 1, RNG)._replace(W_V=np.ones((1, 2))),
                                  lookup.draw_lookup(t, 2, RNG), scale=1.0), "W_V must have shape"),
    (lambda t: lookup.make_lookup_task(RNG, d=0), "d must be at least 1"),
    (lambda t: lookup.start_weights(t, 1, 0, RNG), "n_runs must be at least 1"),
    (lambda t: lookup.lookup_loss(lookup.start_weights(t, 2, 1, RNG)._replace(W_K=np.ones((1, 2))),
                                  lookup.draw_lookup(t, 2, RNG), scale=1.0), "W_K must have shape"),
    (lambda t: lookup.lookup_gradients(lookup.start_weights(t, 2, 1, RNG),
                                       lookup.draw_lookup(t, 2, RNG), scale=0.0), "scale must be"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message, task):
    with pytest.raises(ValueError, match=message):
        call(task)
