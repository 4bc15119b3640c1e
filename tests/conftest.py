"""Shared fixtures: the chapters, a random generator, the executed notebooks, the site, a browser.

A test that asks for ``chapter`` is run for each chapter of ``_toc.yml``. With ``--chapter NAME``
only what concerns that chapter is run.
"""

import ast
import contextlib
import io
import os
import shutil
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from chapters import ROOT, chapters
from chapters import chapter as find_chapter
from hypothesis import Phase, settings

from tests import truth

SITE = ROOT / "_build" / "html"
_NO_BROWSER = "no Chromium found"
#: Tests of each chapter that do not run its notebook.
_WITHOUT_NOTEBOOK = ("tests/chapters/test_equations.py",)

# The same examples on every run: a red test is then the change's fault. To search for new ones:
# pytest tests --hypothesis-profile=default
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
# For mutants: that an example fails is enough, the smallest one need not be found.
settings.register_profile(
    "mutants", derandomize=True, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)


def find_chromium():
    """Path of a Chromium or Chrome, from $CHROMIUM or PATH; None where there is none."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for path in (shutil.which(n) for n in names if n) if path), None)


@pytest.fixture
def rng():
    """A seeded random generator."""
    return np.random.default_rng(0)


class Executed(NamedTuple):
    """What running a notebook's cells in this process left: its names, and the figures shown."""

    names: dict
    figures: tuple


@cache
def executed(chapter):
    """The notebook of a chapter, run once for all tests in this process."""
    from helpers.show.explore import Explorable, number_from_one

    number_from_one()
    names, shown = {"__name__": "__main__"}, []
    with contextlib.redirect_stdout(io.StringIO()):
        for kind, source in chapter.cells:
            if kind != "code":
                continue
            body = ast.parse(source).body
            # What a notebook displays is the value of a cell's last line.
            last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
            place = chapter.notebook.name
            exec(compile(ast.Module(body, []), place, "exec"), names)
            if last is not None:
                shown.append(eval(compile(ast.Expression(last.value), place, "eval"), names))
    return Executed(names, tuple(s for s in shown if isinstance(s, Explorable)))


def explorables(chapter):
    """The figures that the chapter's notebook shows."""
    return executed(chapter).figures


def pytest_addoption(parser):
    """``--chapter NAME`` runs what concerns one chapter."""
    parser.addoption("--chapter", type=find_chapter, help="test only what concerns this chapter")


def pytest_generate_tests(metafunc):
    """Run a test once for each chapter, or for each of its equations or claims, if it asks so.

    Only the chapters that are tested are looked into: a slip in one does not stop the others.
    """
    wanted = metafunc.config.getoption("chapter")
    asked = [name for name in ("chapter", "label", "claim") if name in metafunc.fixturenames]
    if "chapter" not in asked:
        return
    tested = [wanted] if wanted else chapters()
    if asked == ["chapter"]:
        metafunc.parametrize("chapter", tested, ids=lambda c: c.name, scope="session")
        return
    of_chapter = {"label": truth.equations_of, "claim": truth.claims_of}[asked[1]]
    pairs = [(c, member) for c in tested for member in of_chapter(c)]
    ids = [f"{c.name}-{getattr(member, 'name', member)}" for c, member in pairs]
    metafunc.parametrize(asked, pairs, ids=ids, scope="session")


def concerns(item, chapter):
    """Whether a test is about ``chapter``."""
    asked = getattr(getattr(item, "callspec", None), "params", {})
    return (
        any(
            value is chapter or (isinstance(value, str) and value == chapter.page)
            for value in asked.values()
        )
        or item.path == chapter.notebook
        or chapter.tests in item.path.parents
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep together what runs a notebook, so that each is run once, chapters side by side."""
    from xdist.scheduler import LoadScopeScheduling

    class ByChapter(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            asked = test.partition("[")[2].rstrip("]")
            names = [c.name for c in chapters() if f"{asked}-".startswith(f"{c.name}-")]
            if not file.startswith("tests/chapters/test_") or not names:
                return file
            name = max(names, key=len)
            return name if file not in _WITHOUT_NOTEBOOK else f"{file}[{name}]"

    return ByChapter(config, log)


@pytest.fixture(scope="session")
def site():
    """The built site's folder."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"the site is not built: run 'make book' first ({SITE} has no index.html)")
    return SITE


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium. Where there is none its tests are skipped, loudly; in CI they fail."""
    path = find_chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{_NO_BROWSER}, and CI may leave nothing out")
        pytest.skip(_NO_BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def pytest_collection_modifyitems(config, items):
    """Mark what needs the site or a browser; leave out what the chapter asked for is not about."""
    wanted = config.getoption("chapter")
    if wanted is not None:
        others = [item for item in items if not concerns(item, wanted)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if concerns(item, wanted)]
    for item in items:
        if {"site", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.site)


def pytest_terminal_summary(terminalreporter):
    """Say what was not run for want of a browser, and how to get one."""
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if _NO_BROWSER in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section("NOT TESTED: THE SITE IN A BROWSER", red=True, bold=True)
        terminalreporter.write_line(
            f"{len(skipped)} tests of the built site (moving sliders, themes, accessibility, "
            "offline reading) were not run, because no Chromium was found. Install it, for "
            "instance with 'sudo apt-get install chromium', or name one with "
            "CHROMIUM=/path/to/chromium, and run 'make test' again."
        )
