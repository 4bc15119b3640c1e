"""What the chapter on backpropagation says and no cell prints, computed."""

from functools import cache
from itertools import pairwise

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.scipy.stats import norm

from helpers.chapters.backpropagation import experiments, figures
from helpers.data.digits import load_digits, split_digits
from helpers.mathematics.network import backpropagate, forward, initial_parameters, network_loss
from helpers.mathematics.nonlinearities import NONLINEARITIES
from helpers.mathematics.numdiff import GradientMismatch, check_gradient
from tests.truth import claim

small = experiments.small_network
start_of = experiments.deep_start
HE = np.sqrt(2)


# The small network


@claim(
    r"$\partial L/\partial w_{11} = -0.25$, so that a larger $w_{11}$ lowers the loss. $\partial "
    r"L/\partial x_1$ is −0.375, and each of the two paths adds its share, −0.25 and −0.125.",
    "The first path gives",
)
def opening_state():
    net = small(1.0, 1.0, 1.0)
    assert net.into_hidden[0][0] == -0.25
    assert net.inputs[0] == -0.375
    assert net.paths[0] == (-0.25, -0.125)
    assert small(1.01, 1.0, 1.0).loss < net.loss < small(0.99, 1.0, 1.0).loss
    assert (net.z, net.a, net.output, net.delta_output) == ((0, 0), (0.5, 0.5), 0.5, -0.5)


@claim(
    "at $x_1 = 0$ nothing goes along its line: $w_{11}$ does not matter at all, while $\\partial "
    r"L/\partial x_1$ is not 0. At $\hat y = y$ every slope on the right is 0, but that is a "
    "different thing: the loss is at its least, and moving $w_{11}$ by 0.5 either way raises it to "
    "0.03. A slope of 0 speaks of small changes only."
)
def no_matter():
    net = small(1.0, 0.0, 1.0)
    assert net.into_hidden[0][0] == 0
    assert abs(net.inputs[0]) > 0.01
    for weight in (-2.0, 0.5, 3.0):  # not to first order only: the loss does not depend on it
        assert small(weight, 0.0, 1.0).loss == net.loss
    net = small(1.0, 1.0, 0.5)
    assert net.loss == 0
    assert not np.any([*net.inputs, *net.delta, *net.to_output, *np.ravel(net.into_hidden)])
    for weight in (0.5, 1.5):
        assert small(weight, 1.0, 0.5).loss == pytest.approx(0.03, abs=5e-4)


@claim(
    "unit 1 gives 0.993, near its largest possible output 1, and $\\delta_1$ is 0.01. The unit is "
    "**saturated**: its own slope $\\sigma'(z_1)$ is below 0.01, and little of the signal gets "
    "past it."
)
def saturated():
    net = small(3.0, 2.0, 1.0)
    assert net.a[0] == pytest.approx(0.993, abs=5e-4)
    assert net.delta[0] == pytest.approx(0.01, abs=5e-4)
    assert net.a[0] * (1 - net.a[0]) < 0.01
    assert abs(net.delta[0] / (net.delta_output * experiments.TO_OUTPUT[0])) < 0.01


@claim("(for a hidden unit, by its sum $z_j$)", "Both sums are 0, so that both units give")
def small_network_is_right():
    """Every slope of the figure equals autograd's, at three settings."""

    def loss(weight, w12, w21, w22, v1, v2, x1, x2, y):
        a = [1 / (1 + anp.exp(-z)) for z in (x1 * weight + x2 * w21, x1 * w12 + x2 * w22)]
        return 0.5 * (v1 * a[0] + v2 * a[1] - y) ** 2

    for weight, x, y in ((1.0, 1.0, 1.0), (-1.5, 0.5, 0.0), (2.5, -2.0, 0.5)):
        net = small(weight, x, y)
        given = [weight, -1.0, -0.5, 0.5, 2.0, -1.0, x, 2.0]
        slopes = [autograd.grad(loss, k)(*given, y) for k in range(8)]
        (s11, s12), (s21, s22) = net.into_hidden
        mine = [s11, s12, s21, s22, *net.to_output, *net.inputs]
        np.testing.assert_allclose(mine, slopes, rtol=1e-12)
        assert net.loss == pytest.approx(loss(*given, y))


# Paths


def count_paths(sizes):
    """Paths from one unit of the first layer to the loss, found by going back layer by layer."""
    reach = np.ones(sizes[-1])
    for n_in, n_out in reversed(list(pairwise(sizes))):
        reach = np.ones((n_in, n_out)) @ reach
    return reach[0]


@claim(
    "There are many. In exercise 2 there are 20,480 from one pixel, and in a network with twenty "
    "hidden layers of 64 units more than $10^{37}$.",
)
def number_of_paths():
    assert count_paths((2, 2, 1)) == 2
    assert count_paths((64, 64, 32, 10)) == 20480
    assert 1e37 < count_paths((64, *[64] * 20, 10)) < 1e38


@claim(
    "Compute this number once for each node, from the loss backward, and every edge is used once."
)
def every_edge_once():
    """A graph with a rate on each edge, edges that skip a layer included: one sweep takes each edge
    once, and gives the sum over all paths, which are walked one by one."""
    rng = np.random.default_rng(4)
    edges = {
        (a, b): rng.normal() for b in range(1, 9) for a in range(b) if b - a < 4
    }  # from node a to a later node b; node 8 is the loss
    slope, used = {8: 1.0}, []
    for node in range(7, -1, -1):
        out = [edge for edge in edges if edge[0] == node]
        used += out
        slope[node] = sum(edges[edge] * slope[edge[1]] for edge in out)

    def walk(node, rate, walked):
        if node == 8:
            return rate, walked
        ways = [walk(b, rate * r, walked + 1) for (a, b), r in edges.items() if a == node]
        return tuple(map(sum, zip(*ways, strict=True)))

    by_paths, steps = walk(0, 1.0, 0)
    assert slope[0] == pytest.approx(by_paths, rel=1e-12)
    assert sorted(used) == sorted(edges)
    assert steps > 5 * len(edges)


@claim(
    "That is right for one number $y$. Where $y$ has components, it is a sum over all of them "
    "{eq}`eq-backpropagation-chain`, a vector–Jacobian product; a single product gives one path of "
    "many."
)
def one_path_of_many():
    """For a weight of the digits' network, the ten scores' products add up to the slope, and no
    single one of them is it."""
    parameters, X, y = digits_start()
    W1, b1, W2, b2 = parameters
    back = backpropagate(parameters, X[:1], y[:1])
    i, j = (int(k[0]) for k in np.nonzero(np.abs(back.gradient[0]) > 0.01))
    by_scores = back.signals[1][0]

    def scores(w):
        W = W1.copy()
        W[i, j] = w
        return forward((W, b1, W2, b2), X[:1]).sums[-1][0]

    h = 1e-6
    by_weight = (scores(W1[i, j] + h) - scores(W1[i, j] - h)) / (2 * h)
    terms = by_scores * by_weight
    assert terms.sum() == pytest.approx(back.gradient[0][i, j], rel=1e-6)
    assert np.min(np.abs(terms - terms.sum())) > 0.05 * abs(terms.sum())


# The backward pass


@cache
def digits_start():
    """The page's network before training, and the images that it trains on."""
    split_rng, start_rng, _ = np.random.default_rng(0).spawn(3)
    split = split_digits(split_rng)
    return initial_parameters((64, 64, 10), scale=HE, rng=start_rng), split.X, split.y


def literal(parameters, X):
    """∂L/∂W₁ by the rule without the next layer's signal."""
    sums = forward(parameters, X).sums
    ones = np.ones_like(sums[1]) / len(X)
    return X.T @ ((ones @ parameters[2].T) * (sums[0] > 0))


@claim(
    '*"The gradient is weight times activation derivative, summed over all paths to the next '
    "layer.\"* This leaves out the next layer's signal $\\delta_k$: without it nothing tells the "
    "layer what the loss is. Read literally, it is wrong by 6.1 times the size of the true "
    "gradient in the first layer of the network below, and the check catches it."
)
def without_the_next_signal(seeds):
    parameters, X, y = digits_start()
    true = backpropagate(parameters, X[:8], y[:8]).gradient[0]
    wrong = literal(parameters, X[:8])
    assert np.linalg.norm(wrong - true) / np.linalg.norm(true) == pytest.approx(6.1, abs=0.05)
    # It is the same whatever the labels are, which the gradient is not.
    others = (y[:8] + 3) % 10
    assert not np.allclose(true, backpropagate(parameters, X[:8], others).gradient[0])
    for seed in seeds:  # wrong for other weights as well, and caught
        rng = np.random.default_rng(seed)
        other = initial_parameters((64, 64, 10), scale=HE, rng=rng)
        true = backpropagate(other, X[:8], y[:8]).gradient[0]
        assert np.linalg.norm(literal(other, X[:8]) - true) > np.linalg.norm(true)
        with pytest.raises(GradientMismatch):
            check_gradient(
                lambda W, other=other: network_loss((W, *other[1:]), X[:8], y[:8]),
                lambda W, other=other: literal((W, *other[1:]), X[:8]),
                other[0],
                rng=rng,
            )


@claim(
    "With all 1,347 training images that happens, and the check fails, which is no fault of the "
    "gradient. The book's tests also compare with the autograd package, on all of them, to "
    "$10^{-10}$."
)
def equals_autograd(seeds):
    parameters, X, y = digits_start()
    assert len(X) == 1347

    def plain(parameters):
        W1, b1, W2, b2 = parameters
        scores = anp.maximum(X @ W1 + b1, 0) @ W2 + b2
        return anp.mean(anp.log(anp.sum(anp.exp(scores), axis=1)) - scores[range(len(y)), y])

    for wanted, given in zip(
        autograd.grad(plain)(parameters), backpropagate(parameters, X, y).gradient, strict=True
    ):
        np.testing.assert_allclose(given, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())
    with pytest.raises(GradientMismatch):
        check_gradient(
            lambda *p: network_loss(p, X, y),
            lambda *p: backpropagate(p, X, y).gradient,
            *parameters,
            rng=np.random.default_rng(seeds[0]),
        )


@claim(
    "For each example the forward pass multiplies once per weight. The backward pass does it "
    "twice, once for the weight's slope and once for the signal, except in the first layer, whose "
    "inputs need none.",
    "One-sided finite differences would need a forward pass for each of the 4,810 parameters and "
    "one more.",
)
def cost(notebook):
    """Multiplications of the page's own passes, counted by the shapes that NumPy gets."""
    counted = []

    class Counting(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **options):
            plain = [np.asarray(v) for v in inputs]
            if ufunc is np.matmul:
                counted.append(plain[0].size * plain[1].shape[-1])
            made = getattr(ufunc, method)(*plain, **options)
            return made.view(Counting) if isinstance(made, np.ndarray) else made

    sizes, rows = (5, 4, 7, 3), 6
    rng = np.random.default_rng(0)
    parameters = initial_parameters(sizes, scale=1.0, rng=rng)
    parameters = tuple(p.view(Counting) for p in parameters)
    X, y = rng.normal(size=(rows, 5)).view(Counting), rng.integers(3, size=rows)
    total = sum(n * m for n, m in pairwise(sizes))
    notebook["forward"](parameters, X)
    assert sum(counted) == rows * total
    counted.clear()
    notebook["loss_and_gradient"](parameters, X, y)
    assert sum(counted[3:]) == rows * (2 * total - sizes[0] * sizes[1])
    assert sum(counted[:3]) == rows * total
    assert sum(p.size for p in digits_start()[0]) == 4810


@claim(
    '*"Backpropagation changes the weights."* It computes slopes. In the cell above it ran several '
    "times and `start` is what it was. An optimizer changes weights, and can be exchanged without "
    "touching the backward pass."
)
def nothing_moved(notebook):
    for kept, fresh in zip(notebook["start"], digits_start()[0], strict=True):
        assert np.array_equal(kept, fresh)


# Activations


def value_and_slope(name, z):
    f = NONLINEARITIES[name]
    return float(f.value(np.float64(z))), float(f.slope(np.float64(z)))


@claim(
    "its slope is largest at 0, and even there only ¼; at 2 it is 0.105, at 4 it is 0.0177. Four "
    r"neurons at $z = 2$, with weights 1, leave $1.2 \cdot 10^{-4}$ of a signal.",
    "The sigmoid passes on at most a quarter of a signal; the ReLU all or nothing.",
    "With sigmoids each factor is at most",
)
def sigmoid_slopes():
    z = np.linspace(-6, 6, 1201)
    slopes = NONLINEARITIES["sigmoid"].slope(z)
    assert slopes.max() == slopes[600] == 0.25
    assert value_and_slope("sigmoid", 2)[1] == pytest.approx(0.105, abs=5e-4)
    assert value_and_slope("sigmoid", 4)[1] == pytest.approx(0.0177, abs=5e-5)
    assert value_and_slope("sigmoid", 2)[1] ** 4 == pytest.approx(1.2e-4, rel=0.02)
    assert set(NONLINEARITIES["ReLU"].slope(z)) == {0.0, 1.0}


@claim(
    "tanh has slope 1 at 0 and loses it to both sides. The ReLU passes all of the signal at every "
    "positive sum, and none at a negative one. The GELU's slope exceeds 1 at 1.5 and is negative "
    "at −1: it turns a signal round."
)
def other_slopes():
    z = np.linspace(0, 5, 101)
    for side in (z, -z):
        assert np.all(np.diff(NONLINEARITIES["tanh"].slope(side)) < 0)
    assert value_and_slope("tanh", 0)[1] == 1
    assert np.all(NONLINEARITIES["ReLU"].slope(z[1:]) == 1)
    assert np.all(NONLINEARITIES["ReLU"].slope(-z) == 0)
    for at, sign in ((1.5, 1), (-1.0, -1)):
        slope = value_and_slope("GELU", at)[1]
        assert slope == pytest.approx(norm.cdf(at) + at * norm.pdf(at))
        assert slope > 1 if sign > 0 else slope < 0


@claim(
    "However many such layers you stack, the scores stay linear in the inputs, up to a constant."
)
def linear_stays_linear():
    """Up to the constant from the biases: the middle of two inputs gets the middle of scores."""
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(2, 4))
    layers = [(rng.normal(size=(4, 4)), rng.normal(size=4)) for _ in range(5)]

    def scores(x):
        for W, b in layers:
            x = x @ W + b
        return x

    np.testing.assert_allclose(scores((one + other) / 2), (scores(one) + scores(other)) / 2)


# Depth


@claim(
    "In the figure each layer has 64 inputs and, but for the last, 64 units,",
    "It sends 100 images of digits through the network and back, before any training.",
)
def deep_network_of_the_figure():
    assert (experiments.WIDTH, experiments.IMAGES) == (64, 100)
    assert len(start_of(20, "ReLU", HE).gradients) == 20
    assert len(start_of(20, "ReLU", HE).outputs) == 19
    images = load_digits().images
    assert images[0].size == 64
    X = experiments.standardized(images.reshape(-1, 64))
    assert np.mean(X**2) == pytest.approx(1)


@claim(
    r"with 20 layers the first layer's gradient is about $10^{-12}$ of the last's, with 10 about "
    r"$10^{-5}$: a factor near 4 a layer on average, as the slope ¼ says. The outputs keep their "
    "size, about ½, all the while, but the second line shows what the size hides: what "
    "distinguishes one image from another shrinks by a factor near 4 a layer as well, to about "
    "$10^{-12}$ in the last hidden layer. The signal is lost in both directions."
)
def sigmoids_vanish(seeds):
    for seed in (0, *seeds):
        deep, half = (start_of(depth, "sigmoid", 1.0, seed) for depth in (20, 10))
        ratio = np.log10(deep.gradients[0] / deep.gradients[-1])
        assert ratio == pytest.approx(-12, abs=0.8)
        assert 10 ** (-ratio / 19) == pytest.approx(4, rel=0.12)
        shorter = np.log10(half.gradients[0] / half.gradients[-1])
        assert shorter == pytest.approx(-5.3, abs=0.5)
        assert np.all((deep.outputs > 0.45) & (deep.outputs < 0.65))
        assert (deep.spread[0] / deep.spread[-1]) ** (1 / 18) == pytest.approx(4, rel=0.12)
        assert np.log10(deep.spread[-1]) == pytest.approx(-12, abs=0.3)


@claim(
    "over the 20 layers of the figure below the rule misses the signal's size by a factor below 3 "
    r"with sigmoid, tanh and ReLU, and with the GELU at $g = \sqrt2$ at times by more than 10."
)
def rule_for_signals(seeds):
    def missed(activation, scale, seed):
        """Size of the first signal by the rule, from the last one, divided by the true size."""
        seen, back = experiments.deep_network(20, activation, scale, seed)
        squares = np.mean(back.signals[-1] ** 2)
        for z, behind in zip(seen.sums[-2::-1], back.signals[:0:-1], strict=True):
            slope = NONLINEARITIES[activation].slope(z)
            squares *= np.mean(slope**2) * scale**2 / z.shape[1] * behind.shape[1]
        return np.sqrt(squares / np.mean(back.signals[0] ** 2))

    for activation in ("sigmoid", "tanh", "ReLU"):
        for scale in (0.5, 1.0, HE, 2.0, 4.0):
            for seed in (0, *seeds):
                assert 1 / 3 < missed(activation, scale, seed) < 3
    assert min(missed("GELU", HE, seed) for seed in range(12)) < 0.1


@claim(
    "He's scale keeps signals their size at the start for ReLUs, on average, and Xavier's nearly "
    "so for tanh {eq}`eq-backpropagation-scales`",
    "over the figure's 20 layers its outputs fall to about a quarter",
    "Sigmoids need more than a scale: in the figure all five fail.",
)
def what_a_scale_does(seeds):
    starts = [start_of(20, "ReLU", HE, seed) for seed in range(20)]
    ends = [np.log(s.outputs[-1] / s.outputs[0]) for s in starts]
    assert abs(np.mean(ends)) < np.log(2)
    for seed in (0, *seeds):
        tanh = start_of(20, "tanh", 1.0, seed).outputs
        assert 3 < tanh[0] / tanh[-1] < 6
        for scale in (0.5, 1.0, HE, 2.0, 4.0):
            sizes = start_of(20, "sigmoid", scale, seed).gradients
            assert sizes[0] < sizes[-1] / 500


@claim(
    "at $g = 1$ first and last layer have gradients of the same size, within a factor of 3. At $g "
    "= 4$ the first layer's is more than 1000 times the last's: it explodes on the way back, "
    "although no output exceeds 1."
)
def tanh_explodes(seeds):
    for seed in (0, *seeds):
        kept, torn = (start_of(20, "tanh", g, seed) for g in (1.0, 4.0))
        assert 1 / 3 < kept.gradients[0] / kept.gradients[-1] < 3
        assert torn.gradients[0] / torn.gradients[-1] > 1000
        assert np.all(torn.outputs < 1)


@claim(
    "on the right the lines are level, within a factor of 10, and that is no accident: what the "
    "outputs have not yet lost on their way forward, the signal loses on its way back, and "
    r"$\partial L/\partial W$ is the product of the two. With $g = 1$ the gradients of *all* "
    r"layers are hundreds to thousands of times smaller than with He's $\sqrt 2$; with $g = 2$ "
    "they are as much larger."
)
def relus_stay_level(seeds):
    for seed in (0, *seeds):
        low, he, high = (start_of(20, "ReLU", g, seed).gradients for g in (1.0, HE, 2.0))
        for sizes in (low, he, high):
            assert sizes.max() / sizes.min() < 10
        for ratio in (he / low, high / he):
            assert np.all((ratio > 100) & (ratio < 10_000))
        for scale in (1.0, HE, 2.0):
            seen, back = experiments.deep_network(20, "ReLU", scale, seed)
            sizes = [np.array([np.linalg.norm(A) for A in kept])
                     for kept in (seen.inputs, back.signals)]  # fmt: skip
            # Each layer's gradient is the product; what one factor loses on its way (for g = 1 and
            # 2 more than thirtyfold), the other makes up for.
            for A, signal, G in zip(seen.inputs, back.signals, back.gradient[::2], strict=True):
                np.testing.assert_allclose(A.T @ signal, G, rtol=1e-12, atol=0)
            level = sizes[0][1:] * sizes[1][1:]
            assert level.max() / level.min() < 10
            if scale != HE:
                assert all(k[1:].max() / k[1:].min() > 30 for k in sizes)


@claim("it holds on average: another draw of weights gives another line")
def lines_differ(seeds):
    sizes = [start_of(20, "ReLU", HE, seed).outputs[-1] for seed in seeds]
    assert max(sizes) > 1.2 * min(sizes)


# What breaks


@claim(
    "one that learns only as well as a single unit",
    "they stay one unit for ever. Initial weights must differ; random ones do.",
)
def equal_units_stay_equal():
    parameters, X, y = digits_start()
    W1, b1, W2, b2 = parameters
    theta = (np.full_like(W1, 0.1), b1, np.tile(W2[:1], (64, 1)), b2)
    before = network_loss(theta, X, y)
    for _ in range(30):
        slopes = backpropagate(theta, X, y).gradient
        theta = tuple(p - 0.1 * g for p, g in zip(theta, slopes, strict=True))
    assert np.ptp(theta[0], axis=1).max() < 1e-9
    assert network_loss(theta, X, y) < before
    # One unit with 64 times the weights out gives the same scores.
    one = (theta[0][:, :1], theta[1][:1], 64 * theta[2][:1], theta[3])
    assert network_loss(one, X, y) == pytest.approx(network_loss(theta, X, y))


@claim(
    "With a bias of −20 no image brings any sum above 0. All slopes into this layer are exactly 0, "
    "and no step along this gradient revives it."
)
def dead_units():
    (W1, b1, W2, b2), X, y = digits_start()
    dead = (W1, b1 - 20.0, W2, b2)
    assert forward(dead, X).sums[0].max() < 0
    gradient = backpropagate(dead, X, y).gradient
    assert not gradient[0].any()
    assert not gradient[1].any()


@claim(r"A probability below about $10^{-324}$ is 0 in floating point")
def underflow():
    assert float("1e-324") == 0 < float("5e-324")


# Digits


@claim(
    "The data are 1,797 images of handwritten digits, 8 by 8 pixels each "
    "{cite:p}`alpaydin1998optical`; 450 of them, chosen at random, are held out. Each step takes "
    "64 images, adds fresh noise of deviation 0.25 to their pixels, and goes against the gradient; "
    "the learning rate falls from 1 to 0.",
    "with its own settings (learning rate 4, noise 0.1)",
)
def the_data(notebook):
    images, labels = load_digits()
    assert images.shape == (1797, 8, 8)
    assert set(labels) == set(range(10))
    assert len(split_digits(np.random.default_rng(1)).y_held_out) == 450
    assert experiments.NETWORK == ((64,), 1.0, 0.25, 2000, 64)
    assert experiments.LOGISTIC == ((), 4.0, 0.1, 2000, 64)
    # One step of the page's code: 64 rows, noise of this size, and the gradient of the noisy batch.
    X, y, rng, seen = notebook["X"], notebook["y"], notebook["batch_rng"], []
    before, true = rng.bit_generator.state, notebook["loss_and_gradient"]

    def watched(parameters, batch, labels):
        seen.append((batch, labels))
        return true(parameters, batch, labels)

    start, step = notebook["start"], notebook["step"]
    step.__globals__["loss_and_gradient"] = watched
    try:
        moved = step(start, 0)
        rng.bit_generator.state = before
        stayed = step(start, 2000)
        rng.bit_generator.state = before
    finally:
        step.__globals__["loss_and_gradient"] = true
    chosen = rng.integers(len(y), size=64)
    rng.bit_generator.state = before
    batch, labels = seen[0]
    assert np.array_equal(labels, y[chosen])
    assert np.std(batch - X[chosen]) == pytest.approx(0.25, rel=0.05)
    for p, q, r, g in zip(start, moved, stayed, true(start, batch, labels)[1], strict=True):
        np.testing.assert_allclose(q, p - g, rtol=1e-12)
        assert np.array_equal(r, p)


@claim(
    "at step 0 most answers are wrong. Around step 100 both jump about, between 87 and 95 %, the "
    "network more than the baseline. From there the baseline goes to 96.2 %, and the network, "
    "whose boundaries between the digits can bend, to 98.2 %. Of the lower row it still gets all "
    "four wrong."
)
def lesson():
    seen = experiments.lesson()
    at = {int(t): k for k, t in enumerate(seen.steps)}
    assert seen.network[0] < 0.25
    assert seen.logistic[0] < 0.25
    assert np.sum(seen.said[0] != seen.labels) > 4
    around = slice(at[80], at[120] + 1)
    for held_out in (seen.network, seen.logistic):
        assert np.all((held_out[around] > 0.87) & (held_out[around] < 0.95))
    assert np.ptp(seen.network[around]) > np.ptp(seen.logistic[around]) > 0.02
    assert seen.logistic[-1] == pytest.approx(0.962, abs=5e-4)
    assert seen.network[-1] == pytest.approx(0.982, abs=5e-4)
    assert np.array_equal(seen.said[-1] == seen.labels, [True] * 4 + [False] * 4)
    assert "98.2 %" in figures.say_learning(2000)


@claim(
    "On five other random splits, whose seeds were not chosen, the network reads at least 96 % of "
    "the 450 images right each time, and on average more than the baseline. Half or twice the "
    "baseline's learning rate, or its noise, changes its average by less than half a point."
)
def other_splits(seeds):
    def held_out(recipe):
        return [
            experiments.learn_digits(
                recipe, np.random.default_rng(seed), record_every=recipe.steps
            ).held_out[-1]
            for seed in seeds
        ]

    network, logistic = held_out(experiments.NETWORK), held_out(experiments.LOGISTIC)
    assert min(network) >= 0.96
    assert np.mean(network) > np.mean(logistic)
    for change in (0.5, 2.0):
        for setting in ("learning_rate", "noise"):
            changed = getattr(experiments.LOGISTIC, setting) * change
            other = held_out(experiments.LOGISTIC._replace(**{setting: changed}))
            assert abs(np.mean(other) - np.mean(logistic)) < 0.005


@claim("two splits share about a quarter of their held-out images")
def splits_overlap(seeds):
    """Of 450 held-out images two splits share about a quarter."""
    held_out = [np.random.default_rng(seed).permutation(1797)[-450:] for seed in seeds]
    for one, other in pairwise(held_out):
        assert len(np.intersect1d(one, other)) == pytest.approx(450**2 / 1797, rel=0.3)


@claim(
    '*"The signal tells each layer how much it contributed to the error."* It tells how the loss '
    "reacts to a *small* change, with everything else held fixed. Without its most useful unit the "
    "loss is more than five times as large; the slopes foretold a change of less than 0.001, and "
    "of the wrong sign. The wrong sign is chance; but in other runs, too, the slopes foretell less "
    "than a quarter of the rise."
)
def not_a_share(notebook, seeds):
    rise, foretold = notebook["rises"], notebook["foretold"]
    worst, base = int(np.argmax(rise)), notebook["base"].loss
    assert (base + rise[worst]) / base > 5
    assert -1e-3 < foretold[worst] < 0 < rise[worst]
    signs = []
    for seed in seeds:
        run = experiments.learn_digits(
            experiments.NETWORK, np.random.default_rng(seed), record_every=2000
        )
        W1, b1, W2, b2 = run.record.parameters
        X, y = run.split.X, run.split.y
        base = backpropagate(run.record.parameters, X, y)
        others = np.where(np.eye(64, dtype=bool)[:, :, None], 0.0, W2)
        rise = [network_loss((W1, b1, off, b2), X, y) - base.loss for off in others]
        worst = int(np.argmax(rise))
        foretold = -np.sum(W2[worst] * base.gradient[2][worst])
        assert abs(foretold) < rise[worst] / 4
        signs.append(foretold > 0)
    assert any(signs)
