"""The four rules: values by hand, SciPy's sums, the degrees that are exact, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate as scipy_integrate

from helpers.mathematics import quadrature


def test_places_and_weights_by_hand():
    wanted = {
        "left": ([1, 1.5, 2, 2.5], [0.5, 0.5, 0.5, 0.5]),
        "midpoint": ([1.25, 1.75, 2.25, 2.75], [0.5, 0.5, 0.5, 0.5]),
        "trapezoid": ([1, 1.5, 2, 2.5, 3], [0.25, 0.5, 0.5, 0.5, 0.25]),
        "Simpson": ([1, 1.5, 2, 2.5, 3], np.array([1, 4, 2, 4, 1]) / 6),
    }
    assert tuple(wanted) == quadrature.RULES
    for rule, (places, weights) in wanted.items():
        x, w = quadrature.nodes_and_weights(rule, 4, 1.0, 3.0)
        np.testing.assert_allclose(x, places)
        np.testing.assert_allclose(w, weights)


def test_two_slices_have_one_parabola():
    _, w = quadrature.nodes_and_weights("Simpson", 2, 0, 6)
    np.testing.assert_allclose(w, [1, 4, 1])


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 20), st.floats(-3, 3), st.floats(0.1, 4), st.sampled_from(quadrature.RULES))
def test_weights_add_up_to_the_width_and_low_degrees_are_exact(half, a, width, rule):
    n, b = 2 * half, a + width
    assert quadrature.integrate(np.ones_like, a, b, n, rule) == pytest.approx(width)
    degree = {"left": 0, "midpoint": 1, "trapezoid": 1, "Simpson": 3}[rule]
    exact = ((b - a + 1) ** (degree + 1) - 1) / (degree + 1)
    found = quadrature.integrate(lambda x: (x - a + 1) ** degree, a, b, n, rule)
    assert found == pytest.approx(exact, rel=1e-9)


def test_sums_agree_with_scipy():
    x = np.linspace(0.3, 2.1, 9)
    for rule, sums in (
        ("trapezoid", scipy_integrate.trapezoid),
        ("Simpson", scipy_integrate.simpson),
    ):
        assert quadrature.integrate(np.sin, 0.3, 2.1, 8, rule) == pytest.approx(sums(np.sin(x), x))


def test_the_order_is_the_slope_of_the_errors():
    for rule, order in zip(quadrature.RULES, (1, 2, 2, 4), strict=True):
        found = quadrature.measured_order(np.exp, 0, 1, (16, 48), rule, np.e - 1)
        assert found == pytest.approx(order, abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("right", 4, 0, 1), "rule must be one of 'left', 'midpoint', 'trapezoid', 'Simpson', got"),
        (("left", 0, 0, 1), "n must be at least 1, got 0"),
        (("left", 2.5, 0, 1), "n must be a whole number, got 2.5"),
        (("Simpson", 3, 0, 1), "n must be even for Simpson's rule, got 3"),
        (("left", 4, 1, 1), "b must be greater than a = 1, got 1"),
        (("left", 4, 2, 1), "b must be greater than a = 2, got 1"),
        (("left", 4, np.nan, 1), "a must be a finite number, got nan"),
        (("left", 4, 0, np.inf), "b must be a finite number, got inf"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        quadrature.nodes_and_weights(*arguments)


def test_values_and_slices_are_refused_by_name():
    with pytest.raises(ValueError, match=r"f\(x\) must be finite, got inf at index \(0,\)"):
        quadrature.integrate(lambda x: np.where(x > 0, x, np.inf), 0, 1, 4, "left")
    with pytest.raises(ValueError, match=r"f\(x\) must have shape \(4\), got shape \(\)"):
        quadrature.integrate(lambda x: 1.0, 0, 1, 4, "left")
    for slices in ((8, 4), (4, 4)):
        with pytest.raises(ValueError, match="slices must be two numbers, the smaller first"):
            quadrature.measured_order(np.exp, 0, 1, slices, "left", 1.7)
    with pytest.raises(ValueError, match=r"slices\[1\] must be a whole number"):
        quadrature.measured_order(np.exp, 0, 1, (2, 4.5), "left", 1.7)
    with pytest.raises(ValueError, match=r"slices\[0\] must be at least 1, got 0"):
        quadrature.measured_order(np.exp, 0, 1, (0, 4), "left", 1.7)
    with pytest.raises(ValueError, match="the error with 2 slices must be greater than 0, got 0"):
        quadrature.measured_order(np.ones_like, 0, 1, (2, 4), "left", 1.0)
    with pytest.raises(ValueError, match="exact must be a finite number"):
        quadrature.measured_order(np.exp, 0, 1, (2, 4), "left", np.nan)
