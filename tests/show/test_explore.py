"""``explore`` with a kernel: real widgets, redrawing on each move, and clear errors for authors."""

import functools
import re

import ipywidgets as widgets
import pytest

from helpers.show import BAKE_VARIABLE, bake, explore
from helpers.show.explore import Explorable, show
from helpers.show.style import COLOR, panel


def draw_line(*, height, dashed=False, name="a"):
    """A line of some height."""
    figure, ax = panel("line", "x", "y", xlim=(0, 1), ylim=(0, 10))
    ax.plot([0, 1], [height, height], color=COLOR.model, ls="--" if dashed else "-")
    return figure, f"height {height}, dashed {dashed}, name {name}."


def line(**controls):
    return explore.explore(draw_line, **{"height": widgets.IntSlider(3, 0, 9), **controls})


def test_moving_a_widget_redraws_and_reads():
    figure = line()
    before = figure.html
    figure.controls[0].widget.value = 7
    assert figure.reading == "height 7, dashed False, name a."
    assert figure.html != before
    assert figure.reading in figure.html


def test_it_displays_as_a_widget_whose_text_is_the_reading(monkeypatch):
    monkeypatch.delenv(BAKE_VARIABLE, raising=False)
    data, _ = line()._repr_mimebundle_()
    assert data["text/plain"] == "height 3, dashed False, name a."
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "text/html" not in data


def test_asked_by_the_site_build_it_displays_as_html_with_the_same_reading(monkeypatch):
    monkeypatch.setenv(BAKE_VARIABLE, "1")
    data = line()._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html"}
    assert data["text/plain"] == "height 3, dashed False, name a."


def test_a_live_figure_goes_back_to_its_start():
    figure = line(dashed=widgets.Checkbox(True))
    start = figure.reading
    figure.controls[0].widget.value = 7
    figure.controls[1].widget.value = False
    (button,) = (w for w in figure.children if isinstance(w, widgets.Button))
    button.click()
    assert figure.reading == start
    assert figure.values == {"height": 3, "dashed": True}


def test_an_exception_in_the_callback_is_raised():
    def draw(*, x):
        if x == 2:
            raise ZeroDivisionError("at two")
        return draw_line(height=x)

    figure = explore.explore(draw, x=widgets.IntSlider(0, 0, 3))
    with pytest.raises(ZeroDivisionError, match="at two"):
        figure.controls[0].widget.value = 2


@pytest.mark.parametrize(
    ("control", "kind", "values"),
    [
        (widgets.FloatSlider(0.1, min=0.1, max=0.7, step=0.2), "slider", (0.1, 0.3, 0.5, 0.7)),
        (widgets.FloatLogSlider(1, min=-1, max=1, step=1), "slider", (0.1, 1.0, 10.0)),
        (widgets.IntSlider(2, 1, 3), "slider", (1, 2, 3)),
        (widgets.SelectionSlider(options=[("low", 1), ("high", 9)]), "slider", (1, 9)),
        (widgets.Dropdown(options=["a", "b"]), "choice", ("a", "b")),
        (widgets.RadioButtons(options=["a", "b"]), "choice", ("a", "b")),
        (widgets.ToggleButtons(options=["a", "b"]), "choice", ("a", "b")),
        (widgets.Checkbox(True), "checkbox", (False, True)),
        ((0, 4), "slider", (0, 1, 2, 3, 4)),
        ((0.0, 1.0, 0.5), "slider", (0.0, 0.5, 1.0)),
        (True, "checkbox", (False, True)),
        (["x", "y"], "choice", ("x", "y")),
        ({"one": 1, "two": 2}, "choice", (1, 2)),
    ],
)
def test_every_control_and_abbreviation_has_its_values(control, kind, values):
    figure = explore.explore(lambda *, c: draw_line(height=1, name=c), c=control)
    assert figure.controls[0].kind == kind
    assert figure.controls[0].values == values
    for value in values:
        figure.controls[0].widget.value = value
        assert f"name {value}" in figure.reading
        assert figure.controls[0].values[figure.controls[0].index] == value


def test_a_slider_starts_on_one_of_its_steps():
    slider = widgets.FloatLogSlider(value=1, min=-2, max=0.25, step=0.15)
    figure = explore.explore(lambda *, h: draw_line(height=h), h=slider)
    assert slider.value in figure.controls[0].values


def test_the_page_holds_every_state_and_starts_with_the_present_one():
    figure = line(dashed=widgets.Checkbox(True), name=widgets.Dropdown(options=["a", "b"]))
    html = figure.baked()
    payload = bake.unpack(re.search(r'cml-packed">([^<]*)<', html)[1])
    assert len(payload["states"]) == 10 * 2 * 2
    assert payload["readings"][(3 * 2 + 1) * 2] == figure.reading
    assert f">{figure.reading}</figcaption>" in html
    for values, reading in zip(figure.states(), payload["readings"], strict=True):
        assert reading == draw_line(**values)[1]
    assert 'value="3"' in html
    assert "checked" in html
    assert 'aria-label="A line of some height."' in html


def test_marks_stand_where_their_values_are():
    figure = explore.explore(
        draw_line,
        marks={"height": {"mid": 5, "third": 3}},
        height=widgets.FloatSlider(3, min=0, max=10, step=1),
    )
    assert '--at:0.5000">mid' in figure.baked()
    log = explore.explore(
        draw_line,
        marks={"height": {"root": 10**0.5}},
        height=widgets.FloatLogSlider(1, min=0, max=1, step=0.25),
    )
    assert '--at:0.5000">root' in log.baked()


def test_labels_and_texts_are_escaped():
    figure = line(name=widgets.Dropdown(options=["<b>"], description="a < b & c"))
    html = figure.baked()
    assert "a &lt; b &amp; c" in html
    assert "<b>" not in html


def test_a_figure_without_controls_is_shown_alike():
    figure = show(draw_line(height=4))
    assert figure.reading == "height 4, dashed False, name a."
    assert "fieldset" not in figure.baked()
    named = show(draw_line, height=4)
    assert 'aria-label="A line of some height."' in named.baked()


def test_data_may_come_first_through_partial():
    def draw(table, *, row):
        """A row."""
        return draw_line(height=table[row])

    figure = explore.explore(functools.partial(draw, [5, 6]), row=widgets.IntSlider(0, 0, 1))
    figure.controls[0].widget.value = 1
    assert figure.reading.startswith("height 6")
    assert figure.alt == "A row."


def test_several_figures_stand_side_by_side():
    def draw(*, h):
        """Two lines."""
        return (draw_line(height=h)[0], draw_line(height=9 - h)[0]), f"h = {h}."

    html = explore.explore(draw, h=widgets.IntSlider(1, 0, 9)).baked()
    assert html.count("<svg") == 2
    assert "Two lines. (drawing 2 of 2)" in html


def test_too_many_states_name_the_controls_and_their_counts():
    with pytest.raises(ValueError, match=r"at most 400.*got 2000 \(height: 1000 × dashed: 2\)"):
        explore.explore(
            draw_line, height=widgets.IntSlider(0, 0, 999), dashed=widgets.Checkbox(False)
        )


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ({"height": {"far": 99}}, "mark 'far' must lie on the slider height from 0 to 9, got 99"),
        ({"width": {"x": 1}}, r"marks must name a slider, got 'width'; there are \['height'\]"),
    ],
)
def test_bad_marks_are_named(marks, words):
    with pytest.raises(ValueError, match=words):
        explore.explore(draw_line, marks=marks, height=widgets.IntSlider(3, 0, 9))


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, r"must return \(figure, reading\), got None"),
        (("figure", "text"), "must return matplotlib figures"),
        ((panel("t", "x", "y", xlim=(0, 1), ylim=(0, 1))[0], "  "), "reading that says something"),
    ],
)
def test_what_draw_must_return_is_said(returned, words):
    with pytest.raises(TypeError, match=words):
        explore.explore(lambda *, x: returned, x=widgets.IntSlider(0, 0, 1))


@pytest.mark.parametrize("given", ["text", 3.5j, widgets.Text("x")])
def test_what_is_no_control_is_named(given):
    with pytest.raises(ValueError, match="control height must be"):
        explore.explore(draw_line, height=given)


def test_a_slider_without_a_step_is_refused():
    with pytest.raises(ValueError, match="control height must have a step greater than 0"):
        explore.explore(draw_line, height=widgets.FloatSlider(1, min=0, max=2, step=0))


def test_identifiers_in_a_notebook_differ():
    assert line().identifier != line().identifier
    assert isinstance(line(), Explorable)


@pytest.mark.parametrize(
    ("low", "step", "written"), [(0.0, 0.025, ".3f"), (-1.75, 0.25, ".2f"), (0.5, 1.0, ".1f")]
)
def test_a_live_slider_shows_as_many_decimals_as_it_has(low, step, written):
    slider = widgets.FloatSlider(value=low, min=low, max=low + 2, step=step)
    line(height=slider)
    assert slider.readout_format == written


@pytest.mark.parametrize(
    "slider",
    [
        widgets.FloatLogSlider(1, min=-2, max=2, step=0.3),
        widgets.FloatSlider(0.3, min=0, max=1, step=0.1),
        widgets.SelectionSlider(options=[1, 2, 5]),
    ],
)
def test_draw_is_given_the_steps_of_a_control_and_nothing_near_them(slider):
    table = {value: f"run {value}" for value in explore.steps(slider)}

    def draw(*, height):
        """A line for each run."""
        return draw_line(height=1, name=table[height])

    figure = explore.explore(draw, height=slider)
    for value in figure.controls[0].values:
        if isinstance(slider, widgets.FloatLogSlider):
            # The browser computes powers of its own, which may differ in the last digit.
            slider.value = min(value * (1 + 1e-15), 100.0)
        else:
            slider.value = value
        assert figure.values == {"height": value}
        assert table[value] in figure.reading
