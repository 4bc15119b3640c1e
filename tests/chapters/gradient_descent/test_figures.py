"""What the chapter's readings say at the values that its text names, and what is refused."""

import re

import numpy as np
import pytest

from helpers.chapters.gradient_descent import figures
from helpers.chapters.gradient_descent.experiments import sweep_sgd
from helpers.data.penguins import penguin_regression
from helpers.mathematics.optimizers import inverse_time_decay, stochastic_gradient_descent


@pytest.fixture(scope="module")
def penguins():
    return penguin_regression()


@pytest.fixture(scope="module")
def sweep(penguins):
    return sweep_sgd(
        penguins,
        sizes=(1, 18, 342),
        rates=(0.01, 0.18, 1.0),
        epochs=10,
        rng=np.random.default_rng(6),
    )


def reading(name, **values):
    return getattr(figures, name)(**values)[1]


def test_readings_in_one_dimension_name_all_regimes():
    assert "it keeps 0.6 of the distance" in reading("draw_rate_1d", learning_rate=0.1)
    assert "one step lands in the minimum" in reading("draw_rate_1d", learning_rate=0.25)
    assert "jumps to the other side" in reading("draw_rate_1d", learning_rate=0.4)
    assert "never settles" in reading("draw_rate_1d", learning_rate=0.5)
    assert "after 30 steps the loss is 304 times" in reading("draw_rate_1d", learning_rate=0.525)
    assert "at step 11 the loss is more than 1000" in reading("draw_rate_1d", learning_rate=0.6)


def test_readings_in_two_dimensions_give_the_closed_form():
    assert "at most 0.6 of the distance" in reading("draw_rate_2d", learning_rate=0.4)
    assert "at most 0.9 of the distance" in reading("draw_rate_2d", learning_rate=0.475)
    assert "never settles" in reading("draw_rate_2d", learning_rate=0.5)
    assert "at step 12 the loss" in reading("draw_rate_2d", learning_rate=0.6)


def test_the_factors_of_both_directions_are_named_and_drawn():
    (left, right), said = figures.draw_factors(learning_rate=0.45)
    assert "steep direction by −0.8 and the flat direction by 0.55" in said
    drawn = {line.get_marker(): line.get_xydata() for line in left.axes[0].lines}
    assert drawn["D"] == pytest.approx(np.array([[0.45, 0.8]]))
    assert drawn["o"] == pytest.approx(np.array([[0.45, 0.55]]))
    assert drawn["*"] == pytest.approx(np.array([[0.4, 0.6]]))
    assert drawn["X"] == pytest.approx(np.array([[0.5, 1.0]]))
    flat, steep = (line.get_ydata() for line in right.axes[0].lines)
    assert steep[1:] / steep[:-1] == pytest.approx(np.full(30, 0.64))
    assert flat[:10] / flat[1:11] == pytest.approx(np.full(10, 0.55**-2))
    assert "the steep direction by 0 and" in figures.draw_factors(learning_rate=0.25)[1]


def test_the_arrow_of_the_gradient_has_its_length():
    (left, _), _ = figures.draw_direction(degrees=40)
    gradient, step = (text for text in left.axes[0].texts if text.arrow_patch is not None)
    ends = np.array([gradient.xy, step.xy]) - [0.9, 2.1]
    assert np.linalg.norm(ends, axis=1) == pytest.approx([1.15879, 1.0], abs=1e-5)


def test_conditioning_says_the_angle_and_the_best_rate():
    said = reading("draw_conditioning", kappa=100, eta_m=1.0)
    assert "44° away" in said
    assert "ηM = 1.98: it keeps at most 0.98" in said


def test_a_round_bowl_has_no_steep_direction():
    for eta_m in (0.1, 1.0, 1.5, 2.0, 2.2):
        assert "steep" not in reading("draw_conditioning", kappa=1, eta_m=eta_m)
        assert "valley" not in reading("draw_conditioning", kappa=1, eta_m=eta_m)


def test_four_losses_with_slope_two_change_by_four_numbers():
    changes = {"50θ²": "+52", "2 sin θ": "+1.68", "2θ − 10θ²": "−8", "exp 2θ": "+6.39"}
    for formula, change in changes.items():
        said = reading("draw_same_slope", formula=formula, step=1.0)
        assert f"changes the loss by {change};" in said
        assert "foretells +2," in said


def test_no_change_is_no_rest_of_a_rounding():
    assert "changes the loss by 0;" in reading("draw_same_slope", formula="2θ − 10θ²", step=0.2)


def test_a_right_angle_changes_nothing_to_first_order():
    said = reading("draw_direction", degrees=90)
    assert "cos(+90°) = 0;" in said
    assert "changes by +0.17" in said


def test_no_direction_beats_minus_gradient_to_first_order():
    slopes = [
        figures.draw_direction(degrees=d)[0][1].axes[0].lines[2].get_ydata()[0]
        for d in range(-180, 181, 30)
    ]
    assert np.argmin(slopes) == 6


def test_a_run_of_sgd_is_read_with_its_floor_or_without(sweep):
    said = figures.draw_sgd(sweep, batch_size=1, learning_rate=0.01)[1]
    assert said.startswith("One example at a time, η = 0.01: over the last third of 10 epochs")
    assert "the floor η tr C / 4b is 0.0014, and the exact long-run mean is 2.4 % above" in said
    said = figures.draw_sgd(sweep, batch_size=18, learning_rate=1.0)[1]
    assert "beyond 0.961: its mean in the long run grows without bound" in said
    assert "floor" not in said
    said = figures.draw_sgd(sweep, batch_size=1, learning_rate=1.0)[1]
    assert re.search(r"diverged after \d+ updates; the limit is η = 0.415", said)
    said = figures.draw_sgd(sweep, batch_size=342, learning_rate=0.18)[1]
    assert "still falls: there is no noise" in said
    said = figures.draw_sgd(sweep, batch_size=342, learning_rate=1.0)[1]
    assert "beyond 0.998: the loss grows without bound" in said


def test_no_floor_is_drawn_beyond_the_limit(sweep):
    for size, rate, floors in ((1, 0.18, 1), (1, 1.0, 0), (342, 0.18, 0), (18, 1.0, 0)):
        (left, _), _ = figures.draw_sgd(sweep, batch_size=size, learning_rate=rate)
        assert sum(line.get_linestyle() == ":" for line in left.axes[0].lines) == floors


def test_a_decaying_step_ends_lowest(penguins):
    plans = {"large": 0.1, "small": 0.01, "decaying": inverse_time_decay(0.1, half_after=200)}
    runs = {
        name: stochastic_gradient_descent(
            penguins,
            np.zeros(4),
            learning_rate=rate,
            batch_size=1,
            epochs=30,
            rng=np.random.default_rng(1),
            record_every=10,
        )
        for name, rate in plans.items()
    }
    figure, said = figures.draw_decay(penguins, runs)
    assert len(figure.axes[0].lines) == 3
    large, small, decaying = (
        float(n.replace("×10⁻⁴", "e-4")) for n in re.findall(r"\d[\d.]*(?:×10⁻⁴)?(?= \()", said)
    )
    assert large > small > decaying


@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan])
@pytest.mark.parametrize("name", ["draw_rate_1d", "draw_rate_2d", "draw_factors"])
def test_a_rate_that_is_not_positive_is_refused(name, rate):
    with pytest.raises(ValueError, match="learning_rate"):
        getattr(figures, name)(learning_rate=rate)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: figures.draw_same_slope(formula="θ", step=1.0), "formula"),
        (lambda: figures.draw_same_slope(formula="50θ²", step=0.0), "step"),
        (lambda: figures.draw_direction(degrees=np.inf), "degrees"),
        (lambda: figures.draw_saddle(nudge=0.0), "nudge"),
        (lambda: figures.draw_conditioning(kappa=0.5, eta_m=1.0), "condition_number"),
        (lambda: figures.draw_decay(penguin_regression(), {}), "runs"),
    ],
)
def test_bad_values_are_refused_by_name(call, argument):
    with pytest.raises(ValueError, match=argument):
        call()


def test_a_pair_that_was_not_swept_is_refused(sweep):
    with pytest.raises(ValueError, match="size"):
        figures.draw_sgd(sweep, batch_size=5, learning_rate=0.01)
    with pytest.raises(ValueError, match="rate"):
        figures.draw_sgd(sweep, batch_size=1, learning_rate=0.02)
