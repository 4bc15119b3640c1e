"""The chapter's drawings: every state draws, axes stay put, and readings tell the truth."""

import re
import warnings
from functools import partial

import numpy as np
import pytest

from helpers.chapters.gradient_descent import figures
from helpers.chapters.gradient_descent.experiments import SgdSweep, sweep_sgd
from helpers.data.penguins import penguin_regression
from helpers.mathematics.objectives import SLOPE_TWO
from helpers.mathematics.optimizers import inverse_time_decay, stochastic_gradient_descent

RATES = [float(f"{10**e:.12g}") for e in np.arange(-3, 0.01, 0.25)]
SIZES = (1, 4, 16, 64, 342)


@pytest.fixture(scope="module")
def penguins():
    return penguin_regression()


@pytest.fixture(scope="module")
def sweep(penguins):
    return sweep_sgd(penguins, sizes=SIZES, rates=RATES, epochs=10, rng=np.random.default_rng(6))


def states(name):
    """Every value of a figure's controls, as the notebook has them."""
    rates = [{"learning_rate": float(r)} for r in np.arange(1, 25) * 0.025]
    return {
        "draw_rate_1d": rates,
        "draw_rate_2d": rates,
        "draw_direction": [{"degrees": d} for d in range(-180, 181, 10)],
        "draw_same_slope": [
            {"formula": f.formula, "step": float(h)}
            for f, _ in SLOPE_TWO
            for h in (0.05, 0.1, 0.5, 1.0)
        ],
        "draw_conditioning": [
            {"kappa": k, "eta_l": float(e)}
            for k in (1, 2, 10, 100)
            for e in (0.1, 0.5, 1.0, 1.3, 1.9, 2.0, 2.1, 2.2)
        ],
        "draw_saddle": [{"nudge": 10.0**-k} for k in range(1, 17)],
        "draw_sgd": [
            {"batch_size": b, "learning_rate": r} for b in SIZES for r in (*RATES[::3], 1.0)
        ],
    }[name]


NAMES = (
    "draw_rate_1d",
    "draw_rate_2d",
    "draw_direction",
    "draw_same_slope",
    "draw_conditioning",
    "draw_saddle",
    "draw_sgd",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_state_draws_without_a_warning_on_axes_that_stay_put(name, sweep):
    draw = getattr(figures, name)
    draw = partial(draw, sweep) if name == "draw_sgd" else draw
    frames = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in states(name):
            drawings, reading = draw(**values)
            assert reading.endswith(".")
            assert not re.search(r"nan|inf\b|\$", reading)
            frames.add(tuple((f.axes[0].get_xlim(), f.axes[0].get_ylim()) for f in drawings))
            for figure in drawings:
                lines = figure.axes[0].lines
                assert lines
                assert all(np.isfinite(line.get_xydata()).all() for line in lines)
                assert all(len(line.get_xydata()) <= 130 for line in lines)
    assert len(frames) == 1


@pytest.mark.parametrize("name", [*NAMES, "draw_decay"])
def test_the_first_line_of_each_docstring_describes_the_drawing(name):
    first = getattr(figures, name).__doc__.split("\n")[0]
    assert len(first) > 40
    assert first.endswith(".")


def reading(name, **values):
    return getattr(figures, name)(**values)[1]


def test_readings_in_one_dimension_name_all_regimes():
    assert "keeps at most 0.6 of the distance" in reading("draw_rate_1d", learning_rate=0.1)
    assert "one step lands in the minimum" in reading("draw_rate_1d", learning_rate=0.25)
    assert "jumps to the other side" in reading("draw_rate_1d", learning_rate=0.4)
    assert "never settles" in reading("draw_rate_1d", learning_rate=0.5)
    assert "overshoots further" in reading("draw_rate_1d", learning_rate=0.525)
    assert "diverged after 11 steps" in reading("draw_rate_1d", learning_rate=0.6)


def test_readings_in_two_dimensions_give_the_closed_form():
    assert "at most 0.6 of the distance" in reading("draw_rate_2d", learning_rate=0.4)
    assert "at most 0.9 of the distance" in reading("draw_rate_2d", learning_rate=0.475)
    assert "never settles" in reading("draw_rate_2d", learning_rate=0.5)
    assert "diverged after 12 steps" in reading("draw_rate_2d", learning_rate=0.6)


def test_conditioning_says_the_angle_and_the_best_rate():
    said = reading("draw_conditioning", kappa=100, eta_l=1.0)
    assert "44° away" in said
    assert "ηL = 1.98, which keeps 0.98" in said


def test_four_losses_with_slope_two_change_by_four_numbers():
    changes = {"50θ²": "+52", "2 sin θ": "+1.68", "2θ − 10θ²": "−8", "exp 2θ": "+6.39"}
    for formula, change in changes.items():
        said = reading("draw_same_slope", formula=formula, step=1.0)
        assert f"changes the loss by {change};" in said
        assert "foretells +2," in said


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


def test_the_delay_at_the_saddle_grows_with_the_logarithm_of_the_nudge():
    step = {
        k: int(re.search(r"step (\d+)", reading("draw_saddle", nudge=10.0**-k))[1])
        for k in (4, 8, 16)
    }
    assert step[8] - step[4] == pytest.approx((step[16] - step[8]) / 2, abs=2)


def test_the_sweep_has_a_floor_that_falls_with_the_batch(sweep, penguins):
    for size, rate in ((1, RATES[5]), (4, RATES[7]), (16, RATES[8])):
        floor = penguins.noise_floor(rate, size)
        assert sweep.settled(size, rate) == pytest.approx(floor, rel=0.5)
    assert sweep.settled(1, 1.0) is None
    assert "diverged after" in figures.draw_sgd(sweep, batch_size=1, learning_rate=1.0)[1]


def test_a_value_of_a_log_slider_finds_its_run(sweep):
    near = 10**-1.75 * (1 + 1e-12)
    same = figures.draw_sgd(sweep, batch_size=4, learning_rate=near)[1]
    assert same == figures.draw_sgd(sweep, batch_size=4, learning_rate=RATES[5])[1]


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


def test_sweeps_are_reproducible(penguins):
    one, two = (
        sweep_sgd(penguins, sizes=(8,), rates=(0.1,), epochs=1, rng=np.random.default_rng(0))
        for _ in range(2)
    )
    assert isinstance(one, SgdSweep)
    assert np.array_equal(one.excess(8, 0.1), two.excess(8, 0.1))


@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan])
@pytest.mark.parametrize("name", ["draw_rate_1d", "draw_rate_2d"])
def test_a_rate_that_is_not_positive_is_refused(name, rate):
    with pytest.raises(ValueError, match="learning_rate"):
        getattr(figures, name)(learning_rate=rate)


def test_a_sweep_refuses_a_generator_that_is_a_number(penguins):
    with pytest.raises(ValueError, match="rng"):
        sweep_sgd(penguins, sizes=(8,), rates=(0.1,), epochs=1, rng=3)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: figures.draw_same_slope(formula="θ", step=1.0), "formula"),
        (lambda: figures.draw_same_slope(formula="50θ²", step=0.0), "step"),
        (lambda: figures.draw_direction(degrees=np.inf), "degrees"),
        (lambda: figures.draw_saddle(nudge=0.0), "nudge"),
        (lambda: figures.draw_conditioning(kappa=0.5, eta_l=1.0), "condition_number"),
        (lambda: figures.draw_decay(penguin_regression(), {}), "runs"),
    ],
)
def test_bad_values_are_refused_by_name(call, argument):
    with pytest.raises(ValueError, match=argument):
        call()


def test_a_batch_size_that_was_not_swept_is_refused(sweep):
    with pytest.raises(ValueError, match="size"):
        figures.draw_sgd(sweep, batch_size=5, learning_rate=0.01)
