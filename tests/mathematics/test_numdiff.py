"""The numerical derivatives, and that the gradient check fails on a rule 0.1 % wrong."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.mathematics.numdiff import (
    GradientMismatch,
    central_difference,
    check_gradient,
    check_vjp,
    complex_step,
    forward_difference,
    numerical_gradient,
    numerical_jacobian,
)


def energy(a, b):
    return np.sum(np.sin(a)) * np.sum(b**2)


def energy_gradient(a, b):
    return np.cos(a) * np.sum(b**2), 2 * b * np.sum(np.sin(a))


POINT = (np.array([0.3, -1.2, 2.0]), np.array([[0.5, 1.5], [-0.7, 0.2]]))


def test_a_right_gradient_passes_with_a_tiny_error(rng):
    assert check_gradient(energy, energy_gradient, *POINT, rng=rng) < 1e-9


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_gradient_that_is_a_thousandth_wrong_fails(wrong, rng):
    def gradient(a, b):
        parts = list(energy_gradient(a, b))
        parts[wrong] = 1.001 * parts[wrong]
        return tuple(parts)

    with pytest.raises(GradientMismatch) as caught:
        check_gradient(energy, gradient, *POINT, rng=rng, names=["a", "b"])
    message = str(caught.value)
    assert f"with respect to {'ab'[wrong]}:" in message
    assert message.count("derivative is") == 1
    assert "finite differences give" in message


@pytest.mark.parametrize("index", range(4))
def test_one_wrong_coordinate_cannot_hide(index, rng):
    def gradient(x):
        g = 2 * x
        g[index] *= 1.001
        return g

    with pytest.raises(GradientMismatch):
        check_gradient(lambda x: np.sum(x**2), gradient, np.array([1.0, 2.0, -1.5, 0.8]), rng=rng)


@pytest.mark.parametrize("size", [1, 10, 1000])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_check_holds_at_every_size_and_scale(size, scale, rng):
    x = rng.normal(size=size)
    f, gradient = (lambda x: scale * np.sum(np.cos(x))), (lambda x: -scale * np.sin(x))
    assert check_gradient(f, gradient, x, rng=rng) < 1e-7
    with pytest.raises(GradientMismatch):
        check_gradient(f, lambda x: 1.001 * gradient(x), x, rng=rng)


def test_a_zero_gradient_of_a_moving_function_fails(rng):
    with pytest.raises(GradientMismatch):
        check_gradient(np.sum, np.zeros_like, np.ones(3), rng=rng)


def test_what_rounding_hides_does_not_fail(rng):
    """At a minimum the gradient is 0, and differences of values near 1 leave about 1e-13."""
    x = np.full(4, np.pi)
    f, gradient = (lambda x: 1.0 + np.prod(np.cos(x))), lambda x: np.zeros(4)
    assert check_gradient(f, gradient, x, rng=rng) <= 1e-6
    with pytest.raises(GradientMismatch):
        check_gradient(f, lambda x: np.full(4, 1e-9), x, rng=rng)


def test_a_vjp_is_checked_through_a_random_upstream(rng):
    matrix = rng.normal(size=(4, 3))
    assert check_vjp(lambda x: matrix @ x, lambda u, x: matrix.T @ u, np.ones(3), rng=rng) < 1e-8
    with pytest.raises(GradientMismatch):
        check_vjp(lambda x: matrix @ x, lambda u, x: 1.001 * matrix.T @ u, np.ones(3), rng=rng)


def test_the_gradient_check_leaves_its_arguments_alone(rng):
    def greedy(x):
        x *= 0
        return 0.0

    x = np.ones(3)
    check_gradient(greedy, np.zeros_like, x, rng=rng)
    assert np.array_equal(x, np.ones(3))


def test_gradient_and_jacobian_agree_with_autograd():
    def f(x):
        return anp.tanh(x[0] * x[1]) + anp.exp(x[2]) * x[0]

    def g(x):
        return anp.stack([x[0] * x[1], anp.sin(x[2]), x[0] ** 2, x[1] * x[2]])

    x = np.array([0.4, -0.8, 1.1])
    assert np.allclose(numerical_gradient(f, x), autograd.grad(f)(x), rtol=1e-8)
    assert np.allclose(numerical_jacobian(g, x), autograd.jacobian(g)(x), atol=1e-9)


@given(st.floats(-3, 3), st.sampled_from([1e-2, 1e-3]))
def test_each_scheme_has_its_order(x, h):
    exact = np.cos(x)
    assert abs(forward_difference(np.sin, x, h) - exact) <= 0.51 * h
    assert abs(central_difference(np.sin, x, h) - exact) <= 0.17 * h**2
    assert abs(complex_step(np.sin, x) - exact) <= 1e-15


def test_steps_may_be_an_array():
    slopes = forward_difference(np.square, 3.0, np.array([1.0, 0.1]))
    assert np.allclose(slopes, [7.0, 6.1])


@pytest.mark.parametrize("scheme", [forward_difference, central_difference, complex_step])
@pytest.mark.parametrize(
    ("x", "h", "words"),
    [
        (1.0, 0.0, "h must be greater than 0, got 0"),
        (1.0, -0.1, "h must be greater than 0, got -0.1"),
        (np.nan, 0.1, "x must be finite, got nan"),
        (1.0, np.inf, "h must be finite, got inf"),
        ("one", 0.1, "x must be numbers"),
    ],
)
def test_bad_points_and_steps_are_named(scheme, x, h, words):
    with pytest.raises(ValueError, match=words):
        scheme(np.exp, x, h)


def test_bad_input_to_the_check_is_named(rng):
    with pytest.raises(ValueError, match=r"numpy\.random\.Generator.*got 3"):
        check_gradient(np.sum, np.ones_like, np.ones(2), rng=3)
    with pytest.raises(ValueError, match=r"gradient with respect to W must have shape \(2\)"):
        check_gradient(np.sum, lambda x: np.ones(3), np.ones(2), rng=rng, names=["W"])
    with pytest.raises(ValueError, match="f must return one number"):
        check_gradient(lambda x: x, np.ones_like, np.ones(2), rng=rng)
    with pytest.raises(ValueError, match="one array for each of the 1"):
        check_gradient(np.sum, lambda x: (x, x), np.ones(2), rng=rng)
    with pytest.raises(ValueError, match="arguments must hold at least one"):
        check_gradient(np.sum, np.ones_like, rng=rng)
    with pytest.raises(ValueError, match="directions must be at least 1, got 0"):
        check_gradient(np.sum, np.ones_like, np.ones(2), rng=rng, directions=0)


def test_a_dropped_imaginary_part_is_said():
    with pytest.raises(ValueError, match="imaginary part"):
        complex_step(np.abs, 1.0)
