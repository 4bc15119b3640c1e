"""Reads a chapter's ``equations.py`` without running it: for the page that shows the checks."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mutants import mutants

_PARAMETERS = ("label", "latex")


@dataclass(frozen=True)
class Entry:
    """One equation as its file states it; ``check`` is "" where it has none."""

    label: str
    latex: str
    by: str
    resolution: float | None
    equivalent: int
    formula: str
    check: str
    about: str
    mutants: int

    @property
    def caught(self):
        """How many wrong versions of the formula the tests demand that the check notices."""
        return self.mutants - self.equivalent

    @property
    def summary(self):
        """By what the equation is checked, and how exactly where that is a simulation."""
        return by_words(self.by, self.resolution)


def by_words(by, resolution):
    """What stands behind "checked by": the means, and its resolution if it has one."""
    return by if resolution is None else f"{by}, to {100 * resolution:.3g} %"


def read(path):
    """The entries of one file by label. ``ValueError`` names file, line and what is wanted."""
    text = path.read_text(encoding="utf-8")
    functions = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]
    checks = {}
    for function in functions:
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Attribute) and decorator.attr == "check":
                checks[decorator.value.id] = function
    found = {}
    for function in functions:
        given = _given(function, path)
        if given is None:
            continue
        check = checks.get(function.name)
        label = given["label"]
        if label in found:
            raise ValueError(f"{path}, line {function.lineno}: the label {label} is taken already")
        found[label] = Entry(
            label=label,
            latex=given["latex"],
            by=given.get("by", ""),
            resolution=given.get("resolution"),
            equivalent=len(given.get("equivalent", {})),
            formula=_source(text, function),
            check=_source(text, check) if check else "",
            about=" ".join((ast.get_docstring(check) or "").split()) if check else "",
            mutants=len(mutants(function, given.get("resolution") or 1e-3)),
        )
    return found


def _given(function, path):
    """What ``@equation(…)`` was given, by parameter; None for another function."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "equation":
            break
    else:
        return None
    written = dict(zip(_PARAMETERS, decorator.args, strict=False))
    written |= {keyword.arg: keyword.value for keyword in decorator.keywords}
    try:
        given = {name: ast.literal_eval(value) for name, value in written.items()}
    except ValueError as problem:
        raise ValueError(
            f"{path}, line {function.lineno}: @equation wants plain strings and numbers"
        ) from problem
    missing = [name for name in _PARAMETERS if name not in given]
    if missing:
        raise ValueError(f"{path}, line {function.lineno}: @equation lacks {missing[0]}")
    return given


def _source(text, function):
    """The function's text without its decorators."""
    return ast.get_source_segment(text, function)
