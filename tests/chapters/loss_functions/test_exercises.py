"""Answers to the exercises that readers may well give: right ones in other forms, wrong ones."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.special import log_softmax

from helpers.exercises import check


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("loss-functions-predict-1", "Squared"),
        ("loss-functions-predict-2", "rises."),
        ("loss-functions-1", "Unchanged."),
        ("loss-functions-1", "'unchanged'"),
        ("loss-functions-2", 1),
        ("loss-functions-2", np.float32(1)),
        # The text says "within 0.5 %".
        ("loss-functions-3", 1.67),
        ("loss-functions-3", Fraction(5, 3)),
        ("loss-functions-3", 1.6745),
        ("loss-functions-4", (0.6, 1, 0.6)),
        ("loss-functions-4", [Fraction(3, 5), 1, Fraction(3, 5)]),
        ("loss-functions-5", np.array([1, -6, 5]) / 8),
        ("loss-functions-6", lambda z, c: -log_softmax(z)[c]),
        ("loss-functions-6", lambda z, c: np.logaddexp.reduce(z - z[c])),
        ("loss-functions-7", 3 / 4),
        ("loss-functions-8", 56 / 5),
    ],
)
def test_right_answers_are_right_in_any_form(name, answer):
    verdict = check(name, answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("loss-functions-predict-1", "squared and Huber", "no longer asks how far"),
        ("loss-functions-predict-2", "turns", "as many birds on one side"),
        ("loss-functions-1", "longer", "the derivative of a constant is 0"),
        ("loss-functions-1", "100", "'100' is not it"),
        ("loss-functions-2", -1, "the residual falls when the prediction rises"),
        ("loss-functions-2", 0.5, "That is the loss at δ"),
        ("loss-functions-2", -3, "you have -3, wanted is 1"),
        ("loss-functions-3", 1.68, "you have 1.68"),
        ("loss-functions-3", 1.5, "That is the median"),
        ("loss-functions-3", 3, "there 9 would pull with 6"),
        ("loss-functions-4", [0.6, 1], "an array of shape (3,), got shape (2,)"),
        ("loss-functions-4", [0.6, 0.5, 0.6], "you have 0.5, wanted is 1"),
        ("loss-functions-4", [0.4, 0, 0.4], "answers for the label 0"),
        ("loss-functions-5", [-0.125, 0.75, -0.625], "sign is the wrong way round"),
        ("loss-functions-5", [0.125, 0.25, 0.625], "the label's 1 is still to be taken away"),
        ("loss-functions-5", [-0.875, 0.25, 0.625], "2 of 3 entries differ"),
        ("loss-functions-6", lambda z, c: np.log(np.sum(np.exp(z))) - z[c], "is not finite"),
        ("loss-functions-6", lambda z, c: log_softmax(z)[c], "sign is the wrong way round"),
        ("loss-functions-6", lambda z, c: None, "is a return missing?"),
        ("loss-functions-7", 0.25, "the other way round"),
        ("loss-functions-7", 75, "you have 75, wanted is 0.75"),
        ("loss-functions-8", 12, "The weights are 1/s², not 1/s"),
        ("loss-functions-8", 14, "you have 14, wanted is 11.2"),
    ],
)
def test_wrong_answers_are_told_what_is_wrong(name, answer, words):
    verdict = check(name, answer)
    assert not verdict, verdict
    assert words in verdict.sentence
