"""Gradient descent against its closed forms, SGD against its noise floor, and how both fail."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.penguins import penguin_regression
from helpers.mathematics.objectives import (
    PLATEAU,
    SLOPE_TWO,
    DoubleWell,
    LeastSquares,
    Quadratic,
    ScalarLoss,
)
from helpers.mathematics.optimizers import (
    gradient_descent,
    inverse_time_decay,
    steepest_direction,
    stochastic_gradient_descent,
)


@pytest.fixture(scope="module")
def penguins():
    return penguin_regression()


@pytest.fixture
def rng():
    return np.random.default_rng(21)


# --- the update and the direction -------------------------------------------------------------


def test_one_step_by_hand():
    """L = 2θ² has slope 4θ: from 3 with η = 0.1 the step is −0.1 · 12."""
    path = gradient_descent(Quadratic(4.0), [3.0], learning_rate=0.1, steps=1)
    assert path.theta[1] == pytest.approx([1.8])
    assert path.loss == pytest.approx([18.0, 6.48])


def test_the_gradient_points_uphill_not_down():
    """A source says that the gradient points to where the loss is *reduced*: the sign is wrong."""
    bowl, theta = Quadratic.valley(5.0, degrees=30), np.array([1.0, -2.0])
    step = 0.01 * bowl.gradient(theta)
    assert bowl.value(theta + step) > bowl.value(theta) > bowl.value(theta - step)


def test_the_gradient_is_taken_at_the_point_that_is_left():
    bowl = Quadratic.valley(5.0)
    path = gradient_descent(bowl, [1.0, 2.0], learning_rate=0.3, steps=4)
    steps = np.diff(path.theta, axis=0)
    assert steps == pytest.approx(-0.3 * bowl.gradient(path.theta[:-1]), rel=1e-12)


def test_the_length_of_a_step_is_eta_times_the_norm_of_the_gradient():
    """The learning rate is not "how big the step is": with one η the steps shrink 20-fold."""
    bowl = Quadratic.valley(2.0)
    path = gradient_descent(bowl, [1.0, 2.0], learning_rate=0.5, steps=12)
    lengths = np.linalg.norm(np.diff(path.theta, axis=0), axis=1)
    slopes = np.linalg.norm(bowl.gradient(path.theta[:-1]), axis=1)
    assert lengths == pytest.approx(0.5 * slopes, rel=1e-12)
    assert not np.allclose(lengths, 0.5, rtol=0.1)
    assert lengths[0] / lengths[-1] > 20


@pytest.mark.parametrize(
    ("norm", "length"),
    [
        ("euclidean", np.linalg.norm),
        ("max", lambda v: np.max(np.abs(v))),
        ("sum", lambda v: np.sum(np.abs(v))),
        (np.diag([1.0, 4.0, 9.0]), lambda v: np.sqrt(v @ np.diag([1.0, 4.0, 9.0]) @ v)),
    ],
)
def test_no_direction_of_length_one_is_steeper(norm, length, rng):
    gradient = np.array([3.0, -2.0, 0.5])
    best = steepest_direction(gradient, norm)
    assert length(best) == pytest.approx(1)
    for _ in range(2000):
        v = rng.standard_normal(3)
        assert gradient @ v / length(v) >= gradient @ best - 1e-12


def test_which_direction_is_steepest_depends_on_the_norm():
    gradient = np.array([3.0, -2.0, 0.5])
    euclidean = steepest_direction(gradient)
    assert euclidean == pytest.approx(-gradient / np.linalg.norm(gradient))
    assert steepest_direction(gradient, "max") == pytest.approx([-1, 1, -1])
    assert steepest_direction(gradient, "sum") == pytest.approx([-1, 0, 0])
    newton = steepest_direction(gradient, np.diag([1.0, 4.0, 9.0]))
    assert newton @ euclidean < 0.97


def test_the_direction_of_the_sum_norm_moves_the_largest_slope_whatever_its_sign():
    assert steepest_direction([1.0, -4.0, 2.0], "sum") == pytest.approx([0, 1, 0])
    assert steepest_direction([3.0, -3.0], "sum") == pytest.approx([-1, 0])


def test_newtons_direction_goes_uphill_where_the_hessian_is_indefinite():
    """The double well at (0.05, 0.3): curvatures 1 and −0.73, and the slope along −H⁻¹∇ is > 0."""
    well, theta = DoubleWell(), np.array([0.05, 0.3])
    newton = -np.linalg.solve(well.hessian(theta), well.gradient(theta))
    assert well.gradient(theta) @ newton == pytest.approx(0.0996, abs=1e-4)
    assert well.value(theta + 0.1 * newton) > well.value(theta)
    with pytest.raises(ValueError, match="norm must be positive definite"):
        steepest_direction(well.gradient(theta), well.hessian(theta))


def test_a_zero_gradient_has_no_steepest_direction():
    with pytest.raises(ValueError, match="gradient must not be zero"):
        steepest_direction(DoubleWell().gradient([0.0, 0.0]))


def test_steepest_is_so_only_for_infinitesimal_steps():
    """Seen from (1, 1) with κ = 100 the way to the minimum beats −∇ when both go √2 far."""
    bowl = Quadratic.valley(100.0, largest_curvature=100.0)
    theta = np.array([1.0, 1.0])
    downhill, straight = steepest_direction(bowl.gradient(theta)), -theta / np.sqrt(2)
    assert bowl.value(theta + np.sqrt(2) * downhill) == pytest.approx(9.0, abs=0.5)
    assert bowl.value(theta + np.sqrt(2) * straight) == pytest.approx(0, abs=1e-12)
    tiny = 1e-3
    assert bowl.value(theta + tiny * downhill) < bowl.value(theta + tiny * straight)


# --- closed forms ----------------------------------------------------------------------------


@pytest.mark.parametrize("eta_m", [0.05, 0.5, 1.0, 1.5, 1.95])
def test_descent_converges_below_two_over_the_largest_curvature(eta_m):
    bowl = Quadratic.valley(10.0, largest_curvature=4.0, degrees=20)
    path = gradient_descent(bowl, [1.0, 1.0], learning_rate=eta_m / 4.0, steps=4000)
    assert path.diverged_at is None
    assert path.loss[-1] < 1e-10


@pytest.mark.parametrize("eta_m", [2.01, 2.5, 10.0])
def test_descent_diverges_beyond_two_over_the_largest_curvature(eta_m):
    bowl = Quadratic.valley(10.0, largest_curvature=4.0, degrees=20)
    path = gradient_descent(bowl, [1.0, 1.0], learning_rate=eta_m / 4.0, steps=5000)
    assert path.diverged_at is not None
    assert 1e9 < path.loss[-1] <= 1e12


def test_at_two_over_the_largest_curvature_the_steep_direction_swings_for_ever():
    path = gradient_descent(Quadratic(4.0), [1.0], learning_rate=0.5, steps=100)
    assert path.theta[:, 0] == pytest.approx(np.resize([1.0, -1.0], 101))


def test_between_one_and_two_over_the_largest_curvature_it_overshoots_and_still_converges():
    bowl = Quadratic(4.0)
    monotone = gradient_descent(bowl, [1.0], learning_rate=0.9 / 4, steps=20).theta[:, 0]
    swinging = gradient_descent(bowl, [1.0], learning_rate=1.6 / 4, steps=20).theta[:, 0]
    assert np.all(monotone >= 0)
    assert np.all(np.sign(swinging) == np.resize([1, -1], 21))
    assert abs(swinging[-1]) == pytest.approx(0.6**20)


def test_one_over_the_curvature_solves_one_dimension_in_one_step():
    path = gradient_descent(Quadratic(4.0, minimum=[2.0]), [9.0], learning_rate=0.25, steps=1)
    assert path.theta[1] == pytest.approx([2.0])


@pytest.mark.parametrize("kappa", [2.0, 10.0, 100.0])
def test_the_rate_at_the_best_step_is_kappa_minus_one_over_kappa_plus_one(kappa):
    bowl = Quadratic.valley(kappa)
    path = gradient_descent(bowl, [1.0, kappa], learning_rate=bowl.best_learning_rate, steps=50)
    distance = np.linalg.norm(path.theta, axis=1)
    assert distance[1:] / distance[:-1] == pytest.approx((kappa - 1) / (kappa + 1), rel=1e-9)


def test_steps_needed_grow_like_kappa():
    needed = {}
    for kappa in (10.0, 100.0, 1000.0):
        bowl = Quadratic.valley(kappa)
        path = gradient_descent(bowl, [1, kappa], learning_rate=bowl.best_learning_rate, steps=8000)
        needed[kappa] = path.first_below(1e-6 * path.loss[0])
        # ρᵗ = 10⁻³ in distance, which is 10⁻⁶ in loss.
        rate = (kappa - 1) / (kappa + 1)
        assert needed[kappa] == np.ceil(np.log(1e-3) / np.log(rate))
    assert needed == {10.0: 35, 100.0: 346, 1000.0: 3454}


@pytest.mark.parametrize("eta_m", [0.1, 1.0, 1.7])
def test_descent_lemma_holds_at_every_step(eta_m, penguins):
    eta = eta_m / penguins.largest_curvature
    path = gradient_descent(penguins, np.zeros(4), learning_rate=eta, steps=40)
    slope = np.sum(penguins.gradient(path.theta[:-1]) ** 2, axis=1)
    promised = path.loss[:-1] - eta * (1 - eta * penguins.largest_curvature / 2) * slope
    assert np.all(path.loss[1:] <= promised + 1e-12)


def test_the_gradient_alone_does_not_say_how_far_to_go():
    """Slope 2, η = 1: one loss falls, one jumps, though all four have the same gradient."""
    change = {}
    for function, point in SLOPE_TWO:
        path = gradient_descent(function, point, learning_rate=1.0, steps=1)
        assert path.theta[1] == pytest.approx(point - 2)
        change[function.formula] = path.loss[1] - path.loss[0]
    assert change["50θ²"] == pytest.approx(196)
    assert change["2 sin θ"] == pytest.approx(-1.8186, abs=1e-4)
    assert change["2θ − 10θ²"] == pytest.approx(-44)
    assert change["exp 2θ"] == pytest.approx(-0.9817, abs=1e-4)


# --- what breaks -----------------------------------------------------------------------------


def test_descent_from_the_ridge_ends_in_the_saddle():
    well = DoubleWell()
    path = gradient_descent(well, [1.0, 0.0], learning_rate=0.2, steps=300)
    assert path.theta[-1] == pytest.approx([0, 0], abs=1e-12)
    assert path.loss[-1] == pytest.approx(0.25)


def test_a_nudge_escapes_the_saddle_after_a_time_that_grows_with_its_logarithm():
    well, left = DoubleWell(), {}
    for nudge in (1e-4, 1e-8, 1e-12):
        path = gradient_descent(well, [1.0, nudge], learning_rate=0.2, steps=300)
        assert path.theta[-1] == pytest.approx([0, 1], abs=1e-6)
        left[nudge] = path.first_below(0.125)
    assert left[1e-8] - left[1e-4] == pytest.approx(np.log(1e4) / np.log(1.2), abs=1)
    assert left[1e-12] - left[1e-8] == pytest.approx(np.log(1e4) / np.log(1.2), abs=1)


def test_descent_hardly_moves_on_a_plateau():
    path = gradient_descent(PLATEAU, 6.0, learning_rate=1.0, steps=100)
    assert path.theta[-1] > 5.9999
    assert gradient_descent(PLATEAU, 2.0, learning_rate=1.0, steps=100).theta[-1] < 1e-6


@pytest.mark.parametrize("eta", [1.0, 1e3, 1e100, 1e308])
@pytest.mark.parametrize(
    "objective",
    [
        Quadratic(4.0),
        DoubleWell(),
        PLATEAU,
        *[f for f, _ in SLOPE_TWO],
        ScalarLoss("θ⁴", lambda t: t**4, lambda t: 4 * t**3, lambda t: 12 * t**2),
    ],
    ids=lambda o: getattr(o, "formula", type(o).__name__),
)
def test_blowing_up_is_reported_without_warning_or_nan(objective, eta):
    start = {Quadratic: [3.0], DoubleWell: [3.0, 3.0]}.get(type(objective), 3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = gradient_descent(objective, start, learning_rate=eta, steps=2000)
    assert np.isfinite(path.theta).all()
    assert np.isfinite(path.loss).all()
    assert len(path.theta) == len(path.loss) == len(path.update)
    assert path.diverged_at is not None or len(path.loss) == 2001


def test_a_loss_that_falls_without_end_diverges_too():
    ramp = ScalarLoss("−θ³", lambda t: -(t**3), lambda t: -3 * t**2, lambda t: -6 * t)
    path = gradient_descent(ramp, 1.0, learning_rate=1.0, steps=50)
    assert path.diverged_at is not None
    assert -1e12 <= path.loss[-1] < -1e3


def test_diverged_at_is_the_first_step_beyond_the_limit():
    path = gradient_descent(Quadratic(2.0), [1.0], learning_rate=2.0, steps=50, limit=1000.0)
    # The factor is 1 − ηM = −3: the losses are 9ᵗ, and the fourth, 6561, is not recorded.
    assert path.loss == pytest.approx([1, 9, 81, 729])
    assert path.theta[:, 0] == pytest.approx([1, -3, 9, -27])
    assert path.diverged_at == 4


def test_python_floats_that_overflow_are_a_divergence_too():
    def cube(theta):
        return float(theta) ** 3

    steep = ScalarLoss("θ⁴", lambda t: float(t) ** 4, lambda t: 4 * cube(t), None)
    path = gradient_descent(steep, 10.0, learning_rate=1e200, steps=9, limit=1e250)
    assert path.diverged_at == 1


# --- stochastic gradients ---------------------------------------------------------------------


def test_sgd_with_every_example_once_is_gradient_descent(penguins, rng):
    full = gradient_descent(penguins, np.zeros(4), learning_rate=0.5, steps=10)
    sgd = stochastic_gradient_descent(
        penguins,
        np.zeros(4),
        learning_rate=0.5,
        batch_size=342,
        epochs=10,
        rng=rng,
        shuffle=True,
    )
    assert sgd.theta == pytest.approx(full.theta, rel=1e-9)
    assert np.array_equal(sgd.evaluations, full.evaluations)
    assert full.evaluations[-1] == 3420


def test_the_mean_stochastic_step_is_the_full_step(penguins):
    rng = np.random.default_rng(1)
    theta = np.array([1.0, -0.5, 0.2, 0.4])
    ends = [
        stochastic_gradient_descent(
            penguins, theta, learning_rate=0.1, batch_size=171, epochs=1, rng=rng, record_every=1
        ).theta[1]
        for _ in range(2000)
    ]
    spread = np.std(ends, axis=0) / np.sqrt(len(ends))
    full = theta - 0.1 * penguins.gradient(theta)
    assert np.all(np.abs(np.mean(ends, axis=0) - full) < 4.5 * spread)


@pytest.mark.parametrize(("eta", "size"), [(0.01, 1), (0.02, 1), (0.04, 1), (0.04, 4)])
def test_sgd_hovers_at_a_floor_proportional_to_eta_over_b(penguins, eta, size):
    path = stochastic_gradient_descent(
        penguins,
        penguins.minimum,
        learning_rate=eta,
        batch_size=size,
        epochs=60 * size,
        rng=np.random.default_rng(7),
        record_every=5,
    )
    settled = np.mean(path.loss[len(path.loss) // 6 :]) - penguins.offset
    assert settled == pytest.approx(penguins.noise_floor(eta, size), rel=0.25)


def test_a_decaying_step_goes_below_the_floor_of_the_constant_one(penguins):
    constant, decaying = (
        stochastic_gradient_descent(
            penguins,
            np.zeros(4),
            learning_rate=rate,
            batch_size=1,
            epochs=30,
            rng=np.random.default_rng(3),
            record_every=20,
        )
        .loss[-100:]
        .mean()
        - penguins.offset
        for rate in (0.05, inverse_time_decay(0.05, 400))
    )
    assert decaying < 0.2 * constant


def test_one_epoch_of_sgd_beats_one_epoch_of_full_batch_and_loses_in_the_end(penguins):
    full = gradient_descent(
        penguins, np.zeros(4), learning_rate=penguins.best_learning_rate, steps=60
    )
    sgd = stochastic_gradient_descent(
        penguins,
        np.zeros(4),
        learning_rate=0.03,
        batch_size=4,
        epochs=60,
        rng=np.random.default_rng(0),
    )
    after = {e: float(np.interp(342 * e, sgd.evaluations, sgd.loss)) for e in (2, 60)}
    assert after[2] - penguins.offset < 0.1 * (full.loss[2] - penguins.offset)
    assert full.loss[60] - penguins.offset < 1e-3 * (after[60] - penguins.offset)


def test_batches_with_and_without_replacement():
    seen = []

    class Recorder(LeastSquares):
        def batch_gradient(self, theta, rows):
            seen.append(np.array(rows))
            return super().batch_gradient(theta, rows)

    model = Recorder(np.ones((10, 1)), np.arange(10.0))
    settings_ = {"learning_rate": 0.1, "batch_size": 4, "epochs": 2}
    shuffled = stochastic_gradient_descent(
        model, [0.0], rng=np.random.default_rng(0), shuffle=True, **settings_
    )
    assert [len(rows) for rows in seen] == [4, 4, 2, 4, 4, 2]
    assert sorted(np.concatenate(seen[:3])) == list(range(10))
    assert shuffled.evaluations.tolist() == [0, 4, 8, 10, 14, 18, 20]
    seen.clear()
    drawn = stochastic_gradient_descent(model, [0.0], rng=np.random.default_rng(0), **settings_)
    assert [len(rows) for rows in seen] == [4] * 6
    assert drawn.evaluations.tolist() == [0, 4, 8, 12, 16, 20, 24]


def test_the_same_generator_gives_the_same_run(penguins):
    runs = [
        stochastic_gradient_descent(
            penguins,
            np.zeros(4),
            learning_rate=0.1,
            batch_size=8,
            epochs=2,
            rng=np.random.default_rng(5),
        )
        for _ in range(2)
    ]
    assert np.array_equal(runs[0].theta, runs[1].theta)


def test_sgd_that_blows_up_says_when(penguins, rng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = stochastic_gradient_descent(
            penguins,
            np.zeros(4),
            learning_rate=1.0,
            batch_size=1,
            epochs=30,
            rng=rng,
            record_every=50,
        )
    assert 0 < path.diverged_at < 1000
    assert np.isfinite(path.loss).all()
    assert np.isfinite(path.theta).all()


def test_recording_less_often_changes_nothing_else(penguins):
    dense, sparse = (
        stochastic_gradient_descent(
            penguins,
            np.zeros(4),
            learning_rate=0.1,
            batch_size=8,
            epochs=2,
            rng=np.random.default_rng(5),
            record_every=every,
        )
        for every in (1, 20)
    )
    assert np.array_equal(dense.theta[sparse.update], sparse.theta)
    assert sparse.update.tolist() == [0, 20, 40, 60, 80, 86]


def test_inverse_time_decay_halves_when_it_says():
    schedule = inverse_time_decay(0.4, 100)
    assert schedule(0) == 0.4
    assert schedule(100) == 0.2
    assert schedule(300) == pytest.approx(0.1)


def test_first_below():
    path = gradient_descent(Quadratic(1.0), [1.0], learning_rate=0.5, steps=10)
    assert path.first_below(0.125) == 1
    assert path.first_below(1.0) == 0
    assert path.first_below(0.0) is None


# --- bad input -------------------------------------------------------------------------------

BOWL = Quadratic.valley(3.0)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": -0.1}, "learning_rate"),
        ({"learning_rate": np.nan}, "learning_rate"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"learning_rate": lambda t: 1.0 - t}, r"learning_rate\(1\)"),
        ({"steps": 0}, "steps"),
        ({"steps": 2.5}, "steps"),
        ({"limit": -1.0}, "limit"),
        ({"limit": 0.1}, "start"),
        ({"start": [1.0, np.inf]}, "start"),
        ({"start": []}, "start"),
        ({"start": [1.0]}, "theta"),
        ({"objective": None}, "objective"),
        ({"objective": np.sin}, "objective"),
    ],
)
def test_gradient_descent_refuses_bad_input_by_name(arguments, argument):
    usual = {"objective": BOWL, "start": [1.0, 1.0], "learning_rate": 0.1, "steps": 3}
    with pytest.raises(ValueError, match=argument):
        gradient_descent(**{**usual, **arguments})


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"learning_rate": -0.1}, "learning_rate"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 343}, "batch_size"),
        ({"epochs": 0}, "epochs"),
        ({"record_every": 0}, "record_every"),
        ({"rng": 0}, "rng"),
        ({"start": np.zeros(3)}, "theta"),
        ({"objective": BOWL, "start": np.zeros(2)}, "n_examples"),
    ],
)
def test_sgd_refuses_bad_input_by_name(penguins, arguments, argument):
    given_ = {
        "objective": penguins,
        "start": np.zeros(4),
        "learning_rate": 0.1,
        "batch_size": 8,
        "epochs": 1,
        "rng": np.random.default_rng(0),
        **arguments,
    }
    with pytest.raises(ValueError, match=argument):
        stochastic_gradient_descent(**given_)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: steepest_direction([]), "gradient"),
        (lambda: steepest_direction([1.0, np.nan]), "gradient"),
        (lambda: steepest_direction([1.0], "manhattan"), "norm"),
        (lambda: steepest_direction([1.0, 2.0], np.eye(3)), "norm"),
        (lambda: steepest_direction([1.0, 2.0], -np.eye(2)), "norm must be positive definite"),
        (lambda: steepest_direction([1.0, 2.0], np.eye(1)), r"norm must have shape \(2, 2\)"),
        (lambda: steepest_direction([1.0, 2.0], [[1, 0.5], [0.4, 1]]), "norm must be symmetric"),
        (lambda: steepest_direction([[1.0, 2.0]]), "gradient must have 1 dimension"),
        (lambda: inverse_time_decay(0, 10), "initial"),
        (
            lambda: gradient_descent(BOWL, [1, 1], learning_rate=1, steps=1).first_below("0"),
            "level",
        ),
        (lambda: inverse_time_decay(0.1, -1), "half_after"),
    ],
)
def test_other_bad_input_is_refused_by_name(call, argument):
    with pytest.raises(ValueError, match=argument):
        call()


@settings(max_examples=80, deadline=None)
@given(
    gradient=st.lists(
        st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
        min_size=1,
        max_size=5,
    ),
    norm=st.sampled_from(["euclidean", "max", "sum"]),
)
def test_the_steepest_direction_goes_down_whatever_the_slopes(gradient, norm):
    g = np.array(gradient)
    if not g.any():
        return
    step = steepest_direction(g, norm)
    assert np.isfinite(step).all()
    assert np.sum(step * (g / np.max(np.abs(g)))) < 0


@settings(max_examples=60, deadline=None)
@given(eta=st.floats(min_value=1e-300, max_value=1e300), start=st.floats(-1e5, 1e5))
def test_any_positive_rate_ends_in_numbers(eta, start):
    path = gradient_descent(BOWL, [start, 1.0], learning_rate=eta, steps=60)
    assert np.isfinite(path.loss).all()
    assert np.isfinite(path.theta).all()


@settings(max_examples=60, deadline=None)
@given(
    learning_rate=st.one_of(st.floats(), st.none(), st.text(max_size=2), st.booleans()),
    steps=st.one_of(st.integers(-3, 6), st.floats(), st.none()),
    start=st.one_of(st.none(), st.floats(), st.lists(st.floats(), max_size=3)),
)
def test_any_arguments_end_in_numbers_or_in_a_value_error(learning_rate, steps, start):
    try:
        path = gradient_descent(BOWL, start, learning_rate=learning_rate, steps=steps)
    except ValueError as refused:
        message = str(refused)
    else:
        message = "fine" if np.isfinite(path.theta).all() else "not finite"
    named = ("learning_rate", "steps", "start", "theta", "fine")
    assert message.startswith(named)
