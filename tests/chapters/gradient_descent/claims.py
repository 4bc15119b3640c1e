"""What the chapter on gradient descent says and no cell prints, computed."""

from functools import cache

import numpy as np

from helpers.chapters.gradient_descent import figures
from helpers.chapters.gradient_descent.experiments import (
    BOWL_1D,
    BOWL_2D,
    START_1D,
    START_2D,
    START_VALLEY,
    descend_in_the_double_well,
    sweep_sgd,
    valley,
)
from helpers.data.movielens import load_movielens
from helpers.data.penguins import load_penguins, penguin_regression
from helpers.mathematics.objectives import (
    PLATEAU,
    SLOPE_TWO,
    DoubleWell,
    LeastSquares,
    Quadratic,
    ScalarLoss,
)
from helpers.mathematics.optimizers import gradient_descent, inverse_time_decay
from tests.truth import claim, regime

#: The steps of the sliders on the learning rate.
RATES = [round(0.025 * i, 3) for i in range(1, 25)]


@cache
def penguins():
    return penguin_regression()


def walk(bowl, start, eta, steps):
    """Points of gradient descent by the update rule alone, and their losses."""
    points = [np.asarray(start, dtype=float)]
    for _ in range(steps):
        points.append(points[-1] - eta * bowl.gradient(points[-1]))
    return np.array(points), bowl.value(np.array(points))


# --- the first figure -------------------------------------------------------------------------


@claim("the two curves on the right are the same line, although one run creeps down one side")
def short_and_long_steps_cost_the_same():
    short, loss_short = walk(BOWL_1D, START_1D, 0.1, 30)
    long, loss_long = walk(BOWL_1D, START_1D, 0.4, 30)
    assert np.allclose(loss_short, loss_long, rtol=1e-9)
    assert np.all(short > 0)
    assert np.all(long[:-1] * long[1:] < 0)
    assert not np.allclose(walk(BOWL_1D, START_1D, 0.425, 30)[1], loss_short, rtol=1e-3)


@claim("**See:** one step, and you are there.", "and subtracts it, multiplied by a number")
def one_step_is_enough_at_the_first_mark():
    assert walk(BOWL_1D, START_1D, 0.25, 1)[0][1] == 0
    assert all(abs(walk(BOWL_1D, START_1D, eta, 1)[0][1]) > 0.2 for eta in RATES if eta != 0.25)


@claim("$\\theta$ swings between 3 and −3 for ever.", "every step lands higher than it started.")
def at_the_second_mark_it_swings_and_beyond_it_rises():
    swinging, _ = walk(BOWL_1D, START_1D, 0.5, 1000)
    assert np.array_equal(swinging[:, 0], np.resize([3.0, -3.0], 1001))
    for eta in (0.505, *(r for r in RATES if r > 0.5)):
        assert np.all(np.diff(walk(BOWL_1D, START_1D, eta, 30)[1]) > 0)
    for eta in (0.495, *(r for r in RATES if r < 0.5 and r != 0.25)):
        assert np.all(np.diff(walk(BOWL_1D, START_1D, eta, 30)[1]) < 0)


# --- what a slope promises --------------------------------------------------------------------


def errors(h):
    return {
        function.formula: function.value(point + h) - function.value(point) - 2 * h
        for function, point in SLOPE_TWO
    }


@claim(
    "divides the error by a hundred for both quadratics, by 205 for $e^{2\\theta}$",
    "For small enough steps all four keep the promise (for $50\\theta^2$ that is below the slider",
)
def a_tenth_of_the_step_has_a_hundredth_of_the_error():
    ratios = {name: errors(1.0)[name] / errors(0.1)[name] for name in errors(1.0)}
    assert np.isclose(ratios["50θ²"], 100)
    assert np.isclose(ratios["2θ − 10θ²"], 100)
    assert np.isclose(ratios["exp 2θ"], 205, atol=0.5)
    assert 900 < ratios["2 sin θ"] < 1000
    # Without the higher powers the exponential's ratio is a hundred as well.
    assert np.isclose(errors(1e-3)["exp 2θ"] / errors(1e-4)["exp 2θ"], 100, rtol=1e-3)
    assert max(abs(e) / 2e-5 for e in errors(1e-5).values()) < 1e-3
    # At the slider's least step, 0.05, three errors are small beside the promise of 0.1.
    shares = {name: abs(error) / 0.1 for name, error in errors(0.05).items()}
    assert shares.pop("50θ²") > 1
    assert max(shares.values()) < 0.3


@claim("The four losses above answer +52, +1.68, −8 and +6.39. One of them even falls.")
def four_answers():
    changes = [f.value(p + 1) - f.value(p) for f, p in SLOPE_TWO]
    assert np.allclose(changes, [52, 1.68, -8, 6.39], atol=0.005)
    assert all(abs(f.gradient(p) - 2) < 1e-12 for f, p in SLOPE_TWO)
    assert sum(c < 0 for c in changes) == 1


# --- directions -------------------------------------------------------------------------------


def change_by_direction():
    """Of the bowl of the figure: ‖∇L‖, and the change of L after a step of length 1 by angle."""
    bowl, theta = Quadratic.valley(6.0, largest_curvature=1.2), np.array([0.9, 2.1])
    gradient = bowl.gradient(theta)
    downhill = np.arctan2(*-gradient[::-1])
    angles = np.arange(-180, 181, 10)
    ways = downhill + np.deg2rad(angles)
    ends = theta + np.stack([np.cos(ways), np.sin(ways)], axis=1)
    changes = dict(zip(angles.tolist(), bowl.value(ends) - bowl.value(theta), strict=True))
    return np.linalg.norm(gradient), changes


@claim(
    "the solid curve is at its lowest, as the inequality says.",
    "in reality you rise a little, because the level curve bends away from you.",
)
def straight_down_is_best_to_first_order_only():
    slope, changes = change_by_direction()
    assert min(changes, key=changes.get) == 30
    assert changes[30] < changes[0] < changes[-30]
    said = figures.draw_direction(degrees=0)[1]
    assert f"= −{slope:.1f}" in said
    assert f"−{-changes[0]:.2f}"[:5] in said
    for right_angle in (90, -90):
        assert 0 < changes[right_angle] < 0.2
        assert "= 0;" in figures.draw_direction(degrees=right_angle)[1]


@claim("it jumps to ½ along the diagonal", "has both of them there, equal to 0")
def partial_derivatives_alone_do_not_suffice():
    def loss(x, y):
        return 0.0 if x == y == 0 else x * y / (x**2 + y**2)

    for h in (1.0, 1e-3, 1e-9, -1e-6):
        assert loss(h, 0) == loss(0, h) == 0
        assert loss(h, h) == 0.5


@claim(
    "The sign is wrong: it points to the fastest **increase**.",
    "Only for infinitely short steps, only for the Euclidean length",
    "below you meet a valley in which the two differ by 44°",
    "The step has the length $\\eta \\lVert\\nabla L\\rVert$, as you see next.",
)
def what_the_gradient_points_to():
    bowl, theta = Quadratic.valley(100.0), np.array([1.0, 1.0])
    gradient = bowl.gradient(theta)
    up = 1e-4 * gradient / np.linalg.norm(gradient)
    others = 1e-4 * np.stack([np.cos(np.arange(0, 6.3, 0.1)), np.sin(np.arange(0, 6.3, 0.1))], 1)
    assert bowl.value(theta + up) >= np.max(bowl.value(theta + others))
    assert bowl.value(theta - up) <= np.min(bowl.value(theta + others))
    # A long step does better straight at the minimum, which is 44° away from −∇L.
    far = np.sqrt(2)
    assert bowl.value(theta - far * up / 1e-4) > bowl.value(theta - theta) == 0
    way = gradient @ theta / np.linalg.norm(gradient) / np.linalg.norm(theta)
    assert round(np.degrees(np.arccos(way))) == 44
    assert "44° away" in figures.draw_conditioning(kappa=100, eta_m=1.0)[1]
    path = gradient_descent(BOWL_2D, START_2D, learning_rate=0.1, steps=9)
    lengths = np.linalg.norm(np.diff(path.theta, axis=0), axis=1)
    assert np.allclose(lengths, 0.1 * np.linalg.norm(BOWL_2D.gradient(path.theta[:-1]), axis=1))
    assert lengths[0] > 5 * lengths[-1]
    # Among steps whose largest entry is 1e-4, another direction falls faster than −∇L.
    gradient = np.array([3.0, -2.0, 0.5])
    assert -gradient @ np.sign(gradient) < -gradient @ gradient / np.max(np.abs(gradient))
    # At the saddle the gradient is 0 and names no direction, although the loss falls along θ₂.
    well = DoubleWell()
    assert np.array_equal(well.gradient([0.0, 0.0]), [0, 0])
    assert well.value([0.0, 0.01]) < well.value([0.0, 0.0])


# --- the quadratic ----------------------------------------------------------------------------


@claim("$\\theta_t$ shrinks only like $1/\\sqrt{2\\eta t}$; from $\\theta_0 = 2$ with η = 0.1")
def a_quartic_is_no_quadratic():
    quartic = ScalarLoss("θ⁴/4", lambda t: t**4 / 4, lambda t: t**3, lambda t: 3 * t**2)
    theta = [2.0]
    for _ in range(100_000):
        theta.append(theta[-1] - 0.1 * theta[-1] ** 3)
    assert theta[1] == 2 - 0.1 * quartic.gradient(2.0)
    assert round(theta[1000], 2) == 0.07
    for t in (1000, 10_000, 100_000):
        assert np.isclose(theta[t], 1 / np.sqrt(0.2 * t), rtol=0.01)
    assert quartic.second_derivative(0.0) == 0
    # With a curvature of 1 at the minimum, the same η keeps 0.9 of the distance.
    bent = ScalarLoss("", lambda t: t**2 / 2 + t**4 / 4, lambda t: t + t**3, None)
    path = gradient_descent(bent, 2.0, learning_rate=0.1, steps=100)
    assert np.isclose(path.theta[-1] / path.theta[-2], 0.9, rtol=1e-6)


@claim("It drops across the level curves first, and then creeps along the valley")
def steep_first_and_flat_late():
    points, _ = walk(BOWL_2D, START_2D, 0.1, 30)
    flat, steep = np.abs((points @ BOWL_2D.eigenvectors).T)
    assert steep[5] < 0.1 * steep[0]
    assert flat[5] > 0.5 * flat[0]
    assert flat[30] > 1e3 * steep[30]


@claim(
    "at 0.4 the steep and the flat direction shrink equally fast.",
    "the loss falls more slowly than at 0.25. A larger learning rate was not faster.",
)
def a_larger_learning_rate_was_not_faster():
    points, _ = walk(BOWL_2D, START_2D, 0.4, 30)
    flat, steep = np.abs((points @ BOWL_2D.eigenvectors).T)
    assert np.allclose(flat[1:] / flat[:-1], 0.6)
    assert np.allclose(steep[1:] / steep[:-1], 0.6)
    points, loss = walk(BOWL_2D, START_2D, 0.475, 30)
    z = points @ BOWL_2D.eigenvectors
    assert np.all(z[:-1, 1] * z[1:, 1] < 0)
    assert abs(z[15, 0]) < 1e-3 * abs(z[0, 0]) < abs(z[15, 1])
    assert loss[30] > 100 * walk(BOWL_2D, START_2D, 0.25, 30)[1][30]


@claim(
    "comes down, turns at the best η, and crosses 1 at $2/M$",
    "since it is multiplied by the same $(1 - \\eta\\lambda)^2$ in each step",
)
def the_upper_line_turns_at_the_best_rate():
    upper = [max(abs(1 - 4 * eta), abs(1 - eta)) for eta in RATES]
    turn = int(np.argmin(upper))
    assert RATES[turn] == 0.4
    assert np.all(np.diff(upper[: turn + 1]) < 0)
    assert np.all(np.diff(upper[turn:]) > 0)
    assert [eta for eta, u in zip(RATES, upper, strict=True) if u < 1][-1] == 0.475
    assert upper[RATES.index(0.5)] == 1
    for eta in (0.1, 0.3, 0.55):
        points, _ = walk(BOWL_2D, START_2D, eta, 12)
        parts = BOWL_2D.value_by_direction(points)
        factors = (1 - eta * np.array([1.0, 4.0])) ** 2
        assert np.allclose(parts[1:] / parts[:-1], factors)


@claim(
    "the steep direction swings, while the flat one goes on shrinking.",
    "the steep direction grows, and the flat one still shrinks.",
    "(at $1/M$ the steep part is gone after one)",
)
def one_direction_ruins_a_run():
    z = walk(BOWL_2D, START_2D, 0.5, 30)[0] @ BOWL_2D.eigenvectors
    assert np.allclose(z[1:, 1], -z[:-1, 1], rtol=1e-9)
    assert np.all(np.diff(np.abs(z[:, 0])) < 0)
    gone = BOWL_2D.value_by_direction(walk(BOWL_2D, START_2D, 0.25, 3)[0])
    assert gone[0, 1] > 1
    assert np.all(gone[1:, 1] < 1e-25)
    for eta in (r for r in RATES if r > 0.5):
        parts = BOWL_2D.value_by_direction(walk(BOWL_2D, START_2D, eta, 30)[0])
        assert np.all(np.diff(parts[:, 0]) < 0)
        assert np.all(np.diff(parts[:, 1]) > 0)
    # The same among a hundred directions.
    many = Quadratic(np.diag([4.0, *np.linspace(1, 3, 99)]))
    loss = walk(many, np.ones(100), 0.55, 60)[1]
    assert loss[-1] > 1e6 * loss[0]


@claim("ten times the condition number, about ten times the steps.")
def steps_grow_with_the_condition_number():
    steps = [np.log(1e3) / np.log((k + 1) / (k - 1)) for k in (10.0, 100.0, 1000.0, 1e4)]
    assert np.allclose(np.divide(steps[1:], steps[:-1]), 10, rtol=0.01)


@claim(
    "This is the best promise for the distance, whatever the start.",
    "a slightly smaller η often does better in a given number of steps",
)
def the_best_promise_is_not_the_fastest_run(seeds):
    for kappa in (10, 20, 50):
        bowl, best = valley(kappa), valley(kappa).best_learning_rate
        assert all(
            bowl.contraction(best * share) > bowl.contraction(best) for share in (0.95, 1.05)
        )
        said = figures.draw_conditioning(kappa=kappa, eta_m=1.0)[1]
        assert f"The best guarantee is ηM = {best:.3g}: it keeps at most " in said
        ends = [walk(bowl, START_VALLEY, best * share, 60)[1][60] for share in (1, 0.95)]
        assert ends[1] < 0.5 * ends[0]
        starts = np.random.default_rng(seeds[0]).normal(size=(200, 2))
        ends = [[walk(bowl, s, best * share, 60)[1][60] for s in starts] for share in (1, 0.95)]
        assert np.mean(np.less(ends[1], ends[0])) > 0.6


@claim(
    "The reason is that one η has to serve both: the steep direction holds it below $2/M$, and the "
    "flat one would need $1/\\mu$",
    "away from the valley's floor that is nearly straight across the valley",
)
def one_rate_has_to_serve_both():
    bowl = valley(100)
    points, _ = walk(bowl, START_VALLEY, 1.0, 60)
    # From the first step on the gradient points at the minimum, and yet 0.99 is kept.
    assert max(bowl.angle_to_minimum(theta) for theta in points[1:]) < 1e-5
    assert np.allclose(points[2:, 0] / points[1:-1, 0], 0.99)
    assert abs(walk(bowl, START_VALLEY, 100.0, 1)[0][1, 0]) < 1e-12
    # Off the floor by a tenth of the way along it, −∇L is more across the valley than along it.
    assert abs(bowl.gradient([1.0, 0.1])[1]) > 9 * abs(bowl.gradient([1.0, 0.1])[0])


@claim("round level curves, and $-\\nabla L$ points at the minimum.")
def a_round_bowl_points_at_its_minimum():
    for theta in ([2.6, 2.6], [0.3, -1.0]):
        assert valley(1).angle_to_minimum(theta) < 1e-5
        assert valley(2).angle_to_minimum(theta) > 5


@claim(
    "the first step falls to the floor of the valley; the next 59 cover 45 % of the way",
    "a broad zigzag, and after 60 steps a third of the loss that ηM = 1 leaves.",
    "No fixed η promises less than 0.98 there, and none mends a bad condition number.",
)
def a_narrow_valley():
    bowl = valley(100)
    points, loss = walk(bowl, START_VALLEY, 1.0, 60)
    assert abs(points[1, 1]) < 1e-12
    assert round(1 - points[60, 0] / points[1, 0], 2) == 0.45
    assert round(loss[60] / loss[1], 2) == 0.31
    zigzag, smaller = walk(bowl, START_VALLEY, 1.9, 60)
    assert np.all(zigzag[:20, 1] * zigzag[1:21, 1] < 0)
    assert abs(zigzag[1, 1] - zigzag[0, 1]) > 4
    assert 0.3 < smaller[60] / loss[60] < 0.37
    best = min(bowl.contraction(eta) for eta in np.linspace(0.01, 2.2, 2000))
    assert 0.98 < best < 0.981


@claim(
    "asks for 29 million steps to a thousandth of the distance.",
    "no unit brings κ below 821",
    "It is not a trick for accuracy: the best line is the same line.",
    "comes from the lengths being correlated",
)
def centre_and_scale():
    birds, ones = load_penguins(), np.ones(342)
    flipper = birds.flipper_length_mm

    def kappa(*columns):
        x = np.stack([ones, *columns], axis=1)
        curvatures = np.linalg.eigvalsh(x.T @ x / 342)
        return curvatures[-1] / curvatures[0]

    # The flipper in millimetres: κ is 8.35 million.
    assert round(kappa(flipper) / 2 * np.log(1e3) / 1e6) == 29
    units = [kappa(flipper * unit) for unit in np.geomspace(1e-7, 10, 4001)]
    assert 820.5 < min(units) < 821
    assert 0 < int(np.argmin(units)) < 4000
    assert np.isclose(kappa((flipper - flipper.mean()) / flipper.std()), 1)
    lines = []
    for column in (flipper, (flipper - flipper.mean()) / flipper.std()):
        x = np.stack([ones, column], axis=1)
        lines.append(x @ np.linalg.lstsq(x, birds.body_mass_g, rcond=None)[0])
    assert np.allclose(*lines)
    # Standardized columns without correlation have κ = 1.
    scaled = penguins().features[:, 1:]
    turned = scaled @ np.linalg.inv(np.linalg.cholesky(scaled.T @ scaled / 342)).T
    assert np.isclose(kappa(*turned.T), 1)
    assert np.isclose(kappa(*scaled.T), 8.71, atol=0.005)


# --- the descent lemma ------------------------------------------------------------------------


@claim("its curvature lies between −0.45 and 1, so that $M = 1$")
def the_plateau_is_smooth():
    curvature = PLATEAU.second_derivative(np.linspace(-9, 9, 20_001))
    assert round(float(curvature.min()), 2) == -0.45
    assert curvature.max() == 1


@claim(
    "while the gradient is not zero, *every* step lowers the loss, convex (curvature nowhere "
    "negative) or not"
)
def every_step_below_the_limit_lowers_the_loss():
    rng = np.random.default_rng(8)
    theta, eta = rng.uniform(-5, 5, size=4000), rng.uniform(0.001, 1.999, size=4000)
    slope = PLATEAU.gradient(theta)
    assert np.all(PLATEAU.value(theta - eta * slope) < PLATEAU.value(theta))
    # Beyond the limit there are steps that do not.
    assert PLATEAU.value(0.1 - 2.1 * PLATEAU.gradient(0.1)) > PLATEAU.value(0.1)


# --- stochastic gradients ---------------------------------------------------------------------


def sgd(rate, size, epochs, *, runs, seed, start=None, late=2 / 3):
    """``runs`` of SGD on the penguins at once, with ``rate(t)`` and draws with replacement.

    Returns the mean excess loss of each run over the updates from the share ``late`` on, and
    whether its parameters stayed below 1,000.
    """
    model, rng = penguins(), np.random.default_rng(seed)
    theta = np.tile(np.zeros(4) if start is None else start, (runs, 1))
    updates, sound = epochs * 342 // size, np.ones(runs, dtype=bool)
    total, counted = 0.0, 0
    for t in range(updates):
        rows = rng.integers(342, size=(runs, size))
        x = model.features[rows]
        residual = np.einsum("rbi,ri->rb", x, theta) - model.targets[rows]
        step = rate(t) / size * np.einsum("rbi,rb->ri", x, residual)
        theta = theta - sound[:, None] * step
        sound &= np.abs(theta).max(axis=1) < 1e3
        if not sound.any():
            return np.full(runs, np.inf), sound
        if t >= late * updates:
            total, counted = total + model.value(theta) - model.offset, counted + 1
    return total / counted, sound


def mean_excess(rate, size, evaluations, *, runs, seed):
    """Mean excess loss of ``runs`` of SGD from 0 after each update, the start included."""
    model, rng = penguins(), np.random.default_rng(seed)
    theta, found = np.zeros((runs, 4)), []
    for _ in range(evaluations // size):
        found.append(np.mean(model.value(theta)) - model.offset)
        rows = rng.integers(342, size=(runs, size))
        x = model.features[rows]
        residual = np.einsum("rbi,ri->rb", x, theta) - model.targets[rows]
        theta = theta - rate / size * np.einsum("rbi,rb->ri", x, residual)
    return np.array(found)


@claim("For 342 million examples that is a lot of work for one step.")
def one_gradient_of_all_examples_looks_at_all_of_them():
    assert penguins().n_examples == 342
    path = gradient_descent(penguins(), np.zeros(4), learning_rate=0.1, steps=1)
    assert path.evaluations.tolist() == [0, 342]


@claim(
    "and in the first epochs it is far ahead. Soon it stops improving, while the full batch goes "
    "on and overtakes it.",
    "η = 0.8 serves the full batch better here: 6·10⁻⁴ after ten epochs. SGD's lead in the first",
)
def sgd_is_ahead_and_then_overtaken(seeds):
    model = penguins()

    def excess(eta):
        path = gradient_descent(model, np.zeros(4), learning_rate=eta, steps=30)
        return path.loss - model.offset

    full, better = excess(model.best_learning_rate), excess(0.8)
    assert f"{better[10]:.0e}" == "6e-04"
    assert better[10] < 0.5 * full[10]
    for seed in seeds:
        for epochs in (1, 2, 3):
            last, _ = sgd(lambda t: 0.05, 6, epochs, runs=20, seed=seed, late=1 - 1 / (57 * epochs))
            assert np.mean(last) < 0.5 * min(full[epochs], better[epochs])
    last, _ = sgd(lambda t: 0.05, 6, 30, runs=20, seed=seeds[0], late=0.9)
    assert full[30] < 1e-3 * np.mean(last)
    assert 0.5 < np.mean(last) / model.noise_floor(0.05, 6) < 2


@claim("With ten times as many birds of the same kind the full batch would need as many epochs")
def ten_times_the_birds():
    model = penguins()
    flock = LeastSquares(np.tile(model.features, (10, 1)), np.tile(model.targets, 10))
    # The full batch takes the same steps, and one example is drawn from the same distribution.
    assert np.allclose(flock.curvature, model.curvature)
    assert np.allclose(flock.minimum, model.minimum)
    assert np.allclose(flock.gradient_covariance(), model.gradient_covariance())
    assert np.isclose(flock.mean_square_limit(6), model.mean_square_limit(6))
    assert flock.n_examples == 10 * model.n_examples


@claim(
    "For a given $\\operatorname{tr} C$ the condition number does not enter; other units change $C$"
)
def the_floor_does_not_depend_on_the_condition_number():
    rng = np.random.default_rng(3)
    features, noise = rng.normal(size=(200, 2)), rng.normal(size=200)
    for scale in (1.0, 5.0, 20.0):
        model = LeastSquares(features * [1.0, 1 / scale], noise)
        eta = 1e-3 / model.largest_curvature
        assert np.isclose(model.stationary_excess(eta, 2), model.noise_floor(eta, 2), rtol=2e-3)
    assert model.condition_number > 300
    # The same tr C at κ from about 1 to 400, by the size of the noise: the same long-run mean.
    found = []
    for scale in (1.0, 5.0, 20.0):
        x = features * [1.0, 1 / scale]
        size = np.sqrt(np.trace(LeastSquares(x, noise).gradient_covariance()))
        model = LeastSquares(x, noise / size)
        assert np.isclose(np.trace(model.gradient_covariance()), 1)
        found.append((model.condition_number, model.stationary_excess(1e-3, 2)))
    kappas, floors = np.transpose(found)
    assert kappas[0] < 2
    assert kappas[2] > 300
    assert np.allclose(floors, 1e-3 / 8, rtol=2e-3)
    mm = np.stack([np.ones(342), load_penguins().flipper_length_mm], axis=1)
    traces = [
        np.trace(LeastSquares(mm * [1, unit], penguins().targets).gradient_covariance())
        for unit in (1, 1e-3)
    ]
    assert traces[0] > 1000 * traces[1]


@cache
def settled_by_rate():
    """Mean excess loss and number of sound runs of 40, over the last third of 10 epochs, b = 1."""
    rates = (0.001, 0.0018, 0.0032, 0.01, 0.1, 0.32, 0.56)
    found = [sgd(lambda t, r=r: r, 1, 10, runs=40, seed=i) for i, r in enumerate(rates)]
    return {r: (float(np.mean(e)), int(s.sum())) for r, (e, s) in zip(rates, found, strict=True)}


@claim(
    "a U on the right. Too small: not there yet. Then a minimum. Then a climb along the floor",
    "and the mean of that is the sum of all eigenvalues of $H$, which is 4, not the largest",
)
def batches_of_one_give_a_u():
    model, ends = penguins(), settled_by_rate()
    stable = [ends[r][0] for r in ends if r < 0.415]
    low = int(np.argmin(stable))
    assert 0 < low < 5
    assert np.all(np.diff(stable[: low + 1]) < 0)
    assert np.all(np.diff(stable[low:]) > 0)
    for rate in (0.01, 0.1):
        assert np.isclose(ends[rate][0], model.stationary_excess(rate, 1), rtol=0.15)
    assert ends[0.32][1] == 40
    assert ends[0.56][1] == 0
    assert round(model.mean_square_limit(1), 3) == 0.415
    assert model.largest_stable_learning_rate > 2 * 0.415
    curvatures = np.sum(model.features**2, axis=1)
    assert np.isclose(np.mean(curvatures), 4)
    assert np.isclose(np.trace(model.curvature), 4)
    x = model.features[7]
    assert np.isclose(x @ np.outer(x, x) @ x / (x @ x), curvatures[7])


@claim(
    "the formula's floor is 0.0014 each time, and on average it takes 550 to 750 "
    "evaluations to come within twice the long-run mean",
    "The runs settle at 0.0013, 0.0021 and 0.0023: to first order only $\\eta/b$ matters",
    "The long-run means are 1.02, 1.17 and 1.84 floors",
)
def the_ratio_of_rate_and_batch(notebook, seeds):
    model, sweep = penguins(), notebook["sweep"]
    exact, settled = [], ("0.0013", "0.0021", "0.0023")
    for (size, rate), end in zip(((1, 0.01), (18, 0.18), (57, 0.56)), settled, strict=True):
        assert f"{sweep.settled(size, rate):.4f}" == end
        for seed in seeds:
            mean = mean_excess(rate, size, 1500, runs=200, seed=seed)
            near = np.argmax(mean < 2 * model.stationary_excess(rate, size))
            assert 550 <= size * near <= 750
    for size, rate in ((1, 0.01), (18, 0.18), (57, 0.56)):
        floor = model.noise_floor(rate, size)
        assert f"{floor:.4f}" == "0.0014"
        assert sweep.run(size, rate).evaluations[-1] == 3420
        exact.append(model.stationary_excess(rate, size) / floor)
    runs, _ = sgd(lambda t: 0.56, 57, 100, runs=100, seed=5, start=model.minimum, late=0.1)
    assert np.isclose(np.mean(runs) / floor, exact[-1], rtol=0.05)
    assert np.allclose(exact, [1.02, 1.17, 1.84], atol=0.006)


@claim("no floor. The price is that the curve on the left begins where one epoch is already over.")
def the_full_batch_has_no_floor(notebook):
    model, sweep = penguins(), notebook["sweep"]
    path = gradient_descent(model, np.zeros(4), learning_rate=model.best_learning_rate, steps=200)
    assert path.loss[-1] - model.offset < 1e-12
    assert sweep.run(342, 0.8).evaluations[1] == 342
    assert sweep.best_rate(342) == 0.8
    assert sweep.run(1, 0.56).evaluations[1] == 1


@claim(
    "Here is $\\eta_t = \\eta_0 / (1 + t/200)$, which meets both; a constant η fails the second."
)
def a_decaying_rate_goes_below_the_constant_ones(seeds):
    decay = inverse_time_decay(0.1, half_after=200)
    late = {}
    for name, rate in (("large", lambda t: 0.1), ("small", lambda t: 0.01), ("decaying", decay)):
        late[name] = sgd(rate, 1, 30, runs=10, seed=seeds[0], late=0.5)[0]
    assert np.max(late["decaying"]) < np.min(late["small"])
    assert np.max(late["small"]) < np.min(late["large"])
    t = 10.0 ** np.arange(2, 9)
    sums = 0.1 * 200 * np.log(1 + t / 200)  # between the sum of the first t rates and that + η₀
    assert np.all(np.diff(sums[2:]) > 40)
    assert np.sum(decay(np.arange(10**6)) ** 2) < 0.1**2 * (200 + 1)
    # The squares of a constant rate add up without bound: ten times the steps, ten times the sum.
    squares = [np.sum(np.full(10**k, 0.1) ** 2) for k in (4, 5, 6)]
    assert np.allclose(np.divide(squares[1:], squares[:-1]), 10)


@claim(
    "a variance that grows at most like the squared distance to the minimum, as for the penguins"
)
def the_noise_grows_like_the_squared_distance():
    model, rng = penguins(), np.random.default_rng(4)

    def variance(theta):
        each = model.features * (model.features @ theta - model.targets)[:, None]
        return np.sum(np.var(each, axis=0))

    least = variance(model.minimum)
    assert np.isclose(least, np.trace(model.gradient_covariance()))
    assert variance(np.zeros(4)) > 100 * least
    # It is at most A + B · distance², in whatever direction and at whatever distance.
    most = 2 * np.mean(np.sum(model.features**2, axis=1) ** 2)
    for distance in (0.1, 1.0, 10.0, 1000.0):
        for way in rng.normal(size=(200, 4)):
            away = distance * way / np.linalg.norm(way)
            assert variance(model.minimum + away) <= 2 * least + most * distance**2


@claim("lowers the floor: with batches of 1 by a third at η = 0.01, by only 3 % at η = 0.1")
def shuffling_lowers_the_floor(seeds):
    for seed in seeds:
        assert 0.6 < shuffled_floor(0.01, seed) < 0.72
        assert 0.94 < shuffled_floor(0.1, seed) < 0.99


def shuffled_floor(eta, seed):
    """Mean excess loss of shuffled epochs with batches of 1, in that of draws with replacement."""
    model, rng = penguins(), np.random.default_rng(seed)
    theta, means = np.tile(model.minimum, (40, 1)), []
    for _ in range(12):
        order = rng.permuted(np.tile(np.arange(342), (40, 1)), axis=1)
        excess = 0.0
        for rows in order.T:
            x = model.features[rows]
            residual = np.einsum("ri,ri->r", x, theta) - model.targets[rows]
            theta = theta - eta * residual[:, None] * x
            excess += np.mean(model.value(theta)) - model.offset
        means.append(excess / 342)
    return np.mean(means[4:]) / model.stationary_excess(eta, 1)


# --- what breaks ------------------------------------------------------------------------------


@claim(
    "the factor is −1.02, and in ten steps the loss has not even doubled",
    "it passes every bound, only later",
)
def a_step_a_little_too_large():
    _, loss = walk(Quadratic(4.0), [3.0], 0.505, 1000)
    assert np.isclose(1 - 0.505 * 4, -1.02)
    assert loss[10] < 2 * loss[0]
    assert np.allclose(loss[1:] / loss[:-1], 1.02**2)


@claim(
    "and with $\\eta < 2$ descent walks into the saddle",
    "Close to the ridge the distance from it grows by nearly the factor $1 + \\eta$ a step",
    "so the delay grows with the *logarithm* of one over the nudge.",
)
def along_and_beside_the_ridge():
    well = DoubleWell()
    for eta in (0.1, 0.2, 1.0, 1.9):
        points, _ = walk(well, [1.9, 0.0], eta, 400)
        assert np.linalg.norm(points[-1]) < 1e-12
        points, _ = walk(well, [1.9, 1e-9], eta, 5)
        assert np.allclose(points[1:, 1] / points[:-1, 1], 1 + eta, rtol=1e-9)
    assert abs(walk(well, [1.9, 0.0], 2.0, 400)[0][-1, 0]) == 1.9
    halved = [descend_in_the_double_well(10.0**-k).first_below(0.125) for k in (4, 8, 12, 16)]
    assert np.allclose(np.diff(halved), np.log(1e4) / np.log(1.2), atol=1)


@claim("176 steps in which the loss seems to have converged. A flat loss curve is no proof")
def the_loss_seems_to_have_converged():
    path = descend_in_the_double_well(1e-16)
    close = np.flatnonzero(np.abs(path.loss - 0.25) <= 0.005)
    assert len(close) == 176
    assert np.all(np.diff(close) == 1)
    assert path.loss[-1] < 1e-6


@claim(
    "From $(1.9, 3)$ with η = 0.125 the first step lands exactly on it.",
    "the first step lands at $\\theta_2 = -3.78$, further out than it began, where the slope is",
    "The curvature at the start is about 34; in the minima it is at most 2.",
    "A high curvature alone is not enough: from $(1.9, 3.3)$ descent comes home.",
    "A learning rate that is raised over the first 20 steps, a **warm-up**, gets through.",
)
def starts_far_from_the_ridge():
    well = DoubleWell()
    assert walk(well, [1.9, 3.0], 0.125, 1)[0][1, 1] == 0
    assert round(well.hessian([1.9, 3.4]).max()) == 34
    landed = walk(well, [1.9, 3.4], 0.2, 1)[0][1]
    assert round(landed[1], 2) == -3.78
    assert abs(well.gradient(landed)[1]) > abs(well.gradient([1.9, 3.4])[1])
    # A step leads further out exactly where θ₂² > 1 + 2/η = 11.
    for start in (*np.linspace(1.5, 3.316, 40), *np.linspace(3.317, 5, 40)):
        further = abs(walk(well, [1.9, start], 0.2, 1)[0][1, 1]) > start
        assert further == (start**2 > 11)
        path = gradient_descent(well, [1.9, start], learning_rate=0.2, steps=500)
        assert (path.diverged_at is not None) == further
    assert well.hessian([1.9, 3.3]).max() > 3 * 2 / 0.2
    home = gradient_descent(well, [1.9, 3.3], learning_rate=0.2, steps=500)
    assert home.loss[-1] < 1e-6
    assert well.hessian([0, 1]).max() == well.hessian([0, -1]).max() == 2

    def ends(rate):
        return gradient_descent(well, [1.9, 3.4], learning_rate=rate, steps=500)

    assert ends(0.2).diverged_at is not None
    assert ends(0.05).loss[-1] < 1e-6
    assert ends(lambda t: 0.2 * min(1, (t + 1) / 20)).loss[-1] < 1e-6


@claim(
    "a start drawn from any density ends in a saddle with a negative curvature with probability 0"
)
def random_starts_reach_a_minimum(seeds):
    well = DoubleWell()
    for seed in seeds:
        theta = np.random.default_rng(seed).uniform(-2, 2, size=(500, 2))
        # Between −2 and 2 no curvature is above 11.
        for _ in range(400):
            theta = theta - 0.08 * well.gradient(theta)
        assert np.allclose(np.abs(theta), [0, 1], atol=1e-6)


@claim("$-H^{-1}\\nabla L$ can lead uphill, towards the saddle")
def newton_goes_uphill_towards_the_saddle():
    well, theta = DoubleWell(), np.array([0.05, 0.3])
    newton = -np.linalg.solve(well.hessian(theta), well.gradient(theta))
    along = [well.value(theta + s * newton) for s in np.linspace(0, 1, 11)]
    assert np.all(np.diff(along[:9]) > 0)
    assert np.linalg.norm(theta + newton) < 0.3 * np.linalg.norm(theta)
    # Near a minimum, where the Hessian is positive definite, it goes down.
    theta = np.array([0.05, 0.8])
    newton = -np.linalg.solve(well.hessian(theta), well.gradient(theta))
    assert well.value(theta + newton) < well.value(theta)


@claim(
    "a curvature that is higher at the start than later, as in the double well above, and the "
    "noise floor at the end"
)
def curvature_at_the_start_and_at_the_end():
    path = gradient_descent(
        DoubleWell(), [1.9, 3.4], learning_rate=lambda t: 0.2 * min(1, (t + 1) / 20), steps=60
    )
    curvatures = [DoubleWell().hessian(theta).max() for theta in path.theta]
    assert curvatures[0] == max(curvatures) > 10 * curvatures[-1]


@claim("usually lowers κ, as it did for the penguins")
def normalizing_usually_lowers_the_condition_number(seeds):
    def kappa(x):
        curvatures = np.linalg.eigvalsh(x.T @ x)
        return curvatures[-1] / curvatures[0]

    lowered, ones = [], np.ones((50, 1))
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for _ in range(300):
            d = int(rng.integers(1, 6))
            x = rng.normal(size=(50, d)) * np.exp(rng.normal(size=d)) + rng.normal(size=d)
            x = x @ (np.eye(d) + 0.5 * rng.normal(size=(d, d)))
            z = (x - x.mean(axis=0)) / x.std(axis=0)
            lowered.append(kappa(np.hstack([ones, z])) < kappa(np.hstack([ones, x])))
    assert 0.9 < np.mean(lowered) < 1


@claim("fits thousands of vectors by SGD, where each rating touches only a few of them")
def thousands_of_vectors():
    ratings = load_movielens()
    vectors = len(np.unique(ratings.users)) + len(np.unique(ratings.items))
    assert 2000 < vectors < 10_000


# --- where the words of the readings begin ----------------------------------------------------


def one_dimensional(eta):
    return figures.draw_rate_1d(learning_rate=eta)[1]


def two_dimensional(eta):
    return figures.draw_rate_2d(learning_rate=eta)[1]


@regime("jumps to the other side each time")
def jumps_to_the_other_side():
    for eta in RATES:
        points, _ = walk(BOWL_1D, START_1D, eta, 8)
        other = bool(np.all(points[:-1] * points[1:] < 0))
        shrinks = abs(points[1, 0]) < 3
        assert ("jumps to the other side" in one_dimensional(eta)) == (other and shrinks)
    assert "jumps" in figures.draw_conditioning(kappa=1, eta_m=1.1)[1]
    assert "jumps" not in figures.draw_conditioning(kappa=2, eta_m=1.1)[1]


@regime(
    "it swings for ever and never settles", "the steep direction swings for ever and never settles"
)
def swings_for_ever():
    for eta in (0.475, 0.5, 0.525):
        _, loss = walk(BOWL_1D, START_1D, eta, 400)
        steep = BOWL_2D.value_by_direction(walk(BOWL_2D, START_2D, eta, 400)[0])[:, 1]
        still = np.allclose(loss, loss[0]) and np.allclose(steep, steep[0], rtol=1e-6)
        assert still == (eta == 0.5)
        assert ("it swings for ever" in one_dimensional(eta)) == still
        assert ("the steep direction swings for ever" in two_dimensional(eta)) == still
    for kappa, who in ((1, "it swings"), (2, "the steep direction swings")):
        assert who in figures.draw_conditioning(kappa=kappa, eta_m=2.0)[1]
        assert "for ever" not in figures.draw_conditioning(kappa=kappa, eta_m=1.9)[1]
        assert "for ever" not in figures.draw_conditioning(kappa=kappa, eta_m=2.1)[1]


@regime("each step overshoots further", "along the steep direction each step overshoots further")
def overshoots_further():
    for eta in RATES:
        _, loss = walk(BOWL_1D, START_1D, eta, 30)
        grows = loss[-1] > loss[0] * (1 + 1e-9)
        assert ("overshoots further" in one_dimensional(eta)) == grows
        assert ("overshoots further" in two_dimensional(eta)) == grows
        assert "along the steep direction each" not in one_dimensional(eta)
        passed = np.flatnonzero(loss > 1000 * loss[0])
        if passed.size:
            assert f"at step {passed[0]} the loss is more than 1000" in one_dimensional(eta)
    assert ": each step" in figures.draw_conditioning(kappa=1, eta_m=2.1)[1]
    assert ": along the steep direction" in figures.draw_conditioning(kappa=2, eta_m=2.1)[1]


@regime("swings along the steep direction")
def swings_along_the_steep_direction():
    for eta in RATES:
        z = walk(BOWL_2D, START_2D, eta, 8)[0] @ BOWL_2D.eigenvectors
        swings = bool(np.all(z[:-1, 1] * z[1:, 1] < 0)) and abs(z[1, 1]) < abs(z[0, 1]) * 0.9999
        swings = swings and not np.allclose(z[1:, 1], 0, atol=1e-9)
        assert ("swings along the steep" in two_dimensional(eta)) == swings
    assert "swings along" not in figures.draw_conditioning(kappa=1, eta_m=1.5)[1]


@regime(
    "in the end the flat direction decides",
    "in the end the steep direction decides",
    "at the limit the steep direction swings for ever",
    "beyond the limit the steep direction grows",
    "multiplies the steep direction by",
    "and the flat direction by",
)
def which_direction_decides():
    for eta in RATES:
        said = figures.draw_factors(learning_rate=eta)[1]
        parts = BOWL_2D.value_by_direction(walk(BOWL_2D, START_2D, eta, 200)[0])
        flat, steep = parts[200] / parts[0]
        assert ("the steep direction grows" in said) == (steep > 1.01)
        assert ("swings for ever" in said) == bool(np.isclose(steep, 1, rtol=1e-6))
        if steep < 0.99:
            alike = bool(np.isclose(np.log(steep + 1e-300), np.log(flat), rtol=1e-6))
            assert ("both shrink alike" in said) == alike
            assert ("the flat direction decides" in said) == (flat > steep and not alike)
            assert ("the steep direction decides" in said) == (steep > flat and not alike)


@cache
def small_sweep():
    rates = (0.01, 0.32, 0.56, 1.0)
    return sweep_sgd(
        penguins(), sizes=(1, 57, 342), rates=rates, epochs=10, rng=np.random.default_rng(6)
    )


@regime("diverged after", "grows without bound")
def diverges():
    sweep, model = small_sweep(), penguins()
    for size in sweep.sizes:
        edge = model.largest_stable_learning_rate
        limit = edge if size == 342 else model.mean_square_limit(size)
        for rate in sweep.rates:
            said = figures.draw_sgd(sweep, batch_size=size, learning_rate=rate)[1]
            gone = sweep.run(size, rate).diverged_at
            assert ("diverged after" in said) == (gone is not None)
            assert ("grows without bound" in said) == (gone is None and rate > limit)
            if gone is not None:
                assert f"after {gone} updates" in said
                assert rate > limit
    # The full batch at η = 1 takes its time. For batches of 57 the mean grows beyond the limit.
    path = gradient_descent(model, np.zeros(4), learning_rate=1.0, steps=20_000)
    assert path.diverged_at is not None
    limit = model.mean_square_limit(57)
    assert second_moment_factor(1.0, 57) > second_moment_factor(1.001 * limit, 57) > 1
    assert second_moment_factor(0.999 * limit, 57) < 1


def second_moment_factor(eta, size):
    """The largest factor by which a step of SGD can change a matrix of second moments."""
    model, one = penguins(), np.eye(4)
    step = one - eta * model.curvature
    spread = np.zeros((16, 16))
    for x in model.features:
        away = np.outer(x, x) - model.curvature
        spread += np.kron(away, away) / len(model.features)
    # A batch's Hessian is the mean one and an independent deviation, whose square has 1/b.
    factors = np.linalg.eigvals(np.kron(step, step) + eta**2 / size * spread)
    return np.max(np.abs(factors))


@regime("the floor η tr C / 4b is")
def has_a_floor():
    sweep, model = small_sweep(), penguins()
    for size in sweep.sizes:
        for rate in sweep.rates:
            said = figures.draw_sgd(sweep, batch_size=size, learning_rate=rate)[1]
            floor = size < 342 and rate < model.mean_square_limit(size)
            assert ("the floor η tr C / 4b is" in said) == floor


@regime("stays within 2 % of ¼ for", "passes ¼ without a stop")
def stays_at_the_saddle():
    for k in range(1, 17):
        said = figures.draw_saddle(nudge=10.0**-k)[1]
        _, loss = walk(DoubleWell(), [1.9, 10.0**-k], 0.2, 240)
        close = int(np.sum(np.abs(loss / 0.25 - 1) <= 0.02))
        assert ("without a stop" in said) == (close == 0) == (k == 1)
        if close:
            assert f"for {close} steps" in said
        below = int(np.argmax(loss < 0.125))
        assert f"below ⅛ at step {below}." in said
