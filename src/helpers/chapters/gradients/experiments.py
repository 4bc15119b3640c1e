"""What the figures of the chapter on gradients show, computed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.landscapes import Hollow, bent_sheet, diagonal_ridge
from helpers.mathematics.objectives import Quadratic
from helpers.mathematics.validate import as_finite_array, as_finite_float, as_positive

#: The landscape of the chapter, and the point where its gradient is (4, −3), of length 5.
LANDSCAPE = Hollow()
SPOT = np.array([1.0, -1.0])
#: How far from the minimum the points of the figure on the condition number lie.
RADIUS = 2.0


def heading(degrees):
    """The unit vectors at these angles from the first axis, shape (..., 2)."""
    angle = np.deg2rad(as_finite_array(degrees, "degrees"))
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


class Slopes(NamedTuple):
    """Along a direction: the slope ∇ᵀv at ``SPOT``, and the slope over a whole step."""

    at_the_point: np.ndarray
    over_the_step: np.ndarray


def slopes(degrees, distance):
    """The two slopes of ``LANDSCAPE`` at ``SPOT``, for angles of any shape and a distance > 0."""
    v, s = heading(degrees), as_positive(distance, "distance")
    rise = LANDSCAPE.value(SPOT + s * v) - LANDSCAPE.value(SPOT)
    return Slopes(v @ LANDSCAPE.gradient(SPOT), rise / s)


class Example(NamedTuple):
    """A function near the origin: its values, and its slope there in the direction of an angle.

    ``slope`` is ``None`` where the function is not continuous.
    """

    value: object
    slope: object


#: Three functions whose partial derivatives at the origin are both 0.
AT_THE_ORIGIN = {
    "xy/(x² + y²)": Example(diagonal_ridge, None),
    "x²y/(x² + y²)": Example(bent_sheet, lambda degrees: float(bent_sheet(heading(degrees)))),
    "x² + y² − x²y": Example(LANDSCAPE.value, lambda degrees: 0.0),
}


def start_on_bowl(degrees):
    """The point (steep, flat) at distance ``RADIUS`` from the minimum, at β from the steep axis."""
    return RADIUS * heading(as_finite_float(degrees, "degrees"))


def bowl(condition_number):
    """The bowl with M = 1 and μ = 1/κ whose steep direction is the first axis."""
    return Quadratic.valley(condition_number)
