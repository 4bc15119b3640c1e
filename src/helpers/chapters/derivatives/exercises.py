"""The exercises of the chapter on derivatives."""

import numpy as np

from helpers.exercises.engine import Exercise

EXERCISES = [
    Exercise(
        "derivatives-1",
        # d/dx (3x² − 4x) = 6x − 4 at x = 2.
        8.0,
        slips={"That is the value of the function, not its slope.": 4.0},
        praise="6x − 4 is 8 at x = 2.",
    ),
    Exercise(
        "derivatives-2",
        "continuous",
        slips={
            "At a jump no difference quotient settles, and |x| has no jump.": "neither",
            "The slopes from the left and from the right are −1 and +1.": "differentiable",
            "Differentiable would imply continuous; here only one of the two holds.": "both",
        },
        praise="|x| is continuous at 0, with slopes −1 and +1 on its two sides.",
    ),
    Exercise(
        "derivatives-3",
        lambda x: 2 * x * np.cos(x**2),
        inputs=((0.5,), (1.3,), (-2.0,)),
        slips={
            "The inner derivative 2x is lost.": lambda x: np.cos(x**2),
            "The outer derivative is a cosine, not a sine.": lambda x: 2 * x * np.sin(x**2),
            "The cosine is taken at x², not at 2x.": lambda x: 2 * x * np.cos(2 * x),
        },
        praise="The outer derivative at x², times the inner one.",
    ),
    Exercise(
        "derivatives-4",
        lambda f, x, h: (f(x + h) - 2 * f(x) + f(x - h)) / h**2,
        inputs=((np.sin, 0.7, 1e-3), (np.exp, 0.0, 1e-2), (np.cos, -1.1, 1e-3)),
        slips={
            "The denominator is h², not h.": lambda f, x, h: (f(x + h) - 2 * f(x) + f(x - h)) / h,
            "The denominator is h², not 2h²: nothing is averaged here.": lambda f, x, h: (
                (f(x + h) - 2 * f(x) + f(x - h)) / (2 * h**2)
            ),
            "That is the central difference for the first derivative.": lambda f, x, h: (
                (f(x + h) - f(x - h)) / (2 * h)
            ),
        },
        rtol=1e-7,
        praise="Its truncation error is h² f⁗(ξ)/12.",
    ),
    Exercise(
        "derivatives-5",
        # ½ |f″| Δx² with f = eˣ at 0 and Δx = 0.1.
        0.005,
        slips={"The factor ½ of the second-order term is lost.": 0.01},
        rtol=0.1,
        praise="The error of the tangent is about ½ f″(x) Δx².",
    ),
]
