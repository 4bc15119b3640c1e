"""What the chapter on automatic differentiation says and no cell prints, computed."""

import ast
import inspect
import operator
import subprocess
import sys
from functools import cache

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from helpers.chapters.automatic_differentiation import experiments, figures
from helpers.mathematics import (
    activations,
    attention,
    autodiff,
    causal_head,
    factorization,
    functions,
    key_lookup,
    objectives,
    recommender,
    tracing,
)
from helpers.mathematics.autodiff import grad, hvp, jacobian, jvp, value_and_grad, vjp
from helpers.mathematics.numdiff import central_difference
from tests.conftest import ROOT
from tests.mathematics import test_engine_agrees
from tests.truth import claim

MATHEMATICS = ROOT / "src" / "helpers" / "mathematics"


# --- the opening --------------------------------------------------------------------------------


@claim(
    "why does a gradient by a million parameters take one pass back and not a million?",
    "a gradient by a million parameters takes one pass back because each row of the tape is gone "
    "through once, and sends what it has to all of its operands",
    '*"A gradient by a million parameters costs a million times the loss."* In reverse mode it '
    "costs one pass back.",
)
def one_pass_for_a_million():
    theta = np.linspace(-1, 1, 10**6)
    calls = []

    def loss(theta):
        calls.append(1)
        return np.sum(np.sin(theta) * theta)

    slope = grad(loss)(theta)
    assert len(calls) == 1
    np.testing.assert_allclose(slope, np.cos(theta) * theta + np.sin(theta), rtol=1e-12, atol=1e-15)
    # Each row's way back is asked for once, although x is used twice.
    sent, tape = [], []
    x = tracing.Variable(np.float64(0.7), tape, 1)
    y = x * np.sin(x) + x
    for row, (function, links) in enumerate(tape):
        tape[row] = (
            function,
            [
                (
                    p,
                    shape,
                    lambda row=row, i=i, part=part: (
                        sent.append((row, i)) or (1.0 if part is None else part())
                    ),
                )
                for i, (p, shape, part) in enumerate(links)
            ],
        )
    tracing.backward(tape, y.place, np.float64(1.0))
    assert sorted(sent) == [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1)]


@cache
def lines_of_code(path):
    """Lines of a file that are neither blank, nor comment, nor docstring."""
    text = path.read_text(encoding="utf-8")
    silent = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(
            node
        ):
            silent |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in silent
        for number, line in enumerate(text.split("\n"), 1)
    )


@claim(
    "Its engine has about 150 lines of code, and a test of this book derives every gradient of the "
    "chapters on descent, recommenders and attention once more with it."
)
def engine_and_its_use():
    assert 140 <= lines_of_code(MATHEMATICS / "tracing.py") <= 150
    modules = (
        activations, attention, causal_head, factorization, functions, key_lookup, objectives,
        recommender,
    )  # fmt: skip
    wanted = {}
    for module in modules:
        for owner in (module, *vars(module).values()):
            if owner is module or getattr(owner, "__module__", "") == module.__name__:
                for name, f in vars(owner).items() if hasattr(owner, "__dict__") else ():
                    own = inspect.isfunction(f) and f.__module__ == module.__name__
                    if own and (name.endswith(("_vjp", "_gradients")) or name in GRADIENTS):
                        wanted[f.__code__] = f.__qualname__
    assert len(wanted) >= 14, sorted(wanted.values())
    # Each is called in a test that calls the engine as well; what a test calls is looked up while
    # it runs, so that a test that has gone is missed.
    reached = set()
    for test in vars(test_engine_agrees).values():
        if inspect.isfunction(test) and test.__name__.startswith("test_"):
            called = called_by(test)
            if called & {
                f.__code__ for f in (autodiff.vjp, autodiff.value_and_grad, autodiff.grad)
            }:
                reached |= called
    assert not {name for code, name in wanted.items() if code not in reached}


#: What a gradient is called that does not end in ``_vjp`` or ``_gradients``.
GRADIENTS = ("gradient", "batch_gradient")


def called_by(test):
    """The code objects that a test, with each of its parameters, calls itself."""
    codes = set()

    def note(frame, event, _):
        if event == "call" and frame.f_back.f_globals.get("__name__") == test.__module__:
            codes.add(frame.f_code)

    marks = [m.args for m in getattr(test, "pytestmark", ()) if m.name == "parametrize"]
    for values in marks[0][1] if marks else (None,):
        given = {marks[0][0]: values} if marks else {}
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            test(**given, rng=np.random.default_rng(0))
        finally:
            sys.setprofile(before)
    return codes


# --- the tape -----------------------------------------------------------------------------------


@claim(
    "values appear from the inputs to $y$. Then numbers of another kind appear. The operations are "
    "undone in the opposite order, beginning with a 1 at $y$; $x$ gets its first share early, "
    r"because $y$ uses it. When $v_3 \cdot x$ is undone, $v_3$ gets the value of $x$, "
    "and $x$ gets the value of $v_3$. At the last step $x$ gets 24 on top of the 9 that it had: 33."
)
def forth_and_back():
    tape = experiments.follow_tape(2.0)
    assert tape.values == (2, 2, 4, 3, 9, 18)
    assert tape.adjoints[0] == (0, 0, 0, 0, 0, 1)
    for x in (1.0, 2.0, 3.0):
        followed = experiments.follow_tape(x)
        assert dict(followed.sent[1]) == {4: x, 0: followed.values[4]}
    assert [max(row for row, _ in shares) for shares in tape.sent] == [5, 4, 3, 2, 1]
    # x has its 9 from the first operation undone on, before v₂ and v₁ have anything.
    assert [a[0] for a in tape.adjoints] == [0, 9, 9, 9, 33]
    assert tape.adjoints[1][2:4] == (0, 0)
    assert dict(tape.sent[-1]) == {0: 24, 1: 24}
    assert tape.adjoints[-1][:2] == (33, 24)
    said = [figures.say_tape(step, 2.0) for step in range(figures.TAPE_STEPS + 1)]
    assert figures.TAPE_STEPS == 9
    assert said[4].endswith("the value is 18.")
    assert said[5].endswith("its adjoint, is 1.")
    assert said[9].endswith("x gets 24, on top of 9: 33 in all.")


@claim(
    "other numbers, the same lines: which operation sends to which does not depend on $x$. The "
    "slopes are now 85 and 90.",
    "When all is done, what stands below a row is its **adjoint**: the slope of the result with "
    "respect to that row. Until then it is the sum of the shares that have arrived. For $x$ and "
    "$w$ these slopes are the gradient.",
)
def same_lines():
    rows = [
        tuple(tuple(row for row, _ in shares) for shares in experiments.follow_tape(x).sent)
        for x in (1.0, 2.0, 3.0)
    ]
    assert len(set(rows)) == 1
    assert experiments.follow_tape(3.0).adjoints[-1][:2] == (85, 90)
    for x in (1.0, 2.0, 3.0):
        theirs = autograd.grad(lambda p: (p[1] * p[0] - 1) ** 2 * p[0])((x, 2.0))
        followed = experiments.follow_tape(x)
        np.testing.assert_allclose(followed.adjoints[-1][:2], theirs, rtol=1e-13)
        # Of the other rows: dy/dv₁, dy/dv₂, dy/dv₃ and dy/dy by hand.
        v2 = 2 * x - 1
        assert followed.adjoints[-1][2:] == (2 * v2 * x, 2 * v2 * x, x, 1)
        for step, adjoints in enumerate(followed.adjoints):
            shares = [pair for sent in followed.sent[: step + 1] for pair in sent]
            for row, adjoint in enumerate(adjoints):
                assert adjoint == sum(share for to, share in shares if to == row)


# --- three ways ---------------------------------------------------------------------------------


@claim(
    "the expression for $z_k$ holds $z_{k-1}$ twice, and so more than doubles with each turn; by "
    "the product rule the derivative holds $z_{k-1}$ twice and $z'_{k-1}$ twice.",
    "where $S_0 = D_0 = 0$, and $(1 - z)' = 0 - z'$ is left as it stands,",
    "After 15 turns the formula's derivative has 1.5 million operations; AD does 120, eight a "
    "turn.",
    "The best of the differences in the table is right to 9 digits, and the best $h$ depends on a "
    r"third derivative that one does not have: the usual $\sqrt[3]{\varepsilon}$ is off by "
    r"$4 \cdot 10^{-5}$ here.",
    "AD has rounding errors and no others. Here they are as small as those of the value; at 12 "
    r"turns the value happens to be right to $3 \cdot 10^{-15}$ and the slope to "
    r"$3 \cdot 10^{-11}$.",
)
def swell(notebook):
    size, derivative = notebook["size"], notebook["derivative"]
    v = ("*", ("*", 4, "A"), ("-", 1, "A"))
    assert str(v).count("A") == 2
    # With v a formula of its own, the derivative of the next holds v twice and v′ twice.
    inner = ("*", "x", "x")
    outer = str(derivative(("*", ("*", 4, inner), ("-", 1, inner))))
    assert outer.count(str(derivative(inner))) == 2
    assert outer.replace(str(derivative(inner)), "").count(str(inner)) == 2
    formula = "x"
    for turn in range(1, 16):
        formula = ("*", ("*", 4, formula), ("-", 1, formula))
        counted = experiments.tape_operations(lambda x, t=turn: notebook["loop"](x, t), 0.2)
        assert counted == (3 * turn, 8 * turn)
    assert size(derivative(formula)) == 1_507_327
    value, truth = notebook["exact"](notebook["Fraction"](0.2), 10)
    errors = [
        abs(difference(lambda x: notebook["loop"](x, 10), 0.2, h) / truth - 1)
        for difference in (notebook["forward_difference"], notebook["central_difference"])
        for h in (1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
    ]
    assert 1e-10 < min(errors) < 1e-9
    ours = abs(grad(lambda x: notebook["loop"](x, 10))(0.2) / truth - 1)
    assert ours <= abs(notebook["loop"](0.2, 10) / value - 1) < 1e-12
    usual = central_difference(
        lambda x: notebook["loop"](x, 10), 0.2, np.finfo(float).eps ** (1 / 3)
    )
    assert 3.5e-5 < abs(usual / truth - 1) < 4.5e-5
    value, truth = notebook["exact"](notebook["Fraction"](0.2), 12)
    assert 2.5e-15 < abs(notebook["loop"](0.2, 12) / value - 1) < 3.5e-15
    slope = grad(lambda x: notebook["loop"](x, 12))(0.2)
    assert 2.5e-11 < abs(slope / truth - 1) < 3.5e-11
    # v₀ = x and its derivative 1 have no operation; (1 − x)′ has one.
    assert (size("x"), size(derivative("x"))) == (0, 0)
    assert derivative(("-", 1, "x")) == ("-", 0, 1)
    formula, before = "x", 0
    for _ in range(8):
        formula = ("*", ("*", 4, formula), ("-", 1, formula))
        assert size(formula) > 2 * before
        before = size(formula)


@claim(
    r"in the cell above AD's slope is off by $1 \cdot 10^{-13}$, the best of the five forward "
    r"differences by $3 \cdot 10^{-8}$.",
    "It applies the same rules, but to numbers: the derivative of a loop of 10 turns is never "
    "written down.",
)
def no_difference(notebook):
    _, truth = notebook["exact"](notebook["Fraction"](0.2), 10)
    ours = abs(grad(lambda x: notebook["loop"](x, 10))(0.2) / truth - 1)
    assert 0.5e-13 < ours < 1.5e-13
    best = min(
        abs(notebook["forward_difference"](lambda x: notebook["loop"](x, 10), 0.2, h) / truth - 1)
        for h in (1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
    )
    assert 2.5e-8 < best < 3.5e-8


# --- forward mode -------------------------------------------------------------------------------


@claim(
    "the values stay, and all slopes are computed anew; those of $v_1$, $v_2$, $v_3$ come out the "
    "same because $x = w$. The last one is 24 in place of 33. One pass answers for one input, or "
    "for one *direction* in which all inputs move.",
    r"Then $v_1 = 4 + 2\varepsilon$, $v_2 = 3 + 2\varepsilon$, $v_3 = 9 + 12\varepsilon$, and $y = "
    r"(9 + 12\varepsilon)(2 + 1\varepsilon) = 18 + 33\varepsilon$.",
    "which is $9 + 24 = 33$ and $24$. For the second, forward mode has to run again, with the "
    "slope 1 at $w$.",
)
def dual_rows():
    by_x, by_w = (experiments.follow_duals(2.0, seed) for seed in ("x", "w"))
    assert by_x == ((2, 1), (2, 0), (4, 2), (3, 2), (9, 12), (18, 33))
    assert [row[0] for row in by_x] == [row[0] for row in by_w]
    assert [row[1] for row in by_w] == [0, 1, 2, 2, 12, 24]
    assert [row[1] for row in by_x] == [1, 0, 2, 2, 12, 33]
    # Where x ≠ w, every slope is another one.
    for x in (0.25, 1.5, 2.25):
        pairs = zip(experiments.follow_duals(x, "x"), experiments.follow_duals(x, "w"), strict=True)
        assert all(a[1] != b[1] for a, b in pairs)
    # Along (1, 1) both inputs move, and the two slopes add: 33 + 24.
    assert jvp(lambda p: experiments.run(*p)[-1], (2.0, 2.0), (1.0, 1.0))[1] == 57


@claim(
    r"there $v_2 = wx - 1$ is 0, with the slope 2. Squaring takes both to 0, value and slope, "
    r"because $2 v_2 = 0$; and $y = v_3 \cdot x$ has the slope 0 as well."
)
def level():
    rows = experiments.follow_duals(0.5, "x")
    assert rows[3:] == ((0, 2), (0, 0), (0, 0))
    assert abs(experiments.follow_duals(0.25, "x")[-1][1]) > 0.2
    assert experiments.follow_duals(0.5, "w")[-1] == (0, 0)


# --- reverse mode -------------------------------------------------------------------------------


@claim(
    "The `+=` adds what comes from several uses; with `=`, the last one would win.",
    "a second pass adds to what the first one left.",
    "an engine that visits the graph by a function calling itself stops at Python's limit of about "
    "1,000 nested calls, while a chain of 10,000 operations is nothing special.",
)
def easily_wrong(notebook):
    # A usual start of Python: what else has been imported may have raised the limit here.
    answer = subprocess.run(
        [sys.executable, "-c", "import sys; print(sys.getrecursionlimit())"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(answer.stdout) == 1000
    tape = []
    x = y = notebook["Variable"](1.0, tape)
    one = notebook["Variable"](1.0, tape)
    for _ in range(10_000):
        y = y + one

    def visit(row):  # an order by recursion
        for operand, _ in tape[row]:
            visit(operand)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    try:
        with pytest.raises(RecursionError):
            visit(y.place)
    finally:
        sys.setrecursionlimit(limit)
    assert notebook["backward"](y)[:2] == [1, 10_000]
    assert notebook["backward"](y)[x.place] == 1
    # With adjoints that stay, as small engines have them; and with = for +=.
    tape = []
    x = notebook["Variable"](3.0, tape)
    square = x * x
    left = [0.0] * len(tape)
    for _ in range(2):
        left[square.place] = 1.0
        for row in reversed(range(len(tape))):
            for operand, slope in tape[row]:
                left[operand] += left[row] * slope
    assert left[0] == 12
    last = [0.0, 1.0]
    for operand, slope in tape[1]:
        last[operand] = last[1] * slope
    assert last[0] == 3
    assert notebook["backward"](square)[0] == 6


@claim("Likewise a row of a table that is picked twice gets the sum of two upstream gradients.")
def picked_twice(seeds):
    for seed in seeds:
        E, U = np.random.default_rng(seed).normal(size=(2, 3, 4))
        _, pull = vjp(lambda E: E[np.array([2, 0, 2])], E)
        np.testing.assert_array_equal(pull(U), [U[1], 0 * U[1], U[0] + U[2]])


# --- which mode ---------------------------------------------------------------------------------


@claim(
    "reverse mode is 10, 100, 1000 times cheaper, and takes one pass each time.",
    "forward mode is 30 times cheaper, then neither is.",
    "Where a curve is drawn from one number, forward mode takes one pass.",
    "the Jacobian is square, forward mode takes as many passes, and it needs no tape.",
    "The values are left out: they are needed once. The machine of this book runs them again in "
    "each forward pass, so there forward mode costs $2nP$ and reverse mode $(m + 1)P$.)",
    "The figure has two hidden layers of 64 units: for $n = 100$, $m = 1$, "
    r"$P = 6{,}400 + 4{,}096 + 64 = 10{,}560$.",
    "it is where there are fewer outputs than inputs.",
)
def modes():
    for n in (10, 100, 1000):
        price = experiments.cost(n, 1)
        assert price.forward == n * price.reverse
        assert price.reverse == price.one
    price = experiments.cost(10, 300)
    assert price.reverse == 30 * price.forward
    for n in (4, 10):
        assert experiments.cost(n, n).forward == experiments.cost(n, n).reverse
    for n in (1, 3, 10, 30, 100, 300, 1000):
        for m in (1, 10, 1000):
            price = experiments.cost(n, m)
            assert (price.reverse < price.forward) == (m < n)
            assert price.one == 64 * n + 64 * 64 + 64 * m
    assert "the same" in figures.say_modes(10, 10)
    assert "forward mode is 30 times" in figures.say_modes(10, 300)
    assert "reverse mode is 1000 times" in figures.say_modes(1000, 1)
    # The whole Jacobian, every pass of it counted.
    n, m = 7, 3
    f = experiments.network(experiments.layers(n, m, np.random.default_rng(0)))
    x = np.ones((n, 1))
    value, one = experiments.counted(lambda: f(x))
    columns, forward = experiments.counted(
        lambda: np.hstack([jvp(f, x, e[:, None])[1] for e in np.eye(n)])
    )
    _, pull = vjp(f, x)
    rows, reverse = experiments.counted(lambda: np.hstack([pull(e[:, None]) for e in np.eye(m)]).T)
    np.testing.assert_allclose(rows, columns, rtol=1e-12)
    assert value.shape == (m, 1)
    assert forward == 2 * n * one
    assert one + reverse == (m + 1) * one
    assert experiments.cost(1, 300).forward == experiments.cost(1, 300).one
    assert experiments.HIDDEN == 64
    assert experiments.cost(100, 1).one == 6_400 + 4_096 + 64 == 10_560
    assert (forward - n * one, reverse) == experiments.cost(n, m)[1:] == (7 * one, 3 * one)


@claim(
    "that pass has twice the multiplications of the pass forward where gradients to weights *and* "
    "to inputs are wanted, however many parameters there are."
)
def twice_the_products():
    for shapes in (((5, 8, 3),), ((16, 30, 40), (16, 40, 7)), ((64, 784, 128), (64, 128, 10))):
        forward = backward = 0
        for rows, inner, columns in shapes:
            tape, counting = [], experiments._Counting
            X, W = (
                tracing.Variable(np.ones(s).view(counting), tape, 1)
                for s in ((rows, inner), (inner, columns))
            )
            Y, count = experiments.counted(lambda X=X, W=W: tracing.apply(tracing.product, (X, W)))
            forward += count
            U = np.ones((rows, columns))
            _, count = experiments.counted(
                lambda tape=tape, Y=Y, U=U: tracing.backward(tape, Y.place, U)
            )
            backward += count
        assert backward == 2 * forward
        assert forward == sum(np.prod(s) for s in shapes)


@claim(
    "For the parameters, as against the inputs, the count is more drastic still. A network for "
    "small pictures, 784 inputs, 128 hidden units, 10 classes (a hidden unit is a sum put through "
    r"the relu, $\max(x, 0)$; the loss is minus the logarithm of the share of the true class, on "
    "average):",
    "A network with 101,770 parameters has a Hessian of some $10^{10}$ entries.",
)
def parameters(notebook):
    count = 784 * 128 + 128 + 128 * 10 + 10
    assert notebook["count"] == count == 101_770
    assert 1e10 < count**2 < 1.1e10
    theta, X, Y = notebook["theta"], notebook["X"], notebook["Y"]

    def theirs(p):
        W1, b1, W2, b2 = p
        Z = anp.dot(anp.maximum(anp.dot(X, W1) + b1, 0), W2) + b2
        Z = Z - anp.max(Z, axis=1, keepdims=True)
        log_share = Z - anp.log(anp.sum(anp.exp(Z), axis=1, keepdims=True))
        return -anp.mean(anp.sum(Y * log_share, axis=1))

    value, slopes = value_and_grad(notebook["network_loss"])(theta, X, Y)
    hidden = np.maximum(X @ theta[0] + theta[1], 0)
    powers = np.exp(hidden @ theta[2] + theta[3])
    shares = (powers / powers.sum(axis=1, keepdims=True))[Y == 1]
    np.testing.assert_allclose(value, -np.mean(np.log(shares)), rtol=1e-12)
    wanted, exact = autograd.value_and_grad(theirs)(theta)
    np.testing.assert_allclose(value, wanted, rtol=1e-12)
    for mine, other in zip(slopes, exact, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-14)


@claim(
    "It takes a forward pass *through* the reverse pass: the tape is written and read with dual "
    "numbers.",
    "for a twice differentiable $L$.",
    "for the loss above, which is twice differentiable wherever no hidden unit stands at its kink;",
)
def forward_through_reverse(notebook):
    theta, v, X, Y = (notebook[name] for name in ("theta", "v", "X", "Y"))
    assert np.abs(X @ theta[0] + theta[1]).min() > 1e-5  # no unit stands at its kink
    moved = [
        grad(notebook["network_loss"])(
            tuple(p + t * q for p, q in zip(theta, v, strict=True)), X, Y
        )
        for t in (1e-6, -1e-6)
    ]
    for mine, up, down in zip(notebook["Hv"], *moved, strict=True):
        np.testing.assert_allclose(mine, (up - down) / 2e-6, rtol=1e-5, atol=1e-7)
    seen = []

    def loss(theta):
        seen.append(type(theta.value).__name__)
        return np.sum(np.sin(theta) * theta[::-1])

    theta, v = np.array([0.4, -1.1, 0.9]), np.array([1.0, 0.3, -2.0])
    product = hvp(loss, theta, v)
    assert seen == ["Dual"]
    H = autograd.hessian(lambda t: anp.sum(anp.sin(t) * t[::-1]))(theta)
    np.testing.assert_allclose(product, H @ v, rtol=1e-12)
    np.testing.assert_allclose(jacobian(grad(loss), theta), H, rtol=1e-12, atol=1e-15)


# --- checkpoints --------------------------------------------------------------------------------


@claim(
    "the first two hold 30 states each, one because it has many checkpoints, the other because its "
    "segments are long; 12, the square root of 144, holds 24. The number of steps that are run is "
    "288 in every case.",
    "at the two ends 145 states are held. With one segment that buys nothing. With segments of one "
    "step it still does, where a step has several operations: this chain's tape has 433 rows, and "
    "here only the rows of one step are on a tape at a time.",
    r"with equality at $s = \sqrt N$. Every step is run twice.",
    "One state a step is counted, not what happens inside the step.",
)
def checkpoints():
    runs = {s: experiments.checkpointed(s) for s in experiments.LENGTHS}
    assert {s: runs[s].held for s in (6, 24, 12, 1, 144)} == {
        6: 30,
        24: 30,
        12: 24,
        1: 145,
        144: 145,
    }
    assert 144 // 6 > 6
    assert 144 // 24 < 24
    assert min(runs, key=lambda s: runs[s].held) == 12
    assert {run.steps for run in runs.values()} == {288}
    for s, run in runs.items():
        assert run.held == 144 / s + s

    def whole(x):
        for _ in range(144):
            x = experiments.link(x)
        return x

    def rows(f):
        tape = []
        f(tracing.Variable(np.float64(0.4), tape, 1))
        return len(tape)

    assert rows(whole) == 433
    assert rows(experiments.link) == 4  # its input, and three operations
    np.testing.assert_allclose([run.slope for run in runs.values()], grad(whole)(0.4), rtol=1e-12)


# --- what breaks --------------------------------------------------------------------------------


@claim(
    r"the unused one is sent $0$, its slope is infinite, and $0 \cdot \infty$ is NaN: here for "
    r"every $x \le 0$, though to the left of 0 the slope is 0.",
    "Keep the *argument* of the dangerous function safe, as in the repaired version.",
    "The value of `identity` is right everywhere. Its slope at 0 comes from a branch that is "
    "constant, and is 0 instead of 1.",
)
def branches(notebook):
    with np.errstate(all="ignore"):
        for x in (0.0, -1e-9, -1.0, -30.0):
            assert np.isnan(grad(notebook["no_root_below_0"])(x))
            assert notebook["no_root_below_0"](np.float64(x)) == 0
        assert grad(notebook["no_root_below_0"])(4.0) == 0.25
    for x in (0.3, 2.0, -1.0):
        assert grad(notebook["repaired"])(x) == (0.5 / np.sqrt(x) if x > 0 else 0)
        assert notebook["repaired"](np.float64(x)) == np.sqrt(max(x, 0))
    assert grad(notebook["repaired"])(0.0) == 0
    identity = notebook["identity"]
    for x in (-2.0, 0.0, 1e-300, 3.0):
        assert identity(x) == x
        assert grad(identity)(x) == (x != 0)


@claim(
    "At $a = 1$ the start is already good enough, the loop never runs, and the result does not "
    r"depend on $a$: the slope is 0, not $\tfrac12$. Values that have converged do not vouch for "
    "slopes: in the next cell the slope is the less exact of the two each time."
)
def loops_that_stop(notebook):
    root = notebook["root"]
    assert (root(1.0), grad(root)(1.0)) == (1, 0)
    for a in (1.0, 1.0001, 2.0):
        value_off = abs(root(a) / np.sqrt(a) - 1)
        slope_off = abs(grad(root)(a) * 2 * np.sqrt(a) - 1)
        assert slope_off > 5 * value_off


@claim(
    "At 0 the relu has no derivative. This machine shares a tie and says 0.5; for the same "
    "function, written `np.where(x > 0, x, 0)`, it says 0.",
    "Where the function is flat between jumps, its slope is 0: right, and useless for descent. On "
    "a jump there is no slope, and the machine says 0 all the same.",
)
def kink_and_staircase():
    relu = grad(lambda x: np.maximum(x, 0.0))
    assert (relu(-1e-300), relu(0.0), relu(1e-300)) == (0, 0.5, 1)
    other = grad(lambda x: np.where(x > 0, x, 0))
    assert (other(-1e-300), other(0.0), other(1e-300)) == (0, 0, 1)
    steps = grad(lambda x: np.floor(10 * x))
    assert np.floor(10 * 0.4) == 4 > np.floor(10 * (0.4 - 1e-9))
    assert steps(0.4) == 0
    for x in (0.37, -1.21, 5.55):
        assert steps(x) == 0
        assert np.floor(10 * (x + 1e-6)) == np.floor(10 * x)


@claim(
    "An array that is overwritten later (`step *= 0.5` in a loop) is used with its last value: the "
    "value of the function is right and the slope is wrong, without a word. Write `step = 0.5 * "
    "step`.",
    "a change in place of an array that is itself traced are named.",
)
def changed_in_place(notebook):
    x = np.array([2.0, 3.0])
    value, slope = value_and_grad(notebook["overwritten"])(x)
    assert value == notebook["overwritten"](x) == 1.75 * 5
    # Three times the last step, 1/8.
    np.testing.assert_array_equal(slope, [0.375, 0.375])

    def renewed(x):
        step, s = np.ones(2), 0.0
        for _ in range(3):
            s = s + np.sum(step * x)
            step = 0.5 * step
        return s

    np.testing.assert_array_equal(grad(renewed)(x), [1.75, 1.75])
    for change in (operator.iadd, operator.isub, operator.imul, operator.itruediv):
        with pytest.raises(TypeError, match="is not changed in place: write x = x"):
            grad(lambda x, change=change: np.sum(change(x, 1.0)))(x)
    with pytest.raises(TypeError, match="does not support item assignment"):
        grad(lambda x: operator.setitem(x, 0, 1.0))(x)


@claim("Real numbers in double precision; functions that change no array in place.")
def double_precision():
    assert grad(np.sum)([1, 2]).dtype == np.float64
    assert vjp(np.sin, np.float32(1))[0].dtype == np.float64
    with pytest.raises(TypeError, match="real numbers"):
        grad(lambda x: x * 1j)(1.0)
