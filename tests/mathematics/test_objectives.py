"""Closed forms of the quadratic, the regression on real data, and claims about one slope."""

import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from helpers.data.penguins import load_penguins, penguin_regression
from helpers.mathematics.numdiff import check_gradient, numerical_jacobian
from helpers.mathematics.objectives import (
    PLATEAU,
    SLOPE_TWO,
    DoubleWell,
    LeastSquares,
    Quadratic,
    ScalarLoss,
    as_positive_definite,
)
from helpers.mathematics.optimizers import gradient_descent


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def tilted():
    return Quadratic([[3.0, 1.0], [1.0, 2.0]], minimum=[1.0, -2.0], offset=0.5)


OBJECTIVES = [
    pytest.param(tilted(), np.array([0.3, 0.7]), id="quadratic"),
    pytest.param(penguin_regression(), np.array([1.0, -0.5, 0.2, 0.4]), id="least squares"),
    pytest.param(DoubleWell(), np.array([0.3, 0.7]), id="double well"),
    pytest.param(PLATEAU, np.array(0.7), id="plateau"),
    *[pytest.param(f, np.array(point + 0.3), id=f.formula) for f, point in SLOPE_TWO],
]


@pytest.mark.parametrize(("objective", "theta"), OBJECTIVES)
def test_gradients_agree_with_finite_differences(objective, theta, rng):
    assert check_gradient(objective.value, objective.gradient, theta, rng=rng, rtol=1e-7) < 1e-7


@pytest.mark.parametrize(("function", "point"), [*SLOPE_TWO, (PLATEAU, 1.2)])
def test_second_derivatives_agree_with_finite_differences(function, point, rng):
    theta = np.array(point + 0.1)
    check_gradient(function.gradient, function.second_derivative, theta, rng=rng, rtol=1e-7)


@pytest.mark.parametrize(
    ("objective", "theta"), [p.values for p in OBJECTIVES if hasattr(p.values[0], "hessian")]
)
def test_hessians_are_the_jacobians_of_the_gradients(objective, theta):
    jacobian = numerical_jacobian(objective.gradient, theta)
    assert objective.hessian(theta) == pytest.approx(jacobian, abs=1e-8)


def test_quadratic_knows_its_minimum_and_curvatures():
    bowl = tilted()
    assert bowl.value(bowl.minimum) == 0.5
    assert bowl.gradient(bowl.minimum) == pytest.approx([0, 0], abs=0)
    assert bowl.largest_curvature * bowl.smallest_curvature == pytest.approx(5)  # det A
    assert bowl.largest_curvature + bowl.smallest_curvature == pytest.approx(5)  # tr A
    assert bowl.condition_number == pytest.approx(bowl.largest_curvature / bowl.smallest_curvature)


def test_quadratic_evaluates_a_batch_like_its_points():
    bowl, batch = tilted(), np.random.default_rng(0).standard_normal((4, 3, 2))
    assert bowl.value(batch).shape == (4, 3)
    assert bowl.gradient(batch).shape == (4, 3, 2)
    assert bowl.value(batch)[2, 1] == pytest.approx(bowl.value(batch[2, 1]))
    assert bowl.gradient(batch)[2, 1] == pytest.approx(bowl.gradient(batch[2, 1]))


def test_a_number_makes_a_bowl_in_one_dimension():
    bowl = Quadratic(4.0)
    assert (bowl.largest_curvature, bowl.smallest_curvature, bowl.condition_number) == (4, 4, 1)
    assert bowl.largest_stable_learning_rate == 0.5
    assert bowl.best_learning_rate == 0.25
    assert bowl.contraction(0.25) == 0


@pytest.mark.parametrize("kappa", [1, 4, 100])
@pytest.mark.parametrize("degrees", [0, 30])
def test_valley_has_the_condition_number_asked_for(kappa, degrees):
    bowl = Quadratic.valley(kappa, largest_curvature=2.0, degrees=degrees)
    assert bowl.largest_curvature == pytest.approx(2)
    assert bowl.condition_number == pytest.approx(kappa)
    steep = [np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))]
    assert bowl.curvature @ steep == pytest.approx(2 * np.array(steep))


def test_best_fixed_learning_rate_has_the_smallest_contraction():
    bowl = Quadratic.valley(9.0, largest_curvature=3.0)
    best = bowl.contraction(bowl.best_learning_rate)
    assert best == pytest.approx((9 - 1) / (9 + 1))
    rates = np.linspace(0.001, 0.8, 400)
    assert min(bowl.contraction(eta) for eta in rates) >= best - 1e-12


def test_contraction_crosses_one_at_two_over_the_largest_curvature():
    bowl = Quadratic.valley(9.0, largest_curvature=3.0)
    edge = bowl.largest_stable_learning_rate
    assert edge == pytest.approx(2 / 3)
    assert bowl.contraction(0.999 * edge) < 1 < bowl.contraction(1.001 * edge)


def test_closed_form_iterate_is_what_descent_reaches():
    bowl, start = tilted(), [-1.0, 2.0]
    for eta in (0.1, 0.4, 0.7):
        path = gradient_descent(bowl, start, learning_rate=eta, steps=15)
        for t in (0, 1, 7, 15):
            assert bowl.iterate(start, eta, t) == pytest.approx(path.theta[t], rel=1e-10, abs=1e-12)


def test_minus_gradient_points_44_degrees_away_from_the_minimum():
    """ "Opposite to the gradient" is not "towards the minimum": κ = 100, seen from (1, 1)."""
    bowl = Quadratic.valley(100.0, largest_curvature=100.0)
    assert bowl.angle_to_minimum([1.0, 1.0]) == pytest.approx(44.427, abs=1e-3)
    assert Quadratic.valley(1.0).angle_to_minimum([0.3, -2.0]) == pytest.approx(0, abs=1e-5)


def test_worst_angle_is_the_one_of_kantorovich():
    bowl = Quadratic.valley(100.0)
    turn = np.linspace(0, np.pi / 2, 20001)
    angles = [bowl.angle_to_minimum([np.cos(a), np.sin(a)]) for a in turn]
    assert max(angles) == pytest.approx(np.degrees(np.arccos(20 / 101)), abs=1e-4)
    assert max(angles) == pytest.approx(78.58, abs=0.01)


def test_level_set_lies_on_the_level():
    bowl = tilted()
    curve = bowl.level_set(2.0, points=31)
    assert curve.shape == (31, 2)
    assert bowl.value(curve) == pytest.approx(np.full(31, 2.0))
    assert curve[0] == pytest.approx(curve[-1])


def test_least_squares_is_the_mean_of_half_squared_residuals():
    model, theta = penguin_regression(), np.array([4.0, 0.1, -0.3, 0.2])
    residual = model.features @ theta - model.targets
    assert model.value(theta) == pytest.approx(0.5 * np.mean(residual**2), rel=1e-12)

    def by_autograd(t):
        return anp.mean((anp.dot(model.features, t) - model.targets) ** 2) / 2

    assert model.gradient(theta) == pytest.approx(autograd.grad(by_autograd)(theta), rel=1e-12)


def test_least_squares_minimum_is_the_one_an_optimizer_finds():
    model = penguin_regression()
    found = minimize(model.value, np.zeros(4), jac=model.gradient, tol=1e-12)
    assert model.minimum == pytest.approx(found.x, abs=1e-6)
    assert model.offset == pytest.approx(found.fun, rel=1e-12)


def test_penguin_regression_has_the_numbers_of_the_chapter():
    model = penguin_regression()
    assert model.n_examples == 342
    assert model.condition_number == pytest.approx(8.7063, abs=1e-4)
    assert model.largest_stable_learning_rate == pytest.approx(0.99844, abs=1e-5)
    assert model.best_learning_rate == pytest.approx(0.89558, abs=1e-5)


def test_standardizing_takes_the_condition_number_from_millions_to_nine():
    birds = load_penguins()
    raw = np.stack([np.ones(342), birds.flipper_length_mm], axis=1)
    assert LeastSquares(raw, birds.body_mass_g).condition_number == pytest.approx(8.346e6, rel=1e-3)
    lengths = np.stack(
        [np.ones(342), birds.flipper_length_mm, birds.bill_length_mm, birds.bill_depth_mm], axis=1
    )
    raw_kappa = LeastSquares(lengths, birds.body_mass_g).condition_number
    assert raw_kappa == pytest.approx(2.983e7, rel=1e-3)


def test_batch_gradient_of_all_rows_is_the_gradient_and_its_mean_is_too():
    model, theta = penguin_regression(), np.array([1.0, -0.5, 0.2, 0.4])
    full = model.gradient(theta)
    assert model.batch_gradient(theta, np.arange(342)) == pytest.approx(full, rel=1e-12)
    each = np.mean([model.batch_gradient(theta, [i]) for i in range(342)], axis=0)
    assert each == pytest.approx(full, rel=1e-12)


def test_batch_gradient_is_the_gradient_of_the_loss_of_those_rows(rng):
    model, rows = penguin_regression(), np.array([3, 3, 17, 200])
    x, y = model.features[rows], model.targets[rows]
    check_gradient(
        lambda t: 0.5 * np.mean((x @ t - y) ** 2),
        lambda t: model.batch_gradient(t, rows),
        np.array([1.0, -0.5, 0.2, 0.4]),
        rng=rng,
    )


def test_the_losses_of_the_eigendirections_sum_to_the_loss(rng):
    bowl, batch = tilted(), rng.standard_normal((4, 3, 2))
    parts = bowl.value_by_direction(batch)
    assert parts.shape == (4, 3, 2)
    assert parts.sum(axis=-1) + 0.5 == pytest.approx(bowl.value(batch), rel=1e-12)
    flat, steep = bowl.eigenvectors.T
    for direction, curvature, place in ((flat, bowl.eigenvalues[0], 0), (steep, 3.618034, 1)):
        alone = bowl.value_by_direction(bowl.minimum + 3 * direction)
        assert alone[place] == pytest.approx(4.5 * curvature, rel=1e-6)
        assert alone[1 - place] == pytest.approx(0, abs=1e-12)


def test_gradient_covariance_is_that_of_one_examples_gradient():
    model = penguin_regression()
    each = np.array([model.batch_gradient(model.minimum, [i]) for i in range(342)])
    assert model.gradient_covariance() == pytest.approx(np.cov(each.T, bias=True), rel=1e-9)
    noise = np.trace(model.gradient_covariance())
    assert model.noise_floor(0.04, 2) == pytest.approx(0.04 * noise / 8)
    assert model.noise_floor(0.01, 3) == pytest.approx(0.01 * noise / 12)


def small_regression():
    rng = np.random.default_rng(4)
    return LeastSquares(rng.normal(size=(7, 2)), rng.normal(size=7))


@pytest.mark.parametrize(("eta", "size"), [(0.05, 1), (0.2, 1), (0.3, 2)])
def test_the_stationary_covariance_maps_to_itself_in_a_step(eta, size):
    """Iterates the map of second moments over every possible batch until it stands still."""
    model = small_regression()
    batches = np.array(list(itertools.product(range(7), repeat=size)))
    x = model.features[batches]
    hessians = np.einsum("kbi,kbj->kij", x, x) / size
    noises = np.einsum("kbi,kb->ki", x, model.residuals[batches]) / size
    maps = np.eye(2) - eta * hessians
    second = np.zeros((2, 2))
    for _ in range(2000):
        second = np.mean(
            np.einsum("kij,jl,kml->kim", maps, second, maps)
            + eta**2 * np.einsum("ki,kj->kij", noises, noises),
            axis=0,
        )
    excess = 0.5 * np.sum(model.curvature * second)
    assert model.stationary_excess(eta, size) == pytest.approx(excess, rel=1e-8)


def test_for_small_steps_sgd_hovers_at_the_floor():
    model = penguin_regression()
    for eta, size in ((1e-4, 1), (1e-3, 16)):
        exact, floor = model.stationary_excess(eta, size), model.noise_floor(eta, size)
        assert 1 < exact / floor < 1.001


def test_the_stationary_excess_has_the_numbers_of_the_chapter():
    model = penguin_regression()
    for eta, size, floors in ((0.01, 1, 1.0237), (0.16, 16, 1.1517), (0.64, 64, 2.1432)):
        exact, floor = model.stationary_excess(eta, size), model.noise_floor(eta, size)
        assert exact / floor == pytest.approx(floors, abs=1e-4)


def test_the_mean_square_limit_is_where_the_largest_factor_of_a_step_is_one():
    model = small_regression()
    for size in (1, 2):
        limit = model.mean_square_limit(size)
        batches = np.array(list(itertools.product(range(7), repeat=size)))
        x = model.features[batches]
        hessians = np.einsum("kbi,kbj->kij", x, x) / size
        for eta, largest in ((0.99 * limit, 0.999), (1.01 * limit, 1.001)):
            maps = np.eye(2) - eta * hessians
            step = np.mean([np.kron(m, m) for m in maps], axis=0)
            radius = np.max(np.abs(np.linalg.eigvals(step)))
            assert (radius < largest) if eta < limit else (radius > largest)


def test_the_mean_square_limit_has_the_numbers_of_the_chapter():
    model = penguin_regression()
    for size, limit in ((1, 0.4147), (16, 0.9561), (64, 0.9887)):
        assert model.mean_square_limit(size) == pytest.approx(limit, abs=1e-4)
    edge = model.largest_stable_learning_rate
    assert edge - 1e-6 < model.mean_square_limit(10**7) < edge


def test_rounding_may_leave_a_matrix_a_little_asymmetric():
    turned = np.array([[2.0, 1e-17], [-1e-17, 1.0]])
    assert np.array_equal(Quadratic(turned).curvature, np.diag([2.0, 1.0]))
    nearly = as_positive_definite([[2.0, 0.5], [0.5 + 1e-11, 1.0]], "A")
    assert np.array_equal(nearly, nearly.T)
    assert nearly[0, 1] == pytest.approx(0.5 + 5e-12, abs=1e-13)
    assert as_positive_definite([[4e-9]], "A") == 4e-9


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        ([[1.0, 0.1], [0.1001, 1.0]], "be symmetric"),
        ([[1.0, 0.1], [0.1 + 3e-10, 1.0]], "be symmetric"),
        ([[1e-6, 1e-7], [2e-7, 1e-6]], "be symmetric"),
        ([[1e9, 0.0], [1.0, 1e9]], "be symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], "be positive definite .* the eigenvalue -1"),
        ([[1.0, 1.0], [1.0, 1.0]], "be positive definite"),
        ([[0.0]], "be positive definite"),
        ([1.0, 2.0], "have 2 dimension"),
        ([[1.0, 2.0]], r"square matrix, got shape \(1, 2\)"),
        (np.empty((0, 0)), "at least 1 element"),
    ],
)
def test_what_is_not_positive_definite_is_refused_with_the_reason(matrix, said):
    with pytest.raises(ValueError, match=f"A must.*{said}"):
        as_positive_definite(matrix, "A")


@pytest.mark.parametrize(
    ("formula", "change", "error"),
    [
        ("50θ²", 52.0, 50.0),
        ("2 sin θ", 1.682942, -0.317058),
        ("2θ − 10θ²", -8.0, -10.0),
        ("exp 2θ", 6.389056, 4.389056),
    ],
)
def test_slope_two_does_not_say_what_a_step_of_one_adds(formula, change, error):
    """ "With ∇L = 2, θ + 1 adds about 2": it added 52, 1.68, −8 and 6.39."""
    function, point = next(pair for pair in SLOPE_TWO if pair[0].formula == formula)
    assert function.gradient(point) == pytest.approx(2, rel=1e-15)
    measured = function.value(point + 1) - function.value(point)
    assert measured == pytest.approx(change, abs=1e-6)
    assert measured - 2 == pytest.approx(error, abs=1e-6)
    # Lagrange: the error is ½ L″(ξ) for some ξ inside the step.
    inside = 0.5 * function.second_derivative(np.linspace(point, point + 1, 2001))
    assert inside.min() - 1e-9 <= error <= inside.max() + 1e-9


@pytest.mark.parametrize("function_and_point", SLOPE_TWO, ids=lambda pair: pair[0].formula)
def test_the_error_of_the_slope_falls_with_the_square_of_a_small_step(function_and_point):
    function, point = function_and_point
    steps = np.array([1e-3, 1e-4])
    error = np.abs(function.value(point + steps) - function.value(point) - 2 * steps)
    order = np.log10(error[0] / error[1])
    # 2 sin θ has no second derivative at 0, so that its error is of third order there.
    assert order == pytest.approx(3 if function.formula == "2 sin θ" else 2, abs=0.01)


def test_double_well_has_a_saddle_between_two_minima():
    well = DoubleWell()
    assert well.value(np.array([[0, 1], [0, -1], [0, 0]])) == pytest.approx([0, 0, 0.25])
    assert well.gradient([[0, 1], [0, -1], [0, 0]]) == pytest.approx(np.zeros((3, 2)))
    assert np.linalg.eigvalsh(well.hessian([0, 0])) == pytest.approx([-1, 1])
    assert np.all(np.linalg.eigvalsh(well.hessian([0, 1])) > 0)


def test_plateau_is_flat_where_the_loss_is_worst():
    assert PLATEAU.value(6.0) == pytest.approx(1, abs=1e-7)
    assert 0 < PLATEAU.gradient(6.0) < 1e-6
    assert PLATEAU.second_derivative(0.0) == 1


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: Quadratic([[1.0, 2.0], [0.0, 1.0]]), "curvature"),
        (lambda: Quadratic([[1.0, 0.0], [0.0, -1.0]]), "curvature"),
        (lambda: Quadratic(0.0), "curvature"),
        (lambda: Quadratic([[1.0, 0.0]]), "curvature"),
        (lambda: Quadratic(np.empty((0, 0))), "curvature"),
        (lambda: Quadratic(np.nan), "curvature"),
        (lambda: Quadratic(1.0, minimum=[1.0, 2.0]), "minimum"),
        (lambda: Quadratic(1.0, offset=np.inf), "offset"),
        (lambda: Quadratic.valley(0.5), "condition_number"),
        (lambda: Quadratic.valley(2, largest_curvature=-1), "largest_curvature"),
        (lambda: Quadratic.valley(2, degrees=np.nan), "degrees"),
        (lambda: tilted().value([1.0, 2.0, 3.0]), "theta"),
        (lambda: tilted().value(1.0), "theta"),
        (lambda: tilted().gradient([np.nan, 1.0]), "theta"),
        (lambda: tilted().hessian([1.0]), "theta"),
        (lambda: tilted().contraction(0.0), "learning_rate"),
        (lambda: tilted().iterate([0.0, 0.0], -0.1, 2), "learning_rate"),
        (lambda: tilted().iterate([0.0], 0.1, 2), "start"),
        (lambda: tilted().iterate([0.0, 0.0], 0.1, -1), "step"),
        (lambda: tilted().angle_to_minimum([1.0, -2.0]), "theta"),
        (lambda: tilted().level_set(0.5), "level"),
        (lambda: tilted().level_set(2.0, points=2), "points"),
        (lambda: Quadratic(1.0).level_set(1.0), "level"),
        (lambda: LeastSquares([], []), "features"),
        (lambda: LeastSquares([[1.0], [2.0]], [1.0]), "targets"),
        (lambda: LeastSquares([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], [1.0, 2, 3]), "features"),
        (lambda: LeastSquares([[1.0, 2.0]], [1.0]), "features"),
        (lambda: penguin_regression().batch_gradient(np.zeros(4), []), "rows"),
        (lambda: penguin_regression().batch_gradient(np.zeros(4), [0.5]), "rows"),
        (lambda: penguin_regression().batch_gradient(np.zeros(4), [342]), "rows"),
        (lambda: penguin_regression().batch_gradient(np.zeros(4), [-1]), "rows"),
        (lambda: penguin_regression().batch_gradient(np.zeros(3), [1]), "theta"),
        (lambda: penguin_regression().noise_floor(-0.1, 1), "learning_rate"),
        (lambda: penguin_regression().noise_floor(0.1, 0), "batch_size"),
        (lambda: penguin_regression().stationary_excess(-0.1, 1), "learning_rate"),
        (lambda: penguin_regression().stationary_excess(0.1, 1.5), "batch_size"),
        (lambda: penguin_regression().stationary_excess(0.42, 1), "learning_rate must be below 0"),
        (lambda: penguin_regression().mean_square_limit(0), "batch_size"),
        (lambda: tilted().value_by_direction([1.0]), "theta"),
        (lambda: DoubleWell().value([1.0]), "theta"),
        (lambda: DoubleWell().gradient("north"), "theta"),
        (lambda: DoubleWell().hessian([[0.0, 1.0]]), "theta"),
        (lambda: PLATEAU.value(np.inf), "theta"),
        (lambda: PLATEAU.gradient(None), "theta"),
        (lambda: PLATEAU.second_derivative([1.0, np.nan]), "theta"),
    ],
)
def test_bad_input_is_refused_by_name(call, argument):
    with pytest.raises(ValueError, match=argument):
        call()


def evaluated(objective, theta):
    """The shape of the loss, or the message with which the point was refused."""
    try:
        return np.shape(objective.value(theta))
    except ValueError as error:
        return str(error)


@settings(max_examples=50, deadline=None)
@given(
    theta=st.one_of(
        st.none(),
        st.text(max_size=3),
        st.lists(st.floats(), max_size=3),
        st.lists(st.lists(st.floats(-1e3, 1e3), max_size=3), max_size=3),
    )
)
def test_any_point_is_evaluated_or_refused(theta):
    for objective in (tilted(), DoubleWell(), ScalarLoss("θ", lambda t: t, np.ones_like, None)):
        with np.errstate(over="ignore", invalid="ignore"):
            outcome = evaluated(objective, theta)
        refused = isinstance(outcome, str) and "theta must" in outcome
        assert refused or outcome in (np.shape(theta)[:-1], np.shape(theta))
