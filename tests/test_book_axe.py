"""axe-core finds nothing to complain of, on any page in either theme."""

from pathlib import Path

import axe_playwright_python
import pytest

from tests.book_pages import THEMES, all_pages, opened, typeset

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
AXE_RUN = """() => axe.run({
  preload: false,
  resultTypes: ["violations"],
  rules: {"label-content-name-mismatch": {enabled: true}},
}).then((r) => r.violations.map((v) => [v.id, v.nodes.map((n) => n.target.join(" "))]))"""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", all_pages())
def test_axe_finds_nothing(browser, site, name, theme):
    with opened(browser, name, theme=theme) as page:
        # As a reader opens it, formulas are typeset near the first screen. With all of them axe
        # takes thrice as long, so this is done where they differ least from page to page.
        if "01-" in name or "notebooks/" not in name:
            typeset(page.page)
        page.page.evaluate(AXE.read_text(encoding="utf-8"))
        assert page.page.evaluate(AXE_RUN) == []
        assert page.page.evaluate("document.documentElement.dataset.theme") == theme
