"""Baked drawings: small, self-contained, and every state in them is the one that was drawn."""

import dataclasses
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import EllipseCollection
from matplotlib.colors import to_rgb
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Circle
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from helpers.show import bake
from helpers.show.renderer import Renderer
from helpers.show.style import COLOR, panel


def drawing(height, prefix="p"):
    figure, ax = panel("title", "x", "y", xlim=(0, 1), ylim=(0, 1))
    ax.plot([0, 0.5, 1], [0, height, 1], color=COLOR.loss, marker="o")
    ax.plot([0, 2], [1, 0], color=COLOR.muted)
    return bake.take_apart(figure, prefix)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@given(json_like)
def test_what_is_packed_comes_out_again(payload):
    assert bake.unpack(bake.pack(payload)) == payload


def test_states_share_their_groups():
    packer = bake.Packer()
    for height in np.linspace(0, 1, 11):
        packer.add([drawing(height)], f"height {height}")
    payload = packer.payload()
    alone = len(drawing(0.0).groups)
    assert len(payload["groups"]) == alone + 10
    assert payload["readings"][3] == f"height {np.linspace(0, 1, 11)[3]}"


def test_a_state_is_put_together_from_its_groups():
    packer = bake.Packer()
    for height in (0.1, 0.9):
        packer.add([drawing(height)], "r")
    payload = packer.payload()
    for number, height in enumerate((0.1, 0.9)):
        groups = [payload["groups"][i] for i in payload["states"][number][0]]
        assert tuple(groups) == drawing(height).groups


def test_ids_carry_the_prefix_and_all_references_resolve():
    apart = drawing(0.5, prefix="figure-7-0")
    text = "".join(apart.groups)
    references = {r.split('"')[0] for r in text.split('href="#')[1:]}
    references |= {r.split(")")[0] for r in text.split("url(#")[1:]}
    assert references
    assert references == set(apart.definitions)
    assert all(identifier.startswith("figure-7-0-") for identifier in apart.definitions)
    assert "id=" not in text


def test_colours_become_variables_and_nothing_is_hidden_in_styles():
    text = "".join(drawing(0.5).groups)
    assert "var(--c-loss)" in text
    assert COLOR.loss not in text


def test_text_stays_text_and_is_escaped():
    figure, ax = panel("a < b & c", "x", "y", xlim=(0, 1), ylim=(0, 1))
    ax.text(0.5, 0.5, "η > 2/L")
    text = "".join(bake.take_apart(figure, "p").groups)
    assert "a &lt; b &amp; c" in text
    assert "η &gt; 2/L" in text


def test_states_of_different_form_are_refused():
    packer = bake.Packer()
    packer.add([drawing(0.1)], "one drawing")
    with pytest.raises(ValueError, match="same number and sizes in every state"):
        packer.add([drawing(0.1), drawing(0.2)], "two drawings")


def test_the_alternative_text_is_escaped():
    assert 'aria-label="a &quot;b&quot; &lt; c"' in drawing(0.1).svg('a "b" < c')


def panel_with(draw, **options):
    """What ``draw(ax)`` adds to an empty panel, as one text."""
    figure, ax = panel("t", "x", "y", **{"xlim": (0, 10), "ylim": (0, 10), **options})
    empty = bake.take_apart(figure, "p").groups
    draw(ax)
    groups = bake.take_apart(figure, "p").groups
    assert groups[: len(empty)] == empty
    return "".join(groups[len(empty) :])


def outline(d):
    """The points of SVG path data, as the reader of the page gets them, and its letters."""
    points, letters, here, start = [], "", np.zeros(2), None
    for letter, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", d):
        steps = np.array(re.findall(r"-?\d*\.?\d+", numbers), dtype=float).reshape(-1, 2)
        letters += letter
        size = {"M": 1, "m": 1, "l": 1, "q": 2, "c": 3, "z": 1}[letter]
        for segment in steps.reshape(-1, size, 2):
            points += list(segment + (0 if letter == "M" else here))
            here = points[-1]
        start = here if letter in "Mm" else start
        here = start if letter == "z" else here
    return np.array(points), letters


def markers(shape, **options):
    options = {"color": COLOR.step, "ms": 6, "ls": "none", "marker": shape, **options}
    return panel_with(lambda ax: ax.plot([2, 4, 6], [1, 2, 3], **options))


@pytest.mark.parametrize(("shape", "cap"), [("o", "round"), ("s", "square")])
def test_round_and_square_markers_become_one_path_of_dots(shape, cap):
    text = markers(shape)
    assert text.count("h0") == 3
    assert text.count("<") == 1
    assert f"stroke-width:7;stroke-linecap:{cap}" in text


@pytest.mark.parametrize("shape", ["^", "x", "+", "D", "*", "_", "h"])
def test_markers_of_other_shapes_are_drawn_as_they_are(shape):
    text = markers(shape)
    assert "h0" not in text
    assert text.count("M") == 3
    assert "var(--c-step)" in text
    points, _ = outline(re.search(r' d="([^"]*)"', text)[1])
    assert np.ptp(points[: len(points) // 3], axis=0).max() == pytest.approx(6, abs=3)


@pytest.mark.parametrize("shape", ["D", "x", "+"])
def test_a_marker_stands_around_its_place(shape):
    points, _ = outline(re.search(r' d="([^"]*)"', markers(shape))[1])
    middles = [p.mean(axis=0) for p in np.split(points, 3)]
    wanted = [(51.3 + 27 * x, 204.4 - 17.6 * y) for x, y in ((2, 1), (4, 2), (6, 3))]
    np.testing.assert_allclose(middles, wanted, atol=0.3)


@pytest.mark.parametrize(
    "options",
    [
        {"mfc": "none"},
        {"alpha": 0.5},
        {"mec": COLOR.ink},
        {"marker": MarkerStyle("o").scaled(1, 2)},
        {"marker": MarkerStyle("s").rotated(deg=20)},
    ],
)
def test_markers_that_no_dot_looks_like_stay_markers(options):
    text = markers("o", **options)
    assert "h0" not in text
    assert text.count("M") == 3


@pytest.mark.parametrize(("height", "dots"), [(6, 3), (9, 0)])
def test_a_row_of_ellipses_is_a_row_of_dots_where_they_are_round(height, dots):
    def draw(ax):
        options = {"units": "dots", "color": COLOR.step, "offset_transform": ax.transData}
        places = [(1, 2), (3, 4), (5, 6)]
        ax.add_collection(EllipseCollection([6], [height], [0], offsets=places, **options))

    text = panel_with(draw)
    assert text.count("h0") == dots
    assert text.count("M") == (1 if dots else 3)


def test_a_dot_drawn_twice_is_drawn_once_unless_one_sees_through_it():
    def two(**options):
        return panel_with(lambda ax: ax.plot([3, 3], [5, 5], "o", color=COLOR.step, **options))

    assert two().count("h0") == 1
    assert two(alpha=0.5).count("M") == 2


@pytest.mark.parametrize(("top", "clipped"), [(0.9, False), (1.5, True)])
def test_only_what_leaves_the_axes_is_clipped(top, clipped):
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))
    ax.plot([0, 0.5, 1], [0, top, 1], color=COLOR.loss)
    assert ("clip-path" in "".join(bake.take_apart(figure, "p").groups)) == clipped


def test_a_marker_at_the_edge_stays_clipped():
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))
    ax.plot([0.5], [0.0], "o", color=COLOR.loss)
    assert "clip-path" in "".join(bake.take_apart(figure, "p").groups)


def test_what_lies_outside_is_left_out_unless_it_may_stand_there():
    outside = {"color": COLOR.loss, "marker": "^"}
    assert panel_with(lambda ax: ax.plot([1, 2], [11, 12], **outside)) == ""
    assert panel_with(lambda ax: ax.plot([5], [10.5], "o", clip_on=False)) != ""
    assert panel_with(lambda ax: ax.text(20, 5, "far", clip_on=True)) == ""


def test_the_clip_is_the_box_of_the_axes():
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))
    ax.plot([0, 1], [0, 2], color=COLOR.loss)
    (clip,) = bake.take_apart(figure, "p").definitions.values()
    box = [float(re.search(rf' {k}="([^"]*)"', clip)[1]) for k in ("x", "y", "width", "height")]
    (left, low), (right, high) = 72 * figure.get_size_inches() * ax.get_position().get_points()
    top = 72 * figure.get_size_inches()[1] - high
    assert box == pytest.approx([left, top, right - left, high - low], abs=0.11)


def test_clips_of_two_sizes_have_two_ids():
    packer = bake.Packer()
    for equal in (False, True):
        figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1), equal=equal)
        ax.plot([0, 1], [0, 2], color=COLOR.loss)
        packer.add([bake.take_apart(figure, "p")], "r")
    assert len(packer.definitions) == len(set(packer.definitions.values())) == 2


def test_a_turned_text_does_not_turn_its_clip():
    text = panel_with(lambda ax: ax.text(9.9, 5, "at the edge", rotation=30, clip_on=True))
    assert re.fullmatch(
        r'<g clip-path="[^"]*"><text transform="[^"]*" [^>]*>[^<]*</text></g>', text
    )
    assert "clip" not in panel_with(lambda ax: ax.text(5, 5, "a", rotation=30, clip_on=True))


@pytest.mark.parametrize("name", vars(COLOR))
def test_every_colour_of_the_palette_is_written_by_its_name(name):
    color = getattr(COLOR, name)
    line = panel_with(lambda ax: ax.plot([1, 2], [1, 2], color=color))
    area = panel_with(lambda ax: ax.fill([1, 2, 2], [1, 2, 1], color=color))
    text = panel_with(lambda ax: ax.text(5, 5, "a", color=color))
    assert f"stroke:var(--c-{name})" in line
    assert f"fill:var(--c-{name})" in area
    assert f"fill:var(--c-{name})" in text


def test_a_colour_outside_the_palette_is_written_as_it_is():
    assert "stroke:#ff0000" in panel_with(lambda ax: ax.plot([1, 2], [1, 2], color="red"))


@pytest.mark.parametrize(
    ("draw", "written"),
    [
        (lambda ax: ax.plot([1, 2], [1, 2], color=COLOR.loss, alpha=0.5), "stroke-opacity:0.5"),
        (lambda ax: ax.plot([1, 2], [1, 2], color=(*to_rgb(COLOR.loss), 0.25)), "opacity:0.25"),
        (lambda ax: ax.fill([1, 2, 2], [1, 2, 1], fc=(*to_rgb(COLOR.loss), 0.25)), "fill-opacity"),
        (lambda ax: ax.fill([1, 2, 2], [1, 2, 1], color=COLOR.loss, alpha=0.5), ";opacity:0.5"),
        (lambda ax: ax.text(5, 5, "a", color=COLOR.loss, alpha=0.5), ";opacity:0.5"),
    ],
    ids=["line", "colour", "area's colour", "area", "text"],
)
def test_opacity_is_written_apart_from_the_colour(draw, written):
    text = panel_with(draw)
    assert written in text
    assert "var(--c-loss)" in text


def test_nothing_is_written_that_nobody_sees():
    assert panel_with(lambda ax: ax.plot([1, 2], [1, 2], lw=0)) == ""
    assert panel_with(lambda ax: ax.fill([1, 2, 2], [1, 2, 1], fc="none", ec="none")) == ""
    assert panel_with(lambda ax: ax.text(5, 5, " ")) == ""
    assert panel_with(lambda ax: ax.plot([np.nan], [1])) == ""


def test_a_line_without_length_is_a_line():
    text = panel_with(lambda ax: ax.plot([5, 5], [5, 5], color=COLOR.loss))
    assert "l0 0" in text
    assert "stroke-linecap:square" in text


def test_dashes_are_as_long_as_they_were_drawn():
    dashed = {"ls": (1, (4, 2)), "lw": 2, "color": COLOR.loss}
    text = panel_with(lambda ax: ax.plot([1, 2], [1, 2], **dashed))
    assert "stroke-dasharray:8,4;stroke-dashoffset:2;stroke-width:2" in text


def test_lines_of_one_look_are_one_path_and_others_keep_their_order():
    color, other = COLOR.loss, COLOR.ink
    one = panel_with(lambda ax: ax.vlines([1, 2, 3], 0, 5, color=color))
    assert (one.count("<path"), one.count("M")) == (1, 3)
    crossed = panel_with(lambda ax: ax.vlines([1, 1, 1], 0, 5, color=[color, other, color]))
    assert re.findall("stroke:var.--c-([a-z]+)", crossed) == ["loss", "ink", "loss"]
    seen_through = panel_with(lambda ax: ax.vlines([1, 1], 0, 5, color=color, alpha=0.5))
    assert seen_through.count("<path") == 2


def test_grid_and_ticks_of_an_axis_are_one_path_each():
    figure, _ = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))
    one, other, *spines = bake.take_apart(figure, "p").groups[:4]
    assert one.count("<path") == other.count("<path") == 2
    assert one.count("M") == 2 * (one.count("<text") - 1)
    assert "".join(spines).count("<path") == 2


tenths = st.integers(-3000, 3000)
pieces = st.lists(st.tuples(tenths, tenths), min_size=2, max_size=6, unique=True)


@given(st.lists(pieces, min_size=1, max_size=4), st.booleans())
def test_the_steps_of_an_outline_lead_to_its_points(lines, closed):
    """Whatever the outline: no rounding adds up from step to step."""
    vertices, codes = [], []
    for points in lines:
        vertices += points + points[:1] * closed
        codes += [Path.MOVETO] + [Path.LINETO] * (len(points) - 1) + [Path.CLOSEPOLY] * closed
    renderer = Renderer(300, 300, "p")
    gc = renderer.new_gc()
    renderer.draw_path(gc, Path(np.array(vertices) / 10, codes), IdentityTransform(), (0, 0, 0, 1))
    renderer.close_group("drawn")
    points, letters = outline(re.search(r' d="([^"]*)"', renderer.groups[0])[1])
    wanted = [(x / 10, 300 - y / 10) for points in lines for x, y in points]
    np.testing.assert_allclose(points, wanted, atol=1e-9)
    assert letters == "m".join("l" + "z" * closed for _ in lines).join(["M", ""])


def test_curves_stay_curves():
    renderer = Renderer(100, 100, "p")
    vertices = [(10, 10), (20, 30), (40, 10), (50, 40), (60, 0), (70, 20), (0, 0)]
    codes = [Path.MOVETO, *[Path.CURVE3] * 2, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    renderer.draw_path(renderer.new_gc(), Path(vertices, codes), IdentityTransform())
    renderer.close_group("drawn")
    points, letters = outline(re.search(r' d="([^"]*)"', renderer.groups[0])[1])
    assert letters.startswith("Mqc")
    assert letters.endswith("z")
    np.testing.assert_allclose(points[:6], [(x, 100 - y) for x, y in vertices[:-1]])


def test_a_line_has_a_gap_where_it_has_no_value():
    text = panel_with(lambda ax: ax.plot([1, 2, 3, 4, 5], [1, 2, np.nan, 4, 5]))
    assert outline(re.search(r' d="([^"]*)"', text)[1])[1] == "Mlml"


def test_a_long_line_is_simplified_and_a_far_one_is_written_in_plain_numbers():
    x = np.linspace(0, 10, 1000)
    assert len(panel_with(lambda ax: ax.plot(x, x))) < 200
    far = panel_with(lambda ax: ax.plot([1, 2], [1e12, -1e12]))
    area = panel_with(lambda ax: ax.fill([1, 2, 2], [1e12, 2, 1e200]))
    assert not re.search(r"e[+-]?\d|nan|inf", far + area)


def test_a_turned_label_turns_around_its_place():
    figure, _ = panel("t", "x", "turned", xlim=(0, 1), ylim=(0, 1))
    (text,) = re.findall("<text[^>]*>turned</text>", "".join(bake.take_apart(figure, "p").groups))
    x, y, angle = map(float, re.search(r"translate\((\S+) (\S+)\)rotate\((\S+)\)", text).groups())
    assert (y, angle) == (116.3, -90)
    assert 5 < x < 15
    assert "text-anchor:middle" in text


def test_a_text_is_held_where_it_was_held():
    for ha, anchor in (("left", None), ("center", "middle"), ("right", "end")):
        text = panel_with(lambda ax, ha=ha: ax.text(5, 5, "held", ha=ha))
        assert 'x="186.3"' in text
        found = re.search("text-anchor:([a-z]+)", text)
        assert (found and found[1]) == anchor


def test_every_line_of_a_text_is_a_text_below_the_one_before():
    text = panel_with(lambda ax: ax.text(5, 5, "one\n\nthree"))
    assert re.findall(">([a-z]+)</text>", text) == ["one", "three"]
    first, last = (float(y) for y in re.findall(' y="([^"]*)"', text))
    assert 22 < last - first < 32


def test_a_font_is_written_where_it_is_not_the_pages():
    assert "font" not in panel_with(lambda ax: ax.text(5, 5, "a", fontsize=11.5))
    other = {"fontsize": 9, "weight": "bold", "style": "italic", "family": "DejaVu Sans Mono"}
    assert (
        "font-size:9px;font-family:'DejaVu Sans Mono';font-weight:700;font-style:italic"
        in panel_with(lambda ax: ax.text(5, 5, "a", **other))
    )


def test_each_artist_is_one_element():
    figure, ax = panel("t", "x", "y", xlim=(0, 10), ylim=(0, 10))
    ax.plot([1, 2], [1, 2], "o-")
    ax.annotate("here", (1, 2), xytext=(3, 4), arrowprops={"arrowstyle": "->"})
    for group in bake.take_apart(figure, "p").groups:
        ElementTree.fromstring(group)


def test_a_text_at_no_place_takes_nothing_else_away():
    def draw(ax):
        ax.text(np.nan, 1, "nowhere")
        ax.plot([1, 2], [1, 2], color=COLOR.loss)

    assert "var(--c-loss)" in panel_with(draw)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda ax: ax.imshow(np.eye(2)), "axes must be drawn without images .*heatmap.* pixels"),
        (lambda ax: ax.text(1, 1, "$x$"), r"text must be drawn without mathtext, got '\$x\$'"),
        (lambda ax: ax.text(1, 1, "x", usetex=True), "text must be drawn without mathtext"),
        (lambda ax: ax.fill([1, 2, 2], [1, 2, 1], hatch="/"), "patch must be .*hatches, got '/'"),
        (lambda ax: ax.fill([1, 2, 2], [1, 2, 1], url="a.html"), "links, got 'a.html'"),
        (lambda ax: ax.pcolormesh(np.eye(2), shading="gouraud"), "QuadMesh .* without gradients"),
        (
            lambda ax: ax.plot([1, 2], [1, 2])[0].set_clip_path(
                Circle((1, 1), transform=ax.transData)
            ),
            "line2d must be drawn without a clip path other than a rectangle",
        ),
    ],
    ids=["image", "mathtext", "TeX", "hatch", "link", "gradient", "clip"],
)
def test_what_a_page_cannot_show_is_refused_by_name(draw, words):
    figure, ax = panel("t", "x", "y", xlim=(0, 10), ylim=(0, 10))
    draw(ax)
    with pytest.raises(ValueError, match=words):
        bake.take_apart(figure, "p")
    assert all(a.get_visible() for a in (ax.xaxis, ax.yaxis))


def test_the_unit_is_the_point_whatever_the_dots_per_inch():
    drawings = []
    for dpi in (72, 200):
        figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))
        ax.plot([0, 0.5, 1], [0, 0.3, 1], "o-", lw=3)
        ax.annotate("beside", (0.5, 0.3), xytext=(5, 5), textcoords="offset points")
        figure.dpi = dpi
        drawings.append(bake.take_apart(figure, "p"))
        assert figure.dpi == dpi
    assert drawings[0] == drawings[1]
    assert drawings[0].view_box == "0 0 331.2 244.8"


def test_frames_is_drawn_once_for_all_states_that_share_it():
    kept = {}

    def state(height, title="title"):
        figure, ax = panel(title, "x", "y", xlim=(0, 1), ylim=(0, 1))
        ax.plot([0, 1], [0, height], color=COLOR.loss)
        return bake.take_apart(figure, "p", kept), bake.take_apart(figure, "p")

    state(0.5)
    (below,) = kept.values()
    for height in (0.1, 0.9):
        kept_apart, apart = state(height)
        assert kept_apart == apart
        assert kept_apart.texts == apart.texts
        assert list(kept.values()) == [below]
        assert next(iter(kept.values())) is below
    kept_apart, apart = state(0.1, "another title")
    assert kept_apart == apart
    assert len(kept) == 2


def test_a_drawing_put_on_another_keeps_what_both_have():
    below = bake.Drawing("0 0 9 9", {"a": "A"}, ("<a/>",), (("a", (0, 0, 1, 1)),))
    above = bake.Drawing("0 0 9 9", {"b": "B"}, ("<b/>",), (("b", (0, 0, 1, 1)),))
    both = below.under(above)
    assert (both.definitions, both.groups) == ({"a": "A", "b": "B"}, ("<a/>", "<b/>"))
    assert both.texts == below.texts + above.texts


def texts(*labels, **options):
    figure, ax = panel("t", "x", "y", xlim=(0, 331.2), ylim=(0, 244.8), **options)
    ax.set_position((0, 0, 1, 1))
    ax.set_axis_off()
    for x, y, text, *rest in labels:
        ax.text(x, y, text, fontsize=11.5, **dict(*rest))
    return bake.take_apart(figure, "p")


def test_a_drawing_knows_the_box_of_each_text():
    x0, y0, x1, y1 = dict(texts((50, 100, "xxxx")).texts)["xxxx"]
    assert (x0, y1) == pytest.approx((50, 244.8 - 100), abs=0.3)
    assert x1 - x0 == pytest.approx(4 * 0.592 * 11.5, rel=0.05)
    assert y1 - y0 == pytest.approx(0.547 * 11.5, rel=0.1)
    lying, standing = texts((50, 100, "word"), (50, 100, "word", {"rotation": 90})).texts[-2:]
    (a, b), (c, d) = ((x1 - x0, y1 - y0) for _, (x0, y0, x1, y1) in (lying, standing))
    assert (a, b) == pytest.approx((d, c))
    assert "title" in dict(drawing(0.5).texts)


def test_the_boxes_are_no_part_of_what_a_drawing_looks_like():
    apart = drawing(0.5)
    assert dataclasses.replace(apart, texts=()) == apart


def test_texts_that_overlap_are_found():
    apart = texts((50, 100, "left"), (60, 103, "right"), (50, 200, "far"))
    assert bake.overlapping_texts(apart) == [("left", "right")]
    turned = texts((50, 100, "a long label"), (110, 80, "upwards", {"rotation": 90}))
    assert bake.overlapping_texts(turned) == [("a long label", "upwards")]


def test_texts_that_do_not_overlap_are_not_found():
    stacked = texts((50, 100, "labels"), (50, 111, "labels"))
    assert bake.overlapping_texts(stacked) == []
    assert bake.overlapping_texts(texts((50, 100, "one\ntwo\nthree"))) == []
    beside = texts((50, 100, "labels", {"ha": "right"}), (50, 100, "labels"))
    assert bake.overlapping_texts(beside) == []
    assert len(bake.overlapping_texts(beside, tolerance=-3)) == 1
