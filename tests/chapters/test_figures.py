"""What every chapter's figures have to do, as real widgets and, on the built page, in a browser."""

import itertools
import math
import re
import warnings
from functools import cache

import numpy as np

from helpers.show import bake
from tests.conftest import explorables, find_chapter
from tests.site.pages import opened

_PACKED = re.compile(r'<figure class="cml" id="([^"]+)">(.*?)</figure>', re.DOTALL)
_SCRIPT = re.compile(r'<script type="text/plain" class="cml-packed">([^<]*)</script>')
ONE_CONTROL_BYTES = 90 * 1024
MORE_CONTROLS_BYTES = 400 * 1024

# Sets the inputs of one figure to a state and returns the reading that it then shows, whether that
# is taller than the room reserved for it, and the height of the figure.
MOVE = """async ([id, positions]) => {
  const figure = document.getElementById(id);
  const inputs = [...figure.querySelectorAll("[data-name]")];
  positions.forEach((p, i) => {
    if (inputs[i].type === "checkbox") inputs[i].checked = Boolean(p);
    else inputs[i].value = String(p);
  });
  inputs[0].dispatchEvent(new Event("input", {bubbles: true}));
  for (let i = 0; i < 200 && figure.dataset.unpacked === undefined; i++)
    await new Promise((done) => setTimeout(done, 10));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const reading = figure.querySelector(".cml-reading");
  const spilled = reading.scrollHeight > reading.clientHeight;
  return [reading.textContent, spilled, figure.offsetHeight];
}"""
# Compares the groups on show with the groups that Python drew, both as the browser writes them.
SAME = """([id, panes]) => [...document.getElementById(id).querySelectorAll(".cml-groups")]
  .map((pane, i) => {
    const wanted = document.createElementNS("http://www.w3.org/2000/svg", "g");
    wanted.innerHTML = panes[i];
    return wanted.innerHTML === pane.innerHTML;
  })"""


def moving(chapter):
    return [e for e in explorables(chapter) if e.controls]


def sample(figure, rng):
    """First, last, the corners and some random states, each as a position per control."""
    counts = [len(c.values) for c in figure.controls]
    corners = itertools.product(*((0, n - 1) for n in counts))
    chosen = {tuple(c.index for c in figure.controls), *corners}
    for _ in range(4):
        chosen.add(tuple(int(rng.integers(n)) for n in counts))
    return sorted(chosen)


def values_at(figure, positions):
    return {c.name: c.values[p] for c, p in zip(figure.controls, positions, strict=True)}


def assert_moves(page, figure, rng):
    """In the browser the figure's states show what ``draw`` gives in Python."""
    shown, heights = set(), set()
    for positions in sample(figure, rng):
        drawings, reading = figure.drawn(values_at(figure, positions))
        said, spilled, height = page.evaluate(MOVE, [figure.identifier, list(positions)])
        assert said == reading, f"{figure.identifier} at {positions}"
        assert not spilled, f"{figure.identifier} at {positions} needs more room to read"
        panes = ["".join(d.groups) for d in drawings]
        same = page.evaluate(SAME, [figure.identifier, panes])
        assert all(same), f"{figure.identifier} at {positions} draws something else"
        shown.add((said, *panes))
        heights.add(height)
    assert len(shown) > 1, f"{figure.identifier} never changes"
    assert len(heights) == 1, f"{figure.identifier} moves the page: heights {heights}"


_BAD = re.compile(r"\bnan\b|\binf\b|NaN|Infinity", re.IGNORECASE)
_BAD_PATH = re.compile(r'(?:d|x|y|points)="[^"]*(?:nan|inf)', re.IGNORECASE)


def assert_drawn(figure):
    """The figure shows a drawing, a reading, and no number that is none."""
    html = figure.html
    assert figure.reading.strip()
    assert not _BAD.search(figure.reading), figure.reading
    assert not _BAD_PATH.search(html)
    for number, drawing in enumerate(figure.drawings, start=1):
        pairs = bake.overlapping_texts(drawing)
        assert not pairs, f"{figure.identifier}, drawing {number}, at {figure.values}: {pairs}"
    for drawing in html.split("<svg")[1:]:
        assert drawing.count("<path") >= 3, "an empty picture"


def move(figure, values):
    for control, value in zip(figure.controls, values, strict=True):
        control.widget.value = value
    assert tuple(figure.values.values()) == tuple(values)
    assert_drawn(figure)


def test_every_control_moves_and_shows_what_draw_gives(chapter, browser, site, rng):
    with opened(browser, chapter.page) as page:
        for figure in moving(chapter):
            assert_moves(page.page, figure, rng)
        assert page.complaints == []
        assert page.foreign == []


@cache
def payloads(site, chapter):
    """What the built page holds of each figure that moves, by the figure's identifier."""
    html = (site / chapter.page).read_text(encoding="utf-8")
    packed = {name: _SCRIPT.search(content) for name, content in _PACKED.findall(html)}
    return {name: bake.unpack(found[1]) if found else None for name, found in packed.items()}


def test_the_page_holds_every_state_of_every_figure(chapter, site):
    held = payloads(site, chapter)
    assert set(held) == {e.identifier for e in explorables(chapter)}
    for explorable in moving(chapter):
        payload = held[explorable.identifier]
        count = np.prod([len(c.values) for c in explorable.controls])
        assert len(payload["states"]) == len(payload["readings"]) == count
        assert [c["name"] for c in payload["controls"]] == [c.name for c in explorable.controls]


def test_figures_are_small(chapter, site):
    html = (site / chapter.page).read_text(encoding="utf-8")
    for identifier, content in _PACKED.findall(html):
        controls = content.count("data-name=")
        allowed = ONE_CONTROL_BYTES if controls < 2 else MORE_CONTROLS_BYTES
        assert len(content.encode()) <= allowed, identifier


def test_the_keyboard_and_the_mouse_move_a_slider(chapter, browser, site):
    with opened(browser, chapter.page) as page:
        slider = page.page.locator('.cml input[type="range"]').first
        figure = slider.locator("xpath=ancestor::figure")
        slider.scroll_into_view_if_needed()
        page.page.wait_for_function(
            "f => f.dataset.unpacked !== undefined", arg=figure.element_handle()
        )
        slider.focus()
        before = int(slider.input_value())
        key = "ArrowRight" if before < int(slider.get_attribute("max")) else "ArrowLeft"
        page.page.keyboard.press(key)
        page.page.wait_for_function(
            "f => f.dataset.state !== undefined", arg=figure.element_handle()
        )
        assert int(slider.input_value()) != before
        first = figure.get_attribute("data-state")
        spoken = slider.get_attribute("aria-valuetext")
        assert spoken == figure.locator("output").first.inner_text()
        box = slider.bounding_box()
        y = box["y"] + box["height"] / 2
        page.page.mouse.move(box["x"] + box["width"] / 2, y)
        page.page.mouse.down()
        page.page.mouse.move(box["x"] + 3, y, steps=5)
        page.page.mouse.up()
        assert int(slider.input_value()) == 0
        assert figure.get_attribute("data-state") != first


def test_a_figure_goes_back_to_its_start(chapter, browser, site):
    with opened(browser, chapter.page) as page:
        for figure in moving(chapter):
            shown = page.page.locator(f"#{figure.identifier}")
            last = [len(c.values) - 1 for c in figure.controls]
            page.page.evaluate(MOVE, [figure.identifier, last])
            shown.locator(".cml-back").click()
            assert shown.locator(".cml-reading").text_content() == figure.reading
            positions = shown.locator("[data-name]").evaluate_all(
                "all => all.map((i) => i.type === 'checkbox' ? Number(i.checked) : Number(i.value))"
            )
            assert positions == [c.index for c in figure.controls]


def test_without_scripts_the_first_state_and_its_reading_stand_there(chapter, browser, site):
    with opened(browser, chapter.page, java_script_enabled=False) as page:
        for explorable in explorables(chapter):
            figure = page.page.locator(f"#{explorable.identifier}")
            assert figure.locator(".cml-reading").text_content() == explorable.reading
            assert figure.locator("svg").first.is_visible()
            assert figure.locator(".cml-groups path").count() > 2
            if explorable.controls:
                assert figure.locator("fieldset[disabled]").count() == 1
                assert "JavaScript" in figure.locator(".cml-note").text_content()


def test_controls_over_their_range_draw_without_a_warning(chapter, rng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = explorables(chapter)
        assert any(f.controls for f in figures), "a chapter without a control"
        for figure in figures:
            assert_drawn(figure)
            start = tuple(c.widget.value for c in figure.controls)
            for i, control in enumerate(figure.controls):
                for value in control.values[:: max(1, len(control.values) // 8)]:
                    move(figure, (*start[:i], value, *start[i + 1 :]))
            for values in itertools.product(
                *((c.values[0], c.values[-1]) for c in figure.controls)
            ):
                move(figure, values)
            for _ in range(5):
                chosen = (c.values[int(rng.integers(len(c.values)))] for c in figure.controls)
                move(figure, tuple(chosen))
            move(figure, start)


#: A drawn line of more points than this makes every state of its figure heavier than it looks.
MOST_POINTS = 500


def frame(drawing):
    """What has to stay put from state to state: the limits of the axes."""
    (ax,) = drawing.axes
    return ax.get_xlim(), ax.get_ylim(), ax.get_xscale(), ax.get_yscale()


def test_axes_stay_put_and_lines_are_short_and_finite(chapter, rng):
    for figure in moving(chapter):
        frames = set()
        for positions in sample(figure, rng):
            values = values_at(figure, positions)
            drawings, _ = figure.draw(**values)
            drawings = drawings if isinstance(drawings, (tuple, list)) else (drawings,)
            frames.add(tuple(frame(drawing) for drawing in drawings))
            for line in (line for drawing in drawings for line in drawing.axes[0].lines):
                points = np.asarray(line.get_xydata(), dtype=float)
                assert np.isfinite(points).all(), f"{figure.identifier} at {values}"
                assert len(points) <= MOST_POINTS, f"{figure.identifier} at {values}"
        # A choice between two kinds of thing may show each on axes of its own.
        choices = [len(c.values) for c in figure.controls if c.kind == "choice"]
        assert len(frames) <= math.prod(choices), f"{figure.identifier}: its axes move"


def test_the_alternative_text_describes(chapter):
    for figure in moving(chapter):
        assert len(figure.alt) > 20, f"{figure.identifier} has no description"


def test_controls_are_named_by_word_and_redraw_differs(chapter):
    for figure in explorables(chapter):
        for control in figure.controls:
            assert re.search(r"[a-z]{3}", control.description), control.name
            assert control.widget.description, control.name


def test_the_landing_page_has_a_figure_of_a_chapter_that_moves(browser, site, rng):
    with opened(browser, "book/index.html") as page:
        shown = page.page.locator(".cml").get_attribute("id")
        (figure,) = (e for e in moving(find_chapter("gradient-descent")) if e.identifier == shown)
        assert_moves(page.page, figure, rng)
