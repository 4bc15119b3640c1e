"""Shared fixtures: a random generator, the explorables of each notebook, the site, a browser."""

import contextlib
import io
import itertools
import os
import shutil
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
pytest.register_assert_rewrite("tests.book_figures")
_NO_BROWSER = "no Chromium found"

# The same examples on every run: a red test is then the change's fault. To search for new ones:
# pytest tests --hypothesis-profile=default
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


def find_chromium():
    """Path of a Chromium or Chrome, from $CHROMIUM or PATH; None where there is none."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for path in (shutil.which(n) for n in names if n) if path), None)


@pytest.fixture
def rng():
    """A seeded random generator."""
    return np.random.default_rng(0)


@cache
def explorables(stem):
    """The explorables that the notebook ``stem`` makes, collected by running its cells."""
    from helpers import explore

    collected = []
    original = explore.Explorable.__init__

    def recording(self, *args, **kwargs):
        original(self, *args, **kwargs)
        collected.append(self)

    notebook = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
    namespace = {"__name__": "__main__"}
    explore.Explorable.__init__ = recording
    explore._numbers = itertools.count(1)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, f"{stem}.ipynb", "exec"), namespace)
    finally:
        explore.Explorable.__init__ = original
    return tuple(collected)


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


def pytest_collection_modifyitems(items):
    """Mark what needs the built site, so that the other tests can be run without it."""
    for item in items:
        if "site" in getattr(item, "fixturenames", ()):
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
