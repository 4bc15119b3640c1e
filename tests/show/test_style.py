"""The drawing style: fixed axes, readable numbers, two palettes that keep their contrast."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.show import bake
from helpers.show import style as plotting
from helpers.show.style import COLOR, DARK, format_number, heatmap, label, panel


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [COLOR, DARK], ids=["light", "dark"])
def test_every_colour_that_carries_meaning_has_aa_contrast(palette):
    for name, color in vars(palette).items():
        if name not in ("grid", "paper"):
            assert contrast(color, palette.paper) >= 4.5, name


def test_both_palettes_name_the_same_things_and_no_colour_twice():
    assert vars(COLOR).keys() == vars(DARK).keys()
    assert len(set(vars(COLOR).values())) == len(vars(COLOR))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (-3.14159, "−3.14"),
        (12345, "12300"),
        (123456, "1.23×10⁵"),
        (0.00001, "1×10⁻⁵"),
        (-2.5e-7, "−2.5×10⁻⁷"),
        (99999, "100000"),
    ],
)
def test_numbers_are_written_as_readers_write_them(value, text):
    assert format_number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_finite_number_is_written_with_an_e(value):
    text = format_number(value)
    assert "e" not in text
    assert "nan" not in text


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="value must be finite"):
        format_number(value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"xlim": (1, 0)}, "xlim must be two finite numbers, low < high"),
        ({"ylim": (0, np.inf)}, "ylim must be two finite numbers"),
        ({"yscale": "log"}, "ylim must be positive on a log scale"),
    ],
)
def test_bad_limits_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        panel("t", "x", "y", **{"xlim": (0, 1), "ylim": (0, 1), **options})


def test_drawing_moves_no_axis():
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))
    ax.plot([0, 50], [0, -80])
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 1), (0, 1))
    assert "cml" not in plotting.to_svg(figure)


def test_the_same_drawing_gives_the_same_text():
    def drawing():
        figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(1e-3, 1), yscale="log")
        ax.plot([0, 1], [0.1, 0.5], marker="o", color=COLOR.model)
        label(ax, 0.5, 0.1, "η", COLOR.model)
        return plotting.to_svg(figure)

    assert drawing() == drawing()


def test_furniture_drawn_once_is_what_would_have_been_drawn():
    def drawing():
        figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 2))
        ax.plot([0, 1], [0.1, 0.5], color=COLOR.model)
        return figure

    whole = bake._parts(drawing(), "p")
    quick = bake.take_apart(drawing(), "p")
    assert sorted(whole.groups) == sorted(quick.groups)
    assert whole.definitions == quick.definitions


def test_a_figure_can_be_drawn_twice():
    figure, _ = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 2))
    assert bake.take_apart(figure, "p") == bake.take_apart(figure, "p")
    assert ">t</text>" in "".join(bake.take_apart(figure, "p").groups)


def test_changed_axes_are_drawn_as_they_are():
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 2))
    ax.set_xticks([0.25], ["a quarter"])
    assert "a quarter" in "".join(bake.take_apart(figure, "p").groups)
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 2))
    ax.tick_params(labelcolor=COLOR.gradient)
    assert "var(--c-gradient)" in "".join(bake.take_apart(figure, "p").groups)
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 2))
    ax.set_title("another", loc="left")
    assert "another" in "".join(bake.take_apart(figure, "p").groups)


def test_a_heatmap_writes_its_opacities():
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))
    heatmap(ax, np.array([[0.25, 1.0]]), ["row"], ["a", "b"])
    text = "".join(bake.take_apart(figure, "p").groups)
    assert "opacity:0.25" in text
    assert ">0.25<" not in text
    heatmap(ax, np.array([[0.25, 1.0]]), ["row"], ["a", "b"], texts=[["0.25", "1.00"]])
    text = "".join(bake.take_apart(figure, "p").groups)
    assert "opacity:0.45" in text
    assert ">0.25<" in text
    assert "var(--c-model)" in text


def test_a_reader_is_not_told_of_the_font_cache_but_of_a_font_that_is_missing(caplog):
    logger = logging.getLogger("matplotlib.font_manager")
    logger.warning("Matplotlib is building the font cache; this may take a moment.")
    assert caplog.messages == []
    logger.warning("findfont: Font family 'x' not found.")
    assert caplog.messages == ["findfont: Font family 'x' not found."]
