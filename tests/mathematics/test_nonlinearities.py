"""The functions of neurons and their slopes, against autograd, exact values and their names."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.scipy.special import erf

from helpers.mathematics import nonlinearities as nl
from helpers.mathematics.numdiff import check_vjp

PAIRS = {
    "sigmoid": (nl.sigmoid, nl.sigmoid_vjp, lambda z: 1 / (1 + anp.exp(-z))),
    "tanh": (nl.tanh, nl.tanh_vjp, anp.tanh),
    "ReLU": (nl.relu, nl.relu_vjp, lambda z: anp.maximum(z, 0.0)),
    "GELU": (nl.gelu, nl.gelu_vjp, lambda z: z * (1 + erf(z / anp.sqrt(2))) / 2),
}
POINTS = np.array([[-3.1, -0.9, -0.2], [0.15, 1.1, 4.3]])


def test_every_name_has_its_pair():
    assert list(nl.NONLINEARITIES) == list(PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_values_and_slopes_are_those_of_autograd(name, rng):
    f, f_vjp, plain = PAIRS[name]
    np.testing.assert_allclose(f(POINTS), plain(POINTS), rtol=1e-12)
    slopes = autograd.elementwise_grad(plain)(POINTS)
    upstream = rng.normal(size=POINTS.shape)
    np.testing.assert_allclose(f_vjp(upstream, POINTS), upstream * slopes, rtol=1e-10)
    kernel = nl.nonlinearity(name)
    np.testing.assert_allclose(kernel.value(POINTS), f(POINTS), rtol=1e-14)
    np.testing.assert_allclose(kernel.slope(POINTS), slopes, rtol=1e-10)
    assert check_vjp(f, f_vjp, POINTS, rng=rng) < 1e-6


def test_far_out_nothing_overflows_and_limits_are_exact():
    far = np.array([-800.0, 800.0])
    with np.errstate(all="raise", under="ignore"):
        for kernel in nl.NONLINEARITIES.values():
            assert np.isfinite(kernel.value(far)).all()
            assert np.isfinite(kernel.slope(far)).all()
    assert nl.sigmoid(far).tolist() == pytest.approx([0, 1])
    assert nl.tanh(far).tolist() == [-1, 1]
    assert nl.relu(far).tolist() == [0, 800]
    assert nl.gelu(far).tolist() == [0, 800]


def test_at_zero():
    zero, one = np.zeros(1), np.ones(1)
    assert (nl.sigmoid(zero)[0], nl.sigmoid_vjp(one, zero)[0]) == (0.5, 0.25)
    assert (nl.tanh(zero)[0], nl.tanh_vjp(one, zero)[0]) == (0, 1)
    assert (nl.relu(zero)[0], nl.relu_vjp(one, zero)[0]) == (0, 0)
    assert (nl.gelu(zero)[0], nl.gelu_vjp(one, zero)[0]) == (0, 0.5)


def test_the_sigmoid_keeps_the_digits_of_a_tiny_slope():
    assert nl.sigmoid_vjp(np.ones(1), np.array([40.0]))[0] == pytest.approx(np.exp(-40), rel=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_bad_input_is_named(name):
    f, f_vjp, _ = PAIRS[name]
    with pytest.raises(ValueError, match="x must be finite, got nan"):
        f(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match=r"upstream must have shape \(3\), got shape \(2,\)"):
        f_vjp(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="x must be finite"):
        f_vjp(np.ones(1), np.array([np.inf]))


@pytest.mark.parametrize("name", ["relu", "swish", "", None])
def test_an_unknown_activation_is_refused(name):
    with pytest.raises(ValueError, match="activation must be one of 'sigmoid', 'tanh', 'ReLU'"):
        nl.nonlinearity(name)
