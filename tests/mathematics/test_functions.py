"""The functions of one variable: values by hand, slopes by other means, and what is refused."""

import warnings

import numpy as np
import pytest
from autograd import elementwise_grad
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.special import expit

from helpers.mathematics import functions
from helpers.mathematics.numdiff import check_vjp, complex_step

POINTS = np.array([-2.3, -1.0, -0.4, 0.0, 0.7, 1.9])


def test_values_by_hand():
    assert functions.cubic(3.0) == 6
    assert functions.cubic_slope(3.0) == 8
    assert functions.bell(2.0) == 0.2
    assert functions.bell_slope(2.0) == pytest.approx(-4 / 25)
    assert functions.logistic(0.0) == 0.5
    assert functions.logistic(np.log(3)) == pytest.approx(0.75)
    assert functions.squeezed_wave(2 / np.pi) == pytest.approx(4 / np.pi**2)


@pytest.mark.parametrize("name", ["cubic", "bell"])
def test_slopes_agree_with_autograd_and_the_complex_step(name):
    f, slope = getattr(functions, name), getattr(functions, f"{name}_slope")
    np.testing.assert_allclose(slope(POINTS), elementwise_grad(f)(POINTS), atol=1e-14)
    np.testing.assert_allclose(slope(POINTS), complex_step(f, POINTS), atol=1e-14)


@settings(deadline=None)
@given(arrays(float, array_shapes(max_dims=3, max_side=4), elements=st.floats(-750, 750)))
def test_the_logistic_function_agrees_with_scipy_without_overflow(x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = functions.logistic(x)
    # SciPy's is 0 where the true value is below the smallest normal float.
    np.testing.assert_allclose(values, expit(x), rtol=1e-14, atol=np.finfo(float).tiny)


def test_the_logistic_product_with_its_slope(rng):
    x = np.array([[-3.0, 0.2], [1.5, 4.0]])
    assert check_vjp(functions.logistic, functions.logistic_vjp, x, rng=rng) < 1e-8
    upstream = rng.normal(size=x.shape)
    exact = complex_step(lambda z: 1 / (1 + np.exp(-z)), x)
    np.testing.assert_allclose(functions.logistic_vjp(upstream, x), upstream * exact, rtol=1e-12)


def test_the_slope_keeps_its_digits_where_the_function_is_one():
    assert functions.logistic(40.0) == 1
    slope = functions.logistic_vjp(np.array(1.0), 40.0)
    assert slope == pytest.approx(np.exp(-40), rel=1e-12)


def test_the_wave_is_zero_at_zero_and_next_to_it_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = functions.squeezed_wave(np.array([0.0, -0.0, 5e-324, -1e-310, 1e-5]))
    assert np.array_equal(values[:4], np.zeros(4))
    assert values[4] == pytest.approx(1e-10 * np.sin(1e5))


def test_the_wave_at_its_zeros_has_slopes_of_both_signs():
    zeros = 1 / (np.pi * np.arange(1, 6))
    np.testing.assert_allclose(functions.squeezed_wave(zeros), 0, atol=1e-16)
    near = functions.squeezed_wave(zeros + 1e-8) / 1e-8
    np.testing.assert_allclose(near, [1, -1, 1, -1, 1], atol=1e-4)


def test_weierstrass_is_the_sum_of_its_waves():
    x = np.array([[0.3, -0.7], [0.05, 1.0]])
    two = np.cos(np.pi * x) + 0.6 * np.cos(11 * np.pi * x)
    np.testing.assert_allclose(functions.weierstrass(x, a=0.6, b=11, terms=2), two)
    assert functions.weierstrass(0.0) == pytest.approx(2 - 2.0**-11)
    assert functions.weierstrass(1.0, terms=5) == pytest.approx(-(2 - 2.0**-4))
    assert functions.weierstrass(x).shape == x.shape
    assert np.max(np.abs(functions.weierstrass(np.linspace(-1, 1, 1001)))) <= 2


@pytest.mark.parametrize(
    ("a", "b"),
    [(0.1, 13), (0.0, 13), (1.0, 13), (1.2, 13), (-0.5, 13), (0.5, 12), (0.5, 11), (0.5, 12.5)],
)
def test_weierstrass_refuses_what_his_proof_does_not_cover(a, b):
    """0.5 · 11 = 5.5 lies just below 1 + 3π/2 ≈ 5.71, and 0.52 · 11 = 5.72 just above."""
    with pytest.raises(ValueError, match=r"0 < a < 1, b odd, ab > 1 \+ 3π/2"):
        functions.weierstrass(0.0, a=a, b=b)
    assert functions.weierstrass(0.0, a=0.52, b=11, terms=1) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: functions.logistic(np.nan), "x must be finite, got nan"),
        (lambda: functions.logistic_vjp([1.0], [1.0, 2.0]), "upstream must have shape"),
        (lambda: functions.logistic_vjp([np.inf], [1.0]), "upstream must be finite"),
        (lambda: functions.logistic_vjp([1.0], ["a"]), "x must be numbers"),
        (lambda: functions.squeezed_wave(np.inf), "x must be finite, got inf"),
        (lambda: functions.weierstrass(np.nan), "x must be finite, got nan"),
        (lambda: functions.weierstrass(0.0, terms=0), "terms must be at least 1, got 0"),
        (lambda: functions.weierstrass(0.0, terms=2.5), "terms must be a whole number"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
