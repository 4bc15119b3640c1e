"""A control that is a time is played: on the page by its script, live by ipywidgets' own player."""

import re

import ipywidgets as widgets
import pytest

from helpers.show import explore, style
from tests.conftest import ROOT
from tests.show.test_explore import draw_line

SCRIPT = ROOT / "book" / "_static" / "explore.js"


#: Notes down every reading that the figure shows.
WATCH = """() => {
  const reading = document.querySelector(".cml-reading");
  window.said = [];
  new MutationObserver(() => window.said.push(reading.textContent))
    .observe(reading, {childList: true, characterData: true, subtree: true});
}"""


def played(last):
    slider = widgets.IntSlider(2, 0, last)
    return explore.explore(draw_line, play="height", height=slider, dashed=True)


@pytest.fixture
def page(browser, tmp_path):
    """How to open a page that holds nothing but a figure that can be played."""
    contexts = []

    def opened(last=4, **options):
        file = tmp_path / "page.html"
        file.write_text(
            f"<!doctype html><meta charset=utf-8><style>{style.css()}</style>"
            f"{played(last).baked()}<script>{SCRIPT.read_text(encoding='utf-8')}</script>",
            encoding="utf-8",
        )
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def height(page):
    return int(re.search(r"height (\d+)", page.locator(".cml-reading").text_content())[1])


def wait_for(page, wanted):
    page.locator(".cml-reading").filter(has_text=f"height {wanted},").wait_for(timeout=5000)


def test_it_steps_to_the_end_and_begins_anew(page):
    shown = page()
    button = shown.locator(".cml-play")
    assert button.text_content() == "Play"
    shown.evaluate(WATCH)
    button.click()
    wait_for(shown, 4)
    assert button.text_content() == "Play"
    button.click()
    wait_for(shown, 4)
    heights = [int(re.search(r"height (\d)", text)[1]) for text in shown.evaluate("window.said")]
    assert heights == [3, 4, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("touch", ["button", "slider", "drawing", "back"])
def test_a_touch_stops_it(page, touch):
    shown = page(last=60)
    button = shown.locator(".cml-play")
    button.click()
    assert button.text_content() == "Stop"
    if touch == "button":
        button.click()
    elif touch == "slider":
        shown.locator('input[type="range"]').press("ArrowLeft")
    elif touch == "drawing":
        shown.locator("svg").first.click()
    else:
        shown.locator(".cml-back").click()
    assert button.text_content() == "Play"
    stopped = height(shown)
    shown.wait_for_timeout(2 * explore.PLAY_MILLISECONDS)
    assert height(shown) == stopped


def test_with_less_motion_each_press_is_one_step(page):
    shown = page(reduced_motion="reduce")
    button = shown.locator(".cml-play")
    assert button.text_content() == "Next step"
    button.press("Enter")
    wait_for(shown, 3)
    shown.wait_for_timeout(2 * explore.PLAY_MILLISECONDS)
    assert height(shown) == 3


def test_the_script_plays_as_fast_as_the_widget():
    found = re.search(r"PLAY_MILLISECONDS = (\d+);", SCRIPT.read_text(encoding="utf-8"))
    assert int(found[1]) == explore.PLAY_MILLISECONDS


@pytest.mark.parametrize(
    ("slider", "first", "last"),
    [(widgets.IntSlider(2, 0, 4), 0, 4), (widgets.SelectionSlider(options=[1, 10, 100]), 0, 2)],
)
def test_live_a_player_steps_the_slider(slider, first, last):
    figure = explore.explore(draw_line, play="height", height=slider)
    (row,) = (w for w in figure.children if isinstance(w, widgets.HBox))
    player, same = row.children
    assert same is slider
    assert (player.min, player.max, player.interval) == (first, last, explore.PLAY_MILLISECONDS)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"play": "width"}, r"play must name a control, got 'width'; there are \['height'\]"),
        ({"play": "height"}, "control height must be an IntSlider or a SelectionSlider to be"),
    ],
)
def test_what_cannot_be_played_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        explore.explore(draw_line, height=widgets.FloatSlider(1, min=0, max=2, step=1), **options)
