"""The labelled equations of the chapter on gradient descent, as formulas, with their checks."""

import itertools
import math
from functools import cache

import autograd
import autograd.numpy as anp
import numpy as np
from scipy.linalg import solve_discrete_lyapunov
from scipy.optimize import minimize_scalar

from helpers.data.penguins import penguin_regression
from helpers.mathematics.objectives import PLATEAU, DoubleWell, LeastSquares, Quadratic
from helpers.mathematics.optimizers import gradient_descent, steepest_direction
from tests.truth import equation

#: Curvatures, learning rates and so on in general position: no two alike, no whole numbers.
MATRIX = np.array([[3.1, 0.9, -0.4], [0.9, 2.3, 0.7], [-0.4, 0.7, 1.2]])
POINT = np.array([[0.7], [-1.3], [0.4]])


def double_well(t):
    return 0.5 * t[0] ** 2 + 0.25 * (t[1] ** 2 - 1) ** 2


def near(given, wanted, rtol=1e-9):
    given, wanted = np.asarray(given, dtype=float), np.asarray(wanted, dtype=float)
    assert given.shape == wanted.shape
    assert np.allclose(given, wanted, rtol=rtol, atol=1e-13)


# --- one parameter ----------------------------------------------------------------------------


@equation(
    "eq-gradient-descent-slope-two",
    r"""\begin{aligned}
L(\theta + h) = {}& L(\theta) + L'(\theta)\, h \\
& + \tfrac12 L''(\xi)\, h^2 .
\end{aligned}""",
    by="losses whose ξ is known",
)
def slope_two(L, θ, h, ξ):
    slope = autograd.grad(L)
    curvature = autograd.grad(slope)
    return L(θ) + slope(θ) * h + 1 / 2 * curvature(ξ) * h**2


@slope_two.check
def check_slope_two(formula):
    """For a quadratic, a cubic and an exponential, ξ is known, and lies between θ and θ + h."""
    for θ, h in ((0.7, 0.3), (-0.4, 1.2), (0.5, -0.8)):
        near(formula(lambda t: 50 * t**2 - t, θ, h, θ + h / 3), 50 * (θ + h) ** 2 - θ - h)
        near(formula(lambda t: t**3, θ, h, θ + h / 3), (θ + h) ** 3)
        rest = math.exp(2 * h) - 1 - 2 * h
        ξ = θ + math.log(rest / (2 * h**2)) / 2
        assert min(θ, θ + h) < ξ < max(θ, θ + h)
        near(formula(lambda t: anp.exp(2 * t), θ, h, ξ), math.exp(2 * (θ + h)))


@equation(
    "eq-gradient-descent-parabola",
    r"""\begin{aligned}
\theta_{t+1} &= \theta_t - \eta a \theta_t = (1 - \eta a)\,\theta_t \\
\theta_t &= (1 - \eta a)^t\, \theta_0 .
\end{aligned}""",
    by="iteration with autograd",
)
def parabola(a, η, θ, t):
    return θ - η * a * θ, (1 - η * a) * θ, (1 - η * a) ** t * θ


@parabola.check
def check_parabola(formula):
    """One step and t steps on ½aθ², with the slope from autograd."""
    for a, η, θ in ((4.1, 0.1, 3.2), (0.7, 2.3, -1.4), (2.6, 0.9, 0.3)):
        slope = autograd.grad(lambda x, a=a: 0.5 * a * x**2)
        first = reached = θ - η * slope(θ)
        for t in (2, 3, 4, 5):
            reached = reached - η * slope(reached)
            near(formula(a, η, θ, t), (first, first, reached))


# --- directions -------------------------------------------------------------------------------


@equation(
    "eq-gradient-descent-directional",
    r"""\frac{\mathrm{d}}{\mathrm{d}r} L(\theta + r v)\Big|_{r=0} = \nabla L(\theta)^\top v .""",
    by="autograd along the way",
)
def directional(gradient, θ, v):
    return gradient(θ).T @ v


@directional.check
def check_directional(formula):
    """The derivative by the distance r, for the double well in thirteen directions."""
    gradient = autograd.grad(lambda x: double_well(x)[0])
    θ = np.array([[0.7], [-0.4]])
    for angle in np.linspace(0.1, 6.1, 13):
        v = np.array([[np.cos(angle)], [np.sin(angle)]])
        along = autograd.grad(lambda r, v=v: double_well(θ + r * v)[0])
        near(formula(gradient, θ, v), [[along(0.0)]])


@equation(
    "eq-gradient-descent-cauchy",
    r"""-\lVert \nabla L \rVert \;\le\; \nabla L^\top v \;\le\; \lVert \nabla L \rVert ,""",
    by="a search over directions",
)
def cauchy(gradient):
    return -np.linalg.norm(gradient), np.linalg.norm(gradient)


@cache
def slopes_of_many_directions():
    rng = np.random.default_rng(0)
    found = []
    for scale in (0.02, 1.0, 30.0):
        gradient, v = scale * rng.normal(size=4), rng.normal(size=(5000, 4))
        found.append((gradient, v @ gradient / np.sqrt(np.sum(v**2, axis=1))))
    return found


@cauchy.check
def check_cauchy(formula):
    """None of 5,000 directions has a slope beyond the bounds, and two directions reach them."""
    for gradient, slopes in slopes_of_many_directions():
        low, high = formula(gradient)
        assert low <= slopes.min()
        assert slopes.max() <= high
        length = math.sqrt(sum(g**2 for g in gradient))
        near(-(gradient / length) @ gradient, low)
        near((gradient / length) @ gradient, high)


@equation(
    "eq-gradient-descent-norms",
    r"""\begin{aligned}
v_{\max} &= -\operatorname{sign}(\nabla L) \\
v_{\text{sum}} &= -\operatorname{sign}(\partial L/\partial\theta_k)\, e_k \\
v_P &= -P^{-1} \nabla L \Big/ \sqrt{\nabla L^\top P^{-1} \nabla L}
\end{aligned}""",
    by="a search over directions",
    equivalent={
        "gradient → gradient ** 2": "the largest slope in size has the largest square",
        "gradient → gradient ** 2 (2)": "only the number of entries is read there",
    },
)
def norms(gradient, P):
    k = np.argmax(np.abs(gradient))
    e_k = np.eye(len(gradient))[:, [k]]
    inverse = np.linalg.inv(P)
    return (
        -np.sign(gradient),
        -np.sign(gradient[k]) * e_k,
        -inverse @ gradient / np.sqrt(gradient.T @ inverse @ gradient),
    )


@cache
def many_directions():
    return np.random.default_rng(1).normal(size=(2000, 3))


@norms.check
def check_norms(formula):
    """Each has length 1, and none of 2,000 others of length 1 falls faster, in three lengths."""
    for gradient in (np.array([[0.8], [-2.3], [0.5]]), np.array([[1.7], [0.9], [-0.6]])):
        found = formula(gradient, MATRIX)
        v = many_directions()
        lengths = (
            lambda v: np.max(np.abs(v), axis=-1),
            lambda v: np.sum(np.abs(v), axis=-1),
            lambda v: np.sqrt(np.einsum("...i,ij,...j", v, MATRIX, v)),
        )
        names = ("max", "sum", MATRIX)
        for best, length, name in zip(found, lengths, names, strict=True):
            assert best.shape == (3, 1)
            near(length(best[:, 0]), 1.0)
            fastest = gradient[:, 0] @ best[:, 0]
            assert np.all(v @ gradient[:, 0] / length(v) >= fastest - 1e-12)
            near(best[:, 0], steepest_direction(gradient[:, 0], name))
        # For the smooth length, the fastest is where Pv is antiparallel to the gradient.
        near(MATRIX @ found[2] * np.linalg.norm(gradient),
             -gradient * np.linalg.norm(MATRIX @ found[2]))  # fmt: skip


# --- the update -------------------------------------------------------------------------------


@equation(
    "eq-gradient-descent-update",
    r"""\theta_{t+1} = \theta_t - \eta\, \nabla L(\theta_t)""",
    by="autograd, step by step",
)
def update(θ, η, gradient):
    return θ - η * gradient(θ)


@update.check
def check_update(formula):
    """Eight steps on the double well, with autograd's gradient at the point that is left."""
    gradient = autograd.grad(double_well)
    for η in (0.31, 0.07):
        path = gradient_descent(DoubleWell(), [1.5, 0.2], learning_rate=η, steps=8)
        for before, after in itertools.pairwise(path.theta):
            near(formula(before, η, gradient), after)


@equation(
    "eq-gradient-descent-length",
    r"""\lVert \theta_{t+1} - \theta_t \rVert = \eta\, \lVert \nabla L(\theta_t) \rVert .""",
    by="two descents",
)
def length(η, gradient):
    return η * np.linalg.norm(gradient)


@length.check
def check_length(formula):
    """Ten steps on a quadratic and on the double well, measured from point to point."""
    for objective in (Quadratic.valley(5.0, degrees=20.0), DoubleWell()):
        path = gradient_descent(objective, [1.5, 0.2], learning_rate=0.23, steps=10)
        for before, after in itertools.pairwise(path.theta):
            near(formula(0.23, objective.gradient(before)), math.dist(before, after))


# --- the quadratic ----------------------------------------------------------------------------


@equation(
    "eq-gradient-descent-modes",
    r"""\begin{aligned}
z &= Q^\top (\theta - \theta^*) \\
z_t &= (I - \eta\Lambda)^t\, z_0 .
\end{aligned}""",
    by="iteration",
)
def modes(Q, Λ, θ, minimum, η, t):
    z = Q.T @ (θ - minimum)
    return z, np.linalg.matrix_power(np.eye(len(z)) - η * Λ, t) @ z


@modes.check
def check_modes(formula):
    """Carried back from the eigenvectors, z is the start, and zₜ where t steps lead."""
    curvatures, Q = np.linalg.eigh(MATRIX)
    minimum = np.array([[0.3], [-0.2], [1.1]])
    for η in (0.1, 0.45, 0.6):
        reached = POINT
        for t in range(5):
            z, z_t = formula(Q, np.diag(curvatures), POINT, minimum, η, t)
            near(minimum + Q @ z, POINT)
            near(minimum + Q @ z_t, reached)
            reached = reached - η * MATRIX @ (reached - minimum)


@equation(
    "eq-gradient-descent-converges",
    r"""|1 - \eta M| < 1 \iff \eta < 2/M .""",
    by="2²⁰ steps on both sides of 2/M",
    equivalent={"η, M → M, η": "both say 0 < ηM < 2, in which η and M stand alike"},
)
def converges(η, M):
    return abs(1 - η * M) < 1, η < 2 / M


@cache
def fate(η, M):
    """Whether 2²⁰ steps lead to the minimum, for the curvatures M, M/3 and M/7."""
    step = np.diag(1 - η * np.array([M, M / 3, M / 7]))
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(20):
            step = step @ step
    return bool(np.max(np.abs(step)) < 1e-6)


@converges.check
def check_converges(formula):
    """Descent reaches the minimum just below 2/M, and does not at 2/M and just beyond."""
    for M in (4.0, 0.5, 2.0):
        for share in (0.3, 0.999, 0.9998, 1.0, 1.0002, 1.001, 1.7):
            η = share * 2 / M
            assert formula(η, M) == (fate(η, M), fate(η, M))


def step_norm(η, M, μ):
    """The largest factor by which a step of descent can change a distance."""
    turned = np.array([[0.8, -0.6], [0.6, 0.8]])
    return np.linalg.norm(np.eye(2) - η * turned @ np.diag([M, μ]) @ turned.T, 2)


@equation(
    "eq-gradient-descent-factor",
    r"""\begin{aligned}
& \lVert \theta_{t+1} - \theta^* \rVert \le \rho\, \lVert \theta_t - \theta^* \rVert , \\
& \rho = \max\bigl(|1 - \eta M|,\ |1 - \eta\mu|\bigr) .
\end{aligned}""",
    by="the norm of a step's matrix",
    equivalent={
        "abs(1 - η * μ) → 1 - η * μ": "where 1 − ημ is negative, |1 − ηM| is larger, for M ≥ μ"
    },
)
def factor(η, M, μ):
    return max(abs(1 - η * M), abs(1 - η * μ))


@factor.check
def check_factor(formula):
    """ρ is the spectral norm of I − ηA, which some distance reaches and none exceeds."""
    for M, μ in ((4.1, 1.3), (2.2, 0.1)):
        for share in (0.2, 1.0, 1.9, 2.4):
            near(formula(share / M, M, μ), step_norm(share / M, M, μ))


@equation(
    "eq-gradient-descent-best",
    r"""\begin{aligned}
\eta^* &= \frac{2}{M + \mu} \\
\rho^* &= \frac{M - \mu}{M + \mu} = \frac{\kappa - 1}{\kappa + 1} .
\end{aligned}""",
    by="a search over η",
)
def best(M, μ):
    κ = M / μ
    return 2 / (M + μ), (M - μ) / (M + μ), (κ - 1) / (κ + 1)


@cache
def searched(M, μ):
    """The η that keeps least of a distance, and what it keeps, without a formula."""
    found = minimize_scalar(
        lambda η: step_norm(η, M, μ), bounds=(0, 2 / M), method="bounded", options={"xatol": 1e-12}
    )
    return found.x, found.fun


@best.check
def check_best(formula):
    """The minimum of the largest factor, searched for, for three pairs of curvatures."""
    for M, μ in ((4.1, 1.3), (2.2, 0.1), (7.0, 6.5)):
        η, ρ = searched(M, μ)
        near(formula(M, μ), (η, ρ, ρ), rtol=1e-6)


@equation(
    "eq-gradient-descent-steps",
    r"""\begin{aligned}
t &\ge \frac{\ln(1/\varepsilon)}{\ln\frac{\kappa + 1}{\kappa - 1}} \\
&\approx \frac{\kappa}{2} \ln\frac1\varepsilon
\end{aligned}""",
    by="counting steps",
)
def steps(ε, κ):
    return np.log(1 / ε) / np.log((κ + 1) / (κ - 1)), κ / 2 * np.log(1 / ε)


@cache
def counted(ε, κ):
    """The first step at which the worst distance is at most ε, and the share kept in a step."""
    valley = Quadratic.valley(κ)
    kept = step_norm(valley.best_learning_rate, 1.0, 1 / κ)
    distance, t = 1.0, 0
    while distance > ε:
        distance, t = distance * kept, t + 1
    return t, kept


@steps.check
def check_steps(formula):
    """The steps counted one by one; the second form is off by the share 1/3κ² at most."""
    for ε, κ in ((1e-3, 100.0), (0.02, 37.0), (1e-5, 61.0)):
        t, kept = counted(ε, κ)
        exact, approximate = formula(ε, κ)
        assert t - 1 < exact <= t
        near(kept**exact, ε)
        assert 1 < approximate / exact < 1 + 0.34 / κ**2


@equation(
    "eq-gradient-descent-angle",
    r"""\begin{aligned}
\cos\varphi_{(1,1)} &= \frac{\kappa + 1}{\sqrt{2(\kappa^2 + 1)}} \\
\cos\varphi_{\text{worst}} &= \frac{2\sqrt\kappa}{\kappa + 1} .
\end{aligned}""",
    by="a search over directions",
)
def angle(κ):
    return (κ + 1) / np.sqrt(2 * (κ**2 + 1)), 2 * np.sqrt(κ) / (κ + 1)


@cache
def measured_cosines(κ):
    def cosine(turn):
        way = -np.array([np.cos(turn), np.sin(turn)])
        downhill = way * [κ, 1.0]
        return way @ downhill / np.linalg.norm(downhill)

    worst = minimize_scalar(cosine, bounds=(0, np.pi / 2), method="bounded")
    return cosine(np.pi / 4), worst.fun


@angle.check
def check_angle(formula):
    """The cosine at (1, 1), and the smallest in any direction, for three condition numbers."""
    for κ in (4.3, 100.0, 1.7):
        near(formula(κ), measured_cosines(κ))


@equation(
    "eq-gradient-descent-least-squares",
    r"""\begin{aligned}
L(\theta) &= \frac{1}{2n} \sum_{i=1}^{n} (x_i^\top \theta - y_i)^2 \\
\nabla L &= \frac1n X^\top (X\theta - y) \\
H &= \frac1n X^\top X .
\end{aligned}""",
    by="autograd",
    equivalent={"X → X ** 2": "only the number of rows is read there"},
)
def least_squares(X, θ, y):
    n = X.shape[0]
    return (
        1 / (2 * n) * np.sum((X @ θ - y) ** 2),
        1 / n * X.T @ (X @ θ - y),
        1 / n * X.T @ X,
    )


@cache
def regression():
    """Five examples, their loss at a point by another route, its gradient and its Hessian."""
    rng = np.random.default_rng(3)
    X, y, θ = rng.normal(size=(5, 3)), rng.normal(size=5), np.array([1.0, -0.5, 0.2])

    def loss(t):
        return anp.mean((anp.dot(X, t) - y) ** 2) / 2

    return X, y, θ, (loss(θ), autograd.grad(loss)(θ), autograd.hessian(loss)(θ))


@least_squares.check
def check_least_squares(formula):
    """Half the mean squared residual, and its first two derivatives by autograd."""
    X, y, θ, wanted = regression()
    for given, want in zip(formula(X, θ, y), wanted, strict=True):
        near(given, want)


# --- the descent lemma ------------------------------------------------------------------------


@equation(
    "eq-gradient-descent-lemma",
    r"""\begin{aligned}
& L(\theta - \eta\nabla L) \\
& \le L(\theta) - \eta\bigl(1 - \tfrac{\eta M}{2}\bigr) \lVert \nabla L \rVert^2 .
\end{aligned}""",
    by="2,000 random steps on three losses, and one that attains it",
)
def lemma(L, η, M, gradient):
    return L - η * (1 - η * M / 2) * np.linalg.norm(gradient) ** 2


@cache
def random_steps():
    """(loss, η, M, gradient, loss after the step): 2,000 steps on losses that are M-smooth."""
    rng, found = np.random.default_rng(2), []
    penguins = penguin_regression()
    logistic = (lambda t: np.logaddexp(0, t), lambda t: 1 / (1 + np.exp(-t)), 0.25)
    plateau = (PLATEAU.value, PLATEAU.gradient, 1.0)
    bowl = (penguins.value, penguins.gradient, penguins.largest_curvature)
    for (value, slope, M), size in ((logistic, ()), (plateau, ()), (bowl, (4,))):
        for _ in range(667):
            θ, η = 3 * rng.normal(size=size), rng.uniform(0, 3) / M
            gradient = slope(θ)
            found.append((value(θ), η, M, np.atleast_1d(gradient), value(θ - η * gradient)))
    return found


@lemma.check
def check_lemma(formula):
    """It holds on a regression, a logistic loss and the plateau, which is neither convex nor a
    quadratic; on ½Mθ² both sides are equal."""
    for loss, η, M, gradient, after in random_steps()[::23]:
        assert after <= formula(loss, η, M, gradient) + 1e-9
    for θ, η, M in ((1.3, 0.2, 3.7), (-0.4, 1.1, 0.9)):
        moved = θ - η * M * θ
        near(formula(0.5 * M * θ**2, η, M, np.array([M * θ])), 0.5 * M * moved**2)


# --- stochastic gradients ---------------------------------------------------------------------


@equation(
    "eq-gradient-descent-unbiased",
    r"""\begin{aligned}
\bar g &= \frac1b \sum_{i \in B} g_i(\theta) , \qquad \mathbb{E}[\bar g] = \nabla L(\theta) \\
& \mathbb{E}\,\lVert \bar g - \nabla L \rVert^2 = \frac1b \operatorname{tr} C ,
\end{aligned}""",
    by="the average over all batches",
)
def unbiased(g, B, b, C):
    return 1 / b * sum(g[i] for i in B), 1 / b * np.trace(C)


@unbiased.check
def check_unbiased(formula):
    """All batches of two and of three of five examples, drawn with replacement."""
    X, y, θ, (_, full, _) = regression()
    g = X * (X @ θ - y)[:, None]
    C = np.cov(g.T, bias=True)
    for b in (2, 3):
        batches = list(itertools.product(range(5), repeat=b))
        means = np.array([formula(g, B, b, C)[0] for B in batches])
        near(means.mean(axis=0), full)
        near(formula(g, batches[1], b, C)[1], np.mean(np.sum((means - full) ** 2, axis=1)))


@equation(
    "eq-gradient-descent-hover",
    r"""\begin{aligned}
s_{t+1} &= (1 - \eta a)^2 s_t + \eta^2\sigma^2/b \\
\tfrac12 a\, s_\infty &= \frac{\eta\sigma^2}{4b} \cdot \frac{1}{1 - \eta a/2} .
\end{aligned}""",
    by="all cases of a coin toss, and SciPy's Lyapunov equation",
)
def hover(η, a, σ, b, s):
    return (
        (1 - η * a) ** 2 * s + η**2 * σ**2 / b,
        η * σ**2 / (4 * b) * (1 / (1 - η * a / 2)),
    )


@hover.check
def check_hover(formula):
    """A step from ±√s with noise ±σ/√b, over all four cases; the s that a step leaves alone."""
    for η, a, σ, b, s in ((0.31, 2.3, 1.7, 3, 0.6), (0.9, 0.7, 0.4, 5, 2.1)):
        ends = [
            side * math.sqrt(s) - η * (a * side * math.sqrt(s) + coin * σ / math.sqrt(b))
            for side, coin in itertools.product((1, -1), repeat=2)
        ]
        still = solve_discrete_lyapunov([[1 - η * a]], [[(η * σ) ** 2 / b]])[0, 0]
        near(formula(η, a, σ, b, s), (np.mean(np.square(ends)), a * still / 2))


RUNS = 400


@cache
def simulated_floor(eta, size, noise):
    """Mean excess loss of SGD, and tr C's matrix: 400 runs of 2,500 steps on 50 examples.

    Batches are drawn with replacement; the runs start at the minimum and are counted from step 300.
    """
    rng = np.random.default_rng(5)
    features = np.linalg.qr(rng.normal(size=(50, 2)))[0] * np.sqrt(50) * [1.0, 0.8]
    model = LeastSquares(features, features @ [1.0, -2.0] + noise * rng.normal(size=50))
    theta, total = np.tile(model.minimum, (RUNS, 1)), 0.0
    for t in range(2500):
        rows = rng.integers(50, size=(RUNS, size))
        x = features[rows]
        residual = np.einsum("rbi,ri->rb", x, theta) - model.targets[rows]
        theta = theta - eta / size * np.einsum("rbi,rb->ri", x, residual)
        if t >= 300:
            total += np.mean(model.value(theta)) - model.offset
    each = features * model.residuals[:, None]
    return total / 2200, np.cov(each.T, bias=True)


@equation(
    "eq-gradient-descent-floor",
    r"""\mathbb{E}[L(\theta_t)] - L(\theta^*) \approx \frac{\eta}{4b} \operatorname{tr} C ,""",
    by="400 runs",
    resolution=0.03,
)
def floor(η, b, C):
    return η / (4 * b) * np.trace(C)


@floor.check
def check_floor(formula):
    """400 runs of SGD at each of four settings: η, b and the noise are changed one by one."""
    for η, b, noise in ((0.01, 2, 1.0), (0.02, 2, 1.0), (0.01, 5, 1.0), (0.01, 2, 2.5)):
        mean, C = simulated_floor(η, b, noise)
        assert abs(formula(η, b, C) / mean - 1) < 0.02


# --- the saddle -------------------------------------------------------------------------------


@equation(
    "eq-gradient-descent-saddle",
    r"""\begin{aligned}
\nabla L &= (\theta_1,\; \theta_2^3 - \theta_2) \\
H &= \operatorname{diag}(1,\; 3\theta_2^2 - 1) .
\end{aligned}""",
    by="autograd",
)
def saddle(θ_1, θ_2):
    return [θ_1, θ_2**3 - θ_2], np.diag([1, 3 * θ_2**2 - 1])


@saddle.check
def check_saddle(formula):
    """First and second derivatives of ½θ₁² + ¼(θ₂² − 1)² at three points."""
    gradient, hessian = autograd.grad(double_well), autograd.hessian(double_well)
    for point in (np.array([1.4, 0.3]), np.array([-0.6, 1.7]), np.array([0.2, -0.8])):
        given = formula(*point)
        near(given[0], gradient(point))
        near(given[1], hessian(point))
