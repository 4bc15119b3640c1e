"""The labelled equations of the chapter on attention: formula, and the check that it passes.

Names: ``dZ`` is ∂L/∂Z and so on, ``M`` and ``N`` are the products of two weight matrices.
"""

import itertools
import math
from functools import cache

import autograd
import autograd.numpy as anp
import numpy as np
from autograd import grad

from helpers.mathematics.activations import softmax
from tests.truth import equation

close = np.testing.assert_allclose


def plain_softmax(z):
    """Written once more, for autograd."""
    powers = anp.exp(z)
    return powers / anp.sum(powers, axis=-1, keepdims=True)


def arrays(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


# --- softmax ------------------------------------------------------------------------------------


@equation(
    "eq-attention-softmax-jacobian",
    r"""
\begin{aligned}
J_{ij} = \frac{\partial s_i}{\partial z_j} &= s_i\,(\delta_{ij} - s_j) \\
J &= \operatorname{diag}(s) - s s^\top
\end{aligned}
""",
    by="autograd",
    equivalent={"δ → δ ** 2": "δ is 0 or 1"},
)
def softmax_jacobian(s, δ):
    return s[:, None] * (δ - s[None, :]), np.diag(s) - np.outer(s, s)


@softmax_jacobian.check
def check_softmax_jacobian(formula):
    """Both lines equal autograd's Jacobian of the softmax at six scores."""
    (z,) = arrays(0, 6)
    by_entry, whole = formula(softmax(z), np.eye(6))
    close(by_entry, autograd.jacobian(plain_softmax)(z), atol=1e-14)
    close(whole, by_entry, atol=1e-14)


@equation(
    "eq-attention-softmax-vjp",
    r"""
\frac{\partial L}{\partial z} = J^\top u = s \circ \bigl(u - \langle s, u\rangle\bigr)
""",
    by="autograd",
)
def softmax_product(J, s, u):
    return J.T @ u, s * (u - np.sum(s * u))


@softmax_product.check
def check_softmax_product(formula):
    """Autograd's gradient of ⟨u, s(z)⟩; the first product also for a map that is not symmetric."""
    z, u, linear, v = arrays(1, 6, 6, (6, 4), 4)
    J = autograd.jacobian(plain_softmax)(z)
    expected = grad(lambda z: anp.dot(u, plain_softmax(z)))(z)
    for given in formula(J, softmax(z), u):
        close(given, expected, atol=1e-14)
    product, _ = formula(linear.T, v, v)
    close(product, grad(lambda z: anp.dot(v, anp.dot(linear.T, z)))(z))


@equation(
    "eq-attention-jacobian-norm",
    r"""
\begin{aligned}
\|J\|^2 &= \sum_{i,j} \Bigl(\frac{\partial s_i}{\partial z_j}\Bigr)^2 \\
&= \sum_i s_i^2 (1 - s_i)^2 \\
&\quad + \sum_i \sum_{j \ne i} s_i^2 s_j^2
\end{aligned}
""",
    by="the singular values of autograd's Jacobian",
)
def jacobian_norm(J, s):
    diagonal = sum(a**2 * (1 - a) ** 2 for a in s)
    rest = sum(a**2 * b**2 for i, a in enumerate(s) for j, b in enumerate(s) if j != i)
    return np.sum(J**2), diagonal + rest


@jacobian_norm.check
def check_jacobian_norm(formula):
    """The sum of the squared singular values of the Jacobian at seven scores."""
    z = 2 * arrays(2, 7)[0]
    J = autograd.jacobian(plain_softmax)(z)
    squared = np.sum(np.linalg.svd(J, compute_uv=False) ** 2)
    for given in formula(J, softmax(z)):
        close(given, squared, rtol=1e-12)


@equation(
    "eq-attention-temperature",
    r"""
\begin{aligned}
s &= \operatorname{softmax}(z / \tau) \\
\frac{\partial s}{\partial z} &= \frac1\tau \bigl(\operatorname{diag}(s) - s s^\top\bigr)
\end{aligned}
""",
    by="autograd",
)
def temperature(z, τ):
    s = softmax(z / τ)
    return s, 1 / τ * (np.diag(s) - np.outer(s, s))


@temperature.check
def check_temperature(formula):
    """Weights and Jacobian as autograd has them, at three temperatures."""
    (z,) = arrays(3, 5)
    for tau in (0.3, 1.0, 4.0):
        s, jacobian = formula(z, tau)
        close(s, plain_softmax(z / tau), rtol=1e-13)
        close(jacobian, autograd.jacobian(lambda z, t=tau: plain_softmax(z / t))(z), atol=1e-14)


# --- the backward pass --------------------------------------------------------------------------


@cache
def head():
    """Q, K, V, G, the weights, and autograd's gradients of Σ G ∘ softmax(QKᵀ/√d_k) V to each."""
    Q, K, V, G = arrays(4, (3, 5), (4, 5), (4, 2), (3, 2))

    def to_output(A, V):
        return anp.sum(G * anp.dot(A, V))

    def from_scores(Z):
        return to_output(plain_softmax(Z), V)

    def whole(Q, K):
        return from_scores(anp.dot(Q, K.T) / anp.sqrt(5))

    Z = Q @ K.T / np.sqrt(5)
    A = plain_softmax(Z)
    return {
        "Q": Q, "K": K, "V": V, "G": G, "A": A,
        "dV": grad(to_output, 1)(A, V), "dA": grad(to_output, 0)(A, V),
        "dZ": grad(from_scores)(Z), "dQ": grad(whole, 0)(Q, K), "dK": grad(whole, 1)(Q, K),
    }  # fmt: skip


@equation(
    "eq-attention-forward",
    r"""
\begin{aligned}
Z &= Q K^\top / \sqrt{d_k} \\
A &= \operatorname{softmax}(Z), \text{ row by row} \\
O &= A V
\end{aligned}
""",
    by="sums over single entries",
)
def attend(Q, K, V, d_k):
    Z = Q @ K.T / np.sqrt(d_k)
    A = softmax(Z)
    return Z, A, A @ V


@attend.check
def check_attend(formula):
    """Scores, weights and outputs entry by entry: three queries, four keys, five numbers each."""
    h = head()
    Q, K, V = h["Q"], h["K"], h["V"]
    Z = [[sum(a * b for a, b in zip(q, k, strict=True)) / 5**0.5 for k in K] for q in Q]
    powers = [[math.exp(z) for z in row] for row in Z]
    A = [[p / sum(row) for p in row] for row in powers]
    means = [[sum(a * v[c] for a, v in zip(row, V, strict=True)) for c in (0, 1)] for row in A]
    for given, expected in zip(formula(Q, K, V, 5), (Z, A, means), strict=True):
        close(given, expected, rtol=1e-12)


@equation("eq-attention-grad-v", r"\frac{\partial L}{\partial V} = A^\top G", by="autograd")
def to_values(A, G):
    return A.T @ G


@to_values.check
def check_to_values(formula):
    """Autograd's gradient of ⟨G, A V⟩ to V, with three queries, four keys and two values each."""
    h = head()
    close(formula(h["A"], h["G"]), h["dV"], atol=1e-14)


@equation("eq-attention-grad-a", r"D = \frac{\partial L}{\partial A} = G V^\top", by="autograd")
def to_weights(G, V):
    return G @ V.T


@to_weights.check
def check_to_weights(formula):
    """Autograd's gradient of ⟨G, A V⟩ to the weights A."""
    h = head()
    close(formula(h["G"], h["V"]), h["dA"], atol=1e-14)


@equation(
    "eq-attention-grad-z",
    r"\frac{\partial L}{\partial Z} = A \circ \bigl(D - r \mathbf{1}^\top\bigr)",
    by="autograd",
)
def to_scores(A, D):
    r = np.sum(A * D, axis=1, keepdims=True)
    return A * (D - r)


@to_scores.check
def check_to_scores(formula):
    """Autograd's gradient of ⟨G, softmax(Z) V⟩ to the scores Z."""
    h = head()
    close(formula(h["A"], h["dA"]), h["dZ"], atol=1e-14)


@equation(
    "eq-attention-grad-qk",
    r"""
\begin{aligned}
\frac{\partial L}{\partial Q} &= \frac{1}{\sqrt{d_k}} \frac{\partial L}{\partial Z}\, K \\
\frac{\partial L}{\partial K} &= \frac{1}{\sqrt{d_k}}
\Bigl(\frac{\partial L}{\partial Z}\Bigr)^{\!\top} Q
\end{aligned}
""",
    by="autograd",
)
def to_queries_and_keys(Q, K, dZ, d_k):
    return 1 / np.sqrt(d_k) * (dZ @ K), 1 / np.sqrt(d_k) * (dZ.T @ Q)


@to_queries_and_keys.check
def check_to_queries_and_keys(formula):
    """Autograd's gradients of the whole head to Q and to K, with d_k = 5."""
    h = head()
    dQ, dK = formula(h["Q"], h["K"], h["dZ"], 5)
    close(dQ, h["dQ"], atol=1e-14)
    close(dK, h["dK"], atol=1e-14)


@cache
def layer():
    """Inputs, weights and autograd's gradients of a self-attention layer whose output gets G."""
    X, W_Q, W_K, W_V, G = arrays(8, (4, 3), (3, 5), (3, 5), (3, 2), (4, 2))

    def of_heads(Q, K, V):
        return anp.sum(G * anp.dot(plain_softmax(anp.dot(Q, K.T) / anp.sqrt(5)), V))

    def whole(X, W_Q, W_K, W_V):
        return of_heads(anp.dot(X, W_Q), anp.dot(X, W_K), anp.dot(X, W_V))

    arguments, heads = (X, W_Q, W_K, W_V), (X @ W_Q, X @ W_K, X @ W_V)
    return {
        "arguments": arguments,
        "to_heads": [grad(of_heads, k)(*heads) for k in range(3)],
        "to_arguments": [grad(whole, k)(*arguments) for k in range(4)],
    }


@equation(
    "eq-attention-grad-weights",
    r"""
\begin{aligned}
\frac{\partial L}{\partial W_Q} &= X^\top \frac{\partial L}{\partial Q} \\
\frac{\partial L}{\partial W_K} &= X^\top \frac{\partial L}{\partial K} \\
\frac{\partial L}{\partial W_V} &= X^\top \frac{\partial L}{\partial V}
\end{aligned}
""",
    by="autograd",
)
def to_weight_matrices(X, dQ, dK, dV):
    return X.T @ dQ, X.T @ dK, X.T @ dV


@to_weight_matrices.check
def check_to_weight_matrices(formula):
    """Autograd's gradients of a self-attention layer to its three weight matrices."""
    given = formula(layer()["arguments"][0], *layer()["to_heads"])
    for mine, expected in zip(given, layer()["to_arguments"][1:], strict=True):
        close(mine, expected, atol=1e-13)


@equation(
    "eq-attention-grad-x",
    r"""
\begin{aligned}
\frac{\partial L}{\partial X} = {} & \frac{\partial L}{\partial Q} W_Q^\top
+ \frac{\partial L}{\partial K} W_K^\top \\
& + \frac{\partial L}{\partial V} W_V^\top
\end{aligned}
""",
    by="autograd",
)
def to_input(dQ, dK, dV, W_Q, W_K, W_V):
    return dQ @ W_Q.T + dK @ W_K.T + dV @ W_V.T


@to_input.check
def check_to_input(formula):
    """Autograd's gradient of a self-attention layer to its input, used three times."""
    given = formula(*layer()["to_heads"], *layer()["arguments"][1:])
    close(given, layer()["to_arguments"][0], atol=1e-13)


@equation(
    "eq-attention-circuits",
    r"""
\begin{aligned}
Z &= X M X^\top / \sqrt{d_k} \\
Y &= A\, X N \\
\frac{\partial L}{\partial M} &= X^\top \frac{\partial L}{\partial Z}\, X / \sqrt{d_k} \\
\frac{\partial L}{\partial N} &= (A X)^\top G
\end{aligned}
""",
    by="autograd",
)
def circuits(X, M, N, A, dZ, G, d_k):
    return (
        X @ M @ X.T / np.sqrt(d_k),
        A @ X @ N,
        X.T @ dZ @ X / np.sqrt(d_k),
        (A @ X).T @ G,
    )


@cache
def two_sides():
    X, W_Q, W_K, W_V, W_O, G = arrays(9, (4, 3), (3, 2), (3, 2), (3, 2), (2, 3), (4, 3))
    M, N = W_Q @ W_K.T, W_V @ W_O

    def of_scores(Z, N):
        return anp.sum(G * anp.dot(anp.dot(plain_softmax(Z), X), N))

    def of_products(M, N):
        return of_scores(anp.dot(anp.dot(X, M), X.T) / anp.sqrt(2), N)

    # Written as the layer is: queries, keys and values first.
    Z = (X @ W_Q) @ (X @ W_K).T / np.sqrt(2)
    A = plain_softmax(Z)
    expected = (
        Z,
        (A @ (X @ W_V)) @ W_O,
        grad(of_products, 0)(M, N),
        grad(of_products, 1)(M, N),
    )
    return (X, M, N, A, grad(of_scores, 0)(Z, N), G, 2), expected


@circuits.check
def check_circuits(formula):
    """A layer with queries, keys and values, and autograd's gradients to the two products."""
    arguments, expected = two_sides()
    for mine, theirs in zip(formula(*arguments), expected, strict=True):
        close(mine, theirs, atol=1e-13)


@equation(
    "eq-attention-grad-heads",
    r"""
\begin{aligned}
\frac{\partial L}{\partial W_O} &= H^\top G \\
\frac{\partial L}{\partial H} &= G W_O^\top
\end{aligned}
""",
    by="autograd",
)
def through_output_map(H, G, W_O):
    return H.T @ G, G @ W_O.T


@through_output_map.check
def check_through_output_map(formula):
    """Autograd's gradients of ⟨G, H W_O⟩."""
    H, G, W_O = arrays(10, (4, 6), (4, 5), (6, 5))

    def loss(H, W_O):
        return anp.sum(G * anp.dot(H, W_O))

    dW_O, dH = formula(H, G, W_O)
    close(dW_O, grad(loss, 1)(H, W_O), atol=1e-13)
    close(dH, grad(loss, 0)(H, W_O), atol=1e-13)


# --- why √d_k -----------------------------------------------------------------------------------


@equation(
    "eq-attention-moments",
    r"""
\begin{aligned}
\mathrm{E}[q \cdot k] &= \rho\, d_k \\
\operatorname{Var}[q \cdot k] &= (1 + \rho^2)\, d_k \\
\operatorname{Var}_{\text{row}}[q \cdot k] &= (1 - \rho^2)\, d_k
\end{aligned}
""",
    by="Gauss–Hermite quadrature",
)
def moments(ρ, d_k):
    return ρ * d_k, (1 + ρ**2) * d_k, (1 - ρ**2) * d_k


@cache
def exact_moments(rho, d_k):
    """The same three numbers, integrated: three nodes an axis are exact for these polynomials."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    grid = np.array(list(itertools.product(nodes, repeat=3 * d_k)))
    mass = np.prod(list(itertools.product(weights, repeat=3 * d_k)), axis=1)
    mass /= mass.sum()
    q, e, f = np.split(grid, 3, axis=1)
    s, t = (np.sum(q * (rho * q + np.sqrt(1 - rho**2) * noise), axis=1) for noise in (e, f))
    mean = mass @ s
    return mean, mass @ (s - mean) ** 2, mass @ (s - t) ** 2 / 2


@moments.check
def check_moments(formula):
    """Mean, variance, and variance between two keys of one query, integrated over the normals."""
    for rho, d_k in itertools.product((0.0, 0.5, -0.8), (1, 2)):
        close(formula(rho, d_k), exact_moments(rho, d_k), atol=1e-12)


@equation(
    "eq-attention-fold",
    r"""
\begin{aligned}
\frac{X W_Q\, K^\top}{\sqrt{d_k}} &= X \widetilde{W}_Q\, K^\top \\
\text{with } \widetilde{W}_Q &= \frac{W_Q}{\sqrt{d_k}}
\end{aligned}
""",
    by="inner products of single rows",
)
def fold(X, W_Q, K, d_k):
    folded = W_Q / np.sqrt(d_k)
    return X @ W_Q @ K.T / np.sqrt(d_k), X @ folded @ K.T


@fold.check
def check_fold(formula):
    """Both sides equal the scores of each query and key, summed over their seven components."""
    X, W_Q, K = arrays(12, (4, 3), (3, 7), (5, 7))
    scores = np.zeros((4, 5))
    for i, j, c, a in itertools.product(range(4), range(5), range(7), range(3)):
        scores[i, j] += X[i, a] * W_Q[a, c] * K[j, c] * 7**-0.5
    for given in formula(X, W_Q, K, 7):
        close(given, scores, atol=1e-13)


@equation(
    "eq-attention-step-size",
    r"""
\begin{aligned}
\Delta B = {} & -\eta\, c^2 \Bigl( \frac{\partial L}{\partial B} W_K W_K^\top \\
& \qquad {} + W_Q W_Q^\top \frac{\partial L}{\partial B} \Bigr) \\
\mathrm{E}[\Delta B] = {} & -2\eta\, c^2\, \frac{d_k}{d}\, \frac{\partial L}{\partial B}
\end{aligned}
""",
    by="autograd, and the mean over all signs",
)
def step(η, c, dB, W_Q, W_K, d_k, d):
    return (
        -η * c**2 * (dB @ W_K @ W_K.T + W_Q @ W_Q.T @ dB),
        -2 * η * c**2 * d_k / d * dB,
    )


def moved(eta, c, dB, W_Q, W_K):
    """First-order change of B after one step along autograd's gradients of ⟨dB, c W_Q W_Kᵀ⟩."""

    def loss(W_Q, W_K):
        return anp.sum(dB * c * anp.dot(W_Q, W_K.T))

    step_Q, step_K = (-eta * grad(loss, k)(W_Q, W_K) for k in (0, 1))
    return c * (step_Q @ W_K.T + W_Q @ step_K.T)


@cache
def step_cases():
    """Arguments, the change of B, and its mean over entries ±1/√d: variance 1/d, independent."""
    cases = []
    for (d, d_k), c, eta in zip(
        ((2, 3), (2, 1), (3, 2)), (0.7, 1.0, 1.3), (0.1, 0.5, 2), strict=True
    ):
        dB, W_Q, W_K = arrays(13 + d_k, (d, d), (d, d_k), (d, d_k))
        signs = np.array(list(itertools.product((-1, 1), repeat=d * d_k))).reshape(-1, d, d_k)
        # One sum belongs to W_K alone and one to W_Q alone: both run through all signs at once.
        mean = np.mean([moved(eta, c, dB, s, s) for s in signs / np.sqrt(d)], axis=0)
        cases.append(((eta, c, dB, W_Q, W_K, d_k, d), moved(eta, c, dB, W_Q, W_K), mean))
    return cases


@step.check
def check_step(formula):
    """The first-order change of B by autograd's gradients, and its mean over all ±1/√d."""
    for arguments, change, mean in step_cases():
        given = formula(*arguments)
        close(given[0], change, atol=1e-13)
        close(given[1], mean, atol=1e-13)


@equation(
    "eq-attention-vote",
    r"\frac{\partial (-\log o)}{\partial z_j} = A_j - \frac{m_j A_j}{o} .",
    by="autograd",
)
def vote(A, m, o):
    return A - m * A / o


@vote.check
def check_vote(formula):
    """Autograd's gradient of −log of the vote, for keys that are right, and that are so in part."""
    (z,) = arrays(14, 6)
    A = plain_softmax(2 * z)
    for m in (np.array([1.0, 0, 0, 1, 0, 1]), np.array([0.3, 0, 1, 0.7, 0, 0.2])):
        expected = grad(lambda z, m=m: -anp.log(anp.dot(m, plain_softmax(z))))(2 * z)
        close(formula(A, m, m @ A), expected, atol=1e-14)


# --- a head that reads --------------------------------------------------------------------------


@equation(
    "eq-attention-log-softmax",
    r"\frac{\partial L}{\partial z} = u - s \sum_k u_k",
    by="autograd",
)
def log_softmax_product(u, s):
    return u - s * np.sum(u)


@log_softmax_product.check
def check_log_softmax_product(formula):
    """Autograd's gradient of ⟨u, log softmax(z)⟩ for five logits."""
    z, u = arrays(15, 5, 5)
    expected = grad(lambda z: anp.dot(u, z - anp.log(anp.sum(anp.exp(z)))))(z)
    close(formula(u, softmax(z)), expected, atol=1e-14)


@equation(
    "eq-attention-embedding",
    r"\frac{\partial L}{\partial E_v} = \sum_{t:\, x_t = v} \frac{\partial L}{\partial X_t}",
    by="autograd",
)
def embedding(x, v, dX):
    return sum(row for row, token in zip(dX, x, strict=True) if token == v)


@embedding.check
def check_embedding(formula):
    """Autograd's gradient to a table of four rows, read at six places; one row is never read."""
    x = np.array([2, 0, 2, 3, 2, 0])
    E, P, u = arrays(16, (4, 3), (6, 3), (6, 3))

    def loss(X):
        return anp.sum(u * anp.sin(X))

    dX, dE = grad(loss)(E[x] + P), grad(lambda E: loss(E[x] + P))(E)
    for v in range(4):
        close(formula(x, v, dX), dE[v], atol=1e-14)
