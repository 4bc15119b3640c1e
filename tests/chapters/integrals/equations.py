"""The labelled equations of the chapter on integrals: LaTeX, formula, check."""

import itertools
import math

import autograd
import autograd.numpy as anp
import numpy as np
from scipy import integrate, stats

from helpers.mathematics.numdiff import complex_step
from tests.truth import equation


def close(value, wanted, rtol=1e-7):
    """Assert that two numbers, arrays or tuples of them agree, shapes included."""
    value, wanted = np.asarray(value, dtype=float), np.asarray(wanted, dtype=float)
    assert value.shape == wanted.shape
    np.testing.assert_allclose(value, wanted, rtol=rtol, atol=0)


def area(f, a=-9.0, b=9.0):
    """∫ f from a to b by Gauss and Legendre's rule with 120 points."""
    x, w = np.polynomial.legendre.leggauss(120)
    return float(np.sum(w * f((a + b) / 2 + (b - a) / 2 * x)) * (b - a) / 2)


def gaussian_mean(g):
    """E[g(ε)] for ε from N(0, 1), by Gauss and Hermite's rule."""
    x, w = np.polynomial.hermite_e.hermegauss(40)
    return float(np.sum(w * g(x)) / np.sqrt(2 * np.pi))


@equation(
    "eq-integrals-sum",
    r"\int_a^b f(x)\,\mathrm{d}x = \lim_{n \to \infty} \sum_{i=1}^{n} f(x_i)\, h",
    by="closed forms, points picked at random",
)
def riemann(f, x, h):
    return np.sum(f(x) * h)


@riemann.check
def check_riemann(formula):
    """Sums with 4000 slices and a random point in each, for cos and √, near their integrals."""
    rng, n = np.random.default_rng(1), 4000
    for f, F, a, b in ((np.cos, np.sin, 0.3, 1.3), (np.sqrt, lambda x: x**1.5 / 1.5, 1.0, 3.0)):
        h = (b - a) / n
        points = a + h * (np.arange(n) + rng.random(n))
        close(formula(f, points, h), F(b) - F(a), rtol=1e-4)


@equation(
    "eq-integrals-fundamental",
    r"""\begin{aligned}
\frac{\mathrm{d}}{\mathrm{d}x} \int_a^x f(t)\,\mathrm{d}t &= f(x) , \\
\int_a^b f(x)\,\mathrm{d}x &= F(b) - F(a) .
\end{aligned}""",
    by="quadrature and finite differences",
)
def fundamental(f, F, x, a, b):
    return f(x), F(b) - F(a)


@fundamental.check
def check_fundamental(formula):
    """The slope of Gauss and Legendre's integral by differences, and the integral itself."""
    for f, F in ((np.cos, np.sin), (lambda t: 3 * t**2, lambda t: t**3)):
        x, a, b, h = 0.8, 0.3, 1.7, 1e-3
        slope = (area(f, a, x + h) - area(f, a, x - h)) / (2 * h)
        close(formula(f, F, x, a, b), (slope, area(f, a, b)), rtol=1e-5)


@equation(
    "eq-integrals-rules",
    r"""\begin{aligned}
R_n &= h \sum_{i=0}^{n-1} f_i \\
M_n &= h \sum_{i=0}^{n-1} f(c_i) \\
T_n &= \tfrac12 h\, (f_0 + f_n) + h \sum_{i=1}^{n-1} f_i \\
S_n &= \tfrac43 T_n - \tfrac13 T_{n/2}
\end{aligned}""",
    by="SciPy's rules",
)
def rules(f, f_at_c, h, T, n):
    return (
        h * np.sum(f[:-1]),
        h * np.sum(f_at_c),
        h * (f[0] + f[-1]) / 2 + h * np.sum(f[1:-1]),
        4 * T(n) / 3 - T(n / 2) / 3,
    )


@rules.check
def check_rules(formula):
    """Random heights: rectangles one by one, trapezoids and parabolas by SciPy."""
    rng, n, h = np.random.default_rng(2), 6, 0.37
    f, middle = rng.normal(size=n + 1) + 2, rng.normal(size=n) + 2

    def T(count):
        return integrate.trapezoid(f[:: round(n / count)], dx=h * n / count)

    wanted = (
        math.fsum(h * v for v in f[:n]),
        math.fsum(h * v for v in middle),
        integrate.trapezoid(f, dx=h),
        integrate.simpson(f, dx=h),
    )
    close(formula(f, middle, h, T, n), wanted, rtol=1e-12)


@equation(
    "eq-integrals-errors",
    r"""\begin{aligned}
I - R_n &= \tfrac12 (b - a)\, h\, f'(\xi) \\
I - M_n &= \tfrac1{24} (b - a)\, h^2 f''(\xi) \\
I - T_n &= -\tfrac1{12} (b - a)\, h^2 f''(\xi) \\
I - S_n &= -\tfrac1{180} (b - a)\, h^4 f^{(4)}(\xi)
\end{aligned}""",
    by="polynomials, and eˣ between its ends",
)
def errors(a, b, h, df, ddf, ddddf, ξ):
    return (
        (b - a) * h * df(ξ) / 2,
        (b - a) * h**2 * ddf(ξ) / 24,
        -(b - a) * h**2 * ddf(ξ) / 12,
        -(b - a) * h**4 * ddddf(ξ) / 180,
    )


def _true_errors(f, exact, a, b, n):
    h = (b - a) / n
    edges, middle = a + h * np.arange(n + 1), a + h * (np.arange(n) + 0.5)
    sums = (
        h * np.sum(f(edges[:-1])),
        h * np.sum(f(middle)),
        integrate.trapezoid(f(edges), dx=h),
        integrate.simpson(f(edges), dx=h),
    )
    return [exact - s for s in sums]


@errors.check
def check_errors(formula):
    """Exact where the derivative is constant (x, x², x⁴). For eˣ the values at the two ends
    enclose the true error."""
    a, b, n = 2.0, 3.5, 4
    h = (b - a) / n
    for power, which in ((1, (0,)), (2, (1, 2)), (4, (3,))):
        level = float(math.factorial(power))

        slopes = [lambda t, c=level if order == power else 7.7: c for order in (1, 2, 4)]
        exact = (b ** (power + 1) - a ** (power + 1)) / (power + 1)
        found = formula(a, b, h, *slopes, 2.7)
        true = _true_errors(lambda x, power=power: x**power, exact, a, b, n)
        for i in which:
            close(found[i], true[i], rtol=1e-8)
    low, high = (formula(a, b, h, np.exp, np.exp, np.exp, end) for end in (a, b))
    true = _true_errors(np.exp, np.exp(b) - np.exp(a), a, b, n)
    for one, value, other in zip(low, true, high, strict=True):
        assert min(one, other) < value < max(one, other)


@equation(
    "eq-integrals-probability",
    r"""\begin{gathered}
P(a \le X \le b) = \int_a^b p(x)\,\mathrm{d}x , \\
p(x) \ge 0 , \qquad \int p(x)\,\mathrm{d}x = 1 .
\end{gathered}""",
    by="SciPy's distribution functions",
)
def probability(p, integral, a, b):
    return integral(p, a, b), integral(p, -np.inf, np.inf)


@probability.check
def check_probability(formula):
    """A Gaussian and a logistic variable: SciPy's distribution functions, and 1."""
    for law in (stats.norm(0.4, 0.7), stats.logistic(1.0, 0.5)):
        given = formula(law.pdf, lambda p, a, b: integrate.quad(p, a, b)[0], -0.3, 1.1)
        close(given, (law.cdf(1.1) - law.cdf(-0.3), 1.0), rtol=1e-7)


@equation(
    "eq-integrals-gaussian",
    r"p(x) = \frac{1}{\sigma \sqrt{2\pi}}\, e^{-(x - \mu)^2 / 2\sigma^2} .",
    by="SciPy",
    equivalent={"x, mu → mu, x": "the square of a difference"},
)
def gaussian(x, mu, sigma):
    return 1 / (sigma * np.sqrt(2 * np.pi)) * np.exp(-((x - mu) ** 2) / (2 * sigma**2))


@gaussian.check
def check_gaussian(formula):
    """SciPy's density at four places for two pairs of mean and standard deviation."""
    x = np.array([-1.2, 0.3, 1.9, 2.4])
    for mu, sigma in ((0.7, 1.3), (-0.4, 0.6)):
        close(formula(x, mu, sigma), stats.norm.pdf(x, mu, sigma), rtol=1e-11)


@equation(
    "eq-integrals-expectation",
    r"""\begin{aligned}
\mathbb E[g(X)] &= \int g(x)\, p(x)\,\mathrm{d}x , \\
\operatorname{Var}[X] &= \mathbb E[X^2] - \mathbb E[X]^2 .
\end{aligned}""",
    by="closed forms",
)
def expectation(g, p, integral, mean, mean_of_square):
    return integral(lambda x: g(x) * p(x)), mean_of_square - mean**2


@expectation.check
def check_expectation(formula):
    """E[eˣ] and E[cos X] of a Gaussian in closed form, and its variance."""
    m, s = 0.4, 0.7
    law = stats.norm(m, s)
    mean, square = area(lambda x: x * law.pdf(x)), area(lambda x: x * x * law.pdf(x))
    for g, wanted in (
        (np.exp, np.exp(m + s**2 / 2)),
        (np.cos, np.exp(-(s**2) / 2) * np.cos(m)),
    ):
        close(formula(g, law.pdf, area, mean, square), (wanted, s**2), rtol=1e-8)


@equation(
    "eq-integrals-bayes",
    r"""\begin{aligned}
p(\theta \mid y) &= \frac{p(y \mid \theta)\, p(\theta)}{p(y)} , \\
p(y) &= \int p(y \mid \theta)\, p(\theta)\,\mathrm{d}\theta > 0 .
\end{aligned}""",
    by="Gaussians in closed form",
)
def bayes(likelihood, prior, integral, theta):
    evidence = integral(lambda t: likelihood(t) * prior(t))
    return likelihood(theta) * prior(theta) / evidence, evidence


@bayes.check
def check_bayes(formula):
    """A Gaussian mean: posterior and evidence are Gaussians that are known in closed form."""
    m, s, noise, y = 0.3, 1.2, 0.8, 1.4
    v = 1 / (1 / s**2 + 1 / noise**2)
    after = stats.norm(v * (m / s**2 + y / noise**2), np.sqrt(v))
    for theta in (0.2, 1.3):
        given = formula(lambda t: stats.norm.pdf(y, t, noise), stats.norm(m, s).pdf, area, theta)
        wanted = after.pdf(theta), stats.norm.pdf(y, m, np.hypot(s, noise))
        close(given, wanted, rtol=1e-8)


@equation(
    "eq-integrals-beta",
    r"""\begin{aligned}
& p(k) = \binom nk \int_0^1 \theta^k \\
& \qquad\quad \cdot (1-\theta)^{n-k}\, p(\theta)\,\mathrm{d}\theta \\
& \quad = \binom nk \frac{B(a + k, b + n - k)}{B(a, b)} , \\
& \mathbb E[\theta \mid k] = \frac{a + k}{a + b + n} .
\end{aligned}""",
    by="SciPy's beta-binomial, and the mean by quadrature",
    equivalent={
        "B(a + k, b + n - k) → B(b + n - k, a + k)": "B is symmetric",
        "B(a, b) → B(b, a)": "B is symmetric",
    },
)
def beta(binom, B, integral, p, k, n, a, b):
    return (
        binom(n, k) * integral(lambda t: t**k * (1 - t) ** (n - k) * p(t)),
        binom(n, k) * B(a + k, b + n - k) / B(a, b),
        (a + k) / (a + b + n),
    )


@beta.check
def check_beta(formula):
    """Two priors and tables: SciPy's beta-binomial, and the mean as a quotient of integrals."""
    from scipy.special import beta as B

    def inside(f):
        return area(f, 0.0, 1.0)

    for a, b, k, n in ((3.0, 2.0, 4, 7), (2.0, 5.0, 3, 5)):
        prior = stats.beta(a, b).pdf
        product = stats.beta(a + k, b + n - k).pdf
        mean = inside(lambda t, q=product: t * q(t)) / inside(product)
        chance = stats.betabinom.pmf(k, n, a, b)
        close(formula(math.comb, B, inside, prior, k, n, a, b), (chance, chance, mean), rtol=1e-7)


@equation(
    "eq-integrals-normal",
    r"""\begin{aligned}
\frac{1}{v} &= \frac{1}{s^2} + \frac{n}{\sigma^2} \\
\mathbb E[\theta \mid y] &= v \left( \frac{\mu_0}{s^2} + \frac{n\,\bar y}{\sigma^2} \right)
\end{aligned}""",
    by="quadrature",
)
def normal(mu_0, s, sigma, n, mean_of_y, v):
    return 1 / s**2 + n / sigma**2, v * (mu_0 / s**2 + n * mean_of_y / sigma**2)


@normal.check
def check_normal(formula):
    """Mean and variance of prior × likelihood, by Gauss and Legendre's rule, for four data."""
    m, s, sigma, y = 0.6, 1.1, 0.7, np.array([1.2, 0.7, 1.9, 0.4])

    def joint(t):
        return stats.norm.pdf(t, m, s) * np.prod(stats.norm.pdf(y[:, None], t, sigma), axis=0)

    total = area(joint)
    mean = area(lambda t: t * joint(t)) / total
    v = area(lambda t: (t - mean) ** 2 * joint(t)) / total
    close(formula(m, s, sigma, y.size, y.mean(), v), (1 / v, mean), rtol=1e-6)


@equation(
    "eq-integrals-kernel",
    r"k(x, x') = e^{-(x - x')^2 / 2\ell^2} .",
    by="a ratio of SciPy's densities",
    equivalent={"x, x_other → x_other, x": "the square of a difference"},
)
def kernel(x, x_other, ell):
    return np.exp(-((x - x_other) ** 2) / (2 * ell**2))


@kernel.check
def check_kernel(formula):
    """The Gaussian density at x − x′ over that at 0, at three pairs and two length scales."""
    for ell in (0.6, 1.7):
        for x, other in ((0.3, 1.1), (-1.2, 0.4), (2.0, 1.9)):
            law = stats.norm(0, ell)
            close(formula(x, other, ell), law.pdf(x - other) / law.pdf(0), rtol=1e-10)


def _table(ell=0.9, noise=0.4):
    """Places, values and K of a small Gaussian process."""
    x, y = np.array([-1.4, -0.3, 0.2, 1.5]), np.array([0.5, -0.8, 0.3, 1.2])
    return x, y, np.exp(-((x[:, None] - x) ** 2) / (2 * ell**2)) + noise**2 * np.eye(4)


@equation(
    "eq-integrals-process",
    r"""\begin{aligned}
\mathbb E[f(x_*) \mid y] &= k_*^\top K^{-1} y , \\
\operatorname{Var}[f(x_*) \mid y] &= 1 - k_*^\top K^{-1} k_* .
\end{aligned}""",
    by="the precision matrix of the joint Gaussian",
)
def process(k, K, y):
    return np.sum(k * np.linalg.solve(K, y)), 1 - np.sum(k * np.linalg.solve(K, k))


@process.check
def check_process(formula):
    """In the inverse of the joint covariance, the first row holds variance and mean."""
    x, y, K = _table()
    for place in (0.7, -2.0):
        k = np.exp(-((place - x) ** 2) / (2 * 0.9**2))
        joint = np.block([[np.ones((1, 1)), k[None]], [k[:, None], K]])
        row = np.linalg.inv(joint)[0]
        close(formula(k, K, y), (-row[1:] @ y / row[0], 1 / row[0]), rtol=1e-9)


@equation(
    "eq-integrals-evidence",
    r"""\begin{aligned}
\log p(y) = {} & -\tfrac12\, y^\top K^{-1} y \\
& - \tfrac12 \log \det K - \tfrac n2 \log 2\pi .
\end{aligned}""",
    by="SciPy's multivariate Gaussian",
)
def evidence(y, K, n):
    return (
        -np.sum(y * np.linalg.solve(K, y)) / 2
        - np.log(np.linalg.det(K)) / 2
        - n / 2 * np.log(2 * np.pi)
    )


@evidence.check
def check_evidence(formula):
    """SciPy's logarithm of the density, for two covariances."""
    for ell, noise in ((0.9, 0.4), (0.5, 0.8)):
        _, y, K = _table(ell, noise)
        wanted = stats.multivariate_normal(np.zeros(4), K).logpdf(y)
        close(formula(y, K, 4), wanted, rtol=1e-10)


@equation(
    "eq-integrals-inverse",
    r"""\begin{aligned}
\frac{\partial K^{-1}}{\partial \ell} &= -K^{-1}\, \frac{\partial K}{\partial \ell}\, K^{-1} \\
\frac{\partial \log\det K}{\partial \ell} &= \operatorname{tr}\Bigl( K^{-1}\,
\frac{\partial K}{\partial \ell} \Bigr)
\end{aligned}""",
    by="finite differences",
    equivalent={"inverse @ dK → dK @ inverse": "a trace does not mind the order of two factors"},
)
def inverse(K, dK):
    inverse = np.linalg.inv(K)
    return -inverse @ dK @ inverse, np.trace(inverse @ dK)


@inverse.check
def check_inverse(formula):
    """Central differences of K⁻¹ and log det K along a straight line of symmetric matrices."""
    _, _, K = _table()
    dK = np.array([[0.3, -0.2, 0.1, 0.4], [-0.2, 0.5, 0.2, 0.1], [0.1, 0.2, -0.4, 0.3],
                   [0.4, 0.1, 0.3, 0.6]])  # fmt: skip
    h = 1e-4
    above, below = K + h * dK, K - h * dK
    moved, change = formula(K, dK)
    slope = (np.linalg.inv(above) - np.linalg.inv(below)) / (2 * h)
    np.testing.assert_allclose(moved, slope, rtol=0, atol=1e-5)
    log_det = (np.linalg.slogdet(above)[1] - np.linalg.slogdet(below)[1]) / (2 * h)
    close(change, log_det, rtol=1e-5)


@equation(
    "eq-integrals-slope",
    r"""\begin{aligned}
\frac{\partial \log p(y)}{\partial \ell} &= \tfrac12\, \alpha^\top \frac{\partial
K}{\partial \ell}\, \alpha \\
&\quad - \tfrac12 \operatorname{tr}\Bigl( K^{-1}\, \frac{\partial K}{\partial \ell} \Bigr) \\
\frac{\partial K_{ij}}{\partial \ell} &= k(x_i, x_j)\, \frac{(x_i - x_j)^2}{\ell^3}
\end{aligned}""",
    by="autograd and the complex step",
    equivalent={"x_i, x_j → x_j, x_i": "the square of a difference"},
)
def slope(alpha, K, dK, k, x_i, x_j, ell):
    return (
        np.sum(np.outer(alpha, alpha) * dK) / 2 - np.trace(np.linalg.solve(K, dK)) / 2,
        k * (x_i - x_j) ** 2 / ell**3,
    )


@slope.check
def check_slope(formula):
    """autograd through the logarithm of the evidence, at two length scales; the kernel's slope by
    the complex step."""
    for ell in (0.9, 1.6):
        x, y, K = _table(ell)
        squares = (x[:, None] - x) ** 2

        def log_evidence(t, squares=squares, y=y):
            K = anp.exp(-squares / (2 * t**2)) + 0.16 * anp.eye(4)
            return -anp.dot(y, anp.linalg.solve(K, y)) / 2 - anp.linalg.slogdet(K)[1] / 2

        dK = complex_step(lambda t, s=squares: np.exp(-s / (2 * t**2)), ell)
        k = np.exp(-squares[0, 1] / (2 * ell**2))
        given = formula(np.linalg.solve(K, y), K, dK, k, x[0], x[1], ell)
        close(given, (autograd.grad(log_evidence)(ell), dK[0, 1]), rtol=1e-8)


@equation(
    "eq-integrals-mc",
    r"""\begin{aligned}
\hat I_n &= \frac1n \sum_{i=1}^{n} g(X_i) \\
\mathbb E[\hat I_n] &= \mathbb E[g(X)] \\
\operatorname{Var}[\hat I_n] &= \frac{\sigma^2}{n} , \quad \text{error} \approx
\frac{\sigma}{\sqrt n} .
\end{aligned}""",
    by="all outcomes of three and four draws",
)
def monte_carlo(g, X, sigma, n):
    return np.sum(g(X)) / n, sigma**2 / n, sigma / np.sqrt(n)


@monte_carlo.check
def check_monte_carlo(formula):
    """X takes three values; all tuples of n draws with their chances give mean and variance."""
    values, chances = np.array([0.5, 1.0, 3.0]), np.array([0.2, 0.5, 0.3])
    mean = chances @ values**2
    sigma = np.sqrt(chances @ (values**2 - mean) ** 2)
    for n in (3, 4):
        tuples = list(itertools.product(range(3), repeat=n))
        weight = np.array([np.prod(chances[list(t)]) for t in tuples])
        given = [formula(np.square, values[list(t)], sigma, n) for t in tuples]
        averages = np.array([g[0] for g in given])
        close(weight @ averages, mean, rtol=1e-10)
        spread = weight @ (averages - mean) ** 2
        close(given[0][1:], (spread, np.sqrt(spread)), rtol=1e-10)
        close(averages[-1], values[-1] ** 2, rtol=1e-10)


@equation(
    "eq-integrals-two",
    r"""\begin{aligned}
\frac{\mathrm{d}}{\mathrm{d}\theta}\, \mathbb E[f(X)] &= \mathbb E[f'(\theta + \varepsilon)] \\
&= \mathbb E[f(X)\,(X - \theta)]
\end{aligned}""",
    by="closed forms, by Gauss and Hermite's rule",
    equivalent={"theta + noise → theta - noise": "ε and −ε have the same distribution"},
)
def two(mean, f, df, theta):
    return (
        mean(lambda noise: df(theta + noise)),
        mean(lambda noise: f(theta + noise) * (theta + noise - theta)),
    )


@two.check
def check_two(formula):
    """E[sin X] = sin θ · e^(−1/2) and E[X³] = θ³ + 3θ, differentiated by hand, at two θ."""
    for theta in (0.7, -1.3):
        given = formula(gaussian_mean, np.sin, np.cos, theta)
        close(given, (np.cos(theta) * np.exp(-0.5),) * 2, rtol=1e-8)
        given = formula(gaussian_mean, lambda x: x**3, lambda x: 3 * x**2, theta)
        close(given, (3 * theta**2 + 3,) * 2, rtol=1e-8)


@equation(
    "eq-integrals-variances",
    r"""\begin{aligned}
\operatorname{Var}[2(\theta + \varepsilon)] &= 4 \\
\operatorname{Var}[X^2 (X - \theta)] &= \theta^4 + 14\,\theta^2 + 15
\end{aligned}""",
    by="Gauss and Hermite's rule",
)
def variances(theta):
    return 4, theta**4 + 14 * theta**2 + 15


@variances.check
def check_variances(formula):
    """Second moment less squared mean, exact for polynomials, at three θ."""
    for theta in (1.0, 0.4, -1.8):
        wanted = []
        for g in (lambda e, t=theta: 2 * (t + e), lambda e, t=theta: (t + e) ** 2 * e):
            wanted.append(gaussian_mean(lambda e, g=g: g(e) ** 2) - gaussian_mean(g) ** 2)
        close(formula(theta), wanted, rtol=1e-8)


@equation(
    "eq-integrals-grouped",
    r"\operatorname{Var}[\hat I_n] = \frac{\sigma^2}{n} \bigl( 1 + (m - 1)\rho \bigr) .",
    by="the covariance matrix of all draws",
)
def grouped(sigma, n, m, rho):
    return sigma**2 / n * (1 + (m - 1) * rho)


@grouped.check
def check_grouped(formula):
    """The sum of all entries of the covariance matrix over n², for groups of 3 and of 4."""
    for users, m, rho, sigma in ((4, 3, 0.3, 1.7), (2, 4, 0.6, 0.8)):
        n = users * m
        one = sigma**2 * (rho * np.ones((m, m)) + (1 - rho) * np.eye(m))
        covariance = np.kron(np.eye(users), one)
        close(formula(sigma, n, m, rho), covariance.sum() / n**2, rtol=1e-10)
