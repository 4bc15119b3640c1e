"""Answers to the exercises that readers may well give: right ones in other forms, wrong ones."""

import numpy as np
import pytest

from helpers.exercises import check


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("derivatives-1", 8),
        ("derivatives-1", np.float32(8)),
        ("derivatives-1", 8.000001),
        ("derivatives-2", (1, 0, 1, 2, 1)),
        ("derivatives-3", lambda x: x * np.cos(x * x) + x * np.cos(x * x)),
        ("derivatives-3", lambda x: 2 * x * (1 - 2 * np.sin(x**2 / 2) ** 2)),
        ("derivatives-4", -12),
        ("derivatives-5", 0.005),
        ("derivatives-5", np.exp(0.1) - 1.1),
        ("derivatives-5", 0.0052),
        ("derivatives-5", 1 / 200 + 1 / 6000),
        # The text says "within 10 % of the true difference": 8.3 % above, 9 % below.
        ("derivatives-5", 0.0056),
        ("derivatives-5", 0.0047),
        ("derivatives-6", [-24, 400]),
        ("derivatives-7", lambda f, x, h: ((f(x + h) - f(x)) - (f(x) - f(x - h))) / h / h),
        ("derivatives-8", 0.0071),
        ("derivatives-8", 0.00711),
        ("derivatives-8", (3.6e-7) ** (1 / 3)),
    ],
)
def test_right_answers_are_right_in_any_form(name, answer):
    verdict = check(name, answer)
    assert verdict, verdict


def test_arrays_are_as_good_as_lists():
    assert check("derivatives-2", np.array([1.0, 0.0, 1.0, 2.0, 1.0]))
    assert check("derivatives-6", np.array([-24, 400]))


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("derivatives-1", -8, "sign is the wrong way round"),
        ("derivatives-1", 6, "you have 6, wanted is 8"),
        ("derivatives-2", [1, 0, 1, 2], "an array of shape (5,), got shape (4,)"),
        ("derivatives-2", [1, 0, 0, 2, 1], "so it is continuous"),
        ("derivatives-2", [1, 0, 1, 0, 1], "you have 0, wanted is 2"),
        ("derivatives-2", "continuous", "an array of shape (5,)"),
        ("derivatives-3", lambda x: -2 * x * np.cos(x**2), "sign is the wrong way round"),
        ("derivatives-3", lambda x: x * np.cos(x**2), "a factor 2 is lost"),
        ("derivatives-3", lambda x: np.cos(2 * x), "The inner derivative 2x is a factor"),
        ("derivatives-4", 12, "sign is the wrong way round"),
        ("derivatives-4", -28, "you have -28, wanted is -12"),
        ("derivatives-5", 0.0058, "you have 0.0058"),
        ("derivatives-5", 0.1, "how far e^0.1 lies above 1;"),
        ("derivatives-5", 0.105, "how far e^0.1 lies above 1;"),
        ("derivatives-5", 0.10517, "how far e^0.1 lies above 1;"),
        ("derivatives-5", 1.1, "about a height"),
        ("derivatives-5", 1.105, "about a height"),
        ("derivatives-5", 1.1052, "about a height"),
        ("derivatives-5", 0.0046, "you have 0.0046"),
        ("derivatives-5", -0.005, "sign is the wrong way round"),
        ("derivatives-6", [-24, 0.04], "you have 0.04, wanted is 400"),
        ("derivatives-6", [24, -400], "sign is the wrong way round"),
        ("derivatives-7", lambda f, x, h: None, "is a return missing?"),
        (
            "derivatives-7",
            lambda f, x, h: (f(x + h) - 2 * f(x) + f(x - h)) / (2 * h) ** 2,
            "not (2h)²",
        ),
        ("derivatives-7", lambda f, x, h: (f(x + h) - f(x)) / h, "not yet at f = "),
        ("derivatives-8", 0.0074, "you have 0.0074"),
        ("derivatives-8", 0.00035, "√ε, the rule of thumb for the forward difference"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(name, answer, words):
    verdict = check(name, answer)
    assert not verdict, verdict
    assert words in verdict.sentence
