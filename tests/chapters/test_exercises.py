"""Every exercise of every chapter accepts its reference, refuses its slips and names them."""

import re

from helpers.exercises import check, exercises
from helpers.exercises.engine import Exercise
from helpers.exercises.forms import kind

EXACT = Exercise.__dataclass_fields__["rtol"].default
SAID = re.compile(r"within (\d+(?:\.\d+)?) %", re.IGNORECASE)


def test_the_reference_is_right_and_every_slip_is_named(chapter):
    for exercise in exercises(chapter.name).values():
        assert check(exercise.name, exercise.answer), exercise.name
        for sentence, wrong in exercise.slips.items():
            verdict = check(exercise.name, wrong)
            assert not verdict, f"{exercise.name} accepts the slip {sentence!r}"
            assert sentence in verdict.sentence


def text_before(chapter, name):
    """The Markdown that stands before the cell which asks an exercise."""
    text = ""
    for kind_of_cell, source in chapter.cells:
        if kind_of_cell == "code" and f'check("{name}"' in source:
            return text
        text = source if kind_of_cell != "code" else text
    raise AssertionError(f"{chapter} never asks {name}")


def said_tolerance(text):
    """How near an answer must be, by the last words of a text on it; exact if it has none."""
    said = SAID.findall(text)
    return float(said[-1]) / 100 if said else EXACT


def test_words_on_the_tolerance_are_read():
    assert said_tolerance("(Within 2 %.)") == 0.02
    assert said_tolerance("It lies within 0.5 % of it.") == 0.005
    assert said_tolerance("What is 2 % of 3?") == EXACT


def test_the_text_says_how_near_an_answer_must_be(chapter):
    for exercise in exercises(chapter.name).values():
        if kind(exercise) in ("number", "vector"):
            said = said_tolerance(text_before(chapter, exercise.name))
            assert said == exercise.rtol, (
                f"{exercise.name} in src/helpers/chapters/{chapter.package}/exercises.py takes "
                f"what lies within {100 * exercise.rtol:g} %, but the text before it in "
                f"{chapter.notebook.name} says {100 * said:g} %: write 'within "
                f"{100 * exercise.rtol:g} %' there, or change rtol"
            )
