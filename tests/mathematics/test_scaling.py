"""Standardizing: mean 0, deviation 1, and which columns it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.mathematics.scaling import standardize


def test_by_hand():
    scaled, mean, deviation = standardize([[1.0, 10.0], [3.0, 50.0]])
    np.testing.assert_array_equal(scaled, [[-1, -1], [1, 1]])
    np.testing.assert_array_equal(mean, [2, 30])
    np.testing.assert_array_equal(deviation, [1, 20])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(1, 4))
def test_columns_have_mean_zero_and_deviation_one_and_can_be_put_back(seed, n, d):
    columns = np.random.default_rng(seed).normal(3, 7, size=(n, d))
    scaled, mean, deviation = standardize(columns)
    assert scaled.shape == (n, d)
    assert mean.shape == deviation.shape == (d,)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((scaled**2).mean(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(scaled * deviation + mean, columns, rtol=1e-12)


def test_the_unit_of_a_column_does_not_matter():
    metres = np.array([[0.18], [0.21], [0.195]])
    np.testing.assert_allclose(standardize(metres)[0], standardize(1000 * metres)[0], atol=1e-10)


@pytest.mark.parametrize("constant", [0.0, 0.1, -3.0, 1e12])
def test_a_constant_column_is_named_although_rounding_makes_it_vary(constant):
    columns = np.stack([np.arange(7.0), np.full(7, constant)], axis=1)
    with pytest.raises(ValueError, match="columns must vary, got a constant column 1"):
        standardize(columns)


def test_a_column_that_varies_a_little_is_not_constant():
    """By 5 last digits of 1, where rounding leaves fewer; and a column whose mean is 0."""
    eps = np.finfo(float).eps
    for one in (1.0, -1.0):  # the size of a negative mean counts
        scaled, mean, deviation = standardize([[one, -1e-150], [one * (1 + 5 * eps), 1e-150]])
        np.testing.assert_allclose(scaled, [[-one, -1], [one, 1]], rtol=1e-12)
        np.testing.assert_allclose(mean, [one, 0], rtol=1e-14)
        np.testing.assert_allclose(deviation, [2.5 * eps, 1e-150], rtol=1e-12)
        with pytest.raises(ValueError, match="constant column 0"):
            standardize([[one], [one * (1 + 4 * eps)]])


def test_times_in_nanoseconds_that_differ_by_a_millisecond_keep_their_digits():
    """Their mean is 1.7e18, of which floats keep 256 ns; the milliseconds are whole numbers."""
    milliseconds = np.arange(2000.0) * 0.001024
    scaled, _, deviation = standardize(1.7e18 + 1e6 * milliseconds[:, None])
    wanted = (milliseconds - milliseconds.mean()) / milliseconds.std()
    np.testing.assert_allclose(scaled[:, 0], wanted, rtol=1e-9)
    assert deviation[0] == pytest.approx(1e6 * milliseconds.std(), rel=1e-9)
    assert abs(scaled.mean()) < 1e-12


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ([1.0, 2.0], r"columns must have 2 dimension\(s\)"),
        ([[]], "columns must have at least 1 element"),
        ([[1.0, np.nan]], "columns must be finite"),
        ([[1.0, 2.0]], "columns must vary, got a constant column 0"),
    ],
)
def test_bad_columns_are_named(columns, words):
    with pytest.raises(ValueError, match=words):
        standardize(columns)
