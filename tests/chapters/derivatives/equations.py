"""Checks of the labelled equations in the chapter on derivatives."""

import autograd
import autograd.numpy as anp
import numpy as np
import sympy as sp

from helpers.mathematics.functions import weierstrass
from helpers.mathematics.numdiff import (
    EPSILON,
    central_difference,
    complex_step,
    forward_difference,
)
from tests.truth import checks

X, H = sp.symbols("x h", real=True)
U, V = sp.Function("u")(X), sp.Function("v")(X)


@checks("eq-derivatives-limit", by="SymPy and autograd")
def limit():
    """The limit of the difference quotient is the derivative, for five functions."""
    for f in (X**3 / 3 - X, sp.sin(X), sp.exp(2 * X), 1 / (1 + X**2), sp.sqrt(X**2 + 1)):
        quotient = (f.subs(X, X + H) - f) / H
        assert sp.simplify(sp.limit(quotient, H, 0) - sp.diff(f, X)) == 0
    slope = autograd.grad(lambda x: anp.sin(x) * anp.exp(2 * x))(0.4)
    quotient = forward_difference(lambda x: np.sin(x) * np.exp(2 * x), 0.4, 1e-7)
    assert np.isclose(slope, quotient, rtol=1e-5)


@checks("eq-derivatives-square", by="SymPy")
def square():
    """The quotient of x² is exactly 2x + h."""
    assert sp.expand(((X + H) ** 2 - X**2) / H) == 2 * X + H


@checks("eq-derivatives-linear", by="SymPy")
def linear():
    """Sums and constant factors."""
    a, b = sp.symbols("a b")
    claimed = a * U.diff(X) + b * V.diff(X)
    assert sp.simplify((a * U + b * V).diff(X) - claimed) == 0


@checks("eq-derivatives-product", by="SymPy and the complex step")
def product():
    """The product rule, in general and for x² sin x."""
    assert sp.simplify((U * V).diff(X) - (U.diff(X) * V + U * V.diff(X))) == 0
    x = np.linspace(-2, 2, 9)
    claimed = 2 * x * np.sin(x) + x**2 * np.cos(x)
    assert np.allclose(complex_step(lambda z: z**2 * np.sin(z), x), claimed, rtol=1e-13)


@checks("eq-derivatives-quotient", by="SymPy and the complex step")
def quotient():
    """The quotient rule, in general and for sin x / (2 + x²)."""
    claimed = (U.diff(X) * V - U * V.diff(X)) / V**2
    assert sp.simplify((U / V).diff(X) - claimed) == 0
    x = np.linspace(-2, 2, 9)
    claimed = (np.cos(x) * (2 + x**2) - np.sin(x) * 2 * x) / (2 + x**2) ** 2
    assert np.allclose(complex_step(lambda z: np.sin(z) / (2 + z**2), x), claimed, rtol=1e-13)


@checks("eq-derivatives-chain", by="finite differences and autograd")
def chain():
    """The chain rule for three compositions; taking u′ at x instead of v(x) fails."""
    pairs = (
        (anp.sin, anp.cos, lambda x: x**2, lambda x: 2 * x),
        (anp.exp, anp.exp, anp.sin, anp.cos),
        (lambda x: x**3, lambda x: 3 * x**2, anp.tanh, lambda x: 1 - anp.tanh(x) ** 2),
    )
    for u, du, v, dv in pairs:
        for x in (-1.2, 0.5, 0.9):
            claimed = du(v(x)) * dv(x)
            assert np.isclose(claimed, autograd.grad(lambda t, u=u, v=v: u(v(t)))(x), rtol=1e-12)
            numeric = central_difference(lambda t, u=u, v=v: u(v(t)), x, 1e-5)
            assert np.isclose(claimed, numeric, rtol=1e-7)
            assert not np.isclose(du(x) * dv(x), numeric, rtol=1e-2)


@checks("eq-derivatives-table", by="SymPy")
def table():
    """Power, exponential, logarithm, sine and cosine."""
    x, n = sp.symbols("x n", positive=True)
    rows = (
        (x**n, n * x ** (n - 1)),
        (sp.exp(x), sp.exp(x)),
        (sp.log(x), 1 / x),
        (sp.sin(x), sp.cos(x)),
        (sp.cos(x), -sp.sin(x)),
    )
    for f, slope in rows:
        assert sp.simplify(sp.diff(f, x) - slope) == 0


@checks("eq-derivatives-logistic", by="autograd and the complex step")
def logistic():
    """Both forms of the slope of the logistic function."""

    def sigma(x):
        return 1 / (1 + anp.exp(-x))

    x = np.linspace(-4, 4, 17)
    first = np.exp(-x) / (1 + np.exp(-x)) ** 2
    second = sigma(x) * (1 - sigma(x))
    assert np.allclose(first, second, rtol=1e-13)
    assert np.allclose(second, complex_step(sigma, x), rtol=1e-13)
    assert np.allclose(second, autograd.elementwise_grad(sigma)(x), rtol=1e-12)


@checks("eq-derivatives-abs", by="SymPy")
def kink():
    """The one-sided limits of |h|/h."""
    assert sp.limit(sp.Abs(H) / H, H, 0, "+") == 1
    assert sp.limit(sp.Abs(H) / H, H, 0, "-") == -1


@checks("eq-derivatives-weierstrass", by="partial sums of the series")
def weierstrass_quotient():
    """The closed form of the quotient against a partial sum of 16 terms, and its growth."""
    a, b = 0.5, 13
    quotients = []
    for n in range(1, 9):
        k = np.arange(n)
        waves = np.sum(a**k * (np.cos(float(b) ** (k - n) * np.pi) - 1))
        claimed = float(b) ** n * (waves - 2 * a**n / (1 - a))
        # cos(bᵏ π b⁻ⁿ) is cos of an odd multiple of π for k ≥ n: exactly −1.
        tail = sum(a**k * (-2) for k in range(n, n + 60))
        assert np.isclose(claimed, float(b) ** n * (waves + tail), rtol=1e-12)
        quotients.append(claimed)
    direct = (weierstrass(np.float64(b) ** -3) - weierstrass(0.0)) * b**3
    assert np.isclose(direct, quotients[2], rtol=1e-2)
    assert abs(quotients[-1]) > 1e7
    assert np.allclose(np.array(quotients[1:]) / quotients[:-1], a * b, rtol=0.02)


@checks("eq-derivatives-taylor", by="an explicit ξ between the two points")
def taylor():
    """For eˣ the ξ of the remainder can be solved for; it lies between x and x + Δx."""
    for x in (-1.0, 0.0, 0.7):
        for dx in (-1.5, -0.1, 0.1, 1.5):
            remainder = np.exp(x + dx) - np.exp(x) - np.exp(x) * dx
            xi = np.log(2 * remainder / dx**2)
            assert min(x, x + dx) < xi < max(x, x + dx)


def _scheme_error(scheme, h):
    return scheme(np.sin, 0.7, h) - np.cos(0.7)


@checks("eq-derivatives-forward", by="closed form")
def forward():
    """The error is ½ h f″(ξ): for sin at 0.7 it lies between the values at the two ends."""
    for h in (0.2, 0.1, 0.01):
        ends = sorted(-0.5 * h * np.sin([0.7, 0.7 + h]))
        assert ends[0] <= _scheme_error(forward_difference, h) <= ends[1]


@checks("eq-derivatives-central", by="closed form")
def central():
    """The error is h² f‴(ξ)/6, and falls by 4 when h is halved."""
    for h in (0.2, 0.1, 0.01):
        ends = sorted(-(h**2) / 6 * np.cos([0.7 - h, 0.7 + h]))
        assert ends[0] <= _scheme_error(central_difference, h) <= ends[1]
    ratio = _scheme_error(central_difference, 0.1) / _scheme_error(central_difference, 0.05)
    assert np.isclose(ratio, 4, rtol=1e-2)


@checks("eq-derivatives-complex-step", by="closed form")
def complex_step_error():
    """The error is −h² f‴/6 up to fourth order, and nothing is lost for h = 1e-200."""
    for h in (0.1, 0.05):
        claimed = h**2 / 6 * np.cos(0.7)
        assert np.isclose(_scheme_error(complex_step, h), claimed, rtol=h**2)
    assert abs(_scheme_error(complex_step, 1e-200)) < 1e-15


@checks("eq-derivatives-best-step", by="SymPy and a search over h")
def best_step():
    """The steps balance the two errors, and no other step is much better for exp at 1."""
    f, second, third, eps, h = sp.symbols("f s t e h", positive=True)
    forward_step = 2 * sp.sqrt(eps * f / second)
    assert sp.simplify((h * second / 2 - 2 * eps * f / h).subs(h, forward_step)) == 0
    central_step = (6 * eps * f / third) ** sp.Rational(1, 3)
    assert sp.simplify((h**2 * third / 6 - eps * f / h).subs(h, central_step)) == 0
    steps = np.logspace(-12, -1, 400)
    for scheme, claimed in (
        (forward_difference, 2 * np.sqrt(EPSILON)),
        (central_difference, np.cbrt(6 * EPSILON)),
    ):
        errors = np.abs(scheme(np.exp, 1.0, steps) - np.e)
        near = errors[(steps > claimed / 3) & (steps < claimed * 3)].mean()
        for factor in (100, 0.01):
            far = (steps > claimed * factor / 3) & (steps < claimed * factor * 3)
            assert near < 0.2 * errors[far].mean()
