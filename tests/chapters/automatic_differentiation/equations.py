"""The labelled equations of the chapter on automatic differentiation: LaTeX, formula, check."""

from fractions import Fraction
from functools import cache
from itertools import pairwise

import autograd
import autograd.numpy as anp
import numpy as np
import sympy

from helpers.mathematics.numdiff import complex_step
from tests.truth import equation


def close(value, wanted, rtol=1e-9):
    """Assert that numbers, arrays or tuples of them agree entry by entry, shapes included."""
    if isinstance(wanted, tuple):
        assert isinstance(value, tuple)
        assert len(value) == len(wanted)
        for v, w in zip(value, wanted, strict=True):
            close(v, w, rtol)
        return
    value, wanted = np.asarray(value, dtype=float), np.asarray(wanted, dtype=float)
    assert value.shape == wanted.shape
    np.testing.assert_allclose(value, wanted, rtol=rtol, atol=0)


@cache
def _written_out(k):
    """Operations of v_k and of its derivative, in formulas that share nothing."""
    v, slope = "x", 1
    for _ in range(k):
        down = ("-", 1, v)
        # (4v)′ = 4v′ and (1 − v)′ = 0 − v′; then the product rule.
        first, second = ("*", 4, v), down
        d_first, d_second = ("*", 4, slope), ("-", 0, slope)
        v, slope = ("*", first, second), ("+", ("*", d_first, second), ("*", first, d_second))
    return _operations(v), _operations(slope), v, slope


def _operations(formula):
    if not isinstance(formula, tuple):
        return 0
    return 1 + _operations(formula[1]) + _operations(formula[2])


def _value(formula, x):
    if not isinstance(formula, tuple):
        return x if formula == "x" else formula
    sign, left, right = formula[0], _value(formula[1], x), _value(formula[2], x)
    return left * right if sign == "*" else left + right if sign == "+" else left - right


@equation(
    "eq-autodiff-swell",
    r"""\begin{aligned}
S_k &= 2 S_{k-1} + 3 = 3\,(2^k - 1) , \\
D_k &= 2 D_{k-1} + 2 S_{k-1} + 7 \\
&= (3k + 1)\, 2^k - 1 .
\end{aligned}""",
    by="counting in formulas written out",
)
def swell(S, D, k):
    return 2 * S(k - 1) + 3, 3 * (2**k - 1), 2 * D(k - 1) + 2 * S(k - 1) + 7, (3 * k + 1) * 2**k - 1


@swell.check
def check_swell(formula):
    """For k from 1 to 6 both formulas are written out and their operations counted; SymPy says that
    the one is the derivative of the other."""
    for k in range(1, 7):
        S, D, v, slope = _written_out(k)
        close(formula(lambda k: _written_out(k)[0], lambda k: _written_out(k)[1], k), (S, S, D, D))
        if k < 4:
            assert _is_derivative(v, slope)


@cache
def _is_derivative(v, slope):
    x = sympy.Symbol("x")
    return sympy.expand(sympy.diff(_value(v, x), x) - _value(slope, x)) == 0


@equation(
    "eq-autodiff-dual",
    r"""\begin{aligned}
& (a + a'\varepsilon) + (b + b'\varepsilon) \\
& \quad = (a + b) + (a' + b')\,\varepsilon \\
& (a + a'\varepsilon)\,(b + b'\varepsilon) \\
& \quad = ab + (a'b + ab')\,\varepsilon
\end{aligned}""",
    by="matrices whose square is 0",
)
def dual(a, da, b, db):
    return (a + b, da + db), (a * b, da * b + a * db)


@dual.check
def check_dual(formula):
    """With ε the 2 × 2 matrix that has one 1, above the diagonal, sum and product are those of
    matrices, in exact fractions."""

    def matrix(value, slope):
        return np.array([[value, slope], [0, value]], dtype=object)

    numbers = [Fraction(*pair) for pair in ((3, 7), (5, 2), (-4, 3), (1, 6), (-9, 5), (2, 9))]
    for a, da, b, db in (numbers[:4], numbers[2:]):
        both = matrix(a, da) + matrix(b, db), matrix(a, da).dot(matrix(b, db))
        close(formula(a, da, b, db), tuple((m[0, 0], m[0, 1]) for m in both), rtol=1e-12)


@equation(
    "eq-autodiff-dual-function",
    r"f(a + a'\varepsilon) = f(a) + f'(a)\,a'\,\varepsilon ,",
    by="power series and the complex step",
)
def dual_function(f, df, a, da):
    return f(a), df(a) * da


@dual_function.check
def check_dual_function(formula):
    """The cube and the exponential series of the matrix for a + a′ε; the complex step for sin."""
    for a, da in ((0.7, 1.9), (-1.3, 0.4)):
        m = np.array([[a, da], [0, a]])
        cube = m @ m @ m
        close(formula(lambda t: t**3, lambda t: 3 * t**2, a, da), (cube[0, 0], cube[0, 1]))
        term, series = np.eye(2), np.eye(2)
        for k in range(1, 25):
            term = term @ m / k
            series = series + term
        close(formula(np.exp, np.exp, a, da), (series[0, 0], series[0, 1]))
        slope = float(complex_step(lambda t, a=a, da=da: np.sin(a + t * da), 0.0))
        close(formula(np.sin, np.cos, a, da), (np.sin(a), slope))


@equation(
    "eq-autodiff-example",
    r"""\begin{aligned}
\frac{\partial y}{\partial x} &= (wx - 1)^2 + 2(wx - 1)\,w\,x \\
\frac{\partial y}{\partial w} &= 2(wx - 1)\,x^2
\end{aligned}""",
    by="autograd",
)
def example(x, w):
    return (w * x - 1) ** 2 + 2 * (w * x - 1) * w * x, 2 * (w * x - 1) * x**2


@example.check
def check_example(formula):
    """The program's two slopes by autograd at four points."""
    for x, w in ((2.0, 2.0), (0.7, -1.3), (-1.9, 0.6), (3.1, 0.9)):
        close(formula(x, w), autograd.grad(lambda p: (p[1] * p[0] - 1) ** 2 * p[0])((x, w)))


@equation(
    "eq-autodiff-adjoint",
    r"""\bar v_i = \sum_{j \text{ uses } i} \bar v_j\, \frac{\partial v_j}{\partial v_i} ,
\qquad \bar y = 1 .""",
    by="autograd, row by row",
)
def adjoint(v_bar, dv, uses, i):
    return sum(v_bar[j] * dv[j, i] for j in uses[i]), 1


@adjoint.check
def check_adjoint(formula):
    """In a program of five rows, one of which is used three times, the adjoint of every row is the
    slope of the rest of the program, by autograd."""
    rows = (
        lambda v: v[0] * v[1],
        lambda v: anp.sin(v[2]) + 0.3 * v[0],
        lambda v: v[2] / (1 + v[3] ** 2),
        lambda v: v[2] * v[3] * v[4],
    )
    start = [0.8, -1.7]
    uses = {0: (2, 3), 1: (2,), 2: (3, 4, 5), 3: (4, 5), 4: (5,)}

    def rest(i, values):  # the last row, when row i is replaced
        def y(t):
            v = [*values[:i], t, *values[i + 1 : 2]]
            for row in rows[len(v) - 2 :]:
                v.append(row(v))
            return v[-1]

        return y

    values = list(start)
    for row in rows:
        values.append(row(values))
    v_bar = {i: float(autograd.grad(rest(i, values))(values[i])) for i in range(6)}
    dv = {
        (j, i): float(
            autograd.grad(lambda t, i=i, j=j: rows[j - 2]([*values[:i], t, *values[i + 1 :]]))(
                values[i]
            )
        )
        for i, by in uses.items()
        for j in by
    }
    for i in uses:
        close(formula(v_bar, dv, uses, i), (v_bar[i], v_bar[5]))


def _general(*shape):
    return np.sin(1.0 + 1.7 * np.arange(np.prod(shape))).reshape(shape) + 0.2


@equation(
    "eq-autodiff-brackets",
    r"""\begin{aligned}
J &= J_3 J_2 J_1 \\
J v &= J_3\,\bigl(J_2\,(J_1 v)\bigr) \\
J^\top u &= J_1^\top \bigl(J_2^\top (J_3^\top u)\bigr)
\end{aligned}""",
    by="autograd's Jacobian of the whole",
)
def brackets(J1, J2, J3, u, v):
    return J3 @ J2 @ J1, J3 @ (J2 @ (J1 @ v)), J1.T @ (J2.T @ (J3.T @ u))


@brackets.check
def check_brackets(formula):
    """Three maps, of 3 to 5 to 4 to 2 numbers: their Jacobians are taken one by one, that of the
    composition at once; the product with v is a slope along v, that with u a gradient."""
    J, pieces, along, gradient, u, v = _three_maps()
    close(formula(*pieces, u, v), (J, along, gradient))


@cache
def _three_maps():
    shapes = (5, 3), (4, 5), (2, 4)
    A = [_general(*s) for s in shapes]
    maps = [lambda x, M=M: anp.tanh(anp.dot(M, x)) + 0.1 * anp.dot(M, x) ** 2 for M in A]
    x, u, v = np.array([0.4, -0.7, 1.1]), np.array([0.9, -1.6]), np.array([1.3, 0.2, -0.8])
    points = [x, maps[0](x), maps[1](maps[0](x))]
    pieces = [autograd.jacobian(f)(p) for f, p in zip(maps, points, strict=True)]

    def whole(x):
        return maps[2](maps[1](maps[0](x)))

    along = autograd.jacobian(lambda t: whole(x + t * v))(0.0)
    gradient = autograd.grad(lambda x: anp.dot(u, whole(x)))(x)
    return autograd.jacobian(whole)(x), pieces, along, gradient, u, v


@equation(
    "eq-autodiff-rules",
    r"""\begin{aligned}
Y = XW: \quad & \bar X = \bar Y W^\top , \\
& \bar W = X^\top \bar Y \\
Y_{ij} = X_{ij} + b_j: \quad & \bar b_j = \textstyle\sum_i \bar Y_{ij}
\end{aligned}""",
    by="autograd",
)
def rules(X, W, Y_bar):
    return X @ W, Y_bar @ W.T, X.T @ Y_bar, Y_bar.sum(axis=0)


@rules.check
def check_rules(formula):
    """For matrices of 4 × 3 and 3 × 5: the gradients of ⟨Ȳ, XW + b⟩ by autograd."""
    X, W, Y_bar = _general(4, 3), _general(3, 5), _general(4, 5)[::-1]
    close(formula(X, W, Y_bar), _rule_gradients())


@cache
def _rule_gradients():
    X, W, Y_bar, b = _general(4, 3), _general(3, 5), _general(4, 5)[::-1], _general(5)
    slopes = autograd.grad(lambda p: anp.sum(Y_bar * (anp.dot(p[0], p[1]) + p[2])))((X, W, b))
    return (np.einsum("ik,kj->ij", X, W), *slopes)


@equation(
    "eq-autodiff-cost",
    r"""\begin{aligned}
P &= \textstyle\sum_{k=1}^{K} n_{k-1}\, n_k \\
\text{forward: } & n P \qquad \text{reverse: } m P
\end{aligned}""",
    by="counting multiplications one by one",
)
def cost(units, K, n, m):
    P = sum(units[k - 1] * units[k] for k in range(1, K + 1))
    return P, n * P, m * P


@cost.check
def check_cost(formula):
    """Three networks of matrices are gone through with numbers that count how often they are
    multiplied: once for each unit vector of the inputs, once for each of the outputs."""
    for d in ((3, 5, 2), (2, 4, 3, 7), (6, 1)):
        close(formula(d, len(d) - 1, d[0], d[-1]), _counted_products(d))


class _Number:
    """A number that counts multiplications."""

    count = 0

    def __init__(self, value):
        self.value = value

    def __mul__(self, other):
        _Number.count += 1
        return _Number(self.value * other.value)

    def __add__(self, other):
        return _Number(self.value + other.value)


@cache
def _counted_products(d):
    matrices = [
        np.array([[_Number(1.0) for _ in range(a)] for _ in range(b)], dtype=object)
        for a, b in pairwise(d)
    ]

    def passes(chain, start, count):
        _Number.count = 0
        for _ in range(count):
            x = np.array([_Number(1.0) for _ in range(start)], dtype=object)
            for M in chain:
                x = M.dot(x)
        return _Number.count

    back = [M.T for M in reversed(matrices)]
    return passes(matrices, d[0], 1), passes(matrices, d[0], d[0]), passes(back, d[-1], d[-1])


@equation(
    "eq-autodiff-hvp",
    r"H v = \left.\frac{\mathrm{d}}{\mathrm{d}t}\, \nabla L(\theta + t v)\right|_{t = 0} ,",
    by="autograd's Hessian",
)
def hessian_product(grad_L, θ, v, t):
    return (grad_L(θ + t * v) - grad_L(θ - t * v)) / (2 * t)


@hessian_product.check
def check_hessian_product(formula):
    """For a loss of three parameters whose Hessian autograd gives: the central quotient of the
    gradient along v comes as near as its step allows, at two points."""
    for θ, v, wanted, slope in _hessian_cases():
        close(formula(slope, θ, v, 2e-5), wanted, rtol=1e-7)


@cache
def _hessian_cases():
    def L(θ):
        return anp.sin(θ[0] * θ[1]) + anp.exp(0.3 * θ[2]) * θ[0] ** 2 + θ[1] ** 4

    cases = []
    for θ, v in (((0.7, -1.1, 0.4), (1.2, 0.5, -0.9)), ((1.6, 0.3, -0.8), (-0.4, 1.7, 2.1))):
        θ, v = np.array(θ), np.array(v)
        cases.append((θ, v, autograd.hessian(L)(θ) @ v, autograd.grad(L)))
    return tuple(cases)


@equation(
    "eq-autodiff-checkpoint",
    r"\frac{N}{s} + s \;\ge\; 2\sqrt N",
    by="a run that keeps count",
)
def checkpoint(N, s):
    return N / s + s, 2 * N**0.5


@checkpoint.check
def check_checkpoint(formula):
    """A list of kept states is grown and emptied for every s that divides N = 36, 100 and 144: the
    most that it holds is N/s + s; the least of these is 2√N, and it is reached at s = √N."""
    for n in (36, 100, 144):
        held = {s: _most_held(n, s) for s in range(1, n + 1) if n % s == 0}
        for s, most in held.items():
            close(formula(n, s), (most, min(held.values())))
        assert min(held, key=held.get) ** 2 == n


@cache
def _most_held(n, s):
    kept = [k for k in range(n) if k % s == 0]
    most = 0
    while kept:
        segment = [kept[-1] + k + 1 for k in range(s)]
        most = max(most, len(kept) + len(segment))
        kept.pop()
    return most
