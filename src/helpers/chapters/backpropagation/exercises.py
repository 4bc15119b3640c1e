"""The exercises of the chapter on backpropagation."""

import numpy as np

from helpers.exercises.engine import Exercise

_NEXT = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]])
_WEIGHTS = np.array([[1.0, -2.0], [0.5, 3.0]])
_SUMS = np.array([[0.3, -1.2], [0.0, 0.8], [1.5, -0.4]])
_SIGNALS = ((_NEXT, _WEIGHTS, _SUMS), (_NEXT[:1], _WEIGHTS.T, _SUMS[1:2]))


def _signal(delta_next, W_next, z):
    return (delta_next @ W_next.T) * (1 - np.tanh(z) ** 2)


EXERCISES = [
    Exercise(
        "backpropagation-1",
        # ŷ = 0.5 lies below y = 1; w₁₁ raises a₁ (x₁ > 0), a₁ raises ŷ (v₁ > 0).
        "falls",
        slips={
            "A larger w₁₁ gives a larger ŷ, by way of a₁; is ŷ above or below y?": "rises",
            "It stays where x₁ or v₁ is 0; here neither is.": "stays",
        },
        praise="ŷ = 0.5 is below y = 1, and w₁₁ raises a₁ and with it ŷ: ∂L/∂w₁₁ = −0.25.",
    ),
    Exercise(
        "backpropagation-2",
        # 64 units, then 32, then 10 scores.
        64 * 32 * 10.0,
        slips={
            "That is the number of units that can be chosen; choices at one layer and at the next "
            "are multiplied.": 106.0,
            "Those are the paths from all 64 pixels together.": 64.0 * 64 * 32 * 10,
            "Each path goes on through one of the ten scores, which all enter the loss.": 64.0 * 32,
        },
        praise="64 · 32 · 10 = 20,480; backpropagation walks each edge once instead.",
    ),
    Exercise(
        "backpropagation-3",
        # 0.2 · (1 · 0.5 + 2 · (−1.5) − 0.5 · 2)
        -0.7,
        slips={
            "The next layer's signals δ are left out: each path carries its own.": 0.5,
            "That is the sum over the paths; the unit's own slope σ′(z) is missing.": -3.5,
            "The next units' weights are left out.": 0.2,
        },
        praise="0.2 · (0.5 − 3 − 1) = 0.2 · (−3.5).",
    ),
    Exercise(
        "backpropagation-4",
        # ∂L/∂W has the shape of W, ∂L/∂b that of b, Δ that of Z.
        np.array([5, 3, 3, 8, 3]),
        slips={
            "W leads from 5 inputs to 3 units: here its first axis counts the inputs.": np.array(
                [3, 5, 3, 8, 3]
            ),
            "Those are the shapes of the transposed convention; here Z = A W + b, with the "
            "examples in the rows.": np.array([3, 5, 3, 3, 8]),
            "The batch is summed over: a bias has one slope, not one for each example.": np.array(
                [5, 3, 8, 8, 3]
            ),
            "Δ has the shape of Z, with the examples in its rows.": np.array([5, 3, 3, 3, 8]),
            "Δ belongs to the units' sums, not to the inputs.": np.array([5, 3, 3, 8, 5]),
        },
        praise="A slope has the shape of what it is the slope by.",
    ),
    Exercise(
        "backpropagation-5",
        _signal,
        inputs=_SIGNALS,
        slips={
            "The units' own slopes, 1 − tanh², are missing.": lambda d, W, z: d @ W.T,
            "Signals go back against the weights: W transposed.": lambda d, W, z: (
                (d @ W) * (1 - np.tanh(z) ** 2)
            ),
            "The slope of tanh is 1 − tanh², not tanh itself.": lambda d, W, z: (
                (d @ W.T) * np.tanh(z)
            ),
            "z are the sums, not yet the outputs: the slope is 1 − tanh(z)².": lambda d, W, z: (
                (d @ W.T) * (1 - z**2)
            ),
            "The next layer's signals are left out.": lambda d, W, z: (
                W.sum(axis=1) * (1 - np.tanh(z) ** 2)
            ),
        },
        praise="One matrix product for all paths, then each unit's own slope.",
    ),
    Exercise(
        "backpropagation-6",
        # (2.4/4)^10
        0.6**10,
        slips={
            "The factors along a path are multiplied, not added.": 6.0,
            "The sigmoid's slope is at most ¼, not 1.": 2.4**10,
            "That is with biases 0; choose them so that each sum is 0.": 2.949e-6,
            "That leaves out the weights: each factor is w σ′(z).": 0.25**10,
        },
        rtol=0.01,
        praise="(2.4/4)¹⁰ is about 0.006.",
    ),
    Exercise(
        "backpropagation-7",
        # √(2/256)
        float(np.sqrt(2 / 256)),
        slips={
            "That is the variance; the standard deviation is its root.": 2 / 256,
            "That is the scale for linear units; a ReLU passes on half of the mean square.": 1 / 16,
            "He's forward rule counts the inputs of the layer, not its units.": float(
                np.sqrt(2 / 64)
            ),
            "That is Xavier's compromise, for units that are about linear.": float(
                np.sqrt(2 / 320)
            ),
        },
        rtol=0.01,
        praise="√(2/256) is about 0.088.",
    ),
    Exercise(
        "backpropagation-8",
        # Each layer passes on n s²/2 = ½ of the mean square: a factor 1/√2 for the size.
        2.0**-4,
        slips={
            "That is the factor of the mean square; the size is its root.": 2.0**-8,
            "The size shrinks: give new over old.": 16.0,
            "With s² = 1/n a ReLU layer passes on half the mean square.": 1.0,
            "That is one layer's factor; eight layers multiply eight of them.": float(np.sqrt(0.5)),
        },
        rtol=0.01,
        praise="(1/√2)⁸ = 1/16: eight layers lose a factor of 16, and sixteen one of 256.",
    ),
]
