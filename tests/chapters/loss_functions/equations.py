"""The labelled equations of the chapter on loss functions: LaTeX, formula, check."""

from fractions import Fraction
from functools import cache

import autograd
import autograd.numpy as anp
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logsumexp
from scipy.stats import bernoulli, laplace, norm

from helpers.mathematics.numdiff import complex_step
from tests.truth import equation

#: Observations and predictions whose residuals lie on both sides of 0 and of a δ of 1.3.
_PAIRS = ((2.0, 2.7), (1.4, -0.3), (-0.6, 3.1), (0.9, 0.2))
#: Values whose best constants under the three losses all differ.
_VALUES = np.array([0.3, 1.1, 1.9, 2.6, 4.2, 9.7])


def close(value, wanted, rtol=1e-7):
    """Assert that two numbers, arrays or tuples of them agree, shapes included."""
    value, wanted = np.asarray(value, dtype=float), np.asarray(wanted, dtype=float)
    assert value.shape == wanted.shape
    np.testing.assert_allclose(value, wanted, rtol=rtol, atol=1e-13)


@equation(
    "eq-loss-mean",
    r"""\begin{aligned}
L(\theta) &= \frac1n \sum_{i=1}^n \ell(\hat y_i, y_i) \\
\frac{\mathrm{d}L}{\mathrm{d}\theta} &= \frac1n \sum_{i=1}^n
  \frac{\partial \ell}{\partial \hat y_i} \cdot \frac{\mathrm{d}\hat y_i}{\mathrm{d}\theta}
\end{aligned}""",
    by="autograd",
)
def mean_loss(loss, slope, model, model_slope, theta, xs, y, n):
    value = sum(loss(model(a, theta), b) for a, b in zip(xs, y, strict=True)) / n
    rate = (
        sum(slope(model(a, theta), b) * model_slope(a, theta) for a, b in zip(xs, y, strict=True))
        / n
    )
    return value, rate


@mean_loss.check
def check_mean_loss(formula):
    """A model that is not linear in θ and a loss that is no square, at three θ; the whole is
    differentiated by autograd."""
    x, y = np.array([0.4, -1.3, 2.2]), np.array([1.0, 0.3, -0.7])

    def loss(guess, seen):
        return (guess - seen) ** 4 + guess**2 * seen

    def slope(guess, seen):
        return 4 * (guess - seen) ** 3 + 2 * guess * seen

    def model(a, theta):
        return anp.sin(a * theta) + theta**2

    def whole(theta):
        return anp.mean(loss(model(x, theta), y))

    for theta in (0.7, -0.4, 1.9):
        given = formula(loss, slope, model, lambda a, t: a * np.cos(a * t) + 2 * t, theta, x, y, 3)
        close(given, (whole(theta), autograd.grad(whole)(theta)))


def check_residual_loss(formula, loss, *more):
    """A formula for loss and slope by the prediction against autograd, for four pairs (y, ŷ)."""
    for y, guess in _PAIRS:
        value, slope = formula(y - guess, *more)
        close(value, loss(y - guess))
        close(slope, autograd.grad(lambda g, y=y: loss(y - g))(guess))


@equation(
    "eq-loss-squared",
    r"""\begin{aligned}
\ell &= \tfrac12 r^2 \\
\frac{\partial\ell}{\partial\hat y} &= -r = \hat y - y
\end{aligned}""",
    by="autograd and fractions",
)
def squared(r, y, guess):
    return r**2 / 2, -r, guess - y


@squared.check
def check_squared(formula):
    """Loss in fractions, slope by the prediction from autograd, for four pairs (y, ŷ)."""
    for y, guess in _PAIRS:
        r = y - guess
        value, first, second = formula(r, y, guess)
        exact = autograd.grad(lambda g, y=y: 0.5 * (y - g) * (y - g))(guess)
        close(value, float(Fraction(r) * Fraction(r) / 2))
        close((first, second), (exact, exact))


@equation(
    "eq-loss-absolute",
    r"""\begin{aligned}
\ell &= |r| \\
\frac{\partial\ell}{\partial\hat y} &= -\operatorname{sign}(r) \quad (r \ne 0)
\end{aligned}""",
    by="autograd",
)
def absolute(r):
    return np.abs(r), -np.sign(r)


@absolute.check
def check_absolute(formula):
    """The root of r² and its slope by the prediction from autograd, for four pairs (y, ŷ)."""
    check_residual_loss(formula, lambda r: anp.sqrt(r * r))


@equation(
    "eq-loss-huber",
    r"""\begin{aligned}
\ell &= \begin{cases}
  \tfrac12 r^2 & \text{if } |r| \le \delta \\
  \delta\,\bigl(|r| - \tfrac12\delta\bigr) & \text{if } |r| > \delta
\end{cases} \\
\frac{\partial\ell}{\partial\hat y} &= -\max\bigl(-\delta, \min(\delta, r)\bigr)
\end{aligned}""",
    by="a search over ½u² + δ|r − u|, and finite differences",
    equivalent={
        "abs(r) <= delta → abs(r) < delta": "both cases are ½δ² at |r| = δ",
    },
)
def huber(r, delta):
    value = r**2 / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)
    return value, -max(-delta, min(delta, r))


@huber.check
def check_huber(formula):
    """Huber's loss as the least of ½u² + δ|r − u| over all u, for twelve pairs of r and δ; the
    slope by the prediction as the difference quotient of that."""

    def least(r, delta):
        u = max(-delta, min(r, delta))
        grid = np.append(np.linspace(-6, 6, 4001), [u, r, 0.0])
        return np.min(grid**2 / 2 + delta * np.abs(r - grid))

    for delta in (1.3, 0.4):
        for r in (-2.5, -1.0, 0.2, 0.55, 1.2, 3.1):
            value, slope = formula(r, delta)
            close(value, least(r, delta), rtol=1e-9)
            step = 1e-4
            quotient = (least(r - step, delta) - least(r + step, delta)) / (2 * step)
            assert abs(slope - quotient) < 1e-4 * abs(quotient)


@equation(
    "eq-loss-mean-minimises",
    r"""\begin{aligned}
\frac{\mathrm{d}}{\mathrm{d}m} \sum_{i=1}^n \tfrac12 (y_i - m)^2 &= n m - \sum_{i=1}^n y_i \\
&= n\,(m - \bar y) ,
\end{aligned}""",
    by="autograd",
)
def mean_minimises(y, m, n):
    return n * m - np.sum(y), n * (m - np.mean(y))


@mean_minimises.check
def check_mean_minimises(formula):
    """The slope of the sum at three m by autograd, and 0 where a search finds it least."""
    y = _VALUES

    def total(m):
        return 0.5 * anp.sum((y - m) ** 2)

    for m in (0.2, 3.1, 7.5):
        exact = autograd.grad(total)(m)
        close(formula(y, m, len(y)), (exact, exact))
    best = minimize_scalar(total, bounds=(0, 10), method="bounded", options={"xatol": 1e-9}).x
    assert np.all(np.abs(formula(y, best, len(y))) < 1e-4)


@equation(
    "eq-loss-median-minimises",
    r"""\begin{aligned}
& \frac{\mathrm{d}}{\mathrm{d}m} \sum_{i=1}^n |y_i - m| \\
& \quad = \#\{y_i < m\} - \#\{y_i > m\} .
\end{aligned}""",
    by="finite differences",
    equivalent={
        "y < m → y <= m": "m is none of the values",
        "y > m → y >= m": "m is none of the values",
    },
)
def median_minimises(y, m):
    return np.sum(y < m) - np.sum(y > m)


@median_minimises.check
def check_median_minimises(formula):
    """The sum is straight between two values: its quotient at seven m, one in each gap."""
    for m in (0.1, 0.7, 1.3, 2.2, 3.9, 5.5, 10.2):
        above, below = (np.sum(np.abs(_VALUES - m - step)) for step in (0.05, -0.05))
        close(formula(_VALUES, m), (above - below) / 0.1, rtol=1e-9)


@equation(
    "eq-loss-huber-location",
    r"\sum_{i=1}^n \max\bigl(-\delta, \min(\delta, y_i - m)\bigr) = 0",
    by="a search for the least sum",
)
def huber_location(y, m, delta):
    return np.sum(np.maximum(-delta, np.minimum(delta, y - m)))


@cache
def _best_constant(delta):
    """The m of the least sum of Huber's losses of the values, by ternary search."""

    def total(m):
        size = np.abs(_VALUES - m)
        return np.sum(np.where(size <= delta, size**2 / 2, delta * size - delta**2 / 2))

    low, high = 0.0, 10.0
    for _ in range(60):
        third = (high - low) / 3
        low, high = (
            (low, high - third) if total(low + third) < total(high - third) else (low + third, high)
        )
    return (low + high) / 2, total


@huber_location.check
def check_huber_location(formula):
    """At the least sum that a search finds the left-hand side is 0; elsewhere it is minus the slope
    of the sum by finite differences."""
    for delta in (1.3, 2.4):
        best, total = _best_constant(delta)
        assert abs(formula(_VALUES, best, delta)) < 1e-5
        for m in (0.5, 2.1, 6.0):
            quotient = (total(m - 1e-5) - total(m + 1e-5)) / 2e-5
            close(formula(_VALUES, m, delta), quotient, rtol=1e-6)


@equation(
    "eq-loss-line",
    r"""\begin{aligned}
\frac{\partial L}{\partial w} &= -\frac1n \sum_{i=1}^n \psi(r_i)\, x_i \\
\frac{\partial L}{\partial b} &= -\frac1n \sum_{i=1}^n \psi(r_i)
\end{aligned}""",
    by="autograd",
)
def line(psi, r, x, n):
    return -np.sum(psi(r) * x) / n, -np.sum(psi(r)) / n


@line.check
def check_line(formula):
    """For the squared loss and for a smooth loss that is none, at two lines through five points."""
    x, y = np.array([0.4, -1.3, 2.2, 0.9, 3.1]), np.array([1.0, 0.3, -0.7, 2.2, 1.6])
    losses = (
        (lambda r: 0.5 * r**2, lambda r: r),
        (lambda r: anp.sqrt(1 + r**2), lambda r: r / np.sqrt(1 + r**2)),
    )
    for loss, psi in losses:
        for w, b in ((0.6, -0.2), (-1.1, 0.8)):

            def whole(w, b, loss=loss):
                return anp.mean(loss(y - w * x - b))

            exact = (autograd.grad(whole, 0)(w, b), autograd.grad(whole, 1)(w, b))
            close(formula(psi, y - w * x - b, x, len(x)), exact)


@equation(
    "eq-loss-likelihood",
    r"-\ln \prod_{i=1}^n \varphi(r_i) = \sum_{i=1}^n \bigl(-\ln \varphi(r_i)\bigr)",
    by="SciPy's densities",
)
def likelihood(phi, r):
    return -np.log(np.prod(phi(r))), np.sum(-np.log(phi(r)))


@likelihood.check
def check_likelihood(formula):
    """Both sides against the sum of SciPy's logarithmic densities, for two densities."""
    r = np.array([0.4, -1.3, 0.2, 2.1])
    for density in (norm(0.2, 0.8), laplace(-0.1, 1.7)):
        wanted = -density.logpdf(r).sum()
        close(formula(density.pdf, r), (wanted, wanted))


@equation(
    "eq-loss-gaussian",
    r"-\ln \varphi(r) = \frac{r^2}{2 s^2} + \ln\bigl(s\sqrt{2\pi}\bigr) ,",
    by="SciPy's normal density",
)
def gaussian(r, s):
    return r**2 / (2 * s**2) + np.log(s * np.sqrt(2 * np.pi))


@gaussian.check
def check_gaussian(formula):
    """Five residuals, with the standard deviations 0.6 and 2.3."""
    for s in (0.6, 2.3):
        for r in (-2.7, -0.4, 0.1, 1.2, 3.0):
            close(formula(r, s), -norm.logpdf(r, scale=s), rtol=1e-10)


@equation(
    "eq-loss-laplace",
    r"-\ln \varphi(r) = \frac{|r|}{s} + \ln(2s) .",
    by="SciPy's Laplace density",
)
def laplacian(r, s):
    return np.abs(r) / s + np.log(2 * s)


@laplacian.check
def check_laplacian(formula):
    """Five residuals, with the scales 0.6 and 2.3."""
    for s in (0.6, 2.3):
        for r in (-2.7, -0.4, 0.1, 1.2, 3.0):
            close(formula(r, s), -laplace.logpdf(r, scale=s), rtol=1e-10)


@equation(
    "eq-loss-log",
    r"""\begin{aligned}
\ell &= -y \ln p - (1 - y) \ln(1 - p) \\
\frac{\partial\ell}{\partial p} &= \frac{p - y}{p\,(1 - p)}
\end{aligned}""",
    by="SciPy's Bernoulli distribution and the complex step",
)
def log_loss(p, y):
    return -y * np.log(p) - (1 - y) * np.log(1 - p), (p - y) / (p * (1 - p))


@log_loss.check
def check_log_loss(formula):
    """Both labels, and the mean over labels of which 30 % are 1, at four probabilities; the slope
    by the complex step of the two logarithms."""
    for p in (0.07, 0.4, 0.63, 0.98):
        for y in (0, 1, 0.3):
            value = -y * bernoulli.logpmf(1, p) - (1 - y) * bernoulli.logpmf(0, p)
            slope = y * complex_step(lambda t: -np.log(t), p)
            slope += (1 - y) * complex_step(lambda t: -np.log(1 - t), p)
            close(formula(p, y), (value, slope), rtol=1e-10)


@equation(
    "eq-loss-frequency",
    r"""\begin{aligned}
& \frac{\mathrm{d}}{\mathrm{d}p} \bigl( -q \ln p - (1 - q) \ln(1 - p) \bigr) \\
& \quad = \frac{p - q}{p\,(1 - p)} ,
\end{aligned}""",
    by="the complex step",
)
def frequency(p, q):
    return (p - q) / (p * (1 - p))


@frequency.check
def check_frequency(formula):
    """Twelve pairs of p and q; the mean log-loss over both labels is differentiated."""
    for q in (0.1, 0.37, 0.8):
        for p in (0.07, 0.4, 0.63, 0.98):
            expected = complex_step(lambda t, q=q: -q * np.log(t) - (1 - q) * np.log(1 - t), p)
            close(formula(p, q), expected, rtol=1e-10)


@equation(
    "eq-loss-logit",
    r"""\begin{aligned}
\frac{\partial\ell}{\partial z} &= \frac{p - y}{p\,(1 - p)} \cdot p\,(1 - p) \\
&= p - y
\end{aligned}""",
    by="autograd through the sigmoid",
)
def logit(p, y):
    return (p - y) / (p * (1 - p)) * (p * (1 - p)), p - y


@logit.check
def check_logit(formula):
    """Both labels, and the mean over labels of which 30 % are 1, at four logits; minus the
    logarithm of the label's probability by autograd."""
    for z in (-2.3, -0.4, 0.7, 3.1):
        for y in (0, 1, 0.3):

            def mean(t, y=y):
                return y * anp.log(1 + anp.exp(-t)) + (1 - y) * anp.log(1 + anp.exp(t))

            exact = autograd.grad(mean)(z)
            close(formula(expit(z), y), (exact, exact), rtol=1e-9)


@equation(
    "eq-loss-squared-sigmoid",
    r"\frac{\partial}{\partial z}\, \tfrac12 (p - y)^2 = (p - y)\, p\,(1 - p)",
    by="autograd through the sigmoid",
)
def squared_sigmoid(p, y):
    return (p - y) * p * (1 - p)


@squared_sigmoid.check
def check_squared_sigmoid(formula):
    """Both labels, and a target of 0.3, at four logits."""
    for z in (-2.3, -0.4, 0.7, 3.1):
        for y in (0, 1, 0.3):
            exact = autograd.grad(lambda t, y=y: 0.5 * (1 / (1 + anp.exp(-t)) - y) ** 2)(z)
            close(formula(expit(z), y), exact, rtol=1e-9)


@equation(
    "eq-loss-softplus",
    r"\ell = \ln\bigl(1 + e^z\bigr) - y z",
    by="SciPy's Bernoulli distribution",
)
def softplus(z, y):
    return np.log(1 + np.exp(z)) - y * z


@softplus.check
def check_softplus(formula):
    """Both labels, and the mean over labels of which 30 % are 1, at four logits: minus the
    logarithm of the label's probability."""
    for z in (-2.3, -0.4, 0.7, 3.1):
        for y in (0, 1, 0.3):
            p = expit(z)
            mean = -y * bernoulli.logpmf(1, p) - (1 - y) * bernoulli.logpmf(0, p)
            close(formula(z, y), mean, rtol=1e-10)


#: Logits of four classes, twice.
_LOGITS = (np.array([0.3, -1.2, 2.0, 0.4]), np.array([-0.7, 1.6, 0.2, -2.1]))


@equation(
    "eq-loss-softmax",
    r"""\begin{aligned}
p_k &= \frac{e^{z_k}}{\sum_{j=1}^K e^{z_j}} \\
\ell &= -\ln p_c = \ln \sum_{j=1}^K e^{z_j} - z_c
\end{aligned}""",
    by="SciPy's logsumexp",
)
def softmax(z, c):
    p = np.exp(z) / np.sum(np.exp(z))
    return p, -np.log(p[c]), np.log(np.sum(np.exp(z))) - z[c]


@softmax.check
def check_softmax(formula):
    """Two lists of four logits and each class; the probabilities from differences of logits."""
    for z in _LOGITS:
        for c in range(4):
            p, first, second = formula(z, c)
            close(p, [1 / sum(np.exp(z - k)) for k in z], rtol=1e-10)
            close((first, second), [logsumexp(z - z[c])] * 2, rtol=1e-10)


@equation(
    "eq-loss-softmax-gradient",
    r"""\begin{aligned}
\frac{\partial\ell}{\partial z_k} &= \frac{e^{z_k}}{\sum_{j=1}^K e^{z_j}} - y_k \\
&= p_k - y_k
\end{aligned}""",
    by="autograd",
)
def softmax_gradient(z, p, y, k):
    return np.exp(z[k]) / np.sum(np.exp(z)) - y[k], p[k] - y[k]


@softmax_gradient.check
def check_softmax_gradient(formula):
    """Two lists of four logits, each label and each entry, and a mixture of labels; minus the
    logarithm of a softmax is differentiated."""
    for z in _LOGITS:
        p = np.exp(z - logsumexp(z))
        for y in (*np.eye(4), np.array([0.4, 0.1, 0.2, 0.3])):
            exact = autograd.grad(
                lambda t, y=y: -anp.sum(y * anp.log(anp.exp(t) / anp.sum(anp.exp(t))))
            )(z)
            for k in range(4):
                close(formula(z, p, y, k), (exact[k], exact[k]), rtol=1e-9)


@equation(
    "eq-loss-logsumexp",
    r"\ln \sum_{j=1}^K e^{z_j} = a + \ln \sum_{j=1}^K e^{z_j - a}",
    by="SciPy's logsumexp",
)
def log_sum_exp(z, a):
    return a + np.log(np.sum(np.exp(z - a)))


@log_sum_exp.check
def check_log_sum_exp(formula):
    """Two lists of logits with three constants, and logits of 1000 with the largest."""
    for z in _LOGITS:
        for a in (0.0, -1.7, 2.4):
            close(formula(z, a), logsumexp(z), rtol=1e-12)
        close(formula(z + 1000, max(z) + 1000), logsumexp(z) + 1000, rtol=1e-12)
