"""How long a reader waits: from an input event to the next painted frame, while dragging.

    make bench        (or: .venv/bin/python benchmarks/bench_sliders.py)

Needs the built site and a Chromium. Each slider of each chapter is dragged across its track with
the mouse; the page's own clock is read when the input event comes and after the frame that follows
was painted. One frame at 60 Hz is 16.7 ms. What the page around a figure costs is measured in the
same run: the second figure of a chapter that has a slider is dragged in place and, by turns, alone
on the page.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from chapters import chapters
from playwright.sync_api import sync_playwright

from tests.conftest import SITE, find_chromium

WATCH = """() => {
  window.waits = [];
  document.addEventListener("input", () => {
    const came = performance.now();
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.waits.push(performance.now() - came);
      channel.port2.postMessage(null);
    });
  }, {capture: true});
}"""


def drag(page, slider):
    """Drag a slider over its whole track and back, a few pixels at a time."""
    slider.scroll_into_view_if_needed()
    figure = slider.locator("xpath=ancestor::figure")
    page.wait_for_function("f => f.dataset.unpacked !== undefined", arg=figure.element_handle())
    page.wait_for_timeout(500)  # a reader arrives before dragging
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 12, y)
    page.mouse.down()
    for share in [*np.linspace(0, 1, 60), *np.linspace(1, 0, 60)]:
        page.mouse.move(box["x"] + 12 + share * (box["width"] - 24), y)
        page.wait_for_timeout(4)
    page.mouse.up()


ALONE = """(n) => {
  const figures = [...document.querySelectorAll("figure.cml")];
  document.body.replaceChildren(figures.filter((f) => f.querySelector('input[type="range"]'))[n]);
}"""
TURNS = 4


def alone_and_in_its_chapter(browser, chapter, which=1):
    """Waits in ms while one figure's first slider is dragged: alone on the page, and in it."""
    waits = {True: [], False: []}
    for turn in range(2 * TURNS):
        alone = turn % 2 == 0
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto((SITE / chapter.page).as_uri())
        if alone:
            page.evaluate(ALONE, which)
        page.evaluate(WATCH)
        figures = page.locator("figure.cml").filter(has=page.locator('input[type="range"]'))
        figure = figures.nth(0 if alone else which)
        drag(page, figure.locator('input[type="range"]').first)
        waits[alone] += page.evaluate("window.waits.splice(0)")
        page.close()
    return waits[True], waits[False]


def main():
    """Print median, 95th percentile, that of the slowest slider and maximum for each chapter."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for chapter in chapters():
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto((SITE / chapter.page).as_uri())
            page.evaluate(WATCH)
            sliders = page.locator('.cml input[type="range"]')
            moves = []
            for i in range(sliders.count()):
                drag(page, sliders.nth(i))
                moves.append(page.evaluate("window.waits.splice(0)"))
            waits = np.concatenate(moves)
            p50, p95 = np.percentile(waits, [50, 95])
            worst = max(np.percentile(move, 95) for move in moves)
            print(
                f"{chapter.name:22} {sliders.count()} sliders, {waits.size} moves: "
                f"median {p50:.1f} ms, p95 {p95:.1f} ms (slowest slider {worst:.1f} ms), "
                f"max {waits.max():.1f} ms"
            )
            page.close()
            alone, inside = (
                np.percentile(waits, [50, 95])
                for waits in alone_and_in_its_chapter(browser, chapter)
            )
            print(
                f"{'':22} one figure alone {alone[0]:.1f} / {alone[1]:.1f} ms, in its chapter "
                f"{inside[0]:.1f} / {inside[1]:.1f} ms: {inside[0] / alone[0]:.2f} times"
            )
        browser.close()


if __name__ == "__main__":
    main()
