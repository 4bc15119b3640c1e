"""Checks of the labelled equations of the chapter on attention."""

import autograd.numpy as anp
import numpy as np
from autograd import grad

from helpers.mathematics.activations import (
    softmax,
    softmax_jacobian,
    softmax_jacobian_norm,
    softmax_vjp,
)
from helpers.mathematics.attention import (
    merge_heads,
    multi_head_attention_vjp,
    scaled_dot_product_attention,
    scaled_dot_product_attention_vjp,
    split_heads,
)
from helpers.mathematics.numdiff import check_gradient, numerical_gradient, numerical_jacobian
from tests.truth import checks


def _case(seed=0, n_q=3, n_k=4, d_k=5, d_v=2):
    rng = np.random.default_rng(seed)
    Q, K = rng.standard_normal((n_q, d_k)), rng.standard_normal((n_k, d_k))
    V, G = rng.standard_normal((n_k, d_v)), rng.standard_normal((n_q, d_v))
    return Q, K, V, G, rng


def _loss(Q, K, V, G):
    """Σ G ∘ O written for autograd: its gradient with respect to the output is G."""
    E = anp.exp(anp.dot(Q, K.T) / anp.sqrt(Q.shape[1]))
    return anp.sum(G * anp.dot(E / anp.sum(E, axis=1, keepdims=True), V))


@checks("eq-attention-softmax-jacobian", by="finite differences")
def softmax_jacobian_entries():
    """s_i (δ_ij − s_j) equals the numerical Jacobian of the softmax at random scores."""
    z = np.random.default_rng(0).standard_normal(6)
    s = softmax(z)
    formula = s[:, None] * (np.eye(6) - s)
    np.testing.assert_allclose(formula, numerical_jacobian(softmax, z), atol=1e-9)
    np.testing.assert_allclose(softmax_jacobian(z), formula)


@checks("eq-attention-softmax-vjp", by="the matrix product and finite differences")
def softmax_product():
    """s ∘ (u − ⟨s, u⟩) equals Jᵀu with the whole matrix and the gradient of ⟨u, s(z)⟩."""
    z, u = np.random.default_rng(1).standard_normal((2, 6))
    s = softmax(z)
    formula = s * (u - s @ u)
    np.testing.assert_allclose(formula, softmax_jacobian(z).T @ u, atol=1e-15)
    np.testing.assert_allclose(formula, numerical_gradient(lambda z: u @ softmax(z), z), atol=1e-9)
    np.testing.assert_allclose(formula, softmax_vjp(u, z))


@checks("eq-attention-jacobian-norm", by="the Frobenius norm of the numerical Jacobian")
def jacobian_norm():
    """The closed form of ‖J‖ equals the norm of the Jacobian from finite differences."""
    z = 2 * np.random.default_rng(2).standard_normal(7)
    s = softmax(z)
    squared = sum(
        s[i] ** 2 * ((1 - s[i]) ** 2 + sum(s[j] ** 2 for j in range(7) if j != i)) for i in range(7)
    )
    numeric = np.linalg.norm(numerical_jacobian(softmax, z))
    np.testing.assert_allclose(np.sqrt(squared), numeric, rtol=1e-7)
    np.testing.assert_allclose(softmax_jacobian_norm(s), numeric, rtol=1e-7)


@checks("eq-attention-temperature", by="finite differences")
def temperature():
    """The Jacobian of softmax(z/τ) is (diag(s) − s sᵀ)/τ, at three temperatures."""
    z = np.random.default_rng(3).standard_normal(5)
    for tau in (0.3, 1.0, 4.0):
        s = softmax(z / tau)
        formula = (np.diag(s) - np.outer(s, s)) / tau
        numeric = numerical_jacobian(lambda z, tau=tau: softmax(z / tau), z)
        np.testing.assert_allclose(formula, numeric, atol=1e-8)


@checks("eq-attention-grad-v", by="autograd")
def gradient_to_values():
    """AᵀG equals autograd's gradient to V."""
    Q, K, V, G, _ = _case(4)
    A = scaled_dot_product_attention(Q, K, V)[1]
    np.testing.assert_allclose(A.T @ G, grad(_loss, 2)(Q, K, V, G), atol=1e-12)


@checks("eq-attention-grad-a", by="finite differences")
def gradient_to_weights():
    """G Vᵀ is the gradient of ⟨G, A V⟩ with respect to A."""
    Q, K, V, G, rng = _case(5)
    A = scaled_dot_product_attention(Q, K, V)[1]
    check_gradient(lambda A: np.sum(G * (A @ V)), lambda A: G @ V.T, A, rng=rng, names="A")


@checks("eq-attention-grad-z", by="finite differences")
def gradient_to_scores():
    """Row by row A ∘ (D − row sums of A ∘ D) is the gradient of ⟨G, softmax(Z) V⟩ to Z."""
    _, _, V, G, rng = _case(6)
    Z = rng.standard_normal((3, 4))

    def formula(Z):
        A, D = softmax(Z), G @ V.T
        return A * (D - np.sum(A * D, axis=1, keepdims=True))

    check_gradient(lambda Z: np.sum(G * (softmax(Z) @ V)), formula, Z, rng=rng, names="Z")


def _to_scores(Q, K, V, G):
    A = scaled_dot_product_attention(Q, K, V)[1]
    D = G @ V.T
    return A * (D - np.sum(A * D, axis=1, keepdims=True))


@checks("eq-attention-grad-qk", by="autograd")
def gradient_to_queries_and_keys():
    """∂Z K/√d_k and ∂Zᵀ Q/√d_k equal autograd's gradients to Q and to K."""
    Q, K, V, G, _ = _case(7)
    dZ, c = _to_scores(Q, K, V, G), Q.shape[1] ** -0.5
    np.testing.assert_allclose(c * dZ @ K, grad(_loss, 0)(Q, K, V, G), atol=1e-12)
    np.testing.assert_allclose(c * dZ.T @ Q, grad(_loss, 1)(Q, K, V, G), atol=1e-12)
    mine = scaled_dot_product_attention_vjp(G, Q, K, V)
    np.testing.assert_allclose(mine.Q, c * dZ @ K, atol=1e-13)
    np.testing.assert_allclose(mine.K, c * dZ.T @ Q, atol=1e-13)


def _layer(seed):
    rng = np.random.default_rng(seed)
    X, W_Q, W_K = (rng.standard_normal(s) for s in ((4, 3), (3, 5), (3, 5)))
    W_V, G = rng.standard_normal((3, 2)), rng.standard_normal((4, 2))

    def loss(X, W_Q, W_K, W_V):
        return _loss(anp.dot(X, W_Q), anp.dot(X, W_K), anp.dot(X, W_V), G)

    to = scaled_dot_product_attention_vjp(G, X @ W_Q, X @ W_K, X @ W_V)
    return X, W_Q, W_K, W_V, G, loss, to


@checks("eq-attention-grad-weights", by="autograd")
def gradient_to_the_weight_matrices():
    """Xᵀ times the gradients to Q, K and V equals autograd's gradients to W_Q, W_K and W_V."""
    X, W_Q, W_K, W_V, G, loss, to = _layer(8)
    mine = multi_head_attention_vjp(G, X, W_Q, W_K, W_V)
    for k, (d, helper) in enumerate(zip(to, (mine.W_Q, mine.W_K, mine.W_V), strict=True), 1):
        np.testing.assert_allclose(X.T @ d, grad(loss, k)(X, W_Q, W_K, W_V), atol=1e-12)
        np.testing.assert_allclose(helper, X.T @ d, atol=1e-12)


@checks("eq-attention-grad-x", by="autograd")
def gradient_to_the_input():
    """The sum of three paths equals autograd's gradient to X of self-attention."""
    X, W_Q, W_K, W_V, _, loss, to = _layer(9)
    formula = to.Q @ W_Q.T + to.K @ W_K.T + to.V @ W_V.T
    np.testing.assert_allclose(formula, grad(loss, 0)(X, W_Q, W_K, W_V), atol=1e-12)


@checks("eq-attention-grad-heads", by="finite differences")
def gradient_through_the_output_map():
    """HᵀG and G W_Oᵀ are the gradients of ⟨G, H W_O⟩, with H the merged heads."""
    rng = np.random.default_rng(10)
    heads, W_O = rng.standard_normal((2, 4, 3)), rng.standard_normal((6, 5))
    G = rng.standard_normal((4, 5))
    check_gradient(
        lambda heads, W_O: np.sum(G * (merge_heads(heads) @ W_O)),
        lambda heads, W_O: (split_heads(G @ W_O.T, 2), merge_heads(heads).T @ G),
        heads,
        W_O,
        rng=rng,
        names=("heads", "W_O"),
    )


@checks("eq-attention-moments", by="200,000 random vectors")
def moments_of_a_score():
    """Mean ρ d_k, variance (1 + ρ²) d_k, variance within a row (1 − ρ²) d_k, for three ρ."""
    rng, d_k = np.random.default_rng(11), 16
    for rho in (0.0, 0.5, -0.8):
        q, e, f = rng.standard_normal((3, 200_000, d_k))
        k, other = (rho * q + np.sqrt(1 - rho**2) * noise for noise in (e, f))
        s, t = np.sum(q * k, axis=1), np.sum(q * other, axis=1)
        assert abs(s.mean() - rho * d_k) < 0.1
        assert abs(s.var() / ((1 + rho**2) * d_k) - 1) < 0.02
        assert abs(np.var(s - t) / 2 / ((1 - rho**2) * d_k) - 1) < 0.02


@checks("eq-attention-fold", by="both sides computed")
def folding_the_scale():
    """Scaled scores with W_Q equal unscaled scores with W_Q/√d_k."""
    rng = np.random.default_rng(12)
    X, W_Q, W_K = rng.standard_normal((4, 3)), *rng.standard_normal((2, 3, 7))
    scaled = (X @ W_Q) @ (X @ W_K).T / np.sqrt(7)
    np.testing.assert_allclose(scaled, (X @ (W_Q / np.sqrt(7))) @ (X @ W_K).T, atol=1e-13)


@checks("eq-attention-step-size", by="finite differences and the mean over 200 random starts")
def one_step_moves_the_scores():
    """One step changes c W_Q W_Kᵀ by the formula, on average by −2 η c² (d_k/d) of its gradient."""
    rng, d, eta = np.random.default_rng(13), 4, 1e-6
    D = rng.standard_normal((d, d))  # gradient of the loss to c·M
    for d_k in (8, 128):
        for c in (1.0, d_k**-0.5):
            mean = np.zeros((d, d))
            for _ in range(200):
                W_Q, W_K = rng.standard_normal((2, d, d_k)) / np.sqrt(d)
                moved = (W_Q - eta * c * D @ W_K) @ (W_K - eta * c * D.T @ W_Q).T
                change = c * (moved - W_Q @ W_K.T) / eta
                exact = -(c**2) * (D @ W_K @ W_K.T + W_Q @ W_Q.T @ D)
                np.testing.assert_allclose(change, exact, atol=1e-3 * abs(exact).max())
                mean += change / 200
            expected = -2 * c**2 * d_k / d * D
            np.testing.assert_allclose(mean, expected, atol=0.15 * abs(expected).max())


@checks("eq-attention-vote", by="finite differences")
def gradient_of_the_vote():
    """A − A restricted to the right keys and renormalized is the gradient of −log of the vote."""
    rng = np.random.default_rng(14)
    z, right = 2 * rng.standard_normal(6), np.array([1.0, 0, 0, 1, 0, 1])

    def formula(z):
        a = softmax(z)
        return a - a * right / (a @ right)

    check_gradient(lambda z: -np.log(softmax(z) @ right), formula, z, rng=rng, names="z")
