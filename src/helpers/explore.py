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
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources

import ipywidgets as widgets
from matplotlib.figure import Figure

from helpers import bake, plotting
from helpers._validate import describe

#: The book's Sphinx extension sets this for the kernels it starts; see ``book/_ext``.
BAKE_VARIABLE = "CALCULUS_FOR_ML_BAKE"
#: More states than this make a page heavy: the author has to choose a coarser step.
MAX_STATES = 400

_SLIDERS = (
    widgets.FloatSlider,
    widgets.FloatLogSlider,
    widgets.IntSlider,
    widgets.SelectionSlider,
)
_CHOICES = (widgets.Dropdown, widgets.RadioButtons, widgets.ToggleButtons, widgets.Select)
_numbers = itertools.count(1)


def explore(draw, *, marks=None, **controls):
    """Show ``draw(**values)`` with one control for each of its arguments.

    Parameters
    ----------
    draw : callable
        ``draw(**values)`` returns ``(figure, reading)``: a matplotlib ``Figure`` (or several, that
        stand side by side) and one sentence that is true for those values. The first line of its
        docstring is the figure's text alternative.
    marks : dict of dict, optional
        For a slider's name, named values to mark on its track: ``{"learning_rate": {"2/L": 0.5}}``.
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
    return Explorable(draw, [_control(name, c) for name, c in controls.items()], marks or {})


def show(drawn, **values):
    """Show a figure that has no control: ``show(draw_loss(...))`` or ``show(draw_loss, n=3)``.

    Given the pair ``(figure, reading)``, the reading is the figure's text alternative; given
    ``draw`` itself, the first line of its docstring is put before it, as in ``explore``.
    """
    if callable(drawn):
        return Explorable(partial(drawn, **values), [], {})

    def already_drawn():
        return drawn

    already_drawn.__doc__ = ""
    return Explorable(already_drawn, [], {})


@dataclass(frozen=True)
class Control:
    """One control: the widget, the values it can take and how each is written."""

    name: str
    widget: widgets.Widget
    kind: str
    values: tuple
    texts: tuple[str, ...]

    @property
    def description(self):
        return self.widget.description or self.name.replace("_", " ")

    @property
    def index(self):
        """Where the widget's present value stands among ``values``."""
        return nearest(self.values, self.widget.value)


class Explorable(widgets.VBox):
    """A figure with its controls and its reading; see ``explore``."""

    def __init__(self, draw, controls, marks):
        self.draw = draw
        self.controls = tuple(controls)
        self.marks = _checked_marks(marks, self.controls)
        self.alt = _first_line(draw)
        name = getattr(draw, "func", draw).__name__.removeprefix("draw_").replace("_", "-")
        self.identifier = f"cml-{re.sub('[^a-z0-9-]', '', name.lower())}-{next(_numbers)}"
        count = math.prod(len(c.values) for c in self.controls)
        if count > MAX_STATES:
            listed = " × ".join(f"{c.name}: {len(c.values)}" for c in self.controls)
            raise ValueError(
                f"controls must have at most {MAX_STATES} combinations so that the page stays "
                f"small, got {count} ({listed}); choose a larger step"
            )
        self.reading = ""
        self._furniture = {}
        self._view = widgets.HTML()
        style = widgets.HTML(f"<style>{_live_css()}</style>", layout={"display": "none"})
        rows = [self._row(control) for control in self.controls]
        super().__init__([style, *rows, self._view])
        for control in self.controls:
            control.widget.observe(self._redraw, names="value")
        self._redraw()

    @property
    def values(self):
        """The controls' present values, as ``draw`` gets them."""
        return {c.name: c.widget.value for c in self.controls}

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
        parts = [
            bake.take_apart(f, f"{self.identifier}-{i}", self._furniture)
            for i, f in enumerate(figures)
        ]
        return parts, reading

    def baked(self):
        """The figure for the rendered book: native inputs over every state, drawn now."""
        packer = bake.Packer()
        index, first, labels = 0, None, [c.index for c in self.controls]
        for control, position in zip(self.controls, labels, strict=True):
            index = index * len(control.values) + position
        for number, values in enumerate(self.states()):
            drawings, reading = self.drawn(values)
            packer.add(drawings, reading)
            if number == index:
                first = drawings
        reading = packer.readings[index]
        payload = {
            **packer.payload(),
            "first": index,
            "controls": [{"name": c.name, "texts": c.texts} for c in self.controls],
        }
        return self._figure(
            controls="".join(self._native(c) for c in self.controls),
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
        drawings, self.reading = self.drawn(self.values)
        definitions = {k: v for d in drawings for k, v in d.definitions.items()}
        svgs = self._svgs(drawings, definitions, self.reading)
        self._view.value = self._figure(controls="", drawings=svgs, reading=self.reading, packed="")

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

    def _figure(self, *, controls, drawings, reading, packed):
        parts = [f'<figure class="cml" id="{self.identifier}">']
        if controls:
            parts.append(
                f'<fieldset class="cml-controls" disabled><legend>Move it yourself</legend>'
                f"{controls}</fieldset>"
                f'<noscript><p class="cml-note">The controls need JavaScript; the drawing '
                f"below shows their first setting.</p></noscript>"
            )
        parts.append(f'<div class="cml-drawings">{drawings}</div>')
        live = ' aria-live="polite"' if controls else ""
        parts.append(f'<figcaption class="cml-reading"{live}>{html.escape(reading)}</figcaption>')
        if packed:
            parts.append(f'<script type="text/plain" class="cml-packed">{packed}</script>')
        return "".join([*parts, "</figure>"])

    def _native(self, control):
        name = html.escape(control.name)
        identifier = f"{self.identifier}-{name}"
        label = f'<label for="{identifier}">{html.escape(control.description)}</label>'
        if control.kind == "checkbox":
            checked = " checked" if control.widget.value else ""
            return (
                f'<div class="cml-control cml-check"><input type="checkbox" id="{identifier}" '
                f'data-name="{name}"{checked}>{label}</div>'
            )
        if control.kind == "choice":
            options = "".join(
                f'<option value="{i}"{" selected" if i == control.index else ""}>'
                f"{html.escape(text)}</option>"
                for i, text in enumerate(control.texts)
            )
            return (
                f'<div class="cml-control cml-choice">{label}'
                f'<select id="{identifier}" data-name="{name}">{options}</select></div>'
            )
        text = html.escape(control.texts[control.index])
        ticks = "".join(
            f'<span style="--at:{position / max(1, len(control.values) - 1):.4f}">'
            f"{html.escape(mark)}</span>"
            for mark, position in self._positions(control).items()
        )
        marks = f'<div class="cml-marks" aria-hidden="true">{ticks}</div>' if ticks else ""
        return (
            f'<div class="cml-control">{label}<output for="{identifier}">{text}</output>'
            f'<input type="range" id="{identifier}" data-name="{name}" min="0" '
            f'max="{len(control.values) - 1}" step="1" value="{control.index}" '
            f'aria-valuetext="{text}">{marks}</div>'
        )

    def _positions(self, control):
        """Marks as fractional indices into the control's values."""
        marks = self.marks.get(control.name, {})
        log = isinstance(control.widget, widgets.FloatLogSlider)
        return {name: _fractional_index(control.values, v, log) for name, v in marks.items()}

    def _row(self, control):
        marks = self.marks.get(control.name)
        if not marks:
            return control.widget
        text = " · ".join(f"{k} = {plotting.format_number(v)}" for k, v in marks.items())
        return widgets.VBox([control.widget, widgets.HTML(f"<small>{html.escape(text)}</small>")])


def nearest(values, value):
    """Index of the entry of ``values`` that equals ``value``, up to a slider's rounding."""
    for i, candidate in enumerate(values):
        if candidate is value or (type(candidate) is type(value) and candidate == value):
            return i
    return min(range(len(values)), key=lambda i: abs(values[i] - value))


def _control(name, given):
    """A ``Control`` from a widget or one of ``interact``'s abbreviations."""
    widget = given
    if not isinstance(given, widgets.Widget):
        widget = widgets.interactive.widget_from_abbrev(given)
        if widget is None:
            raise ValueError(
                f"control {name} must be an ipywidgets control or an abbreviation of "
                f"interact such as (0, 10, 1), got {describe(given)}"
            )
        widget.description = name.replace("_", " ")
    if isinstance(widget, widgets.Checkbox):
        kind, values, texts = "checkbox", (False, True), ("off", "on")
    elif isinstance(widget, (*_CHOICES, widgets.SelectionSlider)):
        kind = "slider" if isinstance(widget, widgets.SelectionSlider) else "choice"
        values = tuple(value for _, value in widget._options_full)
        texts = tuple(str(text) for text, _ in widget._options_full)
    elif isinstance(widget, _SLIDERS):
        kind, values = "slider", _slider_values(name, widget)
        texts = tuple(_text(v) for v in values)
    else:
        raise ValueError(
            f"control {name} must be a slider, a choice or a checkbox, got {type(widget).__name__}"
        )
    if kind != "checkbox" and hasattr(widget.style, "description_width"):
        widget.style.description_width = "initial"
        widget.layout.width = "min(100%, 34em)"
    if isinstance(widget, widgets.FloatSlider):
        widget.readout_format = f".{_decimals(widget.min, widget.step)}f"
    # A widget may start between two of its steps; the page, which has only the steps, cannot.
    widget.value = values[nearest(values, widget.value)]
    return Control(name, widget, kind, values, texts)


def _decimals(*numbers):
    """How many decimals the numbers need."""
    return max(len(f"{n:.10f}".rstrip("0").partition(".")[2]) for n in numbers)


def _slider_values(name, widget):
    if not widget.step or widget.step <= 0:
        raise ValueError(f"control {name} must have a step greater than 0, got {widget.step}")
    count = round((widget.max - widget.min) / widget.step + 1e-9) + 1
    exponents = [widget.min + i * widget.step for i in range(count)]
    exponents = [min(e, widget.max) for e in exponents]
    if isinstance(widget, widgets.FloatLogSlider):
        # Not rounded: the widget clips what lies a last digit beyond its ends.
        return tuple(float(widget.base**e) for e in exponents)
    if isinstance(widget, widgets.IntSlider):
        return tuple(int(e) for e in exponents)
    return tuple(float(f"{e:.12g}") for e in exponents)


def _text(value):
    return plotting.format_number(value, 4) if isinstance(value, float) else f"{value}"


def _fractional_index(values, value, log):
    """Where a mark's ``value`` lies among the slider's ``values``, counted in steps."""
    scale = math.log if log else float
    for i, (low, high) in enumerate(itertools.pairwise(values)):
        if low <= value <= high:
            return i + (scale(value) - scale(low)) / (scale(high) - scale(low))
    return float(len(values) - 1)


def _checked_marks(marks, controls):
    by_name = {c.name: c for c in controls}
    for name, named in marks.items():
        if name not in by_name or by_name[name].kind != "slider":
            raise ValueError(f"marks must name a slider, got {name!r}; there are {list(by_name)}")
        values = by_name[name].values
        for mark, value in named.items():
            if not values[0] <= value <= values[-1]:
                raise ValueError(
                    f"mark {mark!r} must lie on the slider {name} from {values[0]} to "
                    f"{values[-1]}, got {value}"
                )
    return marks


def _first_line(draw):
    doc = inspect.getdoc(getattr(draw, "func", draw)) or ""
    return doc.split("\n\n")[0].replace("\n", " ").strip()


@cache
def _live_css():
    return resources.files("helpers").joinpath("data/explore.css").read_text() + plotting.css()
