"""What the figures of the chapter on gradients are given, and how they put it into words."""

import numpy as np
import pytest

from helpers.chapters.gradients import experiments, figures
from helpers.mathematics.landscapes import bent_sheet


def test_headings_have_length_one_and_go_round():
    assert experiments.heading(0) == pytest.approx([1, 0])
    assert experiments.heading(90) == pytest.approx([0, 1], abs=1e-15)
    assert experiments.heading([[30.0, 60.0]]).shape == (1, 2, 2)
    assert experiments.heading(30) == pytest.approx([np.sqrt(3) / 2, 0.5])


def test_slopes_at_the_point_and_over_a_step():
    found = experiments.slopes(np.array([0.0, 90.0, 180.0]), 0.5)
    assert found.at_the_point == pytest.approx([4, -3, -4])
    # f(1.5, −1) = 5.5, f(1, −0.5) = 1.75, f(0.5, −1) = 1.5, and f(1, −1) = 3.
    assert found.over_the_step == pytest.approx([5, -2.5, -3])
    with pytest.raises(ValueError, match="distance must be greater than 0"):
        experiments.slopes(30, 0)


def test_the_examples_at_the_origin():
    assert [e.slope is None for e in experiments.AT_THE_ORIGIN.values()] == [True, False, False]
    sheet = experiments.AT_THE_ORIGIN["x²y/(x² + y²)"]
    for degrees in (0.0, 30.0, 135.0):
        v = experiments.heading(degrees)
        assert sheet.slope(degrees) == pytest.approx(bent_sheet(1e-6 * v) / 1e-6)
        assert experiments.AT_THE_ORIGIN["x² + y² − x²y"].slope(degrees) == 0


def test_starts_lie_on_a_circle_steep_coordinate_first():
    assert experiments.start_on_bowl(0) == pytest.approx([2, 0])
    assert experiments.start_on_bowl(90) == pytest.approx([0, 2], abs=1e-15)
    bowl = experiments.bowl(10)
    assert bowl.value([1.0, 0.0]) == pytest.approx(0.5)
    assert bowl.value([0.0, 1.0]) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("drawn", "reading"),
    [
        (
            lambda: figures.draw_slices(x=-1.5, y=0.25),
            "At (−1.5, 0.25) f is 1.75. Along x it falls, with the slope −2.25; along y it falls, "
            "with the slope −1.75.",
        ),
        (
            lambda: figures.draw_slices(x=0.0, y=0.5),
            "At (0, 0.5) f is 0.25. Along x it is level, with the slope 0; along y it rises, with "
            "the slope 1.",
        ),
        (
            lambda: figures.draw_slices(x=0.0, y=0.0),
            "At (0, 0) f is 0. Both slopes are 0, and there is no arrow.",
        ),
        (
            lambda: figures.draw_origin(function="xy/(x² + y²)", degrees=90),
            "φ = 90°: along this axis f is 0 all the way, so that the partial derivative at the "
            "origin is 0.",
        ),
        (
            lambda: figures.draw_origin(function="xy/(x² + y²)", degrees=120),
            "φ = 120°: along this line f is −0.433 however near the origin, where it is 0: f is "
            "not continuous there, although both partial derivatives are 0.",
        ),
        (
            lambda: figures.draw_origin(function="x²y/(x² + y²)", degrees=180),
            "φ = 180°: along this line f has slope 0 at the origin, as the gradient (0, 0) says.",
        ),
        (
            lambda: figures.draw_origin(function="x²y/(x² + y²)", degrees=135),
            "φ = 135°: along this line f has slope 0.354 at the origin, where the gradient (0, 0) "
            "promises 0: f is not differentiable there.",
        ),
        (
            lambda: figures.draw_compass(degrees=-90, distance=1.0),
            "φ = −90°: the slope at the point is 3; over a step of length 1 it is 4.",
        ),
        (
            lambda: figures.draw_bowl(kappa=1, degrees=30),
            "κ = 1, β = 30°: the bowl is round, and −∇f points at the minimum, as from every β.",
        ),
        (
            lambda: figures.draw_bowl(kappa=30, degrees=0),
            "κ = 30, β = 0°: on an axis −∇f points at the minimum; at worst, at β = 79.7°, the "
            "angle is 69.3°.",
        ),
    ],
)
def test_readings(drawn, reading):
    assert drawn()[1] == reading


def test_unknown_functions_and_bad_values_are_refused():
    with pytest.raises(ValueError, match="function must be one of"):
        figures.draw_origin(function="x", degrees=0)
    with pytest.raises(ValueError, match="condition_number must be at least 1"):
        figures.draw_bowl(kappa=0.5, degrees=0)
