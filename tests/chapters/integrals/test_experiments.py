"""The runs of the chapter on integrals: what they hold, and what they refuse."""

import numpy as np
import pytest
from scipy.integrate import quad

from helpers.chapters.integrals import experiments, figures
from helpers.data.movielens import load_movielens


@pytest.mark.parametrize("name", experiments.INTEGRANDS)
def test_the_exact_integrals_are_exact(name):
    f, exact = experiments.INTEGRANDS[name]
    assert exact == pytest.approx(quad(f, 0, 1, points=[0.2])[0], rel=1e-8)


def test_averages_are_of_the_first_draws_of_each_run():
    noise = np.random.default_rng(5).standard_normal((experiments.RUNS, experiments.DRAWS[-1]))
    values = {
        "the value X²": (1 + noise) ** 2,
        "reparameterised gradient": 2 * (1 + noise),
        "score-function gradient": (1 + noise) ** 2 * noise,
    }
    assert list(values) == list(experiments.QUANTITIES)
    for name, drawn in values.items():
        found = experiments.averages(name)
        assert found.shape == (len(experiments.DRAWS), experiments.RUNS)
        np.testing.assert_allclose(found[3], drawn[:, :30].mean(axis=1))
        variance = experiments.QUANTITIES[name].variance
        assert drawn.var() == pytest.approx(variance, rel=0.02)


def test_losses_are_grouped_by_user():
    data, groups = load_movielens(), experiments.squared_losses()
    for user in (0, 17, 670):
        wanted = (data.ratings[data.users == user] - data.ratings.mean()) ** 2
        np.testing.assert_allclose(groups[user], wanted)


def test_a_log_by_user_draws_from_one_user_a_row():
    groups = [set(g.tolist()) for g in experiments.squared_losses()]
    log = experiments.draw_by_user(5, 7, np.random.default_rng(3))
    assert log.shape == (5, 7)
    for row in log:
        assert any(set(row.tolist()) <= group for group in groups)


def test_the_correlation_is_that_of_two_ratings_of_one_user():
    pairs = experiments.draw_by_user(60_000, 2, np.random.default_rng(4))
    spread = experiments.spread_by_user()
    assert pairs.mean() == pytest.approx(spread.mean, rel=0.02)
    assert pairs.var() == pytest.approx(spread.variance, rel=0.04)
    assert np.corrcoef(pairs.T)[0, 1] == pytest.approx(spread.correlation, abs=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: experiments.rule_errors("x"), "name must be one of"),
        (lambda: experiments.averages("x"), "name must be one of"),
        (lambda: experiments.draw_by_user(0, 1, np.random.default_rng(0)), "users must be at"),
        (lambda: experiments.draw_by_user(1, 0, np.random.default_rng(0)), "each must be at"),
        (lambda: experiments.draw_by_user(1, 1, 0), "rng must be a numpy.random.Generator"),
        (lambda: figures.draw_slices(function="x", rule="left", n=2), "function must be one of"),
        (lambda: figures.draw_belief(strength=0, n=2), "strength must be greater than 0"),
        (lambda: figures.draw_belief(strength=2, n=-1), "n must be at least 0"),
        (lambda: figures.draw_averages(quantity="x", n=1), "quantity must be one of"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_readings_say_one_draw_and_no_data():
    assert ", 1 draw an average:" in figures.say_averages("the value X²", 1)
    assert figures.say_belief(10, 0).startswith("Prior Beta(5, 5), no data: the posterior is the")
