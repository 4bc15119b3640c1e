"""The numerical derivatives, and that the gradient check fails on a rule 0.1 % wrong."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.mathematics.numdiff import (
    EPSILON,
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
def test_one_coordinate_that_is_a_thousandth_wrong_is_caught(index, rng):
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


def test_rounding_is_divided_by_the_step():
    """(1 + x) − x is 1 up to a last digit, which the difference formula blows up by 1/h."""
    rng = np.random.default_rng(3)
    for x in (0.3, 0.71, 0.05):
        check_gradient(lambda x: (1.0 + x) - x, np.zeros_like, x, rng=rng)


@pytest.mark.parametrize(
    ("f", "largest"),
    [(lambda x: np.float64(1e3), 1e3), (lambda x: np.sum(1e6 * x**2), 4e6 * EPSILON**0.4)],
)
def test_what_rounding_may_hide_is_four_units_of_the_largest_value_by_the_step(f, largest, rng):
    """Differences of both functions at 0 are exactly 0; a small slope passes, a larger fails."""
    hidden = 4 * EPSILON * largest / EPSILON**0.2
    x = np.zeros(1)
    check_gradient(f, lambda x: np.full(1, 0.99 * hidden), x, rng=rng)
    with pytest.raises(GradientMismatch):
        check_gradient(f, lambda x: np.full(1, 1.01 * hidden), x, rng=rng)


@pytest.mark.parametrize("seed", range(20))
def test_the_error_is_relative_to_the_largest_of_the_three_sizes(seed):
    """One direction at a time, with a claim that is too large, too small, and turned."""
    slope = np.array([1.0, -2.0, 0.5])
    for claim in (1.5 * slope, 0.6 * slope, slope + np.array([0.9, 0.4, -0.3])):
        v = np.random.default_rng(seed).standard_normal(3)
        v /= np.linalg.norm(v)
        claimed, true = claim @ v, slope @ v
        largest = max(abs(claimed), abs(true), np.linalg.norm(claim) / np.sqrt(3))
        error = check_gradient(
            lambda x: slope @ x,
            lambda x, claim=claim: claim,
            np.zeros(3),
            rng=np.random.default_rng(seed),
            directions=1,
            rtol=0.999,
        )
        assert error == pytest.approx(abs(claimed - true) / largest, rel=1e-8)


def test_an_empty_argument_is_no_obstacle(rng):
    error = check_gradient(
        lambda a, b: np.sum(a**2) + np.sum(b), lambda a, b: (2 * a, b), [1.0, 2.0], [], rng=rng
    )
    assert error < 1e-8


def test_a_level_direction_is_measured_by_the_typical_size(rng):
    """Relative to ‖gradient‖ alone a hundred thousandth would be lost among 10,000 coordinates."""
    weights = rng.normal(size=10_000)

    def f(x):
        return np.sum(weights * x)

    assert check_gradient(f, lambda x: weights, np.zeros(10_000), rng=rng) < 1e-8
    with pytest.raises(GradientMismatch):
        check_gradient(f, lambda x: (1 + 1e-5) * weights, np.zeros(10_000), rng=rng)


def test_a_direction_across_the_gradient_is_no_failure_and_no_escape():
    """In two dimensions some of 200 directions are nearly level. A right gradient passes there;
    one that is turned by 2e-6 fails in the others, and the error is that of the worst one."""
    slope = np.array([3.0, 4.0])

    def f(x):
        return 3 * np.sin(x[0]) + 4 * np.sin(x[1])

    x, turned = np.zeros(2), slope + 2e-6 * np.array([-4.0, 3.0])
    right = check_gradient(f, lambda x: slope, x, rng=np.random.default_rng(1), directions=200)
    assert right < 1e-9
    rough = check_gradient(
        f, lambda x: turned, x, rng=np.random.default_rng(1), directions=200, rtol=1e-5
    )
    # |error| is at most 1e-5, and the typical size is 5/√2.
    assert 2e-6 < rough <= 2e-6 * np.sqrt(2) + 1e-8


def test_atol_excuses_what_the_value_does_not_show(rng):
    def f(x):
        return np.sum(x)

    def off(x):
        return np.full(3, 1.001)

    with pytest.raises(GradientMismatch):
        check_gradient(f, off, np.ones(3), rng=rng, atol=1e-4)
    assert check_gradient(f, off, np.ones(3), rng=rng, atol=0.1) <= 1e-6


def test_the_points_of_the_check_lie_at_one_and_two_steps_by_the_size_of_the_argument(rng):
    for x in (np.array([0.1, -0.2]), np.array([3.0, -50.0]), np.array([[-7.0]])):
        seen = []

        def f(x, seen=seen):
            seen.append(x.copy())
            return np.sum(x**2)

        check_gradient(f, lambda x: 2 * x, x, rng=rng, directions=1)
        h = EPSILON**0.2 * max(1.0, np.max(np.abs(x)))
        lengths = sorted(np.linalg.norm(p - x) / h for p in seen)
        np.testing.assert_allclose(lengths, [1, 1, 2, 2], rtol=1e-6)


def test_the_formula_is_of_fourth_order(rng):
    """For x⁵ the error of the slope at 1 is 4h⁴ times the fifth derivative over 120: −4h⁴."""
    x = np.array(1.0)
    h = EPSILON**0.2
    error = check_gradient(lambda x: x**4 + x, lambda x: 4 * x**3 + 1, x, rng=rng)
    assert error < 1e-12
    wrong = check_gradient(lambda x: x**5, lambda x: 5 * x**4, x, rng=rng, rtol=1e-3)
    assert wrong == pytest.approx(4 * h**4 / 5, rel=0.3)


def test_numerical_derivatives_step_by_the_size_of_each_coordinate():
    x = np.array([[0.2, -3.0], [50.0, 1.0]])
    seen = []

    def f(x):
        seen.append(x.copy())
        return np.sum(x**3)

    gradient = numerical_gradient(f, x)
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=1e-6, atol=1e-6)
    steps = np.cbrt(EPSILON) * np.array([1.0, 3.0, 50.0, 1.0])
    for i, index in enumerate(np.ndindex(x.shape)):
        up, down = seen[2 * i] - x, x - seen[2 * i + 1]
        assert np.count_nonzero(up) == np.count_nonzero(down) == 1
        np.testing.assert_allclose([up[index], down[index]], steps[i], rtol=1e-8)
    coarse = numerical_gradient(f, x, h=0.5)
    np.testing.assert_allclose(coarse, 3 * x**2 + 0.25, rtol=1e-9)


def test_the_jacobian_steps_likewise_and_has_a_row_for_each_value():
    x = np.array([0.2, -3.0, 50.0])
    seen = []

    def f(x):
        seen.append(x.copy())
        return np.array([np.sum(x**3), x[0]])

    jacobian = numerical_jacobian(f, x)
    assert jacobian.shape == (2, 3)
    np.testing.assert_allclose(jacobian, [3 * x**2, [1, 0, 0]], rtol=1e-6, atol=1e-6)
    moved = np.array([np.abs(p - x).max() for p in seen])
    np.testing.assert_allclose(moved[::2], np.cbrt(EPSILON) * np.maximum(1, np.abs(x)), rtol=1e-8)
    np.testing.assert_allclose(moved[1::2], moved[::2], rtol=1e-8)
    coarse = numerical_jacobian(f, x, h=0.5)
    np.testing.assert_allclose(coarse[0], 3 * x**2 + 0.25, rtol=1e-9)


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


def test_the_analytic_gradient_gets_a_copy_and_so_does_f_of_what_stands_still(rng):
    def greedy_gradient(x, y):
        slopes = 2 * x, np.ones(2)
        x *= 0
        y *= 0
        return slopes

    def greedy(x, y):
        value = np.sum(x**2) + np.sum(y)
        x *= 0
        y *= 0
        return value

    x, y = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    assert check_gradient(greedy, greedy_gradient, x, y, rng=rng) < 1e-8
    np.testing.assert_array_equal(x, [1, 2])
    np.testing.assert_array_equal(y, [3, -1])


def test_gradient_and_jacobian_agree_with_autograd():
    def f(x):
        return anp.tanh(x[0] * x[1]) + anp.exp(x[2]) * x[0]

    def g(x):
        return anp.stack([x[0] * x[1], anp.sin(x[2]), x[0] ** 2, x[1] * x[2]])

    x = np.array([0.4, -0.8, 1.1])
    assert np.allclose(numerical_gradient(f, x), autograd.grad(f)(x), rtol=1e-8)
    assert np.allclose(numerical_jacobian(g, x), autograd.jacobian(g)(x), atol=1e-9)


@settings(deadline=None)
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
    with pytest.raises(ValueError, match=r"one array for each of the 1 argument\(s\), got 2"):
        check_gradient(np.sum, lambda x: (x, x), np.ones(2), rng=rng)
    with pytest.raises(ValueError, match="arguments must hold at least one"):
        check_gradient(np.sum, np.ones_like, rng=rng)
    with pytest.raises(ValueError, match="directions must be at least 1, got 0"):
        check_gradient(np.sum, np.ones_like, np.ones(2), rng=rng, directions=0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: numerical_gradient(np.sum, [1.0, np.nan]), r"x must be finite.* index \(1,\)"),
        (lambda: numerical_gradient(np.sum, [1.0], h=0), "h must be greater than 0, got 0"),
        (lambda: numerical_gradient(np.log, np.array(-1.0)), "the value of f must be a finite"),
        (lambda: numerical_jacobian(np.sin, 1.0), r"x must have 1 dimension"),
        (lambda: numerical_jacobian(np.sin, []), "x must have at least 1 element"),
        (lambda: numerical_jacobian(np.sin, [1.0], h=-1), "h must be greater than 0, got -1"),
        (lambda: numerical_jacobian(np.sum, [1.0]), r"f\(x \+ h\) must have 1 dimension"),
        (lambda: numerical_jacobian(_one_sided, [0.0]), r"f\(x - h\) must be finite"),
        (lambda: forward_difference(np.sin, 1.0, [0.1, -0.3]), "h must be .*, got -0.3"),
    ],
)
def test_bad_input_to_the_derivatives_is_named(call, words):
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=words):
        call()


def _one_sided(x):
    return np.sqrt(x)


def test_bad_settings_of_the_check_are_named(rng):
    def check(**settings):
        return check_gradient(np.sum, np.ones_like, np.ones(2), rng=rng, **settings)

    with pytest.raises(ValueError, match="rtol must be greater than 0, got 0"):
        check(rtol=0)
    with pytest.raises(ValueError, match="atol must be at least 0, got -1"):
        check(atol=-1)
    with pytest.raises(ValueError, match=r"one name for each of 1 argument.*got \['a', 'b'\]"):
        check(names=("a", "b"))
    assert check(names="a", directions=1) < 1e-9
    with pytest.raises(GradientMismatch, match="respect to argument 1: along random direction 1"):
        check_gradient(np.sum, np.zeros_like, np.ones(2), rng=rng)
    with pytest.raises(GradientMismatch, match=r"respect to argument 2.* of 3 "):
        check_gradient(lambda a, b: a * b, lambda a, b: (b, 2 * a), 1.5, 0.5, rng=rng, directions=3)


def test_a_number_stays_a_number_for_f():
    seen = []
    forward_difference(lambda x: seen.append(type(x)) or x, 1, 0.5)
    central_difference(lambda x: seen.append(type(x)) or x, np.float32(1), 0.5)
    complex_step(lambda x: seen.append(type(x)) or x, 1)
    assert set(seen) <= {float, complex}


def test_a_value_that_is_none_is_named_on_either_side():
    def above(x):
        return np.inf if x > 0 else 0.0

    def below(x):
        return np.inf if x < 0 else 0.0

    def two_above(x):
        return np.ones(2) if x > 0 else 0.0

    def two_below(x):
        return np.ones(2) if x < 0 else 0.0

    for f in (above, below):
        with pytest.raises(ValueError, match="the value of f must be a finite number, got inf"):
            numerical_gradient(f, 0.0)
    with pytest.raises(ValueError, match=r"f must return one number, got an array .*\(3,\)"):
        numerical_gradient(lambda x: [1.0, 2.0, 3.0], 0.0)
    for f in (two_above, two_below):
        with pytest.raises(ValueError, match=r"f must return one number, got an array .*\(2,\)"):
            numerical_gradient(f, 0.0)


def test_an_error_of_just_the_allowed_size_passes(rng):
    """The slope 1 of a constant is off by atol = 1, which is rtol of the scale 2."""

    def check(slope):
        return check_gradient(
            lambda x: 0.0, lambda x: np.full(1, slope), np.zeros(1), rng=rng, rtol=0.5, atol=1.0
        )

    assert check(1.0) == 0.5
    with pytest.raises(GradientMismatch):
        check(2.5)


def test_the_direction_that_fails_is_counted():
    """The slope is wrong across the first direction only, so that the second one finds it."""
    first = np.random.default_rng(4).standard_normal(2)
    wrong = np.array([1.0, 2.0]) + np.array([-first[1], first[0]])
    with pytest.raises(GradientMismatch, match="along random direction 2 of 5 "):
        check_gradient(
            lambda x: x[0] + 2 * x[1], lambda x: wrong, np.zeros(2), rng=np.random.default_rng(4)
        )


def test_the_complex_step_goes_straight_up():
    """Im (x + ih)³ / h is 3x² − h², which a step with a real part would miss."""
    assert complex_step(lambda z: z**3, 2.0, 0.5) == pytest.approx(11.75)


def test_each_scheme_broadcasts_points_and_steps():
    x, h = np.array([0.3, 1.2]), np.array([[1e-3], [1e-4], [1e-5]])
    for scheme in (forward_difference, central_difference, complex_step):
        slopes = scheme(np.sin, x, h)
        assert slopes.shape == (3, 2)
        np.testing.assert_allclose(slopes, np.cos(x) + 0 * h, rtol=3e-3)
    np.testing.assert_allclose(central_difference(lambda x: x**3, 2.0, 0.5), 12.25)


def test_a_product_that_is_not_analytic_gives_zero_in_silence():
    assert complex_step(lambda z: z * np.conj(z), 1.0) == 0


def test_a_dropped_imaginary_part_is_said():
    with pytest.raises(ValueError, match="imaginary part"):
        complex_step(np.abs, 1.0)
