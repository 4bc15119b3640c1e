"""Softmax, its products with the Jacobian, and what they do where floats end."""

import warnings

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import elementwise_grad
from autograd import jacobian as autograd_jacobian
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import special

from helpers.mathematics import activations as act
from helpers.mathematics.numdiff import check_vjp, numerical_jacobian

SCORES = arrays(
    float,
    array_shapes(min_dims=1, max_dims=4, max_side=5),
    elements=st.floats(-30, 30, allow_nan=False),
)


@st.composite
def scores_and_axis(draw):
    z = draw(SCORES)
    return z, draw(st.integers(-z.ndim, z.ndim - 1))


@given(scores_and_axis())
def test_softmax_agrees_with_scipy_along_any_axis(case):
    z, axis = case
    np.testing.assert_allclose(act.softmax(z, axis=axis), special.softmax(z, axis=axis))
    np.testing.assert_allclose(
        act.log_softmax(z, axis=axis), special.log_softmax(z, axis=axis), atol=1e-12
    )


def test_one_value_by_hand():
    # e^0 : e^(ln 2) : e^(ln 3) is 1 : 2 : 3
    np.testing.assert_allclose(act.softmax(np.log([1, 2, 3])), [1 / 6, 2 / 6, 3 / 6])


@pytest.mark.parametrize("shift", [1e3, -1e3, 1e300])
def test_large_scores_neither_overflow_nor_change_the_weights(shift):
    z = np.array([0.0, 1.0, 2.0]) * (1e290 if shift == 1e300 else 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shifted = act.softmax(z + shift)
        act.log_softmax(z + shift)
    np.testing.assert_allclose(shifted, act.softmax(z), rtol=1e-9)


def test_large_allowed_scores_do_not_overflow_either():
    z, where = np.array([[1000.0, 999.0, 1e308]]), np.array([[True, True, False]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        weights = act.softmax(z, where=where)
    np.testing.assert_allclose(weights, [[*act.softmax([1.0, 0.0]), 0.0]])


def test_a_gap_wider_than_the_floats_is_one_hot_and_silent():
    np.testing.assert_array_equal(act.softmax([-1.7e308, 1.7e308]), [0, 1])
    with pytest.raises(ValueError, match="differences are finite"):
        act.log_softmax([-1.7e308, 1.7e308])


def test_log_softmax_is_right_where_log_of_softmax_is_not():
    z = np.array([0.0, 800.0])
    assert act.softmax(z)[0] == 0
    assert act.log_softmax(z)[0] == -800


@settings(deadline=None, max_examples=40)
@given(scores_and_axis(), st.integers(0, 2**32 - 1))
def test_products_with_the_jacobian_match_finite_differences(case, seed):
    z, axis = case
    rng = np.random.default_rng(seed)
    z = z / 10  # finite differences need weights that are not all rounding
    for f, vjp in ((act.softmax, act.softmax_vjp), (act.log_softmax, act.log_softmax_vjp)):
        check_vjp(
            lambda z, f=f: f(z, axis=axis),
            lambda u, z, vjp=vjp: vjp(u, z, axis=axis),
            z,
            rng=rng,
            names="z",
            rtol=1e-5,
        )


@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_jacobian_three_ways(n, seed):
    rng = np.random.default_rng(seed)
    z, u = 3 * rng.standard_normal((2, n))
    J = act.softmax_jacobian(z)
    s = act.softmax(z)
    np.testing.assert_allclose(J, np.diag(s) - np.outer(s, s), atol=1e-15)
    np.testing.assert_allclose(J, numerical_jacobian(act.softmax, z), atol=1e-8)

    def plain(z):
        e = anp.exp(z)
        return e / anp.sum(e)

    np.testing.assert_allclose(J, autograd_jacobian(plain)(z), atol=1e-12)
    np.testing.assert_allclose(act.softmax_vjp(u, z), J.T @ u, atol=1e-14)
    np.testing.assert_allclose(J.sum(axis=0), 0, atol=1e-15)  # the weights keep summing to 1


def test_jacobian_moves_the_axis_to_the_end():
    z = np.random.default_rng(0).standard_normal((3, 4, 2))
    J = act.softmax_jacobian(z, axis=1)
    assert J.shape == (3, 2, 4, 4)
    np.testing.assert_allclose(J[2, 1], act.softmax_jacobian(z[2, :, 1]))


def test_log_softmax_vjp_by_autograd():
    z = np.random.default_rng(1).standard_normal((3, 4))
    u = np.random.default_rng(2).standard_normal((3, 4))

    def f(z):
        return anp.sum(u * (z - anp.log(anp.sum(anp.exp(z), axis=1, keepdims=True))))

    np.testing.assert_allclose(act.log_softmax_vjp(u, z), elementwise_grad(f)(z), atol=1e-12)


@given(
    arrays(float, (3, 6), elements=st.floats(-60, 60)),
    arrays(bool, (3, 6)),
)
def test_where_is_softmax_over_what_is_allowed(z, where):
    s = act.softmax(z, where=where)
    assert np.isfinite(s).all()
    assert (s[~where] == 0).all()
    for line, allowed, weights in zip(z, where, s, strict=True):
        if allowed.any():
            np.testing.assert_allclose(weights[allowed], act.softmax(line[allowed]), atol=1e-300)
    np.testing.assert_allclose(s.sum(axis=1), where.any(axis=1))


def test_a_line_with_nothing_allowed_has_gradient_zero():
    z = np.array([[1.0, 2.0], [3.0, 1e5]])
    where = np.array([[True, True], [False, False]])
    gradient = act.softmax_vjp(np.ones((2, 2)) * [1, 5], z, where=where)
    assert (gradient[1] == 0).all()
    assert (gradient[0] != 0).all()


@given(arrays(float, (4, 7), elements=st.floats(-40, 40)))
def test_norm_without_the_matrix(z):
    s = act.softmax(z)
    J = s[:, :, None] * (np.eye(7) - s[:, None, :])
    np.testing.assert_allclose(
        act.softmax_jacobian_norm(s), np.linalg.norm(J, axis=(1, 2)), rtol=1e-6, atol=1e-15
    )


def test_norm_keeps_its_digits_next_to_one_hot():
    # For s = (1 − ε, ε) the Jacobian is ε(1 − ε) [[1, −1], [−1, 1]], its norm 2ε(1 − ε).
    for gap in (5, 20, 40, 200):
        eps = np.exp(-gap) / (1 + np.exp(-gap))
        norm = act.softmax_jacobian_norm(act.softmax([0.0, gap]))
        np.testing.assert_allclose(norm, 2 * eps * (1 - eps), rtol=1e-9)
    assert act.softmax_jacobian_norm(np.zeros(3)) == 0


BAD = [
    (lambda: act.softmax([]), "z must have at least 1"),
    (lambda: act.softmax([0.0, np.nan]), "z must be finite, got nan"),
    (lambda: act.softmax([0.0, -np.inf]), "z must be finite, got -inf"),
    (lambda: act.softmax(1.0), "axis must be an axis of z"),
    (lambda: act.softmax([1.0, 2.0], axis=1), "axis must be an axis of z"),
    (lambda: act.softmax([1.0, 2.0], axis="last"), "axis must be a whole number"),
    (lambda: act.softmax(["a"]), "z must be numbers"),
    (lambda: act.softmax([1.0, 2.0], where=[1, 0]), "where must be boolean"),
    (lambda: act.softmax([1.0, 2.0], where=[True] * 3), "where must have a shape"),
    (lambda: act.softmax_vjp([1.0], [1.0, 2.0]), "upstream must have shape"),
    (lambda: act.log_softmax_vjp([1.0, np.inf], [1.0, 2.0]), "upstream must be finite"),
    (lambda: act.softmax_jacobian([[np.nan]]), "z must be finite"),
    (lambda: act.softmax_jacobian_norm([0.5, 0.2]), "weights must be at least 0 and sum to 1"),
    (lambda: act.softmax_jacobian_norm([1.5, -0.5]), "weights must be at least 0"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@given(
    st.one_of(
        arrays(float, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)),
        st.lists(st.text(max_size=2), max_size=2),
        st.none(),
    ),
    st.one_of(st.integers(-4, 4), st.floats(), st.none()),
)
def test_any_input_gives_weights_or_a_value_error(z, axis):
    try:
        s = act.softmax(z, axis=axis)
    except ValueError:
        return
    np.testing.assert_allclose(s.sum(axis=axis), 1)
