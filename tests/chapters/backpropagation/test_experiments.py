"""What the runs behind the figures give, and what they refuse."""

import numpy as np
import pytest

from helpers.chapters.backpropagation import experiments
from helpers.chapters.backpropagation.experiments import Recipe, deep_start, learn_digits
from helpers.mathematics.network import network_loss, predict
from helpers.mathematics.numdiff import numerical_gradient

SHORT = Recipe((8,), 0.5, 0.1, 30, 16)


def test_the_small_network_has_the_slopes_of_its_loss():
    for weight, x, y in ((1.0, 1.0, 1.0), (-2.0, 0.5, 0.0), (2.5, -1.5, 0.5)):
        net = experiments.small_network(weight, x, y)
        slopes = numerical_gradient(
            lambda p, y=y: experiments.small_network(p[0], p[1], y).loss, np.array([weight, x])
        )
        assert slopes == pytest.approx([net.into_hidden[0][0], net.inputs[0]], rel=1e-7)
        assert net.inputs == pytest.approx([sum(pair) for pair in net.paths])
        assert net.x == (x, experiments.SECOND_INPUT)
        assert net.loss == pytest.approx((net.output - y) ** 2 / 2)


def test_a_deep_start_scales_with_the_weights():
    """ReLU layers without biases: g times the weights make g times the outputs, layer by layer."""
    one, two = deep_start(5, "ReLU", 1.0, 3), deep_start(5, "ReLU", 2.0, 3)
    np.testing.assert_allclose(two.outputs / one.outputs, 2.0 ** np.arange(1, 5), rtol=1e-12)
    assert (one.outputs.shape, one.gradients.shape) == ((4,), (5,))
    assert not np.allclose(one.outputs, deep_start(5, "ReLU", 1.0, 4).outputs)


def test_the_spread_is_what_differs_between_images():
    seen, _ = experiments.deep_network(5, "tanh", 1.0, 3)
    last = seen.inputs[-1]
    wanted = np.sqrt(np.mean([np.var(unit) for unit in last.T]))
    assert deep_start(5, "tanh", 1.0, 3).spread[-1] == pytest.approx(wanted)
    hidden = np.isnan(deep_start(20, "sigmoid", 0.5).spread)
    assert hidden[-1]
    assert not hidden[:10].any()


def test_two_recipes_see_the_same_split():
    runs = [learn_digits(r, np.random.default_rng(5)) for r in (SHORT, SHORT._replace(hidden=()))]
    np.testing.assert_array_equal(runs[0].split.X_held_out, runs[1].split.X_held_out)
    assert [len(run.record.parameters) for run in runs] == [4, 2]


def test_a_run_records_the_loss_and_the_accuracy_of_what_it_visited():
    run = learn_digits(SHORT, np.random.default_rng(6), record_every=10)
    assert run.record.steps.tolist() == [0, 10, 20, 30]
    assert run.record.losses[-1] < run.record.losses[0]
    for parameters, loss, share in zip(
        run.record.visited, run.record.losses, run.held_out, strict=True
    ):
        assert loss == pytest.approx(network_loss(parameters, run.split.X, run.split.y))
        right = predict(parameters, run.split.X_held_out) == run.split.y_held_out
        assert share == np.mean(right)


def test_noise_and_rate_take_part():
    first = learn_digits(SHORT, np.random.default_rng(7)).record.parameters[0]
    for other in (SHORT._replace(noise=0.0), SHORT._replace(learning_rate=0.4)):
        assert not np.allclose(
            first, learn_digits(other, np.random.default_rng(7)).record.parameters[0]
        )


def test_the_lesson_shows_the_first_four_and_the_four_hardest():
    seen = experiments.lesson()
    run = experiments.digits_run(experiments.NETWORK)
    X, y = run.split.X_held_out, run.split.y_held_out
    np.testing.assert_array_equal(seen.images[:4].reshape(4, 64), X[:4])
    np.testing.assert_array_equal(seen.labels[:4], y[:4])
    wrong = np.sum(predict(run.record.parameters, X) != y)
    assert wrong >= 4  # so that the four hardest are four that it gets wrong
    assert np.all(seen.said[-1][4:] != seen.labels[4:])
    assert seen.said.shape == (len(seen.steps), 8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: experiments.small_network(np.nan, 1.0, 1.0), "weight must be a finite"),
        (lambda: experiments.small_network(1.0, None, 1.0), "x must be a finite number"),
        (lambda: experiments.small_network(1.0, 1.0, "1"), "y must be a finite number"),
        (lambda: deep_start(1, "ReLU", 1.0), "depth must be at least 2, got 1"),
        (lambda: deep_start(3, "relu", 1.0), "activation must be one of"),
        (lambda: deep_start(3, "ReLU", 0.0), "scale must be greater than 0, got 0"),
        (lambda: learn_digits(SHORT, 3), "rng must be a numpy"),
        (
            lambda: learn_digits(SHORT._replace(noise=-1.0), np.random.default_rng(0)),
            "noise must be at least 0",
        ),
        (
            lambda: learn_digits(SHORT._replace(batch_size=0), np.random.default_rng(0)),
            "batch_size must be at least 1",
        ),
    ],
)
def test_bad_values_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
