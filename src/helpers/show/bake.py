"""Drawings as small SVG, and all states of a figure packed into one page.

A matplotlib drawing is a list of groups (axes, lines, texts). Two states of one figure differ in
a few of them, so each distinct group is stored once, and a state is the list of the groups that it
shows. Nothing here knows of widgets or of Sphinx.
"""

from __future__ import annotations

import base64
import html
import itertools
import json
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field

from helpers.show import style
from helpers.show.renderer import Renderer


@dataclass(frozen=True)
class Drawing:
    """One drawing taken apart: its view box, the shared definitions and its groups in order."""

    view_box: str
    definitions: dict[str, str]
    groups: tuple[str, ...]
    #: Each text with the box (x0, y0, x1, y1) of its ink, in the units of the view box.
    texts: tuple = field(default=(), compare=False, repr=False)

    def svg(self, alt, *, definitions=None):
        """The whole drawing as one ``<svg>`` element with ``alt`` as its text alternative."""
        defs = self.definitions if definitions is None else definitions
        return (
            f'<svg class="cml-svg" viewBox="{self.view_box}" role="img" '
            f'aria-label="{html.escape(alt)}"><defs>{"".join(defs.values())}</defs>'
            f'<g class="cml-groups">{"".join(self.groups)}</g></svg>'
        )

    def under(self, other):
        """This drawing and upon it another one of the same size."""
        return Drawing(
            other.view_box,
            self.definitions | other.definitions,
            self.groups + other.groups,
            self.texts + other.texts,
        )


def take_apart(figure, prefix, frames=None):
    """A matplotlib ``Figure`` as a ``Drawing``; ``prefix`` makes its ids unique in the page.

    The axes that ``style.panel`` made stand below everything else. ``frames`` is a dict in
    which whoever draws many states keeps them, so that they are drawn only once.
    """
    made = style.frame(figure)
    if made is None:
        return _drawn(figure, prefix)
    key, artists = made
    frames = {} if frames is None else frames
    (ax,) = figure.axes
    with _hidden(artists):
        ours = _drawn(figure, prefix)
    if (key, prefix) not in frames:
        with _hidden([a for a in ax.get_children() if a not in artists]):
            frames[key, prefix] = _drawn(figure, prefix)
    return frames[key, prefix].under(ours)


@contextmanager
def _hidden(artists):
    """Leave these artists out of the drawings made meanwhile."""
    visible = [artist for artist in artists if artist.get_visible()]
    try:
        for artist in visible:
            artist.set_visible(False)
        yield
    finally:
        for artist in visible:
            artist.set_visible(True)


def _drawn(figure, prefix):
    width, height = 72 * figure.get_size_inches()
    renderer = Renderer(width, height, prefix)
    dpi = figure.dpi
    try:
        figure.dpi = 72
        with style.in_style():
            figure.draw(renderer)
    finally:
        figure.dpi = dpi
    return Drawing(
        f"0 0 {width:g} {height:g}",
        renderer.definitions,
        tuple(renderer.groups),
        tuple(renderer.texts),
    )


def overlapping_texts(drawing, *, tolerance=1.0):
    """The pairs of a drawing's texts whose ink overlaps by more than ``tolerance`` units.

    Ink is taken for its box, and boxes must overlap by that much both across and down.
    """

    def overlap(one, other):
        (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = one, other
        return min(min(ax1, bx1) - max(ax0, bx0), min(ay1, by1) - max(ay0, by0))

    pairs = itertools.combinations(drawing.texts, 2)
    return [(a, b) for (a, one), (b, other) in pairs if overlap(one, other) > tolerance]


def pack(payload):
    """JSON, raw deflate, base64: what ``DecompressionStream("deflate-raw")`` can open."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(deflate.compress(text.encode()) + deflate.flush()).decode()


def unpack(text):
    """The payload that ``pack`` wrote."""
    return json.loads(zlib.decompress(base64.b64decode(text), -15))


class Packer:
    """Collects the states of one figure, storing each distinct group once."""

    def __init__(self):
        self._numbers = {}
        self.states = []
        self.readings = []
        self.definitions = {}
        self.view_boxes = None

    def add(self, drawings, reading):
        """Append a state. Every state must have as many drawings, of the same sizes."""
        view_boxes = [d.view_box for d in drawings]
        if self.view_boxes is None:
            self.view_boxes = view_boxes
        if view_boxes != self.view_boxes:
            raise ValueError(
                f"drawings must have the same number and sizes in every state: "
                f"got {view_boxes} after {self.view_boxes}"
            )
        for drawing in drawings:
            self.definitions.update(drawing.definitions)
        self.states.append(
            [[self._numbers.setdefault(g, len(self._numbers)) for g in d.groups] for d in drawings]
        )
        self.readings.append(reading)

    def payload(self):
        """What the page's script needs: groups, readings, and the groups of each state."""
        return {
            "groups": list(self._numbers),
            "states": self.states,
            "readings": self.readings,
        }
