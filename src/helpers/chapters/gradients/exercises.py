"""The exercises of the chapter on gradients."""

import numpy as np

from helpers.exercises.engine import Exercise

_RNG = np.random.default_rng(7)
_A, _B = _RNG.normal(size=(5, 3)), _RNG.normal(size=(2, 4))


def _rosenbrock_gradient(x):
    """Gradient of (1 − x₀)² + 10 (x₁ − x₀²)²."""
    bend = x[1] - x[0] ** 2
    return np.array([-2 * (1 - x[0]) - 40 * x[0] * bend, 20 * bend])


EXERCISES = [
    Exercise(
        "gradients-1",
        # ‖(4, −3)‖
        5.0,
        slips={
            "That is the slope along x; between the axes there are steeper directions.": 4.0,
            "That is the sum of the two sizes: you would get it along (1, −1), whose length is √2, "
            "not 1.": 7.0,
            "Slopes do not just add up: choose a direction of length 1 that uses both.": 1.0,
            "That is the slope along (1, −1)/√2, which is steep, but not the steepest.": float(
                7 / np.sqrt(2)
            ),
        },
        praise="The length of the vector (4, −3). You will see why below.",
    ),
    Exercise(
        "gradients-2",
        "not necessarily",
        slips={
            "In one variable a derivative makes a function continuous. Here the two slopes look at "
            "f along two lines only.": "yes",
            "Many functions with both slopes are continuous, x + y for one.": "no",
        },
        praise="The two slopes know nothing of what lies off the two axes.",
    ),
    Exercise(
        "gradients-3",
        # (2xy, x² + 3) at (2, −1)
        np.array([-4.0, 7.0]),
        slips={
            "The term 3y has the slope 3 along y.": np.array([-4.0, 4.0]),
            "For the derivative by x, y is held fixed, and 3y is then a constant: its slope "
            "along x is 0, not 3.": np.array([-1.0, 7.0]),
            "The components stand in the order of the variables, x first.": np.array([7.0, -4.0]),
            "In the derivative by x the factor y stays, with its sign.": np.array([4.0, 7.0]),
        },
        praise="(2xy, x² + 3) at (2, −1).",
    ),
    Exercise(
        "gradients-4",
        # (−4, 7) · (3, 4)/5
        3.2,
        slips={
            "(3, 4) has length 5: divide by it to get the slope per unit of distance.": 16.0,
            "That is the length of the gradient, the slope in the steepest direction.": float(
                np.sqrt(65)
            ),
            "The squared length of (3, 4) is 25; divide by the length, 5.": 0.64,
            "The first component of the gradient is −4.": 8.0,
        },
        praise="(−4, 7) · (0.6, 0.8) = −2.4 + 5.6.",
    ),
    Exercise(
        "gradients-5",
        np.array([-1.0, 1.0, 1.0]),
        slips={
            "That is the Euclidean direction: with this rule no coordinate has to be given up for "
            "another.": np.array([-3.0, 1.0, 2.0]) / np.sqrt(14),
            "That is the answer when the |vⱼ| may add up to 1 only; here each may be 1.": np.array(
                [-1.0, 0.0, 0.0]
            ),
            "The entries of v have to lie between −1 and 1.": np.array([-3.0, 1.0, 2.0]),
            "Where a slope is negative, moving that coordinate down makes f rise.": np.array(
                [1.0, 1.0, 1.0]
            ),
        },
        praise="The signs of the gradient; the slope is 3 + 1 + 2 = 6.",
    ),
    Exercise(
        "gradients-6",
        # 2√κ/(κ + 1) = ½
        float((2 + np.sqrt(3)) ** 2),
        slips={
            "That is √κ.": float(2 + np.sqrt(3)),
            "That is the other root of the equation, below 1; κ is at least 1.": float(
                (2 - np.sqrt(3)) ** 2
            ),
            "For that κ the angle is 30° at worst.": 3.0,
        },
        rtol=0.01,
        praise="√κ = 2 + √3, so κ is about 13.9.",
    ),
    Exercise(
        "gradients-7",
        lambda A, x, c: 2 * A.T @ (A @ x - c) / len(c),
        inputs=(
            (_A, np.array([0.5, -1.0, 2.0]), np.arange(5.0)),
            (_B, np.array([1.0, 0.3, -0.7, 0.2]), np.array([1.5, -2.0])),
        ),
        slips={
            "The mean divides by m, the number of rows.": lambda A, x, c: 2 * A.T @ (A @ x - c),
            "The residual is Ax − c; the target is lost.": lambda A, x, c: (
                2 * A.T @ (A @ x) / len(c)
            ),
            "The mean is over the m rows, not over the n variables.": lambda A, x, c: (
                2 * A.T @ (A @ x - c) / len(x)
            ),
            "The residual is Ax − c, not Ax + c.": lambda A, x, c: 2 * A.T @ (A @ x + c) / len(c),
        },
        praise="2Aᵀ(Ax − c)/m, of the shape of x.",
    ),
    Exercise(
        "gradients-8",
        lambda gradient, x, v, h: (gradient(x + h * v) - gradient(x - h * v)) / (2 * h),
        inputs=(
            (_rosenbrock_gradient, np.array([0.5, -0.3]), np.array([1.0, 2.0]), 1e-4),
            (_rosenbrock_gradient, np.array([-1.2, 1.0]), np.array([0.3, -0.7]), 1e-3),
        ),
        slips={
            "The two points lie 2h apart.": lambda gradient, x, v, h: (
                (gradient(x + h * v) - gradient(x - h * v)) / h
            ),
            "That is a forward difference; its error is of the order of h.": (
                lambda gradient, x, v, h: (gradient(x + h * v) - gradient(x)) / h
            ),
            "The step goes along v, not along every coordinate alike.": (
                lambda gradient, x, v, h: (gradient(x + h) - gradient(x - h)) / (2 * h)
            ),
        },
        praise="Two gradients, whatever n is.",
    ),
]
