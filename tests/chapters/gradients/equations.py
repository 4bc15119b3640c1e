"""The labelled equations of the chapter on gradients: LaTeX, formula, check."""

import itertools
from fractions import Fraction
from functools import cache

import autograd
import autograd.numpy as anp
import numpy as np
from scipy.optimize import minimize_scalar

from helpers.mathematics.numdiff import complex_step
from tests.truth import equation


def close(value, wanted, rtol=1e-9, atol=0.0):
    """Assert that numbers, arrays or tuples of them agree, shapes included."""
    value = value if isinstance(value, tuple) else (value,)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    assert len(value) == len(wanted)
    for one, other in zip(value, wanted, strict=True):
        one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)


#: Smooth functions of several variables that autograd accepts, each with two points.
_SMOOTH = (
    (lambda t: t[0] ** 2 + t[1] ** 2 - t[0] ** 2 * t[1],
     (np.array([0.7, -1.3]), np.array([-1.6, 0.4]))),
    (lambda t: anp.sin(1.3 * t[0]) * anp.exp(0.4 * t[1]) + t[2] * t[0] - 0.6 * t[2] ** 3,
     (np.array([0.3, 1.2, -0.8]), np.array([-0.9, 0.5, 1.4]))),
)  # fmt: skip


def at_points():
    """Each smooth function with its gradient, at each of its points."""
    for f, points in _SMOOTH:
        for point in points:
            yield f, autograd.grad(f), point


@cache
def evidence():
    """Each smooth function with its gradient and its Hessian at each point, as numbers."""
    return tuple((f, df(point), autograd.hessian(f)(point), point) for f, df, point in at_points())


def directions(n, count=3):
    """Some vectors of length 1 in general position."""
    rng = np.random.default_rng(n)
    found = rng.normal(size=(count, n))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@equation(
    "eq-gradients-partial",
    r"""\frac{\partial f}{\partial \theta_j}
= \lim_{h \to 0} \frac{f(\theta + h e_j) - f(\theta)}{h} .""",
    by="autograd, from both sides",
    equivalent={"e → e ** 2": "the entries of a unit vector are 0 and 1, their own squares"},
)
def partial(f, θ, h, e):
    return (f(θ + h * e) - f(θ)) / h


@partial.check
def check_partial(formula):
    """For two functions at two points each, the quotient of each variable, on both sides, comes as
    near to autograd's component as the distance allows. At h = 0.1 it is the forward quotient of
    the chapter's landscape, worked out by hand: what it adds to the slopes tells it from others."""
    for x, y in _SMOOTH[0][1]:
        for h in (0.1, -0.1):
            quotients = (2 * x - 2 * x * y + (1 - y) * h, 2 * y - x**2 + h)
            for e, by_hand in zip(np.eye(2), quotients, strict=True):
                close(formula(_SMOOTH[0][0], np.array([x, y]), h, e), by_hand, rtol=1e-9)
    for f, gradient, _, point in evidence():
        for j, e in enumerate(np.eye(point.size)):
            for h in (1e-6, -1e-6):
                assert abs(formula(f, point, h, e) - gradient[j]) < 1e-5


@equation(
    "eq-gradients-example",
    r"""\begin{aligned}
f &= x^2 + y^2 - x^2 y \\
\frac{\partial f}{\partial x} &= 2x - 2xy \\
\frac{\partial f}{\partial y} &= 2y - x^2 .
\end{aligned}""",
    by="autograd and fractions",
)
def example(x, y):
    return x**2 + y**2 - x**2 * y, 2 * x - 2 * x * y, 2 * y - x**2


@example.check
def check_example(formula):
    """The value in fractions, in another form, and both partial derivatives by autograd."""
    for x, y in ((Fraction(7, 3), Fraction(-2, 5)), (Fraction(-5, 4), Fraction(9, 7))):
        value = (1 - y) * x * x + y * y
        slopes = autograd.grad(lambda t: (1 - t[1]) * t[0] ** 2 + t[1] ** 2)(
            np.array([float(x), float(y)])
        )
        close(formula(x, y), (value, *slopes), rtol=1e-12)


@equation(
    "eq-gradients-ridge",
    r"""\frac{xy}{x^2 + y^2} = \cos\varphi\, \sin\varphi = \tfrac12 \sin 2\varphi .""",
    by="fractions",
)
def ridge(φ):
    return np.cos(φ) * np.sin(φ), 1 / 2 * np.sin(2 * φ)


@ridge.check
def check_ridge(formula):
    """The left-hand side in fractions at points (sp, sq), for three slopes q/p and several s, of
    both signs."""
    for p, q in ((3, 4), (-5, 2), (7, 1)):
        for s in (Fraction(1), Fraction(-1, 10**9), Fraction(10**6)):
            x, y = s * p, s * q
            value = float(x * y / (x**2 + y**2))
            close(formula(np.arctan2(float(y), float(x))), (value, value), rtol=1e-12)


@equation(
    "eq-gradients-differentiable",
    r"""\begin{aligned}
f(\theta + d) = {} & f(\theta) + \nabla f(\theta)^\top d \\
& + r(d)\,\lVert d \rVert , \\
r(d) \to {} & 0 \quad \text{as } d \to 0 .
\end{aligned}""",
    by="a remainder in closed form",
    equivalent={"nabla(θ) @ d → d @ nabla(θ)": "a dot product does not mind the order"},
)
def differentiable(f, nabla, r, θ, d):
    return f(θ) + nabla(θ) @ d + r(d) * np.linalg.norm(d), r(d)


@differentiable.check
def check_differentiable(formula):
    """For the chapter's landscape the remainder is multiplied out by hand; the value at θ + d comes
    out, and the remainder falls in step with ‖d‖, in several directions."""
    f = _SMOOTH[0][0]
    for x, y in ((0.7, -1.3), (-1.6, 0.4)):
        point = np.array([x, y])

        def r(d, x=x, y=y):
            h, k = d
            return ((1 - y) * h * h - 2 * x * h * k + k * k - h * h * k) / np.hypot(h, k)

        for v in directions(2):
            value, off = formula(f, autograd.grad(f), r, point, 0.8 * v)
            close(value, f(point + 0.8 * v), rtol=1e-12)
            close(off, (f(point + 0.8 * v) - f(point) - autograd.grad(f)(point) @ (0.8 * v)) / 0.8)
            assert abs(formula(f, autograd.grad(f), r, point, 1e-8 * v)[1]) < 1e-7


@equation(
    "eq-gradients-plane",
    r"""z = 3 + 4\,(x - 1) - 3\,(y + 1) .""",
    by="autograd",
)
def plane(x, y):
    return 3 + 4 * (x - 1) - 3 * (y + 1)


@plane.check
def check_plane(formula):
    """Value and gradient of the landscape at (1, −1) by autograd, at four points of the plane."""
    f, spot = _SMOOTH[0][0], np.array([1.0, -1.0])
    for x, y in ((1.0, -1.0), (2.3, 0.4), (-0.7, 1.9), (1.4, -3.1)):
        wanted = f(spot) + autograd.grad(f)(spot) @ (np.array([x, y]) - spot)
        close(formula(x, y), wanted, rtol=1e-12)


@equation(
    "eq-gradients-directional",
    r"""\begin{aligned}
D_v f(\theta) &= \frac{\mathrm{d}}{\mathrm{d}s}\, f(\theta + s v)\Big|_{s=0} \\
&= \nabla f(\theta)^\top v = \lVert \nabla f \rVert \cos\alpha ,
\end{aligned}""",
    by="the complex step along v",
    equivalent={"gradient @ v → v @ gradient": "a dot product does not mind the order"},
)
def directional(gradient, v, α):
    return gradient @ v, np.linalg.norm(gradient) * np.cos(α)


@directional.check
def check_directional(formula):
    """Two functions at two points each, along three directions; the angle is measured by the
    lengths of sum and difference of the two unit vectors."""
    for f, gradient, _, point in evidence():
        for v in directions(point.size):
            slope = complex_step(lambda s, f=f, point=point, v=v: f(point + s * v), 0.0)
            g = gradient / np.linalg.norm(gradient)
            α = 2 * np.arctan2(np.linalg.norm(g - v), np.linalg.norm(g + v))
            close(formula(gradient, v, α), (slope, slope), rtol=1e-10)


@equation(
    "eq-gradients-cauchy",
    r"""\begin{aligned}
& \lVert \nabla f - (\nabla f^\top v)\, v \rVert^2 \\
& \qquad = \lVert \nabla f \rVert^2 - (\nabla f^\top v)^2 .
\end{aligned}""",
    by="the left-hand side, entry by entry",
    equivalent={"gradient @ v → v @ gradient": "a dot product does not mind the order"},
)
def cauchy(gradient, v):
    return np.linalg.norm(gradient) ** 2 - (gradient @ v) ** 2


@cauchy.check
def check_cauchy(formula):
    """The left-hand side summed up entry by entry, in two and three dimensions."""
    for _, gradient, _, point in evidence():
        for v in directions(point.size):
            part = sum(a * b for a, b in zip(gradient, v, strict=True))
            rest = sum((a - part * b) ** 2 for a, b in zip(gradient, v, strict=True))
            close(formula(gradient, v), rest, rtol=1e-9)


@equation(
    "eq-gradients-steepest",
    r"""-\lVert \nabla f \rVert \;\le\; \nabla f^\top v \;\le\; \lVert \nabla f \rVert ,""",
    by="40,000 directions",
)
def steepest(gradient):
    return -np.linalg.norm(gradient), np.linalg.norm(gradient)


@cache
def _circle():
    turn = np.linspace(0, 2 * np.pi, 40_001)
    return np.stack([np.cos(turn), np.sin(turn)])


@steepest.check
def check_steepest(formula):
    """The least and the largest slope among 40,000 directions in the plane, for two gradients; the
    gap to the bounds is below 10⁻⁷ of them."""
    for _, gradient, _, point in evidence():
        if point.size == 2:
            slopes = gradient @ _circle()
            close(formula(gradient), (slopes.min(), slopes.max()), rtol=1e-7)


@equation(
    "eq-gradients-norms",
    r"""\begin{aligned}
\max_{|v_j| \le 1} \nabla f^\top v
&= \sum_j \left| \frac{\partial f}{\partial \theta_j} \right| \\
\max_{\sum |v_j| \le 1} \nabla f^\top v
&= \max_j \left| \frac{\partial f}{\partial \theta_j} \right|
\end{aligned}""",
    by="all corners of both shapes",
)
def norms(gradient):
    return np.sum(np.abs(gradient)), np.max(np.abs(gradient))


@norms.check
def check_norms(formula):
    """A linear function on a cube, or on the shape Σ|vⱼ| ≤ 1, is largest at a corner: all of them
    are tried, for two gradients in each of two and three dimensions."""
    for _, gradient, _, point in evidence():
        n = point.size
        cube = max(gradient @ np.array(corner) for corner in itertools.product((-1, 1), repeat=n))
        tips = max(sign * slope for slope in gradient for sign in (-1, 1))
        close(formula(gradient), (cube, tips), rtol=1e-12)


def _bowl_angle(κ, t):
    """The angle in question from the vectors themselves, on ½(x² + y²/κ)."""
    point = np.array([1.0, t])
    down, way = -point / np.array([1.0, κ]), -point
    return np.arctan2(down[0] * way[1] - down[1] * way[0], down @ way)


@equation(
    "eq-gradients-angle",
    r"""\begin{aligned}
\tan\alpha &= \frac{t - t/\kappa}{1 + t \cdot t/\kappa} \\
&= \frac{(\kappa - 1)\, t}{\kappa + t^2} .
\end{aligned}""",
    by="the two vectors",
)
def angle(κ, t):
    return (t - t / κ) / (1 + t * t / κ), (κ - 1) * t / (κ + t**2)


@angle.check
def check_angle(formula):
    """The angle between −∇ and the way to the minimum, from cross and dot product, at six points
    of three bowls."""
    for κ in (2.3, 11.0, 100.0):
        for t in (0.4, 3.7):
            wanted = np.tan(_bowl_angle(κ, t))
            close(formula(κ, t), (wanted, wanted), rtol=1e-11)


@equation(
    "eq-gradients-worst",
    r"""\begin{aligned}
\tan\alpha_{\max} &= \frac{\kappa - 1}{2\sqrt\kappa} \\
\cos\alpha_{\max} &= \frac{2\sqrt\kappa}{\kappa + 1} .
\end{aligned}""",
    by="a numerical search",
)
def worst(κ):
    return (κ - 1) / (2 * np.sqrt(κ)), 2 * np.sqrt(κ) / (κ + 1)


@cache
def _worst(κ):
    return -minimize_scalar(
        lambda t: -_bowl_angle(κ, np.exp(t)), bounds=(-6, 8), method="bounded",
        options={"xatol": 1e-9},
    ).fun  # fmt: skip


@worst.check
def check_worst(formula):
    """A search over all points for the largest angle, on three bowls."""
    for κ in (2.3, 11.0, 100.0):
        close(formula(κ), (np.tan(_worst(κ)), np.cos(_worst(κ))), rtol=1e-8)


@equation(
    "eq-gradients-hessian",
    r"""\begin{aligned}
H_{jk} &= \frac{\partial^2 f}{\partial\theta_j\, \partial\theta_k} \\
H &= \begin{pmatrix} 2 - 2y & -2x \\ -2x & 2 \end{pmatrix} .
\end{aligned}""",
    by="autograd",
)
def hessian(x, y):
    return 2 - 2 * y, -2 * x, -2 * x, 2


@hessian.check
def check_hessian(formula):
    """All four second partial derivatives of the landscape at two points."""
    for f, _, second, (x, y, *more) in evidence():
        if not more:
            assert f is _SMOOTH[0][0]
            close(np.array(formula(x, y)), second.ravel(), rtol=1e-12)


@equation(
    "eq-gradients-taylor",
    r"""\begin{aligned}
f(\theta + d) = {} & f(\theta) + \nabla f(\theta)^\top d \\
& + \tfrac12\, d^\top H d + O(\lVert d \rVert^3) .
\end{aligned}""",
    by="quadratics, and the order of what is left",
    equivalent={
        "gradient @ d → d @ gradient": "a dot product does not mind the order",
        "1 / 2 * d @ H @ d → d @ (1 / 2 * d @ H)": "a dot product does not mind the order",
        "1 / 2 * d @ H → H @ (1 / 2 * d)": "the Hessian is symmetric",
    },
)
def taylor(f, gradient, H, d):
    return f + gradient @ d + 1 / 2 * d @ H @ d


@cache
def _quadratics():
    """(f, gradient and Hessian at a point, the point) for two quadratics, by autograd."""
    rng, found = np.random.default_rng(4), []
    for n in (2, 3):
        A, b, point = rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=n)

        def f(t, A=A, b=b):
            return t @ A @ t + b @ t + 0.7

        found.append((f, autograd.grad(f)(point), autograd.hessian(f)(point), point))
    return tuple(found)


@taylor.check
def check_taylor(formula):
    """Exact for quadratics, at steps of all lengths. For two other functions what is left falls by
    8 when the step is halved, to 2 %."""
    for f, gradient, H, point in _quadratics():
        for d in 1.7 * directions(point.size):
            close(formula(f(point), gradient, H, d), f(point + d), rtol=1e-11)
    for f, gradient, H, point in evidence():
        for v in directions(point.size, 1):
            rest = [f(point + s * v) - formula(f(point), gradient, H, s * v) for s in (2e-3, 1e-3)]
            close(rest[0] / rest[1], 8.0, rtol=0.02)


def _outputs(θ):
    x, y = θ
    return anp.array([x * y, x + y**2, x**2])


@cache
def _jacobian(x, y):
    return autograd.jacobian(_outputs)(np.array([x, y]))


@equation(
    "eq-gradients-jacobian",
    r"""J_{ij} = \frac{\partial F_i}{\partial \theta_j} , \qquad
J = \begin{pmatrix} y & x \\ 1 & 2y \\ 2x & 0 \end{pmatrix} .""",
    by="autograd",
    equivalent={
        "0 → 1.001 · (0)": "a multiple of 0 is 0",
        "0 → 0.999 · (0)": "a multiple of 0 is 0",
        "0 → -1 · (0)": "a multiple of 0 is 0",
    },
)
def jacobian(x, y):
    return y, x, 1, 2 * y, 2 * x, 0


@jacobian.check
def check_jacobian(formula):
    """All six partial derivatives at two points."""
    for x, y in ((0.7, -1.3), (-2.1, 0.6)):
        close(np.array(formula(x, y)), _jacobian(x, y).ravel(), rtol=1e-12, atol=1e-15)


def _inner(θ):
    return anp.array([anp.sin(θ[0]) * θ[2], θ[1] ** 2 - θ[0] * θ[2]])


@cache
def _composed():
    found = []
    for point in (np.array([0.3, 1.2, -0.8]), np.array([-0.9, 0.5, 1.4])):
        found.append((point, autograd.jacobian(lambda t: _outputs(_inner(t)))(point)))
    return tuple(found)


@equation(
    "eq-gradients-chain",
    r"""J_{F \circ G}(\theta) = J_F\bigl(G(\theta)\bigr)\, J_G(\theta) .""",
    by="autograd of the whole",
)
def chain(J_F, G, J_G, θ):
    return J_F(G(θ)) @ J_G(θ)


@chain.check
def check_chain(formula):
    """From three numbers to two to three, at two points: the Jacobian of the whole, 3 × 3."""
    for point, whole in _composed():
        given = formula(autograd.jacobian(_outputs), _inner, autograd.jacobian(_inner), point)
        close(given, whole, rtol=1e-11)


@equation(
    "eq-gradients-products",
    r"""\begin{aligned}
J v &= \frac{\mathrm{d}}{\mathrm{d}s}\, F(\theta + s v)\Big|_{s=0} \\
J^\top u &= \nabla \bigl( u^\top F \bigr)(\theta) .
\end{aligned}""",
    by="autograd without the matrix",
)
def products(J, v, u):
    return J @ v, J.T @ u


@cache
def _products():
    found = []
    for x, y in ((0.7, -1.3), (-2.1, 0.6)):
        v, u, θ = np.array([0.4, -1.7]), np.array([1.3, -0.6, 0.9]), np.array([x, y])
        along = autograd.jacobian(lambda s, θ=θ, v=v: _outputs(θ + s * v))(0.0)
        back = autograd.grad(lambda t, u=u: anp.dot(u, _outputs(t)))(θ)
        found.append((_jacobian(x, y), v, u, along, back))
    return tuple(found)


@products.check
def check_products(formula):
    """Both products at two points: the derivative of one curve, and the gradient of one number."""
    for J, v, u, along, back in _products():
        close(formula(J, v, u), (along, back), rtol=1e-11)


@cache
def _matrices():
    rng, found = np.random.default_rng(6), []
    for n in (2, 4):
        A, x, c = rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=n)
        form = autograd.grad(lambda x, A=A: anp.dot(x, anp.dot(A, x)))(x)
        fit = autograd.grad(lambda x, A=A, c=c: anp.sum((anp.dot(A, x) - c) ** 2))(x)
        found.append((A, x, c, form, fit))
    return tuple(found)


@equation(
    "eq-gradients-rules",
    r"""\begin{aligned}
\nabla_x\, (x^\top A x) &= (A + A^\top)\, x \\
\nabla_x\, \lVert A x - c \rVert^2 &= 2 A^\top (A x - c)
\end{aligned}""",
    by="autograd",
    equivalent={"(A + A.T) @ x → x @ (A + A.T)": "A + Aᵀ is symmetric"},
)
def rules(A, x, c):
    return (A + A.T) @ x, 2 * A.T @ (A @ x - c)


@rules.check
def check_rules(formula):
    """Two matrices that are not symmetric, of sizes 2 and 4."""
    for A, x, c, form, fit in _matrices():
        close(formula(A, x, c), (form, fit), rtol=1e-10)


@cache
def _batches():
    rng, found = np.random.default_rng(8), []
    for n, p, q in ((5, 4, 3), (3, 3, 3)):
        X, W, b = rng.normal(size=(n, p)), rng.normal(size=(p, q)), rng.normal(size=q)
        U = rng.normal(size=(n, q))

        def loss(X, W, b, U=U):
            return anp.sum(U * (anp.dot(X, W) + b))

        found.append((U, X, W, tuple(autograd.grad(loss, i)(X, W, b) for i in range(3))))
    return tuple(found)


@equation(
    "eq-gradients-batch",
    r"""\begin{aligned}
\frac{\partial L}{\partial X} &= U W^\top \\
\frac{\partial L}{\partial W} &= X^\top U \\
\frac{\partial L}{\partial b} &= \sum_i U_i ,
\end{aligned}""",
    by="autograd",
)
def batch(U, X, W):
    return U @ W.T, X.T @ U, np.sum(U, axis=0)


@batch.check
def check_batch(formula):
    """A loss that is linear in the layer's output, so that its gradient there is a given U; for
    three different sizes, and for three equal ones, where each order of factors would fit."""
    for U, X, W, wanted in _batches():
        close(formula(U, X, W), wanted, rtol=1e-10)
