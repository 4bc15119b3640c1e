"""The controls of a figure: an ipywidgets control each, with the values that it can take.

The rendered page has a control's steps and nothing between them, so ``draw`` is given exactly one
of them in a live notebook, too: a table may be keyed by ``steps(slider)``.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import ipywidgets as widgets

from helpers.mathematics.validate import describe
from helpers.show.style import format_number

_SLIDERS = (
    widgets.FloatSlider,
    widgets.FloatLogSlider,
    widgets.IntSlider,
    widgets.SelectionSlider,
)
_CHOICES = (widgets.Dropdown, widgets.RadioButtons, widgets.ToggleButtons, widgets.Select)


@dataclass(frozen=True)
class Control:
    """One control: the widget, the values it can take, how each is written, and named values."""

    name: str
    widget: widgets.Widget
    kind: str
    values: tuple
    texts: tuple[str, ...]
    marks: dict = field(default_factory=dict)
    plays: bool = False

    @property
    def description(self):
        """The control's name in words and its symbol."""
        return self.widget.description or self.name.replace("_", " ")

    @property
    def index(self):
        """Where the widget's present value stands among ``values``."""
        return nearest(self.values, self.widget.value)

    @property
    def value(self):
        """The present value, exactly as it stands among ``values``."""
        return self.values[self.index]

    @property
    def marked(self):
        """Where each mark lies on the track: {name: fraction between 0 and 1}."""
        log = isinstance(self.widget, widgets.FloatLogSlider)
        last = max(1, len(self.values) - 1)
        return {k: _fractional_index(self.values, v, log) / last for k, v in self.marks.items()}


def control(name, given, marks=None, plays=False):
    """A ``Control`` from a widget or one of ``interact``'s abbreviations.

    Raises ``ValueError`` for what is no control, a slider without a step, a mark beyond its ends,
    and for a control that is to be played and is no slider of whole steps.
    """
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
        kind, values = "slider", _slider_steps(name, widget)
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
    if plays and not isinstance(widget, (widgets.IntSlider, widgets.SelectionSlider)):
        raise ValueError(
            f"control {name} must be an IntSlider or a SelectionSlider to be played, "
            f"got {type(widget).__name__}"
        )
    marks = _checked_marks(name, kind, values, marks or {})
    return Control(name, widget, kind, values, texts, marks, plays)


def steps(slider):
    """The values that a control can take, in order: what a table of runs may be keyed by."""
    return control("slider", slider).values


def _decimals(*numbers):
    """How many decimals the numbers need."""
    return max(len(f"{n:.10f}".rstrip("0").partition(".")[2]) for n in numbers)


def _slider_steps(name, widget):
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
    return format_number(value, 4) if isinstance(value, float) else f"{value}"


def _fractional_index(values, value, log):
    """Where a mark's ``value`` lies among the slider's ``values``, counted in steps."""
    scale = math.log if log else float
    for i, (low, high) in enumerate(itertools.pairwise(values)):
        if low <= value <= high:
            return i + (scale(value) - scale(low)) / (scale(high) - scale(low))
    return float(len(values) - 1)


def _checked_marks(name, kind, values, marks):
    if marks and kind != "slider":
        raise ValueError(f"marks must name a slider, got {name!r}, which is a {kind}")
    for mark, value in marks.items():
        if not values[0] <= value <= values[-1]:
            raise ValueError(
                f"mark {mark!r} must lie on the slider {name} from {values[0]} to "
                f"{values[-1]}, got {value}"
            )
    return marks


def nearest(values, value):
    """Index of the entry of ``values`` that equals ``value``, up to a slider's rounding."""
    for i, candidate in enumerate(values):
        if candidate is value or (type(candidate) is type(value) and candidate == value):
            return i
    return min(range(len(values)), key=lambda i: abs(values[i] - value))
