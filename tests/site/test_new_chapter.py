"""A chapter that ``make chapter`` lays out builds, and its tests say in sentences what it lacks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

#: A book of one chapter: the others need not be executed to build this one.
TOC = """format: jb-book
root: book/notation
parts:
  - caption: III Applications
    chapters:
      - file: notebooks/15-convolution
"""
#: What is missing from an empty chapter, each in the sentence that says so.
SENTENCES = (
    "chapter 15, convolution, has no exercise that asks for code",
    "chapter 15, convolution, has 0 exercises; at least 6 are wanted",
    "chapter 15, convolution, has no labelled equation",
    "chapter 15, convolution, has no claim that is computed in its claims.py",
    "chapter 15, convolution, has not a section on what breaks",
    "chapter 15, convolution, has not a summary",
    "chapter 15, convolution, checks no gradient in a cell",
    "chapter 15, convolution, does not say in DIFFERENTIATES of its __init__.py which functions",
)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A copy of the repository, and how to run a command in it."""
    folder = tmp_path_factory.mktemp("book") / "copy"
    away = shutil.ignore_patterns(
        ".git", ".venv", "_build", ".*_cache", ".hypothesis", "*.egg-info"
    )
    shutil.copytree(ROOT, folder, ignore=away)

    def run(*command):
        environment = os.environ | {"PYTHONPATH": str(folder / "src")}
        # The workers of the session that runs this test are none of the copy's business.
        environment = {k: v for k, v in environment.items() if not k.startswith("PYTEST")}
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env=environment
        )

    # The environment is this one, and stays installed for the repository, not for the copy.
    stamp = f"--old-file={_environment() / '.book'}"
    laid_out = run("make", stamp, "chapter", "N=15", "NAME=convolution", f"VENV={_environment()}")
    assert laid_out.returncode == 0, laid_out.stdout + laid_out.stderr
    return folder, run


def _environment():
    return Path(sys.executable).parents[1]


def test_the_chapter_is_listed_in_its_place(book):
    folder, _ = book
    entries = [
        line.split()[-1]
        for line in (folder / "_toc.yml").read_text(encoding="utf-8").splitlines()
        if "notebooks/" in line
    ]
    assert entries[-1] == "notebooks/15-convolution"
    assert entries == sorted(entries)


def test_its_tests_say_what_is_missing(book):
    _, run = book
    answer = run(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
        "-m", "not site", "--chapter", "convolution", "tests/chapters",
    )  # fmt: skip
    assert answer.returncode == 1, answer.stdout + answer.stderr
    for sentence in SENTENCES:
        assert sentence in answer.stdout, f"nothing says: {sentence}"


def test_it_builds_and_its_slider_moves(book):
    folder, run = book
    (folder / "_toc.yml").write_text(TOC, encoding="utf-8")
    built = run(Path(sys.executable).with_name("jupyter-book"), "build", ".")
    assert built.returncode == 0, built.stdout + built.stderr
    page = folder / "_build" / "html" / "notebooks" / "15-convolution.html"
    html = page.read_text(encoding="utf-8")
    assert "cml-packed" in html
    assert "The line rises by 1 for each unit." in html


@pytest.mark.parametrize(
    ("number", "name", "words"),
    [
        ("13", "convolution", "chapter 13, attention, is there already"),
        ("15", "attention", "chapter 13, attention, is there already"),
        ("x", "convolution", "N must be the chapter's number, such as 15, got 'x'"),
        ("20", "convolution", "N must be at most 19, the last chapter, got 20"),
        ("15", "Con volution", "NAME must be small letters joined by hyphens"),
    ],
)
def test_a_number_or_a_name_that_cannot_be_is_said(number, name, words):
    answer = subprocess.run(
        [sys.executable, "book/_tools/new_chapter.py", number, name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
