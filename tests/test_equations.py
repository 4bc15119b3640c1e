"""Every labelled equation of the book has a check, every check has an equation, and each passes."""

import importlib
import re
from pathlib import Path

import nbformat
import pytest

from tests.equations import CHECKS

ROOT = Path(__file__).resolve().parents[1]
for _path in sorted((ROOT / "tests" / "equations").glob("[a-z]*.py")):
    importlib.import_module(f"tests.equations.{_path.stem}")

_DISPLAY = re.compile(r"\$\$(.+?)\$\$(?:[ \t]*\(([^)\s]+)\))?", re.DOTALL)
_DERIVATIVE = re.compile(r"\\partial|\\nabla|\\mathrm\{d\}|\\frac\{d|'\(|\)'")


def _texts():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                yield path.stem, cell.source
    for path in sorted((ROOT / "book").glob("*.md")):
        yield path.stem, path.read_text(encoding="utf-8")


def _labels():
    return [label for _, text in _texts() for _, label in _DISPLAY.findall(text) if label]


def test_every_labelled_equation_has_a_check_and_the_other_way_round():
    promised = {label for label in _labels() if label.startswith("eq-")}
    assert promised, "the chapters carry no labelled equation"
    assert promised - set(CHECKS) == set(), "labels without a check"
    assert set(CHECKS) - promised == set(), "checks without a label"


def test_no_label_is_given_twice():
    labels = _labels()
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(("stem", "text"), list(_texts()))
def test_displayed_derivatives_carry_a_label(stem, text):
    bare = [m for m, label in _DISPLAY.findall(text) if _DERIVATIVE.search(m) and not label]
    assert bare == [], f"{stem}: a displayed derivative has no label"


@pytest.mark.parametrize("label", sorted(CHECKS))
def test_equation(label):
    check = CHECKS[label]
    assert check.__doc__, f"the check of {label} has no docstring to show to readers"
    check()
