"""Runs that the figures of the chapter on automatic differentiation show."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from helpers.mathematics.autodiff import jvp, vjp
from helpers.mathematics.tracing import Dual, Variable, apply, product
from helpers.mathematics.validate import as_count, as_finite_float, one_of

# --- one program, forward and back --------------------------------------------------------------

#: The weight of the program (w x − 1)² x wherever a figure lets x move.
WEIGHT = 2.0
#: The rows of the program: a name, how it is made, and the rows it is made from.
ROWS = (
    ("x", "input", ()),
    ("w", "input", ()),
    ("v₁", "w · x", (1, 0)),
    ("v₂", "v₁ − 1", (2,)),
    ("v₃", "v₂²", (3,)),
    ("y", "v₃ · x", (4, 0)),
)
INPUTS = 2


def run(x, w):
    """The rows of (w x − 1)² x, for numbers or traced numbers: x, w, v₁, v₂, v₃, y."""
    v1 = w * x
    v2 = v1 - 1
    v3 = v2**2
    return x, w, v1, v2, v3, v3 * x


class Tape(NamedTuple):
    """``values`` of all rows; ``sent``: for each step back, the shares as (row, share).

    ``adjoints[k]`` holds what every row has after k steps back, the first of which is ȳ = 1.
    """

    values: tuple
    sent: tuple
    adjoints: tuple


@cache
def follow_tape(x, w=WEIGHT):
    """The program on the engine's tape, and its backward pass row by row."""
    tape = []
    inputs = [Variable(np.float64(as_finite_float(a, n)), tape, 1) for a, n in ((x, "x"), (w, "w"))]
    rows = run(*inputs)
    adjoints = [0.0] * len(rows)
    adjoints[-1] = 1.0
    states, sent = [tuple(adjoints)], [((len(rows) - 1, 1.0),)]
    for row in range(len(rows) - 1, INPUTS - 1, -1):
        shares = tuple(
            (parent, float(adjoints[row] if part is None else adjoints[row] * part()))
            for parent, _, part in tape[row][1]
        )
        for parent, share in shares:
            adjoints[parent] += share
        states.append(tuple(adjoints))
        sent.append(shares)
    return Tape(tuple(float(v.value) for v in rows), tuple(sent), tuple(states))


def follow_duals(x, seed, w=WEIGHT):
    """The rows of the program in dual numbers, as pairs (value, slope); ``seed`` is "x" or "w"."""
    one_of(seed, "seed", ("x", "w"))
    first = Dual(np.float64(as_finite_float(x, "x")), np.float64(seed == "x"), 1)
    second = Dual(np.float64(as_finite_float(w, "w")), np.float64(seed == "w"), 1)
    return tuple((float(row.value), float(row.slope)) for row in run(first, second))


# --- what an expression, and its derivative, cost -----------------------------------------------


def tape_operations(f, x):
    """Operations of ``f`` on one number, and of it together with its slope in reverse mode.

    A row of the tape counts once for its value, once for each operand it sends a share to, and once
    for each share that is added to another.
    """
    tape = []
    f(Variable(np.float64(x), tape, 1))
    parents = [place for _, links in tape for place, _, _ in links]
    values = sum(bool(links) for _, links in tape)
    return values, values + 2 * len(parents) - len(set(parents))


# --- forward against reverse --------------------------------------------------------------------

HIDDEN = 64


class Cost(NamedTuple):
    """Multiplications in matrix products: of one pass, of all forward and all reverse passes."""

    one: int
    forward: int
    reverse: int


class _Counting(np.ndarray):
    """A matrix that counts the multiplications of the products that it takes part in."""

    count = 0

    def __array_ufunc__(self, ufunc, method, *arguments, **options):
        bare = [np.asarray(a) for a in arguments]
        if ufunc is np.matmul:
            _Counting.count += bare[0].size * bare[1].shape[-1]
        return getattr(ufunc, method)(*bare, **options)


def layers(n, m, rng, hidden=HIDDEN):
    """Three random weight matrices: n inputs, two hidden layers, m outputs."""
    shapes = (hidden, n), (hidden, hidden), (m, hidden)
    return [(rng.standard_normal(s) / np.sqrt(s[1])).view(_Counting) for s in shapes]


def network(weights):
    """The function x ↦ W₃ tanh(W₂ tanh(W₁ x)) of a column x, shape (n, 1) → (m, 1)."""
    first, second, third = weights

    def f(x):
        return _times(third, np.tanh(_times(second, np.tanh(_times(first, x)))))

    return f


def _times(W, x):
    # By the rule itself: np.matmul would take the matrix that counts for a plain array.
    return apply(product, (W, x))


def counted(call):
    """What ``call()`` returns, and the multiplications in matrix products that it took."""
    _Counting.count = 0
    value = call()
    return value, _Counting.count


@cache
def cost(n, m):
    """Multiplications for the whole Jacobian, (m, n), of a network: counted in one pass each."""
    n, m = as_count(n, "n"), as_count(m, "m")
    f = network(layers(n, m, np.random.default_rng(0)))
    x = np.ones((n, 1))
    _, value = counted(lambda: f(x))
    _, both = counted(lambda: jvp(f, x, x))
    y, pull = vjp(f, x)
    _, back = counted(lambda: pull(np.ones(y.shape)))
    return Cost(value, n * (both - value), m * back)


# --- checkpoints --------------------------------------------------------------------------------

CHAIN = 144
#: Lengths of segment that cut the chain into equal parts.
LENGTHS = tuple(s for s in range(1, CHAIN + 1) if CHAIN % s == 0)


def link(x):
    """One step of the chain."""
    return x + 0.02 * np.sin(x)


class Checkpointed(NamedTuple):
    """The slope of the chain; the most states that were held at once; how many steps were run."""

    slope: float
    held: int
    steps: int


@cache
def checkpointed(length, n=CHAIN, start=0.4):
    """The slope of a chain of ``n`` links, recomputed from checkpoints in segments of ``length``.

    Only the state before each segment is kept; going back, a segment is run again, on a tape.
    """
    length = as_count(length, "length")
    states, steps, x = [], 0, np.float64(start)
    for k in range(n):
        if k % length == 0:
            states.append(x)
        x, steps = link(x), steps + 1
    held, upstream = 0, 1.0
    while states:
        segment = _Segment(length)
        _, pull = vjp(segment, states[-1])
        held = max(held, len(states) + segment.run)
        upstream, steps = pull(upstream), steps + segment.run
        states.pop()
    return Checkpointed(float(upstream), held, steps)


class _Segment:
    """A piece of the chain that counts the steps it is run for."""

    def __init__(self, length):
        self.length, self.run = length, 0

    def __call__(self, x):
        for _ in range(self.length):
            x, self.run = link(x), self.run + 1
        return x
