"""The exercises of the chapter on automatic differentiation."""

import numpy as np

from helpers.exercises.engine import Exercise


def softplus_vjp(u, x):
    """u σ(x), where σ is the logistic function."""
    return u / (1 + np.exp(-x))


def picked_rows_vjp(U, ids, rows):
    """What flows back to a table of ``rows`` rows whose rows ``ids`` were picked."""
    gradient = np.zeros((rows, U.shape[1]))
    np.add.at(gradient, ids, U)
    return gradient


def _last_one_wins(U, ids, rows):
    gradient = np.zeros((rows, U.shape[1]))
    gradient[ids] = U
    return gradient


def _mean_of_repetitions(U, ids, rows):
    counts = np.maximum(np.bincount(ids, minlength=rows), 1)
    return picked_rows_vjp(U, ids, rows) / counts[:, None]


_X = np.array([0.3, -1.2, 2.0])
_U = np.array([1.0, -0.5, 0.7])
_ROWS = np.array([[1.0, 0.5], [-2.0, 3.0], [0.7, -0.4], [0.2, 0.9]])

EXERCISES = [
    Exercise(
        "automatic-differentiation-1",
        # One loss is one output: one reverse pass.
        1,
        slips={
            "That is forward mode: a pass for each input. On the way back a pass answers for one "
            "output, and a loss is one.": 1000,
            "Each pass back needs the values, so the program runs forward before; asked is how "
            "often one goes back.": 2,
        },
        praise="One pass back for one output, whatever the number of inputs.",
    ),
    Exercise(
        "automatic-differentiation-2",
        # Contributions of several uses add: 24 + 9.
        33,
        slips={
            "Rates multiply along a chain; where two ways lead to the result they add.": 216,
            "That is one of the two ways; a change of x goes both.": 24,
            "That is the way past v₁; a change of x goes through v₁ as well.": 9,
            "Both ways carry their whole slope: they add, nothing is averaged.": 16.5,
        },
        praise="Along a way slopes multiply; over several ways they add.",
    ),
    Exercise(
        "automatic-differentiation-3",
        # 10, and 3 · 5 + 2 · (−1).
        np.array([10, 13]),
        slips={
            "The ε-parts are not multiplied with each other: that term has ε² = 0.": np.array(
                [10, -3]
            ),
            "The second factor's slope is −1.": np.array([10, 17]),
            "The slope needs both terms, a′b and ab′; that is a′b.": np.array([10, 15]),
            "The slope needs both terms, a′b and ab′; that is ab′.": np.array([10, -2]),
            "ε² is 0, not 1.": np.array([7, 13]),
        },
        praise="The value 2 · 5, the slope 3 · 5 + 2 · (−1).",
    ),
    Exercise(
        "automatic-differentiation-4",
        # v₁ = 3, v₂ = 2, v₃ = 4, y = 4: ∂y/∂x = 4 + 2·2·3, ∂y/∂w = 2·2·1.
        np.array([16, 4]),
        slips={
            "x feeds two rows; what comes back through v₁ is lost.": np.array([4, 4]),
            "x feeds two rows: the 4 that v₃ · x sends to x directly is lost.": np.array([12, 4]),
            "The order asked for is x, then w.": np.array([4, 16]),
            "Squaring sends 2 v₂ times what comes in; the 2 is lost.": np.array([10, 2]),
        },
        praise="x gets 4 directly and 12 through v₁; w gets 4.",
    ),
    Exercise(
        "automatic-differentiation-5",
        "forward",
        slips={
            "That takes a pass for each of the 200 outputs; count the inputs.": "reverse",
            "That is reverse mode: a pass for each of the 200 outputs.": "backward",
        },
        praise="3 passes, one for each input, against 200.",
    ),
    Exercise(
        "automatic-differentiation-6",
        softplus_vjp,
        inputs=((_U, _X), (2 * _U[::-1], 3 * _X)),
        slips={
            "The upstream gradient u is a factor; it is lost.": lambda u, x: 1 / (1 + np.exp(-x)),
            "That is 1 − σ(x): the slope has to go to 1 for large x.": lambda u, x: (
                u / (1 + np.exp(x))
            ),
            "That is u times the value; the slope is wanted.": lambda u, x: u * np.log1p(np.exp(x)),
            "That is the slope of the slope; one derivative too many.": lambda u, x: (
                u / (1 + np.exp(-x)) * (1 - 1 / (1 + np.exp(-x)))
            ),
        },
        praise="Upstream times slope, and the slope is the logistic function.",
    ),
    Exercise(
        "automatic-differentiation-7",
        picked_rows_vjp,
        inputs=(
            (_ROWS, np.array([2, 0, 2, 2]), 4),
            (_ROWS[:3], np.array([1, 1, 0]), 2),
        ),
        slips={
            "A row that was picked several times gets the sum of all that comes back; here the "
            "last one wins.": _last_one_wins,
            "Several uses add up; nothing is averaged.": _mean_of_repetitions,
        },
        praise="The transpose of picking is adding, once for each time that a row was picked.",
    ),
    Exercise(
        "automatic-differentiation-8",
        # H = [[2y, 2x], [2x, 0]] = [[4, 2], [2, 0]] at (1, 2).
        np.array([6, 2]),
        slips={
            "That is the gradient; its derivative along v is wanted.": np.array([4, 1]),
            "The mixed derivatives 2x are lost.": np.array([4, 0]),
            "The mixed derivative belongs to the second entry as well: it is 2x · 1.": np.array(
                [6, 0]
            ),
        },
        praise="The gradient (2xy, x²) changes along (1, 1) by (2y + 2x, 2x).",
    ),
]
