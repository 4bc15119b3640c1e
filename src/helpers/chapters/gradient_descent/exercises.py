"""The exercises of the chapter on gradient descent."""

import numpy as np

from helpers.exercises.engine import Exercise

_BOWL = np.array([[3.0, 1.0], [1.0, 2.0]])


def _descend(hessian, start, learning_rate, steps):
    theta = start
    for _ in range(steps):
        theta = theta - learning_rate * (hessian @ theta)
    return theta


def _from_the_start(hessian, start, learning_rate, steps):
    return start - steps * learning_rate * (hessian @ start)


EXERCISES = [
    Exercise(
        "gradient-descent-1",
        # L = θ⁴/4 has the slope θ³ = 8 at 2, so that θ goes to 2 − 0.05 · 8.
        1.6,
        slips={
            "That goes uphill: the gradient is subtracted.": 2.4,
            "That subtracts the loss, not its slope.": 1.8,
            "That is the step; the question is where it leads.": -0.4,
        },
        praise="2 − 0.05 · 8.",
    ),
    Exercise(
        "gradient-descent-2",
        # The eigenvalues of [[3, 1], [1, 3]] are 4 and 2.
        0.5,
        slips={
            "The entries of the diagonal are not the curvatures: take the eigenvalues.": 2 / 3,
            "That is 1/L: the fastest for the steep direction, not the limit.": 0.25,
            "That is 2/(L + μ), the best rate, not the limit.": 1 / 3,
            "The steep direction decides, not the flat one.": 1.0,
        },
        praise="The eigenvalues are 4 and 2, and 2/4 is the limit.",
    ),
    Exercise(
        "gradient-descent-3",
        # ‖(3, −4)‖ = 5.
        0.5,
        slips={
            "η alone is not the length of the step.": 0.1,
            "That is the length of the gradient; η is missing.": 5.0,
            "That adds the sizes of the components; the Euclidean length is wanted.": 0.7,
        },
        praise="0.1 · √(9 + 16).",
    ),
    Exercise(
        "gradient-descent-4",
        _descend,
        inputs=(
            (_BOWL, np.array([1.0, -2.0]), 0.1, 1),
            (_BOWL, np.array([1.0, -2.0]), 0.25, 7),
            (np.diag([1.0, 4.0, 9.0]), np.array([1.0, 1.0, -1.0]), 0.2, 30),
        ),
        slips={
            "That goes uphill: the gradient is subtracted.": lambda a, start, eta, n: _descend(
                a, start, -eta, n
            ),
            "The gradient has to be computed anew at each point.": _from_the_start,
            "That is one step too many.": lambda a, start, eta, n: _descend(a, start, eta, n + 1),
            "That is one step too few.": lambda a, start, eta, n: _descend(a, start, eta, n - 1),
            "The gradient of ½ θᵀAθ is Aθ, without a factor 2.": lambda a, start, eta, n: _descend(
                a, start, 2 * eta, n
            ),
        },
        praise="Each step takes the gradient where it stands.",
    ),
    Exercise(
        "gradient-descent-5",
        # ρ = 99/101, and ρᵗ = 10⁻³ at t = 345.4.
        346,
        slips={
            "That is for η = 1/L, which keeps 0.99 of the distance.": 688,
            "That shrinks the loss by 1,000; the distance is its square root.": 173,
        },
        rtol=0.012,
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
]
