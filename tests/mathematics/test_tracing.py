"""The engine: each rule to second order, levels, the tape, and what is refused."""

import operator
import warnings

import numpy as np
import pytest

from helpers.mathematics import tracing
from helpers.mathematics.autodiff import grad, hvp, jvp, value_and_grad, vjp
from helpers.mathematics.numdiff import check_gradient
from tests.mathematics.engine import (
    COLUMN,
    CUBE,
    MASK,
    ROW,
    STACK,
    A,
    B,
    C,
    P,
    check_first_order,
    check_second_order,
)  # fmt: skip

#: Of equal sides: a shape that is wrong cannot give a wrong order away.
SIDES = np.sin(np.arange(27.0)).reshape(3, 3, 3)
#: Every rule, with operands whose shapes have to be stretched as well.
RULES = {
    "add": (lambda np, a, b: a + b, A, ROW),
    "subtract": (lambda np, a, b: a - b, COLUMN, A),
    "multiply": (lambda np, a, b: a * b, A, COLUMN),
    "outer by stretching": (lambda np, a, b: a * b, COLUMN, ROW),
    "divide": (lambda np, a, b: a / b, ROW, P),
    "power": (lambda np, a, b: a**b, P, ROW),
    "power of zeros": (lambda np, a: np.array([0.0, 2.0, 0.0]) ** (2 + a), ROW),
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
    "relu": (lambda np, a: np.maximum(a, 0.0), A),
    "where": (lambda np, a, b: np.where(MASK, a, b), A, ROW),
    "matmul": (lambda np, a, c: a @ c, A, C),
    "matmul, batch": (lambda np, a, c: np.matmul(a, c), STACK.swapaxes(1, 2), CUBE),
    "matmul, one factor stretched": (lambda np, a, c: np.matmul(a, c), A, CUBE),
    "sum": (lambda np, a: np.sum(a), CUBE),
    "sum over an axis": (lambda np, a: np.sum(a, axis=1), CUBE),
    "sum over two axes": (lambda np, a: np.sum(a, axis=(0, -1)), CUBE),
    "sum, axis kept": (lambda np, a: np.sum(a, axis=-1, keepdims=True), CUBE),
    "reshape": (lambda np, a: np.reshape(a, (4, -1)), CUBE),
    "transpose": (lambda np, a: np.transpose(a), CUBE),
    "transpose with axes": (lambda np, a: np.transpose(a, (1, 2, 0)), CUBE),
    "transpose with axes from the end": (lambda np, a: np.transpose(a, (-1, 0, 1)), CUBE),
    "transpose of a cube, axes from the end": (
        lambda np, a: np.transpose(a, (-1, -3, 1)) * a, SIDES),
    "swapaxes": (lambda np, a: np.swapaxes(a, 0, -1), CUBE),
    "broadcast_to": (lambda np, a: np.broadcast_to(a, (2, 2, 3)), ROW),
    "index": (lambda np, a: a[1], A),
    "index, slice": (lambda np, a: a[:, ::-1, 1:3], CUBE),
    "index, rows named twice": (lambda np, a: a[np.array([[1, 0], [1, 1]])], A),
    "index, pairs": (lambda np, a: a[np.array([1, 0, 1]), np.array([2, 1, 2])], A),
    "index, mask": (lambda np, a: a[MASK], A),
    "index, new axis": (lambda np, a: a[:, None] * A, ROW.reshape(3, 1)[:2]),
    "one variable, used twice": (lambda np, a: a * np.sin(a) + a, A),
}  # fmt: skip
#: What autograd does not stretch itself is written with a sum that it does stretch; and axes that
#: are counted from the end it takes back wrongly.
FOR_AUTOGRAD = {
    "transpose with axes from the end": lambda np, a: np.transpose(a, (2, 0, 1)),
    "transpose of a cube, axes from the end": lambda np, a: np.transpose(a, (2, 0, 1)) * a,
    "where": lambda np, a, b: np.where(MASK, a, b + 0 * a),
    "broadcast_to": lambda np, a: a + np.zeros((2, 2, 3)),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_agrees_with_autograd_finite_differences_and_forward_mode(name, rng):
    check_first_order(*RULES[name], rng=rng, for_autograd=FOR_AUTOGRAD.get(name))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_second_derivatives(name, rng):
    check_second_order(*RULES[name], rng=rng, for_autograd=FOR_AUTOGRAD.get(name))


def test_every_rule_is_among_them():
    said = " ".join(RULES)
    for function in tracing.RULES:
        name = {"product": "matmul", "scatter": "index"}.get(function.__name__, function.__name__)
        assert name in said, name


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


def test_an_error_in_a_nested_pass_is_told_once():
    with pytest.raises(ValueError, match="must get arrays that fit") as caught:
        grad(grad(lambda x: np.sum(x + np.ones(2))))(np.ones(3))
    assert str(caught.value).count("must get arrays") == 1


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


REFUSED = {
    "np.sort has no rule, got it called with a traced array; wanted is one of": np.sort,
    "np.norm has no rule": np.linalg.norm,
    "np.arctan has no rule": np.arctan,
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
    "a traced array is not changed in place: write x = x + …": lambda x: x.__iadd__(1),
    "a traced array is not changed": lambda x: operator.isub(x, x),
    "a traced array is not changed in place": lambda x: operator.imul(x, 2.0),
    "traced array is not changed in place": lambda x: operator.itruediv(x, 2.0),
    "array is not changed in place": lambda x: operator.ipow(x, 2.0),
    "np.multiply is known as a plain call": lambda x: operator.imul(np.ones(3), x),
    "does not support item assignment": lambda x: operator.setitem(x, 0, 1.0),
    "hold a Variable with its slope": lambda x: np.ones(3).__setitem__(slice(None), x),
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_differentiated_is_refused_by_name(message):
    with pytest.raises((TypeError, ValueError, IndexError)) as caught:
        grad(REFUSED[message])(np.array([1.0, 2.0, 3.0]))
    assert message in str(caught.value)


def test_a_slope_is_stretched_with_its_value_where_the_other_operand_is_a_constant():
    value, slope = jvp(lambda x: x + A, ROW, ROW)
    np.testing.assert_array_equal(value, ROW + A)
    np.testing.assert_array_equal(slope, np.broadcast_to(ROW, A.shape))
    np.testing.assert_array_equal(grad(lambda x: np.sum(x + A))(ROW), [2, 2, 2])


def test_a_condition_has_no_slope():
    assert grad(lambda c: np.where(c, 2.0, 3.0) * 5.0)(1.0) == 0
    assert grad(lambda c: np.where(c > 0, c, 3.0 * c))(-1.0) == 3
    assert jvp(lambda c: np.where(c, 2.0, c), 0.0, 1.0) == (0, 1)


def test_the_bare_array_is_found_below_every_level():
    x = np.array([1.0, 2.0])
    nested = tracing.Variable(tracing.Dual(x, x, 1), [], 2)
    assert tracing.plain(nested) is x
    assert tracing.plain(x) is x


def test_a_number_may_be_summed_up_in_a_loop():
    def f(x):
        total = x[0]
        for k in range(3):
            first = total
            total += x[k] * x[k]
            total *= 2.0
            total -= 0.5 * first
        return total

    x = np.array([0.3, -1.2, 0.8])
    check_gradient(f, grad(f), x, rng=np.random.default_rng(0))
    assert grad(f)(x)[0] == pytest.approx(1.5**3 + 4 * 1.5**2 * 0.3)


def test_a_share_that_cannot_come_from_stretching_is_not_made_to_fit(monkeypatch):
    def wrong(x):
        return np.transpose(x), lambda u: u

    monkeypatch.setitem(tracing.RULES, np.swapaxes, wrong)
    monkeypatch.setitem(tracing.LINEAR, np.swapaxes, wrong)
    with pytest.raises(ValueError, match="shape"):
        grad(lambda x: np.sum(tracing.apply(np.swapaxes, (x,))))(A)

    def shorter(x):
        return np.sum(x), lambda u: u

    monkeypatch.setitem(tracing.RULES, np.swapaxes, shorter)
    monkeypatch.setitem(tracing.LINEAR, np.swapaxes, shorter)
    with pytest.raises(ValueError, match=r"a share of shape \(\) must fit an argument of shape"):
        grad(lambda x: tracing.apply(np.swapaxes, (x,)))(A)


def test_a_power_of_zero_is_flat_in_its_exponent():
    slope = grad(lambda p: np.sum(np.arange(3) ** p))(2.0)
    np.testing.assert_allclose(slope, 4 * np.log(2), rtol=1e-15)
