"""What the figures of the chapter on backpropagation draw, and how they put it into words."""

import numpy as np
import pytest

from helpers.chapters.backpropagation import experiments, figures
from helpers.show.style import COLOR


@pytest.mark.parametrize(
    ("drawn", "reading"),
    [
        (
            lambda: figures.draw_small_network(weight=1.0, x=1.0, y=1.0),
            "w₁₁ = 1, x₁ = 1, y = 1: ŷ = 0.5 and L = 0.125; ∂L/∂w₁₁ = −0.25, and to ∂L/∂x₁ = "
            "−0.375 the path through unit 1 adds −0.25, that through unit 2 −0.125.",
        ),
        (
            lambda: figures.draw_small_network(weight=0.0, x=0.0, y=0.5),
            "w₁₁ = 0, x₁ = 0, y = 0.5: ŷ = −0.193 and L = 0.24; ∂L/∂w₁₁ = 0, and to ∂L/∂x₁ = "
            "−0.136 the path through unit 1 adds 0, that through unit 2 −0.136.",
        ),
        (
            lambda: figures.draw_slopes(activation="sigmoid", z=2.0),
            "sigmoid at z = 2: the output is 0.881 and the slope 0.105; four such slopes in a row "
            "multiply to 1.2×10⁻⁴.",
        ),
        (
            lambda: figures.draw_slopes(activation="ReLU", z=0.0),
            "ReLU at z = 0: the output is 0, and at this kink there is no slope; a program takes "
            "0.",
        ),
        (
            lambda: figures.draw_slopes(activation="ReLU", z=-1.0),
            "ReLU at z = −1: the output is 0 and the slope 0; four such slopes in a row multiply "
            "to 0.",
        ),
        (
            lambda: figures.draw_layers(depth=20, activation="sigmoid", scale=1.0),
            "sigmoid, 20 layers, g = 1: the outputs of the last hidden layer have size 0.51 "
            "and differ from image to image by 8×10⁻¹³; the gradient has size 1×10⁻¹² in the first "
            "layer and 0.6 in the last.",
        ),
        (
            lambda: figures.draw_layers(depth=20, activation="sigmoid", scale=0.5),
            "sigmoid, 20 layers, g = 0.5: the outputs of the last hidden layer have size 0.5 and "
            "differ from image to image by less than 10⁻¹⁴ of that; the gradient has size "
            "6×10⁻¹⁸ in the first layer and 0.31 in the last.",
        ),
    ],
)
def test_readings_say_it_in_these_words(drawn, reading):
    assert drawn()[1] == reading


def test_the_reading_of_the_lesson_has_both_accuracies():
    said = figures.say_learning(2000)
    assert said.startswith("After 2,000 steps the loss on the training images is 0.0084;")
    assert said.endswith("98.2 % of the held-out digits right, logistic regression 96.2 %.")


def texts(figure):
    return [t.get_text() for t in figure.axes[0].texts]


def test_the_small_network_shows_all_its_numbers():
    (forward, back), _ = figures.draw_small_network(weight=1.0, x=1.0, y=1.0)
    for shown in ("1", "2", "0.5", "−0.5", "−1", "y = 1", "L = 0.125"):
        assert shown in texts(forward)
    for shown in ("−0.375", "0.188", "−0.25", "0.125", "−0.5", "0.25"):
        assert shown in texts(back)


def test_the_relu_has_no_slope_drawn_at_its_kink():
    def dots(z):
        _, slopes = figures.draw_slopes(activation="ReLU", z=z)[0]
        return sum(line.get_marker() == "o" for line in slopes.axes[0].lines)

    assert (dots(0.0), dots(0.5)) == (0, 1)


def test_layers_are_drawn_where_the_runs_found_them():
    (forward, back), _ = figures.draw_layers(depth=10, activation="tanh", scale=2.0)
    start = experiments.deep_start(10, "tanh", 2.0)
    for figure, color, wanted in (
        (forward, COLOR.model, start.outputs),
        (forward, COLOR.data, start.spread),
        (back, COLOR.gradient, start.gradients),
    ):
        (line,) = (k for k in figure.axes[0].lines if k.get_color() == color)
        np.testing.assert_allclose(line.get_ydata(), wanted)
        assert line.get_xdata()[0] == 1
        low, high = figure.axes[0].get_ylim()
        assert low < wanted.min() <= wanted.max() < high


def test_all_sizes_lie_inside_the_axes():
    for activation in ("sigmoid", "tanh", "ReLU", "GELU"):
        for scale in (0.5, 1.0, np.sqrt(2), 2.0, 4.0):
            for sizes in experiments.deep_start(20, activation, scale):
                assert 1e-19 < np.nanmin(sizes) <= np.nanmax(sizes) < 1e10


def test_sizes_far_from_one_are_said_as_powers():
    assert figures._size(0.0123) == "0.012"
    assert figures._size(940.0) == "940"
    assert figures._size(1000.0) == "1×10³"
    assert figures._size(0.0039) == "4×10⁻³"


def test_a_scale_is_called_as_its_control_calls_it():
    assert ", g = √2: " in figures.say_layers(5, "ReLU", np.sqrt(2))


def test_small_numbers_are_not_said_to_be_0():
    said = figures.say_small_network(0.5, 1.5, 0.5)
    assert "L = 1.8×10⁻⁶;" in said
    assert "unit 1 adds −4.7×10⁻⁴, that through unit 2 −4.5×10⁻⁴." in said
    (_, back), _ = figures.draw_small_network(weight=0.5, x=1.5, y=0.5)
    assert "≈ 0" in texts(back)


def test_the_lesson_says_of_each_image_what_the_network_says():
    seen = experiments.lesson()
    (curve, pictures), _ = figures.draw_learning(step=50)
    now = int(np.flatnonzero(seen.steps == 50)[0])
    wanted = [
        f"{said} ✓" if said == digit else f"{said}, not {digit}"
        for said, digit in zip(seen.said[now], seen.labels, strict=True)
    ]
    assert texts(pictures) == wanted
    lines = [line for line in curve.axes[0].lines if len(line.get_xdata()) > 1]
    assert [line.get_xdata()[-1] for line in lines] == [50, 50]
    np.testing.assert_allclose(lines[1].get_ydata(), 1 - seen.network[: now + 1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: figures.draw_learning(step=7), "step must be one of those that were recorded"),
        (lambda: figures.draw_learning(step=1.5), "step must be a whole number"),
        (lambda: figures.draw_slopes(activation="swish", z=1.0), "activation must be one of"),
        (lambda: figures.draw_slopes(activation="tanh", z=np.nan), "z must be a finite number"),
    ],
)
def test_bad_values_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
