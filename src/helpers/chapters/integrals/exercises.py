"""The exercises of the chapter on integrals."""

import numpy as np

from helpers.exercises.engine import Exercise


def _midpoint(f, a, b, n):
    h = (b - a) / n
    return h * np.sum(f(a + h * (np.arange(n) + 0.5)))


def _left(f, a, b, n):
    h = (b - a) / n
    return h * np.sum(f(a + h * np.arange(n)))


def _trapezoid(f, a, b, n):
    return (_left(f, a, b, n) + _left(f, a + (b - a) / n, b + (b - a) / n, n)) / 2


_X = np.array([0.3, -1.1, 2.4, 0.9])

EXERCISES = [
    Exercise(
        "integrals-predict-1",
        # 0.01777/0.00447 = 3.98; h² falls to a quarter.
        4.0,
        slips={
            "That is a rule of order 1, such as the left one.": 2.0,
            "That is Simpson's rule, of order 4.": 16.0,
            "That would be order 3.": 8.0,
            "That is what is left of the error; it falls by the factor 4.": 0.25,
        },
        praise="The error falls like h², here by 3.98.",
    ),
    Exercise(
        "integrals-predict-2",
        "yes",
        slips={"The area under a density is 1; a narrow one has to be high for that.": "no"},
        praise="Over a narrow interval a high density still has the area 1.",
    ),
    Exercise(
        "integrals-predict-3",
        4.0,
        slips={
            "The error falls with the square root of the number of draws.": 2.0,
            "That is the square root of the factor.": float(np.sqrt(2)),
            "That would be for a quarter of the error.": 16.0,
        },
        praise="The error is σ/√n, and √4 is 2.",
    ),
    Exercise(
        "integrals-1",
        # (0 + 4 · 1 + 8)/3.
        4.0,
        slips={
            "That is the trapezoid rule.": 5.0,
            "That is the midpoint rule.": 3.5,
            "That is the trapezoid rule with one slice.": 8.0,
            "The mixture is 4/3 of the fine sum minus 1/3 of the coarse one, not the other way "
            "round.": 4 / 3 * 8 - 5 / 3,
        },
        praise="Exact: the fourth derivative of x³ is 0.",
    ),
    Exercise(
        "integrals-2",
        _midpoint,
        inputs=((np.exp, 0.0, 1.0, 4), (np.cos, -1.0, 2.0, 7), (np.sqrt, 1.0, 4.0, 3)),
        slips={
            "That is the left rule: the heights belong in the middles.": _left,
            "That is the trapezoid rule.": _trapezoid,
            "The width h of the slices is missing.": lambda f, a, b, n: (
                _midpoint(f, a, b, n) * n / (b - a)
            ),
        },
        praise="n heights in the middles, times the width.",
    ),
    Exercise(
        "integrals-3",
        # 2x at 1; 0.5²; ∫ 2x² from 0 to 1.
        np.array([2.0, 0.25, 2 / 3]),
        slips={
            "E[X] weighs x with the density 2x: values near 1 are more frequent.": np.array(
                [2.0, 0.25, 0.5]
            ),
            "A density may exceed 1.": np.array([1.0, 0.25, 2 / 3]),
            "The probability is the area from 0 to 0.5, a triangle, and not the density "
            "there.": np.array([2.0, 1.0, 2 / 3]),
        },
        rtol=1e-3,
        praise="The density exceeds 1, the probability does not.",
    ),
    Exercise(
        "integrals-4",
        # (2 + 7)/(2 + 2 + 10).
        9 / 14,
        slips={
            "That is the share in the data; the prior counts as well.": 0.7,
            "That is the prior's mean.": 0.5,
            "The prior's strength 4 belongs in the denominator as well.": 0.9,
            "That is where the posterior is highest, not its mean.": 8 / 12,
        },
        rtol=2e-3,
        praise="Nine of fourteen: the prior counts like four viewers.",
    ),
    Exercise(
        "integrals-5",
        # (1.6/0.02)².
        6400.0,
        slips={
            "That is √n.": 80.0,
            "The square of 0.02 is missing: the error is σ/√n.": 128.0,
            "It is the standard deviation that stands in σ/√n, not its square root.": 4000.0,
        },
        praise="(1.6/0.02)² = 80².",
    ),
    Exercise(
        "integrals-6",
        # 500/(1 + 9 · 0.2).
        500 / 2.8,
        slips={
            "The variance has the factor 1 + (m − 1)ρ; with its root you would compare "
            "errors.": float(500 / np.sqrt(2.8)),
            "A query is paired with the m − 1 = 9 others of its user.": 500 / 3.0,
            "That would be so if each user's losses were all equal.": 50.0,
            "That would be so without any correlation.": 500.0,
        },
        rtol=0.01,
        praise="About 179: the variance is 2.8 times as large.",
    ),
    Exercise(
        "integrals-7",
        # Var[1] = 0; Var[(1 + ε) ε] = 1 + 2.
        np.array([0.0, 3.0]),
        slips={
            "f′ is 1 whatever the draw: no variance at all.": np.array([1.0, 3.0]),
            "ε² varies as well: its variance is E[ε⁴] − 1 = 2.": np.array([0.0, 1.0]),
            "That is E[ε²] + E[ε⁴]; the square of the mean, 1, has to be taken off.": np.array(
                [0.0, 4.0]
            ),
        },
        praise="The slope is constant; ε + ε² has the variance 1 + 2.",
    ),
    Exercise(
        "integrals-8",
        lambda f, x, theta, s, baseline: np.mean((f(x) - baseline) * (x - theta) / s**2),
        inputs=((np.square, _X, 0.5, 0.7, 0.4), (np.cos, _X, -0.2, 1.6, 0.0)),
        slips={
            "The slope of log p by θ has s² in the denominator.": lambda f, x, theta, s, baseline: (
                np.mean((f(x) - baseline) * (x - theta))
            ),
            "It is s², not s, in the denominator.": lambda f, x, theta, s, baseline: np.mean(
                (f(x) - baseline) * (x - theta) / s
            ),
            "The baseline is missing.": lambda f, x, theta, s, baseline: np.mean(
                f(x) * (x - theta) / s**2
            ),
            "One number is wanted: the mean, not the sum.": lambda f, x, theta, s, baseline: np.sum(
                (f(x) - baseline) * (x - theta) / s**2
            ),
        },
        praise="The slope of log p by θ is (x − θ)/s².",
    ),
]
