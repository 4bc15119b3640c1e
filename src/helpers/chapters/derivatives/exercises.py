"""The exercises of the chapter on derivatives."""

import numpy as np

from helpers.exercises.engine import Exercise

EXERCISES = [
    Exercise(
        "derivatives-predict-1",
        # (f(1 + h) − f(1))/h = h + h²/3.
        "positive",
        slips={
            "That is the tangent's slope; the secant ends a distance h further on.": "zero",
            "To the right of x = 1 the curve rises.": "negative",
        },
        praise="The curve rises to the right of x = 1, and the secant with it.",
    ),
    Exercise(
        "derivatives-predict-3",
        "yes",
        slips={"Set x = −0.5 and h = 1.5, and compare the two slopes.": "no"},
        praise="It happens where h = −3x.",
    ),
    Exercise(
        "derivatives-1",
        # d/dx (3x² − 4x) = 6x − 4 at x = 2.
        8.0,
        slips={
            "That is the value of the function, not its slope.": 4.0,
            "The constant −4 of the term −4x is lost.": 12.0,
        },
        praise="6x − 4 is 8 at x = 2.",
    ),
    Exercise(
        "derivatives-2",
        # |x|, H(x), ∛x, x|x|, x sin(1/x)
        np.array([1, 0, 1, 2, 1]),
        slips={
            "H jumps at 0: coming from the left its values stay 1 away from H(0). That its "
            "quotients from the right are all 0 does not help.": np.array([1, 1, 1, 2, 1]),
            "H jumps at 0, so that it has no derivative there, although its quotients from the "
            "right are all 0.": np.array([1, 2, 1, 2, 1]),
            "The quotients of ∛x are 1/∛(h²) and grow without bound.": np.array([1, 0, 2, 2, 1]),
            "∛x goes to 0 with x, so it is continuous; that its graph is vertical there costs it "
            "the derivative only.": np.array([1, 0, 0, 2, 1]),
            "The quotients of x|x| are |h|: from both sides they go to 0.": np.array(
                [1, 0, 1, 1, 1]
            ),
            "The quotients of x sin(1/x) are sin(1/h), which settles on no number.": np.array(
                [1, 0, 1, 2, 2]
            ),
            "x sin(1/x) lies between −|x| and |x|, so it goes to 0 with x.": np.array(
                [1, 0, 1, 2, 0]
            ),
            "The quotients of |x| are +1 on the right and −1 on the left.": np.array(
                [2, 0, 1, 2, 1]
            ),
        },
        praise="A kink, a jump, a vertical tangent, a smooth join, and quotients sin(1/h).",
    ),
    Exercise(
        "derivatives-3",
        lambda x: 2 * x * np.cos(x**2),
        inputs=((0.5,), (1.3,), (-2.0,)),
        slips={
            "The inner derivative 2x is lost.": lambda x: np.cos(x**2),
            "The inner derivative 2x is a factor; the cosine is taken at x².": lambda x: np.cos(
                2 * x
            ),
            "The outer derivative is a cosine, not a sine.": lambda x: 2 * x * np.sin(x**2),
            "The cosine is taken at x², not at 2x.": lambda x: 2 * x * np.cos(2 * x),
            "The cosine is taken at v(x) = x², not at x.": lambda x: 2 * x * np.cos(x),
        },
        praise="The outer derivative at x², times the inner one.",
    ),
    Exercise(
        "derivatives-4",
        # u′(v(2)) v′(2) = u′(5) · 3 = −4 · 3.
        -12.0,
        slips={
            "u′ is taken at v(2) = 5, not at 2.": 21.0,
            "That is u′ at the right place; the factor v′(2) is missing.": -4.0,
            "The factor is v′(2), not v(2).": -20.0,
            "The rates along a chain are multiplied, not added.": -1.0,
        },
        praise="u′(5) · v′(2) = −4 · 3.",
    ),
    Exercise(
        "derivatives-5",
        # e^0.1 − 1.1 = 0.00517…; its leading term ½ Δx² is 0.005.
        float(np.exp(0.1) - 1.1),
        slips={
            "The factor ½ of the second-order term is lost.": 0.01,
            "That is about a height; wanted is only the distance from the tangent's 1.1 up to the "
            "curve.": 1.1,
            "That is about how far e^0.1 lies above 1; wanted is how far above 1.1.": 0.1,
        },
        rtol=0.1,
        praise="½ f″(0) Δx² = 0.005; the true error is 0.00517.",
    ),
    Exercise(
        "derivatives-6",
        # In cm the feature is 100 times, the weight a hundredth of what it was in m.
        np.array([-24.0, 400.0]),
        slips={
            "That is how the derivative by the feature scales: by the weight it is the other way "
            "round.": np.array([-0.0024, 4e-6]),
            "The second derivative carries the unit of the weight twice.": np.array([-24.0, 4.0]),
            "The derivatives have units: in another unit they are other numbers.": np.array(
                [-0.24, 0.04]
            ),
        },
        praise="100 times the first derivative, and 100² times the second.",
    ),
    Exercise(
        "derivatives-7",
        lambda f, x, h: (f(x + h) - 2 * f(x) + f(x - h)) / h**2,
        inputs=((np.sin, 0.7, 1e-3), (np.exp, 0.0, 1e-2), (np.cos, -1.1, 1e-3)),
        slips={
            "The denominator is h², not h.": lambda f, x, h: (f(x + h) - 2 * f(x) + f(x - h)) / h,
            "The denominator is h², not 2h²: nothing is averaged here.": lambda f, x, h: (
                (f(x + h) - 2 * f(x) + f(x - h)) / (2 * h**2)
            ),
            "The denominator is h², not (2h)²: neighbouring points lie h apart.": lambda f, x, h: (
                (f(x + h) - 2 * f(x) + f(x - h)) / (2 * h) ** 2
            ),
            "That is the central difference for the first derivative.": lambda f, x, h: (
                (f(x + h) - f(x - h)) / (2 * h)
            ),
            "The value in the middle counts twice.": lambda f, x, h: (
                (f(x + h) - f(x) + f(x - h)) / h**2
            ),
        },
        rtol=1e-7,
        praise="Its truncation error is h² f⁗(ξ)/12.",
    ),
    Exercise(
        "derivatives-8",
        # ∛(3 ε |f| / |f‴|) with |f| = |f‴| = 1 and ε = 1.2·10⁻⁷.
        float(np.cbrt(3 * 1.2e-7)),
        slips={
            "That is the best step of the forward difference.": float(2 * np.sqrt(1.2e-7)),
            "That is √ε, the rule of thumb for the forward difference.": float(np.sqrt(1.2e-7)),
            "Under the cube root stands 3ε: the derivative of the bound by h is zero there.": float(
                np.cbrt(1.2e-7)
            ),
            "There the two parts of the error are equal; their sum is least a little to the "
            "left.": float(np.cbrt(6 * 1.2e-7)),
            "That is for double precision; here ε is 1.2·10⁻⁷.": float(np.cbrt(3 * 2.22e-16)),
        },
        rtol=0.02,
        praise="About 0.0071; in double precision it would be about 800 times smaller.",
    ),
]
