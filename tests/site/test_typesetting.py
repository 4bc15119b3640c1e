"""Formulas become MathML that browsers draw as TeX would, in letters that the font has."""

import html
import re

import pytest
from calculus_book.typesetting import in_alphabet, mathml
from make_math_font import characters

from tests.conftest import SITE
from tests.site.pages import all_pages

THIN = '<mspace width="0.167em"></mspace>'


def inside(tex):
    """A formula's MathML without the element around it."""
    return re.fullmatch(r"<math>(.*)</math>", mathml(tex))[1]


def test_a_formula_is_one_element():
    assert mathml("x^2") == "<math><msup><mi>x</mi><mn>2</mn></msup></math>"
    assert mathml("x", display=True) == '<math display="block"><mi>x</mi></math>'


@pytest.mark.parametrize(
    ("tex", "letters"),
    [
        (r"\mathbb{R}\mathbb{E}", ["ℝ", "𝔼"]),
        (r"\mathbf{x}\boldsymbol{\theta}", ["𝐱", "𝜽"]),
        (r"\mathcal{N}\mathcal{L}", ["𝒩", "ℒ"]),
        (r"\mathbf{1}\mathsf{T}", ["𝟏", "𝖳"]),
    ],
)
def test_alphabets_are_letters_of_their_own(tex, letters):
    assert re.findall(r"<m[in]>(.*?)</m[in]>", mathml(tex)) == letters


def test_what_has_no_letter_in_an_alphabet_stays():
    assert in_alphabet("a+ħ", "bold") == "𝐚+ħ"
    assert in_alphabet("h", "italic") == "ℎ"
    with pytest.raises(ValueError, match="no alphabet of browsers is called 'cursive'"):
        in_alphabet("x", "cursive")


@pytest.mark.parametrize("tex", ["v = -x", "(-x)", "-x", "a, -x", r"\lVert -x \rVert", "y = a -x"])
def test_a_sign_belongs_to_what_follows_unless_something_stands_before(tex):
    sign = re.search(r"<mo([^>]*)>−</mo>", mathml(tex))[1]
    assert ('lspace="0" rspace="0"' in sign) == ("a -" not in tex)


def test_a_difference_keeps_its_space():
    for tex in ("(x) - y", r"\lVert x \rVert - y", "|x| - y", "x! - y"):
        assert "<mo>−</mo>" in mathml(tex), tex


def test_scripts_and_fractions_in_a_line_have_no_space():
    assert 'lspace="0" rspace="0">=</mo>' in inside("x_{r = 0}")
    assert 'lspace="0" rspace="0">/</mo>' in inside("a / b")
    assert "<mo>=</mo>" in inside("r = 0")


def test_a_prime_is_not_raised_twice():
    assert inside("L'") == '<mrow><mi>L</mi><mo lspace="0" rspace="0">′</mo></mrow>'
    assert "″" in inside("L''(x)")
    assert inside("L^2").startswith("<msup>")


def test_names_of_functions_stand_apart():
    assert inside(r"2\sin\theta") == f"<mn>2</mn>{THIN}<mi>sin</mi><mo>\u2061</mo>{THIN}<mi>θ</mi>"
    assert THIN not in inside(r"\operatorname{softmax}(z)")
    assert THIN not in inside(r"(\sin(x))")
    assert THIN not in inside(r"\bigl( \cos(x) \bigr)")
    assert inside(r"p \log^2 p").count(THIN) == 2


def test_columns_say_in_each_cell_where_it_stands():
    lines = mathml(r"\begin{aligned} f &= x \\ &= y \end{aligned}", display=True)
    assert 'class="cml-aligned"' in lines
    assert lines.count('<mtd class="cml-right">') == lines.count('<mtd class="cml-left">') == 2
    matrix = mathml(r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", display=True)
    assert 'class="cml-array"' in matrix
    assert matrix.count("<mtd>") == 4


def test_a_slip_is_named():
    with pytest.raises(ValueError, match=r"the formula '\\frac\{1' cannot be typeset: Missing"):
        mathml(r"\frac{1")
    with pytest.raises(ValueError, match=r"cannot be typeset: Undefined control sequence \\foo"):
        mathml(r"\foo")


@pytest.mark.parametrize("name", all_pages())
def test_the_font_has_each_character(site, name):
    page = (SITE / name).read_text(encoding="utf-8")
    formulas = "".join(re.findall(r"<math.*?</math>", page, re.DOTALL))
    texts = html.unescape(re.sub(r"<[^>]*>", "", formulas))
    assert {c for c in texts if ord(c) not in characters()} <= {"\n"}
