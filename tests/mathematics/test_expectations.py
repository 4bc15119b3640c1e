"""Averages and their errors, and the two estimates of a gradient."""

import numpy as np
import pytest

from helpers.mathematics import expectations


def test_an_average_and_its_error_by_hand():
    mean, error = expectations.monte_carlo([1.0, 2.0, 6.0])
    assert mean == 3
    assert error == pytest.approx(np.sqrt(7 / 3))


def test_groups_count_by_their_means():
    mean, error = expectations.grouped([[1.0, 3.0], [4.0, 6.0], [0.0, 1.0]])
    assert mean == pytest.approx(2.5)
    assert error == pytest.approx(np.std([2, 5, 0.5], ddof=1) / np.sqrt(3))


def test_groups_of_one_are_plain_draws():
    values = np.array([0.3, -1.0, 2.2, 0.9])
    assert expectations.grouped(values[:, None]) == expectations.monte_carlo(values)


def test_estimates_of_the_gradient_by_hand():
    noise = np.array([[0.5, -1.0], [2.0, 0.0]])
    slopes = expectations.reparameterised(lambda x: 3 * x**2, 0.5, noise)
    np.testing.assert_allclose(slopes, [[3, 0.75], [18.75, 0.75]])
    scores = expectations.score_function(lambda x: x**3, 0.5, noise)
    np.testing.assert_allclose(scores, [[0.5, 0.125], [31.25, 0]])
    lowered = expectations.score_function(lambda x: x**3, 0.5, noise, baseline=0.4)
    np.testing.assert_allclose(lowered, [[0.3, 0.525], [30.45, 0]])


def test_both_have_the_mean_that_the_formula_gives(rng):
    noise = rng.standard_normal(200_000)
    for values in (
        expectations.reparameterised(np.cos, 0.7, noise),
        expectations.score_function(np.sin, 0.7, noise),
        expectations.score_function(np.sin, 0.7, noise, baseline=0.4),
    ):
        mean, error = expectations.monte_carlo(values)
        assert abs(mean - np.cos(0.7) * np.exp(-0.5)) < 4 * error


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: expectations.monte_carlo([1.0]), r"values must have at least 2 element\(s\)"),
        (lambda: expectations.monte_carlo([[1.0, 2.0]]), r"values must have 1 dimension\(s\)"),
        (lambda: expectations.monte_carlo([1.0, np.nan]), "values must be finite"),
        (lambda: expectations.grouped([[1.0, 2.0]]), r"values must have at least 2 element\(s\)"),
        (lambda: expectations.grouped([1.0, 2.0]), r"values must have 2 dimension\(s\)"),
        (lambda: expectations.grouped(np.zeros((2, 0))), r"values must have at least 1 element"),
        (lambda: expectations.reparameterised(np.cos, np.inf, [0.0]), "theta must be a finite"),
        (lambda: expectations.reparameterised(np.cos, 0, [np.nan]), "noise must be finite"),
        (
            lambda: expectations.reparameterised(lambda x: 1.0, 0, [0.0, 1.0]),
            r"slope\(x\) must have shape \(2\)",
        ),
        (lambda: expectations.score_function(np.cos, None, [0.0]), "theta must be a finite"),
        (lambda: expectations.score_function(np.cos, 0, ["a"]), "noise must be numbers"),
        (
            lambda: expectations.score_function(np.cos, 0, [0.0], baseline=np.nan),
            "baseline must be a finite number",
        ),
        (
            lambda: expectations.score_function(lambda x: 1.0, 0, [0.0, 1.0]),
            r"f\(x\) must have shape \(2\)",
        ),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
