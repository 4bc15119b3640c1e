"""What the figures of the chapter on loss functions are given, and how they put it into words."""

import numpy as np
import pytest

from helpers.chapters.loss_functions import experiments, figures
from helpers.mathematics import losses


def test_the_birds_come_by_flipper_and_one_is_mistyped():
    x, y = experiments.few_birds()
    assert np.all(np.diff(x) >= 0)
    for bird, place in experiments.BIRDS.items():
        moved_x, moved = experiments.mistyped(9.25, bird)
        assert np.array_equal(moved_x, x)
        assert np.flatnonzero(moved != y).tolist() == [place]
        assert moved[place] == 9.25
    assert [x[i] for i in experiments.BIRDS.values()] == [17.8, 19.7, 22.5]
    assert [y[i] for i in experiments.BIRDS.values()] == [3.9, 3.3, 5.25]


def test_a_bird_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="bird must be one of 'shortest flipper'"):
        experiments.mistyped(5.0, "emperor")
    with pytest.raises(ValueError, match="mass must be a finite number, got nan"):
        experiments.mistyped(float("nan"), "middle flipper")


def test_the_three_lines_are_those_of_the_losses():
    x, y = experiments.mistyped(8.0, "longest flipper")
    lines = experiments.lines_with(8.0, "longest flipper")
    assert lines.squared == losses.squared_line(x, y)
    assert lines.absolute == losses.absolute_line(x, y)
    assert lines.huber == losses.huber_line(x, y, delta=0.5)
    assert experiments.lines_through(x, y, delta=2.0).huber == losses.huber_line(x, y, delta=2.0)


def test_the_squared_loss_of_a_probability_has_its_slope():
    z = np.array([-6.0, -0.3, 0.8, 5.0])
    for y in (0.0, 1.0):
        step = 1e-5
        above, below = (experiments.squared_of_logistic(z + s, y) for s in (step, -step))
        slope = experiments.squared_of_logistic_slope(z, y)
        np.testing.assert_allclose(slope, (above - below) / (2 * step), rtol=1e-5)


def test_steps_are_counted_up_to_the_one_that_arrives():
    assert experiments.steps_to_undecided(lambda z: -3.0, start=-8.0) == 3
    assert experiments.steps_to_undecided(lambda z: -4.0, start=-8.0) == 2
    assert experiments.steps_to_undecided(lambda z: -4.0, start=-8.0, learning_rate=0.5) == 4
    assert experiments.steps_to_undecided(lambda z: -1e-3, start=-8.0, most=50) is None


def test_fits_are_the_best_of_their_degree():
    found = experiments.fits(2, n=25, degrees=(0, 2))
    assert len(found.x) == len(found.y) == 25
    assert len(found.others[0]) == 317
    plain = np.polyfit(found.x - 20, found.y, 2)
    for x in (18.0, 21.3):
        ours = experiments.polynomial(found.coefficients[1], x)
        assert ours == pytest.approx(np.polyval(plain, x - 20))
    r = found.others[1] - np.polyval(plain, found.others[0] - 20)
    assert found.held_out[1] == pytest.approx(np.mean(r**2) / 2)
    assert found.training[0] == pytest.approx(np.var(found.y) / 2)


@pytest.mark.parametrize(
    ("drawn", "reading"),
    [
        (
            lambda: figures.draw_residual_losses(residual=-0.5, delta=1.0),
            "r = −0.5, δ = 1 (r lies within δ): squared 0.125 with slope −0.5; absolute 0.5 with "
            "slope −1; Huber 0.125 with slope −0.5.",
        ),
        (
            lambda: figures.draw_residual_losses(residual=0.0, delta=0.25),
            "r = 0, δ = 0.25 (r lies within δ): squared 0 with slope 0; absolute 0 with no slope "
            "(a kink); Huber 0 with slope 0.",
        ),
        (
            lambda: figures.draw_residual_losses(residual=-4.0, delta=0.25),
            "r = −4, δ = 0.25 (r lies beyond δ): squared 8 with slope −4; absolute 4 with slope "
            "−1; Huber 0.969 with slope −0.25.",
        ),
        (
            lambda: figures.draw_log_loss(logit=0.0, label_y=0),
            "z = 0, y = 0: p = 0.5; the log-loss is 0.6931 with slope p − y = 0.5, the squared "
            "loss of p is 0.125 with slope 0.125.",
        ),
        (
            lambda: figures.draw_outlier(mass=0.0, bird="longest flipper"),
            "The longest flipper belongs to a bird of 5.25 kg, typed as 0 kg: a centimetre adds "
            "0.119 kg by the squared loss, 0.38 by the absolute one and 0.382 by Huber's with "
            "δ = 0.5 kg; without the typing error 0.439, 0.386 and 0.417.",
        ),
        (
            lambda: figures.draw_complexity(degree=1, sample=1),
            "Degree 1, sample 1: on the 20 birds that it is fitted to the loss is 0.0626 kg², on "
            "the 322 others 0.0873 kg², the least of this sample.",
        ),
    ],
)
def test_readings_say_what_is_drawn(drawn, reading):
    figure, said = drawn()
    assert said == reading
    assert len(figure) == 2


def test_labels_keep_to_the_empty_side_of_the_slopes():
    for y, side in ((1, 1), (0, -1)):
        (_, slopes), _ = figures.draw_log_loss(logit=2.0, label_y=y)
        heights = [text.xy[1] for text in slopes.axes[0].texts]
        assert len(heights) == 2
        assert all(side * h > 0 for h in heights)


def test_a_loss_beyond_the_axis_is_drawn_as_a_triangle_at_the_edge():
    (_, losses_by_degree), _ = figures.draw_complexity(degree=8, sample=4)
    lines = losses_by_degree.axes[0].lines
    triangles, selected = (line for line in lines if line.get_marker() == "^")
    assert list(triangles.get_xdata()) == [7, 8]
    assert list(selected.get_xdata()) == [8]
    assert set(triangles.get_ydata()) == set(selected.get_ydata()) == {60.0}


def test_a_square_stands_where_the_loss_is():
    for sample in range(1, 6):
        held_out = experiments.fits(sample).held_out
        for degree in experiments.DEGREES:
            (_, right), _ = figures.draw_complexity(degree=degree, sample=sample)
            for line in right.axes[0].lines:
                if line.get_marker() == "s":
                    for d, height in zip(line.get_xdata(), line.get_ydata(), strict=True):
                        assert height == held_out[int(d)]
