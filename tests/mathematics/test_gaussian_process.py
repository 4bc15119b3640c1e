"""The Gaussian process against SciPy's multivariate Gaussian, and its gradient by two ways."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from helpers.mathematics import gaussian_process as gp
from helpers.mathematics.numdiff import check_vjp

X = np.array([-1.3, -0.2, 0.4, 1.1, 2.5])
Y = np.array([0.7, -0.4, 0.1, 1.3, -0.9])


def table(length, noise):
    return np.exp(-((X[:, None] - X) ** 2) / (2 * length**2)) + noise**2 * np.eye(X.size)


def test_the_kernel_by_hand():
    found = gp.squared_exponential(np.array([0.0, 2.0]), np.array([0.0, 1.0, 4.0]), 2.0)
    wanted = np.exp(-np.array([[0, 1, 16], [4, 1, 4]]) / 8)
    np.testing.assert_allclose(found, wanted)


@pytest.mark.parametrize(("length", "noise"), [(0.8, 0.3), (1.9, 0.7)])
def test_the_evidence_is_the_density_of_the_data(length, noise):
    wanted = multivariate_normal(np.zeros(X.size), table(length, noise)).logpdf(Y)
    assert gp.log_marginal_likelihood(length, X, Y, noise) == pytest.approx(wanted)


@pytest.mark.parametrize(("length", "noise"), [(0.8, 0.3), (1.9, 0.7)])
def test_the_gradient_by_differences_and_autograd(length, noise, rng):
    worst = check_vjp(
        lambda t: gp.log_marginal_likelihood(float(t), X, Y, noise),
        lambda u, t: gp.log_marginal_likelihood_vjp(float(u), float(t), X, Y, noise),
        length,
        rng=rng,
    )
    assert worst < 1e-7

    def log_evidence(t):
        K = anp.exp(-((X[:, None] - X) ** 2) / (2 * t**2)) + noise**2 * anp.eye(X.size)
        return -anp.dot(Y, anp.linalg.solve(K, Y)) / 2 - anp.linalg.slogdet(K)[1] / 2

    found = gp.log_marginal_likelihood_vjp(1.7, length, X, Y, noise)
    assert found == pytest.approx(1.7 * autograd.grad(log_evidence)(length))


def test_the_posterior_is_a_conditional_gaussian():
    places = np.array([-0.5, 3.0])
    mean, sd = gp.posterior(places, 0.9, X, Y, 0.4)
    for place, m, s in zip(places, mean, sd, strict=True):
        k = np.exp(-((place - X) ** 2) / (2 * 0.81))
        joint = np.block([[np.ones((1, 1)), k[None]], [k[:, None], table(0.9, 0.4)]])
        row = np.linalg.inv(joint)[0]
        assert (m, s) == pytest.approx((-row[1:] @ Y / row[0], np.sqrt(1 / row[0])))


def test_far_from_the_data_the_prior_is_back_and_at_exact_data_nothing_is_open():
    mean, sd = gp.posterior([40.0], 0.9, X, Y, 0.4)
    assert (mean[0], sd[0]) == (0, 1)
    mean, sd = gp.posterior(X, 0.9, X, Y, 1e-6)
    np.testing.assert_allclose(mean, Y, atol=1e-8)
    np.testing.assert_allclose(sd, 0, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gp.squared_exponential([0.0], [1.0], 0), "length must be greater than 0, got 0"),
        (lambda: gp.squared_exponential(0.0, [1.0], 1), r"x must have 1 dimension\(s\)"),
        (lambda: gp.squared_exponential([0.0], 1.0, 1), r"z must have 1 dimension\(s\)"),
        (lambda: gp.log_marginal_likelihood(-1, X, Y, 1), "length must be greater than 0, got -1"),
        (lambda: gp.log_marginal_likelihood(1, X, Y, 0), "noise must be greater than 0, got 0"),
        (lambda: gp.log_marginal_likelihood(1, X, Y, -0.1), "noise must be greater than 0"),
        (lambda: gp.log_marginal_likelihood(1, X, Y[:4], 1), r"y must have shape \(5\), got"),
        (lambda: gp.log_marginal_likelihood(1, [], [], 1), r"x must have at least 1 element\(s\)"),
        (lambda: gp.log_marginal_likelihood(1, X[:, None], Y, 1), r"x must have 1 dimension\(s\)"),
        (
            lambda: gp.log_marginal_likelihood(1, [0.0, 0.0], [1.0, 2.0], 1e-12),
            "noise must be large enough that K is positive definite, got 1e-12",
        ),
        (
            lambda: gp.log_marginal_likelihood_vjp(np.nan, 1, X, Y, 1),
            "upstream must be a finite number",
        ),
        (
            lambda: gp.log_marginal_likelihood_vjp(1.0, 0, X, Y, 1),
            "length must be greater than 0, got 0",
        ),
        (lambda: gp.log_marginal_likelihood_vjp(1.0, 1, X, [1.0], 1), r"y must have shape \(5\)"),
        (lambda: gp.posterior(0.5, 1, X, Y, 1), r"places must have 1 dimension\(s\)"),
        (lambda: gp.posterior([0.5], 1, X, Y, 0), "noise must be greater than 0"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
