"""What every chapter must have; each thing that is missing is named in a sentence."""

import importlib
import inspect
import re

import nbformat
import pytest
from chapters import chapters

import notebooks as tool
from helpers.exercises import exercises
from tests.conftest import ROOT
from tests.truth import claims_of

#: What a page at a desk shows of a line of code or output; longer ones are cut off on the right.
WIDEST_LINE = 79
#: Parts of a chapter: words that its text holds, and what is missing where it does not.
PARTS = {
    "**After this you can**": "what the reader can do after it",
    "Predict": "questions to predict first",
    "What breaks": "a section on what breaks",
    "## Exercises": "a section of exercises",
    "## Summary": "a summary",
    "simplified": "a word on what it simplifies",
    "Sources": "its sources",
    "corrected": "a common claim that it corrects",
    "by hand": "a number to check by hand",
}


def cells(chapter, kind):
    return [c for c in nbformat.read(chapter.notebook, as_version=4).cells if c.cell_type == kind]


def test_the_notebook_is_in_the_committed_form(chapter):
    notebook = nbformat.read(chapter.notebook, as_version=4)
    written = chapter.notebook.read_text(encoding="utf-8")
    assert written == tool.text(tool.normalize(notebook, chapter.name)), (
        f"the notebook of {chapter} is not in the committed form: run 'make notebooks'"
    )
    types = {t for c in notebook.cells for o in c.get("outputs", []) for t in o.get("data", {})}
    assert types <= {"text/plain"}


@pytest.mark.parametrize("part", PARTS, ids=PARTS.values())
def test_the_text_has_every_part(chapter, part):
    assert part in "\n".join(chapter.texts), f"{chapter} has not {PARTS[part]} ({part!r})"


def test_the_text_is_as_long_as_a_chapter(chapter):
    count = len("\n".join(chapter.texts).split())
    assert 1500 <= count <= 4600, f"{chapter} has {count} words; 1,500 to 4,600 are wanted"


def test_there_are_six_exercises(chapter):
    count = len(exercises(chapter.name))
    assert count >= 6, f"{chapter} has {count} exercises; at least 6 are wanted"


def test_an_exercise_asks_for_code(chapter):
    code = [e for e in exercises(chapter.name).values() if callable(e.answer)]
    assert code, f"{chapter} has no exercise that asks for code"


def test_an_exercise_knows_slips_and_says_why(chapter):
    for exercise in exercises(chapter.name).values():
        assert exercise.slips, f"{exercise.name} knows no typical slip"
        assert exercise.praise, f"{exercise.name} does not say why the right answer is right"


def test_every_exercise_is_asked_and_solved_in_the_notebook(chapter):
    asked = [c for c in cells(chapter, "code") if "check(" in c.source]
    solutions = [c for c in asked if "hide-cell" in c.metadata.get("tags", [])]
    for name in exercises(chapter.name):
        stubs = [c for c in asked if f'"{name}"' in c.source and c not in solutions]
        assert any("not answered yet" in str(c.outputs) for c in stubs), f"{name} is never asked"
        if "-predict" in name:
            continue  # the figure below it answers
        solved = [c for c in solutions if f'"{name}"' in c.source]
        assert solved, f"{name} has no folded solution"
        assert any("assert " in c.source for c in solved), f"the solution of {name} asserts nothing"
    # JupyterLab shows the first line of a folded cell: it must not give the solution away.
    assert all(c.source.startswith("# Solution\n") for c in solutions)


def test_a_reader_can_commit_to_a_prediction_before_the_first_figure(chapter):
    code = [c.source for c in cells(chapter, "code")]
    figures = (i for i, source in enumerate(code) if "explore(" in source)
    first = next(figures, len(code))
    assert any(f'check("{chapter.name}-' in source for source in code[:first]), (
        f'{chapter} asks for no prediction (check("{chapter.name}-…", …)) before its first figure'
    )


def test_cells_are_run_narrow_and_not_exempted(chapter):
    code = cells(chapter, "code")
    assert not any("ignore" in t or "skip" in t for c in code for t in c.metadata.get("tags", []))
    shown = [c.source for c in code] + [o.text for c in code for o in c.outputs if "text" in o]
    wide = [line for text in shown for line in text.split("\n") if len(line) > WIDEST_LINE]
    assert wide == []
    source = "\n".join(c.source for c in code)
    for banned in ("sys.path", "random.seed"):
        assert banned not in source, f"{chapter} uses {banned} in a cell"


def test_the_derivation_is_checked_in_sight(chapter):
    source = "\n".join(c.source for c in cells(chapter, "code"))
    assert re.search(r"check_gradient\(|check_vjp\(", source), (
        f"{chapter} checks no gradient in a cell"
    )


def test_it_shows_a_figure_that_moves(chapter):
    source = "\n".join(c.source for c in cells(chapter, "code"))
    assert "explore(" in source, f"{chapter} has no figure that moves"


def test_every_drawing_is_shown_and_described(chapter):
    figures = importlib.import_module(f"helpers.chapters.{chapter.package}.figures")
    source = "\n".join(c.source for c in cells(chapter, "code"))
    drawings = [f for n, f in inspect.getmembers(figures) if n.startswith("draw_")]
    assert drawings, f"{chapter} has no drawing in its figures.py"
    for draw in drawings:
        assert draw.__name__ in source, f"{chapter} never shows {draw.__name__}"
        first = (draw.__doc__ or "").split("\n")[0]
        assert len(first) > 40, f"{draw.__name__} of {chapter} is not described in its first line"
        assert first.endswith("."), f"{draw.__name__} of {chapter} is not described in a sentence"


def test_it_computes_what_it_claims(chapter):
    assert claims_of(chapter), f"{chapter} has no claim that is computed in its claims.py"


def test_what_it_differentiates_has_a_product_with_its_jacobian(chapter):
    package = importlib.import_module(f"helpers.chapters.{chapter.package}")
    named = getattr(package, "DIFFERENTIATES", None)
    assert named is not None, (
        f"{chapter} does not say in DIFFERENTIATES of its __init__.py which functions of "
        "helpers.mathematics it differentiates"
    )
    for name in named:
        module, _, function = name.rpartition(".")
        module = importlib.import_module(f"helpers.mathematics.{module}")
        assert hasattr(module, function), f"{chapter}: there is no {name} in helpers.mathematics"
        assert hasattr(module, f"{function}_vjp"), (
            f"{chapter}: {name} has no {function}_vjp beside it"
        )
        (first, *_) = inspect.signature(getattr(module, f"{function}_vjp")).parameters
        assert first == "upstream", f"{function}_vjp takes {first} first; upstream is wanted"


def test_every_product_with_a_jacobian_stands_beside_its_function():
    for path in sorted((ROOT / "src" / "helpers" / "mathematics").glob("*.py")):
        names = set(re.findall(r"^def (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        for name in names - {"check_vjp"}:
            base = name.removesuffix("_vjp")
            assert name == base or base in names, f"{path.name}: {name} stands without {base}"


def test_every_chapter_of_the_list_has_its_files_and_every_file_a_chapter():
    notebooks = {c.notebook for c in chapters()}
    assert set((ROOT / "notebooks").glob("*.ipynb")) == notebooks
    for folder, wanted in (
        (ROOT / "src" / "helpers" / "chapters", {c.sources for c in chapters()}),
        (ROOT / "tests" / "chapters", {c.tests for c in chapters()}),
    ):
        found = {p.parent for p in folder.glob("*/__init__.py")}
        assert found == wanted, f"{folder.relative_to(ROOT)} and _toc.yml list different chapters"
