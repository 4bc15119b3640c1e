"""Directions, lengths, Taylor's polynomial, products with a Jacobian, and the worst angle."""

import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.mathematics.multivariate import (
    angle_on_bowl,
    as_condition_number,
    directional_derivative,
    dual_norm,
    jacobian_vector_product,
    taylor_polynomial,
    unit,
    worst_angle,
    worst_place,
)
from helpers.mathematics.numdiff import complex_step
from helpers.mathematics.objectives import Quadratic
from helpers.mathematics.optimizers import steepest_direction

G = np.array([0.3, -1.7, 0.9])
POINT = np.array([0.7, -1.1, 0.4])


def f(t):
    return anp.sin(1.3 * t[0]) * anp.exp(0.4 * t[1]) + t[2] * t[0] - 0.6 * t[2] ** 3


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=5).filter(lambda v: max(map(abs, v))))
def test_a_unit_vector_has_length_one_and_keeps_its_direction(v):
    found = unit(v)
    assert np.linalg.norm(found) == pytest.approx(1)
    assert found @ np.array(v) == pytest.approx(np.linalg.norm(v), rel=1e-12)


def test_tiny_and_huge_vectors_have_a_direction():
    for scale in (1e-300, 1e300):
        assert unit([3 * scale, -4 * scale]) == pytest.approx([0.6, -0.8])


def test_the_directional_derivative_is_the_slope_along_the_direction():
    g = autograd.grad(f)(POINT)
    for v in (np.array([1.0, 2.0, -0.5]), np.array([0.0, -3.0, 0.0])):
        along = complex_step(lambda s, v=v: f(POINT + s * v / np.linalg.norm(v)), 0.0)
        assert directional_derivative(g, v) == pytest.approx(along, rel=1e-12)
        assert type(directional_derivative(g, v)) is float


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: unit([0.0, 0.0]), "direction must not be zero: the zero vector points nowhere"),
        (lambda: unit([]), r"direction must have at least 1 element\(s\), got 0"),
        (lambda: unit([[1.0]]), r"direction must have 1 dimension\(s\)"),
        (lambda: directional_derivative(G, [0.0, 0.0, 0.0]), "direction must not be zero"),
        (
            lambda: directional_derivative(G, [1.0, 2.0]),
            r"direction must have shape \(3\), got shape \(2,\)",
        ),
        (lambda: directional_derivative([], []), "gradient must have at least 1"),
        (lambda: directional_derivative([[1.0]], [1.0]), "gradient must have 1 dimension"),
        (lambda: dual_norm(G, "taxi"), "norm must be one of 'euclidean', 'max', 'sum', got 'taxi'"),
        (lambda: dual_norm([]), "gradient must have at least 1"),
        (lambda: dual_norm([[1.0]]), "gradient must have 1 dimension"),
        (lambda: taylor_polynomial(1.0, G, [1.0, 2.0]), r"step must have shape \(\.\.\., 3\), got"),
        (lambda: taylor_polynomial(1.0, G, 2.0), r"step must have .*, got shape \(\)"),
        (lambda: taylor_polynomial(1.0, [2.0], 2.0), r"step must have .*, got shape \(\)"),
        (lambda: taylor_polynomial(1.0, [2.0], []), "step must have at least 1"),
        (lambda: taylor_polynomial(1.0, [], []), "gradient must have at least 1"),
        (lambda: taylor_polynomial(1.0, [[1.0]], [1.0]), "gradient must have 1 dimension"),
        (lambda: taylor_polynomial(np.nan, G, G), "value must be a finite number"),
        (
            lambda: taylor_polynomial(1.0, G, G, np.eye(2)),
            r"hessian must have shape \(3, 3\), got shape \(2, 2\)",
        ),
        (
            lambda: taylor_polynomial(1.0, [1.0, 2.0], [1.0, 2.0], [[1.0, 2.0], [2.1, 3.0]]),
            "hessian must be symmetric, got a matrix that differs from its transpose",
        ),
        (
            lambda: taylor_polynomial(1.0, [1.0, 2.0], [1.0, 2.0], [[5.0, 1.0], [1 + 6e-8, 3.0]]),
            "hessian must be symmetric",
        ),
        (
            lambda: jacobian_vector_product(f, POINT, [1.0, 2.0]),
            r"v must have shape \(3\), got shape \(2,\)",
        ),
        (lambda: jacobian_vector_product(f, [], []), "x must have at least 1"),
        (lambda: jacobian_vector_product(f, [[1.0]], [[1.0]]), "x must have 1 dimension"),
        (lambda: jacobian_vector_product(f, POINT, G, h=0), "h must be greater than 0, got 0"),
        (
            lambda: jacobian_vector_product(lambda x: np.full(2, np.nan), POINT, G),
            r"f\(x \+ hv\) must be finite",
        ),
        (
            lambda: jacobian_vector_product(lambda x: x[: 1 + (x[0] > POINT[0])], POINT, G),
            r"f\(x - hv\) must have shape \(2\), got shape \(1,\)",
        ),
        (lambda: as_condition_number(0.99), "condition_number must be at least 1, got 0.99"),
        (lambda: as_condition_number(0), "condition_number must be greater than 0, got 0"),
        (lambda: worst_angle(0.5), "condition_number must be at least 1, got 0.5"),
        (lambda: worst_place(0.5), "condition_number must be at least 1, got 0.5"),
        (lambda: angle_on_bowl(0.5, 3.0), "condition_number must be at least 1, got 0.5"),
        (lambda: angle_on_bowl(2.0, [np.inf]), "degrees must be finite"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("g", [G, np.array([4.0, -3.0]), np.array([-2.5]), np.zeros(2)])
def test_dual_norms_are_the_largest_slopes(g):
    corners = [np.array(c) for c in itertools.product((-1.0, 1.0), repeat=g.size)]
    assert dual_norm(g, "max") == pytest.approx(max(c @ g for c in corners))
    assert dual_norm(g, "sum") == pytest.approx(max(abs(s) for s in g))
    assert dual_norm(g, "euclidean") == dual_norm(g) == pytest.approx(np.sqrt(g @ g))
    assert {type(dual_norm(g, norm)) for norm in ("euclidean", "max", "sum")} == {float}
    if g.any():
        for norm in ("euclidean", "max", "sum"):
            assert -(g @ steepest_direction(g, norm)) == pytest.approx(dual_norm(g, norm))


def test_the_polynomials_of_first_and_second_order():
    g, H = autograd.grad(f)(POINT), autograd.hessian(f)(POINT)
    v = np.array([0.5, -0.7, 0.2])
    left = []
    for s in (2e-3, 1e-3):
        true = f(POINT + s * v)
        plane = taylor_polynomial(f(POINT), g, s * v)
        curved = taylor_polynomial(f(POINT), g, s * v, H)
        left.append((true - plane, true - curved))
    assert left[0][0] / left[1][0] == pytest.approx(4, rel=0.01)
    assert left[0][1] / left[1][1] == pytest.approx(8, rel=0.01)
    steps = np.array([[v, 2 * v], [0 * v, -v]])
    for hessian in (None, H):
        values = taylor_polynomial(f(POINT), g, steps, hessian)
        assert values.shape == (2, 2)
        assert values[0, 1] == pytest.approx(taylor_polynomial(f(POINT), g, 2 * v, hessian))
        assert values[1, 0] == pytest.approx(f(POINT))


def test_a_hessian_may_be_off_by_rounding():
    # By 4·10⁻⁸ where the largest entry in size is 5, and neither the first nor the smallest.
    off = [[0.1, 0.2], [0.2 + 4e-8, -5.0]]
    assert taylor_polynomial(1.0, [0.0, 0.0], [1.0, 1.0], off) == pytest.approx(-1.25)
    assert taylor_polynomial(1.0, [2.0], [3.0], [[0.0]]) == 7.0


def outputs(x):
    return anp.array([[x[0] * x[1], anp.sin(x[2])], [x[2] ** 2, x[0]]])


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
def test_a_jacobian_times_a_vector(scale):
    v = scale * np.array([0.4, -1.2, 2.0])
    exact = autograd.jacobian(outputs)(POINT) @ v
    assert jacobian_vector_product(outputs, POINT, v) == pytest.approx(exact, rel=1e-8)
    assert jacobian_vector_product(f, POINT, v) == pytest.approx(autograd.grad(f)(POINT) @ v)
    step = jacobian_vector_product(lambda x: x**3, np.array([2.0]), np.array([scale]), 0.5 / scale)
    # ((x + ½)³ − (x − ½)³) / 1 = 3x² + ¼
    assert step == pytest.approx([12.25 * scale])


def test_a_zero_vector_gives_zeros_and_two_values_are_enough():
    calls = []

    def counted(x):
        calls.append(x.copy())
        return outputs(x)

    assert np.array_equal(jacobian_vector_product(counted, POINT, np.zeros(3)), np.zeros((2, 2)))
    assert len(calls) == 2
    jacobian_vector_product(counted, 1000 * POINT, np.array([0.0, 2.0, -5.0]))
    moved = np.abs(calls[2] - calls[3]) / 2
    assert moved[0] == 0
    assert moved[2] == pytest.approx(np.cbrt(2.22e-16) * 1100, rel=1e-3)
    jacobian_vector_product(counted, 0.1 * POINT, np.array([0.0, 2.0, 1.0]))
    assert np.abs(calls[4] - calls[5])[1] / 2 == pytest.approx(np.cbrt(2.22e-16), rel=1e-3)


@pytest.mark.parametrize("kappa", [1.0, 2.3, 11.0, 100.0, 1e6])
def test_angles_on_the_bowl_are_those_of_the_vectors(kappa):
    bowl = Quadratic.valley(kappa)
    every = np.array([[1.0, 20.0, 45.0], [77.0, 89.0, 89.9]])
    angles = angle_on_bowl(kappa, every)
    assert angles.shape == (2, 3)
    for beta, angle in zip(every.flat, angles.flat, strict=True):
        place = [np.cos(np.deg2rad(beta)), np.sin(np.deg2rad(beta))]
        assert bowl.angle_to_minimum(place) == pytest.approx(angle, abs=2e-6)
        assert angle_on_bowl(kappa, -beta) == pytest.approx(-angle)
    fine = angle_on_bowl(kappa, np.linspace(0, 90, 20_001))
    assert fine.max() == pytest.approx(worst_angle(kappa), abs=0.05)
    assert fine.max() <= worst_angle(kappa) + 1e-9
    assert angle_on_bowl(kappa, worst_place(kappa)) == pytest.approx(worst_angle(kappa))
    assert np.cos(np.deg2rad(worst_angle(kappa))) == pytest.approx(
        2 * np.sqrt(kappa) / (kappa + 1), rel=1e-9
    )


def test_a_round_bowl_has_no_worst_place_but_a_middle():
    assert worst_angle(1) == 0
    assert worst_place(1) == pytest.approx(45)
    assert as_condition_number(1) == 1.0
    assert type(worst_angle(2)) is type(worst_place(2)) is float
    assert worst_angle(100) == pytest.approx(78.5788, abs=1e-4)
    assert worst_place(100) == pytest.approx(84.2894, abs=1e-4)
