"""Losses by hand and by other means, their products, the lines they fit, and what is refused."""

import re
import warnings

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import elementwise_grad
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special
from scipy.optimize import linprog, minimize

from helpers.mathematics import losses
from helpers.mathematics.numdiff import GradientMismatch, check_vjp

R = np.array([[-3.1, -0.7, 0.2], [0.9, 1.4, 6.0]])
REAL = st.floats(-50, 50)


def test_values_by_hand():
    assert losses.squared(-3.0) == 4.5
    assert losses.absolute(-3.0) == 3
    assert losses.huber(-3.0, delta=2.0) == 4
    assert losses.huber(3.0, delta=2.0) == 4
    assert losses.huber(1.5, delta=2.0) == 1.125
    assert losses.huber(2.0, delta=2.0) == 2
    assert losses.log_loss(0.0, 1) == pytest.approx(np.log(2))
    assert losses.log_loss(np.log(3), 1) == pytest.approx(-np.log(0.75))
    assert losses.log_loss(np.log(3), 0) == pytest.approx(-np.log(0.25))
    z = np.log([1.0, 2.0, 5.0])
    assert losses.cross_entropy(z, 1) == pytest.approx(np.log(4))


def test_slopes_by_hand():
    up = np.array([2.0, -3.0])
    assert losses.squared_vjp(up, np.array([-3.0, 0.5])).tolist() == [-6, -1.5]
    assert losses.absolute_vjp(up, np.array([-3.0, 0.5])).tolist() == [-2, -3]
    assert losses.absolute_vjp(5.0, 0.0) == 0
    assert losses.huber_vjp(up, np.array([-3.0, 0.5]), delta=0.75).tolist() == [-1.5, -1.5]
    gradient = losses.cross_entropy_vjp(8.0, np.log([1.0, 2.0, 5.0]), 1)
    np.testing.assert_allclose(gradient, [1, -6, 5])
    np.testing.assert_allclose(losses.log_loss_vjp(up, np.log([3.0, 3.0]), [1, 0]), [-0.5, -2.25])


def of_residual(r, delta):
    size = anp.abs(r)
    return {
        "squared": r * r / 2,
        "absolute": size,
        "huber": anp.where(size <= delta, r * r / 2, delta * size - delta * delta / 2),
    }


@pytest.mark.parametrize("name", ["squared", "absolute", "huber"])
@pytest.mark.parametrize("delta", [0.3, 1.1])
def test_losses_of_a_residual_agree_with_autograd(name, delta, rng):
    options = {"delta": delta} if name == "huber" else {}
    value, vjp = getattr(losses, name), getattr(losses, f"{name}_vjp")
    np.testing.assert_allclose(value(R, **options), of_residual(R, delta)[name], rtol=1e-14)
    upstream = rng.normal(size=R.shape)
    slope = elementwise_grad(lambda r: of_residual(r, delta)[name])(R)
    np.testing.assert_allclose(vjp(upstream, R, **options), upstream * slope, rtol=1e-14)
    check_vjp(lambda r: value(r, **options), lambda u, r: vjp(u, r, **options), R, rng=rng)


@given(arrays(float, 5, elements=st.floats(-1e150, 1e150)), st.floats(1e-3, 1e3))
def test_huber_lies_below_both_and_does_not_overflow(r, delta):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = losses.huber(r, delta=delta)
    assert np.all(value >= 0)
    assert np.all(value <= losses.squared(r) * (1 + 1e-12))
    assert np.all(value <= delta * losses.absolute(r) * (1 + 1e-12))


@given(arrays(float, (2, 3), elements=st.floats(-700, 700)), st.integers(0, 63))
def test_log_loss_agrees_with_scipy_at_any_logit(z, bits):
    y = np.array([(bits >> i) & 1 for i in range(6)]).reshape(2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, slope = losses.log_loss(z, y), losses.log_loss_vjp(np.ones((2, 3)), z, y)
    side = np.where(y == 1, 1.0, -1.0)
    np.testing.assert_allclose(value, -special.log_expit(side * z), rtol=1e-12)
    np.testing.assert_allclose(slope, -side * special.expit(-side * z), rtol=1e-12)


def test_log_loss_takes_truths_and_its_product_fits(rng):
    z, y = rng.normal(size=(3, 2)), rng.integers(2, size=(3, 2))
    np.testing.assert_array_equal(losses.log_loss(z, y == 1), losses.log_loss(z, y))
    check_vjp(
        lambda z: losses.log_loss(z, y), lambda u, z: losses.log_loss_vjp(u, z, y), z, rng=rng
    )


@settings(deadline=None)
@given(arrays(float, (3, 4), elements=st.floats(-700, 700)), st.integers(0, 3))
def test_cross_entropy_agrees_with_scipy(z, c):
    labels = np.array([c, 0, 3])
    value = losses.cross_entropy(z, labels)
    wanted = special.logsumexp(z, axis=1) - z[[0, 1, 2], labels]
    np.testing.assert_allclose(value, wanted, rtol=1e-10, atol=1e-10)
    gradient = losses.cross_entropy_vjp(np.array([1.0, 2.0, -0.5]), z, labels)
    p = special.softmax(z, axis=1) - np.eye(4)[labels]
    np.testing.assert_allclose(gradient, np.array([[1.0], [2.0], [-0.5]]) * p, atol=1e-12)


def test_cross_entropy_keeps_leading_axes(rng):
    z, labels = rng.normal(size=(2, 3, 5)), rng.integers(5, size=(2, 3))
    value = losses.cross_entropy(z, labels)
    assert value.shape == (2, 3)
    assert value[1, 2] == pytest.approx(float(losses.cross_entropy(z[1, 2], labels[1, 2])))
    check_vjp(
        lambda z: losses.cross_entropy(z, labels),
        lambda u, z: losses.cross_entropy_vjp(u, z, labels),
        z,
        rng=rng,
    )


def test_two_classes_are_the_log_loss(rng):
    z, y = rng.normal(size=(6, 2)), rng.integers(2, size=6)
    np.testing.assert_allclose(losses.cross_entropy(z, y), losses.log_loss(z[:, 1] - z[:, 0], y))


def test_a_product_that_is_a_little_wrong_is_noticed(rng):
    labels = np.array([1, 0])
    with pytest.raises(GradientMismatch):
        check_vjp(
            lambda z: losses.cross_entropy(z, labels),
            lambda u, z: 1.001 * losses.cross_entropy_vjp(u, z, labels),
            rng.normal(size=(2, 3)),
            rng=rng,
        )


@pytest.mark.parametrize(
    ("values", "delta", "wanted"),
    [
        ([1, 2, 4, 5, 100], 2, 11 / 3),
        ([100, 5, 1, 4, 2], 2, 11 / 3),
        ([0, 1, 2, 9], 2, 5 / 3),
        ([3.5], 0.1, 3.5),
        ([0.0, 10.0], 1, 5.0),  # least from 1 to 9: the middle
        ([0.1, 0.2, 0.3, 7.0, 7.1, 7.2], 0.01, 3.65),
        ([2.0, 2.0, 2.0, 9.0], 0.5, 2 + 0.5 / 3),
        ([1.0, 2.0, 6.0], 100, 3.0),
        ([-1.0, -4.0], 5, -2.5),
    ],
)
def test_hubers_location_by_hand(values, delta, wanted):
    assert losses.huber_location(values, delta=delta) == pytest.approx(wanted, rel=1e-12)


@given(st.lists(REAL, min_size=1, max_size=9), st.floats(0.01, 30))
def test_hubers_location_balances_the_pulls(values, delta):
    m = losses.huber_location(values, delta=delta)
    pull = np.clip(np.array(values) - m, -delta, delta).sum()
    assert abs(pull) < 1e-9 * (1 + max(map(abs, values)))
    # A mean of what is near: moved with all values, and turned with them.
    shifted = losses.huber_location([v + 7 for v in values], delta=delta)
    mirrored = losses.huber_location([-v for v in values], delta=delta)
    assert losses.huber(np.array(values) + 7 - shifted, delta=delta).sum() == pytest.approx(
        losses.huber(np.array(values) - m, delta=delta).sum(), abs=1e-6
    )
    assert losses.huber(-np.array(values) - mirrored, delta=delta).sum() == pytest.approx(
        losses.huber(np.array(values) - m, delta=delta).sum(), abs=1e-6
    )


def points(seed, n=12):
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=n), 1)
    return x, 0.7 * x - 1.2 + 0.4 * rng.standard_t(1.5, size=n)


@pytest.mark.parametrize("seed", range(6))
def test_the_squared_line_is_polyfits(seed):
    x, y = points(seed)
    np.testing.assert_allclose(losses.squared_line(x, y), np.polyfit(x, y, 1), rtol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_the_absolute_line_is_that_of_a_linear_programme(seed):
    x, y = points(seed)
    w, b = losses.absolute_line(x, y)
    n = len(x)
    features = np.stack([x, np.ones(n)], axis=1)
    found = linprog(
        np.r_[0, 0, np.ones(2 * n)],
        A_eq=np.hstack([features, np.eye(n), -np.eye(n)]),
        b_eq=y,
        bounds=[(None, None)] * 2 + [(0, None)] * (2 * n),
    )
    assert np.abs(y - w * x - b).sum() == pytest.approx(found.fun, rel=1e-9)
    assert np.sum(np.abs(y - w * x - b) < 1e-12) >= 2


@pytest.mark.parametrize("delta", [0.05, 0.4, 3.0])
@pytest.mark.parametrize("seed", range(6))
def test_hubers_line_has_no_slope_left_and_is_below_a_search(seed, delta):
    x, y = points(seed)
    w, b = losses.huber_line(x, y, delta=delta)
    psi = np.clip(y - w * x - b, -delta, delta)
    assert abs(psi.sum()) < 1e-9
    assert abs(psi @ x) < 1e-9

    def total(t):
        return losses.huber(y - t[0] * x - t[1], delta=delta).sum()

    found = minimize(total, np.polyfit(x, y, 1), method="Nelder-Mead", options={"xatol": 1e-9})
    assert total((w, b)) <= found.fun + 1e-9


def test_hubers_line_between_the_two_others():
    x, y = points(3)
    np.testing.assert_allclose(losses.huber_line(x, y, delta=1e3), losses.squared_line(x, y))
    near = losses.huber_line(x, y, delta=1e-6)
    np.testing.assert_allclose(near, losses.absolute_line(x, y), atol=1e-3)


def test_a_line_through_its_points_is_found_by_all():
    x = np.array([1.0, 2.0, 2.0, 5.0])
    y = 3 * x - 4
    for line in (
        losses.squared_line(x, y),
        losses.absolute_line(x, y),
        losses.huber_line(x, y, delta=0.1),
    ):
        assert all(isinstance(v, float) for v in line)
        np.testing.assert_allclose(line, (3, -4), rtol=1e-9)


def test_hubers_line_is_exact_as_soon_as_the_sides_are_known(monkeypatch):
    """Weighting alone takes 19 rounds or more for each of these."""
    monkeypatch.setattr(losses, "_MOST_ROUNDS", 6)
    for seed in range(5):
        x, y = points(seed)
        w, b = losses.huber_line(x, y, delta=0.4)
        psi = np.clip(y - w * x - b, -0.4, 0.4)
        np.testing.assert_allclose([psi.sum(), psi @ x], 0, atol=1e-12)


def test_hubers_line_gives_up_in_words(monkeypatch):
    monkeypatch.setattr(losses, "_MOST_ROUNDS", 0)
    with pytest.raises(ArithmeticError, match="no line after 0 rounds, at w = "):
        losses.huber_line([0.0, 1.0, 2.0], [0.0, 1.0, 5.0], delta=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.squared([1.0, np.nan]), "residual must be finite, got nan at index (1,)"),
        (lambda: losses.absolute("a"), "residual must be numbers in a regular array, got 'a'"),
        (lambda: losses.huber([1.0], delta=0.0), "delta must be greater than 0, got 0"),
        (lambda: losses.huber([1.0], delta=-2.0), "delta must be greater than 0, got -2"),
        (lambda: losses.huber_vjp([1.0], [1.0], delta=0.0), "delta must be greater than 0, got 0"),
        (lambda: losses.huber([np.inf], delta=1.0), "residual must be finite, got inf"),
        (
            lambda: losses.squared_vjp([1.0], [1.0, 2.0]),
            "upstream must have shape (2), got shape (1,)",
        ),
        (
            lambda: losses.absolute_vjp(1.0, [1.0, 2.0]),
            "upstream must have shape (2), got shape ()",
        ),
        (
            lambda: losses.huber_vjp([[1.0]], [1.0], delta=1.0),
            "upstream must have shape (1), got shape (1, 1)",
        ),
        (lambda: losses.log_loss([0.5, 1.0], [1, 2]), "labels must be 0 or 1, got 2"),
        (lambda: losses.log_loss([0.5], [0.5]), "labels must be 0 or 1, got 0.5"),
        (lambda: losses.log_loss([0.5], [[1]]), "labels must have shape (1), got shape (1, 1)"),
        (lambda: losses.log_loss([np.inf], [1]), "logits must be finite, got inf at index (0,)"),
        (
            lambda: losses.log_loss_vjp([1.0, 1.0], [0.5], [1]),
            "upstream must have shape (1), got shape (2,)",
        ),
        (
            lambda: losses.cross_entropy([[0.0, 1.0, 2.0]], [3]),
            "labels must be classes from 0 to 2, got 3",
        ),
        (
            lambda: losses.cross_entropy([[0.0, 1.0]], [-1]),
            "labels must be classes from 0 to 1, got -1",
        ),
        (
            lambda: losses.cross_entropy([[0.0, 1.0]], [1.0]),
            "labels must be whole numbers, got [1.0]",
        ),
        (
            lambda: losses.cross_entropy([[0.0, 1.0]], [1, 0]),
            "labels must have shape (1,), got shape (2,)",
        ),
        (lambda: losses.cross_entropy(2.0, 0), "logits must have shape (..., K), got a single"),
        (lambda: losses.cross_entropy([], 0), "logits must have at least 1 element(s), got 0"),
        (
            lambda: losses.cross_entropy_vjp([1.0, 1.0], [[0.0, 1.0]], [1]),
            "upstream must have shape (1), got shape (2,)",
        ),
        (lambda: losses.huber_location([], delta=1.0), "values must have at least 1 element(s)"),
        (lambda: losses.huber_location([[1.0]], delta=1.0), "values must have 1 dimension(s)"),
        (lambda: losses.huber_location([1.0], delta=0.0), "delta must be greater than 0, got 0"),
        (
            lambda: losses.squared_line([2.0, 2.0], [1.0, 3.0]),
            "x must hold at least two different values, got 2 times 2",
        ),
        (lambda: losses.absolute_line([2.0], [1.0]), "x must have at least 2 element(s), got 1"),
        (
            lambda: losses.huber_line([1.0, 2.0], [1.0], delta=1.0),
            "y must have shape (2), got shape (1,)",
        ),
        (
            lambda: losses.huber_line([1.0, 2.0], [1.0, 1.0], delta=-1.0),
            "delta must be greater than 0, got -1",
        ),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
