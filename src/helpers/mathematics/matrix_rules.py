"""The functions of a matrix and a vector that machine learning differentiates most often.

Each stands with its vector–Jacobian product: upstream gradient first, then the function's own
arguments; it returns one gradient for each of them, of that argument's shape.

Source of the rules: Boyd & Vandenberghe, *Convex Optimization* (2004), sec. A.4; here they are
derived entry by entry in the chapter, and checked by finite differences.
"""

from __future__ import annotations

from helpers.mathematics.validate import as_finite_array, as_finite_float


def quadratic_form(x, A):
    """xᵀA x for ``x`` of shape (n,) and ``A`` of shape (n, n), symmetric or not."""
    x, A = _vector_and_square(x, A)
    return float(x @ A @ x)


def quadratic_form_vjp(upstream, x, A):
    """Gradients to x and A when ``upstream`` is that to xᵀA x: u (A + Aᵀ) x and u x xᵀ."""
    u = as_finite_float(upstream, "upstream")
    x, A = _vector_and_square(x, A)
    return u * ((A + A.T) @ x), u * (x[:, None] * x)


def squared_distance(x, A, c):
    """‖Ax − c‖² for ``x`` of shape (n,), ``A`` of shape (m, n) and ``c`` of shape (m,)."""
    x, A, c = _system(x, A, c)
    r = A @ x - c
    return float(r @ r)


def squared_distance_vjp(upstream, x, A, c):
    """Gradients to x, A and c, with r = Ax − c: 2u Aᵀr, 2u r xᵀ and −2u r."""
    u = as_finite_float(upstream, "upstream")
    x, A, c = _system(x, A, c)
    r = A @ x - c
    return 2 * u * (A.T @ r), 2 * u * (r[:, None] * x), -2 * u * r


def affine(X, W, b):
    """XW + b, a layer applied to a batch: shapes (n, p), (p, q) and (q,) give (n, q)."""
    X, W, b = _layer(X, W, b)
    return X @ W + b


def affine_vjp(upstream, X, W, b):
    """Gradients to X, W and b when ``upstream`` G, shape (n, q), is that to XW + b.

    GWᵀ, XᵀG, and the sum of G over the batch: b is added to every row, so every row adds to its
    gradient.
    """
    X, W, b = _layer(X, W, b)
    G = as_finite_array(upstream, "upstream", shape=(len(X), len(b)))
    return G @ W.T, X.T @ G, G.sum(axis=0)


def _vector_and_square(x, A):
    x = as_finite_array(x, "x", ndim=1, min_size=1)
    return x, as_finite_array(A, "A", shape=(x.size, x.size))


def _system(x, A, c):
    x = as_finite_array(x, "x", ndim=1, min_size=1)
    A = as_finite_array(A, "A", shape=(None, x.size), min_size=1)
    return x, A, as_finite_array(c, "c", shape=(len(A),))


def _layer(X, W, b):
    X = as_finite_array(X, "X", ndim=2, min_size=1)
    W = as_finite_array(W, "W", shape=(X.shape[1], None), min_size=1)
    return X, W, as_finite_array(b, "b", shape=(W.shape[1],))
