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

RATES = np.array([0.003, 0.03, 0.3, 3.0])


@pytest.fixture(scope="module")
def task():
    return lookup.make_lookup_task(np.random.default_rng(0))


@pytest.fixture(scope="module")
def trained(task):
    return {
        (d_k, scaled, readout): lookup.train_lookup(
            task, d_k, RATES, scaled=scaled, readout=readout, rng=np.random.default_rng(1)
        )
        for d_k, readout in ((64, "vote"), (512, "vote"), (64, "logits"))
        for scaled in (True, False)
    }


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


def test_each_run_is_trained_as_if_it_were_alone(task):
    together = lookup.train_lookup(
        task, 16, RATES, scaled=True, rng=np.random.default_rng(5), steps=20
    )
    alone = lookup.train_lookup(
        task, 16, RATES[2:3], scaled=True, rng=np.random.default_rng(5), steps=20
    )
    np.testing.assert_allclose(together.loss[2], alone.loss[0], rtol=1e-9)
    np.testing.assert_allclose(together.curve[2], alone.curve[0], rtol=1e-9)


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


@pytest.mark.parametrize("readout", lookup.READOUTS)
def test_unscaled_attention_can_learn(trained, readout):
    """The claim "the attention mechanism cannot learn" would need an accuracy of chance, 25 %."""
    unscaled = trained[64, False, readout]
    assert unscaled.accuracy.max() > 0.95
    assert trained[64, True, readout].accuracy.max() > 0.97


def test_unscaled_attention_can_learn_at_512(trained):
    assert trained[512, False, "vote"].accuracy.max() > 0.95


def test_what_scaling_buys_is_a_range_of_learning_rates_further_up(trained):
    scaled, unscaled = trained[512, True, "vote"], trained[512, False, "vote"]
    by_rate = dict(zip(RATES, zip(scaled.accuracy, unscaled.accuracy, strict=True), strict=True))
    assert by_rate[3.0][0] > 0.98
    assert by_rate[3.0][1] < 0.9
    # … and honesty: at a small learning rate the unscaled runs are ahead.
    assert by_rate[0.003][0] < 0.6
    assert by_rate[0.003][1] > 0.9
    assert (unscaled.start_loss > 3 * scaled.start_loss).all()


def test_a_run_that_blows_up_is_stopped_and_said(task):
    runs = lookup.train_lookup(
        task, 16, [0.1, 1e9], scaled=False, rng=np.random.default_rng(1), steps=10
    )
    assert runs.stopped_at[0] == -1
    assert runs.stopped_at[1] >= 0
    for array in runs:
        assert np.isfinite(array).all()


def test_curve_is_the_mean_between_records(task):
    runs = lookup.train_lookup(task, 16, [0.1], scaled=True, rng=np.random.default_rng(1), steps=95)
    assert runs.curve.shape == (1, len(runs.steps))
    assert runs.curve[0, 0] == pytest.approx(runs.start_loss[0], abs=0.3)
    assert (np.diff(runs.steps) > 0).all()


RNG = np.random.default_rng(0)
BAD = [
    (lambda t: lookup.make_lookup_task(0), "rng must be"),
    (lambda t: lookup.make_lookup_task(RNG, n_items=0), "n_items must be at least 1"),
    (lambda t: lookup.make_lookup_task(RNG, n_classes=1), "n_classes must be at least 2"),
    (lambda t: lookup.make_lookup_task(RNG, noise=-1.0), "noise must be at least 0"),
    (lambda t: lookup.draw_lookup(t, 0, RNG), "n_examples must be at least 1"),
    (lambda t: lookup.start_weights(t, 0, 1, RNG), "d_k must be at least 1"),
    (lambda t: lookup.start_weights(t, 1, 1, RNG, gain=0.0), "gain must be greater"),
    (lambda t: lookup.train_lookup(t, 4, [-0.1], scaled=True, rng=RNG), "learning_rates must be"),
    (lambda t: lookup.train_lookup(t, 4, [np.nan], scaled=True, rng=RNG), "learning_rates must"),
    (lambda t: lookup.train_lookup(t, 4, [], scaled=True, rng=RNG), "learning_rates must have"),
    (lambda t: lookup.train_lookup(t, 4, [1.0], scaled=True, rng=RNG, readout="x"), "readout must"),
    (lambda t: lookup.train_lookup(t, 4, [1.0], scaled=True, rng=RNG, steps=0), "steps must be"),
    (lambda t: lookup.lookup_loss(None, None, scale=1.0), "weights and batch must be"),
    (lambda t: lookup.lookup_loss(lookup.start_weights(t, 2, 1, RNG)._replace(W_K=np.ones((1, 2))),
                                  lookup.draw_lookup(t, 2, RNG), scale=1.0), "W_K must have shape"),
    (lambda t: lookup.lookup_gradients(lookup.start_weights(t, 2, 1, RNG),
                                       lookup.draw_lookup(t, 2, RNG), scale=0.0), "scale must be"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message, task):
    with pytest.raises(ValueError, match=message):
        call(task)
