"""The labelled equations of the chapter on backpropagation: LaTeX, formula, check.

Names: ``ds`` holds slopes σ′ of neurons, a name with ``_next`` belongs to the layer after.
"""

import itertools
import math
from functools import cache

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.scipy.special import erf
from autograd.scipy.stats import norm

from tests.truth import equation


def close(value, wanted, rtol=1e-10):
    """Assert that two arrays or tuples of arrays agree entry by entry, shapes included."""
    if isinstance(wanted, tuple):
        assert len(value) == len(wanted)
        for one, other in zip(value, wanted, strict=True):
            close(one, other, rtol)
        return
    assert np.shape(value) == np.shape(wanted)
    np.testing.assert_allclose(value, wanted, rtol=rtol, atol=0)


def arrays(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def cube_loss(z):
    """A loss without any symmetry that autograd can follow."""
    return anp.sum(anp.sin(z) * anp.arange(1, z.size + 1).reshape(z.shape) + z**3 / 3)


@equation(
    "eq-backpropagation-layer",
    r"""\begin{aligned}
z_j &= b_j + \sum_i a_i\, w_{ij} \\
a_j &= \sigma(z_j)
\end{aligned}""",
    by="numbers worked out by hand",
)
def layer(a, w, b, σ):
    z = b + a @ w
    return z, σ(z)


@layer.check
def check_layer(formula):
    """Two inputs, three units, sums worked out by hand, and two functions of the sums."""
    a, b = np.array([2.0, -3.0]), np.array([0.5, -1.0, 4.0])
    w = np.array([[1.0, 0.5, -2.0], [2.0, -1.5, 0.25]])
    z = np.array([0.5 + 2 - 6, -1 + 1 + 4.5, 4 - 4 - 0.75])
    close(formula(a, w, b, np.cos), (z, np.array([math.cos(s) for s in z])))
    close(formula(a, w, b, lambda z: z**3), (z, np.array([s * s * s for s in z])))


@equation(
    "eq-backpropagation-chain",
    r"""\frac{\partial L}{\partial a_i} = \sum_k \frac{\partial z_k}{\partial a_i}\,
\frac{\partial L}{\partial z_k}""",
    by="autograd",
)
def chain(dz_da, dL_dz):
    return dz_da @ dL_dz


@chain.check
def check_chain(formula):
    """Three values a, four values z that are curved functions of all of them, one loss: the sum
    equals autograd's derivative of the whole."""
    a, mix = arrays(0, 3, (3, 4))

    def z(a):
        return anp.sin(a @ mix) + (a @ mix) ** 2

    dz_da = autograd.jacobian(z)(a).T  # row i, column k
    whole = autograd.grad(lambda a: cube_loss(z(a)))(a)
    close(formula(dz_da, autograd.grad(cube_loss)(z(a))), whole)


@equation(
    "eq-backpropagation-paths",
    r"""\begin{aligned}
\frac{\partial L}{\partial x_1} = {} & w_{11}\, \sigma'(z_1)\, v_1\, (\hat y - y) \\
& {} + w_{12}\, \sigma'(z_2)\, v_2\, (\hat y - y)
\end{aligned}""",
    by="autograd",
)
def paths(w11, w12, ds1, ds2, v1, v2, output, y):
    return w11 * ds1 * v1 * (output - y) + w12 * ds2 * v2 * (output - y)


@paths.check
def check_paths(formula):
    """The whole network of the figure, written for autograd, at three settings."""

    def sigma(z):
        return 1 / (1 + anp.exp(-z))

    for seed in range(3):
        (w11, w12, w21, w22, v1, v2, x1, x2, y) = arrays(seed, 9)[0]

        def loss(x1, y=y, w=((w11, w12), (w21, w22)), v=(v1, v2), x2=x2):
            z = [x1 * w[0][j] + x2 * w[1][j] for j in (0, 1)]
            return 0.5 * (sum(v[j] * sigma(z[j]) for j in (0, 1)) - y) ** 2

        z = [x1 * w11 + x2 * w21, x1 * w12 + x2 * w22]
        slopes = [float(autograd.grad(sigma)(s)) for s in z]
        output = v1 * sigma(z[0]) + v2 * sigma(z[1])
        close(formula(w11, w12, *slopes, v1, v2, output, y), float(autograd.grad(loss)(x1)))


@cache
def two_layers():
    """A layer of five sums, tanh, a layer of three sums and a loss: what the checks differentiate.

    Returns a, z, the next layer's weights and signal, and the loss as a function of (a, w, b).
    """
    a, w, b, w_next, b_next = arrays(1, 4, (4, 5), 5, (5, 3), 3)

    def loss(a, w, b):
        return cube_loss(anp.tanh(a @ w + b) @ w_next + b_next)

    z = a @ w + b
    signal_next = autograd.grad(cube_loss)(np.tanh(z) @ w_next + b_next)
    slopes = autograd.elementwise_grad(anp.tanh)(z)
    after = autograd.grad(lambda z: cube_loss(anp.tanh(z) @ w_next + b_next))(z)
    return a, w, b, w_next, signal_next, slopes, after, loss


@equation(
    "eq-backpropagation-delta",
    r"""\begin{aligned}
\delta_j &= \frac{\partial L}{\partial z_j} \\
&= \sigma'(z_j) \sum_k w_{jk}\, \delta_k
\end{aligned}""",
    by="autograd",
)
def delta(ds, w, δ):
    return ds * (w @ δ)


@delta.check
def check_delta(formula):
    """Five units that feed three: autograd's derivative by the five sums."""
    _, _, _, w_next, signal_next, slopes, after, _ = two_layers()
    close(formula(slopes, w_next, signal_next), after)


@equation(
    "eq-backpropagation-weight",
    r"""\begin{aligned}
\frac{\partial L}{\partial w_{ij}} &= a_i\, \delta_j \\
\frac{\partial L}{\partial b_j} &= \delta_j
\end{aligned}""",
    by="autograd",
)
def weight(a, δ):
    return np.outer(a, δ), δ


@weight.check
def check_weight(formula):
    """Twenty weights and five biases in front of a hidden layer: autograd's derivatives."""
    a, w, b, _, _, _, after, loss = two_layers()
    close(formula(a, after), (autograd.grad(loss, 1)(a, w, b), autograd.grad(loss, 2)(a, w, b)))


@equation(
    "eq-backpropagation-batch",
    r"""\begin{aligned}
Z &= A W + b \\
\Delta &= \bigl(\Delta^+ (W^+)^\top\bigr) \odot \sigma'(Z) \\
\frac{\partial L}{\partial W} &= A^\top \Delta \\
\frac{\partial L}{\partial b} &= \sum_r \Delta_r
\end{aligned}""",
    by="autograd",
)
def batch(A, W, b, ds, Δ_next, W_next):
    Z = A @ W + b
    Δ = (Δ_next @ W_next.T) * ds(Z)
    return Z, Δ, A.T @ Δ, np.sum(Δ, axis=0)


@batch.check
def check_batch(formula):
    """Seven examples through 4, 5 and 3 units: autograd's derivatives by Z, W and b, and the sums
    example by example."""
    A, W, b, W_next, by_Z, by_W, by_b, signal_next = _seven()
    Z = np.stack([[sum(a * w for a, w in zip(row, column, strict=True)) for column in W.T]
                  for row in A]) + b  # fmt: skip
    given = formula(A, W, b, lambda Z: 1 / np.cosh(Z) ** 2, signal_next, W_next)
    close(given, (Z, by_Z, by_W, by_b))


@cache
def _seven():
    A, W, b, W_next, b_next = arrays(2, (7, 4), (4, 5), 5, (5, 3), 3)

    def of_sums(Z):
        return cube_loss(anp.tanh(Z) @ W_next + b_next)

    def loss(W, b):
        return of_sums(A @ W + b)

    Z = A @ W + b
    return (
        A, W, b, W_next,
        autograd.grad(of_sums)(Z), autograd.grad(loss, 0)(W, b), autograd.grad(loss, 1)(W, b),
        autograd.grad(cube_loss)(np.tanh(Z) @ W_next + b_next),
    )  # fmt: skip


@equation(
    "eq-backpropagation-softmax",
    r"""\begin{aligned}
p_{rk} &= e^{z_{rk}} \Big/ \sum_c e^{z_{rc}} \\
L &= -\frac1B \sum_r \ln p_{r y_r} \\
\delta_{rk} &= \frac1B \bigl(p_{rk} - [k = y_r]\bigr)
\end{aligned}""",
    by="autograd",
)
def softmax_loss(z, y, B):
    p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    right = y[:, None] == np.arange(p.shape[1])
    return p, -np.sum(np.log(p[right])) / B, (p - right) / B


@softmax_loss.check
def check_softmax_loss(formula):
    """Four examples, three classes: each probability against a ratio of Python's exponentials, the
    loss in its other form, ln Σ eᶻ − z_y, and autograd's derivative of that."""
    (z,), y = arrays(3, (4, 3)), np.array([2, 0, 1, 2])

    def loss(z):
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[np.arange(4), y])

    p = np.array([[math.exp(s) / sum(map(math.exp, row)) for s in row] for row in z])
    close(formula(z, y, 4), (p, float(loss(z)), autograd.grad(loss)(z)))


@equation(
    "eq-backpropagation-slopes",
    r"""\begin{aligned}
\sigma' &= \sigma\,(1 - \sigma) \\
\tanh' &= 1 - \tanh^2 \\
\mathrm{ReLU}'(z) &= \begin{cases} 1 & z > 0 \\ 0 & z < 0 \end{cases} \\
\mathrm{GELU}'(z) &= \Phi(z) + z\, \varphi(z)
\end{aligned}""",
    by="autograd",
    equivalent={
        "z > 0 → z >= 0": "at z = 0 the display leaves the slope open: there is none",
        "np.where(z > 0, 1.0, 0.0) → np.where(1.0, z > 0, 0.0)": "1 is true, and truth counts as 1",
    },
)
def slopes(σ, tanh, z, Φ, φ):
    return σ * (1 - σ), 1 - tanh**2, np.where(z > 0, 1.0, 0.0), Φ + z * φ


@slopes.check
def check_slopes(formula):
    """Six places from −2.1 to 1.9: autograd's derivatives of the four functions, the last through
    the error function."""
    z = np.array([-2.1, -0.8, -0.3, 0.2, 0.7, 1.9])
    functions = (
        lambda z: 1 / (1 + anp.exp(-z)),
        anp.tanh,
        lambda z: anp.maximum(z, 0.0),
        lambda z: z * (1 + erf(z / anp.sqrt(2))) / 2,
    )
    wanted = tuple(autograd.elementwise_grad(f)(z) for f in functions)
    given = formula(functions[0](z), np.tanh(z), z, norm.cdf(z), norm.pdf(z))
    close(given, wanted, rtol=1e-9)


@equation(
    "eq-backpropagation-collapse",
    r"""\begin{aligned}
& (A W_1 + b_1) W_2 + b_2 \\
& \qquad = A\,(W_1 W_2) + (b_1 W_2 + b_2)
\end{aligned}""",
    by="sums over indices",
)
def collapse(A, W1, b1, W2, b2):
    return A @ (W1 @ W2) + (b1 @ W2 + b2)


@collapse.check
def check_collapse(formula):
    """Five examples through two layers, one entry at a time."""
    A, W1, b1, W2, b2 = arrays(4, (5, 3), (3, 4), 4, (4, 2), 2)
    hidden = np.einsum("ni,ij->nj", A, W1) + b1
    close(formula(A, W1, b1, W2, b2), np.einsum("nj,jk->nk", hidden, W2) + b2)


@equation(
    "eq-backpropagation-product",
    r"\frac{\mathrm{d}a_D}{\mathrm{d}a_0} = \prod_{l=1}^{D} w_l\, \sigma'(z_l)",
    by="autograd",
)
def product(w, ds):
    return np.prod(w * ds)


@product.check
def check_product(formula):
    """Five neurons in a row: autograd's derivative through all of them."""
    w = arrays(5, 5)[0]

    def run(a, sums=None):
        for weight in w:
            z = weight * a
            if sums is not None:
                sums.append(z)
            a = anp.tanh(z) + z / 3
        return a

    sums = []
    run(0.8, sums)
    ds = np.array([1 - np.tanh(z) ** 2 + 1 / 3 for z in sums])
    close(formula(w, ds), float(autograd.grad(run)(0.8)))


@equation(
    "eq-backpropagation-bound",
    r"""\left| \frac{\mathrm{d}a_D}{\mathrm{d}a_0} \right|
\le \left( \frac{w_{\max}}{4} \right)^{D}""",
    by="the complex step; attained at z = 0",
)
def bound(w_max, D):
    return (w_max / 4) ** D


@bound.check
def check_bound(formula):
    """Sigmoid neurons in a row, each with a bias: random ones stay below the bound, and where all
    sums are 0 and all weights alike it is attained."""

    def slope(weights, biases, a):
        a = a + 1e-20j
        for w, b in zip(weights, biases, strict=True):
            a = 1 / (1 + np.exp(-(w * a + b)))
        return abs(a.imag) / 1e-20

    for D in (1, 4):
        weights, biases = arrays(D, D, D)
        assert slope(weights, biases, 0.3) <= formula(np.abs(weights).max(), D)
        for w in (3.0, 0.7):
            # A bias of −w/2 makes each sum 0, as each neuron gives ½; the first gets a₀ = ½.
            close(formula(w, D), slope(np.full(D, w), np.full(D, -w / 2), 0.5), rtol=1e-9)


def sign_patterns(count):
    """All rows of ``count`` signs: expectations over independent signs are means over the rows."""
    return np.array(list(itertools.product((-1.0, 1.0), repeat=count)))


@equation(
    "eq-backpropagation-forward",
    r"""\begin{aligned}
\mathbb{E}[z_j^2] &= s^2 \sum_{i=1}^{n} \mathbb{E}[a_i^2] \\
\text{ReLU: } \mathbb{E}[a_j^2] &= \tfrac12\, \mathbb{E}[z_j^2]
\end{aligned}""",
    by="exact expectations over all signs",
)
def forward_size(s, squares):
    z_squared = s**2 * np.sum(squares)
    return z_squared, z_squared / 2


@forward_size.check
def check_forward_size(formula):
    """Weights +s or −s with equal chances, and seven fixed inputs: the mean over all 128 cases."""
    (a,), s = arrays(6, 7), 0.6
    z = s * sign_patterns(7) @ a
    wanted = (np.mean(z**2), np.mean(np.maximum(z, 0) ** 2))
    close(formula(s, a**2), wanted)


@equation(
    "eq-backpropagation-backward",
    r"""\begin{aligned}
\mathbb{E}[\delta_j^2] &= \mathbb{E}[\sigma'(z_j)^2]\; s^2 \sum_{k=1}^{m} \mathbb{E}[\delta_k^2] \\
\text{ReLU: } & \mathbb{E}[\sigma'(z_j)^2] = \tfrac12
\end{aligned}""",
    by="exact expectations over all signs",
)
def backward_size(slope_squared, s, squares):
    return slope_squared * s**2 * np.sum(squares), 1 / 2


@backward_size.check
def check_backward_size(formula):
    """Signs for the four weights that lead on and for the five that lead in, all independent: the
    mean over all 512 cases, for tanh; and the share of sums above 0."""
    a, signal = arrays(7, 5, 4)
    s, s_in = 0.7, 0.45
    z = s_in * sign_patterns(5) @ a
    sent_back = s * sign_patterns(4) @ signal
    both = np.outer(1 / np.cosh(z) ** 2, sent_back)
    slope_squared = np.mean(1 / np.cosh(z) ** 4)
    close(formula(slope_squared, s, signal**2), (np.mean(both**2), np.mean(z > 0)))


@equation(
    "eq-backpropagation-scales",
    r"""\begin{aligned}
\text{He: } & s^2 = \frac{2}{n} \\
\text{Xavier: } & s^2 = \frac{2}{n + m}
\end{aligned}""",
    by="exact expectations over all signs",
)
def scales(n, m):
    return 2 / n, 2 / (n + m)


@scales.check
def check_scales(formula):
    """Signs times s: with He's s the mean square of ReLU outputs is that of the inputs; with
    Xavier's the factors of a linear layer, forward and back, are 1 on average."""
    for n, m in ((7, 4), (3, 8)):
        he, xavier = formula(n, m)
        a, signal = arrays(n, n, m)
        kept = np.mean(np.maximum(np.sqrt(he) * sign_patterns(n) @ a, 0) ** 2)
        close(kept, np.mean(a**2))
        forward = xavier * np.mean((sign_patterns(n) @ a) ** 2) / np.mean(a**2)
        back = xavier * np.mean((sign_patterns(m) @ signal) ** 2) / np.mean(signal**2)
        close((forward + back) / 2, np.float64(1.0))
