"""Answer checks: ``check("derivatives-3", answer)`` says right, or what differs and where.

The exercises of a chapter stand in the module of its name in this package.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from helpers.exercises._engine import Exercise, Verdict, judge

__all__ = ["Exercise", "Verdict", "check", "exercises"]


@cache
def exercises():
    """All exercises of the book by name: {"derivatives-1": Exercise(...), ...}."""
    found = {}
    for module in iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        for exercise in import_module(f"{__name__}.{module.name}").EXERCISES:
            if exercise.name in found:
                raise ValueError(f"exercise name {exercise.name!r} is taken already")
            found[exercise.name] = exercise
    return found


def check(name, answer):
    """Judge an answer; the ``Verdict`` is true when it is right and shows as one sentence.

    ``answer`` is what the exercise asks for: a number, an array, a word, or a function. Nothing
    that a reader can answer raises: an empty, crashing, wrongly typed, wrongly shaped or NaN
    answer, and a name that does not exist, get a sentence too.
    """
    known = exercises()
    if not isinstance(name, str) or name not in known:
        chapter = str(name).rpartition("-")[0]
        near = [n for n in known if n.startswith(f"{chapter}-")] or list(known)
        return Verdict(False, f"There is no exercise {name!r}; there are {', '.join(near)}.")
    return judge(known[name], answer)
