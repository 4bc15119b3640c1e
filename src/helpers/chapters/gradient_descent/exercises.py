"""The exercises of the chapter on gradient descent."""

import numpy as np

from helpers.exercises.engine import Exercise

# Symmetric, of size 3: a message names such a matrix by its shape, on one line.
_BOWL = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
_START = np.array([1.0, -2.0, 0.5])


def _descend(A, theta, eta, n):
    for _ in range(n):
        theta = theta - eta * (A @ theta)
    return theta


def _from_the_start(A, theta, eta, n):
    return theta - n * eta * (A @ theta)


EXERCISES = [
    Exercise(
        "gradient-descent-predict-1",
        "yes",
        slips={"3 − η · 12 is 0 for one η.": "no"},
        praise="3 − η · 12 is 0 for η = ¼.",
    ),
    Exercise(
        "gradient-descent-predict-2",
        # |1 − 4η| = 1.
        0.5,
        slips={
            "There one step leads to 0: the loss could not shrink more.": 0.25,
            "There the loss has long been growing.": 1.0,
        },
        praise="At ½ a step leads from 3 to −3; beyond it each lands higher.",
    ),
    Exercise(
        "gradient-descent-predict-3",
        "no",
        slips={"Compare η = 0.25 with η = 0.4.": "yes"},
        praise="0.25 needs one step, 0.4 keeps 0.6 of the distance in each.",
    ),
    Exercise(
        "gradient-descent-1",
        # L = θ⁴/4 has the slope θ³ = 8 at 2, so that θ goes to 2 − 0.1 · 8.
        1.2,
        slips={
            "That subtracts the slope of θ⁴; there is a ¼ before it.": -1.2,
            "That goes uphill: the gradient is subtracted.": 2.8,
            "That subtracts the loss, not its slope.": 1.6,
            "That is the step; the question is where it leads.": -0.8,
            "That is the step's length; the question is where it leads.": 0.8,
            "The slope of ¼θ⁴ is θ³: the 4 cancels the ¼.": 1.8,
        },
        praise="2 − 0.1 · 8.",
    ),
    Exercise(
        "gradient-descent-2",
        # The eigenvalues of [[3, 1], [1, 3]] are 4 and 2.
        0.5,
        slips={
            "3 is the curvature along each axis, but along (1, 1) it is larger: take the "
            "largest eigenvalue.": 2 / 3,
            "That is 1/M: the fastest for the steep direction, not the limit.": 0.25,
            "That is 2/(M + μ), the best rate, not the limit.": 1 / 3,
            "The steep direction decides, not the flat one.": 1.0,
            "That is the largest eigenvalue; the limit is 2 divided by it.": 4.0,
        },
        praise="The eigenvalues are 4 and 2, and 2/4 is the limit.",
    ),
    Exercise(
        "gradient-descent-3",
        # ‖(3, −4)‖ = 5.
        0.5,
        slips={
            "That is η alone, or η times the size of the sum of the components; the Euclidean "
            "length is wanted.": 0.1,
            "That is the length of the gradient; η is missing.": 5.0,
            "That adds the sizes of the components; the Euclidean length is wanted.": 0.7,
            "That adds the components with their signs; the Euclidean length is wanted.": -0.1,
            "That is the square of the gradient's length times η.": 2.5,
            "That is the largest component; the Euclidean length is wanted.": 0.4,
        },
        praise="0.1 · √(9 + 16).",
    ),
    Exercise(
        "gradient-descent-4",
        _descend,
        inputs=(
            (_BOWL, _START, 0.1, 1),
            (_BOWL, _START, 0.25, 7),
            (np.diag([1.0, 4.0, 9.0]), np.array([1.0, 1.0, -1.0]), 0.2, 30),
        ),
        slips={
            "That goes uphill: the gradient is subtracted.": lambda A, theta, eta, n: _descend(
                A, theta, -eta, n
            ),
            "The gradient has to be computed anew at each point.": _from_the_start,
            "That is one step, whatever n is: a return inside the loop ends it.": (
                lambda A, theta, eta, n: _descend(A, theta, eta, min(n, 1))
            ),
            "That is one step too many.": lambda A, theta, eta, n: _descend(A, theta, eta, n + 1),
            "That is one step too few.": lambda A, theta, eta, n: _descend(A, theta, eta, n - 1),
            "The gradient of ½ θᵀAθ is Aθ, without a factor 2.": lambda A, theta, eta, n: _descend(
                A, theta, 2 * eta, n
            ),
            "The gradient of ½ θᵀAθ is Aθ: the ½ is gone.": lambda A, theta, eta, n: _descend(
                A, theta, eta / 2, n
            ),
        },
        praise="Each step takes the gradient where it stands.",
    ),
    Exercise(
        "gradient-descent-5",
        # ρ = 99/101, and ρᵗ = 10⁻³ at t = 345.4.
        346,
        slips={
            "That is for η = 1/M, which keeps 0.99 of the distance; or a factor ½ is lost.": 688,
            "That shrinks the loss to a thousandth; the distance is its square root.": 173,
            "That takes the logarithm to base 10; the natural one is wanted.": 150,
        },
        rtol=0.01,
        praise="ln 1000 / ln(101/99) is about (κ/2) ln 1000.",
    ),
    Exercise(
        "gradient-descent-6",
        "saddle",
        slips={
            "Across the ridge the gradient is 0, so that nothing leads off it.": "minimum",
            "With this η every step along the ridge is a contraction.": "diverges",
        },
        praise="On the ridge itself nothing pushes sideways, not even rounding.",
    ),
    Exercise(
        "gradient-descent-7",
        # The floor is proportional to η/b, which is 1/16 of what it was.
        0.00375,
        slips={
            "That counts one of the two changes: the floor goes with η and with 1/b.": 0.015,
            "η/b has changed: from 1/40 to 1/640.": 0.06,
            "A larger batch lowers the floor, and a smaller η too.": 0.06 * 16,
        },
        praise="η/b is a sixteenth of what it was, and so is the floor.",
    ),
]
