"""What the chapter on loss functions says and no cell prints, computed."""

from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import expon, laplace, norm

from helpers.chapters.loss_functions import experiments, figures
from helpers.data.penguins import load_penguins
from helpers.exercises import exercises
from helpers.mathematics import losses
from helpers.mathematics.activations import softmax
from helpers.mathematics.functions import logistic
from helpers.mathematics.numdiff import central_difference
from tests.truth import claim, regime

MASSES = np.arange(0, 10.01, 0.5)


def slopes(mass, bird):
    """Slopes w of the squared, the absolute and Huber's line."""
    return np.array([line[0] for line in experiments.lines_with(mass, bird)])


# The opening figure


@claim(
    "the slope of the squared loss falls by the same amount each time, from 0.433 to 0.308, 0.183 "
    "and 0.058 kg per centimetre. The two others stand still at 0.386 and 0.412. They notice on "
    "which side of the line the point lies, Huber's also that it is more than half a kilogram "
    "away; neither asks how far.",
    "The mistyped mass grows from 8 kg to 10 kg. Which lines turn further",
)
def shortest_flipper():
    table = np.array([slopes(m, "shortest flipper") for m in (4.0, 6.0, 8.0, 10.0)])
    np.testing.assert_allclose(table[:, 0], [0.433, 0.308, 0.183, 0.058], atol=5e-4)
    np.testing.assert_allclose(np.diff(table[:, 0], 2), 0, atol=1e-12)
    np.testing.assert_allclose(table[:, 1], 0.386, atol=5e-4)
    np.testing.assert_allclose(table[:, 2], 0.412, atol=5e-4)
    for mass in (4.5, 10.0, 1e3, 1e6):
        far = slopes(mass, "shortest flipper")
        np.testing.assert_allclose(far[1:], table[-1, 1:], rtol=1e-7)
    x, _ = experiments.few_birds()
    for mass in (4.0, 6.0, 8.0, 10.0):
        lines = experiments.lines_with(mass, "shortest flipper")
        for w, b in (lines.absolute, lines.huber):
            assert mass - w * x[0] - b > 0.5
    (first,) = [e for n, e in exercises("loss-functions").items() if n.endswith("predict-1")]
    assert first.answer == "squared"
    assert np.array_equal(np.abs(table[3] - table[2]) > 1e-7, [True, False, False])


@claim(
    "a small mistake on the other side. **See:** now the squared loss turns least: from 0.439 to "
    "0.526, the absolute from 0.386 to 0.556, Huber's from 0.417 to 0.547. A bounded pull limits "
    "how far a line turns; it does not promise that a small mistake turns it less."
)
def small_mistake():
    x, y = experiments.few_birds()
    assert y[0] == 3.9
    before = np.array([line[0] for line in experiments.lines_through(x, y)])
    after = slopes(2.5, "shortest flipper")
    np.testing.assert_allclose(before, [0.439, 0.386, 0.417], atol=5e-4)
    np.testing.assert_allclose(after, [0.526, 0.556, 0.547], atol=5e-4)
    turned = np.abs(after - before)
    assert turned[0] < turned[2] < turned[1]
    # "Small": 1.4 kg, where the first row of links ends at 6.1 kg. "Limits": at a million kg too.
    assert 3.9 - 2.5 < (10 - 3.9) / 4
    for mass in (-1e6, -1e3, 0.0, 1e3, 1e6):
        far = np.abs(slopes(mass, "shortest flipper") - before)
        assert max(far[1:]) < 0.2 < far[0]


@claim(
    "the line of the squared loss turns little, from 0.439 to 0.355, and rises as a whole instead: "
    "at the mean flipper by 0.39 kg, the 6.7 kg of the mistake shared among 17 birds."
)
def middle_flipper():
    x, y = experiments.few_birds()
    before, after = experiments.lines_through(x, y), experiments.lines_with(10.0, "middle flipper")
    assert (round(before.squared[0], 3), round(after.squared[0], 3)) == (0.439, 0.355)
    heights = [w * x.mean() + b for w, b in (before.squared, after.squared)]
    assert len(x) == 17
    assert y[8] == 3.3
    assert heights[1] - heights[0] == pytest.approx(6.7 / 17)
    assert round(6.7 / 17, 2) == 0.39
    # It rises more than it turns: at either end, turning changes its height by less.
    turn = np.abs((after.squared[0] - before.squared[0]) * (x[[0, -1]] - x.mean()))
    assert turn.max() < 0.6 * (heights[1] - heights[0])
    (second,) = [e for n, e in exercises("loss-functions").items() if n.endswith("predict-2")]
    assert second.answer == "rises"
    # "Little": the same mistake of 6.7 kg at either end turns it more than three times as far.
    for end in (0, 16):
        moved = y.copy()
        moved[end] += 6.7
        turned = losses.squared_line(x, moved)[0] - before.squared[0]
        assert abs(turned) > 3 * abs(after.squared[0] - before.squared[0])


@claim(
    "the slope of the squared loss runs from 0.119 to 0.729, that of the absolute loss only from "
    "0.38 to 0.453, and of Huber's from 0.382 to 0.481. Question 3 is answered under",
)
def longest_flipper():
    table = np.array([slopes(float(m), "longest flipper") for m in MASSES])
    np.testing.assert_allclose(table[0], [0.119, 0.38, 0.382], atol=5e-4)
    np.testing.assert_allclose(table[-1], [0.729, 0.453, 0.481], atol=5e-4)
    assert np.all(np.diff(table, axis=0) > -1e-9)


@claim(
    "(Faint: the line of the squared loss without the mistake. The two others lay within 0.2 kg of "
    "it.)"
)
def lines_without_the_mistake():
    squared, *others = experiments.lines_through(*experiments.few_birds())
    ends = np.array([17.4, 22.9])
    for w, b in others:  # straight, so that the ends of the picture are enough
        assert np.abs(w * ends + b - squared[0] * ends - squared[1]).max() < 0.2
    (points, _), _ = figures.draw_outlier(mass=8.0, bird="shortest flipper")
    (faint,) = [line for line in points.axes[0].lines if line.get_alpha()]
    np.testing.assert_allclose(faint.get_ydata(), squared[0] * ends + squared[1])


@claim("Three lines are fitted to the same points. They differ in one thing only, the **loss**")
def one_thing_only():
    """Each line has the least total of its own loss, over the same points, of all lines."""
    totals = {
        "squared": losses.squared,
        "absolute": losses.absolute,
        "huber": lambda r: losses.huber(r, delta=experiments.DELTA),
    }
    for bird in experiments.BIRDS:
        for mass in (0.0, 2.5, 8.0, 10.0):
            x, y = experiments.mistyped(mass, bird)
            lines = experiments.lines_with(mass, bird)
            for name, total in totals.items():
                (w, b) = getattr(lines, name)
                least = total(y - w * x - b).sum()
                others = [line for line in lines if line != (w, b)]
                for turn in (-0.01, 0.0, 0.01):  # the sums are convex: a small way will do
                    # About 20 cm, near the mean: such a line can be compared at once.
                    others += [
                        (w + turn, b - 20 * turn + lift) for lift in np.linspace(-0.02, 0.02, 9)
                    ]
                for slope, start in others:
                    assert total(y - slope * x - start).sum() >= least - 1e-9


@claim(
    "Seventeen penguins were measured",
    "The seventeen birds were every twentieth of 342 penguins of three species. Now take all 342.",
    "the other 322 are",
)
def how_many_birds():
    birds = load_penguins()
    assert len(set(birds.species)) == 3
    every = np.column_stack([birds.flipper_length_mm / 10, birds.body_mass_g / 1000])[10::20]
    assert sorted(map(tuple, every)) == sorted(zip(*experiments.few_birds(), strict=True))
    x, _ = experiments.few_birds()
    assert len(x) == 17
    assert len(load_penguins().species) == 342
    found = experiments.fits(1)
    assert (len(found.x), len(found.others[0])) == (20, 322)


# What a loss is


@claim(
    "the value of the loss takes no part. Add 100 to a loss: its value is another, its gradient "
    "is the same, and so is every step of a rule that uses the gradient alone.",
)
def constant_in_a_loss():
    x, y = experiments.few_birds()

    def descend(constant, step):
        def loss(t):
            return np.mean(losses.squared(y - t * x)) + constant

        w, path = 0.0, []
        for _ in range(5):
            slope = float(central_difference(loss, w, 1e-2))
            w -= step(slope, loss(w))
            path.append(w)
        return path

    def plain(slope, value):
        return 1e-3 * slope

    def by_sign(slope, value):
        return 0.02 * np.sign(slope)

    def polyak(slope, value):  # uses the value too, less the least one, taken as 0
        return value / slope

    for rule in (plain, by_sign):
        np.testing.assert_allclose(descend(0.0, rule), descend(100.0, rule), rtol=1e-9)
    assert abs(descend(100.0, polyak)[0] / descend(0.0, polyak)[0]) > 10


@claim("And the gradient adjusts nothing either: an optimizer takes it and changes the weights.")
def gradients_change_nothing():
    """One gradient, and three rules that take it: three different weights."""
    x, y = experiments.few_birds()
    weights = np.array([0.1, 0.5])
    kept = weights.copy()
    features = np.column_stack([x, np.ones(x.shape)])
    residual = y - features @ weights
    gradient = -features.T @ losses.squared_vjp(np.full(17, 1 / 17), residual)
    assert np.array_equal(weights, kept)
    after = [
        weights - 1e-3 * gradient,
        weights - 1e-3 * np.sign(gradient),
        weights - 1e-3 * gradient / np.linalg.norm(gradient),
    ]
    for i, one in enumerate(after):
        assert np.abs(one - kept).min() > 1e-6
        for other in after[:i]:
            assert np.abs(one - other).max() > 1e-4


@claim("A new loss changes the first and leaves the model alone.")
def two_factors():
    """The chain rule for three losses of one model, a sine: the second factor is computed once."""
    x, y = experiments.few_birds()
    theta = 0.7

    def model(t):
        return 3 + np.sin(t * x)

    of_the_model = central_difference(lambda t: np.sin(t * x), theta, 1e-5)
    seen = []
    for loss, vjp, more in (
        (losses.squared, losses.squared_vjp, {}),
        (losses.absolute, losses.absolute_vjp, {}),
        (losses.huber, losses.huber_vjp, {"delta": 0.5}),
    ):
        of_the_loss = -vjp(np.ones(17), y - model(theta), **more)
        whole = central_difference(
            lambda t, loss=loss, more=more: np.mean(loss(y - model(t), **more)), theta, 1e-5
        )
        assert whole == pytest.approx(np.mean(of_the_loss * of_the_model), rel=1e-6)
        for before in seen:
            assert np.abs(before - of_the_loss).max() > 0.1
        seen.append(of_the_loss)


@claim(
    "it says from which size on a miss pulls no harder. In the opening figure it is 0.5 kg, about "
    "the typical size of a residual without the mistake, 0.48 kg in root mean square."
)
def bound_in_the_opening_figure():
    x, y = experiments.few_birds()
    w, b = experiments.lines_through(x, y).squared
    assert experiments.DELTA == 0.5
    pulls = losses.huber_vjp(np.ones(5), np.array([0.4, 0.499, 0.5, 0.501, 7.0]), delta=0.5)
    assert np.array_equal(pulls, [0.4, 0.499, 0.5, 0.5, 0.5])
    assert round(float(np.sqrt(np.mean((y - w * x - b) ** 2))), 2) == 0.48


@claim(
    "squared for small residuals, straight for large ones, without a kink or jump where the two "
    "meet.",
    "$\\delta$ itself, until at $\\delta = 3$ the residual lies within the bound, and Huber's loss "
    "is the squared one, 4.5 with slope 3.",
)
def huber_in_the_figure():
    for delta in (0.25, 0.5, 1.0, 1.5, 2.0, 3.0):
        assert losses.huber_vjp(1.0, 3.0, delta=delta) == delta
        near = np.array([delta * (1 - 1e-9), delta * (1 + 1e-9)])
        assert np.ptp(losses.huber(near, delta=delta)) < 1e-7
        assert np.ptp(losses.huber_vjp(np.ones(2), near, delta=delta)) < 1e-7
    assert losses.huber(3.0, delta=3.0) == losses.squared(3.0) == 4.5
    assert losses.huber(3.0, delta=2.0) < 4.5


@claim(
    "the slope of the squared loss is a straight line without end, that of the absolute loss jumps "
    "from −1 to 1, and Huber's goes over from one to the other without a jump.",
    "all three losses are 0, and so are two of the slopes. The absolute loss has a kink there, and "
    "no slope.",
)
def three_slopes():
    r = np.linspace(-4, 4, 801)
    one = np.ones(r.shape)
    assert np.array_equal(losses.squared_vjp(one, r), r)
    assert set(losses.absolute_vjp(one, r)[r != 0]) == {-1.0, 1.0}
    bent = losses.huber_vjp(one, r, delta=1.0)
    assert (bent.min(), bent.max()) == (-1, 1)
    assert np.abs(np.diff(bent)).max() < 0.011
    for value in (losses.squared(0.0), losses.absolute(0.0), losses.huber(0.0, delta=1.0)):
        assert value == 0
    assert losses.squared_vjp(1.0, 0.0) == losses.huber_vjp(1.0, 0.0, delta=1.0) == 0
    right, left = (losses.absolute(h) / h for h in (1e-6, -1e-6))
    assert (right, left) == (1, -1)


# What each loss asks for


@claim(
    "The mean is $112/5 = 22.4$, the median 4.",
    "and the guess was right. (It lies between the two ideas, not between the two numbers.) "
    "Replace 100 by a million: only the mean moves.",
)
def five_values():
    values = np.array([1.0, 2.0, 4.0, 5.0, 100.0])
    assert (values.sum(), values.mean(), np.median(values)) == (112, 22.4, 4)
    m = losses.huber_location(values, delta=2)
    assert m == pytest.approx(11 / 3)
    assert round(m, 2) == 3.67
    assert np.array_equal(np.abs(values - m) > 2, [True, False, False, False, True])
    assert m < np.median(values) < values.mean()
    values[-1] = 1e6
    assert np.median(values) == 4
    assert losses.huber_location(values, delta=2) == pytest.approx(m)
    assert values.mean() > 2e5


@claim(
    "their slope goes from negative to positive, and never back.",
    "It changes sign at a **median**: at most half of the values lie below it, and at most half "
    "above. (For an even $n$ every number between the two in the middle will do.)",
    "(Here, too, a whole interval may do.)",
)
def convex_sums(seeds):
    for seed in seeds:
        rng = np.random.default_rng(seed)
        values = np.round(rng.standard_t(2, size=rng.integers(3, 12)), 1)  # with ties
        m = np.linspace(values.min() - 1, values.max() + 1, 401)
        for loss in (losses.squared, losses.absolute, lambda r: losses.huber(r, delta=0.7)):
            total = loss(values - m[:, None]).sum(axis=1)
            assert np.diff(total, 2).min() > -1e-9
        median = np.median(values)
        assert max(np.sum(values < median), np.sum(values > median)) <= len(values) / 2
    even = np.array([1.0, 3.0, 4.5, 9.0])
    sums = losses.absolute(even - np.array([[3.0], [3.7], [4.5]])).sum(axis=1)
    np.testing.assert_allclose(sums, sums[0])
    assert losses.absolute(even - 2.9).sum() > sums[0] < losses.absolute(even - 4.6).sum()
    # Huber's, with δ = 1: the clipped pulls of 1, 3, 6, 9 balance for each m from 4 to 5.
    far = np.array([1.0, 3.0, 6.0, 9.0])
    for m in (4.0, 4.3, 5.0):
        assert losses.huber_vjp(np.ones(4), far - m, delta=1).sum() == 0
    for m in (3.9, 5.1):
        assert losses.huber_vjp(np.ones(4), far - m, delta=1).sum() != 0


@claim(
    "without bound for the squared loss, with at most 1 or $\\delta$ for the others. But the pull "
    "on $w$ is multiplied by $x_i$. Where the pulls sum to 0, any constant may be taken off $x_i$: "
    "what counts is how far a bird's flipper is from the others'. *That* no loss of a residual "
    "clips."
)
def pulls_of_a_bird():
    r = np.array([-1e6, -3.0, 0.2, 1e9])
    one = np.ones(4)
    assert np.abs(losses.squared_vjp(one, r)).max() == 1e9
    assert np.abs(losses.absolute_vjp(one, r)).max() == 1
    assert np.abs(losses.huber_vjp(one, r, delta=0.5)).max() == 0.5
    x, y = experiments.few_birds()
    for bird in experiments.BIRDS:
        x, y = experiments.mistyped(8.0, bird)
        lines = experiments.lines_with(8.0, bird)
        for psi, (w, b) in (
            (losses.squared_vjp, lines.squared),
            (lambda u, r: losses.huber_vjp(u, r, delta=0.5), lines.huber),
        ):
            pulls = psi(np.ones(17), y - w * x - b)
            for constant in (0.0, 20.0, -1e3):
                assert abs(np.sum(pulls * (x - constant))) < 1e-8
        # Where all flippers are moved alike, the slopes stay: only distances count.
        moved = experiments.lines_through(x + 300, y)
        np.testing.assert_allclose([m[0] for m in moved], [line[0] for line in lines], rtol=1e-7)
    # The pull of Huber's loss on w about the others' mean, without bound: for one that is clipped
    # it is δ times the distance.
    others = x[:16].mean()
    clipped = losses.huber_vjp(1.0, 9.0, delta=0.5)
    products = [abs(clipped * (far - others)) for far in (22.5, 2.25, -1e3, 1e6)]
    np.testing.assert_allclose(products, 0.5 * np.abs(np.array([22.5, 2.25, -1e3, 1e6]) - others))
    assert products[-1] > 1e5


# Likelihood


@claim(
    "whose density falls off as $e^{-|r|/s}$ and allows more far misses",
    "With $s$ fixed, the second terms and the factors $1/s^2$ and $1/s$ move no minimum. (Nor need "
    "$s$ be known: one unknown $s$ for all, fitted along with $\\theta$, leaves the best $\\theta$ "
    "where it is.)",
    "example $i$ gets the weight $1/s_i^2$ or $1/s_i$ (exercise 8).",
)
def noise():
    for far in (4, 6, 10):  # in standard deviations; that of Laplace noise is √2 s
        assert laplace.sf(far, scale=np.sqrt(0.5)) > 50 * norm.sf(far)
    y = np.array([10.0, 16.0, 11.5])
    for density, best in ((norm, np.mean(y)), (laplace, np.median(y))):
        for s in (0.5, 3.0):
            found = minimize_scalar(
                lambda m, density=density, s=s: -density.logpdf(y, m, s).sum(),
                bounds=(5, 20),
                method="bounded",
                options={"xatol": 1e-9},
            ).x
            assert found == pytest.approx(best, abs=1e-4)
        both = minimize(
            lambda t, density=density: -density.logpdf(y, t[0], np.exp(t[1])).sum(),
            [12.0, 0.5],
            method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 2000},
        ).x
        assert both[0] == pytest.approx(best, abs=1e-4)
    scales = np.array([1.0, 2.0, 0.7])
    found = minimize_scalar(lambda m: -norm.logpdf(y, m, scales).sum(), bounds=(5, 20)).x
    assert found == pytest.approx(np.average(y, weights=1 / scales**2), abs=1e-4)
    # The median by the weights 1/s: 16 has too little to be more than half.
    found = minimize_scalar(lambda m: -laplace.logpdf(y, m, scales).sum(), bounds=(5, 20)).x
    assert found == pytest.approx(11.5, abs=1e-3)
    (eighth,) = [e for n, e in exercises("loss-functions").items() if n.endswith("-8")]
    assert eighth.answer == pytest.approx(np.average([10, 16], weights=[1, 1 / 4]))


@claim(
    "Without that it still asks for the mean, of any distribution that has a mean and a variance: "
    "for waiting times with the density $e^{-y}$, which look nothing like a bell, it asks for the "
    "mean, 1, and the absolute loss for the median, 0.69."
)
def waiting_times():
    def best(loss):
        return minimize_scalar(lambda m: expon.expect(lambda y: loss(y - m)), bounds=(0, 3)).x

    assert best(losses.squared) == pytest.approx(1, abs=1e-4)
    assert best(losses.absolute) == pytest.approx(np.log(2), abs=2e-3)
    assert round(np.log(2), 2) == 0.69


# Classes


@claim(
    "negative below $q$ and positive above. So **the log-loss asks for the frequency**",
    "(The squared loss of $p$ asks for it as well; the difference is in the slopes, below.)",
)
def asks_for_the_frequency():
    for q in (0.03, 0.4, 0.77):
        p = np.linspace(0.001, 0.999, 999)
        slope = (p - q) / (p * (1 - p))
        assert np.array_equal(np.sign(slope), np.sign(p - q))
        mean = -q * np.log(p) - (1 - q) * np.log(1 - p)
        assert p[np.argmin(mean)] == pytest.approx(q)
        squared = q * losses.squared(1 - p) + (1 - q) * losses.squared(p)
        assert p[np.argmin(squared)] == pytest.approx(q)


@claim(
    "the log-loss goes from nearly 0 over $\\ln 2 = 0.693$ to 4.018 and 8; far on the wrong side "
    "it grows by about 1 for each unit of $z$, and its slope comes near −1. The squared loss of "
    "$p$ cannot pass ½. Its slope is largest in size, −0.148, between $z = -1$ and $z = -0.5$; at "
    "$z = -4$ it is −0.01735, and at $z = -8$ it is −0.000335, some 3000 times smaller than that "
    "of the log-loss. Left of $z = -0.69$, the worse the answer, the less it is corrected.",
    "the same losses as for $y = 1$ at $z = -4$, and slopes of the other sign.",
)
def sure_and_wrong():
    z = np.array([8.0, 0.0, -4.0, -8.0])
    one = np.ones(4)
    assert losses.log_loss(8.0, 1) < 4e-4
    np.testing.assert_allclose(losses.log_loss(z, one)[1:], [0.693, 4.018, 8], atol=5e-4)
    wrong = np.linspace(-30, -5, 26)
    np.testing.assert_allclose(np.diff(losses.log_loss(wrong, np.ones(26))), -1, atol=0.005)
    slope = losses.log_loss_vjp(one, z, one)
    assert -1 < slope[3] < -0.999
    many = np.linspace(-20, 20, 40_001)
    assert experiments.squared_of_logistic(many, 1.0).max() < 0.5
    others = experiments.squared_of_logistic_slope(many, 1.0)
    at = many[np.argmin(others)]
    assert -1 < at < -0.5
    assert at == pytest.approx(-np.log(2), abs=1e-3)
    assert round(-np.log(2), 2) == -0.69
    assert others.min() == pytest.approx(-4 / 27, abs=1e-6)
    assert round(-4 / 27, 3) == -0.148
    assert np.all(np.diff(others[many < at]) < 0)  # less and less the further left
    four, eight = experiments.squared_of_logistic_slope(np.array([-4.0, -8.0]), 1.0)
    assert four == pytest.approx(-0.01735, abs=5e-6)
    assert eight == pytest.approx(-0.000335, abs=5e-7)
    assert 2900 < slope[3] / eight < 3100
    for value, vjp in (
        (losses.log_loss, losses.log_loss_vjp),
        (
            experiments.squared_of_logistic,
            lambda u, z, y: experiments.squared_of_logistic_slope(z, y),
        ),
    ):
        assert value(4.0, 0) == pytest.approx(value(-4.0, 1))
        assert vjp(1.0, 4.0, 0) == pytest.approx(-vjp(1.0, -4.0, 1))


@claim(
    "Three equal logits give $p_k = 1/3$, the loss $\\ln 3 = 1.10$, and for $c = 1$ the gradient "
    "$(-2/3, 1/3, 1/3)$. With two classes, $p_2 = \\sigma(z_2 - z_1)$: the log-loss is the case "
    "$K = 2$.",
    "the label's logit is pushed up by what it lacks, all others down by what they have, and the "
    "entries sum to 0.",
)
def equal_logits(seeds):
    z = np.full(3, 0.7)
    np.testing.assert_allclose(softmax(z), 1 / 3)
    assert losses.cross_entropy(z, 0) == pytest.approx(np.log(3))
    assert round(np.log(3), 2) == 1.10
    np.testing.assert_allclose(losses.cross_entropy_vjp(1.0, z, 0), [-2 / 3, 1 / 3, 1 / 3])
    for seed in seeds:
        rng = np.random.default_rng(seed)
        two, many = rng.normal(size=2), rng.normal(size=6)
        assert softmax(two)[1] == pytest.approx(logistic(two[1] - two[0]))
        for c in (0, 1):
            assert losses.cross_entropy(two, c) == pytest.approx(
                float(losses.log_loss(two[1] - two[0], c))
            )
        gradient = losses.cross_entropy_vjp(1.0, many, 2)
        assert abs(gradient.sum()) < 1e-14
        assert gradient[2] == pytest.approx(-(1 - softmax(many)[2]))
        np.testing.assert_allclose(np.delete(gradient, 2), np.delete(softmax(many), 2))


@claim("An $e^{1000}$ does not fit into a 64-bit number.", "so that no exponent is above 0")
def overflow():
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(np.float64(1000.0)))
    assert losses.cross_entropy(np.array([1000.0, 0.0]), 1) == 1000


# Accuracy


@claim(
    "Where an answer is wrong, $p$ gives the label at most ½, which costs at least $\\ln 2$: so "
    "the share of errors is at most the mean log-loss divided by $\\ln 2$.",
    "Like the log-loss divided by $\\ln 2$, it lies nowhere below the 0–1 loss. Its slope by $z$ "
    "is $-t$ where $t z < 1$ and 0 where $t z > 1$: an answer that is right by a margin of 1 is "
    "left alone.",
)
def surrogates_lie_above(seeds):
    z = np.linspace(-5, 5, 1001)
    for y in (0, 1):
        t = 2 * y - 1
        wrong = (t * z <= 0).astype(float)
        hinge = np.maximum(0, 1 - t * z)
        assert np.all(losses.log_loss(z, np.full(z.shape, y)) / np.log(2) >= wrong - 1e-15)
        assert np.all(hinge >= wrong)
        inside = np.abs(t * z - 1) > 0.02
        slope = central_difference(lambda s, t=t: np.maximum(0, 1 - t * s), z, 1e-3)
        np.testing.assert_allclose(slope[inside], np.where(t * z < 1, -t, 0)[inside], atol=1e-9)
    for seed in seeds:
        rng = np.random.default_rng(seed)
        logits, labels = 3 * rng.normal(size=50), rng.integers(2, size=50)
        errors = np.mean((logits > 0) != labels)
        assert errors <= losses.log_loss(logits, labels).mean() / np.log(2)


@claim(
    "the model with the smaller log-loss, 0.129 against 0.673, is right 9 times of 10, the other "
    "every time."
)
def timid_and_bold(notebook):
    timid, bold = notebook["timid"], notebook["bold"]
    assert round(-np.log(timid).mean(), 3) == 0.673
    assert round(-np.log(bold).mean(), 3) == 0.129
    assert (np.sum(timid > 0.5), np.sum(bold > 0.5)) == (10, 9)


# Held out


@claim(
    "the loss on the twenty birds falls from 0.31 to 0.0626, 0.047 and 0.0285 kg². On the others "
    "it falls from 0.35 to 0.0873, but then it is 0.742 and 6.66, far above the baseline.",
    "A polynomial of degree 0 is the baseline: the mean of the twenty, whatever the flipper.",
)
def first_sample():
    found = experiments.fits(1)
    chosen = [0, 1, 5, 8]
    np.testing.assert_allclose(found.training[chosen], [0.31, 0.0626, 0.047, 0.0285], rtol=5e-3)
    np.testing.assert_allclose(found.held_out[chosen], [0.35, 0.0873, 0.742, 6.66], rtol=5e-3)
    assert found.held_out[8] > 15 * found.held_out[0]
    assert found.held_out[5] > 2 * found.held_out[0]
    np.testing.assert_allclose(
        experiments.polynomial(found.coefficients[0], np.array([17.0, 23.0])), found.y.mean()
    )


@claim(
    "the best degree is 1, 3, 3, 2 and 1 in turn (ringed). The curve on the twenty birds never "
    "rises; at degree 8 the held-out loss is above the baseline in each sample, and in the fourth "
    "it is over 13,000.",
    "a polynomial of degree 5 is one of degree 6 with a last coefficient of 0.",
    "At degree 8 more than nine tenths of the held-out loss in each of these five samples comes "
    "from birds with flippers shorter or longer than any of the twenty, where nothing holds the "
    "polynomial.",
)
def five_samples():
    best = []
    for sample in range(1, 6):
        found = experiments.fits(sample)
        best.append(int(np.argmin(found.held_out)))
        assert np.all(np.diff(found.training) <= 0)
        assert found.held_out[8] > found.held_out[0]
        x, y = found.others
        large = losses.squared(y - experiments.polynomial(found.coefficients[8], x))
        outside = (x < found.x.min()) | (x > found.x.max())
        assert large[outside].sum() > 0.9 * large.sum()
    assert best == [1, 3, 3, 2, 1]
    assert experiments.fits(4).held_out[8] > 13_000


@cache
def _thousand(seeds):
    keys = [(seed, k) for seed in seeds for k in range(200)]
    found = [experiments.fits.__wrapped__(key, degrees=(1, 8)) for key in keys]
    return np.array([f.training for f in found]), np.array([f.held_out for f in found])


@claim(
    "In 1,000 other samples of twenty birds, degree 8 had a smaller training loss than degree 1 in "
    "every one, and a larger held-out loss in more than 98 of 100. The median training loss was "
    "0.04 against 0.07 kg², the median held-out loss above 5 against 0.08."
)
def thousand_samples(seeds):
    training, held_out = _thousand(seeds)
    assert len(training) == 1000
    assert np.all(training[:, 1] < training[:, 0])
    assert np.mean(held_out[:, 1] > held_out[:, 0]) > 0.98
    high, low = np.median(training, axis=0)
    assert (round(low, 2), round(high, 2)) == (0.04, 0.07)
    assert np.median(held_out[:, 1]) > 5
    assert round(np.median(held_out[:, 0]), 2) == 0.08


# What breaks


@claim(
    "The *flipper* of one bird is typed as 2.25 cm instead of 22.5 cm. The slopes were 0.44, 0.39 "
    "and 0.42 kg per centimetre; now all three lines fall a little.",
    "Its own $x_i$ has become small. But at the best line the pulls sum to 0, so "
    "{eq}`eq-loss-line` holds with $x_i - 20$ as well: this bird is 17.75 cm from there, every "
    "other one at most 2.4 cm. With such a lever even a clipped pull turns a line; the absolute "
    "loss puts its line right through the mistake.",
)
def mistyped_flipper():
    x, y = experiments.few_birds()
    before = np.array([line[0] for line in experiments.lines_through(x, y)])
    np.testing.assert_allclose(before, [0.44, 0.39, 0.42], atol=5e-3)
    assert x.max() == x[16] == 22.5
    assert np.sum(x == 22.5) == 1
    moved = x.copy()
    moved[16] = 2.25
    lines = experiments.lines_through(moved, y)
    after = np.array([line[0] for line in lines])
    assert np.all((after < 0) & (after > -0.1))
    distance = np.abs(moved - 20)
    assert distance[16] == 17.75
    assert distance[:16].max() == pytest.approx(2.4)
    # Huber's: by x itself this bird pulls with a tenth of what others do; about 20 it alone
    # balances all of them, though its pull is not even the largest.
    w, b = lines.huber
    pulls = np.clip(y - w * moved - b, -0.5, 0.5)
    assert abs(pulls.sum()) < 1e-12
    by_x, about = pulls * moved, pulls * (moved - 20)
    assert (round(by_x[16], 2), round(by_x.max(), 1)) == (0.95, 11.2)
    assert pulls[16] == pytest.approx(0.421, abs=5e-4)
    assert about[16] == pytest.approx(-7.471, abs=5e-4)
    assert about[:16].sum() == pytest.approx(7.471, abs=5e-4)
    assert np.abs(about[:16]).max() < 1.3
    w, b = lines.absolute
    assert abs(y[16] - w * moved[16] - b) < 1e-12


@claim(
    "9 steps with the log-loss, 3011 with the squared loss of $p$, whose slope has all but "
    "vanished there.",
    "For $z = -800$ the sigmoid rounds to 0 and the logarithm is infinite. The loss is 800",
    "at $z = 37$ the sigmoid rounds to 1, and $\\ln(1 - p)$ is infinite.",
    "without a $p$ that rounds to 0, or to 1, which happens from $z = 37$ on.",
)
def slow_steps():
    def count(slope):
        z, steps = -8.0, 0
        while z < 0:
            z, steps = z - slope(z), steps + 1
        return steps

    def p(z):
        return 1 / (1 + np.exp(-z))

    assert count(lambda z: p(z) - 1) == 9
    assert count(lambda z: (p(z) - 1) * p(z) * (1 - p(z))) == 3011
    assert logistic(-800.0) == 0
    assert np.all(logistic(np.linspace(37, 800, 764)) == 1)
    assert logistic(36.0) < 1
    with np.errstate(divide="ignore"):
        assert np.isneginf(np.log(1 - logistic(37.0)))
    assert losses.log_loss(37.0, 0) == 37
    assert losses.log_loss(-800.0, 1) == 800


@claim(
    "the loss $\\ln K$, 10.8 for the 50,257 tokens of GPT-2.",
    "a sum over 32 examples has 32 times the gradient of the mean.",
)
def baselines():
    assert round(np.log(50_257), 1) == 10.8
    assert losses.cross_entropy(np.zeros(50_257), 7) == pytest.approx(np.log(50_257))
    z, y = np.linspace(-2, 2, 32), np.arange(32) % 2

    def moved(reduce):
        return central_difference(lambda t: reduce(losses.log_loss(z + t, y)), 0.3, 1e-4)

    assert moved(np.sum) / moved(np.mean) == pytest.approx(32)


# Words of the readings


@regime("beyond δ", "within δ")
def beyond_the_bound():
    """In every state of the figure, against where Huber's and the squared loss differ."""
    for r in np.arange(-4, 4.01, 0.25):
        for delta in (0.25, 0.5, 1.0, 1.5, 2.0, 3.0):
            said = figures.say_residual_losses(float(r), delta)
            differ = losses.squared(r) - losses.huber(r, delta=delta) > 1e-12
            assert ("lies beyond δ" in said) == differ
            assert ("lies within δ" in said) == (not differ)
            assert ("(a kink)" in said) == (r == 0)


@regime("the least of this sample", "the best of this sample")
def best_degree():
    """In every state of the figure, against the held-out losses."""
    for sample in range(1, 6):
        held_out = list(experiments.fits(sample).held_out)
        for degree in experiments.DEGREES:
            said = figures.say_complexity(degree, sample)
            least = held_out[degree] == min(held_out)
            assert ("the least of this sample" in said) == least
            named = f"where degree {held_out.index(min(held_out))}, the best of this sample"
            assert (named in said) == (not least)
