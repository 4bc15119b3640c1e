"""Baked drawings: small, self-contained, and every state in them is the one that was drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.show import bake
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


def markers(shape, **options):
    figure, ax = panel("t", "x", "y", xlim=(0, 10), ylim=(0, 10))
    ax.plot([2, 4, 6], [1, 2, 3], shape, color=COLOR.step, ms=6, **options)
    return "".join(bake.take_apart(figure, "p").groups)


@pytest.mark.parametrize(("shape", "cap"), [("o", "round"), ("s", "square")])
def test_round_and_square_markers_become_one_path_of_dots(shape, cap):
    text = markers(shape)
    assert text.count("h0") == 3
    assert f"stroke-width:7;stroke-linecap:{cap}" in text
    furniture = markers("").count("<use")
    assert markers(shape).count("<use") == furniture
    assert markers("^").count("<use") == furniture + 3


@pytest.mark.parametrize("options", [{"mfc": "none"}, {"alpha": 0.5}, {"mec": COLOR.ink}])
def test_markers_that_no_dot_looks_like_stay_markers(options):
    assert "h0" not in markers("o", **options)


@pytest.mark.parametrize(("top", "clipped"), [(0.9, False), (1.5, True)])
def test_only_what_leaves_the_axes_is_clipped(top, clipped):
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))
    ax.plot([0, 0.5, 1], [0, top, 1], color=COLOR.loss)
    assert ("clip-path" in "".join(bake.take_apart(figure, "p").groups)) == clipped


def test_a_marker_at_the_edge_stays_clipped():
    figure, ax = panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))
    ax.plot([0.5], [0.0], "o", color=COLOR.loss)
    assert "clip-path" in "".join(bake.take_apart(figure, "p").groups)
