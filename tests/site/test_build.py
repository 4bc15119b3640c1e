"""The site's extension: fingerprints, addresses, marks, repairs; and the notebooks' form."""

import re
import shutil
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import equation_files
import pytest
from calculus_book import assets, execution, pages
from calculus_book.icons import STYLE
from chapters import chapters
from packaging.specifiers import SpecifierSet

from tests.conftest import ROOT

#: What a page at a desk shows of a line of code or output; longer ones are cut off on the right.
WIDEST_LINE = 79


@pytest.fixture
def copied(monkeypatch, tmp_path):
    """A copy of the package and of the notebooks, which may be changed."""
    package = tmp_path / "src" / "helpers"
    shutil.copytree(ROOT / "src" / "helpers", package)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    for name in ("_toc.yml", "requirements.txt"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    monkeypatch.setattr(execution, "package_folder", lambda: package)
    return SimpleNamespace(
        change=lambda file: (package / file).write_bytes((package / file).read_bytes() + b"\n"),
        fingerprints=lambda: {c.name: execution.fingerprint(c) for c in chapters(tmp_path)},
    )


@pytest.mark.parametrize(
    ("file", "owe", "do_not"),
    [
        ("mathematics/numdiff.py", {"derivatives", "gradient-descent", "recommender"}, set()),
        ("mathematics/objectives.py", {"gradient-descent"}, {"derivatives", "attention"}),
        ("mathematics/activations.py", {"attention"}, {"derivatives", "recommender"}),
        ("data/penguins.npz", {"gradient-descent"}, {"derivatives", "attention"}),
        ("data/movielens-latest-small-2016.npz", {"recommender"}, {"derivatives", "attention"}),
        ("chapters/derivatives/exercises.py", {"derivatives"}, {"gradient-descent", "attention"}),
        ("chapters/attention/experiments.py", {"attention"}, {"derivatives", "recommender"}),
        ("show/style.py", {c.name for c in chapters()}, set()),
    ],
)
def test_an_execution_is_owed_by_the_notebooks_whose_imports_changed(copied, file, owe, do_not):
    before = copied.fingerprints()
    assert copied.fingerprints() == before
    copied.change(file)
    after = copied.fingerprints()
    owed = {name for name in after if after[name] != before[name]}
    assert owe <= owed
    assert not do_not & owed


def test_a_missing_package_is_said(monkeypatch):
    monkeypatch.setattr(execution, "find_spec", lambda name: None)
    with pytest.raises(Exception, match=r"pip install -r requirements\.txt"):
        execution.package_folder()


def test_a_changed_script_or_style_rebuilds_the_pages(tmp_path):
    folders = [tmp_path / "ours", tmp_path / "generated"]
    for folder in folders:
        folder.mkdir()
        (folder / "a.js").write_text("1")
    before = assets.digest_of(folders)
    assert assets.digest_of(folders) == before
    (folders[1] / "a.js").write_text("2")
    assert assets.digest_of(folders) != before


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({"BOOK_REPOSITORY_URL": "https://github.com/a/b.git"}, "https://github.com/a/b"),
        ({"BOOK_REPOSITORY_URL": "git@github.com:a/b.git"}, "https://github.com/a/b"),
        ({"GITHUB_REPOSITORY": "a/b"}, "https://github.com/a/b"),
        ({"BOOK_REPOSITORY_URL": "/srv/git/b"}, None),
        ({}, None),
    ],
)
def test_binder_gets_an_address_only_where_one_is_known(
    monkeypatch, tmp_path, environment, address
):
    for name in ("BOOK_REPOSITORY_URL", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert assets.repository_url(tmp_path) == address


def test_binder_gets_a_python_that_the_package_supports():
    """Without a runtime.txt Binder takes the newest it knows, which the tests may not have seen."""
    name, version = (ROOT / "runtime.txt").read_text(encoding="utf-8").strip().split("-")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert name == "python"
    assert f"Python {version}, " in (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert version in SpecifierSet(wanted["requires-python"])


def test_the_git_remote_is_an_address_too(monkeypatch, tmp_path):
    monkeypatch.delenv("BOOK_REPOSITORY_URL", raising=False)
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    remote = ["git", "-C", str(tmp_path), "remote", "add", "origin", "git@github.com:x/y.git"]
    subprocess.run(remote, check=True)
    assert assets.repository_url(tmp_path) == "https://github.com/x/y"


EQUATIONS = """
import numpy as np

from tests.truth import equation


@equation("eq-x", r"2 x", by="runs", resolution=0.03, equivalent={"x → x ** 2": "x is 1"})
def double(x):
    return 2 * x


@double.check
def check_double(formula):
    \"""Twice a number.\"""
    assert formula(1) == 2
"""


def test_equations_are_read_without_running_them(tmp_path):
    path = tmp_path / "equations.py"
    path.write_text(EQUATIONS, encoding="utf-8")
    entry = equation_files.read(path)["eq-x"]
    assert entry.latex == "2 x"
    assert entry.summary == "runs, to 3 %"
    assert entry.about == "Twice a number."
    assert entry.formula.startswith("def double(x):")
    assert "assert formula(1) == 2" in entry.check
    assert entry.caught == entry.mutants - 1 > 5


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"eq-x", r"2 x"', '"eq-x"', "line 8: @equation lacks latex"),
        ('r"2 x"', "LATEX", "line 8: @equation wants plain strings and numbers"),
        ("@double.check", "@double.check\n@pytest.mark.slow(3)", None),
    ],
)
def test_a_file_of_equations_that_cannot_be_read_is_named(tmp_path, before, after, words):
    path = tmp_path / "equations.py"
    path.write_text(EQUATIONS.replace(before, after), encoding="utf-8")
    if words is None:
        assert equation_files.read(path)["eq-x"].about == "Twice a number."
    else:
        with pytest.raises(ValueError, match=f"equations.py, {words}"):
            equation_files.read(path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '<div class="sidebar-primary-items__start sidebar-primary__section">',
            '<div class="sidebar-primary-items__start sidebar-primary__section" '
            'role="navigation" aria-label="Book">',
        ),
        ('<div class="citation" id="a" role="doc-biblioentry">', '<div class="citation" id="a">'),
        ('<summary aria-label="Toggle hidden content">', "<summary>"),
        (
            '<button class="btn search-button-field x" title="Search" aria-label="Search">',
            '<button class="btn search-button-field x">',
        ),
        (
            '<span class="math x"><math><mi>h</mi></math></span>, then',
            '<span class="cml-keep"><span class="math x"><math><mi>h</mi></math></span>,</span>'
            " then",
        ),
        ('<script src="../_static/a.js">', '<script defer src="../_static/a.js">'),
        ('<script data-b="c" src="a.js">', '<script defer data-b="c" src="a.js">'),
        ("<script>let a = 1;", "<script>let a = 1;"),
        ('<script src="documentation_options.js">', '<script src="documentation_options.js">'),
    ],
)
def test_repairs_hold_and_are_done_once(tmp_path, before, after):
    page = tmp_path / "page.html"
    page.write_text(before, encoding="utf-8")
    style = tmp_path / "_static" / STYLE
    style.parent.mkdir(parents=True)
    style.touch()
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=str(tmp_path))
    pages.rewrite(app, None)
    assert page.read_text(encoding="utf-8") == after
    pages.rewrite(app, None)
    assert page.read_text(encoding="utf-8") == after


def test_jupyterlab_accepts_the_extensions_that_the_notebooks_need():
    """Widgets, labels and admonitions appear only where JupyterLab can load their extensions."""
    command = [sys.executable, "-m", "jupyter", "labextension", "list"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    listed = answer.stdout + answer.stderr
    for name in ("@jupyter-widgets/jupyterlab-manager", "jupyterlab-myst"):
        assert f"{name} v" in listed
    assert "not compatible" not in listed


def test_chapters_and_equations_carry_the_numbers_of_the_list(site):
    index = (site / "book" / "index.html").read_text(encoding="utf-8")
    for chapter in chapters():
        assert f">{chapter.number}. {chapter.title}<" in index
        html = (site / chapter.page).read_text(encoding="utf-8")
        assert f"<h1>{chapter.number}. {chapter.title}" in html
        numbers = re.findall(r'<span class="eqno">\(([\d.]+)\)', html)
        assert numbers == [f"{chapter.number}.{k + 1}" for k in range(len(numbers))]
        assert len(numbers) > 5
        own = set(re.findall(rf'#equation-eq-{chapter.name}-[a-z-]+">\(([\d.]+)\)', html))
        assert own <= set(numbers)
