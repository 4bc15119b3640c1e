"""The ties between words and evidence hold: a lax check, an empty claim, a bare number fall."""

import ast
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from mutants import mutants

from tests import prose
from tests.truth import Claim, Equation, asserts, claim, equation


def made(code, small=1e-3):
    return {m.name: m.code for m in mutants(ast.parse(code).body[0], small)}


def names_of(code, small=1e-3):
    return set(made(code, small))


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("def f(a, b):\n return a - b", {"a - b → a + b", "a - b → a", "a - b → -b"}),
        ("def f(a, b):\n return a * b + 1", {"a * b → a / b", "a * b → a", "a * b → b", "1 → 2"}),
        ("def f(a, b):\n return a / b", {"a / b → a * b", "a / b → 1 / b", "a, b → b, a"}),
        ("def f(a):\n return 4 * a", {"4 → 4.004", "4 → 3.996", "4 → 5", "4 → 3", "4 * a → a"}),
        ("def f(a):\n return -a ** 2", {"-a ** 2 → a ** 2", "2 → 3", "a ** 2 → a", "a → a ** 2"}),
        ("def f(A, x):\n return A.T @ x", {"A.T → A", "A.T @ x → x @ A.T"}),
        ("def f(x):\n return np.sin(x)", {"np.sin(x) → np.cos(x)", "np.sin(x) → x"}),
        ("def f(u, v):\n return np.where(u, u, v)", {"u, v → v, u"}),
        ("def f(a):\n return (a, 2 * a)", {"a → 1.001 · (a)", "2 * a → -1 · (2 * a)"}),
        ("def f(a, b):\n return a < b", {"a < b → a <= b", "a < b → a > b"}),
    ],
)
def test_each_kind_of_change_is_tried(code, wanted):
    assert wanted <= names_of(code)


def test_a_change_of_order_is_no_change():
    assert not any("a, b" in name for name in names_of("def f(a, b):\n return 3 * a * b"))
    assert not any("a, b" in name for name in names_of("def f(a, b):\n return a + b + 1"))
    assert "a, b → b, a" in names_of("def f(a, b):\n return a - b")


def test_no_mutant_is_made_twice_and_each_is_another_function():
    code = "def f(a, b):\n return (a - b) / (2 * b) + np.sqrt(a)"
    found = made(code)
    assert len(set(found.values())) == len(found) > 20
    space = {"np": np, "_scaled": lambda v, k: v * k}
    for name, text in found.items():
        exec(text, space)
        assert space["f"](2.3, 0.7) != pytest.approx((2.3 - 0.7) / 1.4 + np.sqrt(2.3), rel=1e-6), (
            name
        )


def test_a_program_is_changed_by_whole_steps_only():
    code = "def f(a):\n return a + 1e-12"
    assert not any("1.001" in name for name in names_of(code, small=None))


def floor(η, tr_C, b):
    return η * tr_C / (4 * b)


def entry(formula, check, **options):
    found = Equation("eq-test", "x", formula, "a check", **options)
    found.check(check)
    return found


def survivors(found):
    return {m.name for m in found.mutants() if found.survives(m)}


def one_ratio(formula):
    """The review's case: both runs have the same η/b, and the tolerance is 20 %."""
    for η, b, seen in ((0.01, 1, 2.6e-3), (0.02, 2, 2.6e-3)):
        assert np.isclose(formula(η, 1.0, b), seen, rtol=0.2)


def each_symbol(formula):
    for η, tr_C, b in ((0.3, 1.7, 2), (0.6, 1.7, 2), (0.3, 2.9, 2), (0.3, 1.7, 5)):
        assert np.isclose(formula(η, tr_C, b), 0.25 * η * tr_C / b, rtol=1e-6)


def test_a_lax_check_is_found_out():
    living = survivors(entry(floor, one_ratio))
    assert "4 → 4.004" in living
    assert "η * tr_C → η" in living
    assert survivors(entry(floor, each_symbol)) == set()


def test_a_simulation_need_only_notice_what_it_resolves():
    def coarse(formula):
        for η, tr_C, b in ((0.3, 1.7, 2), (0.6, 1.7, 2), (0.3, 2.9, 2), (0.3, 1.7, 5)):
            assert np.isclose(formula(η, tr_C, b), 0.25 * η * tr_C / b, rtol=0.02)

    assert "4 → 4.004" in survivors(entry(floor, coarse))
    assert survivors(entry(floor, coarse, resolution=0.03)) == set()


def test_a_check_that_ignores_its_formula_lets_every_mutant_live():
    found = entry(floor, lambda formula: None)
    assert survivors(found) == {m.name for m in found.mutants()}


def test_a_decorated_formula_can_still_be_called():
    @equation("eq-x", r"2x", by="arithmetic")
    def double(x):
        return 2 * x

    assert double(4) == 8
    assert double.place.startswith(__file__)


def test_a_claim_gets_what_it_asks_for():
    seen = {}

    @claim("the exact words of a page")
    def both(notebook, seeds):
        seen.update(notebook=notebook, seeds=seeds)
        assert True

    assert isinstance(both.claim, Claim)
    both.claim.run(lambda: {"x": 1})
    assert seen["notebook"] == {"x": 1}
    assert len(set(seen["seeds"])) == 5
    before = seen["seeds"]
    both.claim.run(dict)
    assert seen["seeds"] == before


def test_a_function_without_an_assertion_is_no_evidence():
    def empty():
        return 3

    def full():
        assert 3

    def by_numpy():
        np.testing.assert_allclose(1, 1)

    assert [asserts(f) for f in (empty, full, by_numpy)] == [False, True, True]


def page(*cells, printed=""):
    """A stand-in for a chapter with these Markdown cells and one cell that prints."""
    notebook = {"cells": [{"outputs": [{"text": printed}]}]}
    path = SimpleNamespace(read_text=lambda encoding: json.dumps(notebook))

    class Stand(SimpleNamespace):
        __hash__ = object.__hash__

    return Stand(cells=[("markdown", c) for c in cells], notebook=path)


def reasons(text, printed="", quotes=()):
    return [s.text for s in prose.owed(page(text, printed=printed), quotes)]


@pytest.mark.parametrize(
    "text",
    [
        "The error falls by 37 % here.",
        "It takes twice as long.",
        "The loss is $\\kappa = 542$ there.",
        "It needs ten times the steps.",
        "**Try:** 0.4. **See:** both curves are the same line.",
        "There are 9,066 films.",
        "It ends at 1.5×10⁻⁸ in the end.",
    ],
)
def test_a_sentence_with_a_bare_number_or_a_see_owes_a_claim(text):
    assert len(reasons(text)) == 1


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("The error falls by 37 % here.", "error 0.3712"),
        ("The loss is 0.37 there.", "loss 0.3741"),
        ("It ends at 1.5×10⁻⁸ in the end.", "1.52e-08"),
        ("There are 9,066 films.", "9066 films"),
        ("See {doc}`12-recommender` and chapter 12.", ""),
        ("The function `f(37)` is called.", ""),
        ("Take $f(x) = x^{37}$ and differentiate.", ""),
        ("It was shown in 1951 {cite:p}`robbins1951`.", ""),
        ("Is it 37 or more?", ""),
        ("**Try:** 0.4, then 0.9.", ""),
        ("The 2 ends meet.", ""),
    ],
)
def test_a_printed_number_or_a_word_that_is_no_result_owes_none(text, printed):
    assert reasons(text, printed) == []


def test_a_number_that_is_printed_otherwise_owes_a_claim():
    assert reasons("The loss is 0.38 there.", "loss 0.3741") != []


def test_a_correction_of_a_common_claim_owes_a_claim_until_it_is_quoted():
    text = (
        "```{admonition} A common claim, corrected\n:class: warning\n"
        "*Smooth losses are bowls.* They are not: a saddle is smooth.\n```"
    )
    assert len(reasons(text)) == 1
    assert reasons(text, quotes=["a saddle is smooth"]) == []
    assert reasons(text.replace("corrected", "explained")) == []


def test_exercises_are_judged_by_themselves():
    assert reasons("## Exercises\n\nThe error is 37 here.\n\n## Summary\n\nIt is 38.") == [
        "It is 38."
    ]


def test_the_book_has_no_name_cut_out_of_a_path():
    """Chapters are named by ``_toc.yml``; only its reader takes a name out of an entry."""
    from tests.conftest import ROOT

    cutting = re.compile(r"\.stem\b(?!s)|\bstem\[|rpartition\(\"-\"\)|removesuffix\(\"\.ipynb\"\)")
    allowed = {"mutate.py"}  # modules of the mathematics, which are no chapters
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("src", "book", "tests", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name not in allowed and path.name != "test_truth.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if cutting.search(line)
    ]
    assert found == []
