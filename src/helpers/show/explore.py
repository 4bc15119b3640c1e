"""One slider, two lives: ipywidgets with a kernel, native HTML inputs in the rendered book.

``explore(draw, **controls)`` shows the figure that ``draw`` returns for the controls' values, with
its reading, and redraws it when a control moves. The rendered book has no kernel: there each state
is drawn by the same ``draw`` when the book is built, and the page swaps what differs.
"""

from __future__ import annotations

import html
import inspect
import itertools
import math
import os
import re
from functools import cache, partial
from importlib import resources

import ipywidgets as widgets
from matplotlib.figure import Figure

from helpers.mathematics.validate import describe
from helpers.show import BAKE_VARIABLE, bake, page, style
from helpers.show.controls import control, steps

__all__ = ["MAX_STATES", "Explorable", "explore", "number_from_one", "show", "steps"]

#: More states than this make a page heavy: the author has to choose a coarser step.
MAX_STATES = 400
#: How long a played state stays, here and in ``explore.js``.
PLAY_MILLISECONDS = 300
_numbers = itertools.count(1)


def explore(draw, /, *, marks=None, play=None, **controls):
    """Show ``draw(**values)`` with one control for each of its arguments.

    Parameters
    ----------
    draw : callable
        ``draw(**values)`` returns ``(figure, reading)``: a matplotlib ``Figure`` (or several, that
        stand side by side) and one sentence that is true for those values. The first line of its
        docstring is the figure's text alternative. The values are always the controls' own steps.
    marks : dict of dict, optional
        For a slider's name, named values to mark on its track: ``{"learning_rate": {"2/M": 0.5}}``.
    play : str, optional
        The slider that is a time or a training step: a button beside it steps it through.
    **controls
        For each argument an ipywidgets control (slider, log slider, selection slider, dropdown,
        radio or toggle buttons, checkbox) or one of ``interact``'s abbreviations.

    Returns
    -------
    Explorable
        Displays itself as the last expression of a cell; its ``text/plain`` is the reading.

    Raises
    ------
    ValueError
        For a control that cannot be shown, a mark outside its slider, or more than ``MAX_STATES``
        combinations of values.
    TypeError
        Where ``draw`` does not return figures and a reading.
    """
    marks = marks or {}
    strange = [name for name in marks if name not in controls]
    if strange:
        raise ValueError(f"marks must name a slider, got {strange[0]!r}; there are {[*controls]}")
    if play is not None and play not in controls:
        raise ValueError(f"play must name a control, got {play!r}; there are {[*controls]}")
    made = [control(name, c, marks.get(name), name == play) for name, c in controls.items()]
    return Explorable(draw, made)


def show(drawn, **values):
    """Show a figure that has no control: ``show(draw_loss(...))`` or ``show(draw_loss, n=3)``.

    Given the pair ``(figure, reading)``, the reading is the figure's text alternative; given
    ``draw`` itself, the first line of its docstring is put before it, as in ``explore``.
    """
    if callable(drawn):
        return Explorable(partial(drawn, **values), [])

    def already_drawn():
        return drawn

    already_drawn.__doc__ = ""
    return Explorable(already_drawn, [])


def number_from_one():
    """Count the figures anew, as a fresh kernel does."""
    global _numbers
    _numbers = itertools.count(1)


class Explorable(widgets.VBox):
    """A figure with its controls and its reading; see ``explore``."""

    def __init__(self, draw, controls):
        self.draw = draw
        self.controls = tuple(controls)
        self.alt = _first_line(draw)
        name = getattr(draw, "func", draw).__name__.removeprefix("draw_").replace("_", "-")
        #: What a link calls the figure; the identifier tells it from others of the same drawing.
        self.name = re.sub("[^a-z0-9-]", "", name.lower())
        self.identifier = f"cml-{self.name}-{next(_numbers)}"
        count = math.prod(len(c.values) for c in self.controls)
        if count > MAX_STATES:
            listed = " × ".join(f"{c.name}: {len(c.values)}" for c in self.controls)
            raise ValueError(
                f"controls must have at most {MAX_STATES} combinations so that the page stays "
                f"small, got {count} ({listed}); choose a larger step"
            )
        self.reading = ""
        self._frames = {}
        self._view = widgets.HTML()
        rules = widgets.HTML(f"<style>{_live_css()}</style>", layout={"display": "none"})
        rows = [_row(c) for c in self.controls]
        self._start = self.values
        if self.controls:
            rows.append(widgets.Button(description="Back to the start"))
            rows[-1].on_click(lambda button: self.go_back())
        super().__init__([rules, *rows, self._view])
        for c in self.controls:
            c.widget.observe(self._redraw, names="value")
        self._redraw()

    @property
    def values(self):
        """The controls' present values, as ``draw`` gets them."""
        return {c.name: c.value for c in self.controls}

    @property
    def html(self):
        """The figure as it is shown now."""
        return self._view.value

    def go_back(self):
        """Set every control to where it started."""
        for c in self.controls:
            c.widget.value = self._start[c.name]

    def states(self):
        """Every combination of the controls' values, the last control moving fastest."""
        for combination in itertools.product(*(c.values for c in self.controls)):
            yield dict(zip((c.name for c in self.controls), combination, strict=True))

    def drawn(self, values):
        """The drawings and the reading for ``values``."""
        drawn = self.draw(**values)
        if not (isinstance(drawn, tuple) and len(drawn) == 2 and isinstance(drawn[1], str)):
            raise TypeError(f"draw must return (figure, reading), got {describe(drawn)}")
        figures, reading = drawn
        figures = figures if isinstance(figures, (tuple, list)) else (figures,)
        if not figures or not all(isinstance(f, Figure) for f in figures):
            raise TypeError(f"draw must return matplotlib figures, got {describe(figures)}")
        if not reading.strip():
            raise TypeError("draw must return a reading that says something, got an empty one")
        places = [f"{self.identifier}-{i}" for i in range(len(figures))]
        parts = [
            bake.take_apart(figure, place, self._frames)
            for figure, place in zip(figures, places, strict=True)
        ]
        return parts, reading

    def baked(self):
        """The figure for the rendered book: native inputs over every state, drawn now."""
        packer = bake.Packer()
        now, first = self.values, None
        for number, values in enumerate(self.states()):
            drawings, reading = self.drawn(values)
            packer.add(drawings, reading)
            if first is None and values == now:
                first, index = drawings, number
        reading = packer.readings[index]
        payload = {
            **packer.payload(),
            "first": index,
            "controls": [{"name": c.name, "texts": c.texts} for c in self.controls],
        }
        return page.figure(
            self.identifier,
            controls="".join(page.native(c, self.identifier) for c in self.controls),
            drawings=self._svgs(first, packer.definitions, reading),
            reading=reading,
            packed=bake.pack(payload) if self.controls else "",
        )

    def _repr_mimebundle_(self, **kwargs):
        if os.environ.get(BAKE_VARIABLE):
            return {"text/plain": self.reading, "text/html": self.baked()}
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": self.reading}, metadata

    def _redraw(self, change=None):
        #: What is shown now.
        self.drawings, self.reading = self.drawn(self.values)
        definitions = {k: v for d in self.drawings for k, v in d.definitions.items()}
        svgs = self._svgs(self.drawings, definitions, self.reading)
        self._view.value = page.figure(self.identifier, drawings=svgs, reading=self.reading)

    def _svgs(self, drawings, definitions, reading):
        # The reading belongs to the figure as a whole: the first drawing carries it.
        parts = []
        for i, drawing in enumerate(drawings):
            ours = {k: v for k, v in definitions.items() if k.startswith(f"{self.identifier}-{i}-")}
            alt = self.alt or reading
            if len(drawings) > 1:
                alt = f"{alt} (drawing {i + 1} of {len(drawings)})"
            parts.append(drawing.svg(alt, definitions=ours))
        return "".join(parts)


def _row(control):
    """A live control, with its marks in words below it."""
    row = _with_play(control.widget) if control.plays else control.widget
    if not control.marks:
        return row
    text = " · ".join(f"{k} = {style.format_number(v)}" for k, v in control.marks.items())
    return widgets.VBox([row, widgets.HTML(f"<small>{html.escape(text)}</small>")])


def _with_play(slider):
    """A slider with ipywidgets' ``Play`` beside it, which steps it through in the browser."""
    if isinstance(slider, widgets.IntSlider):
        steps, value = {"min": slider.min, "max": slider.max, "step": slider.step}, "value"
    else:
        steps, value = {"min": 0, "max": len(slider.options) - 1}, "index"
    player = widgets.Play(value=getattr(slider, value), interval=PLAY_MILLISECONDS, **steps)
    widgets.jslink((player, "value"), (slider, value))
    return widgets.HBox([player, slider])


def _first_line(draw):
    doc = inspect.getdoc(getattr(draw, "func", draw)) or ""
    return doc.split("\n\n")[0].replace("\n", " ").strip()


@cache
def _live_css():
    return resources.files("helpers.show").joinpath("explore.css").read_text() + style.css()
