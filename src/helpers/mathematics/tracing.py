"""Automatic differentiation of NumPy code: dual numbers (forward mode), a tape (reverse mode).

A function is run on *traced* values instead of arrays. Each operation looks up its rule here, which
gives its value and, next to it, its derivative; everything else (means, stacking, Jacobians,
Hessian–vector products) is derived. Two kinds of rule suffice:

- an *elementwise* operation names its partial derivative by each argument, ``None`` where it is 1;
- an operation that is *linear in each argument* names how an upstream gradient goes back. Forward,
  a slope takes the argument's own place.

A forward pass carries a slope along with each value. A reverse pass writes a row to a tape for each
operation and goes through the rows from the last to the first, without recursion; the adjoints live
in one pass only, so that a tape can be gone through again. Rules are written in terms of the same
operations, and a traced value may hold a traced value of an outer pass (a higher ``level`` is
further in): so gradients have gradients.

Sources: Griewank & Walther, *Evaluating Derivatives* (2008), ch. 3; Pearlmutter, "Fast exact
multiplication by the Hessian" (1994); the nesting of levels as in HIPS autograd.
"""

from __future__ import annotations

import numpy as np

# --- what both modes share ----------------------------------------------------------------------


class Traced:
    """An array with its derivative in tow; NumPy's functions and operators accept it."""

    __slots__ = ("level", "value")
    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    T = property(lambda self: apply(np.transpose, (self,)))

    def __getitem__(self, key):
        return apply(index, (self, key))

    def __len__(self):
        return len(self.value)

    def __bool__(self):
        return bool(plain(self))

    def __array_ufunc__(self, ufunc, method, *arguments, **options):
        if method != "__call__" or options:
            raise TypeError(f"np.{ufunc.__name__} is known as a plain call, got {method} {options}")
        return apply(ufunc, arguments)

    def __array_function__(self, function, types, arguments, options):
        return apply(function, arguments, options)

    def __array__(self, *arguments, **options):
        raise TypeError(f"an array of numbers cannot hold a {type(self).__name__} with its slope; "
                        "join arrays by np.stack or np.concatenate")  # fmt: skip

    def sum(self, axis=None, keepdims=False):
        """``np.sum``."""
        return apply(np.sum, (self, axis, keepdims))

    def reshape(self, *shape):
        """``np.reshape``; the shape as one tuple or as several numbers."""
        return apply(np.reshape, (self, shape[0] if len(shape) == 1 else shape))


def apply(function, arguments, options=None):
    """``function(*arguments, **options)``, followed at the innermost level among the arguments.

    Raises ``TypeError`` for a function without a rule, ``ValueError`` where shapes do not fit.
    """
    options, rule = options or {}, RULES.get(function)
    if rule is None:
        if function in DERIVED:
            return DERIVED[function](*arguments, **options)
        known = ", ".join(sorted(f.__name__ for f in (*RULES, *DERIVED)))
        raise TypeError(f"np.{function.__name__} has no rule, got it called with a traced array; "
                        f"wanted is one of {known}")  # fmt: skip
    arguments = [np.asarray(a) if isinstance(a, list) else a for a in arguments]
    level = max([a.level for a in arguments if isinstance(a, Traced)], default=0)
    values = [a.value if isinstance(a, Traced) and a.level == level else a for a in arguments]
    try:
        value, *parts = rule(*values, **options)
    except ValueError as error:
        if error.__cause__ is not None:  # said already, at an outer level
            raise
        raise ValueError(f"{function.__name__} must get arrays that fit: {error}") from error
    links = [(a, part, i) for i, (a, part) in enumerate(zip(arguments, parts, strict=False))
             if isinstance(a, Traced) and a.level == level]  # fmt: skip
    return links[0][0].follow(value, function, links, values, options) if links else value


def plain(value):
    """What a traced value is the trace of: the bare array."""
    while isinstance(value, Traced):
        value = value.value
    return value


# --- forward mode: dual numbers -----------------------------------------------------------------


class Dual(Traced):
    """A value and its slope: x + x′ε with ε² = 0."""

    __slots__ = ("slope",)

    def __init__(self, value, slope, level):
        self.value, self.slope, self.level = value, slope, level

    def follow(self, value, function, links, values, options):
        """The chain rule along one operation: the slopes times the partial derivatives, summed."""
        slope = 0.0
        for a, part, i in links:
            if function in LINEAR:
                moved = apply(function, (*values[:i], a.slope, *values[i + 1 :]), options)
            else:
                moved = a.slope if part is None else a.slope * part()
            slope = moved if len(links) == 1 else slope + moved
        return Dual(value, np.broadcast_to(slope, value.shape), self.level)


# --- reverse mode: variables and their tape -----------------------------------------------------


class Variable(Traced):
    """A value and its ``place`` on the ``tape``, a list with one row for each operation."""

    __slots__ = ("place", "tape")

    def __init__(self, value, tape, level, function=None, links=()):
        self.value, self.tape, self.level, self.place = value, tape, level, len(tape)
        tape.append((function, links))

    def follow(self, value, function, links, values, options):
        """Write a row: where the operands stand on the tape, their shapes, and the way back."""
        row = [(a.place, a.value.shape, part) for a, part, _ in links]
        return Variable(value, self.tape, self.level, function, row)


def backward(tape, place, upstream):
    """The adjoint of each row of ``tape`` when that of row ``place`` is ``upstream``.

    Rows that ``place`` does not depend on have ``None``; so have the rows between, once used.
    """
    adjoints = [None] * place + [upstream]
    for row in range(place, -1, -1):
        u, (function, links) = adjoints[row], tape[row]
        if u is not None and links:
            adjoints[row] = None
            for parent, shape, part in links:
                # One term of the chain rule: an elementwise rule multiplies, a linear one sends.
                share = u if part is None else part(u) if function in LINEAR else u * part()
                if share.shape != shape:
                    share = _fit(share, shape)
                before = adjoints[parent]
                adjoints[parent] = share if before is None else before + share
    return adjoints


def _fit(u, shape):
    """Broadcasting undone: ``u`` summed over the axes along which ``shape`` was stretched."""
    if np.broadcast_shapes(u.shape, shape) != u.shape:  # a rule is wrong: not to be hidden
        raise ValueError(f"a share of shape {u.shape} must fit an argument of shape {shape}")
    stretched = [i - len(shape) for i, n in enumerate(shape) if n == 1]
    return np.reshape(np.sum(u, axis=(*range(u.ndim - len(shape)), *stretched)), shape)


# --- the rules: value and derivative, side by side ----------------------------------------------

#: For each function its value, then its partial derivatives, computed when they are wanted.
ELEMENTWISE = {
    np.add: lambda a, b: (a + b, None, None),
    np.subtract: lambda a, b: (a - b, None, lambda: -1.0),
    np.multiply: lambda a, b: (a * b, lambda: b, lambda: a),
    np.divide: lambda a, b: ((y := a / b), lambda: 1 / b, lambda: -y / b),
    np.power: lambda a, b: (
        (y := a**b), lambda: b * a ** (b - 1 + (b == 0)), lambda: y * np.log(a + (a == 0))),
    np.negative: lambda x: (-x, lambda: -1.0),
    np.exp: lambda x: ((y := np.exp(x)), lambda: y),
    np.expm1: lambda x: ((y := np.expm1(x)), lambda: y + 1),
    np.log: lambda x: (np.log(x), lambda: 1 / x),
    np.log1p: lambda x: (np.log1p(x), lambda: 1 / (1 + x)),
    np.sqrt: lambda x: ((y := np.sqrt(x)), lambda: 0.5 / y),
    np.sin: lambda x: (np.sin(x), lambda: np.cos(x)),
    np.cos: lambda x: (np.cos(x), lambda: -np.sin(x)),
    np.tanh: lambda x: ((y := np.tanh(x)), lambda: 1 - y * y),
    np.absolute: lambda x: (np.absolute(x), lambda: np.sign(x)),
    np.maximum: lambda a, b: (  # a tie is shared
        np.maximum(a, b), lambda: (a > b) + 0.5 * (a == b), lambda: (b > a) + 0.5 * (a == b)),
    np.where: lambda c, a, b: (np.where(c, a, b), lambda: 0.0, lambda: 1.0 * c, lambda: 1.0 - c),
}  # fmt: skip


def product(a, b):
    """Matrix product of the last two axes; of the others those of length 1 are stretched."""
    return a @ b, lambda u: u @ np.swapaxes(b, -1, -2), lambda u: np.swapaxes(a, -1, -2) @ u


def total(x, axis=None, keepdims=False):
    """``np.sum``: the upstream gradient goes to each summand."""

    def back(u):
        u = u if keepdims or axis is None else np.expand_dims(u, axis)
        return np.broadcast_to(u, x.shape)

    return np.sum(x, axis=axis, keepdims=keepdims), back


def transpose(x, axes=None):
    """``np.transpose``: back by the inverse permutation; axes may be counted from the end."""
    back = None if axes is None else tuple(np.argsort(np.mod(axes, len(axes))).tolist())
    return np.transpose(x, axes), lambda u: np.transpose(u, back)


def index(x, key):
    """``x[key]``; the upstream gradient is scattered to where it came from."""
    return x[key], lambda u: apply(scatter, (u, key, x.shape))


def scatter(u, key, shape):
    """Zeros of ``shape`` with ``u`` added at ``key``: once for each time that a place is named."""
    if isinstance(u, Traced):
        y = apply(scatter, (u, key, shape))
    else:
        y = np.zeros(shape)
        np.add.at(y, key, u)
    return y, lambda g: g[key]


#: For each function its value, then the way back of an upstream gradient to each argument.
LINEAR = {
    index: index,
    scatter: scatter,
    product: product,
    np.sum: total,
    np.transpose: transpose,
    np.reshape: lambda x, shape: (np.reshape(x, shape), lambda u: np.reshape(u, x.shape)),
    np.swapaxes: lambda x, i, j: (np.swapaxes(x, i, j), lambda u: np.swapaxes(u, i, j)),
    np.broadcast_to: lambda x, shape: (np.broadcast_to(x, shape), lambda u: u),
}
RULES = ELEMENTWISE | LINEAR
#: Functions made of the others, or without a slope; ``helpers.mathematics.autodiff`` fills it.
DERIVED = {}

for _name, _function in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "pow": np.power,
    "matmul": np.matmul, "lt": np.less, "le": np.less_equal, "gt": np.greater, "eq": np.equal,
    "ge": np.greater_equal, "ne": np.not_equal, "neg": np.negative, "abs": np.absolute,
}.items():  # fmt: skip
    setattr(Traced, f"__{_name}__", lambda *arguments, f=_function: apply(f, arguments))
    setattr(Traced, f"__r{_name}__", lambda a, b, f=_function: apply(f, (b, a)))
