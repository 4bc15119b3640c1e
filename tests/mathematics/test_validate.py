"""What the input checks let through, and the words in which they refuse."""

import re

import numpy as np
import pytest

from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_finite_float,
    as_generator,
    as_positive,
    describe,
    one_of,
)

#: How a text of seventy letters is described.
LONG = "'" + "a" * 56 + "..."


def refused(call, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        call()


def test_values_are_described_shortly():
    assert describe(np.zeros((2, 3))) == "an array of shape (2, 3)"
    assert describe("word") == "'word'"
    assert describe("a" * 58) == repr("a" * 58)
    assert describe("a" * 59) == f"{repr('a' * 59)[:57]}..."
    assert len(describe("a" * 59)) == 60


def test_arrays_come_back_as_floats():
    array = as_finite_array([[1, 2], [3, 4]], "x", shape=(2, None), ndim=(1, 2), min_size=4)
    assert array.dtype == float
    np.testing.assert_array_equal(array, [[1, 2], [3, 4]])
    assert as_finite_array(3, "x", ndim=0, min_size=1).shape == ()
    assert as_finite_array([], "x").size == 0
    assert as_finite_array([True], "x").dtype == float


@pytest.mark.parametrize(
    ("value", "wanted", "words"),
    [
        ("one", {}, "x must be numbers in a regular array, got 'one'"),
        ([[1], [2, 3]], {}, "x must be numbers in a regular array, got [[1], [2, 3]]"),
        ([1, 2], {"shape": (3,)}, "x must have shape (3), got shape (2,)"),
        ([1, 2], {"shape": (2, None)}, "x must have shape (2, any), got shape (2,)"),
        ([[1, 2]], {"shape": (None, 3)}, "x must have shape (any, 3), got shape (1, 2)"),
        ([1, 2], {"ndim": 2}, "x must have 2 dimension(s), got shape (2,)"),
        (1.0, {"ndim": (1, 2)}, "x must have (1, 2) dimension(s), got shape ()"),
        ([1, 2], {"min_size": 3}, "x must have at least 3 element(s), got 2"),
        (np.nan, {}, "x must be finite, got nan"),
        ([[0, np.inf], [np.nan, 1]], {}, "x must be finite, got inf at index (0, 1)"),
    ],
)
def test_bad_arrays_are_named(value, wanted, words):
    refused(lambda: as_finite_array(value, "x", **wanted), words)


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0)])
def test_a_number_is_a_float(value):
    number = as_finite_float(value, "x")
    assert type(number) is float
    assert number == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "x must be a finite number, got True"),
        (np.True_, "x must be a finite number, got np.True_"),
        ("2", "x must be a finite number, got '2'"),
        (2j, "x must be a finite number, got 2j"),
        (None, "x must be a finite number, got None"),
        (np.array([2.0]), "x must be a single number, got an array of shape (1,)"),
        (np.nan, "x must be a finite number, got nan"),
        (-np.inf, "x must be a finite number, got -inf"),
    ],
)
def test_what_is_no_number_is_named(value, words):
    refused(lambda: as_finite_float(value, "x"), words)


def test_positive_numbers():
    assert as_positive(0.5, "h") == 0.5
    assert as_positive(0, "h", zero_allowed=True) == 0
    refused(lambda: as_positive(0, "h"), "h must be greater than 0, got 0")
    refused(lambda: as_positive(-0.5, "h"), "h must be greater than 0, got -0.5")
    refused(lambda: as_positive(-2, "h", zero_allowed=True), "h must be at least 0, got -2")
    refused(lambda: as_positive(np.nan, "h"), "h must be a finite number, got nan")


def test_counts():
    count = as_count(np.int64(3), "n")
    assert type(count) is int
    assert (count, as_count(1, "n"), as_count(0, "n", minimum=0)) == (3, 1, 0)
    refused(lambda: as_count(0, "n"), "n must be at least 1, got 0")
    refused(lambda: as_count(4, "n", minimum=5), "n must be at least 5, got 4")
    for value in (True, np.True_, 3.0, "3", None):
        with pytest.raises(ValueError, match="n must be a whole number, got"):
            as_count(value, "n")
    refused(lambda: as_count("a" * 70, "n"), f"n must be a whole number, got {LONG}")


def test_choices():
    assert one_of("b", "way", ["a", "b"]) == "b"
    refused(lambda: one_of("c", "way", ["a", "b"]), "way must be one of 'a', 'b', got 'c'")


def test_generators():
    rng = np.random.default_rng(0)
    assert as_generator(rng) is rng
    for other in (0, None, np.random):
        with pytest.raises(ValueError, match=r"^seed must be a numpy\.random\.Generator such as"):
            as_generator(other, "seed")
    with pytest.raises(ValueError, match=r"^rng must be .*default_rng\(0\), got 7$"):
        as_generator(7)
    with pytest.raises(ValueError, match=f"got {re.escape(LONG)}$"):
        as_generator("a" * 70)
