"""The list of chapters: read from ``_toc.yml``, and told in a sentence where it cannot be."""

import json
import re

import pytest
from chapters import Chapter, chapter, chapter_of_page, chapters, check_name

TOC = """format: jb-book
root: book/index
parts:
  - caption: Start here
    chapters:
      - file: book/how-to-use
  - caption: I Calculus
    chapters:
      - file: notebooks/01-derivatives
      - file: {other}
"""


def book(tmp_path, other="notebooks/02-loss-functions", text="# Derivatives\n\n**How fast?**\n"):
    (tmp_path / "_toc.yml").write_text(TOC.format(other=other), encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    cells = [{"cell_type": "markdown", "source": text}, {"cell_type": "code", "source": "1"}]
    (tmp_path / "notebooks" / "01-derivatives.ipynb").write_text(json.dumps({"cells": cells}))
    return tmp_path


def test_an_entry_is_a_chapter_with_all_that_follows_from_it(tmp_path):
    first, second = chapters(book(tmp_path))
    assert (first.number, first.name, first.part) == (1, "derivatives", "I Calculus")
    assert str(second) == "chapter 2, loss-functions,"
    assert second.package == "loss_functions"
    assert second.page == "notebooks/02-loss-functions.html"
    assert second.notebook == tmp_path / "notebooks" / "02-loss-functions.ipynb"
    assert second.tests == tmp_path / "tests" / "chapters" / "loss_functions"
    assert second.sources == tmp_path / "src" / "helpers" / "chapters" / "loss_functions"
    assert (first.title, first.question) == ("Derivatives", "How fast?")
    assert first.texts == ("# Derivatives\n\n**How fast?**\n",)
    assert chapter("derivatives", tmp_path) == first


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("notebooks/loss", "must read like notebooks/15-convolution, got notebooks/loss"),
        ("notebooks/2-Loss", "must read like notebooks/15-convolution, got notebooks/2-Loss"),
        ("notebooks/01-losses", "the number 1 is given to two chapters"),
        ("notebooks/02-derivatives", "the name derivatives is given to two chapters"),
    ],
)
def test_an_entry_that_is_none_is_named(tmp_path, other, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        chapters(book(tmp_path, other))


def test_a_page_is_a_chapters_or_none():
    for each in chapters():
        assert chapter_of_page(each.docname) == each
    assert chapter_of_page("book/index") is None


def test_a_chapter_that_is_not_there_is_said_with_those_that_are(tmp_path):
    with pytest.raises(ValueError, match="no chapter 'x'; there are derivatives, loss-functions"):
        chapter("x", book(tmp_path))


@pytest.mark.parametrize(
    ("text", "part", "words"),
    [
        ("Derivatives", "title", r"01-derivatives.ipynb: the first cell must start with a heading"),
        ("# Derivatives", "question", "must state its question in bold below the title"),
    ],
)
def test_a_notebook_without_title_or_question_is_told_so(tmp_path, text, part, words):
    with pytest.raises(ValueError, match=words):
        getattr(chapters(book(tmp_path, text=text))[0], part)


@pytest.mark.parametrize("name", ["Convolution", "con volution", "", "a_b", "-a", "7"])
def test_a_name_that_cannot_be_a_chapters_is_refused(name):
    with pytest.raises(ValueError, match="NAME must be small letters joined by hyphens"):
        check_name(name)
    assert isinstance(Chapter(1, "a", "I", "notebooks/01-a"), Chapter)
