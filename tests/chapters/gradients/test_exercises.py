"""Answers to the exercises that readers may well give: right ones in other forms, wrong ones."""

from fractions import Fraction

import numpy as np
import pytest

from helpers.exercises import check


def along_the_unit_vector(g, x, v, h):
    """A right answer whose step has another length: it differs by 1.1e-7."""
    size = np.linalg.norm(v)
    return size * (g(x + h * v / size) - g(x - h * v / size)) / (2 * h)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("gradients-1", 5),
        ("gradients-1", np.sqrt(25)),
        ("gradients-2", "Not necessarily."),
        ("gradients-3", (-4, 7)),
        ("gradients-3", np.array([-4.0, 7.0])),
        ("gradients-4", Fraction(16, 5)),
        ("gradients-4", np.float32(3.2)),
        ("gradients-5", [-1, 1, 1]),
        ("gradients-6", 13.93),
        ("gradients-6", 14),
        ("gradients-6", 7 + 4 * np.sqrt(3)),
        ("gradients-7", lambda A, x, c: np.mean(2 * (A @ x - c)[:, None] * A, axis=0)),
        ("gradients-8", lambda g, x, v, h: g(x + h * v) / (2 * h) - g(x - h * v) / (2 * h)),
        ("gradients-8", along_the_unit_vector),
    ],
)
def test_right_answers_are_right_in_any_form(name, answer):
    verdict = check(name, answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("gradients-1", -5, "sign is the wrong way round"),
        ("gradients-1", 3.5, "you have 3.5, wanted is 5"),
        ("gradients-2", "yes", "two lines only"),
        ("gradients-2", 0, "a word in quotes"),
        ("gradients-3", [-4], "shape (2,), got shape (1,)"),
        ("gradients-4", 16, "length 5"),
        ("gradients-5", [-1, 0, 0], "each may be 1"),
        ("gradients-6", 13.7, "you have 13.7"),
        ("gradients-6", 3, "30° at worst"),
        ("gradients-7", lambda A, x, c: A.T @ (A @ x - c) / len(c), "a factor 2 is lost"),
        ("gradients-7", lambda A, x, c: A @ x - c, "shape (3,)"),
        ("gradients-8", lambda g, x, v, h: (g(x + h * v) - g(x - h * v)) / h, "2h apart"),
        ("gradients-8", lambda g, x, v, h: (g(x + h * v) - g(x)) / h, "forward difference"),
        ("gradients-8", lambda g, x, v, h: g(x) * v, "differ"),
    ],
)
def test_wrong_answers_get_a_sentence(name, answer, words):
    verdict = check(name, answer)
    assert not verdict
    assert words in verdict.sentence
