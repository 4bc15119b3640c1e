"""The labelled equations of the chapter on derivatives: LaTeX, formula, check."""

from fractions import Fraction

import autograd
import autograd.numpy as anp
import numpy as np
from scipy.optimize import minimize_scalar

from helpers.mathematics.numdiff import complex_step
from tests.truth import equation

#: Smooth functions of one variable that autograd and the complex step both accept.
_SMOOTH = (
    lambda x: x**3 / 3 - x,
    lambda x: anp.sin(1.3 * x) + x,
    lambda x: anp.exp(0.7 * x),
    lambda x: 1 / (1 + x**2),
)
_POINTS = (-1.2, 0.4, 0.9)


def close(value, wanted, rtol=1e-7):
    """Assert that two numbers, arrays or tuples of them agree, shapes included."""
    value, wanted = np.asarray(value, dtype=float), np.asarray(wanted, dtype=float)
    assert value.shape == wanted.shape
    np.testing.assert_allclose(value, wanted, rtol=rtol, atol=0)


def slope(f):
    """The derivative of ``f`` as a function, by the complex step."""
    return lambda x: float(complex_step(f, x))


def slope_of_slope(f, order):
    """The derivative of the given order by autograd, as a function."""
    for _ in range(order):
        f = autograd.grad(f)
    return lambda x: float(f(float(x)))


@equation(
    "eq-derivatives-limit",
    r"f'(x) = \frac{\mathrm{d}f}{\mathrm{d}x} = \lim_{h \to 0} \frac{f(x + h) - f(x)}{h}",
    by="autograd, from both sides",
)
def limit(f, x, h):
    return (f(x + h) - f(x)) / h


@limit.check
def check_limit(formula):
    """For four functions at three points the quotients on both sides come as near to autograd's
    derivative as the distance allows."""
    for f in _SMOOTH:
        exact = autograd.grad(f)
        for x in _POINTS:
            for h in (1e-6, -1e-6):
                assert abs(formula(f, x, h) - exact(x)) < 2e-6


@equation(
    "eq-derivatives-square",
    r"""\begin{aligned}
\frac{(x+h)^2 - x^2}{h} &= \frac{2xh + h^2}{h} \\
&= 2x + h \;\longrightarrow\; 2x .
\end{aligned}""",
    by="fractions and autograd",
)
def square(x, h):
    return (2 * x * h + h**2) / h, 2 * x + h, 2 * x


@square.check
def check_square(formula):
    """The quotient of x² in exact fractions at four pairs of x and h; the limit by autograd."""
    for x, h in ((Fraction(7, 3), Fraction(2, 5)), (Fraction(-5, 4), Fraction(1, 7)),
                 (Fraction(3), Fraction(-1, 10)), (Fraction(1, 9), Fraction(11, 8))):  # fmt: skip
        quotient = ((x + h) ** 2 - x**2) / h
        limit = autograd.grad(lambda t: t**2)(float(x))
        close(formula(x, h), (quotient, quotient, limit), rtol=1e-12)


@equation(
    "eq-derivatives-cubic",
    r"""\begin{aligned}
& \frac{f(x + h) - f(x)}{h} \\
& \quad = (x^2 - 1) + xh + \tfrac13 h^2 ,
\end{aligned}""",
    by="fractions",
)
def cubic_quotient(x, h):
    return (x**2 - 1) + x * h + h**2 / 3


@cubic_quotient.check
def check_cubic_quotient(formula):
    """The quotient of x³/3 − x in exact fractions at three pairs of x and h."""

    def f(x):
        return x**3 / 3 - x

    for x, h in ((Fraction(7, 3), Fraction(2, 5)), (Fraction(-5, 4), Fraction(1, 7)),
                 (Fraction(3, 2), Fraction(-9, 10))):  # fmt: skip
        close(formula(x, h), (f(x + h) - f(x)) / h, rtol=1e-12)


@equation(
    "eq-derivatives-remainder",
    r"""\begin{gathered}
f(x + h) = f(x) + \bigl(f'(x) + r(h)\bigr)\, h , \\
r(h) \to 0 \quad \text{as } h \to 0 .
\end{gathered}""",
    by="remainders in closed form",
)
def remainder(f, df, r, x, h):
    return f(x) + (df(x) + r(h)) * h, r(h)


@remainder.check
def check_remainder(formula):
    """For x³ and 1/(1 + x) the remainder is multiplied out by hand; the value at x + h comes out,
    also for h = 0, and the remainder falls in step with h."""
    x = 0.8
    cases = (
        (lambda t: t**3, lambda t: 3 * t**2, lambda h: 3 * x * h + h**2),
        (lambda t: 1 / (1 + t), lambda t: -1 / (1 + t) ** 2,
         lambda h: h / ((1 + x) ** 2 * (1 + x + h))),
    )  # fmt: skip
    for f, df, r in cases:
        for h in (0.7, -0.3, 0.0):
            value, off = formula(f, df, r, x, h)
            close(value, f(x + h), rtol=1e-12)
            if h:
                close(off, (f(x + h) - f(x)) / h - df(x), rtol=1e-9)
        assert abs(formula(f, df, r, x, 1e-9)[1]) < 1e-8
        assert formula(f, df, r, x, 0.0)[1] == 0


def _pairs():
    """Functions u and v, and points; v is nowhere 0 there."""
    for u, v in ((np.sin, lambda x: 2.5 + x**2), (lambda x: np.exp(x) - 3, lambda x: np.cos(x) + 2),
                 (lambda x: 1 + x**3, np.exp)):  # fmt: skip
        for x in _POINTS:
            yield u, v, x


@equation("eq-derivatives-linear", r"(a u + b v)' = a u' + b v'", by="the complex step")
def linear(a, b, du, dv):
    return a * du + b * dv


@linear.check
def check_linear(formula):
    """Three pairs of functions at three points, a = 1.7 and b = −0.6."""
    a, b = 1.7, -0.6
    for u, v, x in _pairs():
        whole = slope(lambda t, u=u, v=v: a * u(t) + b * v(t))(x)
        close(formula(a, b, slope(u)(x), slope(v)(x)), whole, rtol=1e-12)


@equation("eq-derivatives-product", r"(u v)' = u' v + u v'", by="the complex step")
def product(u, du, v, dv):
    return du * v + u * dv


@product.check
def check_product(formula):
    """Three pairs of functions at three points."""
    for u, v, x in _pairs():
        whole = slope(lambda t, u=u, v=v: u(t) * v(t))(x)
        close(formula(u(x), slope(u)(x), v(x), slope(v)(x)), whole, rtol=1e-10)


@equation(
    "eq-derivatives-product-proof",
    r"""\begin{aligned}
& \frac{u(x + h)\,v(x + h) - uv}{h} \\
& \quad = (u' + s)\,v + u\,(v' + r) \\
& \qquad\quad {} + (u' + s)(v' + r)\,h ,
\end{aligned}""",
    by="remainders in closed form",
)
def product_proof(u, du, v, dv, s, r, h):
    return (du + s) * v + u * (dv + r) + (du + s) * (dv + r) * h


@product_proof.check
def check_product_proof(formula):
    """The quotient of u v for u = 1/(1 + x) and v = 1.5 x², whose remainders are multiplied out, at
    three changes of x. As h goes to 0 it goes to autograd's derivative of the product."""

    def u(t):
        return 1 / (1 + t)

    def v(t):
        return 1.5 * t**2

    for x, h in ((0.7, 0.4), (1.3, -0.6), (0.2, 0.9)):
        for step in (h, 1e-9):
            du, s = -1 / (1 + x) ** 2, step / ((1 + x) ** 2 * (1 + x + step))
            given = formula(u(x), du, v(x), 3 * x, s, 1.5 * step, step)
            if step == h:
                close(given, (u(x + h) * v(x + h) - u(x) * v(x)) / h, rtol=1e-10)
        close(given, autograd.grad(lambda t: u(t) * v(t))(x), rtol=1e-7)


@equation(
    "eq-derivatives-quotient",
    r"\left(\frac{u}{v}\right)' = \frac{u' v - u v'}{v^2} \qquad (v \ne 0)",
    by="the complex step",
)
def quotient(u, du, v, dv):
    return (du * v - u * dv) / v**2


@quotient.check
def check_quotient(formula):
    """Three pairs of functions at three points where v is not zero."""
    for u, v, x in _pairs():
        whole = slope(lambda t, u=u, v=v: u(t) / v(t))(x)
        close(formula(u(x), slope(u)(x), v(x), slope(v)(x)), whole, rtol=1e-10)


@equation(
    "eq-derivatives-chain",
    r"\bigl(u(v(x))\bigr)' = u'\bigl(v(x)\bigr)\, v'(x)",
    by="the complex step and autograd",
)
def chain(du, v, dv, x):
    return du(v(x)) * dv(x)


@chain.check
def check_chain(formula):
    """Three compositions at three points, against two ways that differentiate the whole."""
    pairs = (
        (anp.sin, anp.cos, lambda x: x**2 + 1, lambda x: 2 * x),
        (anp.exp, anp.exp, anp.sin, anp.cos),
        (lambda x: x**3, lambda x: 3 * x**2, anp.tanh, lambda x: 1 - anp.tanh(x) ** 2),
    )
    for u, du, v, dv in pairs:
        for x in _POINTS:
            claimed = formula(du, v, dv, x)
            close(claimed, autograd.grad(lambda t, u=u, v=v: u(v(t)))(x), rtol=1e-10)
            close(claimed, slope(lambda t, u=u, v=v: u(v(t)))(x), rtol=1e-10)


@equation(
    "eq-derivatives-table",
    r"""\begin{aligned}
(x^n)' &= n x^{n-1} \\
(e^x)' &= e^x \\
(\ln x)' &= \tfrac1x \\
(\sin x)' &= \cos x \\
(\cos x)' &= -\sin x
\end{aligned}""",
    by="the complex step",
)
def table(x, n):
    return n * x ** (n - 1), np.exp(x), 1 / x, np.cos(x), -np.sin(x)


@table.check
def check_table(formula):
    """All five at four points x > 0 and for whole, broken and negative exponents; the power for
    whole exponents also where x < 0, and at 0."""
    for x, n in ((0.6, 3), (1.7, 2.5), (2.4, -1.5), (0.9, 1)):
        functions = (lambda z, n=n: z**n, np.exp, np.log, np.sin, np.cos)
        close(formula(x, n), [slope(f)(x) for f in functions], rtol=1e-11)
    for x, n in ((-1.3, 3), (-0.4, 2)):
        close(formula(x, n)[0], slope(lambda z, n=n: z**n)(x), rtol=1e-11)
    with np.errstate(divide="ignore"):
        assert formula(np.float64(0.0), 1)[0] == slope(lambda z: z)(0.0)


@equation(
    "eq-derivatives-links",
    r"""\begin{gathered}
k = \bigl(v'(x) + r(h)\bigr)\, h , \\
\begin{aligned}
& u(v(x) + k) - u(v(x)) \\
& \qquad = \bigl(u'(v(x)) + s(k)\bigr)\, k .
\end{aligned}
\end{gathered}""",
    by="remainders in closed form",
)
def links(du, v, dv, r, s, x, h):
    k = (dv(x) + r(h)) * h
    return k, (du(v(x)) + s(k)) * k


def _two_links(x):
    """v = 1.5 x² and u = 1/(1 + v), their slopes, and their remainders at x, multiplied out."""

    def v(t):
        return 1.5 * t**2

    def u(t):
        return 1 / (1 + t)

    def dv(t):
        return 3 * t

    def du(t):
        return -1 / (1 + t) ** 2

    def r(h):
        return 1.5 * h

    def s(k):
        return k / ((1 + v(x)) ** 2 * (1 + v(x) + k))

    return u, du, v, dv, r, s


#: The third change of x brings v back to where it was.
_MOVES = ((0.7, 0.4), (-1.1, 0.3), (-0.25, 0.5), (0.3, -0.8))


@links.check
def check_links(formula):
    """The links v = 1.5 x² and u = 1/(1 + v), at four changes of x; one brings v back to where it
    was."""
    for x, h in _MOVES:
        u, du, v, dv, r, s = _two_links(x)
        moved = v(x + h) - v(x)
        k, rise = formula(du, v, dv, r, s, x, h)
        np.testing.assert_allclose(k, moved, rtol=1e-12, atol=1e-16)
        np.testing.assert_allclose(rise, u(v(x + h)) - u(v(x)), rtol=1e-12, atol=1e-16)


@equation(
    "eq-derivatives-chain-proof",
    r"""\begin{aligned}
& \frac{u(v(x + h)) - u(v(x))}{h} \\
& \quad = \bigl(u'(v(x)) + s(k)\bigr) \\
& \qquad\quad \cdot \bigl(v'(x) + r(h)\bigr) .
\end{aligned}""",
    by="remainders in closed form",
)
def chain_proof(du, v, dv, r, s, x, h, k):
    return (du(v(x)) + s(k)) * (dv(x) + r(h))


@chain_proof.check
def check_chain_proof(formula):
    """The quotient of 1/(1 + 1.5 x²), at four changes of x; in one of them v does
    not move. As h goes to 0 the product goes to autograd's derivative of the whole."""
    for x, h in _MOVES:
        u, du, v, dv, r, s = _two_links(x)
        k = v(x + h) - v(x)
        whole = (u(v(x + h)) - u(v(x))) / h
        np.testing.assert_allclose(formula(du, v, dv, r, s, x, h, k), whole, rtol=1e-11, atol=1e-15)
        small = formula(du, v, dv, r, s, x, 1e-9, v(x + 1e-9) - v(x))
        close(small, autograd.grad(lambda t: 1 / (1 + 1.5 * t**2))(x), rtol=1e-7)


@equation(
    "eq-derivatives-logistic",
    r"""\begin{aligned}
\sigma'(x) &= \frac{e^{-x}}{(1 + e^{-x})^2} \\
&= \sigma(x)\,\bigl(1 - \sigma(x)\bigr) .
\end{aligned}""",
    by="autograd and the complex step",
)
def logistic(sigma, x):
    return np.exp(-x) / (1 + np.exp(-x)) ** 2, sigma(x) * (1 - sigma(x))


@logistic.check
def check_logistic(formula):
    """Both forms at seventeen points from −4 to 4."""

    def sigma(x):
        return 1 / (1 + anp.exp(-x))

    x = np.linspace(-4, 4, 17)
    for exact in (complex_step(sigma, x), autograd.elementwise_grad(sigma)(x)):
        close(formula(sigma, x), (exact, exact), rtol=1e-11)


@equation(
    "eq-derivatives-neuron",
    r"""\begin{aligned}
\frac{\mathrm{d}L}{\mathrm{d}w} &= \frac{\mathrm{d}L}{\mathrm{d}a} \cdot
\frac{\mathrm{d}a}{\mathrm{d}z} \cdot \frac{\mathrm{d}z}{\mathrm{d}w} \\
&= (a - y) \cdot \sigma'(z) \cdot x .
\end{aligned}""",
    by="autograd, link by link",
    equivalent={"dz_dw, x → x, dz_dw": "dz/dw is x"},
)
def neuron(dL_da, da_dz, dz_dw, a, y, dsigma, z, x):
    return dL_da * da_dz * dz_dw, (a - y) * dsigma(z) * x


@neuron.check
def check_neuron(formula):
    """The three rates and the slope of the whole, by autograd, at three weights."""

    def sigma(z):
        return 1 / (1 + anp.exp(-z))

    for x, w, b, y in ((2.0, 0.5, -1.0, 1.0), (-1.3, 0.4, 0.7, 0.2), (0.6, -1.9, 0.3, 1.0)):
        z = w * x + b
        a = sigma(z)
        rates = (
            autograd.grad(lambda a, y=y: (a - y) ** 2 / 2)(a),
            autograd.grad(sigma)(z),
            autograd.grad(lambda w, x=x, b=b: w * x + b)(w),
        )
        whole = autograd.grad(lambda w, x=x, b=b, y=y: (sigma(w * x + b) - y) ** 2 / 2)(w)
        close(formula(*rates, a, y, autograd.grad(sigma), z, x), (whole, whole), rtol=1e-10)


@equation(
    "eq-derivatives-abs",
    r"\lim_{h \downarrow 0} \frac{|h|}{h} = +1, \qquad \lim_{h \uparrow 0} \frac{|h|}{h} = -1",
    by="quotients on both sides",
)
def kink():
    return 1, -1


@kink.check
def check_kink(formula):
    """|h|/h for distances from 1 down to 10⁻³⁰⁰ is one number on each side."""
    h = np.logspace(0, -300, 31)
    right, left = formula()
    assert np.all(np.abs(h) / h == right)
    assert np.all(np.abs(-h) / -h == left)


@equation(
    "eq-derivatives-weierstrass",
    r"""\begin{aligned}
& \frac{W(b^{-n}) - W(0)}{b^{-n}} \\
& \quad = b^n \Bigl( \sum_{j<n} a^j \bigl(\cos(b^{j-n}\pi) - 1\bigr) \\
& \qquad\qquad\quad {} - \frac{2a^n}{1-a} \Bigr)
\end{aligned}""",
    by="150 terms of the series",
)
def weierstrass_quotient(a, b, n):
    waves = sum(a**j * (np.cos(b ** (j - n) * np.pi) - 1) for j in range(n))
    return b**n * (waves - 2 * a**n / (1 - a))


@weierstrass_quotient.check
def check_weierstrass_quotient(formula):
    """150 terms of W(b⁻ⁿ) − W(0), for three pairs a, b and n from 0 to 4. Whole turns are taken
    off the angles in whole numbers, so that no large cosine loses digits."""
    for a, b in ((0.5, 13), (0.6, 11), (0.7, 9)):
        for n in (0, 1, 2, 3, 4):
            terms = (a**j * (np.cos(np.pi * (b**j % (2 * b**n)) / b**n) - 1) for j in range(150))
            close(formula(a, float(b), n), b**n * sum(terms), rtol=1e-9)


@equation(
    "eq-derivatives-taylor",
    r"""\begin{aligned}
f(x + \Delta x) = {} & f(x) + f'(x)\,\Delta x \\
& + \tfrac12 f''(\xi)\, \Delta x^2 .
\end{aligned}""",
    by="cubics, whose ξ is known, and eˣ",
)
def taylor(f, df, ddf, x, Δx, ξ):
    return f(x) + df(x) * Δx + 1 / 2 * ddf(ξ) * Δx**2


@taylor.check
def check_taylor(formula):
    """For every cubic ξ is x + Δx/3, between the two points. For eˣ the values at the two ends
    enclose the true one, so that one in between gives it."""

    def cubic(x):
        return 1.5 + 0.4 * x - 0.9 * x**2 + 0.7 * x**3

    df, ddf = slope_of_slope(cubic, 1), slope_of_slope(cubic, 2)
    for x in _POINTS:
        for step in (-1.5, -0.3, 0.2, 1.1):
            close(formula(cubic, df, ddf, x, step, x + step / 3), cubic(x + step), rtol=1e-10)
            ends = [formula(np.exp, np.exp, np.exp, x, step, end) for end in (x, x + step)]
            assert min(ends) < np.exp(x + step) < max(ends)


def _quintic(x):
    return 0.3 + 1.1 * x - 0.8 * x**2 + 0.6 * x**3 + 0.5 * x**4 - 0.2 * x**5


def _cubic(x):
    return 0.3 + 1.1 * x - 0.8 * x**2 + 0.6 * x**3


@equation(
    "eq-derivatives-forward",
    r"""\begin{aligned}
\text{forward: } & \frac{f(x+h) - f(x)}{h} \\
& = f'(x) + \tfrac12 h f''(\xi)
\end{aligned}""",
    by="cubics, whose ξ is known, and eˣ",
)
def forward(df, ddf, x, h, ξ):
    return df(x) + 1 / 2 * h * ddf(ξ)


@forward.check
def check_forward(formula):
    """For every cubic ξ is x + h/3. For eˣ the values at the two ends enclose the quotient."""
    df, ddf = slope_of_slope(_cubic, 1), slope_of_slope(_cubic, 2)
    for x in _POINTS:
        for h in (0.7, 0.2):
            close(formula(df, ddf, x, h, x + h / 3), (_cubic(x + h) - _cubic(x)) / h, rtol=1e-10)
            quotient = (np.exp(x + h) - np.exp(x)) / h
            assert formula(np.exp, np.exp, x, h, x) < quotient
            assert quotient < formula(np.exp, np.exp, x, h, x + h)


@equation(
    "eq-derivatives-central",
    r"""\begin{aligned}
\text{central: } & \frac{f(x+h) - f(x-h)}{2h} \\
& = f'(x) + \tfrac16 h^2 f'''(\xi)
\end{aligned}""",
    by="polynomials, whose ξ is known",
)
def central(df, dddf, x, h, ξ):
    return df(x) + 1 / 6 * h**2 * dddf(ξ)


@central.check
def check_central(formula):
    """For every polynomial of degree 4 ξ is x; for x⁵ it is √(x² + h²/10), less than h from x."""

    def quartic(x):
        return _quintic(x) + 0.2 * x**5

    def fifth(x):
        return x**5

    for x in (0.4, 0.9):
        for h in (0.7, 0.2):
            for f, ξ in ((quartic, x), (fifth, np.sqrt(x**2 + h**2 / 10))):
                assert abs(ξ - x) < h
                derivatives = slope_of_slope(f, 1), slope_of_slope(f, 3)
                close(formula(*derivatives, x, h, ξ), (f(x + h) - f(x - h)) / (2 * h), rtol=1e-9)


@equation(
    "eq-derivatives-complex-step",
    r"""\begin{aligned}
\text{complex step: } & \frac{\operatorname{Im} f(x + ih)}{h} \\
= f'(x) - {} & \tfrac16 h^2 f'''(x) + O(h^4) ,
\end{aligned}""",
    by="quartics and sin",
)
def complex_step_error(df, dddf, x, h):
    return df(x) - 1 / 6 * h**2 * dddf(x)


@complex_step_error.check
def check_complex_step_error(formula):
    """Exact for a polynomial of degree 4. For sin the rest falls by 16 when h is halved."""

    def quartic(x):
        return _quintic(x) + 0.2 * x**5

    df, dddf = slope_of_slope(quartic, 1), slope_of_slope(quartic, 3)
    rest = []
    for h in (0.7, 0.35):
        for x in _POINTS:
            close(formula(df, dddf, x, h), np.imag(quartic(x + 1j * h)) / h, rtol=1e-9)
        whole = np.imag(np.sin(0.9 + 1j * h)) / h
        rest.append(whole - formula(np.cos, lambda x: -np.cos(x), 0.9, h))
    close(rest[0] / rest[1], 16, rtol=0.02)


@equation(
    "eq-derivatives-two-errors",
    r"""\begin{aligned}
E_{\text{forward}} &= \tfrac12 h\,|f''| + \frac{2\varepsilon |f|}{h} \\
E_{\text{central}} &= \tfrac16 h^2\,|f'''| + \frac{\varepsilon |f|}{h}
\end{aligned}""",
    by="functions that attain it",
)
def two_errors(h, ε, f, ddf, dddf):
    return (
        1 / 2 * h * abs(ddf) + 2 * ε * abs(f) / h,
        1 / 6 * h**2 * abs(dddf) + ε * abs(f) / h,
    )


def _worst(values, weights, ε, exact):
    """The largest error of Σ weights · values when each value is off by the fraction ε."""
    values, weights = np.asarray(values), np.asarray(weights)
    off = np.sum(weights * values) - exact
    return abs(off) + ε * np.sum(np.abs(weights * values))


@two_errors.check
def check_two_errors(formula):
    """With values off by up to ε|f|, for an ε that one can see: a parabola with equal values at
    both ends and an odd cubic have exactly these errors, and no error of sin exceeds them."""
    for h, ε, a in ((0.7, 0.03, -1.9), (0.2, 0.011, 0.8)):
        # a (t² − 2) has equal values at ±h/2; on [−h/2, h/2] its largest size is 2|a|, in the
        # middle, so it is lifted: a (t² + 1) is largest at the ends.
        ends = a * (h**2 / 4 + 1)
        parabola = _worst([ends, ends], [1 / h, -1 / h], ε, -a * h)
        close(formula(h, ε, -abs(ends), 2 * a, 0.3)[0], parabola, rtol=1e-10)
        # a (t³ + t) between −h and h: its slope at 0 is a, its third derivative 6a.
        ends = a * (h**3 + h)
        odd = _worst([ends, -ends], [0.5 / h, -0.5 / h], ε, a)
        close(formula(h, ε, -abs(ends), 0.3, 6 * a)[1], odd, rtol=1e-10)
        for x in _POINTS:
            f = np.sin
            inside = np.linspace(x - h, x + h, 41)
            bounds = formula(
                h, ε, max(abs(f(inside))), max(abs(f(inside))), max(abs(np.cos(inside)))
            )
            assert _worst([f(x + h), f(x)], [1 / h, -1 / h], ε, np.cos(x)) <= bounds[0]
            assert _worst([f(x + h), f(x - h)], [0.5 / h, -0.5 / h], ε, np.cos(x)) <= bounds[1]


@equation(
    "eq-derivatives-best-step",
    r"""\begin{aligned}
h_{\text{forward}} &= 2\sqrt{\varepsilon\,|f| / |f''|} \\
h_{\text{central}} &= \sqrt[3]{3\,\varepsilon\,|f|/|f'''|}
\end{aligned}""",
    by="a numerical search",
)
def best_step(ε, f, ddf, dddf):
    return 2 * np.sqrt(ε * abs(f) / abs(ddf)), np.cbrt(3 * ε * abs(f) / abs(dddf))


@best_step.check
def check_best_step(formula):
    """A search over h for the least sum of the two errors, at three sets of values."""
    for ε, f, ddf, dddf in ((2.2e-16, -0.7, 0.3, -1.7), (1.2e-7, 4.0, -2.5, 0.6),
                            (3e-3, 1.3, 0.9, 2.1)):  # fmt: skip
        first, second, third = abs(f), abs(ddf), abs(dddf)
        errors = (
            lambda h, ε=ε, f=first, m=second: h * m / 2 + 2 * ε * f / h,
            lambda h, ε=ε, f=first, m=third: h**2 * m / 6 + ε * f / h,
        )
        found = [
            np.exp(minimize_scalar(lambda t, e=e: np.log(e(np.exp(t))), (-20, 0), tol=1e-12).x)
            for e in errors
        ]
        close(formula(ε, f, ddf, dddf), found, rtol=1e-5)


@equation(
    "eq-derivatives-scale",
    r"""\begin{aligned}
\frac{\mathrm{d}L}{\mathrm{d}x} &= (wx - y)\,w \\
\frac{\mathrm{d}L}{\mathrm{d}w} &= (wx - y)\,x \\
\frac{\mathrm{d}^2 L}{\mathrm{d}w^2} &= x^2
\end{aligned}""",
    by="autograd",
)
def scale(w, x, y):
    return (w * x - y) * w, (w * x - y) * x, x**2


@scale.check
def check_scale(formula):
    """The loss ½(wx − y)² at three points, differentiated by autograd."""

    def loss(w, x, y):
        return (w * x - y) ** 2 / 2

    for w, x, y in ((15.0, 0.2, 4.2), (-0.7, 1.9, 0.4), (1.3, -2.2, 5.0)):
        wanted = (
            autograd.grad(loss, 1)(w, x, y),
            autograd.grad(loss, 0)(w, x, y),
            autograd.grad(autograd.grad(loss, 0), 0)(w, x, y),
        )
        close(formula(w, x, y), wanted, rtol=1e-10)
