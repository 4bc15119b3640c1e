"""Posteriors and densities against SciPy and quadrature, and what is refused."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from helpers.mathematics import bayes


@pytest.mark.parametrize(("a", "b", "k", "n"), [(2.0, 3.5, 4, 7), (1, 1, 0, 0), (0.5, 2, 3, 3)])
def test_a_share_agrees_with_scipy(a, b, k, n):
    after = bayes.beta_posterior(a, b, k, n)
    law = stats.beta(a + k, b + n - k)
    assert (after.a, after.b) == (a + k, b + n - k)
    assert after.mean == pytest.approx(law.mean())
    assert after.sd == pytest.approx(law.std())
    wanted = stats.betabinom.logpmf(k, n, a, b)
    assert after.log_evidence == pytest.approx(wanted, abs=1e-12)


def test_densities_agree_with_scipy():
    x = np.array([[0.1, 0.45], [0.8, 0.99]])
    np.testing.assert_allclose(bayes.beta_density(x, 2.5, 0.7), stats.beta(2.5, 0.7).pdf(x))
    np.testing.assert_allclose(
        bayes.gaussian_density(x, 0.3, 0.2), stats.norm(0.3, 0.2).pdf(x), rtol=1e-12
    )
    assert bayes.gaussian_density(2.0, 2.0, 0.1) == pytest.approx(3.9894228)


def test_a_gaussian_mean_agrees_with_quadrature():
    m, s, noise, data = 0.4, 1.3, 0.6, np.array([1.1, 0.2, 1.7])

    def joint(t):
        return stats.norm.pdf(t, m, s) * np.prod(stats.norm.pdf(data, t, noise))

    total = quad(joint, -6, 7)[0]
    mean = quad(lambda t: t * joint(t), -6, 7)[0] / total
    variance = quad(lambda t: (t - mean) ** 2 * joint(t), -6, 7)[0] / total
    found = bayes.gaussian_posterior(m, s, data, noise)
    assert found == pytest.approx((mean, np.sqrt(variance)), rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bayes.beta_posterior(0, 1, 1, 2), "a must be greater than 0, got 0"),
        (lambda: bayes.beta_posterior(1, -1, 1, 2), "b must be greater than 0, got -1"),
        (lambda: bayes.beta_posterior(1, 1, 3, 2), "k must be at most n = 2, got 3"),
        (lambda: bayes.beta_posterior(1, 1, -1, 2), "k must be at least 0, got -1"),
        (lambda: bayes.beta_posterior(1, 1, 0, -2), "n must be at least 0, got -2"),
        (lambda: bayes.beta_density(0.0, 1, 1), "x must lie between 0 and 1, got 0"),
        (lambda: bayes.beta_density([0.5, 1.0], 1, 1), "x must lie between 0 and 1, got 1"),
        (lambda: bayes.beta_density(0.5, 0, 1), "a must be greater than 0"),
        (lambda: bayes.beta_density(0.5, 1, 0), "b must be greater than 0"),
        (lambda: bayes.beta_density(np.nan, 1, 1), "x must be finite"),
        (lambda: bayes.gaussian_density(0, 0, 0), "sd must be greater than 0, got 0"),
        (lambda: bayes.gaussian_density(0, np.nan, 1), "mean must be a finite number"),
        (lambda: bayes.gaussian_density([np.inf], 0, 1), "x must be finite"),
        (lambda: bayes.gaussian_posterior(0, -1, [1], 1), "sd must be greater than 0, got -1"),
        (lambda: bayes.gaussian_posterior(0, 1, [1], 0), "noise must be greater than 0, got 0"),
        (lambda: bayes.gaussian_posterior(0, 1, [], 1), r"data must have at least 1 element\(s\)"),
        (lambda: bayes.gaussian_posterior(0, 1, 3.0, 1), r"data must have 1 dimension\(s\)"),
        (lambda: bayes.gaussian_posterior(None, 1, [1], 1), "mean must be a finite number"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
