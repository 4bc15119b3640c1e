"""The drawings of the chapter on derivatives say what is true, and the sources' claims fail."""

import numpy as np
import pytest

from helpers.chapters.derivatives import figures
from helpers.mathematics.functions import weierstrass
from helpers.mathematics.numdiff import complex_step


def test_the_secant_reading_gives_both_slopes():
    _, reading = figures.draw_secant(x=1.0, h=1.0)
    assert reading == (
        "x = 1, h = 1: the secant's slope is 1.33, the tangent's 0; they differ by 1.3."
    )


def test_the_secant_agrees_by_accident_at_minus_three_x():
    _, reading = figures.draw_secant(x=-0.5, h=1.5)
    assert "they differ by 0." in reading


def test_errors_of_the_schemes_have_their_orders_and_then_rounding():
    large = figures.step_errors(np.array([1e-2, 1e-3]))
    assert large["forward"][0] / large["forward"][1] == pytest.approx(10, rel=0.05)
    assert large["central"][0] / large["central"][1] == pytest.approx(100, rel=0.05)
    tiny = figures.step_errors(1e-15)
    assert tiny["forward"] > 1e-3
    assert tiny["complex step"] < 1e-15


def test_the_best_steps_are_near_the_marks():
    h = np.logspace(-14, -1, 300)
    errors = figures.step_errors(h)
    smooth = {
        k: np.convolve(np.log(np.maximum(v, 1e-17)), np.ones(15) / 15, "same")
        for k, v in errors.items()
    }
    assert 1e-9 < h[np.argmin(smooth["forward"][8:-8]) + 8] < 1e-7
    assert 1e-7 < h[np.argmin(smooth["central"][8:-8]) + 8] < 1e-4


def test_readings_of_the_step_size_say_which_error_rules():
    assert "truncation still rules" in figures.draw_step_size(h=1e-4)[1]
    assert "useless" in figures.draw_step_size(h=1e-16)[1]
    assert "rounding has caught up" in figures.draw_step_size(h=1e-10)[1]


def test_continuity_does_not_imply_a_derivative():
    """|x| is continuous at 0, and its quotients go to two different slopes."""
    f = figures.GALLERY["|x| (a kink)"][0]
    h = np.logspace(-1, -12, 12)
    assert np.max(np.abs(f(h) - f(0))) <= 0.1
    assert f(h[-1]) - f(0) < 1e-11
    assert np.all((f(h) - f(0)) / h == 1)
    assert np.all((f(-h) - f(0)) / -h == -1)


def test_weierstrass_quotients_reach_ten_million():
    n = 8
    k = np.arange(n)
    a, b = 0.5, 13.0
    quotient = b**n * (np.sum(a**k * (np.cos(b ** (k - n) * np.pi) - 1)) - 2 * a**n / (1 - a))
    assert abs(quotient) > 1e7


def test_weierstrass_is_bounded_and_refuses_a_smooth_choice():
    x = np.linspace(-1, 1, 1001)
    assert np.max(np.abs(weierstrass(x))) <= 2
    with pytest.raises(ValueError, match=r"0 < a < 1, b odd, ab > 1 \+ 3π/2"):
        weierstrass(x, a=0.1, b=13)


@pytest.mark.parametrize("name", figures.GALLERY)
def test_the_gallery_says_of_each_function_what_its_quotients_do(name):
    f, _, verdict = figures.GALLERY[name]
    h = 13.0 ** -np.arange(1, 6)
    right = (f(h) - f(0.0)) / h
    left = (f(-h) - f(0.0)) / -h
    if "not differentiable" in verdict or "differentiable nowhere" in verdict:
        settles = abs(right[-1] - right[-2]) < 0.1 and abs(right[-1] - left[-1]) < 0.1
        assert not settles
    elif "not continuous" in verdict:
        assert abs(f(1e-12) - f(0.0)) > 0.5
    else:
        assert abs(right[-1]) < 1e-4
        assert abs(left[-1]) < 1e-4
    if "10⁴" in verdict:
        assert max(abs(right).max(), abs(left).max()) > 1e4


def test_the_tangents_error_is_of_second_order():
    for step, factor in ((0.5, 1.2), (-0.5, 0.85), (0.125, 1.0)):
        _, reading = figures.draw_tangent_error(step=step)
        assert f"is {factor:.2g} times ½ Δx²" in reading or f"{factor}" in reading
    assert figures.draw_tangent_error(step=0.0)[1].endswith("the error is 0.")


def test_slope_two_does_not_mean_plus_two():
    """Three functions of slope 2 change by other amounts over a step of 1."""
    changes = {
        6.389: lambda t: np.exp(2 * t),
        1.683: lambda t: 2 * np.sin(t),
        -8.0: lambda t: 2 * t - 10 * t**2,
    }
    for change, f in changes.items():
        assert complex_step(f, 0.0) == pytest.approx(2)
        assert f(1.0) - f(0.0) == pytest.approx(change, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: figures.draw_secant(x=np.nan, h=1.0), "x must be a finite number"),
        (lambda: figures.draw_secant(x=0.0, h=-1.0), "h must be greater than 0, got -1"),
        (lambda: figures.draw_gallery(function="tan"), "function must be one of"),
        (lambda: figures.draw_tangent_error(step="far"), "step must be a finite number"),
    ],
)
def test_bad_values_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
