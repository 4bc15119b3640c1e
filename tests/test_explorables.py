"""Each explorable of each notebook, with its real widgets: every value of every control draws."""

import itertools
import re
import warnings

import pytest

from tests.book_pages import CHAPTERS_THAT_RUN
from tests.conftest import explorables

_BAD = re.compile(r"\bnan\b|\binf\b|NaN|Infinity", re.IGNORECASE)
_BAD_PATH = re.compile(r'(?:d|x|y|points)="[^"]*(?:nan|inf)', re.IGNORECASE)


def assert_drawn(figure):
    """The figure shows a drawing, a reading, and no number that is none."""
    html = figure._view.value
    assert figure.reading.strip()
    assert not _BAD.search(figure.reading), figure.reading
    assert not _BAD_PATH.search(html)
    for drawing in html.split("<svg")[1:]:
        assert drawing.count("<path") + drawing.count("<use") > 3, "an empty picture"


def move(figure, values):
    for control, value in zip(figure.controls, values, strict=True):
        control.widget.value = value
    assert tuple(figure.values.values()) == tuple(values)
    assert_drawn(figure)


@pytest.mark.parametrize("stem", CHAPTERS_THAT_RUN)
def test_every_value_of_every_control_draws_without_a_warning(stem, rng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = explorables(stem)
        assert any(f.controls for f in figures), "a chapter without a control"
        for figure in figures:
            assert_drawn(figure)
            start = tuple(c.widget.value for c in figure.controls)
            for i, control in enumerate(figure.controls):
                for value in control.values:
                    move(figure, (*start[:i], value, *start[i + 1 :]))
            for values in itertools.product(
                *((c.values[0], c.values[-1]) for c in figure.controls)
            ):
                move(figure, values)
            for _ in range(5):
                chosen = (c.values[int(rng.integers(len(c.values)))] for c in figure.controls)
                move(figure, tuple(chosen))
            move(figure, start)


@pytest.mark.parametrize("stem", CHAPTERS_THAT_RUN)
def test_axes_stay_put_and_the_alternative_text_describes(stem):
    for figure in explorables(stem):
        if not figure.controls:
            continue
        assert len(figure.alt) > 20, f"{figure.identifier} has no description"
        states = list(figure.states())
        frames = []
        for values in (states[0], states[-1]):
            figures, _ = figure.draw(**values)
            figures = figures if isinstance(figures, tuple) else (figures,)
            frames.append([(f.axes[0].get_xlim(), f.axes[0].get_ylim()) for f in figures])
        assert frames[0] == frames[1] or figure.controls[0].kind == "choice", figure.identifier


@pytest.mark.parametrize("stem", CHAPTERS_THAT_RUN)
def test_controls_are_named_by_word_and_redraw_differs(stem):
    for figure in explorables(stem):
        for control in figure.controls:
            assert re.search(r"[a-z]{3}", control.description), control.name
            assert control.widget.description, control.name
