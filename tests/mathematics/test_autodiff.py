"""The engine: each primitive and random programs against HIPS autograd and finite differences."""

import copy
import warnings
from typing import NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.mathematics import tracing
from helpers.mathematics.autodiff import (
    grad,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from helpers.mathematics.numdiff import check_gradient, check_vjp, numerical_jacobian

# Values in general position, away from 0 and from each other.
A = np.array([[0.7, -1.3, 0.4], [1.9, 0.6, -0.8]])
B = np.array([[1.2, 0.5, -0.9], [-0.3, 1.6, 2.1]])
P = np.array([[0.7, 1.3, 0.4], [1.9, 0.6, 0.8]])  # positive
ROW = np.array([1.1, -0.4, 0.9])
COLUMN = np.array([[0.3], [-1.7]])
C = np.arange(1, 13).reshape(3, 4) / 7 - 0.8
CUBE = np.sin(np.arange(24.0)).reshape(2, 3, 4)
STACK = np.cos(np.arange(12.0)).reshape(2, 3, 2)
MASK = np.array([[True, False, True], [False, True, True]])

#: Every rule and every derived function, with operands whose shapes have to be stretched as well.
PRIMITIVES = {
    "add": (lambda np, a, b: a + b, A, ROW),
    "subtract": (lambda np, a, b: a - b, COLUMN, A),
    "multiply": (lambda np, a, b: a * b, A, COLUMN),
    "outer by stretching": (lambda np, a, b: a * b, COLUMN, ROW),
    "divide": (lambda np, a, b: a / b, ROW, P),
    "power": (lambda np, a, b: a**b, P, ROW),
    "power of a number": (lambda np, a: a**3 + 2.0**a, A),
    "negative": (lambda np, a: -a, A),
    "exp": (lambda np, a: np.exp(a), A),
    "expm1": (lambda np, a: np.expm1(a), A),
    "log": (lambda np, a: np.log(a), P),
    "log1p": (lambda np, a: np.log1p(a), P),
    "sqrt": (lambda np, a: np.sqrt(a), P),
    "sin": (lambda np, a: np.sin(a), A),
    "cos": (lambda np, a: np.cos(a), A),
    "tanh": (lambda np, a: np.tanh(a), A),
    "absolute": (lambda np, a: np.abs(a), A),
    "maximum": (lambda np, a, b: np.maximum(a, b), A, B),
    "minimum": (lambda np, a, b: np.minimum(a, b), A, ROW),
    "relu": (lambda np, a: np.maximum(a, 0.0), A),
    "where": (lambda np, a, b: np.where(MASK, a, b), A, ROW),
    "square": (lambda np, a: np.square(a), A),
    "matmul": (lambda np, a, c: a @ c, A, C),
    "matmul, vector first": (lambda np, a, c: a @ c, ROW, C),
    "matmul, vector last": (lambda np, a, c: a @ c, A, ROW),
    "matmul, two vectors": (lambda np, a, c: a @ c, ROW, 2 - ROW),
    "matmul, batch": (lambda np, a, c: np.matmul(a, c), STACK.swapaxes(1, 2), CUBE),
    "matmul, one factor stretched": (lambda np, a, c: np.matmul(a, c), A, CUBE),
    "matmul, vector and batch": (lambda np, a, c: np.matmul(a, c), ROW, CUBE),
    "matmul, batch and vector": (lambda np, a, c: np.matmul(a, c), CUBE, np.array([1, -2, 0.5, 3])),
    "sum": (lambda np, a: np.sum(a), CUBE),
    "sum over an axis": (lambda np, a: np.sum(a, axis=1), CUBE),
    "sum over two axes": (lambda np, a: np.sum(a, axis=(0, -1)), CUBE),
    "sum, axis kept": (lambda np, a: np.sum(a, axis=-1, keepdims=True), CUBE),
    "mean": (lambda np, a: np.mean(a), CUBE),
    "mean over an axis": (lambda np, a: np.mean(a, axis=1, keepdims=True), CUBE),
    "max": (lambda np, a: np.max(a, axis=1), CUBE),
    "max of all": (lambda np, a: np.max(a), CUBE),
    "reshape": (lambda np, a: np.reshape(a, (4, -1)), CUBE),
    "transpose": (lambda np, a: np.transpose(a), CUBE),
    "transpose with axes": (lambda np, a: np.transpose(a, (1, 2, 0)), CUBE),
    "swapaxes": (lambda np, a: np.swapaxes(a, 0, -1), CUBE),
    "expand_dims": (lambda np, a: np.expand_dims(a, 1) * STACK.swapaxes(1, 2), A),
    "broadcast_to": (lambda np, a: np.broadcast_to(a, (2, 2, 3)), ROW),
    "index": (lambda np, a: a[1], A),
    "index, slice": (lambda np, a: a[:, ::-1, 1:3], CUBE),
    "index, rows named twice": (lambda np, a: a[np.array([[1, 0], [1, 1]])], A),
    "index, pairs": (lambda np, a: a[np.array([1, 0, 1]), np.array([2, 1, 2])], A),
    "index, mask": (lambda np, a: a[MASK], A),
    "index, new axis": (lambda np, a: a[:, None] * A, ROW.reshape(3, 1)[:2]),
    "concatenate": (lambda np, a, b: np.concatenate([a, b, 2 * a], axis=-1), A, COLUMN),
    "concatenate rows": (lambda np, a, b: np.concatenate([a, b]), A, B),
    "stack": (lambda np, a, b: np.stack([a, b], axis=1), A, B),
    "one variable, used twice": (lambda np, a: a * np.sin(a) + a, A),
}  # fmt: skip

#: What autograd does not stretch itself is written with a sum that it does stretch.
FOR_AUTOGRAD = {
    "where": lambda np, a, b: np.where(MASK, a, b + 0 * a),
    "broadcast_to": lambda np, a: a + np.zeros((2, 2, 3)),
}


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_rule_agrees_with_autograd_finite_differences_and_forward_mode(name, rng):
    f, *arguments = PRIMITIVES[name]

    other_f = FOR_AUTOGRAD.get(name, f)

    def ours(x):
        return f(np, *x)

    value, pull = vjp(ours, tuple(arguments))
    np.testing.assert_array_equal(value, f(np, *arguments))
    upstream = rng.normal(size=value.shape)
    gradients = pull(upstream)
    theirs = autograd.grad(lambda x: anp.sum(upstream * other_f(anp, *x)))(tuple(arguments))
    for mine, other, argument in zip(gradients, theirs, arguments, strict=True):
        assert mine.shape == argument.shape
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-14)
    check_vjp(
        lambda *x: f(np, *x), lambda u, *x: vjp(ours, x)[1](u), *arguments, rng=rng, rtol=1e-7
    )
    # Forward: ⟨u, J v⟩ is ⟨Jᵀ u, v⟩, for all arguments moving and for one alone.
    moving = tuple(rng.normal(size=a.shape) for a in arguments)
    still = (moving[0], *(np.zeros(a.shape) for a in arguments[1:]))
    for v in (moving, still):
        same, slope = jvp(ours, tuple(arguments), v)
        np.testing.assert_array_equal(same, value)
        assert slope.shape == value.shape
        back = sum(np.sum(g * w) for g, w in zip(gradients, v, strict=True))
        np.testing.assert_allclose(np.sum(upstream * slope), back, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_rule_has_second_derivatives(name, rng):
    """Of Σ u · sin(f(x)), so that linear rules have some too: four nestings and autograd's."""
    f, *arguments = PRIMITIVES[name]
    x = tuple(arguments)
    upstream = rng.normal(size=np.shape(f(np, *x)))
    v = tuple(rng.normal(size=a.shape) for a in x)

    def bend(numpy, x):
        g = f if numpy is np else FOR_AUTOGRAD.get(name, f)
        return numpy.sum(upstream * numpy.sin(g(numpy, *x)))

    def along(x):  # ⟨∇, v⟩
        return sum(np.sum(g * w) for g, w in zip(grad(lambda x: bend(np, x))(x), v, strict=True))

    their_slope = autograd.grad(lambda x: bend(anp, x))
    theirs = autograd.grad(
        lambda x: sum(anp.sum(g * w) for g, w in zip(their_slope(x), v, strict=True))
    )(x)
    forward_over_reverse = hvp(lambda x: bend(np, x), x, v)
    reverse_over_reverse = grad(along)(x)
    reverse_over_forward = grad(lambda x: jvp(lambda x: bend(np, x), x, v)[1])(x)
    for ways in zip(
        theirs, forward_over_reverse, reverse_over_reverse, reverse_over_forward, strict=True
    ):
        for way in ways[1:]:
            np.testing.assert_allclose(way, ways[0], rtol=1e-10, atol=1e-12)
    twice = jvp(lambda x: jvp(lambda x: bend(np, x), x, v)[1], x, v)[1]
    bent = sum(np.sum(g * w) for g, w in zip(theirs, v, strict=True))
    np.testing.assert_allclose(twice, bent, rtol=1e-10, atol=1e-12)


#: Steps of a random program on a list of values: (how many operands, what is done).
_STEPS = (
    (1, lambda np, a: np.sin(a)), (1, lambda np, a: np.tanh(a)), (1, lambda np, a: -a),
    (1, lambda np, a: np.exp(np.tanh(a))), (1, lambda np, a: np.log(1 + a * a)),
    (1, lambda np, a: np.sqrt(1 + a * a)), (1, lambda np, a: a[..., ::-1]),
    (1, lambda np, a: np.mean(a, axis=-1, keepdims=True)), (1, lambda np, a: 0.5 * a**2),
    (1, lambda np, a: np.sum(np.tanh(a), axis=0)), (1, lambda np, a: np.swapaxes(a[None], 0, -1)),
    (2, lambda np, a, b: np.tanh(a) * np.tanh(b)), (2, lambda np, a, b: a - 0.3 * b),
    (2, lambda np, a, b: a / (1 + b * b)), (2, lambda np, a, b: np.maximum(a, np.sin(b))),
)  # fmt: skip


@st.composite
def programs(draw):
    count = draw(st.integers(1, 12))
    return [
        (draw(st.integers(0, len(_STEPS) - 1)), draw(st.integers(0, 99)), draw(st.integers(0, 99)))
        for _ in range(count)
    ]


def run(numpy, program, x):
    values = [x, numpy.sum(x) * 0.5]
    for step, first, second in program:
        count, f = _STEPS[step]
        operands = [values[i % len(values)] for i in (first, second)[:count]]
        if any(len(getattr(a, "shape", ())) in (0, 3) for a in operands) and step in (6, 7, 9, 10):
            operands, f = operands[:1], _STEPS[0][1]
        values.append(f(numpy, *operands))
    return sum(numpy.sum(numpy.sin(value)) for value in values)


@settings(deadline=None, max_examples=60)
@given(programs(), st.integers(0, 2**32 - 1))
def test_random_programs_agree_to_second_order(program, seed):
    rng = np.random.default_rng(seed)
    x, v = rng.normal(size=(2, 3, 3))
    value, slope = value_and_grad(lambda x: run(np, program, x))(x)
    their_grad = autograd.grad(lambda x: run(anp, program, x))
    scale = 1 + np.abs(their_grad(x)).max()
    np.testing.assert_allclose(value, run(np, program, x), rtol=1e-12)
    np.testing.assert_allclose(slope, their_grad(x), rtol=1e-9, atol=1e-11 * scale)
    _, along = jvp(lambda x: run(np, program, x), x, v)
    np.testing.assert_allclose(along, np.sum(slope * v), rtol=1e-8, atol=1e-10 * scale)
    bent = hvp(lambda x: run(np, program, x), x, v)
    theirs = autograd.grad(lambda x: anp.sum(their_grad(x) * v))(x)
    np.testing.assert_allclose(bent, theirs, rtol=1e-8, atol=1e-9 * (1 + np.abs(theirs).max()))


def test_a_program_by_hand():
    """(w x − 1)² x at x = w = 2: the value 18, and the slopes 33 and 24."""
    value, slopes = value_and_grad(lambda p: (p[1] * p[0] - 1) ** 2 * p[0])((2.0, 2.0))
    assert (value, *slopes) == (18, 33, 24)
    assert jvp(lambda p: (p[1] * p[0] - 1) ** 2 * p[0], (2.0, 2.0), (1.0, 0.0)) == (18, 33)


def test_ten_thousand_operations_need_no_recursion():
    def chain(x):
        for _ in range(5000):
            x = np.sin(x) + 1e-3
        return x

    value, slope = value_and_grad(chain)(1.0)
    np.testing.assert_allclose(jvp(chain, 1.0, 1.0), (value, slope), rtol=1e-9)
    assert abs(hvp(chain, 1.0, 1.0)) < np.inf
    assert grad(abs)(-3.0) == -1


def test_a_second_backward_pass_finds_nothing_left_over():
    _, pull = vjp(lambda x: np.sin(x) * x, A)
    first = pull(B)
    again = pull(B)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(pull(3 * B), 3 * first, rtol=1e-14)
    np.testing.assert_allclose(first, B * (np.cos(A) * A + np.sin(A)), rtol=1e-14)


def test_derivatives_of_every_order_of_a_polynomial():
    def f(x):
        return x**4

    wanted = [16.0, 32.0, 48.0, 48.0, 24.0, 0.0]
    for value in wanted:
        assert f(np.float64(2.0)) == value
        f = grad(f)


def test_levels_are_not_confused():
    """d/dx x · (d/dy (x + y)) is 1; a tool that mixes the two perturbations says 2."""
    for inner in (grad, lambda f: lambda y: jvp(f, y, 1.0)[1]):
        for outer in (grad, lambda f: lambda x: jvp(f, x, 1.0)[1]):
            assert outer(lambda x, inner=inner: x * inner(lambda y: x + y)(1.0))(1.0) == 1
            assert outer(lambda x, inner=inner: inner(lambda y: y * x)(3.0))(1.0) == 1


def test_the_gradient_of_a_gradient_by_something_that_it_only_closes_over():
    f = grad(lambda x: np.sum(grad(lambda w: np.sum((A @ w - x) ** 2))(ROW) ** 2))
    check_gradient(
        lambda x: np.sum((2 * A.T @ (A @ ROW - x)) ** 2), f, np.array([0.3, -1.2]),
        rng=np.random.default_rng(0),
    )  # fmt: skip


class Pair(NamedTuple):
    w: np.ndarray
    b: np.ndarray


def test_parameters_are_a_number_an_array_or_a_tuple_and_the_gradient_has_their_form():
    assert grad(lambda x: x * x)(3) == 6
    np.testing.assert_array_equal(grad(lambda x: np.sum(x * x))([1, 2]), [2.0, 4.0])
    pair = grad(lambda p: np.sum(p.w * 2) + p.b)(Pair(A, 1.0))
    assert type(pair) is Pair
    np.testing.assert_array_equal(pair.w, 2 + 0 * A)
    assert pair.b == 1
    nested = grad(lambda p: np.sum(p[0] * p[1][0] + 2 * p[1][1]))((A, (B, A)))
    np.testing.assert_array_equal(nested[1][0], A)
    np.testing.assert_array_equal(nested[1][1], np.full(A.shape, 2))
    np.testing.assert_array_equal(grad(lambda x, c: np.sum(c * x))(A, B), B)
    value, slope = jvp(lambda x: (x * x, x[0], 4.0), ROW, ROW)
    np.testing.assert_array_equal(value[0], ROW**2)
    np.testing.assert_array_equal(slope[0], 2 * ROW**2)
    assert (slope[1], slope[2]) == (ROW[0], 0)


def test_what_does_not_depend_on_x_has_slope_zero():
    np.testing.assert_array_equal(grad(lambda x: 3.0)(A), np.zeros(A.shape))
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.sign(x)) + 2.0)(A), np.zeros(A.shape))
    used, unused = grad(lambda p: np.sum(p[0]))((A, B))
    np.testing.assert_array_equal(used, np.ones(A.shape))
    np.testing.assert_array_equal(unused, np.zeros(B.shape))
    late = grad(lambda p: p[0] * 2.0 if p[1] > 0 else p[1])((1.0, 2.0))
    assert late == (2, 0)
    np.testing.assert_array_equal(jvp(lambda x: np.ones(2), A, B)[1], np.zeros(2))


def test_gradients_are_arrays_of_their_own():
    for f in (np.sum, lambda x: np.sum(x[0] + x[1])):
        slope = grad(f)(A)
        slope += 1  # a view of one number would refuse
        np.testing.assert_array_equal(slope, np.full(A.shape, 2.0))
    first, second = grad(lambda p: np.sum(p[0] + p[1]))((A, B))
    first += 1
    np.testing.assert_array_equal(second, np.ones(B.shape))
    before = copy.deepcopy((A, B))
    _, pull = vjp(lambda x: x * 1.0, A)
    pull(B)[:] = 0
    np.testing.assert_array_equal((A, B), before)


def test_ties_are_shared_and_zero_to_the_power_of_zero_is_flat():
    assert grad(lambda x: np.maximum(x, 0.0))(0.0) == 0.5
    assert grad(lambda x: np.maximum(0.0, x))(0.0) == 0.5
    assert grad(lambda x: np.minimum(x, 0.0))(0.0) == 0.5
    np.testing.assert_array_equal(grad(np.max)([1.0, 2.0, 2.0]), [0, 0.5, 0.5])
    np.testing.assert_array_equal(grad(np.max)([-np.finfo(float).max, 0.0]), [0, 1])
    assert grad(lambda x: x**0 + x**2)(0.0) == 0


def test_comparisons_see_the_value_and_lists_and_arrays_may_stand_on_either_side():
    def f(x):
        y = x if x[0] > 0 and x[1] < 0 and x[0] != x[1] and x[0] >= 0.5 and x[1] <= 0 else -x
        assert len(x) == 2
        assert bool(x[0] == x[0])
        assert not (x == 9).any()
        return ([1, 2] * y + np.array([3.0, 4.0]) * y - y / [1, 2] + 2**y - (1 - y)).sum()

    x = np.array([0.7, -0.2])
    wanted = np.array([4.0, 6.0]) - 1 / np.array([1, 2]) + np.log(2) * 2**x + 1
    np.testing.assert_allclose(grad(f)(x), wanted, rtol=1e-14)
    np.testing.assert_allclose(jvp(f, x, np.ones(2))[1], wanted.sum(), rtol=1e-14)
    np.testing.assert_array_equal(grad(lambda x: ([[1, 2], [3, 4]] @ x).sum())(x), [4, 6])
    assert bool(vjp(lambda x: x, 0.0)[0]) is False


def test_methods_are_the_functions():
    v = np.arange(6.0).reshape(2, 3)
    for mine, theirs in (
        (lambda x: x.T @ x, lambda x: np.transpose(x) @ x),
        (lambda x: x.sum(axis=0) * x.mean(axis=0), lambda x: np.sum(x, 0) * np.mean(x, 0)),
        (lambda x: x.sum(0, True), lambda x: np.sum(x, axis=0, keepdims=True)),
        (lambda x: x.mean(1, True), lambda x: np.mean(x, axis=1, keepdims=True)),
        (lambda x: x.reshape(3, 2) + x.reshape((3, 2)), lambda x: 2 * np.reshape(x, (3, 2))),
        (lambda x: x * x.size * x.ndim * x.shape[1], lambda x: 36 * x),
    ):
        pairs = zip(jvp(mine, A, v), jvp(theirs, A, v), strict=True)
        for a, b in pairs:
            np.testing.assert_allclose(a, b, rtol=1e-14)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_jacobian_by_columns_and_by_rows(mode):
    def f(x):
        return np.stack([x[0] * x[1], np.exp(x[2]), x[0] / x[2], np.sum(x)])

    x = np.array([1.3, -0.4, 0.8])
    J = jacobian(f, x, mode=mode)
    assert J.shape == (4, 3)
    np.testing.assert_allclose(J, numerical_jacobian(f, x), rtol=1e-8, atol=1e-9)
    # A Jacobian of a gradient is the Hessian.
    H = jacobian(grad(lambda x: np.sum(np.sin(x) * x[::-1])), x, mode=mode)
    their_hessian = autograd.hessian(lambda x: anp.sum(anp.sin(x) * x[::-1]))
    np.testing.assert_allclose(H, their_hessian(x), rtol=1e-12, atol=1e-14)


REFUSED = {
    "np.sort has no rule, got it called with a traced array; wanted is one of": np.sort,
    "np.norm has no rule": np.linalg.norm,
    "np.arctan has no rule": np.arctan,
    "f must return one number to have a gradient, got an array of shape (3,); take its sum, or use "
    "vjp": lambda x: x,
    "add must get arrays that fit: operands could not be broadcast together with shapes (3,) (2,)":
        lambda x: x + np.ones(2),
    "product must get arrays that fit": lambda x: x @ np.ones((2, 2)),
    "sum must get arrays that fit: axis 3 is out of bounds": lambda x: np.sum(x, axis=3),
    "index 5 is out of bounds for axis 0 with size 3": lambda x: x[5],
    "np.add is known as a plain call, got reduce": np.add.reduce,
    "np.add is known as a plain call, got __call__ {'out'": lambda x: np.add(x, 1, out=np.ones(3)),
    "an array of numbers cannot hold a Variable with its slope; join arrays by np.stack":
        lambda x: np.array([x[0], x[1]]),
    "cannot hold a Variable": lambda x: np.asarray(x),
    "f must return numbers in one array, got None": lambda x: None,
    "f must return numbers in one array, got 'a'": lambda x: "a",
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_differentiated_is_refused_by_name(message):
    with pytest.raises((TypeError, ValueError, IndexError)) as caught:
        grad(REFUSED[message])(np.array([1.0, 2.0, 3.0]))
    assert message in str(caught.value)


def test_an_error_in_a_nested_pass_is_told_once():
    with pytest.raises(ValueError, match="must get arrays that fit") as caught:
        grad(grad(lambda x: np.sum(x + np.ones(2))))(np.ones(3))
    assert str(caught.value).count("must get arrays") == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grad(np.sum)("a"), "x must be numbers in a regular array, got 'a'"),
        (lambda: grad(np.sum)([1.0, np.nan]), "x must be finite, got nan at index (1,)"),
        (lambda: vjp(np.sin, A)[1](ROW), "upstream must have shape (2, 3), got shape (3,)"),
        (lambda: vjp(np.sin, A)[1](A + np.inf), "upstream must be finite"),
        (lambda: jvp(np.sin, A, ROW), "v must have the shape (2, 3) of x, got shape (3,)"),
        (lambda: jvp(np.sin, 1.0, np.nan), "v must be finite"),
        (lambda: jacobian(np.sin, A), "x must have 1 dimension(s), got shape (2, 3)"),
        (lambda: jacobian(np.sin, ROW, mode="back"), "mode must be one of 'forward', 'reverse'"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match="must") as caught:
        call()
    assert message in str(caught.value)


def test_the_list_of_what_is_known_names_the_rules():
    with pytest.raises(TypeError) as caught:
        grad(np.sort)(ROW)
    listed = str(caught.value).split("one of ")[1].split(", ")
    assert listed == sorted(listed)
    assert {"add", "matmul", "tanh", "stack", "where", "mean"} <= set(listed)


def test_the_tape_is_a_list_of_operations_that_ends_with_the_pass():
    tape = []
    x = tracing.Variable(np.float64(2.0), tape, 1)
    y = x * x + np.sin(x)
    assert [getattr(function, "__name__", None) for function, _ in tape] == [
        None, "multiply", "sin", "add",
    ]  # fmt: skip
    assert y.place == 3
    adjoints = tracing.backward(tape, y.place, np.float64(1.0))
    np.testing.assert_allclose(adjoints[0], 4 + np.cos(2.0), rtol=1e-15)
    assert adjoints[1:] == [None, None, None]


def test_rows_that_the_result_does_not_need_cost_nothing_and_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        def f(x):
            np.sqrt(x)  # its slope at 0 would be infinite, and nobody asks for it
            return x * 2.0

        assert grad(f)(0.0) == 2
