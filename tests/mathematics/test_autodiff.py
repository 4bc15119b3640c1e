"""What a chapter calls to differentiate, and the functions that are made of the rules."""

import copy
from typing import NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.mathematics.autodiff import (
    grad,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from helpers.mathematics.numdiff import numerical_jacobian
from tests.mathematics.engine import (
    COLUMN,
    CUBE,
    ROW,
    STACK,
    A,
    B,
    C,
    check_first_order,
    check_second_order,
)  # fmt: skip

DERIVED = {
    "minimum": (lambda np, a, b: np.minimum(a, b), A, ROW),
    "square": (lambda np, a: np.square(a), A),
    "matmul, vector first": (lambda np, a, c: a @ c, ROW, C),
    "matmul, vector last": (lambda np, a, c: a @ c, A, ROW),
    "matmul, two vectors": (lambda np, a, c: a @ c, ROW, 2 - ROW),
    "matmul, vector and batch": (lambda np, a, c: np.matmul(a, c), ROW, CUBE),
    "matmul, batch and vector": (lambda np, a, c: np.matmul(a, c), CUBE, np.array([1, -2, 0.5, 3])),
    "mean": (lambda np, a: np.mean(a), CUBE),
    "mean over an axis": (lambda np, a: np.mean(a, axis=1, keepdims=True), CUBE),
    "max": (lambda np, a: np.max(a, axis=1), CUBE),
    "max of all": (lambda np, a: np.max(a), CUBE),
    "expand_dims": (lambda np, a: np.expand_dims(a, 1) * STACK.swapaxes(1, 2), A),
    "concatenate": (lambda np, a, b: np.concatenate([a, b, 2 * a], axis=-1), A, COLUMN),
    "concatenate rows": (lambda np, a, b: np.concatenate([a, b]), A, B),
    "stack": (lambda np, a, b: np.stack([a, b], axis=1), A, B),
    "stack, last axis": (lambda np, a, b: np.stack([a, b], axis=-1), A, B),
    "mean over two axes": (lambda np, a: np.mean(a, axis=(0, 2)), CUBE),
    "concatenate along the middle": (lambda np, a: np.concatenate([a, 3 * a], axis=1), CUBE),
}  # fmt: skip


@pytest.mark.parametrize("name", DERIVED)
def test_a_derived_function_agrees_with_autograd_finite_differences_and_forward_mode(name, rng):
    check_first_order(*DERIVED[name], rng=rng)


@pytest.mark.parametrize("name", DERIVED)
def test_a_derived_function_has_second_derivatives(name, rng):
    check_second_order(*DERIVED[name], rng=rng)


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


def test_what_is_joined_without_an_axis_is_made_flat():
    wanted = np.cos(np.arange(6.0 + 24))

    def f(p):
        return np.sum(np.concatenate(p, axis=None) ** 2 * wanted)

    first, second = grad(f)((A, CUBE))
    np.testing.assert_allclose(first, 2 * A * wanted[:6].reshape(A.shape), rtol=1e-14)
    np.testing.assert_allclose(second, 2 * CUBE * wanted[6:].reshape(CUBE.shape), rtol=1e-14)


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


def test_what_is_changed_afterwards_does_not_reach_the_way_back():
    theta = np.array([1.0, 2.0])
    value, pull = vjp(lambda t: np.sum(t**2), theta)
    theta -= 0.5
    np.testing.assert_array_equal(pull(1.0), [2, 4])
    for f in (lambda x: np.exp(x), lambda x: x):
        value, pull = vjp(f, A)
        wanted = pull(B)
        value[...] = 7
        np.testing.assert_array_equal(pull(B), wanted)
    x = A.copy()
    for result in jvp(lambda x: x + 0 * A[:, :1], x, np.ones(A.shape)):
        result += 1  # of its own, and not a view that refuses
    np.testing.assert_array_equal(x, A)
    slope = jvp(lambda x: x + A, 1.0, 1.0)[1]
    slope += 1
    np.testing.assert_array_equal(slope, np.full(A.shape, 2))


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
        (
            lambda: jacobian(np.sum, ROW),
            "return an array of shape (m,) to have a Jacobian, got shape ()",
        ),
        (
            lambda: jacobian(np.sum, ROW, mode="reverse"),
            "of shape (m,) to have a Jacobian, got shape ()",
        ),
        (lambda: jacobian(lambda x: x[:, None], ROW, mode="reverse"), "got shape (3, 1)"),
        (lambda: jacobian(lambda x: x[:, None], ROW), "got shape (3, 1)"),
        (lambda: jacobian(lambda x: (x, x), ROW), "to have a Jacobian, got a tuple"),
        (lambda: jacobian(np.sin, ROW, mode="back"), "mode must be one of 'forward', 'reverse'"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match="must") as caught:
        call()
    assert message in str(caught.value)


REFUSED = {
    "f must return one number to have a gradient, got an array of shape (3,); take its sum, or use "
    "vjp with an upstream gradient": lambda x: x,
    "f must return real numbers in one array, got None": lambda x: None,
    "f must return real numbers in one array, got 'a'": lambda x: "a",
    "f must return real numbers in one array, got complex": lambda x: np.sum(x * 1j),
    "all the input arrays must have same number of dimensions": lambda x: np.concatenate(
        [x, np.ones((2, 2))]
    ),
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_differentiated_is_refused_by_name(message):
    with pytest.raises((TypeError, ValueError, IndexError)) as caught:
        grad(REFUSED[message])(np.array([1.0, 2.0, 3.0]))
    assert message in str(caught.value)
