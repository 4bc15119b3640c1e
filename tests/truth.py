"""What ties the book's words to evidence: equations, claims, and the regimes that readings name.

A chapter's ``equations.py`` holds, for each labelled equation, its LaTeX, its formula as a function
and a check that gets this function::

    @equation("eq-derivatives-square", r"\\frac{(x+h)^2 - x^2}{h} = 2x + h", by="expansion")
    def square(x, h):
        return 2 * x + h

    @square.check
    def check_square(formula):
        \"\"\"The quotient of x² at nine pairs of x and h.\"\"\"
        ...

Its ``claims.py`` holds what the text says and no cell prints::

    @claim("the two curves on the right are the same line")
    def same_line():
        assert ...
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
import warnings
import zlib
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from mutants import SCALED, SMALL, mutants, scaled

#: How many generators a claim about chance is given, that nobody chose for the page.
SEEDS = 5


@dataclass
class Equation:
    """A labelled equation: LaTeX, formula, and the check that the formula has to pass."""

    label: str
    latex: str
    formula: object
    by: str
    resolution: float | None = None
    equivalent: dict = field(default_factory=dict)
    checked_by: object = None

    def check(self, function):
        """Register ``function(formula)`` as the check."""
        self.checked_by = function
        return function

    def __call__(self, *arguments, **named):
        return self.formula(*arguments, **named)

    @property
    def place(self):
        """File and line, for messages."""
        code = self.formula.__code__
        return f"{code.co_filename}, line {code.co_firstlineno}"

    def mutants(self):
        """The wrong versions of the formula that the check has to notice, and the harmless ones."""
        tree = ast.parse(textwrap.dedent(inspect.getsource(self.formula))).body[0]
        return mutants(tree, self.resolution or SMALL)

    def survives(self, mutant):
        """Whether the check passes on a mutant."""
        space = dict(self.formula.__globals__) | {SCALED: scaled}
        exec(compile(mutant.code, f"mutant of {self.label}", "exec"), space)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                self.checked_by(space[self.formula.__name__])
            except Exception:  # a mutant that stops has been noticed as well
                return False
        return True


def equation(label, latex, *, by, resolution=None, equivalent=None):
    """Make a function the formula of an equation.

    ``latex`` is the display's content, as the page has it; ``by`` names the independent means of
    the check. ``resolution`` is the smallest relative change that a check by simulation notices.
    ``equivalent`` maps the name of a mutant that is no change at all to the reason.
    """

    def register(function):
        return Equation(label, latex, function, by, resolution, dict(equivalent or {}))

    return register


@dataclass(frozen=True)
class Claim:
    """Words of a chapter, quoted, and the function that computes whether they are so."""

    quotes: tuple[str, ...]
    function: object

    @property
    def name(self):
        """How the function is called."""
        return self.function.__name__

    def run(self, notebook):
        """Compute it; ``notebook()`` gives the names that the executed notebook left."""
        wanted = inspect.signature(self.function).parameters
        given = {}
        if "notebook" in wanted:
            given["notebook"] = notebook()
        if "seeds" in wanted:
            given["seeds"] = tuple(
                zlib.crc32(f"{self.quotes[0]}{i}".encode()) for i in range(SEEDS)
            )
        self.function(**given)


def claim(*quotes):
    """Register a function as the evidence for the quoted words of its chapter.

    Without parameters, or with ``notebook`` (the names that the executed notebook left) or
    ``seeds`` (whole numbers that the author did not choose).
    """

    def register(function):
        function.claim = Claim(quotes, function)
        return function

    return register


def regime(*words):
    """Register a function as the evidence for where the words of a reading begin to hold."""

    def register(function):
        function.regime = words
        return function

    return register


@cache
def equations_of(chapter):
    """The equations of a chapter by label."""
    found = [v for v in vars(_module(chapter, "equations")).values() if isinstance(v, Equation)]
    return {entry.label: entry for entry in found}


@cache
def claims_of(chapter):
    """The claims of a chapter."""
    members = vars(_module(chapter, "claims")).values()
    return tuple(m.claim for m in members if hasattr(m, "claim"))


@cache
def regimes_of(chapter):
    """The functions behind the regimes that a chapter's readings name, by their words."""
    members = vars(_module(chapter, "claims")).values()
    return {word: m for m in members if hasattr(m, "regime") for word in m.regime}


def _module(chapter, name):
    return importlib.import_module(f"tests.chapters.{chapter.package}.{name}")


def words(text):
    """``text`` with every run of white space as one space: how quotes are compared."""
    return re.sub(r"\s+", " ", text).strip()


def asserts(function):
    """Whether a function's code holds an assertion."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    named = re.compile(r"assert|raises|warns|check_")
    return any(
        isinstance(node, ast.Assert)
        or (isinstance(node, ast.Call) and named.search(ast.unparse(node.func)))
        for node in ast.walk(tree)
    )
