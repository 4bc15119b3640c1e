"""Checks of the labelled equations in the chapter on gradient descent."""

import autograd
import autograd.numpy as anp
import numpy as np
import sympy as sp

from helpers.data.penguins import penguin_regression
from helpers.mathematics.numdiff import check_gradient, numerical_jacobian
from helpers.mathematics.objectives import SLOPE_TWO, DoubleWell, Quadratic
from helpers.mathematics.optimizers import (
    gradient_descent,
    steepest_direction,
    stochastic_gradient_descent,
)
from tests.truth import checks


def bowl():
    return Quadratic([[3.0, 1.0], [1.0, 2.0]], minimum=[1.0, -2.0])


@checks("eq-gradient-descent-update", by="autograd")
def update():
    """Each step of `gradient_descent` is −η times the gradient at the point that is left."""
    well = DoubleWell()
    slope = autograd.grad(lambda t: 0.5 * t[0] ** 2 + 0.25 * (t[1] ** 2 - 1) ** 2)
    path = gradient_descent(well, [1.5, 0.2], learning_rate=0.3, steps=8)
    for before, after in zip(path.theta[:-1], path.theta[1:], strict=True):
        assert np.allclose(after, before - 0.3 * slope(before), rtol=1e-13, atol=1e-15)


@checks("eq-gradient-descent-length", by="two descents")
def length():
    """The length of every step is η‖∇L‖, on a quadratic and on the double well."""
    for objective in (bowl(), DoubleWell()):
        path = gradient_descent(objective, [1.5, 0.2], learning_rate=0.2, steps=10)
        steps = np.linalg.norm(np.diff(path.theta, axis=0), axis=1)
        slopes = np.linalg.norm(objective.gradient(path.theta[:-1]), axis=1)
        assert np.allclose(steps, 0.2 * slopes, rtol=1e-12)


@checks("eq-gradient-descent-slope-two", by="SymPy and four losses")
def slope_two():
    """The error of 2h lies between the extremes of ½ h² L″ over the step, for four losses."""
    for function, point in SLOPE_TWO:
        for h in (1.0, -0.7, 0.01):
            error = function.value(point + h) - function.value(point) - 2 * h
            inside = 0.5 * h**2 * function.second_derivative(np.linspace(point, point + h, 4001))
            assert inside.min() - 1e-9 <= error <= inside.max() + 1e-9
    t = sp.symbols("t")
    formulas = (50 * t**2, 2 * sp.sin(t), 2 * t - 10 * t**2, sp.exp(2 * t))
    for formula, (function, point) in zip(formulas, SLOPE_TWO, strict=True):
        exact = sp.lambdify(t, formula.diff(t, 2))
        assert np.isclose(exact(point + 0.3), function.second_derivative(point + 0.3))


@checks("eq-gradient-descent-directional", by="finite differences")
def directional():
    """The slope along a unit vector v is ∇Lᵀv."""
    objective, theta = DoubleWell(), np.array([0.7, -0.4])
    for angle in np.linspace(0, 2 * np.pi, 13):
        v = np.array([np.cos(angle), np.sin(angle)])
        h = 1e-6
        slope = (objective.value(theta + h * v) - objective.value(theta - h * v)) / (2 * h)
        assert np.isclose(slope, objective.gradient(theta) @ v, atol=1e-9)


@checks("eq-gradient-descent-cauchy", by="a search over directions")
def cauchy():
    """No unit vector has a slope below −‖∇L‖, and −∇L/‖∇L‖ reaches it."""
    rng = np.random.default_rng(0)
    gradient = rng.normal(size=4)
    v = rng.normal(size=(50_000, 4))
    slopes = v @ gradient / np.linalg.norm(v, axis=1)
    norm = np.linalg.norm(gradient)
    assert np.all(np.abs(slopes) <= norm * (1 + 1e-12))
    assert np.isclose(gradient @ steepest_direction(gradient), -norm, rtol=1e-14)


@checks("eq-gradient-descent-norms", by="a search over directions")
def norms():
    """In three other norms no vector of length 1 falls faster than the stated one."""
    rng = np.random.default_rng(1)
    gradient, v = rng.normal(size=3), rng.normal(size=(50_000, 3))
    metric = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 3.0]])
    newton = np.linalg.solve(metric, gradient)
    for norm, best, lengths in (
        ("max", -np.sign(gradient), np.max(np.abs(v), axis=1)),
        (
            "sum",
            -np.sign(gradient) * (np.abs(gradient) == np.max(np.abs(gradient))),
            np.sum(np.abs(v), axis=1),
        ),
        (
            metric,
            -newton / np.sqrt(gradient @ newton),
            np.sqrt(np.einsum("ni,ij,nj->n", v, metric, v)),
        ),
    ):
        assert np.all(v @ gradient / lengths >= gradient @ best - 1e-12)
        assert np.allclose(steepest_direction(gradient, norm), best, rtol=1e-12)


@checks("eq-gradient-descent-parabola", by="SymPy")
def parabola():
    """On ½aθ² a step multiplies θ by 1 − ηa, and t steps by its t-th power."""
    a, eta, theta = sp.symbols("a eta theta")
    moved = theta
    for t in range(1, 5):
        moved = moved - eta * sp.diff(a * theta**2 / 2, theta).subs(theta, moved)
        assert sp.expand(moved - (1 - eta * a) ** t * theta) == 0


@checks("eq-gradient-descent-modes", by="iteration")
def modes():
    """In the eigenvectors of A, 20 iterated steps multiply each coordinate by (1 − ηλ)ᵗ."""
    quadratic, start = bowl(), np.array([3.0, 1.0])
    curvatures, q = np.linalg.eigh(quadratic.curvature)
    for eta in (0.1, 0.45, 0.6):
        theta = start
        for t in range(21):
            z = (1 - eta * curvatures) ** t * (q.T @ (start - quadratic.minimum))
            assert np.allclose(q.T @ (theta - quadratic.minimum), z, rtol=1e-10, atol=1e-12)
            assert np.allclose(quadratic.iterate(start, eta, t), theta, rtol=1e-10, atol=1e-12)
            theta = theta - eta * quadratic.gradient(theta)


@checks("eq-gradient-descent-converges", by="iteration on both sides of 2/L")
def converges():
    """Descent reaches the minimum at 0.99 · 2/L, leaves at 1.01 · 2/L, and stays away at 2/L."""
    quadratic = bowl()
    edge = 2 / np.linalg.eigvalsh(quadratic.curvature)[-1]
    distance = {}
    for factor in (0.05, 0.99, 1.0, 1.01):
        path = gradient_descent(quadratic, [3.0, 1.0], learning_rate=factor * edge, steps=3000)
        distance[factor] = np.linalg.norm(path.theta[-1] - quadratic.minimum)
    assert max(distance[0.05], distance[0.99]) < 1e-10
    assert 0.1 < distance[1.0] < 10
    assert distance[1.01] > 1e4


@checks("eq-gradient-descent-best", by="SymPy and a search over η")
def best():
    """2/(L + μ) balances the two ends, gives (κ − 1)/(κ + 1), and no other η does better."""
    big, small = sp.symbols("L mu", positive=True)
    eta = 2 / (big + small)
    assert sp.simplify((1 - eta * small) + (1 - eta * big)) == 0
    kappa = big / small
    assert sp.simplify((1 - eta * small) - (kappa - 1) / (kappa + 1)) == 0
    quadratic = bowl()
    rates = np.linspace(1e-3, quadratic.largest_stable_learning_rate, 2001)
    found = rates[np.argmin([quadratic.contraction(rate) for rate in rates])]
    assert np.isclose(found, quadratic.best_learning_rate, atol=5e-4)


@checks("eq-gradient-descent-steps", by="counting steps")
def steps():
    """The number of steps to 10⁻³ of the distance, counted, for κ = 10, 100 and 1,000."""
    for kappa in (10.0, 100.0, 1000.0):
        valley = Quadratic.valley(kappa)
        path = gradient_descent(
            valley, [1.0, kappa], learning_rate=valley.best_learning_rate, steps=4000
        )
        distance = np.linalg.norm(path.theta, axis=1)
        counted = int(np.argmax(distance <= 1e-3 * distance[0]))
        assert counted == np.ceil(np.log(1e3) / np.log((kappa + 1) / (kappa - 1)))
        assert np.isclose(counted, kappa / 2 * np.log(1e3), rtol=0.02)


@checks("eq-gradient-descent-angle", by="a search over directions")
def angle():
    """The angle at (1, 1), and the largest over 20,001 directions, for κ = 4 and 100."""
    turn = np.linspace(0, np.pi / 2, 20_001)
    for kappa in (4.0, 100.0):
        valley = Quadratic.valley(kappa)
        here = np.degrees(np.arccos((kappa + 1) / np.sqrt(2 * (kappa**2 + 1))))
        assert np.isclose(valley.angle_to_minimum([1.0, 1.0]), here)
        worst = max(valley.angle_to_minimum([np.cos(a), np.sin(a)]) for a in turn)
        assert np.isclose(worst, np.degrees(np.arccos(2 * np.sqrt(kappa) / (kappa + 1))), atol=1e-4)


@checks("eq-gradient-descent-lemma", by="10,000 random steps")
def lemma():
    """The bound holds for the penguin regression at random points and rates, and can be tight."""
    model, rng = penguin_regression(), np.random.default_rng(2)
    theta = rng.normal(size=(10_000, 4), scale=3.0)
    eta = rng.uniform(0, 3, size=10_000) / model.smoothness
    gradient = model.gradient(theta)
    after = model.value(theta - eta[:, None] * gradient)
    bound = model.value(theta) - eta * (1 - eta * model.smoothness / 2) * np.sum(
        gradient**2, axis=1
    )
    assert np.all(after <= bound + 1e-9)
    tight = Quadratic(4.0)
    moved = tight.value([3.0 - 0.1 * 12.0])
    assert np.isclose(moved, 18 - 0.1 * (1 - 0.1 * 4 / 2) * 12.0**2)


@checks("eq-gradient-descent-least-squares", by="finite differences and autograd")
def least_squares():
    """Gradient and Hessian of the regression loss, on the penguins."""
    model, theta = penguin_regression(), np.array([1.0, -0.5, 0.2, 0.4])
    x, y = model.features, model.targets

    def loss(t):
        return anp.sum((anp.dot(x, t) - y) ** 2) / (2 * len(y))

    check_gradient(loss, model.gradient, theta, rng=np.random.default_rng(3))
    assert np.allclose(model.gradient(theta), autograd.grad(loss)(theta), rtol=1e-12)
    assert np.allclose(model.gradient(theta), x.T @ (x @ theta - y) / len(y), rtol=1e-12)
    assert np.allclose(numerical_jacobian(model.gradient, theta), x.T @ x / len(y), atol=1e-8)


@checks("eq-gradient-descent-unbiased", by="the average over all batches of two")
def unbiased():
    """The mean of the gradients of all 342² ordered pairs of examples is the full gradient."""
    model, theta = penguin_regression(), np.array([1.0, -0.5, 0.2, 0.4])
    each = np.array([model.batch_gradient(theta, [i]) for i in range(342)])
    pairs = (each[:, None, :] + each[None, :, :]) / 2
    assert np.allclose(pairs.mean(axis=(0, 1)), model.gradient(theta), rtol=1e-12)
    spread = np.trace(np.cov(pairs.reshape(-1, 4).T, bias=True))
    assert np.isclose(spread, np.trace(np.cov(each.T, bias=True)) / 2)


@checks("eq-gradient-descent-floor", by="long runs of SGD")
def floor():
    """The mean excess loss of long runs lies within 20 % of η tr C / 4b."""
    model = penguin_regression()
    for eta, size in ((0.01, 1), (0.02, 2)):
        path = stochastic_gradient_descent(
            model,
            model.minimum,
            learning_rate=eta,
            batch_size=size,
            epochs=80 * size,
            rng=np.random.default_rng(4),
            record_every=10,
        )
        mean = np.mean(path.loss[len(path.loss) // 8 :]) - model.offset
        assert np.isclose(mean, eta * model.gradient_noise() / (4 * size), rtol=0.2)


@checks("eq-gradient-descent-saddle", by="SymPy")
def saddle():
    """Gradient and Hessian of the double well; at the saddle one eigenvalue is negative."""
    x, y = sp.symbols("x y")
    loss = x**2 / 2 + (y**2 - 1) ** 2 / 4
    assert sp.simplify(sp.Matrix([loss]).jacobian([x, y]) - sp.Matrix([[x, y**3 - y]])) == sp.zeros(
        1, 2
    )
    assert sp.hessian(loss, (x, y)) == sp.diag(1, 3 * y**2 - 1)
    assert np.allclose(DoubleWell().hessian([0.0, 0.0]), np.diag([1.0, -1.0]))
