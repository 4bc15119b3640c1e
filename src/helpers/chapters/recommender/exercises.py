"""The exercises of the chapter on recommenders."""

import numpy as np

from helpers.exercises.engine import Exercise

_Q = np.array([[1.0, 0.5], [0.2, -1.0], [0.7, 0.3], [-0.4, 0.9]])
_TARGETS = np.array([1.2, -0.6, 0.4, 0.1])


def _ridge(Q, targets, penalty):
    return np.linalg.solve(Q.T @ Q + penalty * np.eye(Q.shape[1]), Q.T @ targets)


EXERCISES = [
    Exercise(
        "recommender-predict",
        # The residual is 4 − 4.25 < 0.
        "apart",
        slips={"The model expected more than the 4 stars that it got.": "together"},
        praise="The rating is good, but lower than the 4.25 that the model expected.",
    ),
    Exercise(
        "recommender-1",
        # Residuals 1.5, 1, 1 and 0 sum to 3.5; n + λ_b = 4 + 3.
        0.5,
        slips={
            "That is the plain mean of the residuals: λ_b is missing in the denominator.": 0.875,
            "The penalty is added once to the number of ratings, not to each of them.": 3.5 / 16,
            "n and λ_b are added, not multiplied.": 3.5 / 12,
            "That is the sum of the residuals; divide it by n + λ_b.": 3.5,
        },
        praise="3.5 / (4 + 3): a good half of the plain mean.",
    ),
    Exercise(
        "recommender-2",
        "apart",
        slips={
            "4★ is a liking, but less of one than the model expected.": "together",
            "The residual is 4 − 4.6, which is not zero.": "neither",
        },
        praise="The residual is −0.6, and its sign decides.",
    ),
    Exercise(
        "recommender-3",
        lambda r, prediction, p, q, penalty: -(r - prediction) * q + penalty * p,
        inputs=(
            (4.0, 3.5, np.array([0.3, -0.2]), np.array([0.5, 0.1]), 0.1),
            (1.0, 3.2, np.array([1.0, 0.4]), np.array([-0.6, 0.8]), 2.0),
        ),
        slips={
            "The data term multiplies q, what p is paired with, not p.": (
                lambda r, prediction, p, q, penalty: -(r - prediction) * p + penalty * p
            ),
            "The penalty's part λp is missing.": (
                lambda r, prediction, p, q, penalty: -(r - prediction) * q
            ),
            "The sign of the residual's part is the wrong way round: ∂e/∂p = −q.": (
                lambda r, prediction, p, q, penalty: (r - prediction) * q + penalty * p
            ),
            "The sign of the penalty's part is the wrong way round: it adds λp.": (
                lambda r, prediction, p, q, penalty: -(r - prediction) * q - penalty * p
            ),
            "There is a ½ before the square, so no factor 2 is left in the residual's part.": (
                lambda r, prediction, p, q, penalty: -2 * (r - prediction) * q + penalty * p
            ),
            "Both terms carry a ½, so no factor 2 is left in either part.": (
                lambda r, prediction, p, q, penalty: 2 * (-(r - prediction) * q + penalty * p)
            ),
            "That is the gradient of ‖p‖² λ without the ½: λp, not 2λp.": (
                lambda r, prediction, p, q, penalty: -(r - prediction) * q + 2 * penalty * p
            ),
            "The penalty is ½ λ‖p‖²: its gradient is λp, not λq.": (
                lambda r, prediction, p, q, penalty: -(r - prediction) * q + penalty * q
            ),
            "The prediction is more than p·q: use the one you are given.": (
                lambda r, prediction, p, q, penalty: -(r - p @ q) * q + penalty * p
            ),
        },
        praise="Residual times film, plus λ times user.",
    ),
    Exercise(
        "recommender-4",
        _ridge,
        inputs=((_Q, _TARGETS, 0.5), (_Q[:3], _TARGETS[:3], 3.0)),
        slips={
            "That is plain least squares: λ is missing.": lambda Q, targets, penalty: _ridge(
                Q, targets, 0.0
            ),
            "λ belongs on the diagonal: add λI, not λ to every entry.": (
                lambda Q, targets, penalty: np.linalg.solve(Q.T @ Q + penalty, Q.T @ targets)
            ),
            "λ stands outside the sum here: it is not multiplied by the number of ratings.": (
                lambda Q, targets, penalty: _ridge(Q, targets, penalty * len(Q))
            ),
        },
        praise="A half step of alternating least squares, with no learning rate anywhere.",
    ),
    Exercise(
        "recommender-5",
        # 12 charged once for the row is 12 / 60 charged 60 times.
        0.2,
        slips={
            "The other way round: inside the sum the row is charged 60 times.": 720.0,
            "Inside the sum the penalty is λ for each rating, so it must shrink.": 12.0,
            "The other way round: 12 is spread over 60 ratings.": 5.0,
        },
        praise="12 / 60. For a user with 20 ratings it would be 0.6: the two cannot agree for all.",
    ),
    Exercise(
        "recommender-6",
        # (0.05 / 0.02)² = 6.25 times as many.
        2500.0,
        slips={
            "The error falls with the root of n, so n grows with the square of 2.5.": 1000.0,
            "More ratings make it smaller: the other way round.": 64.0,
            "It takes more ratings, and by the square of 2.5.": 160.0,
            "That is the root; the square of 2.5 is wanted.": 400 * 2.5**0.5,
            "That many are to be added; the question asks for all of them.": 2100.0,
        },
        praise="σ/√n with σ = 0.05 · √400 = 1: (1 / 0.02)² ratings.",
    ),
]
