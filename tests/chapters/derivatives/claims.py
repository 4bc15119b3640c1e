"""What the chapter says and no cell prints, computed."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from helpers.chapters.derivatives import experiments, figures
from helpers.mathematics.functions import (
    bell,
    bell_slope,
    cubic,
    cubic_slope,
    logistic,
    squeezed_wave,
    weierstrass,
)
from helpers.mathematics.numdiff import (
    EPSILON,
    central_difference,
    complex_step,
    forward_difference,
    numerical_gradient,
)
from tests.truth import claim, regime

#: The steps that the slider of the step size has, and many between them.
SLIDER = 10.0 ** (np.arange(-32, 1) / 2)
MANY = np.logspace(-16, 0, 1601)


def gap(x, h):
    """Slope of the secant minus slope of the tangent, for x³/3 − x."""
    return forward_difference(cubic, x, h) - cubic_slope(x)


# The secant and the definition


@claim(
    "the secant's slope is 1.33, then 0.103, then 0.01, always positive. It goes to the tangent's "
    "slope, 0, and once $h$ is small, a tenth of the distance leaves about a tenth of the "
    "difference. These are questions 1 and 2."
)
def secant_at_one():
    slopes = forward_difference(cubic, 1.0, np.array([1.0, 0.1, 0.01]))
    np.testing.assert_allclose(slopes, [1.33, 0.103, 0.01], rtol=5e-3)
    assert np.all(forward_difference(cubic, 1.0, np.logspace(-5, 1, 61)) > 0)
    small = np.logspace(-4, -1, 31)
    assert np.all(np.abs(gap(1.0, small) / gap(1.0, small / 10) - 10) < 0.4)
    # Not so at a large h: that is why the sentence says "once h is small".
    assert gap(1.0, 1.5) / gap(1.0, 0.15) > 13


@claim(
    "the first secant has slope 2.25 where the curve is level; the second falls with slope −0.25 "
    "where the curve rises with slope 1.25. A secant knows only its two end points and nothing of "
    "the curve between them."
)
def misleading_secants():
    assert (forward_difference(cubic, 1.0, 1.5), cubic_slope(1.0)) == (2.25, 0)
    assert (forward_difference(cubic, -1.5, 1.5), cubic_slope(-1.5)) == (-0.25, 1.25)

    def other(x):  # another curve through the same two points
        return cubic(x) + 5 * (x - 1) * (x - 2.5)

    assert forward_difference(other, 1.0, 1.5) == forward_difference(cubic, 1.0, 1.5)


@claim(
    "the two slopes agree, by accident. They differ by $xh + h^2/3$, which is zero at $h = -3x$. "
    "That was question 3."
)
def accident():
    for x, h in ((-0.5, 1.5), (-0.25, 0.75)):
        assert abs(gap(x, h)) < 1e-15
        assert abs(gap(x, 0.9 * h)) > 0.01
        assert "have the same slope" in figures.say_secant(x, h)
    for x, h in ((0.3, 0.7), (-1.2, 0.4), (-0.9, 2.7)):
        np.testing.assert_allclose(gap(x, h), x * h + h**2 / 3, atol=1e-14)


@claim("You drive 1.5 km in one minute: your average speed is 90 km/h.", "to a tenth of a second")
def speed():
    assert Fraction("1.5") / Fraction(1, 60) == 90


@claim(
    "where $f$ rises, $f'$ lies above the axis; where $f$ falls, below it; and at $x = -1$ and "
    "$x = 1$, where $f$ is level, $f'$ crosses the axis. It is lowest at $x = 0$, where $f$ falls "
    "most steeply, with slope −1; there $f$ itself is neither highest nor lowest.",
    "Where $f$ is smooth, a search for a minimum inside an interval is therefore a search for a "
    "zero of $f'$ where $f'$ goes from negative to positive. (A zero alone is not enough: $x = -1$ "
    "is the top of a hill.)",
    "here $f'' = 2x$. It is negative where the curve bends down and positive where it bends up.",
)
def slopes_and_signs():
    x = np.linspace(-2, 2, 4001)
    f, slope = cubic(x), cubic_slope(x)
    rises = np.diff(f) > 0
    middle = (x[1:] + x[:-1]) / 2
    assert np.array_equal(rises, cubic_slope(middle) > 0)
    assert x[np.argmin(slope)] == pytest.approx(0, abs=1e-9)
    assert slope.min() == -1
    assert cubic(-0.1) > cubic(0.0) > cubic(0.1)
    # Not smooth, or not inside: the minimum of |x| and that of x on [0, 1] are no zeros of a slope.
    assert forward_difference(np.abs, 0.0, 0.1) == 1 == -forward_difference(np.abs, -0.1, 0.1)
    assert cubic_slope(1.0) == cubic_slope(-1.0) == 0
    assert cubic_slope(0.9) < 0 < cubic_slope(1.1)
    assert cubic_slope(-1.1) > 0 > cubic_slope(-0.9)
    assert cubic(1.0) < min(cubic(0.9), cubic(1.1))
    assert cubic(-1.0) > max(cubic(-0.9), cubic(-1.1))
    np.testing.assert_allclose(complex_step(cubic_slope, x), 2 * x, atol=1e-15)
    # Above its chord where it bends down, below it where it bends up.
    for at in (-1.5, -0.4, 0.4, 1.5):
        chord = (cubic(at - 0.3) + cubic(at + 0.3)) / 2
        assert (cubic(at) > chord) == (2 * at < 0)


# The chain rule


@claim(
    r"on the right, the squares move into the diamonds: $\Delta v/\Delta x$ goes to $v' = 1.5$, "
    r"$\Delta u/\Delta v$ to $u' = -0.41$, and $\Delta u/\Delta x$ to their product, −0.614. Where "
    r"$\Delta v$ is not 0, the two measured ratios multiply *exactly*, however large $\Delta x$ "
    r"is; the derivatives inherit it in the limit."
)
def stretches():
    chain = experiments.follow_chain(0.75, 0.01)
    np.testing.assert_allclose(chain.derivative, [1.5, -0.41, -0.614], rtol=2e-3)
    np.testing.assert_allclose(chain.stretch, chain.derivative, rtol=0.02)
    off = [
        np.abs(np.subtract(c.stretch, c.derivative)).max()
        for c in (experiments.follow_chain(0.75, step) for step in (0.5, 0.25, 0.1, 0.05, 0.01))
    ]
    assert off == sorted(off, reverse=True)
    for x in np.linspace(-1.2, 1.2, 9):
        for step in (0.01, 0.5, 20.0):
            inner, outer, whole = experiments.follow_chain(x, step).stretch
            np.testing.assert_allclose(inner * outer, whole, rtol=1e-12)
            measured = (bell(x + step) - bell(x)) / step
            np.testing.assert_allclose(whole, measured, rtol=1e-9)


@claim(
    "now both links turn the change round, and two turns make none: $u$ moves the way $x$ does.",
    "turns it round where its derivative is negative",
)
def two_turns():
    for step in (0.01, 0.05, 0.1, 0.25, 0.5):
        inner, outer, whole = experiments.follow_chain(-0.75, step).stretch
        assert inner < 0
        assert outer < 0
        assert whole > 0
        assert experiments.follow_chain(0.75, step).stretch[2] < 0


@claim(
    r"$v$ comes back to where it was, $\Delta v = 0$, and $\Delta u/\Delta v$ does not exist. A "
    "proof has to survive this."
)
def no_ratio():
    chain = experiments.follow_chain(-0.25, 0.5)
    assert chain.ends[1][0] == chain.ends[1][1]
    assert chain.ends[2][0] == chain.ends[2][1]
    assert chain.stretch == (0, None, 0)
    assert chain.derivative[2] == pytest.approx(0.443, abs=5e-4)
    assert "no ratio Δu/Δv" in figures.say_chain(-0.25, 0.5)
    assert "no ratio" not in figures.say_chain(-0.25, 0.25)


@claim("It turns any number into one between 0 and 1, which can be read as a probability.")
def between_zero_and_one():
    x = np.linspace(-30, 30, 601)
    assert np.all((logistic(x) > 0) & (logistic(x) < 1))
    assert np.all(np.diff(logistic(x)) > 0)


@claim(
    "give $z = 0$ and $a = 0.5$, so that the three rates are $-0.5$, $0.25$ and $2$, and the "
    "product is $-0.25$.",
    r"The slope promised a change of $-0.25 \cdot 0.1 = -0.025$; the loss changed by a little less",
)
def neuron_by_hand(notebook):
    assert logistic(0.5 * 2 - 1) == 0.5
    rates = (0.5 - 1, notebook["sigma_derivative"](0.0), 2.0)
    assert rates == (-0.5, 0.25, 2)
    assert np.prod(rates) == -0.25 == notebook["loss_derivative"](0.5)
    change = notebook["loss"](0.6) - notebook["loss"](0.5)
    assert -0.025 < change < -0.0225


@claim(
    "It computes the slope of the loss with respect to each weight, and changes nothing. Changing "
    "is the optimizer's business, and the same slope can be used in many ways: from $w = 0.5$ with "
    r"$\mathrm{d}L/\mathrm{d}w = -0.25$, gradient descent, which subtracts the learning rate times "
    "the slope, moves to 0.525 with the learning rate 0.1, and to 0.75 with the learning rate 1."
)
def the_optimizer_changes(notebook):
    w = np.array(0.5)
    slope = notebook["loss_derivative"](w)
    assert w == 0.5
    assert w - 0.1 * slope == pytest.approx(0.525)
    assert w - 1 * slope == pytest.approx(0.75)


# Continuity


def last_quotients(name):
    """The quotients at 0 at falling distances: right, left."""
    return experiments.quotients(experiments.GALLERY[name].f)[1:]


@claim(
    "On the right half of the second drawing $h$ is positive, on the left half negative; towards "
    "the middle it shrinks."
)
def halves():
    (_, slopes), _ = figures.draw_gallery(function="|x| (a kink)")
    (ax,) = slopes.axes
    places = [line for line in ax.lines if len(line.get_xdata()) > 20]
    for line in places:
        x, y = line.get_xdata(), line.get_ydata()
        assert np.all(np.sign(x) == y)  # |h|/h is the sign of h
        assert np.all(np.diff(np.abs(x)) < 0)  # and h falls from 1 to 10⁻⁵
    assert len(places) == 2


@claim(
    "A derivative exists where both halves settle on one and the same number. (Triangles at the "
    "edge mean that the quotients have left the drawing: they settle on none.)"
)
def both_halves():
    for name, specimen in experiments.GALLERY.items():
        right, left = last_quotients(name)
        settled = [abs(side[-1] - side[-6]) < 1e-3 for side in (right, left)]
        same = abs(right[-1] - left[-1]) < 1e-3
        assert (all(settled) and same) == (specimen.slope is not None), name
        (_, slopes), _ = figures.draw_gallery(function=name)
        marks = [line for line in slopes.axes[0].lines if line.get_marker() in "^v"]
        for side, values, rests in ((1, right, settled[0]), (-1, left, settled[1])):
            drawn = any(np.any(np.sign(mark.get_xdata()) == side) for mark in marks)
            far = np.abs(values) > 4.2
            assert drawn == far.any(), name
            if drawn:  # once out of the drawing they go on growing
                first = np.argmax(far)
                assert np.all(np.diff(np.abs(values[first:])) > 0), name
                assert not rests, name


@claim(
    "the quotients do settle, but on two different numbers. The one-sided derivatives exist, the "
    "derivative does not:"
)
def kink():
    right, left = last_quotients("|x| (a kink)")
    assert set(right) == {1}
    assert set(left) == {-1}


@claim(
    "both have quotients that grow without bound (triangles at the edge of the drawing), but the "
    "cube root is continuous: its graph becomes vertical."
)
def without_bound():
    for name in ("∛x (vertical at 0)", "sign of x (a jump)"):
        f = experiments.GALLERY[name].f
        h = np.logspace(-1, -200, 50)
        for side in (1, -1):
            quotients = (f(side * h) - f(0.0)) / (side * h)
            assert np.all(np.diff(quotients) > 0)
            assert quotients[-1] > 1e100
    assert np.cbrt(1e-200) < 1e-60
    assert np.sign(1e-200) == 1


@claim(
    "it jumps, and yet its quotients from the right are all 0. One side can look perfectly smooth; "
    "the quotients from the left give the jump away.",
    "which is 0 for $x < 0$ and 1 from $x = 0$ on.",
)
def one_sided_jump():
    f = experiments.GALLERY["Heaviside (a jump)"].f
    assert (f(-1e-300), f(0.0), f(1e-300)) == (0, 1, 1)
    right, left = last_quotients("Heaviside (a jump)")
    assert set(right) == {0}
    assert np.all(np.diff(left) > 0)
    assert left[-1] > 9e4


@claim(
    r"the quotients $h \sin(1/h)$ are squeezed between $-|h|$ and $|h|$, so the derivative exists "
    "and is 0, although the graph crosses the axis infinitely often on the way. By the rules, "
    r"$f'(x) = 2x\sin(1/x) - \cos(1/x)$ at $x \ne 0$, and the cosine swings between −1 and 1 "
    "however near 0 you are: $f'$ exists and is not continuous."
)
def squeezed():
    h = np.logspace(0, -9, 200)
    for side in (1, -1):
        quotients = squeezed_wave(side * h) / (side * h)
        assert np.all(np.abs(quotients) <= h)
    # Between neighbouring zeros 1/(kπ) the sign changes, for every k.
    k = np.arange(1, 3000)
    between = squeezed_wave(1 / ((k + 0.5) * np.pi))
    assert np.all(between[1:] * between[:-1] < 0)
    points = np.array([-0.7, -0.02, 0.013, 0.4])
    slopes = complex_step(lambda z: z**2 * np.sin(1 / z), points)
    rules = 2 * points * np.sin(1 / points) - np.cos(1 / points)
    np.testing.assert_allclose(slopes, rules, rtol=1e-10)
    # At the zeros themselves the slope is −cos(kπ), which is −1 and +1 in turn.
    slopes = complex_step(lambda z: z**2 * np.sin(1 / z), 1 / (k * np.pi))
    np.testing.assert_allclose(slopes, -((-1.0) ** k), atol=1e-6)


@claim(
    r"The figure shows $a = \tfrac12$, $b = 13$ and the first 12 waves.",
    r"A finite sum is smooth; at the distances shown, down to $13^{-5}$, this does not show yet.",
    "the quotients grow by a factor that comes near $ab$ each time the distance shrinks by $b$;",
    "a sum of ever faster and ever flatter waves",
)
def weierstrass_grows(notebook):
    x = np.linspace(-1, 1, 7)
    assert np.array_equal(weierstrass(x), weierstrass(x, a=0.5, b=13, terms=12))
    quotients = [notebook["weierstrass_quotient"](n) for n in range(1, 12)]
    factors = np.divide(quotients[1:], quotients[:-1])
    assert np.all(np.abs(factors - 6.5) < 0.1)
    assert np.all(np.abs(factors[2:] - 6.5) < 0.01)
    assert abs(quotients[7]) > 1e7
    # What the figure draws has the quotients of the whole series, as far as it goes.
    right = last_quotients("Weierstrass")[0]
    np.testing.assert_allclose(right[1:], quotients[:5], rtol=0.02)
    h = experiments.quotients(weierstrass)[0]
    assert h[-1] == pytest.approx(13.0**-5)
    # Far closer to 0 it does show: the sum of 12 waves is level there, with quotients that go to 0.
    near = [abs(forward_difference(weierstrass, 0.0, 13.0**-n)) for n in (11, 14, 15, 16)]
    assert near == sorted(near, reverse=True)
    assert near[-1] < 1e-2 * near[0]


@claim(
    "It is the other way round: a derivative implies continuity, so that a function has none where "
    "it jumps. The kink, the vertical tangent and Weierstrass's function are continuous and have "
    "none either; the last has none at any point.",
    "It is continuous everywhere and differentiable nowhere.",
)
def continuity_is_not_enough():
    for name, specimen in experiments.GALLERY.items():
        right, left = last_quotients(name)
        h = experiments.quotients(specimen.f)[0]
        steps = [np.abs(specimen.f(side * h) - specimen.f(0.0)) for side in (1, -1)]
        settled = abs(right[-1] - left[-1]) < 1e-3 and abs(right[-1] - right[-2]) < 1e-3
        assert settled == (specimen.slope is not None), name
        assert ("not continuous" in specimen.verdict) == (max(s[-1] for s in steps) > 0.5), name
        assert ("and differentiable" in specimen.verdict) == settled, name
    # Weierstrass at points not chosen: whatever the point, |quotients| over shrinking h exceed
    # every bound (his theorem); here they pass 1000 next to each of 25 points.
    k = np.arange(40)
    a, b = Fraction(1, 2), 13
    for numerator in range(1, 26):
        x = Fraction(numerator, 29)

        def value(t):
            turns = [float(b ** int(i) * t % 2) for i in k]
            return float(np.sum(float(a) ** k * np.cos(np.pi * np.array(turns))))

        h = [Fraction(1, b**n) for n in (4, 5, 6)]
        assert max(abs((value(x + d) - value(x)) / float(d)) for d in h) > 1000


@claim("such as 0 or 1.", "There a program has to pick a number by itself")
def relu_has_two_slopes():
    def relu(x):
        return np.maximum(0.0, x)

    h = np.logspace(0, -12, 13)
    assert set((relu(h) - relu(0.0)) / h) == {1}
    assert set((relu(-h) - relu(0.0)) / -h) == {0}


# The tangent


@claim(
    "the error falls from 0.718 to 0.149 to 0.034, by factors of 4.8 and 4.4, and comes nearer to "
    r"the dashed line $\tfrac12\Delta x^2$.",
    "where $f''(x)$ is not zero, half a small distance leaves about a quarter of it.",
)
def second_order():
    def error(step):
        return np.exp(step) - 1 - step

    errors = [error(step) for step in (1, 0.5, 0.25)]
    np.testing.assert_allclose(errors, [0.718, 0.149, 0.034], atol=5e-4)
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), [4.8, 4.4], atol=0.06)
    to_line = [error(step) / (step**2 / 2) for step in (1, 0.5, 0.25)]
    assert to_line == sorted(to_line, reverse=True)
    assert to_line[-1] < 1.1
    for step in (0.01, -0.01):
        assert error(step) / error(step / 2) == pytest.approx(4, abs=0.02)
    # With f″ = 0, as sin has at 0, it is an eighth.
    assert (np.sin(0.01) - 0.01) / (np.sin(0.005) - 0.005) == pytest.approx(8, abs=0.01)


@claim(
    "the tangent predicts −1 for a function that is never negative. A slope says what happens "
    '*near* a point, and "near" is a matter of the second derivative.'
)
def tangent_far_away():
    def reach(f):
        """How far to the right the tangent 1 + Δx is off by less than 0.01."""
        return brentq(lambda d: abs(f(d) - (1 + d)) - 0.01, 1e-6, 1.0)

    assert 1 + -2 == -1
    assert np.exp(-2) > 0
    assert "the tangent says −1," in figures.draw_tangent_error(step=-2.0)[1]

    # The same value and slope at 0, and a second derivative of 100 instead of 1.
    def bent(x):
        return np.sqrt(1 + 100 * x**2) + x

    second = (bent(1e-4) - 2 * bent(0.0) + bent(-1e-4)) / 1e-8
    assert (bent(0.0), complex_step(bent, 0.0)) == pytest.approx((1, 1))
    assert second == pytest.approx(100, rel=1e-3)
    assert reach(np.exp) == pytest.approx(0.138, abs=1e-3)
    assert reach(np.exp) / reach(bent) == pytest.approx(10, rel=0.05)


@claim(
    "Gradient descent believes the first two terms, and falls only as long as the third does not "
    "outweigh the second."
)
def descent_and_the_third_term():
    """On ½ M x² and on eˣ − 2x, from both sides of the minimum."""
    for f, slope, x in (
        (lambda x: 1.5 * x**2, lambda x: 3 * x, 0.8),
        (lambda x: np.exp(x) - 2 * x, lambda x: np.exp(x) - 2, 1.4),
        (lambda x: np.exp(x) - 2 * x, lambda x: np.exp(x) - 2, -0.6),
    ):
        fell = []
        for rate in np.linspace(0.01, 3, 300):
            second = -rate * slope(x) ** 2
            third = f(x - rate * slope(x)) - f(x) - second
            fell.append(f(x - rate * slope(x)) < f(x))
            assert fell[-1] == (third < -second)
        assert 0 < sum(fell) < len(fell)
    # On the parabola with curvature M = 3 the shares of the second term that the third one is.
    for rate, share in ((1 / 3, 0.5), (1.9 / 3, 0.95), (2.1 / 3, 1.05)):
        step = -rate * 3 * 0.8
        third = 1.5 * (0.8 + step) ** 2 - 1.5 * 0.8**2 - 3 * 0.8 * step
        assert third / -(3 * 0.8 * step) == pytest.approx(share)


@claim(
    "It raises it by 2 only to first order. With slope 2 at the start, a step of +1 from "
    r"$\theta = 0$ changes $e^{2\theta}$ by 6.39, $2\sin\theta$ by 1.68 and "
    r"$2\theta - 10\theta^2$ by −8."
)
def slope_two(notebook):
    for f, change in zip(notebook["functions"].values(), (6.39, 1.68, -8), strict=True):
        assert complex_step(f, 0.0) == pytest.approx(2, abs=1e-12)
        assert f(1.0) - f(0.0) == pytest.approx(change, abs=5e-3)
        assert (f(1e-4) - f(0.0)) / 1e-4 == pytest.approx(2, abs=2e-3)


# The computer


@claim(
    "numbers in a computer, as NumPy keeps them, have about 16 digits.",
    "When $f(x+h)$ and $f(x)$ agree in the first 12 of them, their difference has 4 digits left",
    r"with $\varepsilon \approx 2.2 \cdot 10^{-16}$",
)
def digits():
    assert pytest.approx(2.2e-16, rel=0.01) == EPSILON
    assert -np.log10(EPSILON) == pytest.approx(16, abs=0.4)
    changes = np.linspace(1.01e-12, 1.2e-12, 500)
    off = np.abs((1.0 + changes - 1.0) / changes - 1)
    assert 3.9 < -np.log10(off.max()) < 5


@claim(
    "the error of the forward difference falls along a straight line of slope 1, that of the "
    "central one along a line of slope 2: a tenth of the step, a tenth and a hundredth of the "
    "error. That is truncation. Then the lines break up and climb again, below the grey lines "
    "{eq}`eq-derivatives-two-errors`. That is rounding."
)
def two_branches():
    straight = 10.0 ** np.arange(-6, 0)
    errors = experiments.step_errors(straight)
    forward, central = np.abs(errors["forward"].total), np.abs(errors["central"].total)
    np.testing.assert_allclose(forward[1:] / forward[:-1], 10, rtol=0.2)
    np.testing.assert_allclose(central[3:] / central[2:-1], 100, rtol=0.02)
    assert np.all(np.abs(errors["forward"].rounding) < 0.01 * forward)
    small = MANY[MANY < 1e-9]
    errors, expected = experiments.step_errors(small), experiments.expected_errors(small)
    for name in ("forward", "central"):
        total = np.abs(errors[name].total)
        assert np.all(total <= expected[name])
        assert np.mean(np.abs(errors[name].rounding)) > 0.99 * np.mean(total)
        # On average over a hundred steps they climb as the distance shrinks.
        means = [np.mean(part) for part in np.array_split(total, 7)]
        assert means == sorted(means, reverse=True)


def largest_within_reach(name, h):
    """The display's bound, with the largest |f|, |f″| and |f‴| between the points used."""
    x = experiments.POINT
    t = np.linspace(x if name == "forward" else x - h, x + h, 401)
    f = np.max(bell(t))
    if name == "forward":
        second = np.max(np.abs(6 * t**2 - 2) / (1 + t**2) ** 3)
        return h * second / 2 + 2 * EPSILON * f / h
    third = np.max(np.abs(24 * t * (1 - t**2)) / (1 + t**2) ** 4)
    return h**2 * third / 6 + EPSILON * f / h


@claim(
    "the two errors together are at most",
    "with the largest values of $|f|$, $|f''|$ and $|f'''|$ within reach.",
    "(The grey lines take $|f|$, $|f''|$ and $|f'''|$ at $x$ itself. At a large $h$ larger values "
    "lie within reach, and the error lies above its line, by up to about a half.)",
)
def at_most():
    above = []
    for h in np.concatenate([SLIDER, MANY]):
        errors, line = experiments.step_errors(h), experiments.expected_errors(h)
        for name in ("forward", "central"):
            total = abs(float(errors[name].total))
            assert total <= largest_within_reach(name, h), (name, h)
            above.append(total / line[name])
            assert above[-1] <= (1.6 if h > 0.01 else 1.03), (name, h)
    assert 1.45 < max(above) < 1.6


@claim(
    r"leave out the factors 2 and $\sqrt[3]{3}$, as one does when they are not known.",
)
def the_marks_leave_out_factors():
    least = minimize_scalar(lambda t: np.log(np.exp(t) / 2 + 2 * EPSILON / np.exp(t)), (-20, -10))
    assert np.exp(least.x) == pytest.approx(2 * 1.5e-8, rel=0.02)
    least = minimize_scalar(lambda t: np.log(np.exp(2 * t) / 6 + EPSILON / np.exp(t)), (-20, -5))
    assert np.exp(least.x) == pytest.approx(np.cbrt(3) * 6.1e-6, rel=0.02)


@claim("(An error of exactly 0 is drawn at the lower edge.)")
def exact_zeros():
    zeros = [h for h in SLIDER if experiments.step_errors(h)["complex step"].total == 0]
    assert zeros
    for h in zeros:
        figure, _ = figures.draw_step_size(h=h)
        (ax,) = figure.axes
        (drawn,) = (line for line in ax.lines if line.get_marker() == "D")
        assert drawn.get_ydata()[0] == ax.get_ylim()[0]


@claim(
    r"$\sqrt\varepsilon$ is about the best step for the forward difference, and "
    r"$\sqrt[3]{\varepsilon}$, which is some 400 times larger, for the central one."
)
def rules_of_thumb():
    assert np.cbrt(EPSILON) / np.sqrt(EPSILON) == pytest.approx(400, rel=0.03)
    for name, thumb in (("forward", np.sqrt(EPSILON)), ("central", np.cbrt(EPSILON))):
        least = experiments.expected_errors(MANY)[name].min()
        assert experiments.expected_errors(thumb)[name] < 2 * least
        errors = np.abs(experiments.step_errors(MANY)[name].total)
        typical = [
            np.exp(np.mean(np.log(errors[(near < MANY) & (far > MANY) & (errors > 0)])))
            for near, far in ((thumb * s / 3, thumb * s * 3) for s in (0.01, 0.1, 1, 10, 100))
        ]
        assert np.argmin(typical) == 2, (name, typical)


@claim(
    r"In the figure the formulas give $4.6 \cdot 10^{-8}$ and $6.4 \cdot 10^{-6}$.",
    "At these steps, this is what is left of the 16 digits:",
    "in the figure, a forward difference at its best step keeps about 8 of 16 digits, a central "
    "one about 10, and the complex step nearly all.",
    "Where $|f|$ is large against $|f'|$, the two differences tend to keep fewer: about 6 and "
    "8 with 1000 added to this $f$.",
)
def digits_left():
    f, second, third = experiments.SIZES
    best = {
        "forward": 2 * np.sqrt(EPSILON * f / second),
        "central": np.cbrt(3 * EPSILON * f / third),
    }
    assert best["forward"] == pytest.approx(4.6e-8, rel=0.01)
    assert best["central"] == pytest.approx(6.4e-6, rel=0.01)
    size = abs(bell_slope(experiments.POINT))
    for name, kept in (("forward", 8), ("central", 10)):
        assert -np.log10(experiments.expected_errors(best[name])[name] / size) == pytest.approx(
            kept, abs=0.5
        )

    # With 1000 added, by the bound and by measurement.
    def lifted(x):
        return 1000 + bell(x)

    for scheme, h, kept in (
        (forward_difference, 2 * np.sqrt(EPSILON * (1000 + f) / second), 6),
        (central_difference, np.cbrt(3 * EPSILON * (1000 + f) / third), 8),
    ):
        bound = {
            6: h * second / 2 + 2 * EPSILON * (1000 + f) / h,
            8: h**2 * third / 6 + EPSILON * (1000 + f) / h,
        }[kept]
        assert -np.log10(bound / size) == pytest.approx(kept, abs=0.5)
        near = h * np.logspace(-0.3, 0.3, 301)
        off = np.abs(scheme(lifted, experiments.POINT, near) - bell_slope(experiments.POINT))
        assert -np.log10(off.max() / size) == pytest.approx(kept, abs=0.5)
    # Only "tend to": a central difference of 1 + x² has no truncation error, and keeps more.
    off = abs(central_difference(lambda x: 1 + x**2, 1e-3, 0.5) - 2e-3)
    assert off / 2e-3 < 1e-12
    # Sizes by the formulas are those that the complex step and differences of it give.
    assert f == bell(experiments.POINT)
    slope = numerical_gradient(lambda x: float(complex_step(bell, x)), experiments.POINT)
    assert abs(float(slope)) == pytest.approx(second, rel=1e-8)
    h = 1e-3
    curve = np.array([complex_step(bell, experiments.POINT + d) for d in (-h, 0, h)])
    assert abs(curve @ [1, -2, 1]) / h**2 == pytest.approx(third, rel=1e-4)
    for h in (1e-20, 1e-100, 1e-12):
        error = abs(float(experiments.step_errors(h)["complex step"].total))
        assert error < 5e-16


@claim(
    "now $x + h$ is $x$ itself or its neighbour, and the two differences are off by three quarters "
    "of the slope. The complex step does not mind: it subtracts no two nearly equal values, so "
    "nothing cancels.",
    "Its price is that $f$ must be analytic, and computed by analytic operations. "
    "The next section shows what happens otherwise.",
)
def no_digit_left():
    x, h = experiments.POINT, 1e-16
    assert x + h in (x, np.nextafter(x, 1))
    assert x - h in (x, np.nextafter(x, 0))
    errors = experiments.step_errors(h)
    slope = abs(bell_slope(x))
    for name in ("forward", "central"):
        assert abs(errors[name].total) / slope == pytest.approx(0.75, abs=0.02)
    assert abs(errors["complex step"].total) < 5e-16


@claim(
    r"$1 + 10^{-17}$ is 1 in floating point.",
    "At the kink of $|x|$ the central difference is 0 for every $h$",
    "A one-sided quotient gives ±1.",
    "the complex step says 0, and nobody warns you. Comparisons are a matter of the tool. "
    "Python's `z > 0` stops with a `TypeError` for a complex number. `np.maximum(z, 0)` compares "
    "real parts, and imaginary parts where those are equal: beside the kink it gives the right 0 "
    "and 1, and at the kink, where there is no derivative, a silent 1.",
    r"`abs` returns the length $\sqrt{p^2 + q^2}$, a real number: there is no imaginary part left "
    "to read the slope from. That the helper notices, and says so instead of returning 0.",
)
def fooled(notebook):
    assert 1 + 1e-17 == 1
    h = np.logspace(-300, 3, 50)
    assert np.all(central_difference(np.abs, 0.0, h) == 0)
    assert np.all(forward_difference(np.abs, 0.0, h) == 1)
    square = notebook["dishonest_square"]
    for x in (1.0, -2.5, 0.3):
        assert square(x) == pytest.approx(x**2)
        assert complex_step(square, x) == 0
    assert central_difference(lambda x: np.real(square(x)), 1.0, 1e-5) == pytest.approx(2)
    assert np.maximum(0.5 - 1j, 0) == 0.5 - 1j
    assert np.maximum(-0.5 + 1j, 0) == 0
    assert np.maximum(0 + 1j, 0) == 1j
    assert np.maximum(0 - 1j, 0) == 0
    for f in (lambda z: z if z > 0 else 0 * z, lambda z: max(z, 0)):
        for x in (-0.5, 0.0, 0.5):
            with pytest.raises(TypeError, match="'>' not supported"):
                complex_step(f, x)
    for x, slope in ((-0.5, 0), (-1e-9, 0), (0.0, 1), (1e-9, 1), (0.5, 1)):
        assert complex_step(lambda z: np.maximum(z, 0), x) == slope
    for z in (1 + 1j, -0.3 + 2j, 3 - 4j):
        assert not np.iscomplexobj(np.abs(z))
        assert np.abs(z) == abs(z) == pytest.approx(np.sqrt(z.real**2 + z.imag**2))
    with pytest.raises(ValueError, match="imaginary part"):
        complex_step(np.abs, 1.0)


@claim(
    r"compares with a difference formula of four values, whose error shrinks like $h^4$, at "
    r"$h = \sqrt[5]{\varepsilon}$, about $7 \cdot 10^{-4}$, times the size of the "
    "parameters where that is above 1.",
    "Each of its random directions involves every coordinate: a wrong one shows unless its error "
    "is below about a millionth of the whole gradient, or drowns in the rounding of $f$.",
)
def how_gradients_are_checked(seeds):
    from helpers.mathematics.numdiff import GradientMismatch, check_gradient

    assert pytest.approx(7e-4, rel=0.06) == EPSILON**0.2
    for size in (0.3, 40.0):
        seen = []

        def f(x, seen=seen):
            seen.append(float(x))
            return x**2

        check_gradient(f, lambda x: 2 * x, size, rng=np.random.default_rng(5), directions=1)
        h = EPSILON**0.2 * max(1, size)
        np.testing.assert_allclose(sorted(seen), size + h * np.array([-2, -1, 1, 2]))
    h = EPSILON**0.2

    def error(step):  # of the formula of four values, for sin at 0.5
        near, far = (np.sin(0.5 + step * d) - np.sin(0.5 - step * d) for d in (1, 2))
        return abs((8 * near - far) / (12 * step) - np.cos(0.5))

    assert error(0.1) / error(0.05) == pytest.approx(16, rel=0.02)

    def caught(weights, wrong, seed, lift=0.0):
        try:
            check_gradient(
                lambda x: lift + np.sum(weights * np.sin(x)),
                lambda x: wrong * np.cos(x),
                np.zeros(weights.size),
                rng=np.random.default_rng(seed),
            )
        except GradientMismatch:
            return True
        return False

    # One coordinate is off, by so much of the whole gradient.
    shares = {share: [] for share in (1e-7, 1e-5)}
    for seed in seeds:
        for size in (3, 30, 300):
            weights = np.random.default_rng(seed).normal(size=size)
            for share, found in shares.items():
                wrong = weights.copy()
                wrong[seed % size] += share * np.linalg.norm(weights)
                found.append(caught(weights, wrong, seed + 1))
                # 10¹⁰ added to f: four differences of such values are off by far more.
                assert not caught(weights, wrong, seed + 1, lift=1e10)
    assert all(shares[1e-5])
    assert not any(shares[1e-7])
    # Even a small entry that is twice too large: what counts is its share of the whole.
    for entry in (1e-7, 1e-4):
        weights = np.array([entry, 1.0, 1.0])
        found = [caught(weights, weights * [2, 1, 1], seed) for seed in seeds]
        assert found == [entry == 1e-4] * len(seeds)


@claim(
    "Then $x$ is 1000 times as large, and for the same prediction $w$ a thousandth of what it was.",
    "The derivative by the *feature* is 1000 times smaller in millimetres; the one by the "
    "*weight*, which a learning rate meets, is 1000 times larger, and the second derivative "
    "by the weight, its curvature, $10^6$ times.",
    "One and the same learning rate of 0.1 hardly moves the prediction in metres, from 3 to 3.005 "
    "kg towards 4.2, and throws it to 4803 kg in millimetres.",
)
def scale_of_inputs(notebook):
    assert 15.0 * 0.2 == pytest.approx(0.015 * 200.0) == pytest.approx(3)
    in_m = np.array(notebook["derivatives"](x=0.2, w=15.0))
    in_mm = np.array(notebook["derivatives"](x=200.0, w=0.015))
    np.testing.assert_allclose(in_mm / in_m, [1e-3, 1e3, 1e6])
    assert (15.0 - 0.1 * in_m[1]) * 0.2 == pytest.approx(3.005, abs=5e-4)
    assert (0.015 - 0.1 * in_mm[1]) * 200 == pytest.approx(4803, abs=0.5)


# What the readings call by name


@regime("truncation", "rounding", "truncation and rounding", "over a tenth of the slope")
def causes_of_the_error():
    """An error is given one cause where one part is three times the other, and both otherwise."""
    slope = abs(bell_slope(experiments.POINT))
    for h in SLIDER:
        said = figures.say_step_size(h).rstrip(".").partition(": ")[2].split("; ")
        errors = experiments.step_errors(h)
        for (name, error), words in zip(errors.items(), said, strict=True):
            assert words.startswith(f"{name} error")
            total, truncation, rounding = np.abs(error)
            assert ("(over a tenth of the slope)" in words) == (total > 0.1 * slope)
            if total < 1e-14:
                assert words.endswith("below 10⁻¹⁴")
            elif words.endswith("by truncation and rounding"):
                assert 1 / 3 <= truncation / rounding <= 3
            elif words.endswith("by truncation"):
                assert truncation > 3 * rounding
            else:
                assert words.endswith("by rounding")
                assert rounding > 3 * truncation
    # The three steps at which an earlier sentence was wrong: rounding is all there is.
    for h in (10**-14.5, 10**-11.5, 1e-11):
        assert figures.say_step_size(h).count("by rounding") == 2


@regime("jump")
def jumps():
    """The two functions that are said to jump do, and the others do not."""
    for name, specimen in experiments.GALLERY.items():
        gap = max(abs(specimen.f(side * 1e-12) - specimen.f(0.0)) for side in (1, -1))
        assert (gap > 0.5) == ("jump" in name), name


@regime("rises here", "falls here", "is level", "stops rising", "stops falling")
def rising_and_falling():
    """At each x of the slider, against the values of f a little to both sides."""
    for x in np.arange(-2, 2.01, 0.125):
        reading = figures.say_slope(float(x))
        before, here, after = cubic(x - 1e-4), cubic(x), cubic(x + 1e-4)
        assert ("rises here" in reading) == (before < here < after), x
        assert ("falls here" in reading) == (before > here > after), x
        assert ("stops rising" in reading) == (before < here > after), x
        assert ("stops falling" in reading) == (before > here < after), x
        assert ("is level" in reading) == (abs(x) == 1)


@regime("comes back to where it was", "have the same slope")
def coincidences():
    """At each state of the two figures, in exact fractions."""
    for x in np.arange(-1.25, 1.26, 0.25):
        for step in ("0.01", "0.05", "0.1", "0.25", "0.5"):
            exact = Fraction(float(x)) ** 2 == (Fraction(float(x)) + Fraction(step)) ** 2
            reading = figures.say_chain(float(x), float(step))
            assert ("comes back to where it was" in reading) == exact, (x, step)
    for x in np.arange(-1.5, 1.51, 0.25):
        for h in ("0.01", "0.03", "0.1", "0.3", "0.75", "1.0", "1.5"):
            exact = Fraction(float(x)) + Fraction(h) / 3 == 0
            reading = figures.say_secant(float(x), float(h))
            assert ("have the same slope" in reading) == exact, (x, h)
