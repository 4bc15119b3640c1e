"""What a form's field may hold, and the verdict on it."""

import json

import numpy as np
import pytest

from helpers.exercises import Exercise
from helpers.exercises.forms import choices, judge_fields, kind, parse, payload

NUMBER = Exercise("test-1", 0.75, slips={"A half is lost.": 0.25}, praise="Three quarters.")
VECTOR = Exercise("test-2", np.array([1.0, -2.0]), slips={"Exchanged.": np.array([-2.0, 1.0])})
WORD = Exercise("test-3", "convex", slips={"A hill.": "concave", "Neither.": "flat"})
CODE = Exercise("test-4", lambda x: x, inputs=((1.0,),))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.75", 0.75),
        ("3/4", 0.75),
        (" 3 / 4 ", 0.75),
        ("7.5e-1", 0.75),
        ("7.5E-1", 0.75),
        (".75", 0.75),
        ("−0.75", -0.75),
        ("+2.", 2.0),
        ("-1/3", -1 / 3),
        ("007", 7.0),
    ],
)
def test_a_number_may_be_written_in_several_ways(text, value):
    assert parse(text) == (value, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("abc", "should be a number such as 0.75, 3/4 or 7.5e-1, got 'abc'"),
        ("1/0", "nothing can be divided by 0, as in '1/0'"),
        ("1/0e5", "nothing can be divided by 0"),
        ("9" * 400, "is too large"),
        ("1e999", "the number '1e999' is too large"),
        ("0,75", "write the decimal mark as a point, not as in '0,75'"),
        ("", "a number is missing"),
        ("1/2/3", "should be a number"),
        ("inf", "should be a number"),
        ("nan", "should be a number"),
        ("0x10", "should be a number"),
        ("1_000", "should be a number"),
        ("<b>", "should be a number"),
    ],
)
def test_what_is_no_number_gets_a_sentence(text, words):
    value, problem = parse(text)
    assert value is None
    assert words in problem
    assert len(problem) < 140


def test_the_verdict_is_that_of_the_notebook():
    assert judge_fields(NUMBER, ["3/4"]).right
    assert judge_fields(NUMBER, [" "]).sentence == "test-1: not answered yet."
    assert judge_fields(NUMBER, ["0.25"]).sentence == (
        "test-1: not yet: you have 0.25, wanted is 0.75. A half is lost."
    )
    assert judge_fields(VECTOR, ["1", "−2"]).right
    assert "in field 2." in judge_fields(VECTOR, ["1", "x"]).sentence
    assert "a number is missing in field 2." in judge_fields(VECTOR, ["1", ""]).sentence
    assert judge_fields(WORD, ["convex"]).right
    assert judge_fields(WORD, ["flat"]).sentence == "test-3: not yet. Neither."


def test_kinds_and_choices():
    assert [kind(e) for e in (NUMBER, VECTOR, WORD, CODE)] == ["number", "vector", "word", "code"]
    assert choices(WORD) == ["concave", "convex", "flat"]
    assert payload(CODE) is None
    assert json.loads(json.dumps(payload(VECTOR)))["slips"] == [["Exchanged.", [-2.0, 1.0]]]
