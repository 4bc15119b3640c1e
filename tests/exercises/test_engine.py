"""Answer checks: a sentence for every answer, a traceback for none."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.exercises import Exercise, Verdict, check
from helpers.exercises.engine import judge

SLOPE = Exercise(
    "test-1",
    lambda x: 2 * x * np.cos(x**2),
    inputs=((0.5,), (1.3,)),
    slips={"The inner derivative 2x is lost.": lambda x: np.cos(x**2)},
    praise="Well seen.",
)
VECTOR = Exercise("test-2", np.array([1.0, -2.0, 4.0]))
WORD = Exercise("test-3", "convex", slips={"That is a hill.": "concave"})
NUMBER = Exercise("test-4", 6.0)


def said(exercise, answer):
    verdict = judge(exercise, answer)
    assert isinstance(verdict, Verdict)
    assert repr(verdict) == verdict.sentence
    return bool(verdict), verdict.sentence


def test_a_right_answer_is_called_right():
    assert said(SLOPE, lambda x: 2 * x * np.cos(x * x)) == (True, "test-1: right. Well seen.")
    assert said(VECTOR, [1, -2, 4])[0]
    assert said(WORD, " Convex ")[0]
    assert said(NUMBER, np.float32(6))[0]


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (NUMBER, Fraction(6)),
        (NUMBER, Decimal(6)),
        (NUMBER, np.int8(6)),
        (NUMBER, np.array(6)),
        (VECTOR, [Fraction(1), -2, Decimal(4)]),
        (VECTOR, (1, -2, 4)),
        (SLOPE, lambda x: Fraction(2 * x * np.cos(x**2))),
        (WORD, "convex."),
        (WORD, "“Convex”"),
        (WORD, "'CONVEX'!"),
        (WORD, np.str_("convex")),
    ],
)
def test_equal_forms_of_a_right_answer_are_right(exercise, answer):
    assert said(exercise, answer)[0]


def test_a_word_of_punctuation_alone_is_none():
    assert "should be a word in quotes, got none" in said(WORD, " . ")[1]


@pytest.mark.parametrize("nothing", [None, ...])
@pytest.mark.parametrize("exercise", [SLOPE, VECTOR, WORD, NUMBER])
def test_an_unanswered_exercise_is_called_so(exercise, nothing):
    assert said(exercise, nothing) == (False, f"{exercise.name}: not answered yet.")


def test_a_stub_that_returns_dots_is_unanswered():
    assert said(SLOPE, lambda x: ...) == (False, "test-1: not answered yet.")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: -2 * x * np.cos(x**2), "The sign is the wrong way round."),
        (lambda x: 4 * x * np.cos(x**2), "a factor 2 too many"),
        (lambda x: x * np.cos(x**2), "a factor 2 is lost"),
        (lambda x: np.cos(x**2), "The inner derivative 2x is lost."),
    ],
)
def test_typical_slips_are_named(answer, words):
    right, sentence = said(SLOPE, answer)
    assert not right
    assert sentence.endswith(f"{words}") or words in sentence


def test_a_difference_names_the_input_and_both_numbers():
    right, sentence = said(SLOPE, lambda x: x)
    assert not right
    assert sentence == "test-1: not yet at x = 0.5: you have 0.5, wanted is 0.968912."
    _, sentence = said(VECTOR, [1.0, 2.0, 4.0])
    assert "1 of 3 entries differ; at index (1,) you have 2, wanted is -2" in sentence


def test_an_answer_a_thousandth_off_is_not_right():
    assert not said(NUMBER, 6.006)[0]
    assert not said(SLOPE, lambda x: 1.001 * 2 * x * np.cos(x**2))[0]


def test_a_wrong_word_is_told_why():
    assert said(WORD, "concave") == (False, "test-3: not yet. That is a hill.")
    assert "'flat' is not it" in said(WORD, "flat")[1]
    assert "should be a word in quotes, got 3" in said(WORD, 3)[1]


def crash(x):
    raise RuntimeError("oh\nno")


def leave(x):
    raise SystemExit(3)


def test_a_function_among_the_arguments_is_called_so():
    exercise = Exercise("test-f", lambda f, x: f(x), inputs=((np.sin, 0.5),))
    assert "at f = a function, x = 0.5" in said(exercise, lambda f, x: None)[1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (crash, "stopped at x = 0.5 with RuntimeError: oh no"),
        (leave, "stopped at x = 0.5 with SystemExit: 3"),
        (lambda: 1, "stopped at x = 0.5 with TypeError"),
        (lambda x: None, "returns nothing at x = 0.5: is a return missing?"),
        (lambda x: "a", "should be a number at x = 0.5, got 'a'"),
        (lambda x: np.nan, "is not finite at x = 0.5: it contains nan"),
        (lambda x: [x], "should be a number at x = 0.5, got shape (1,)"),
        (lambda x: 1j, "should be a number"),
        (lambda x: {"a": 1}, "should be a number"),
        (lambda x: [[1], [1, 2]], "should be a number"),
        (3, "should be a function of (x), got 3"),
    ],
)
def test_unusable_functions_get_a_sentence(answer, words):
    right, sentence = said(SLOPE, answer)
    assert not right
    assert words in sentence
    assert sentence.endswith((".", "?"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([1, 2], "should be an array of shape (3,), got shape (2,)"),
        (1.0, "should be an array of shape (3,), got a single number"),
        ([1, np.inf, 2], "it contains inf"),
        ("abc", "should be an array of shape (3,), got 'abc'"),
        (lambda: 1, "got a function: call it first"),
    ],
)
def test_unusable_values_get_a_sentence(answer, words):
    right, sentence = said(VECTOR, answer)
    assert not right
    assert words in sentence


anything = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.binary(),
    st.lists(st.floats() | st.text() | st.lists(st.integers(), max_size=3), max_size=4),
    st.dictionaries(st.text(), st.integers(), max_size=2),
    st.sampled_from([..., object(), int, len, np.array([[1, 2]]), np.array("x"), {1}, range(3)]),
)


@given(anything)
def test_no_answer_raises(answer):
    for exercise in (SLOPE, VECTOR, WORD, NUMBER):
        said(exercise, answer)
        said(exercise, lambda *_: answer)


def test_the_readers_function_cannot_change_the_inputs():
    exercise = Exercise("test-5", lambda v: float(np.sum(v)), inputs=((np.ones(3),),))

    def greedy(v):
        v *= 0
        return 3.0

    assert said(exercise, greedy)[0]
    assert exercise.inputs[0][0].sum() == 3


def test_an_unknown_name_gets_a_sentence():
    verdict = check("derivatives-99", 1)
    assert not verdict
    assert (
        "There is no exercise 'derivatives-99'; there are derivatives-predict-1" in verdict.sentence
    )
    assert not check(3, 1)


def test_a_function_exercise_needs_inputs():
    with pytest.raises(ValueError, match="inputs of exercise x-1 must not be empty"):
        Exercise("x-1", lambda x: x)
