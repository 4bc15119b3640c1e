"""What the chapter on gradients says and no cell prints, computed."""

import itertools
import re

import numpy as np
import pytest
from scipy.optimize import linprog, minimize_scalar

from helpers.chapters.gradients import experiments, figures
from helpers.mathematics.landscapes import (
    Hollow,
    bent_sheet,
    diagonal_ridge,
    twisted_saddle,
    twisted_saddle_gradient,
)
from helpers.mathematics.multivariate import (
    angle_on_bowl,
    directional_derivative,
    dual_norm,
    jacobian_vector_product,
    taylor_polynomial,
    worst_angle,
    worst_place,
)
from helpers.mathematics.numdiff import check_gradient, numerical_gradient, numerical_jacobian
from helpers.mathematics.objectives import SLOPE_TWO, Quadratic
from helpers.mathematics.optimizers import steepest_direction
from tests.truth import claim

F = Hollow()
SPOT = experiments.SPOT
TURN = np.linspace(-180, 180, 36_001)


def gradient(x, y):
    return F.gradient([x, y])


# The map and its cuts


@claim(
    "the cut along $x$ stays where it is, and the point slides down it to its lowest place, where "
    "its slope is 0. The *other* cut is replaced by another curve at every move: the slope along "
    "$y$ at $y = -1$ goes from −3 to −2. A slope along one variable may depend on all of them.",
    "At $(1, -1)$ the slope along $x$ is 4, and the slope along $y$ is −3.",
)
def cuts():
    assert gradient(1.0, -1.0).tolist() == [4, -3]
    assert gradient(0.0, -1.0).tolist() == [0, -2]
    x = np.linspace(-2, 2, 401)
    along_x = F.value(np.stack([x, np.full_like(x, -1.0)], axis=1))
    assert x[along_x.argmin()] == pytest.approx(0)
    seen = {tuple(F.value([[at, -2.0], [at, 0.5]])) for at in (0, 0.25, 0.5, 0.75, 1.0)}
    assert len(seen) == 5


@claim(
    "both cuts are level at the point, and the arrow is gone.",
    "along $x$ there is no slope at all, wherever you stand; along $y$ it is 1, 2 and 1.",
)
def level_cuts():
    (plan, *_), said = figures.draw_slices(x=0.0, y=0.0)
    assert not list(plan.axes[0].texts)
    assert "no arrow" in said
    (plan, *_), _ = figures.draw_slices(x=1.0, y=1.0)
    assert len(plan.axes[0].texts) == 1
    assert [gradient(x, 1.0).tolist() for x in (-1.0, 0.0, 1.0)] == [[0, 1], [0, 2], [0, 1]]
    assert all(gradient(x, 1.0)[0] == 0 for x in np.linspace(-3, 3, 61))


@claim(
    "The red arrow is the vector of the two slopes, at a tenth of its length. Wherever there is "
    "one, it leaves the thick level curve, that of its point, at a right angle.",
    "the gradient stands at a right angle to the level curve through its point",
)
def right_angles():
    arrows = 0
    for x, y in itertools.product(np.arange(-6, 7) / 4, np.arange(-4, 5) / 4):
        point = np.array([x, y])
        ax = figures.draw_slices(x=x, y=y)[0][0].axes[0]
        thick = [patch.get_path() for patch in ax.patches if patch.get_linewidth() == 3]
        assert len(thick) == len(ax.texts) == (0 if x == y == 0 else 1)
        for path, drawn in zip(thick, ax.texts, strict=True):
            tip = np.array(drawn.xy)
            np.testing.assert_allclose(tip - point, gradient(x, y) / 10, atol=1e-12)
            assert_inside(ax, tip)
            assert np.ptp(F.value(path.vertices)) < 1e-6
            # The piece of the drawn curve that comes nearest to the point.
            begin, end = path.vertices[:-1], path.vertices[1:]
            joined = path.codes[1:] == path.LINETO
            begin, along = begin[joined], (end - begin)[joined]
            size = np.maximum(np.sum(along**2, axis=1), 1e-300)
            part = np.clip(np.sum((point - begin) * along, axis=1) / size, 0, 1)
            off = np.linalg.norm(begin + part[:, None] * along - point, axis=1)
            near = off.argmin()
            assert off[near] < 2e-3, (x, y)
            cosine = along[near] @ (tip - point)
            cosine /= np.linalg.norm(along[near]) * np.linalg.norm(tip - point)
            # The curve is drawn as a polygon: its pieces stand at up to 3.1° to the tangent.
            assert abs(np.degrees(np.arccos(cosine)) - 90) < 3.5, (x, y)
            arrows += 1
    assert arrows == 13 * 9 - 1


def assert_inside(ax, tip):
    """An arrow whose tip lies outside of the axes is not drawn at all."""
    for at, (low, high) in zip(tip, (ax.get_xlim(), ax.get_ylim()), strict=True):
        assert low < at < high, tip


@claim(
    "This loop takes two values of $f$ for each variable. A check need not: `check_gradient` "
    "compares slopes along five random directions, with four values of $f$ each, however many "
    "variables there are"
)
def values_of_f():
    for n in (2, 100):
        count = []

        def f(t, count=count):
            count.append(1)
            return t @ t

        numerical_gradient(f, np.ones(n))
        assert len(count) == 2 * n
        count.clear()
        check_gradient(f, lambda t: 2 * t, np.ones(n), rng=np.random.default_rng(1))
        assert len(count) == 5 * 4


# At the origin


@claim(
    "on the axis it is 0; on the diagonal it is ½ all the way in, and on the other diagonal −½.",
    "However close to the origin you are, all values from −½ to ½ are still there. The function "
    "has both partial derivatives at the origin and is not even continuous.",
    r"$xy/(x^2 + y^2)$, with 0 at the origin, has both there and jumps to ½ along the diagonal",
)
def the_ridge():
    for s in (1.0, 1e-3, 1e-9, -1e-12):
        for degrees, value in ((0, 0.0), (45, 0.5), (135, -0.5), (90, 0.0)):
            near = diagonal_ridge(s * experiments.heading(degrees))
            assert near == pytest.approx(value, abs=1e-15)
        around = np.sort(diagonal_ridge(s * experiments.heading(TURN)))
        assert around[[0, -1]] == pytest.approx([-0.5, 0.5])
        assert np.diff(around).max() < 1e-3
    assert numerical_gradient(diagonal_ridge, np.zeros(2)).tolist() == [0, 0]
    assert diagonal_ridge([0.0, 0.0]) == 0


@claim(
    r"now $f$ is continuous, and along each line it has an honest slope, $\cos^2\varphi "
    r"\sin\varphi$. But along the axes the slope is 0, and at 30° it is 0.375: no plane fits them "
    "all.",
    "$x^2y/(x^2 + y^2)$ even has a slope in every direction, and no tangent plane.",
    r"All directional derivatives exist, and $\nabla f^\top v$ is wrong about all but those along "
    "the axes",
)
def the_sheet():
    angle = np.deg2rad(TURN)
    v = experiments.heading(TURN)
    for s in (1.0, 1e-6, -1e-9):
        slopes = bent_sheet(s * v) / s
        np.testing.assert_allclose(slopes, np.cos(angle) ** 2 * np.sin(angle), atol=1e-12)
        assert np.abs(bent_sheet(s * v)).max() <= abs(s)  # continuous at the origin
    assert bent_sheet(experiments.heading(30)) == pytest.approx(0.375)
    # ∇ = 0: right where the slope is 0, which is on the axes alone.
    right = TURN[np.abs(slopes) < 1e-6]
    assert set(np.round(right / 90) * 90) == {-180, -90, 0, 90, 180}
    assert np.abs(right - np.round(right / 90) * 90).max() < 0.2


@claim(
    "all lines are level at the origin. Here the two partial derivatives do speak for all "
    "directions.",
    "There each is 0, by definition or by its formula, *and has both partial derivatives, equal "
    "to 0*.",
)
def all_level():
    v = experiments.heading(TURN)
    assert np.abs(F.value(1e-8 * v) / 1e-8).max() < 2e-8
    for function, example in experiments.AT_THE_ORIGIN.items():
        assert example.value(np.zeros(2)) == 0
        assert np.abs(numerical_gradient(example.value, np.zeros(2), h=1e-7)).max() < 1e-6, function


@claim("Continuous partial derivatives are enough.", "Neither can be turned round.")
def continuous_partials():
    # Continuous, with both partial derivatives, and not differentiable: along the diagonal the
    # remainder keeps its size. So is |x| in one variable.
    diagonal = experiments.heading(45)
    for s in (1e-2, 1e-5, 1e-9):
        assert np.abs(bent_sheet(s * experiments.heading(TURN))).max() <= s
        assert bent_sheet(s * diagonal) / s == pytest.approx(2**-1.5)
        assert [abs(s), (abs(s) - 0) / s, (abs(-s) - 0) / -s] == [s, 1, -1]
    # Both partial derivatives, and not even continuous.
    assert numerical_gradient(diagonal_ridge, np.zeros(2)).tolist() == [0, 0]
    assert diagonal_ridge(1e-9 * diagonal) == pytest.approx(0.5)
    # That continuous ones are enough is a theorem, which the page gives without proof. Where they
    # are continuous the plane fits; those of the two others are not.
    for point in ([0.0, 0.0], [1.0, -1.0], [-0.7, 1.3]):
        v = experiments.heading(TURN[::90])
        for s in (1e-3, 1e-5):
            plane = taylor_polynomial(F.value(point), F.gradient(point), s * v)
            assert np.abs(F.value(point + s * v) - plane).max() < 4 * s**2
    near = np.array([numerical_gradient(bent_sheet, [0.0, y], h=1e-9) for y in (1e-4, 1e-6)])
    assert np.abs(near).max() < 1e-4
    diagonal = np.array([numerical_gradient(bent_sheet, [y, y], h=1e-9) for y in (1e-4, 1e-6)])
    assert diagonal.min(axis=0) == pytest.approx([0.5, 0.0], abs=1e-3)


# Directions


@claim("the largest slope is 5, in the direction $(0.8, -0.6)$, which was the first question")
def the_first_question():
    assert directional_derivative(gradient(1.0, -1.0), [0.8, -0.6]) == pytest.approx(5)
    assert experiments.slopes(TURN, 1.0).at_the_point.max() == pytest.approx(5, rel=1e-7)


@claim(
    "both have slopes just below 5, though they lie 7° and 8° to its sides: near its top a cosine "
    "is flat."
)
def neighbours():
    best = np.degrees(np.arctan2(-3, 4))
    assert [round(abs(d - best)) for d in (-30, -45)] == [7, 8]
    near = experiments.slopes(np.array([-30.0, -45.0]), 0.01)
    assert np.all((near.at_the_point > 4.94) & (near.at_the_point < 5))
    assert np.all((near.over_the_step > 4.94) & (near.over_the_step < 5))


@claim(
    "the two curves are nearly one at 0.01 and part as the step grows; at 1 they differ by up to "
    "3. Over such a step the best ascent is at −35°, while $\\nabla f$ stands at −37°; the best "
    "descent is near",
    r"while $-\nabla f$ stands at 143°.",
)
def parting_curves():
    apart = []
    for s in (0.01, 0.1, 0.5, 1.0):
        curves = experiments.slopes(TURN, s)
        apart.append(np.abs(curves.over_the_step - curves.at_the_point).max())
    assert apart == sorted(apart)
    assert apart[0] < 0.03
    assert apart[-1] == pytest.approx(3, abs=1e-3)
    offered = np.arange(-180, 181, 15)
    assert offered[experiments.slopes(offered, 1.0).over_the_step.argmin()] == 135
    assert round(np.degrees(np.arctan2(3, -4))) == 143
    uphill = np.degrees(np.arctan2(-3, 4))
    long_step = experiments.slopes(TURN, 1.0).over_the_step
    assert [round(TURN[long_step.argmax()]), round(uphill)] == [-35, -37]
    assert long_step.max() > experiments.slopes(uphill, 1.0).over_the_step + 0.005


@claim(
    "The sign is wrong: it points to the fastest **increase**, and $-\\nabla f$ to the fastest "
    "decrease."
)
def the_sign():
    for x, y in ((1.0, -1.0), (-0.3, 0.8), (1.7, 1.4)):
        g = gradient(x, y)
        rates = experiments.heading(TURN) @ g
        up = experiments.heading(TURN[rates.argmax()])
        assert up @ g == pytest.approx(np.linalg.norm(g), rel=1e-7)
        step = 1e-4 * g / np.linalg.norm(g)
        here = np.array([x, y])
        assert F.value(here + step) > F.value(here) > F.value(here - step)


@claim(
    "Yes, by Cauchy–Schwarz, for a differentiable function, for Euclidean length, and only where "
    r"$\nabla f \ne 0$. With another length it is another direction, as you see next."
)
def steepest_with_hypotheses():
    # Not differentiable: ∇ = 0, and yet the slope along 35.3° is 0.385.
    slopes = bent_sheet(experiments.heading(TURN))
    assert slopes.max() == pytest.approx(2 / 3**1.5, rel=1e-6)
    with pytest.raises(ValueError, match="gradient must not be zero"):
        steepest_direction(np.zeros(2))
    g = gradient(1.0, -1.0)
    found = {n: -steepest_direction(g, n) for n in ("euclidean", "max", "sum")}
    assert len({tuple(np.round(v / np.linalg.norm(v), 9)) for v in found.values()}) == 3


@claim(
    "In general only in the limit of short steps: from $(1, -1)$ the best of all steps of length 1 "
    r"goes to 136°, and that along $-\nabla f$, at 143°, lowers $f$ by 2.78 instead of 2.80. And "
    "it need not be the way to the minimum: on a bowl with κ = 100 it misses that by 44.4° from "
    "one start and by 78.6° from another, see below."
)
def best_long_step():
    drop = -experiments.slopes(TURN, 1.0).over_the_step
    assert round(TURN[drop.argmax()]) == 136
    assert drop.max() == pytest.approx(2.80, abs=5e-3)
    downhill = np.degrees(np.arctan2(3, -4))
    assert -experiments.slopes(downhill, 1.0).over_the_step == pytest.approx(2.78, abs=5e-3)
    # The shorter the step, the nearer its best direction comes to −∇f.
    best = [TURN[experiments.slopes(TURN, s).over_the_step.argmin()] for s in (1, 0.5, 0.1, 0.01)]
    gaps = downhill - np.array(best)
    assert np.all(np.diff(gaps) < 0)
    assert 0 <= gaps[-1] < 0.1
    # In general: on a round bowl −∇f is best at every length.
    start = experiments.start_on_bowl(30)
    for s in (0.1, 1.0, 2.0):
        ends = start + s * experiments.heading(TURN)
        assert TURN[experiments.bowl(1).value(ends).argmin()] == pytest.approx(-150, abs=0.01)
    bowl = experiments.bowl(100)
    assert bowl.angle_to_minimum([1.0, 1.0]) == pytest.approx(44.4, abs=0.05)
    assert bowl.angle_to_minimum([1.0, 10.0]) == pytest.approx(78.6, abs=0.05)


@claim(
    "its goal is a small loss, not a small gradient, and a slope of 2 does not promise that a step "
    "of 1 changes the loss by 2."
)
def no_promise():
    changes = [f.value(at + 1) - f.value(at) for f, at in SLOPE_TWO]
    assert all(f.gradient(at) == pytest.approx(2) for f, at in SLOPE_TWO)
    assert all(abs(change - 2) > 0.3 for change in changes)
    # The gradient is 0 on the pass, where f is 1; in the hollow f is 0.
    assert gradient(np.sqrt(2), 1.0) == pytest.approx([0, 0], abs=1e-12)
    assert F.value([np.sqrt(2), 1.0]) == pytest.approx(1)


@claim(
    "The steepest slope under one length is a length of the gradient in another sense, its **dual "
    "norm**; the Euclidean norm is its own dual."
)
def dual_norms():
    for g in ([4.0, -3.0], [0.3, -1.7, 0.9]):
        n = len(g)
        box = linprog(-np.array(g), bounds=[(-1, 1)] * n)
        # v = p − q with p, q ≥ 0 and Σ (p + q) ≤ 1.
        spent = linprog(np.r_[-np.array(g), g], A_ub=np.ones((1, 2 * n)), b_ub=[1])
        assert dual_norm(g, "max") == pytest.approx(-box.fun)
        assert dual_norm(g, "sum") == pytest.approx(-spent.fun)
        assert dual_norm(g) == pytest.approx(np.linalg.norm(g))
        for norm in ("euclidean", "max", "sum"):
            assert -steepest_direction(g, norm) @ np.array(g) == pytest.approx(dual_norm(g, norm))


@claim(
    "Adam, an optimizer of a later chapter, takes the first for its very first step, but for a "
    "tiny constant"
)
def first_step_of_adam():
    for g in (np.array([4.0, -3.0]), np.array([0.02, -170.0, 1.0])):
        # The first averages, (1 − β) times g and g², are divided by 1 − β again.
        mean, square = (1 - 0.9) * g / (1 - 0.9), (1 - 0.999) * g**2 / (1 - 0.999)
        step = -mean / (np.sqrt(square) + 1e-8)
        np.testing.assert_allclose(step, steepest_direction(g, "max"), rtol=1e-6)


# The way to the minimum


@claim(
    "from a point that is as far out along the steep axis as along the flat one, $-\\nabla f$ "
    "misses the minimum by 44.4°. (The flat axis lies across the page.)",
    "near the worst place it is 78.5°, almost sideways.",
    "on the axis itself it is 0 again: between 85° and 90° the curve on the right falls off a "
    "cliff.",
)
def kappa_100():
    bowl = experiments.bowl(100)
    assert bowl.angle_to_minimum([1.0, 1.0]) == pytest.approx(44.4, abs=0.05)
    start = experiments.start_on_bowl(45)
    assert abs(start[0]) == pytest.approx(abs(start[1]))
    assert bowl.angle_to_minimum(start) == pytest.approx(44.4, abs=0.05)
    assert bowl.angle_to_minimum(experiments.start_on_bowl(85)) == pytest.approx(78.5, abs=0.05)
    assert bowl.angle_to_minimum([0.0, 2.0]) == pytest.approx(0, abs=1e-5)
    assert "on an axis" in figures.draw_bowl(kappa=100, degrees=90)[1]
    assert angle_on_bowl(100, 85) - angle_on_bowl(100, 90) > 78


@claim("from a point that is as far out along the steep axis", "almost sideways")
def every_bowl_has_its_arrow():
    for kappa, degrees in itertools.product((1, 2, 5, 10, 30, 100, 1000), range(0, 91, 5)):
        (plan, _), _ = figures.draw_bowl(kappa=kappa, degrees=degrees)
        (ax,) = plan.axes
        (arrow,) = ax.texts
        assert_inside(ax, arrow.xy)
        way = np.subtract(arrow.xy, arrow.xyann)
        assert np.linalg.norm(way) == pytest.approx(1)
        home = -np.array(arrow.xyann) / np.linalg.norm(arrow.xyann)
        seen = np.degrees(np.arccos(np.clip(way @ home, -1, 1)))
        assert seen == pytest.approx(float(angle_on_bowl(kappa, degrees)), abs=1e-5)


@claim(
    r"Let $\kappa > 1$; by symmetry take $t \ge 0$. The angle is 0 at $t = 0$, goes to 0 as $t$ "
    "grows (as on the flat axis, which has no $t$), and is positive between. Its derivative by $t$ "
    r"is 0 where $\kappa + t^2 = 2t^2$, so the one such place, $t = \sqrt\kappa$, is the worst."
)
def the_worst_place():
    t = np.logspace(-9, 9, 2001)
    for kappa in (1.5, 10.0, 1000.0):
        angles = angle_on_bowl(kappa, np.degrees(np.arctan(t)))
        assert np.all(angles > 0)
        assert max(angles[0], angles[-1]) < 1e-4
        assert angle_on_bowl(kappa, [0, 90]) == pytest.approx([0, 0], abs=1e-9)
        turns = t[1:-1][np.diff(np.sign(np.diff(angles))) != 0]
        assert turns == pytest.approx([np.sqrt(kappa)], rel=0.03)
        assert angle_on_bowl(kappa, -40) == -angle_on_bowl(kappa, 40)


@claim(
    "0°, 18.4°, 39.3°, 44.9°. At 45° the angle never passes 45°; at the worst place it goes on "
    "growing, to 54.9° for κ = 10 and 86.4° for 1000."
)
def growing_kappa():
    at_45 = [angle_on_bowl(kappa, 45) for kappa in (1, 2, 10, 1000)]
    assert at_45 == pytest.approx([0, 18.4, 39.3, 44.9], abs=0.05)
    many = np.logspace(0, 12, 200)
    assert max(angle_on_bowl(kappa, 45) for kappa in many) <= 45
    assert np.all(np.diff([worst_angle(kappa) for kappa in many]) > 0)
    assert worst_angle(10) == pytest.approx(54.9, abs=0.05)
    assert worst_angle(1000) == pytest.approx(86.4, abs=0.05)


@claim(
    "The angle is always below 90°: on such a bowl $-\\nabla f$ never leads away from the minimum. "
    "But as κ grows it comes as near to 90° as you like.",
    "In more than two dimensions the same bound holds, with κ the largest eigenvalue of the matrix "
    "of second derivatives, the Hessian of the next section, over the smallest, which must be "
    "positive; this is Kantorovich's inequality.",
)
def bound_in_any_dimension(seeds):
    assert worst_angle(1e12) > 89.99
    for seed in seeds:
        rng = np.random.default_rng(seed)
        factor = rng.normal(size=(5, 5))
        bowl = Quadratic(factor @ factor.T + 0.1 * np.eye(5))
        limit = worst_angle(bowl.condition_number)
        angles = [bowl.angle_to_minimum(z) for z in rng.normal(size=(200, 5))]
        assert max(angles) < limit < 90
        # It is reached between the flattest and the steepest direction.
        steep, flat = bowl.eigenvectors[:, -1], bowl.eigenvectors[:, 0]
        at = np.deg2rad(worst_place(bowl.condition_number))
        worst = np.cos(at) * steep + np.sin(at) * flat
        assert bowl.angle_to_minimum(worst) == pytest.approx(limit, abs=1e-5)


@claim(
    "Here is the formula against a search over 9,001 places",
    "Between the first two lines only the unit of one column changed. In millimetres the steepest "
    "way down from 0 stands at almost a right angle to the way to the minimum, and metres help "
    "little: 85.1°. After centring and scaling this one measurement the bowl is round, and the two "
    "ways are one.",
)
def penguins(notebook):
    assert len(notebook["places"]) == 9001
    loss = notebook["loss"]  # the last of the three: centred and scaled
    assert loss.condition_number == pytest.approx(1)
    assert loss.angle_to_minimum(np.zeros(2)) < 1e-4
    found = {}
    for unit in (1, 1000):
        features = np.stack([np.ones(len(notebook["mass"])), notebook["flipper"] / unit], axis=1)
        bowl = type(loss)(features, notebook["mass"])
        found[unit] = bowl.angle_to_minimum(np.zeros(2))
    assert found == pytest.approx({1: 89.8, 1000: 85.1}, abs=0.05)


# Second order


@claim(
    "From 0.1 to 0.01, a tenth of the distance leaves about a hundredth of the first error and a "
    "thousandth of the second. (From 1 to 0.1 the first error falls by a factor of 46 only: at "
    "distance 1 the third order still counts.) This landscape lets you check the second by hand: "
    "its only term beyond second order is $-d_1^2 d_2$ for a step $d = (d_1, d_2)$, and "
    "$-0.8^2 \\cdot 0.6 = -0.384$. (So along $d_1 = 0$, or along $d_2 = 0$, the second-order "
    "formula is exact.)"
)
def orders():
    g, H = F.gradient(SPOT), F.hessian(SPOT)

    def left(d, hessian=None):
        return F.value(SPOT + d) - taylor_polynomial(F.value(SPOT), g, d, hessian)

    v = np.array([0.8, 0.6])
    assert left(0.1 * v) / left(0.01 * v) == pytest.approx(100, rel=0.06)
    assert left(v) / left(0.1 * v) == pytest.approx(46, abs=0.5)
    assert abs(left(v, H)) > 0.5 * abs(v @ H @ v / 2)
    assert left(0.1 * v, H) / left(0.01 * v, H) == pytest.approx(1000, rel=1e-6)
    assert left(v, H) == pytest.approx(-0.384)
    for d in ((0.7, 0.4), (-1.1, 0.9), (0.0, 0.8), (1.3, 0.0)):
        assert left(np.array(d), H) == pytest.approx(-(d[0] ** 2) * d[1], abs=1e-12)


@claim(
    "So two gradients give the product $Hv$, to the accuracy of a central difference, whatever $n$ "
    "is, and the matrix is never made."
)
def two_gradients():
    for n in (2, 50):
        calls = []

        def slope(x, calls=calls):
            calls.append(1)
            return 2 * x + 4 * x**3

        x, v = np.linspace(-1, 1, n), np.linspace(0.5, 2, n)
        product = jacobian_vector_product(slope, x, v)
        np.testing.assert_allclose(product, (2 + 12 * x**2) * v, rtol=1e-7)
        assert len(calls) == 2


@claim(
    "Where the second partial derivatives are continuous, the order of the two derivatives does "
    "not matter and $H$ is symmetric."
)
def symmetric_or_not(seeds):
    def wave(t):
        return np.array([np.cos(t[0] * t[1] ** 2) * t[1] ** 2,
                         np.cos(t[0] * t[1] ** 2) * 2 * t[0] * t[1]])  # fmt: skip

    def heap(t):  # of exp(−x²) y³ + x/(2 + sin y)
        x, y = t
        by_x = -2 * x * np.exp(-(x**2)) * y**3 + 1 / (2 + np.sin(y))
        return np.array([by_x, 3 * np.exp(-(x**2)) * y**2 - x * np.cos(y) / (2 + np.sin(y)) ** 2])

    for seed in seeds:
        # Each gradient is differentiated by the other variable; at the origin none is asked.
        point = np.random.default_rng(seed).uniform(0.3, 1.5, size=2)
        for slope in (F.gradient, wave, heap, twisted_saddle_gradient):
            mixed = numerical_jacobian(slope, point)
            assert mixed[0, 1] == pytest.approx(mixed[1, 0], rel=1e-6, abs=1e-6)
            assert abs(mixed[0, 1]) > 1e-4
    # Not continuous at the origin: near it they take other values on the two axes.
    right = numerical_jacobian(twisted_saddle_gradient, [1e-3, 0.0], h=1e-7)[0, 1]
    above = numerical_jacobian(twisted_saddle_gradient, [0.0, 1e-3], h=1e-7)[0, 1]
    assert (right, above) == pytest.approx((1, -1), abs=1e-4)


@claim(
    "Either costs about as much as a few evaluations of $F$, as a later chapter shows. With $m = "
    "1$, as for a loss, one vector–Jacobian product is the whole gradient, while each "
    "Jacobian–vector product gives one number, so that $n$ of them are needed."
)
def one_against_n(seeds):
    class Counted:
        """A matrix that counts its products with vectors."""

        def __init__(self, entries, count):
            self.entries, self.count = entries, count

        def __matmul__(self, vector):
            self.count.append(1)
            return self.entries @ vector

        @property
        def T(self):
            return Counted(self.entries.T, self.count)

    for n, seed in zip((2, 7, 60), seeds, strict=False):
        rng, count = np.random.default_rng(seed), []
        A, B = (Counted(rng.normal(size=(n, n)) / np.sqrt(n), count) for _ in range(2))
        row, x = rng.normal(size=n), rng.normal(size=n)

        def loss(x, A=A, B=B, row=row):
            return row @ np.tanh(B @ np.tanh(A @ x))

        def loss_vjp(x, A=A, B=B, row=row):
            inner = np.tanh(A @ x)
            outer = np.tanh(B @ inner)
            back = B.T @ (row * (1 - outer**2))
            return A.T @ (back * (1 - inner**2))

        loss(x)
        once = len(count)
        count.clear()
        whole = loss_vjp(x)
        backward = len(count)
        count.clear()
        v = rng.normal(size=n)
        one = jacobian_vector_product(loss, x, v)
        forward = len(count)
        assert backward == forward == 2 * once
        assert np.ndim(one) == 0
        np.testing.assert_allclose(whole, numerical_gradient(loss, x), rtol=1e-6, atol=1e-8)
        # n directions give the gradient; to n − 1 of them a gradient that differs looks the same.
        V = np.linalg.qr(rng.normal(size=(n, n)))[0]
        numbers = np.array([jacobian_vector_product(loss, x, v) for v in V])
        np.testing.assert_allclose(V.T @ numbers, whole, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(V[:-1] @ (whole + V[-1]), numbers[:-1], rtol=1e-6, atol=1e-8)


@claim("where the sizes differ, as N, p and q in the last row, only one order of the factors fits.")
def only_one_order_fits():
    sizes = {"U": (5, 3), "X": (5, 4), "W": (4, 3)}
    for pair, wanted in ((("U", "W"), sizes["X"]), (("X", "U"), sizes["W"])):
        fitting = []
        for names in (pair, pair[::-1]):
            for turned in itertools.product((False, True), repeat=2):
                left, right = (
                    sizes[n][::-1] if t else sizes[n] for n, t in zip(names, turned, strict=True)
                )
                if left[1] == right[0] and (left[0], right[1]) == wanted:
                    fitting.append((names, turned))
        assert len(fitting) == 1


# What breaks


@claim(
    "A central difference at the origin compares $f(sv)$ with $f(-sv)$, and for this function the "
    "two are equal: the check sees slope 0 in every direction and is content."
)
def content():
    v = experiments.heading(TURN)
    assert np.array_equal(diagonal_ridge(1e-3 * v), diagonal_ridge(-1e-3 * v))


@claim(
    "has a continuous gradient there, and its mixed second derivatives are −1 and 1, depending on "
    "which variable comes first."
)
def twisted():
    mixed = numerical_jacobian(twisted_saddle_gradient, np.zeros(2))
    assert mixed == pytest.approx(np.array([[0, -1], [1, 0]]))
    around = twisted_saddle_gradient(1e-6 * experiments.heading(TURN))
    assert np.abs(around).max() < 2e-6
    for point in (np.array([0.7, -0.4]), np.array([-1.2, 0.3])):
        numeric = numerical_gradient(twisted_saddle, point)
        np.testing.assert_allclose(twisted_saddle_gradient(point), numeric, rtol=1e-8)


@claim(
    "The product of $\\nabla f$ and $(3, 4)$ is five times the slope in that direction.",
)
def five_times():
    for g in ([4.0, -3.0], [0.3, 1.9]):
        assert np.array(g) @ [3, 4] == pytest.approx(5 * directional_derivative(g, [3, 4]))


@claim("on a bowl with κ = 100 the steepest way down can miss it by 78.6°")
def summary():
    assert worst_angle(100) == pytest.approx(78.6, abs=0.05)
    bowl = experiments.bowl(100)

    def off(degrees):
        return -bowl.angle_to_minimum(experiments.start_on_bowl(degrees))

    found = minimize_scalar(off, bounds=(1, 89), method="bounded")
    assert -found.fun == pytest.approx(78.6, abs=0.05)
    assert re.search("78.6°", figures.draw_bowl(kappa=100, degrees=30)[1])
