"""The exercises of the chapter on loss functions."""

import numpy as np

from helpers.exercises.engine import Exercise


def _cross_entropy(z, c):
    z = np.asarray(z, dtype=float)
    return float(z.max() - z[c] + np.log(np.sum(np.exp(z - z.max()))))


EXERCISES = [
    Exercise(
        "loss-functions-predict-1",
        "squared",
        slips={
            "At 8 kg the point is far beyond δ, where Huber's loss no longer asks how far.": (
                "squared and Huber"
            ),
            "Two of the losses pull no harder at 10 kg than at 8 kg.": "all",
        },
        praise="Only the squared loss pulls harder the larger the miss.",
    ),
    Exercise(
        "loss-functions-predict-2",
        "rises",
        slips={"The bird in the middle has as many birds on one side as on the other.": "turns"},
        praise="A bird in the middle has no lever: its pull lifts the line as a whole.",
    ),
    Exercise(
        "loss-functions-1",
        "unchanged",
        slips={
            "A step is the learning rate times the gradient, and the derivative of a constant is "
            "0.": "longer",
            "A loss that is larger by a constant has the same slope everywhere.": "shorter",
        },
        praise="The gradient does not see a constant; only the gradient is propagated.",
    ),
    Exercise(
        "loss-functions-2",
        # r = 2 − 5 = −3, beyond δ = 1; by r the slope is −1, by the prediction +1.
        1.0,
        slips={
            "That is the slope by the residual; the residual falls when the prediction rises.": (
                -1.0
            ),
            "That is the slope of the squared loss; Huber's is held at δ.": 3.0,
            "That is the loss, not its slope.": 2.5,
            "That is the loss at δ; wanted is the slope.": 0.5,
        },
        praise="The residual is −3, its slope is clipped to −1, and ŷ enters with a minus.",
    ),
    Exercise(
        "loss-functions-3",
        # Σ clip(y − m, ±2) = −m + (1 − m) + (2 − m) + 2 = 0 for 1 ≤ m ≤ 2.
        5 / 3,
        slips={
            "That is the mean: there 9 would pull with 6; Huber's loss lets it pull with 2.": 3.0,
            "That is the median; within δ a value pulls in proportion to its distance.": 1.5,
            "That is the mean without 9; beyond δ a value still pulls, with δ.": 1.0,
        },
        rtol=0.005,
        praise="The slopes −5/3, −2/3, 1/3 and 2 add up to 0.",
    ),
    Exercise(
        "loss-functions-4",
        np.array([0.6, 1.0, 0.6]),
        slips={
            "The absolute loss wants the median, and a 1 stands in the middle.": np.array(
                [0.6, 0.6, 0.6]
            ),
            "The squared loss wants the mean, not the median.": np.array([1.0, 1.0, 0.6]),
            "The log-loss of a certain answer that is wrong is infinite, and two are wrong.": (
                np.array([0.6, 1.0, 1.0])
            ),
            "Those are the answers for the label 0.": np.array([0.4, 0.0, 0.4]),
        },
        praise="Squared loss and log-loss ask for the frequency; the absolute loss for the median.",
    ),
    Exercise(
        "loss-functions-5",
        # Softmax of (ln 1, ln 2, ln 5) is (1, 2, 5)/8, and the label is the second class.
        np.array([0.125, -0.75, 0.625]),
        slips={
            "Those are the probabilities p; the label's 1 is still to be taken away.": np.array(
                [0.125, 0.25, 0.625]
            ),
            "Only the entry of the label is there: the others are pushed down too.": np.array(
                [0.0, -0.75, 0.0]
            ),
            "The 1 is taken from the last entry; the label is the second class.": np.array(
                [0.125, 0.25, -0.375]
            ),
        },
        praise="p − y; its entries sum to 0.",
    ),
    Exercise(
        "loss-functions-6",
        _cross_entropy,
        inputs=(
            (np.array([0.3, -1.2, 2.0]), 1),
            (np.array([1.5, 0.5]), 0),
            (np.array([1000.0, 0.0, 998.0]), 2),
            (np.array([-1000.0, -1003.0]), 0),
        ),
        slips={
            "What was subtracted inside the exponentials has to be added back outside.": (
                lambda z, c: float(np.log(np.sum(np.exp(z - z.max()))) - z[c])
            ),
            "The logit of the label is missing.": lambda z, c: _cross_entropy(z, c) + float(z[c]),
            "That is the loss of the largest logit; wanted is that of class c.": lambda z, c: (
                _cross_entropy(z, int(np.argmax(z)))
            ),
            "That is the probability of the label; wanted is minus its logarithm.": lambda z, c: (
                float(np.exp(-_cross_entropy(z, c)))
            ),
        },
        praise="ln Σ exp(z_j − a) + a − z_c with a the largest logit.",
    ),
    Exercise(
        "loss-functions-7",
        # Slope of the mean loss by m: share below · 1 − share above · 3 = 0.
        0.75,
        slips={
            "It is the other way round: too low is what costs more here.": 0.25,
            "That is for equal prices, the median.": 0.5,
            "The price ratio is 3 to 1, so that the shares are 3/4 and 1/4.": 1 / 3,
        },
        praise="With the share F below, F · 1 = (1 − F) · 3: such a loss asks for a quantile.",
    ),
    Exercise(
        "loss-functions-8",
        # Weights 1/s²: (10/1 + 16/4) / (1 + 1/4).
        11.2,
        slips={
            "That is the mean, right where both scales are equal.": 13.0,
            "The weights are 1/s², not 1/s: the exponent holds r²/(2s²).": 12.0,
            "The more precise measurement, with the smaller s, weighs more.": 14.8,
        },
        praise="The weights are 1 and 1/4: (10 + 4)/1.25.",
    ),
]
