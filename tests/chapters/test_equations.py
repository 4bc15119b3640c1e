"""Every labelled equation is pinned, has a formula and a check, and the check notices mutants."""

import re
import unicodedata

from chapters import chapters

from tests.conftest import ROOT
from tests.truth import equations_of

_DISPLAY = re.compile(r"\$\$(.+?)\$\$(?:[ \t]*\(([^)\s]+)\))?", re.DOTALL)
_DERIVATIVE = re.compile(r"\\partial|\\nabla|\\mathrm\{d\}|\\frac\{d|'\(|\)'")


def latex_name(letter):
    """How LaTeX calls a letter: "eta" for η, and "h" for h."""
    family, *_, name = unicodedata.name(letter).split()
    return name.lower().replace("lamda", "lambda") if family == "GREEK" else letter


def displays(texts):
    return [pair for text in texts for pair in _DISPLAY.findall(text)]


def labels(chapter):
    return [label for _, label in displays(chapter.texts) if label]


def test_every_labelled_equation_has_a_formula_and_the_other_way_round(chapter):
    promised = {label for label in labels(chapter) if label.startswith("eq-")}
    place = (chapter.tests / "equations.py").relative_to(ROOT)
    assert promised, f"{chapter} has no labelled equation"
    missing = sorted(promised - set(equations_of(chapter)))
    assert not missing, f"{place}: {missing[0]} has no formula and no check"
    idle = sorted(set(equations_of(chapter)) - promised)
    assert not idle, f"{place}: {idle[0]} is on no page of {chapter}"


def test_no_label_is_given_twice():
    given = [label for c in chapters() for label in labels(c)]
    assert len(given) == len(set(given))


def test_displayed_derivatives_carry_a_label(chapter):
    bare = [m for m, label in displays(chapter.texts) if _DERIVATIVE.search(m) and not label]
    assert bare == [], f"{chapter}: a displayed derivative has no label"


def test_prose_pages_display_no_derivative():
    texts = [p.read_text(encoding="utf-8") for p in sorted((ROOT / "book").glob("*.md"))]
    assert [m for m, _ in displays(texts) if _DERIVATIVE.search(m)] == []


def test_the_pin_is_what_the_page_displays(chapter, label):
    (shown,) = [latex for latex, found in displays(chapter.texts) if found == label]
    pinned = equations_of(chapter)[label]
    assert "".join(pinned.latex.split()) == "".join(shown.split()), (
        f"{pinned.place}: the page displays {label} differently:\n{shown}"
    )


def test_arguments_are_named_as_on_the_page(chapter, label):
    entry = equations_of(chapter)[label]
    code = entry.formula.__code__
    for name in code.co_varnames[: code.co_argcount]:
        if len(name) == 1:
            found = latex_name(name).lower() in entry.latex.lower()
            assert found, f"{entry.place}: the page does not call anything {name}"


def test_the_formula_passes_its_check(chapter, label):
    entry = equations_of(chapter)[label]
    assert entry.checked_by is not None, f"{entry.place}: {label} has a formula and no check"
    assert entry.checked_by.__doc__, (
        f"{entry.place}: the check of {label} does not say what it does"
    )
    entry.checked_by(entry.formula)


def test_the_check_notices_every_mutant(chapter, label):
    entry = equations_of(chapter)[label]
    made = {mutant.name: mutant for mutant in entry.mutants()}
    assert made, f"{entry.place}: the formula of {label} holds nothing that could be wrong"
    unknown = sorted(set(entry.equivalent) - set(made))
    assert not unknown, f"{entry.place}: no mutant of {label} is called {unknown[0]!r}"
    living = [name for name, mutant in made.items() if entry.survives(mutant)]
    noticed = sorted(set(entry.equivalent) - set(living))
    assert not noticed, f"{entry.place}: {noticed[0]!r} is no equivalent of {label}: it is noticed"
    living = [name for name in living if name not in entry.equivalent]
    assert not living, (
        f"{entry.place}: the check of {label} passes on {len(living)} of {len(made)} mutants:"
        "\n  " + "\n  ".join(living)
    )
