"""The runs that the chapter's figures show."""

import numpy as np
import pytest

from helpers.chapters.attention import experiments
from helpers.data.inaugural import LETTERS, speeches
from helpers.mathematics import key_lookup as lookup
from helpers.mathematics.causal_head import reader_loss

RATES = np.array([0.003, 0.03, 0.3, 3.0])


@pytest.fixture(scope="module")
def task():
    return lookup.make_lookup_task(np.random.default_rng(0))


def trained(task, d_k=16, rates=RATES, **options):
    options = {"scaled": True, "steps": 20, "rng": np.random.default_rng(5)} | options
    return experiments.train_lookup(task, d_k, rates, **options)


# --- saturation ---------------------------------------------------------------------------------


def test_saturation_reports_the_median_norm_and_the_share_of_hard_rows(rng):
    hard = experiments.saturation(512, 10, rng, scaled=False, rows=20_000)
    assert hard.norm == pytest.approx(1.8e-4, rel=0.2)
    assert hard.share == pytest.approx(0.72, abs=0.015)
    soft = experiments.saturation(512, 10, rng, scaled=True, rows=5_000)
    assert soft.norm == pytest.approx(0.347, abs=0.01)
    assert soft.share == 0


# --- the look-up --------------------------------------------------------------------------------


def test_each_run_is_trained_as_if_it_were_alone(task):
    together, alone = trained(task), trained(task, rates=RATES[2:3])
    np.testing.assert_allclose(together.losses[:, 2], alone.losses[:, 0], rtol=1e-9)
    assert together.accuracy[2] == alone.accuracy[0]


@pytest.mark.parametrize("readout", lookup.READOUTS)
def test_a_step_is_one_of_gradient_descent(task, readout):
    run = trained(task, rates=[0.5], steps=1, batch_size=7, readout=readout)
    start_rng, data_rng, test_rng = np.random.default_rng(5).spawn(3)
    weights = lookup.start_weights(task, 16, 1, start_rng)
    test = lookup.draw_lookup(task, 1000, test_rng)
    batch = lookup.draw_lookup(task, 7, data_rng)
    _, gradients = lookup.lookup_gradients(weights, batch, scale=0.25, readout=readout)
    moved = (W - 0.5 * dW for W, dW in zip(weights, gradients, strict=True))
    for at, state in enumerate((weights, lookup.LookupWeights(*moved))):
        loss, accuracy = lookup.lookup_loss(state, test, scale=0.25, readout=readout)
        np.testing.assert_allclose(run.losses[at], loss, rtol=1e-9)
    np.testing.assert_allclose(run.accuracy, accuracy)


def test_losses_are_recorded_at_the_start_on_the_way_and_at_the_end(task):
    run = trained(task, steps=32)
    np.testing.assert_array_equal(run.steps, [*range(0, 31, 2), 32])
    assert run.losses.shape == (17, 4)


def test_a_run_that_blows_up_is_stopped_and_said(task):
    run = trained(task, rates=[0.1, 1e9], scaled=False, steps=10)
    assert run.diverged_at[0] == -1
    assert run.diverged_at[1] > 0
    assert all(np.isfinite(array).all() for array in run)


def test_unscaled_attention_learns_at_a_smaller_rate(task):
    """ "The attention mechanism cannot learn" would need an accuracy of guessing."""
    scaled, unscaled = (
        trained(task, d_k=64, rates=[0.003, 0.3], scaled=s, steps=300) for s in (True, False)
    )
    assert unscaled.accuracy[1] > 0.95
    assert scaled.accuracy[1] > 0.97
    assert unscaled.accuracy[0] > 0.85 > 0.6 > scaled.accuracy[0]
    assert (unscaled.losses[0] > 3 * scaled.losses[0]).all()


def test_looking_at_all_keys_alike_is_a_head_count(task):
    loss, accuracy = experiments.uniform_lookup(task)
    weights = lookup.start_weights(task, 1, 1, np.random.default_rng(0))
    weights = weights._replace(W_Q=np.zeros_like(weights.W_Q))
    batch = lookup.draw_lookup(task, 20_000, np.random.default_rng(1))
    by_model = lookup.lookup_loss(weights, batch, scale=1.0)
    assert loss == pytest.approx(by_model[0][0], abs=0.01)
    assert accuracy == pytest.approx(by_model[1][0], abs=0.012)
    # Two keys, two labels: alike half of the time (loss 0), else a vote of one half.
    two = lookup.make_lookup_task(np.random.default_rng(0), n_items=2, n_classes=2)
    np.testing.assert_allclose(experiments.uniform_lookup(two), (np.log(2) / 2, 0.75))


# --- the head that reads ------------------------------------------------------------------------


def test_windows_foretell_each_letter_once():
    rows = experiments.windows(np.arange(23), 5)
    np.testing.assert_array_equal(rows[:, 0], [0, 5, 10, 15])
    np.testing.assert_array_equal(rows[:, 1:].ravel(), np.arange(1, 21))


def test_a_reader_starts_at_the_loss_of_guessing_and_learns(rng):
    run = experiments.train_reader(rng, steps=120)
    assert run.losses[0] == pytest.approx(np.log(len(LETTERS)))
    assert run.losses[-1] < 2.6
    held_out = experiments.windows(speeches()[1])
    for k in (0, 30, -1):
        assert run.losses[k] == reader_loss(run.readers[k], held_out)
    assert run.steps[[0, 1, -1]].tolist() == [0, 2, 120]


def test_without_its_head_a_reader_never_looks_back(rng):
    run = experiments.train_reader(rng, steps=20, head=False)
    first, last = run.readers[0], run.readers[-1]
    assert (last.W_O == 0).all()
    np.testing.assert_array_equal(first.W_V, last.W_V)
    assert np.abs(first.E - last.E).max() > 1e-3
    rows = experiments.windows(speeches()[1])[:2].copy()
    before = reader_loss(last, rows[:, 3:])
    assert before != reader_loss(last, rows[:, 2:-1])


def test_the_learning_rate_falls_to_0(rng):
    run = experiments.train_reader(rng, steps=60)
    moves = [
        max(np.abs(a - b).max() for a, b in zip(run.readers[k], run.readers[k + 1], strict=True))
        for k in (0, 58, 59)
    ]
    assert moves[0] > 5 * moves[1] > 5 * moves[2]


def test_counting_by_hand():
    a, b = LETTERS.index("a"), LETTERS.index("b")
    learned = np.array([a, b, a, b, a, a])
    losses = experiments.count_losses(learned, np.array([b, a, b]), strengths=(1,))
    m = len(LETTERS)
    single = {a: 5 / (6 + m), b: 3 / (6 + m)}
    pair = (2 + single[b]) / (3 + 1)  # a, then b: two of the three times that a was followed
    three = (1 + pair) / (2 + 1)  # b, a, then b: once of two
    np.testing.assert_allclose(losses, -np.log([single[b], pair, three]))


BAD = [
    (lambda t: trained(t, rates=[-0.1]), "learning_rates must be greater than 0"),
    (lambda t: trained(t, rates=[np.nan]), "learning_rates must be finite"),
    (lambda t: trained(t, rates=[]), "learning_rates must have at least 1"),
    (lambda t: trained(t, readout="x"), "readout must be one of"),
    (lambda t: trained(t, steps=0), "steps must be at least 1"),
    (lambda t: trained(t, d_k=0), "d_k must be at least 1"),
    (lambda t: trained(t, batch_size=0), "batch_size must be at least 1"),
    (lambda t: trained(t, rng=0), "rng must be a numpy.random.Generator"),
    (lambda t: experiments.train_reader(0), "rng must be a numpy.random.Generator"),
    (lambda t: experiments.train_reader(np.random.default_rng(0), steps=0), "steps must be"),
    (lambda t: experiments.train_reader(np.random.default_rng(0), learning_rate=0.0),
     "learning_rate must be greater than 0"),
    (lambda t: experiments.train_reader(np.random.default_rng(0), batch_size=0),
     "batch_size must be"),
    (lambda t: experiments.saturation(2, 0, np.random.default_rng(0), scaled=True),
     "n_keys must be at least 1"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message, task):
    with pytest.raises(ValueError, match=message):
        call(task)
