"""Every page: offline, legible in both themes, on a phone and on paper, and light to load."""

import gzip
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

from tests.book_pages import CHAPTERS, THEMES, all_pages, opened, typeset

CHAPTER_BYTES = 1.5e6
SMALLEST_TEXT = 11.0

SMALL_TEXTS = """(smallest) => [...document.querySelectorAll(".cml-svg text")].map((t) => {
  const scale = t.ownerSVGElement.getScreenCTM().a;
  return [t.textContent, parseFloat(getComputedStyle(t).fontSize) * scale];
}).filter(([, size]) => size < smallest)"""

# Contrast of each figure's texts and strokes with the page behind it, from computed colours.
LOW_CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const paperOf = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const figure of document.querySelectorAll(".cml")) {
    const paper = light(paperOf(figure));
    for (const text of figure.querySelectorAll("svg text")) {
      if (text.closest("[data-on-color]")) continue;
      const ink = light(parse(getComputedStyle(text).fill));
      const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
      if (ratio < 4.5) low.push([figure.id, text.textContent, ratio.toFixed(2)]);
    }
  }
  return low;
}"""


LOOK = """() => ({
  nameless: [...document.querySelectorAll("main img, main svg.cml-svg")].filter((e) =>
    !(e.getAttribute("alt") || e.getAttribute("aria-label") || "").trim()).length,
  formulas: document.querySelectorAll("mjx-container").length,
  mistakes: document.querySelectorAll("mjx-merror, [data-mjx-error]").length,
  fonts: [...document.fonts].filter((f) => f.status === "loaded").map((f) => f.family),
  checks: [...document.querySelectorAll(".cml-checked a")].map((a) => a.getAttribute("href")),
})"""


@pytest.fixture(scope="module")
def visit(browser, site):
    """Open a page once, as a reader who never chose a theme, and note what several tests ask."""

    @cache
    def once(name):
        with opened(browser, name, theme=None) as page:
            page.page.wait_for_timeout(300)
            typeset(page.page)
            return SimpleNamespace(
                foreign=page.foreign,
                complaints=page.complaints,
                files=sorted({url.split("?")[0] for url in page.files}),
                **page.page.evaluate(LOOK),
            )

    return once


@pytest.mark.parametrize("name", all_pages())
def test_a_page_asks_nobody_and_complains_of_nothing(visit, name):
    assert visit(name).foreign == []
    assert visit(name).complaints == []


@pytest.mark.parametrize("name", all_pages())
def test_every_picture_has_a_text_alternative(visit, name):
    assert visit(name).nameless == 0


@pytest.mark.parametrize("stem", CHAPTERS)
def test_mathematics_is_typeset_without_a_network(visit, stem):
    seen = visit(f"notebooks/{stem}.html")
    assert seen.formulas > 20
    assert seen.mistakes == 0
    assert any("MJX" in family for family in seen.fonts)


@pytest.mark.parametrize("stem", CHAPTERS)
def test_a_chapter_is_light_over_the_wire(visit, stem):
    total = 0
    for url in visit(f"notebooks/{stem}.html").files:
        content = Path(unquote(urlsplit(url).path)).read_bytes()
        packed = url.endswith((".woff", ".woff2", ".png"))
        total += len(content) if packed else len(gzip.compress(content, 6))
    assert total <= CHAPTER_BYTES


@pytest.mark.parametrize("stem", CHAPTERS)
def test_checked_marks_lead_to_the_check(visit, site, stem):
    links = visit(f"notebooks/{stem}.html").checks
    assert links
    checks = (site / "book" / "checks.html").read_text(encoding="utf-8")
    for link in links:
        assert link.startswith("../book/checks.html#check-eq-")
        assert f'id="{link.split("#")[1]}"' in checks


@pytest.mark.parametrize("name", all_pages())
def test_a_phone_shows_a_page_without_sideways_scrolling(browser, site, name):
    with opened(browser, name, width=360, height=740) as page:
        typeset(page.page)
        width = page.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360
        assert page.page.evaluate(SMALL_TEXTS, SMALLEST_TEXT) == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("stem", CHAPTERS)
def test_figure_texts_stand_out_from_the_page(browser, site, stem, theme):
    with opened(browser, f"notebooks/{stem}.html", theme=theme) as page:
        assert page.page.evaluate(LOW_CONTRAST) == []


@pytest.mark.parametrize("stem", CHAPTERS)
def test_a_printed_figure_is_dark_on_white(browser, site, stem):
    with opened(browser, f"notebooks/{stem}.html", theme="dark") as page:
        page.page.emulate_media(media="print")
        assert page.page.evaluate(LOW_CONTRAST) == []
        figure = page.page.locator(".cml").first
        assert figure.locator("svg").first.is_visible()
        assert figure.locator(".cml-reading").is_visible()
        assert not figure.locator('input[type="range"]').first.is_visible()
