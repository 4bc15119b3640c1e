"""Answer checks: ``check("derivatives-3", answer)`` says right, or what differs and where.

An exercise is called by its chapter and a number; it stands in that chapter's ``exercises`` module,
and nothing else is imported to judge it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from helpers import chapters
from helpers.exercises.engine import Exercise, Verdict, judge

__all__ = ["Exercise", "Verdict", "check", "exercises"]


@cache
def exercises(chapter):
    """The exercises of a chapter by name: {"derivatives-1": Exercise(...), ...}.

    ``ValueError`` where there is no such chapter, an exercise does not carry the chapter's name,
    or a name is given twice.
    """
    package = chapter.replace("-", "_")
    if package not in _packages():
        raise ValueError(f"there is no chapter {chapter!r}")
    listed = import_module(f"helpers.chapters.{package}.exercises").EXERCISES
    found = {exercise.name: exercise for exercise in listed}
    if len(found) < len(listed):
        raise ValueError(f"two exercises of the chapter {chapter} have the same name")
    strange = [name for name in found if not name.startswith(f"{chapter}-")]
    if strange:
        raise ValueError(f"exercise {strange[0]!r} must be called {chapter}-…")
    return found


def check(name, answer):
    """Judge an answer; the ``Verdict`` is true when it is right and shows as one sentence.

    ``answer`` is what the exercise asks for: a number, an array, a word, or a function. Nothing
    that a reader can answer raises: an empty, crashing, wrongly typed, wrongly shaped or NaN
    answer, and a name that does not exist, get a sentence too.
    """
    names = sorted(package.replace("_", "-") for package in _packages())
    of_chapter = [c for c in names if isinstance(name, str) and name.startswith(f"{c}-")]
    if not of_chapter:
        listed = ", ".join(f"{c}-…" for c in names)
        return Verdict(False, f"There is no exercise {name!r}; there are {listed}.")
    # One chapter's name may begin with another's: the longer one is meant.
    known = exercises(max(of_chapter, key=len))
    if name not in known:
        return Verdict(False, f"There is no exercise {name!r}; there are {', '.join(known)}.")
    return judge(known[name], answer)


@cache
def _packages():
    return tuple(module.name for module in iter_modules(chapters.__path__))
