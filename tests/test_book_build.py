"""The site's extension: fingerprints, addresses, marks, repairs; and the notebooks' form."""

import shutil
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import nbformat
import pytest
from calculus_book import assets, equations, execution, pages
from packaging.specifiers import SpecifierSet

import notebooks as tool
from helpers import explore
from tests.conftest import NOTEBOOKS, ROOT

#: What a page at a desk shows of a line of code or output; longer ones are cut off on the right.
WIDEST_LINE = 79


def test_the_fingerprint_follows_the_helpers(monkeypatch, tmp_path):
    package = tmp_path / "helpers"
    shutil.copytree(ROOT / "src" / "helpers", package)
    spec = SimpleNamespace(origin=str(package / "__init__.py"))
    monkeypatch.setattr(execution, "find_spec", lambda name: spec)
    before = execution.fingerprint(ROOT)
    assert execution.fingerprint(ROOT) == before
    with (package / "numdiff.py").open("a") as file:
        file.write("# changed\n")
    changed = execution.fingerprint(ROOT)
    assert changed != before
    (package / "figures" / "new.py").write_text("")
    assert execution.fingerprint(ROOT) not in (before, changed)


def test_a_missing_package_is_said(monkeypatch):
    monkeypatch.setattr(execution, "find_spec", lambda name: None)
    with pytest.raises(Exception, match=r"pip install -r requirements\.txt"):
        execution.fingerprint(ROOT)


def test_the_extension_and_explore_mean_the_same_variable():
    assert execution.BAKE_VARIABLE == explore.BAKE_VARIABLE


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


def test_checks_are_read_without_running_them():
    found = equations.read_checks(ROOT)
    assert found["eq-derivatives-chain"].by == "finite differences and autograd"
    assert found["eq-derivatives-chain"].about.startswith("The chain rule")
    assert "def chain" in found["eq-derivatives-chain"].code


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
            '<i class="theme-switch x" data-mode="dark" title="Dark">',
            '<i class="theme-switch x" data-mode="dark">',
        ),
        (
            r'<span class="math notranslate">\(h\)</span>, then',
            r'<span class="cml-keep"><span class="math notranslate">\(h\)</span>,</span> then',
        ),
    ],
)
def test_repairs_hold_and_are_done_once(tmp_path, before, after):
    page = tmp_path / "page.html"
    page.write_text(before, encoding="utf-8")
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=str(tmp_path))
    pages.rewrite(app, None)
    assert page.read_text(encoding="utf-8") == after
    pages.rewrite(app, None)
    assert page.read_text(encoding="utf-8") == after


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_in_the_committed_form(path):
    notebook = nbformat.read(path, as_version=4)
    assert path.read_text(encoding="utf-8") == tool.text(tool.normalize(notebook, path.stem))
    types = {t for c in notebook.cells for o in c.get("outputs", []) for t in o.get("data", {})}
    assert types <= {"text/plain"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_follow_the_anatomy_of_a_chapter(path):
    notebook = nbformat.read(path, as_version=4)
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    for part in ("# ", "**After this you can**", "Predict", "What breaks", "Exercises", "Summary"):
        assert part in prose, f"no {part!r}"
    assert "simplified" in prose
    assert "Sources" in prose
    assert 1500 <= len(prose.split()) <= 4600
    code = [c for c in notebook.cells if c.cell_type == "code"]
    solutions = [c for c in code if "hide-cell" in c.metadata.get("tags", [])]
    assert len(solutions) >= 4
    assert all("assert " in c.source for c in solutions)
    # JupyterLab shows the first line of a folded cell: it must not give the solution away.
    assert all(c.source.startswith("# Solution\n") for c in solutions)
    stubs = [c for c in code if "check(" in c.source and c not in solutions]
    assert sum("not answered yet" in str(c.outputs) for c in stubs) >= 4
    assert not any("ignore" in t or "skip" in t for c in code for t in c.metadata.get("tags", []))
    shown = [c.source for c in code] + [o.text for c in code for o in c.outputs if "text" in o]
    wide = [line for text in shown for line in text.split("\n") if len(line) > WIDEST_LINE]
    assert wide == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_figures_of_every_chapter_are_tested(path):
    name = path.stem[3:].replace("-", "_")
    files = [ROOT / "tests" / f"test_{name}{end}.py" for end in ("", "_figures")]
    texts = [file.read_text(encoding="utf-8") for file in files if file.exists()]
    wanted = f'class TestInTheBook(FiguresInTheBook):\n    stem = "{path.stem}"'
    assert sum(wanted in text for text in texts) == 1


def test_the_toc_lists_every_chapter_that_exists_and_no_other():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert all(f"notebooks/{path.stem}\n" in toc for path in NOTEBOOKS)
    assert toc.count("notebooks/") == len(NOTEBOOKS)


def test_jupyterlab_accepts_the_extensions_that_the_notebooks_need():
    """Widgets, labels and admonitions appear only where JupyterLab can load their extensions."""
    command = [sys.executable, "-m", "jupyter", "labextension", "list"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    listed = answer.stdout + answer.stderr
    for name in ("@jupyter-widgets/jupyterlab-manager", "jupyterlab-myst"):
        assert f"{name} v" in listed
    assert "not compatible" not in listed
