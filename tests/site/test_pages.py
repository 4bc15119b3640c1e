"""Every page: offline, accessible, legible in both themes, on a phone and on paper, and light.

Each page is opened twice, and each time everything is looked at that several tests ask for: at a
desk by a reader who never chose a theme, and in the dark theme, there also printed and on a phone.
"""

import gzip
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import axe_playwright_python
import pytest
from calculus_book import pages

from tests.site.pages import THEMES, all_pages, opened

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
AXE_RUN = """() => axe.run({
  preload: false,
  resultTypes: ["violations"],
  rules: {"label-content-name-mismatch": {enabled: true}},
}).then((r) => r.violations.map((v) => [v.id, v.nodes.map((n) => n.target.join(" "))]))"""
CHAPTER_BYTES = 0.5e6
SMALLEST_TEXT = 11.0

SMALL_TEXTS = """(smallest) => [...document.querySelectorAll(".cml-svg text")].map((t) => {
  const scale = t.ownerSVGElement.getScreenCTM().a;
  return [t.textContent, parseFloat(getComputedStyle(t).fontSize) * scale];
}).filter(([, size]) => size < smallest)"""

# The luminance of a colour as the browser writes it, and the contrast of two luminances (WCAG 2).
LUMINANCE = """
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = (c) => parse(c).slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
"""

# Contrast of each figure's texts and strokes with the page behind it, from computed colours.
LOW_CONTRAST = (
    f"""() => {{{LUMINANCE}"""
    """
  const paperOf = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (parse(c).length === 3 || parse(c)[3] > 0.99) return c;
    }
    return "rgb(255, 255, 255)";
  };
  const low = [];
  for (const figure of document.querySelectorAll(".cml")) {
    const paper = light(paperOf(figure));
    for (const text of figure.querySelectorAll("svg text")) {
      if (text.closest("[data-on-color]")) continue;
      const ratio = contrast(light(getComputedStyle(text).fill), paper);
      if (ratio < 4.5) low.push([figure.id, text.textContent, ratio.toFixed(2)]);
    }
  }
  return low;
}"""
)

LOOK = """() => ({
  nameless: [...document.querySelectorAll("main img, main svg.cml-svg")].filter((e) =>
    !(e.getAttribute("alt") || e.getAttribute("aria-label") || "").trim()).length,
  formulas: document.querySelectorAll(".math > math").length,
  raw: [...document.querySelectorAll(".math")].filter((e) => !e.querySelector("math")).length,
  scripts: document.querySelectorAll("script[src*=mathjax], script[src*=fontawesome]").length,
  fonts: [...document.fonts].filter((f) => f.status === "loaded").map((f) => f.family),
  checks: [...document.querySelectorAll(".cml-checked a")].map((a) => a.getAttribute("href")),
})"""

# Figures well below the first screen, and whether each is still packed.
FAR = """() => [...document.querySelectorAll(".cml")].filter((f) =>
  f.querySelector(".cml-packed") && f.getBoundingClientRect().top > innerHeight + 900)
  .map((f) => [f.id, f.dataset.unpacked === undefined])"""

# Texts that white paper, without any background, leaves hard to read.
FAINT_ON_PAPER = (
    f"""() => {{{LUMINANCE}"""
    """
  const page = document.querySelector("article") || document.body;
  const texts = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  const faint = new Set();
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const e = node.parentElement;
    const shown = e.getClientRects().length && !e.closest("svg, script, style");
    if (!shown || !node.data.trim()) continue;
    if (contrast(light(getComputedStyle(e).color), 1) < 4.5) faint.add(node.data.trim());
  }
  return [...faint];
}"""
)

# Figures that are not on paper, or with their controls; forms that are, or lack the cell they ask.
PRINTED = """() => {
  const shown = (e) => e && e.getClientRects().length > 0;
  const figures = [...document.querySelectorAll(".cml")].filter((f) =>
    !(shown(f.querySelector("svg")) && shown(f.querySelector(".cml-reading")))
    || shown(f.querySelector("input")));
  const forms = [...document.querySelectorAll(".cml-form")].filter((f) =>
    shown(f) || !f.nextElementSibling.matches(".cell") || !shown(f.nextElementSibling));
  return [...figures, ...forms].map((e) => e.id);
}"""


# What a narrow page cuts off on the right: displayed or inline formulas, and controls.
CUT_OFF = """() => {
  const right = (e) => e.getBoundingClientRect().right;
  const blocks = [...document.querySelectorAll("div.math")]
    .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.id);
  const inline = [...document.querySelectorAll("span.math math")]
    .filter((e) => right(e) > right(e.closest("p, li, td, dd, h1, h2, h3")) + 1)
    .map((e) => e.closest("p, li, td, dd, h1, h2, h3").textContent);
  const controls = [...document.querySelectorAll(".cml input, .cml select, .cml output")]
    .filter((e) => right(e) > right(e.closest(".cml")) + 1).map((e) => e.id);
  return [...blocks, ...inline, ...controls];
}"""


# Leaves of each kind of coloured code one example, and turns the rest into plain text. What a kind
# looks like is the same throughout a page, and axe spends most of its time on it.
ONE_OF_EACH = """() => {
  const seen = new Set();
  for (const span of document.querySelectorAll(".highlight span")) {
    if (seen.has(span.className)) span.replaceWith(span.textContent);
    else seen.add(span.className);
  }
}"""


def violations(page):
    """What axe-core complains of on an open page."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(AXE_RUN)


@pytest.fixture(scope="module")
def light(browser, site):
    """Look at a page at a desk, once, as a reader who never chose a theme."""

    @cache
    def look(name):
        with opened(browser, name, theme=None) as page:
            page.page.wait_for_timeout(500)
            far = page.page.evaluate(FAR)
            found = violations(page.page)
            return SimpleNamespace(
                theme=page.page.evaluate("document.documentElement.dataset.theme"),
                far=far,
                violations=found,
                pale=page.page.evaluate(LOW_CONTRAST),
                foreign=page.foreign,
                complaints=page.complaints,
                files=sorted({url.split("?")[0] for url in page.files}),
                **page.page.evaluate(LOOK),
            )

    return look


@pytest.fixture(scope="module")
def dark(browser, site):
    """Look at a page in the dark theme, once: at a desk, as it is printed, and on a phone."""

    @cache
    def look(name):
        with opened(browser, name, theme="dark") as page:
            page.page.evaluate(ONE_OF_EACH)
            seen = SimpleNamespace(
                theme=page.page.evaluate("document.documentElement.dataset.theme"),
                violations=violations(page.page),
                pale=page.page.evaluate(LOW_CONTRAST),
            )
            page.page.emulate_media(media="print")
            seen.pale_on_paper = page.page.evaluate(LOW_CONTRAST)
            seen.faint_on_paper = page.page.evaluate(FAINT_ON_PAPER)
            seen.wrongly_printed = page.page.evaluate(PRINTED)
            page.page.emulate_media(media="screen")
            page.page.set_viewport_size({"width": 360, "height": 740})
            seen.width = page.page.evaluate("document.documentElement.scrollWidth")
            seen.cut_off = page.page.evaluate(CUT_OFF)
            seen.small = page.page.evaluate(SMALL_TEXTS, SMALLEST_TEXT)
            return seen

    return look


@pytest.fixture
def themes(light, dark):
    """How to look at a page, by theme."""
    return {"light": light, "dark": dark}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", all_pages())
def test_axe_finds_nothing(themes, name, theme):
    assert themes[theme](name).theme == theme
    assert themes[theme](name).violations == []


@pytest.mark.parametrize("name", all_pages())
def test_a_page_asks_nobody_and_complains_of_nothing(light, name):
    assert light(name).foreign == []
    assert light(name).complaints == []


@pytest.mark.parametrize("name", all_pages())
def test_every_picture_has_a_text_alternative(light, name):
    assert light(name).nameless == 0


def test_nothing_is_unpacked_before_the_reader_comes_near(light, chapter):
    far = light(chapter.page).far
    assert far
    assert all(packed for _, packed in far), far


def test_mathematics_is_typeset_without_a_network(light, chapter):
    seen = light(chapter.page)
    assert seen.formulas > 20
    assert seen.raw == 0
    assert seen.scripts == 0
    assert "STIX Two Math" in [family.strip('"') for family in seen.fonts]


def test_a_chapter_is_light_over_the_wire(light, chapter):
    total = 0
    for url in light(chapter.page).files:
        content = Path(unquote(urlsplit(url).path)).read_bytes()
        packed = url.endswith((".woff", ".woff2", ".png"))
        total += len(content) if packed else len(gzip.compress(content, 6))
    assert total <= CHAPTER_BYTES


def test_no_page_loads_a_font_of_icons(light, chapter):
    assert [url for url in light(chapter.page).files if "webfonts" in url] == []


def test_checked_marks_lead_to_the_check(light, site, chapter):
    links = light(chapter.page).checks
    assert links
    checks = (site / "book" / "checks.html").read_text(encoding="utf-8")
    for link in links:
        assert link.startswith("../book/checks.html#check-eq-")
        assert f'id="{link.split("#")[1]}"' in checks


@pytest.mark.parametrize("name", all_pages())
def test_a_phone_shows_a_page_without_sideways_scrolling(dark, name):
    assert dark(name).width <= 360
    assert dark(name).cut_off == []
    assert dark(name).small == []


@pytest.mark.parametrize("theme", THEMES)
def test_figure_texts_stand_out_from_the_page(themes, chapter, theme):
    assert themes[theme](chapter.page).pale == []


def test_a_page_printed_from_the_dark_theme_is_dark_on_white(dark, chapter):
    seen = dark(chapter.page)
    assert seen.pale_on_paper == []
    assert seen.faint_on_paper == []
    assert seen.wrongly_printed == []


@pytest.mark.parametrize("name", all_pages())
def test_no_repair_is_left_to_do(site, name):
    page = (site / name).read_text(encoding="utf-8")
    for pattern, replacement in pages.REPAIRS:
        assert pattern.sub(replacement, page) == page


def test_every_repair_is_still_needed(site):
    """What a repair writes stands on some page: the theme still has what it repairs."""
    written = (
        'role="navigation" aria-label="Book"',
        "<summary>",
        "search-button-field",
        '<span class="cml-keep">',
        "theme-switch",
    )
    text = "".join((site / name).read_text(encoding="utf-8") for name in all_pages())
    for mark in written:
        assert mark in text, f"no page holds {mark}"


def test_no_chapter_loads_the_index_of_the_search(light, chapter):
    assert [url for url in light(chapter.page).files if "searchindex" in url] == []


def test_a_search_finds_a_chapter(browser, site):
    with opened(browser, "book/index.html") as page:
        page.page.locator(".search-button-field:visible").first.click()
        page.page.locator('input[name="q"]:visible').first.fill("recommender")
        page.page.keyboard.press("Enter")
        found = page.page.locator("#search-results a").filter(has_text="A recommender").first
        found.wait_for(timeout=20_000)
        assert page.complaints == []
