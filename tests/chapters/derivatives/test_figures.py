"""What the figures of the chapter on derivatives are given, and how they put it into words."""

import re
from fractions import Fraction

import numpy as np
import pytest

from helpers.chapters.derivatives import experiments, figures

POINT = Fraction(experiments.POINT)


def bell(x):
    return 1 / (1 + x * x)


def imaginary_part_of_bell(x, h):
    """Im 1/(1 + (x + ih)²), in fractions."""
    real, imaginary = 1 + x * x - h * h, 2 * x * h
    return -imaginary / (real**2 + imaginary**2)


@pytest.mark.parametrize("h", [1.0, 0.3, 1e-2, 1e-5, 1e-11, 1e-16])
def test_truncation_is_what_exact_fractions_give(h):
    exact, step = -2 * POINT / (1 + POINT**2) ** 2, Fraction(h)
    quotients = {
        "forward": (bell(POINT + step) - bell(POINT)) / step,
        "central": (bell(POINT + step) - bell(POINT - step)) / (2 * step),
        "complex step": imaginary_part_of_bell(POINT, step) / step,
    }
    for name, errors in experiments.step_errors(h).items():
        assert errors.truncation == pytest.approx(float(quotients[name] - exact), rel=1e-12)
        assert errors.total == pytest.approx(errors.truncation + errors.rounding, rel=1e-12)


def test_errors_come_for_many_steps_at_once():
    h = np.array([[1e-2, 1e-3], [1e-15, 1.0]])
    for errors in experiments.step_errors(h).values():
        assert [part.shape for part in errors] == [(2, 2)] * 3


def test_the_chain_is_followed_in_exact_fractions():
    for x, step in ((0.75, 0.5), (-1.25, 0.25), (0.0, 0.5)):
        chain = experiments.follow_chain(x, step)
        first, second = Fraction(x), Fraction(x) + Fraction(step)
        inner = (second**2 - first**2) / Fraction(step)
        whole = (bell(second) - bell(first)) / Fraction(step)
        assert chain.stretch == pytest.approx((float(inner), float(whole / inner), float(whole)))
        assert chain.ends[0] == (x, x + step)
        assert chain.ends[1] == pytest.approx((x**2, (x + step) ** 2))
        assert chain.ends[2] == pytest.approx((bell(x), bell(x + step)))
        assert chain.derivative[2] == pytest.approx(chain.derivative[0] * chain.derivative[1])


@pytest.mark.parametrize(
    ("drawn", "reading"),
    [
        (
            lambda: figures.draw_secant(x=1.0, h=1.0),
            "x = 1, h = 1: the secant's slope is 1.33, the tangent's 0; they differ by 1.33.",
        ),
        (
            lambda: figures.draw_secant(x=-1.5, h=0.01),
            "x = −1.5, h = 0.01: the secant's slope is 1.235, the tangent's 1.25; they differ by "
            "0.015.",
        ),
        (
            lambda: figures.draw_secant(x=0.0, h=0.01),
            "x = 0, h = 0.01: the secant's slope is −0.9999667, the tangent's −1; they differ by "
            "3.33×10⁻⁵.",
        ),
        (
            lambda: figures.draw_slope_curve(x=-1.625),
            "x = −1.625: f rises here, and f′ = 1.64 lies above the axis.",
        ),
        (
            lambda: figures.draw_secant(x=-0.5, h=1.5),
            "x = −0.5, h = 1.5: secant and tangent have the same slope, −0.75, although h is "
            "not small.",
        ),
        (
            lambda: figures.draw_slope_curve(x=-1.0),
            "x = −1: f is level, f′ = 0; it stops rising here and begins to fall.",
        ),
        (
            lambda: figures.draw_slope_curve(x=0.5),
            "x = 0.5: f falls here, and f′ = −0.75 lies below the axis.",
        ),
        (
            lambda: figures.draw_chain(x=0.75, step=0.5),
            "x = 0.75, Δx = 0.5: Δv/Δx = 2 and Δu/Δv = −0.25; together Δu/Δx = −0.5, and the chain "
            "rule says −0.614.",
        ),
        (
            lambda: figures.draw_tangent_error(step=0.5),
            "Δx = 0.5: the tangent says 1.5, eˣ is 1.649; the error 0.149 is 1.19 times ½ Δx².",
        ),
        (
            lambda: figures.draw_tangent_error(step=-1.625),
            "Δx = −1.625: the tangent says −0.625, eˣ is 0.1969; the error 0.822 is 0.623 times "
            "½ Δx².",
        ),
        (
            lambda: figures.draw_tangent_error(step=0.0),
            "Δx = 0: curve and tangent touch, the error is 0.",
        ),
        (
            lambda: figures.draw_step_size(h=1e-16),
            "h = 1×10⁻¹⁶: forward error 0.48 (over a tenth of the slope) by rounding; central "
            "error 0.48 (over a tenth of the slope) by rounding; complex step error below 10⁻¹⁴.",
        ),
    ],
)
def test_readings_say_it_in_these_words(drawn, reading):
    assert drawn()[1] == reading


def test_the_numbers_of_the_secant_agree_with_each_other():
    """What is said of the gap is the difference of what is said of the slopes, to 1 %."""
    for x in np.arange(-1.5, 1.51, 0.25):
        for h in (0.01, 0.03, 0.1, 0.3, 0.75, 1.0, 1.5):
            said = figures.say_secant(float(x), h)
            if "the same slope" in said:
                continue
            said = said.replace("−", "-").replace("×10⁻⁵", "e-5").replace("×10⁻⁴", "e-4")
            words = "slope is (.*), the tangent's (.*); they differ by (.*)\\."
            first, second, gap = map(float, re.search(words, said).groups())
            assert abs(first - second) == pytest.approx(gap, rel=0.01), said


def test_where_secant_and_tangent_coincide_the_dashed_tangent_lies_on_top():
    (curve, _), _ = figures.draw_secant(x=0.0, h=0.01)
    straight = [line.get_linestyle() for line in curve.axes[0].lines if len(line.get_xdata()) == 2]
    assert straight == ["-", "--"]


def test_in_the_step_size_figure_a_square_hides_nothing_that_lies_within_it():
    figure, _ = figures.draw_step_size(h=1e-12)
    markers = {line.get_marker(): line for line in figure.axes[0].lines}
    assert markers["s"].get_markerfacecolor() == "none"
    assert markers["s"].get_markersize() > markers["o"].get_markersize()


@pytest.mark.parametrize("name", experiments.GALLERY)
def test_in_the_gallery_no_series_hides_the_other(name):
    """The quotients of the two sides stand in the two halves of the drawing."""
    (_, slopes), _ = figures.draw_gallery(function=name)
    (ax,) = slopes.axes
    colours = {}
    for line in ax.lines:
        x = line.get_xdata()
        if line.get_linestyle() == "None" and len(x):
            colours.setdefault(line.get_color(), set()).update(np.sign(x))
    assert sorted(map(tuple, colours.values())) == [(-1.0,), (1.0,)]
    for line in ax.lines:
        marker, y = line.get_marker(), line.get_ydata()
        if marker in "^v" and len(y):  # triangles point to where the quotients have gone
            assert np.all(np.sign(y) == (1 if marker == "^" else -1))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: figures.draw_secant(x=np.nan, h=1.0), "x must be a finite number"),
        (lambda: figures.draw_secant(x=0.0, h=-1.0), "h must be greater than 0, got -1"),
        (lambda: figures.draw_slope_curve(x=None), "x must be a finite number"),
        (lambda: figures.draw_chain(x=0.0, step=0.0), "step must be greater than 0, got 0"),
        (lambda: figures.draw_step_size(h=0.0), "h must be greater than 0, got 0"),
        (lambda: figures.draw_gallery(function="tan"), "function must be one of"),
        (lambda: figures.draw_tangent_error(step="far"), "step must be a finite number"),
    ],
)
def test_bad_values_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
