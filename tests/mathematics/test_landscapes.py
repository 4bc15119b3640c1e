"""The smooth landscape, and the three functions that misbehave at the origin."""

from fractions import Fraction

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.mathematics.landscapes import (
    Hollow,
    bent_sheet,
    diagonal_ridge,
    twisted_saddle,
    twisted_saddle_gradient,
)
from helpers.mathematics.numdiff import check_gradient, numerical_jacobian

POINTS = np.array([[0.7, -1.3], [-1.6, 0.4], [0.9, 1.9], [1.0, -1.0]])


@pytest.fixture
def rng():
    return np.random.default_rng(31)


def plain(point):
    x, y = point
    return x * x * (1 - y) + y * y


@pytest.mark.parametrize("point", POINTS)
def test_the_hollow_and_its_derivatives(point, rng):
    hollow = Hollow()
    assert hollow.value(point) == pytest.approx(plain(point))
    assert hollow.gradient(point) == pytest.approx(autograd.grad(plain)(point))
    assert hollow.hessian(point).shape == (2, 2)
    assert hollow.hessian(point) == pytest.approx(autograd.hessian(plain)(point))
    check_gradient(hollow.value, hollow.gradient, point, rng=rng)


def test_the_hollow_takes_batches_and_lies_at_the_origin():
    hollow = Hollow()
    batch = POINTS.reshape(2, 2, 2)
    assert hollow.value(batch).shape == (2, 2)
    assert hollow.gradient(batch).shape == (2, 2, 2)
    assert hollow.value(batch)[1, 0] == pytest.approx(plain(POINTS[2]))
    assert hollow.gradient(batch)[1, 0] == pytest.approx(hollow.gradient(POINTS[2]))
    assert hollow.value([0, 0]) == 0
    for end in (-1, 1):
        passing = [end * np.sqrt(2), 1.0]
        assert hollow.gradient(passing) == pytest.approx([0, 0], abs=1e-12)
        assert np.linalg.det(hollow.hessian(passing)) < 0
        assert hollow.value(passing) == pytest.approx(1)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-300, 100))
def test_values_are_what_fractions_give_at_any_size(p, q, power):
    scale = Fraction(10) ** power
    point = [float(p * scale), float(q * scale)]
    x, y = map(Fraction, point)
    square = x * x + y * y
    if square == 0:
        wanted = 0, 0, 0
    else:
        wanted = x * y / square, x * x * y / square, x * y * (x * x - y * y) / square
    for function, exact in zip((diagonal_ridge, bent_sheet, twisted_saddle), wanted, strict=True):
        assert function(point) == pytest.approx(float(exact), rel=1e-12, abs=1e-320)


@pytest.mark.parametrize("function", [diagonal_ridge, bent_sheet, twisted_saddle])
def test_they_take_batches_and_are_zero_at_the_origin(function):
    batch = np.concatenate([POINTS, np.zeros((2, 2))]).reshape(3, 2, 2)
    values = function(batch)
    assert values.shape == (3, 2)
    assert values[2].tolist() == [0, 0]
    assert values[0, 1] == pytest.approx(float(function(POINTS[1])))
    assert function([0.0, 0.0]) == 0


@pytest.mark.parametrize("point", POINTS[:3])
def test_the_gradient_of_the_twisted_saddle(point):
    def f(t):
        x, y = t
        return x * y * (x**2 - y**2) / anp.sum(t**2)

    assert twisted_saddle_gradient(point) == pytest.approx(autograd.grad(f)(point))
    both = twisted_saddle_gradient(np.stack([point, 1e-200 * point]))
    assert both[1] == pytest.approx(1e-200 * both[0], rel=1e-12)


def test_its_mixed_derivatives_differ_at_the_origin():
    assert twisted_saddle_gradient([0.0, 0.0]).tolist() == [0, 0]
    mixed = numerical_jacobian(twisted_saddle_gradient, np.zeros(2))
    assert mixed == pytest.approx(np.array([[0, -1], [1, 0]]))


@pytest.mark.parametrize(
    "function",
    [Hollow().value, Hollow().gradient, diagonal_ridge, bent_sheet, twisted_saddle,
     twisted_saddle_gradient],
)  # fmt: skip
@pytest.mark.parametrize(
    ("theta", "message"),
    [
        (3.0, r"theta must have shape \(\.\.\., 2\), got shape \(\)"),
        ([1.0, 2.0, 3.0], r"theta must have shape \(\.\.\., 2\), got shape \(3,\)"),
        ([np.nan, 2.0], "theta must be finite"),
    ],
)
def test_points_are_pairs(function, theta, message):
    with pytest.raises(ValueError, match=message):
        function(theta)


def test_a_hessian_is_that_of_one_point():
    with pytest.raises(ValueError, match=r"theta must have shape \(2\), got shape \(4, 2\)"):
        Hollow().hessian(POINTS)
