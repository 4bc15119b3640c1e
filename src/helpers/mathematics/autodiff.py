"""Derivatives of NumPy code: ``grad``, ``value_and_grad``, ``vjp``, ``jvp``, ``hvp``, ``jacobian``.

A function written in NumPy is differentiated as it stands::

    slope = grad(lambda x: np.sum(np.tanh(W @ x) ** 2))(np.ones(3))

The engine is ``helpers.mathematics.tracing``. These are its checked faces, and the NumPy functions
that are made of its rules.
"""

from __future__ import annotations

import itertools

import numpy as np

from helpers.mathematics.tracing import (
    DERIVED,
    Dual,
    Traced,
    Variable,
    apply,
    backward,
    plain,
    product,
    scatter,
)
from helpers.mathematics.validate import as_finite_array, describe, one_of

_LEVELS = itertools.count(1)


# --- what a chapter calls -----------------------------------------------------------------------


def vjp(f, x, *rest):
    """The value y of ``f(x, *rest)``, and ``pull``: upstream gradient to y ↦ gradient to x, Jᵀu.

    ``x`` is a number, an array or a (named) tuple of them; the gradient has the same form. ``rest``
    is held fixed. ``f`` returns one array of any shape; ``pull`` wants an ``upstream`` of that
    shape, costs a pass over the tape, and may be called again. What is done afterwards to ``x`` or
    to the value does not reach it; other arrays that ``f`` uses are not copied.

    Raises ``ValueError`` for an ``x`` or an ``upstream`` that is not finite or does not fit,
    ``TypeError`` where ``f`` returns no array or uses a NumPy function that has no rule.
    """
    level, tape = next(_LEVELS), []
    inputs = _each(lambda a: Variable(_as_array(a, "x"), tape, level), x)
    y = _of_numbers(f(inputs, *rest))
    reached = isinstance(y, Variable) and y.level == level
    value = _copied(y.value) if reached else y

    def pull(upstream):
        u = upstream if isinstance(upstream, Traced) else as_finite_array(upstream, "upstream")
        if u.shape != value.shape:
            raise ValueError(f"upstream must have shape {value.shape}, got shape {u.shape}")
        adjoints = backward(tape, y.place, u) if reached else []
        return _each(lambda v: _own(adjoints, v), inputs)

    return value, pull


def jvp(f, x, v, *rest):
    """The value of ``f(x, *rest)`` and its derivative along ``v``, J v, in one forward pass.

    ``x`` and ``v`` are of one form: numbers, arrays, or (named) tuples of them. ``f`` may return an
    array or a tuple of arrays. Errors as :func:`vjp`, and ``ValueError`` where v does not fit x.
    """
    level = next(_LEVELS)

    def dual(a, slope):
        a, slope = _as_array(a, "x"), _as_array(slope, "v")
        if a.shape != slope.shape:
            raise ValueError(f"v must have the shape {a.shape} of x, got shape {slope.shape}")
        return Dual(a, slope, level)

    def slope(y):
        return _copied(y.slope) if isinstance(y, Dual) and y.level == level else np.zeros(y.shape)

    def value(y):
        return _copied(y.value) if isinstance(y, Dual) and y.level == level else y

    y = _each(_of_numbers, f(_each(dual, x, v), *rest))
    return _each(value, y), _each(slope, y)


def value_and_grad(f):
    """The function (x, *rest) ↦ (value of ``f``, its gradient by x); ``f`` returns one number.

    Raises ``ValueError`` where it returns several, and as :func:`vjp`.
    """

    def both(x, *rest):
        value, pull = vjp(f, x, *rest)
        if value.shape != ():
            raise ValueError(
                "f must return one number to have a gradient, got an array of shape "
                f"{value.shape}; take its sum, or use vjp with an upstream gradient"
            )
        return value, pull(1.0)

    return both


def grad(f):
    """The function (x, *rest) ↦ gradient of ``f`` by x. Forms and errors as `value_and_grad`."""
    both = value_and_grad(f)
    return lambda x, *rest: both(x, *rest)[1]


def hvp(f, x, v, *rest):
    """The Hessian of a scalar ``f`` times ``v``: the gradient's derivative along v, without H.

    A forward pass through a reverse pass; forms and errors as :func:`jvp` and :func:`grad`.
    """
    return jvp(grad(f), x, v, *rest)[1]


def jacobian(f, x, *, mode="forward"):
    """J[i, j] = ∂f_i/∂x_j for ``f``: shape (n,) → (m,): n forward passes, or m reverse ones.

    ``mode`` is "forward" or "reverse"; the results agree to rounding. Errors as :func:`vjp`.
    """
    one_of(mode, "mode", ("forward", "reverse"))
    x = x if isinstance(x, Traced) else as_finite_array(x, "x", ndim=1, min_size=1)
    if mode == "forward":
        return np.stack([_row(jvp(f, x, e)[1]) for e in np.eye(len(x))], axis=1)
    value, pull = vjp(f, x)
    return np.stack([pull(e) for e in np.eye(len(_row(value)))])


def _row(y):
    if isinstance(y, tuple) or y.ndim != 1:
        found = "a tuple" if isinstance(y, tuple) else f"shape {y.shape}"
        raise ValueError(f"f must return an array of shape (m,) to have a Jacobian, got {found}")
    return y


def _each(function, tree, *others):
    """``function`` of an array, or of each array in a (named) tuple of them."""
    if not isinstance(tree, tuple):
        return function(tree, *others)
    made = [_each(function, *members) for members in zip(tree, *others, strict=True)]
    return type(tree)(*made) if hasattr(tree, "_fields") else tuple(made)


def _as_array(x, name):
    # A copy: the way back uses it, and whoever passed it may change it in between.
    return x if isinstance(x, Traced) else as_finite_array(x, name).copy()


def _copied(y):
    return y if isinstance(y, Traced) else y.copy()


def _of_numbers(y):
    """What a function returned, if it is an array of numbers or traced."""
    kind = np.asarray(plain(y)).dtype.kind
    if kind not in "biuf":
        found = "complex numbers" if kind == "c" else describe(y)
        raise TypeError(f"f must return real numbers in one array, got {found}")
    return y if isinstance(y, Traced) else np.asarray(y)


def _own(adjoints, variable):
    """The adjoint of an input as an array of its own, 0 where the value does not depend on it."""
    u = adjoints[variable.place] if variable.place < len(adjoints) else None
    if u is None:
        return np.zeros(variable.value.shape)
    return u if isinstance(u, Traced) else np.array(u)


# --- what is derived from the rules -------------------------------------------------------------


def _matmul(a, b):
    a, b = (z if isinstance(z, Traced) else np.asarray(z) for z in (a, b))
    y = apply(product, (a[None, :] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b))
    y = y[..., 0, :] if a.ndim == 1 else y
    return y[..., 0] if b.ndim == 1 else y


def _mean(x, axis=None, keepdims=False):
    y = np.sum(x, axis=axis, keepdims=keepdims)
    return y / (x.size / y.size)


def _max(x, axis=None, keepdims=False):
    top = plain(x) == np.max(plain(x), axis=axis, keepdims=True)
    share = top / top.sum(axis=axis, keepdims=True)  # a tie is shared
    return np.sum(np.where(top, x, 0.0) * share, axis=axis, keepdims=keepdims)


def _concatenate(arrays, axis=0):
    if axis is None:
        arrays, axis = [np.reshape(a, -1) for a in arrays], 0
    shape = np.concatenate([plain(a) for a in arrays], axis).shape  # refuses what does not fit
    joined, start, before = 0.0, 0, (slice(None),) * (axis % len(shape))
    for a in arrays:
        end = start + np.shape(a)[axis]
        joined = joined + apply(scatter, (a, (*before, slice(start, end)), shape))
        start = end
    return joined


def _expand_dims(x, axis):
    return np.reshape(x, np.expand_dims(plain(x), axis).shape)


def _stack(arrays, axis=0):
    return _concatenate([np.expand_dims(a, axis) for a in arrays], axis)


def _without_slope(function):
    """For what is constant between jumps, or about shapes: its value is not traced."""
    return lambda *arguments, **options: function(*map(plain, arguments), **options)


def _in_place(name):
    """``x += y`` and the like: a new number. An array changes under other names too."""

    def operator(x, y):
        if x.ndim:
            raise TypeError("a traced array is not changed in place: write x = x + …")
        return getattr(x, f"__{name}__")(y)

    return operator


DERIVED |= {
    np.matmul: _matmul,
    np.mean: _mean,
    np.max: _max,
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.expand_dims: _expand_dims,
    np.square: lambda x: x * x,
    np.minimum: lambda a, b: -np.maximum(-a, -b),
}
Traced.mean = _mean
for _name in ("add", "sub", "mul", "truediv", "pow", "matmul"):
    setattr(Traced, f"__i{_name}__", _in_place(_name))
for _function in (
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.sign, np.floor,
    np.ceil, np.isfinite, np.isnan, np.argmax, np.argmin, np.argsort, np.shape, np.ndim, np.size,
    np.zeros_like, np.ones_like,
):  # fmt: skip
    DERIVED[_function] = _without_slope(_function)
