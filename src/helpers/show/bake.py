"""Drawings as small SVG, and all states of a figure packed into one page.

A matplotlib drawing is a list of groups (axes, lines, texts). Two states of one figure differ in
a few of them, so each distinct group is stored once, and a state is the list of the groups that it
shows. Nothing here knows of widgets or of Sphinx.
"""

from __future__ import annotations

import base64
import html
import json
import re
import xml.etree.ElementTree as ElementTree
import zlib
from contextlib import contextmanager
from dataclasses import dataclass

from helpers.show import style as plotting

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_COLOR_NAMES = {value: f"var(--c-{name})" for name, value in vars(plotting.COLOR).items()}
_COLORS = re.compile("|".join(_COLOR_NAMES))
#: Axes already drawn, by how they look and the prefix of their ids.
_FURNITURE = {}
_POINT = re.compile(r"(-?[\d.]+) (-?[\d.]+)")
_MARKER_MARGIN = 8
_MARKER_STYLES = {"fill", "stroke", "stroke-width", "stroke-linejoin"}
_DEFAULT_STYLES = {
    "font-family: 'DejaVu Sans', sans-serif",
    "font-size: 11.5px",
    "stroke-opacity: 1",
    "fill-opacity: 1",
}


@dataclass(frozen=True)
class Drawing:
    """One drawing taken apart: its view box, the shared definitions and its groups in order."""

    view_box: str
    definitions: dict[str, str]
    groups: tuple[str, ...]

    def svg(self, alt, *, definitions=None):
        """The whole drawing as one ``<svg>`` element with ``alt`` as its text alternative."""
        defs = self.definitions if definitions is None else definitions
        return (
            f'<svg class="cml-svg" viewBox="{self.view_box}" role="img" '
            f'aria-label="{html.escape(alt)}"><defs>{"".join(defs.values())}</defs>'
            f'<g class="cml-groups">{"".join(self.groups)}</g></svg>'
        )


def take_apart(figure, prefix):
    """A matplotlib ``Figure`` as a ``Drawing``; ``prefix`` makes its ids unique in the page.

    The axes that ``plotting.panel`` made stand below everything else and are drawn only once.
    """
    made = plotting.furniture(figure)
    if made is None:
        return _parts(figure, prefix)
    key, artists = made
    (ax,) = figure.axes
    with _hidden(artists):
        ours = _parts(figure, prefix)
    below = _FURNITURE.get((key, prefix))
    if below is None:
        with _hidden([a for a in ax.get_children() if a not in artists]):
            below = _FURNITURE[key, prefix] = _parts(figure, prefix)
    return Drawing(
        ours.view_box, {**below.definitions, **ours.definitions}, below.groups + ours.groups
    )


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


def _parts(figure, prefix):
    root = ElementTree.fromstring(plotting.to_svg(figure))
    width, height = root.get("viewBox").split()[2:]
    defined, groups = {}, []
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{_SVG}defs":
                parent.remove(child)
                defined |= {item.get("id"): item for item in child if item.get("id")}
            elif child.tag == f"{_SVG}metadata":
                parent.remove(child)
    _merge_markers(root, defined)
    _drop_idle_clips(root, defined)
    for figure_group in root.findall(f"{_SVG}g"):
        for child in figure_group:
            if child.get("id", "").startswith("axes_"):
                groups += [_write(item, prefix) for item in child]
            else:
                groups.append(_write(child, prefix))
    groups = tuple(g for g in groups if g)
    text = "".join(groups)
    definitions = {
        f"{prefix}-{name}": _write(item, prefix, keep_id=True)
        for name, item in defined.items()
        if f"#{prefix}-{name}" in text
    }
    return Drawing(f"0 0 {width} {height}", definitions, groups)


def _merge_markers(root, defined):
    """Turn a row of round or square markers into one path of dots, which is quicker to draw.

    A dot is a stroke of no length: its cap gives the shape, its width the size.
    """
    for group in root.iter(f"{_SVG}g"):
        uses = list(group)
        first = uses[0] if uses else None
        if first is None or any(
            u.tag != f"{_SVG}use" or u.get(_HREF) != first.get(_HREF) for u in uses
        ):
            continue
        marker = defined[first.get(_HREF)[1:]]
        dot = _dot(marker.get("d"), marker.get("style", ""), first.get("style", ""))
        if dot is None or any(u.get("style") != first.get("style") for u in uses):
            continue
        data = " ".join(f"M {u.get('x')} {u.get('y')} h 0" for u in uses)
        for use in uses:
            group.remove(use)
        ElementTree.SubElement(group, f"{_SVG}path", {"d": data, "style": dot})


def _drop_idle_clips(root, defined):
    """Take the clip from what lies inside it anyway: browsers spend time on every clip."""
    boxes = {}
    for name, item in defined.items():
        for rectangle in item.iter(f"{_SVG}rect"):
            x, y, width, height = (float(rectangle.get(k)) for k in ("x", "y", "width", "height"))
            boxes[f"url(#{name})"] = (x, y, x + width, y + height)
    for element in root.iter():
        box = boxes.get(element.get("clip-path"))
        if box is None:
            continue
        data = [e.get("d") or f"{e.get('x')} {e.get('y')}" for e in element.iter() if len(e) == 0]
        points = [tuple(map(float, p)) for text in data for p in _POINT.findall(text)]
        # What is drawn around its points, as markers are, must keep away from the edge.
        margin = _MARKER_MARGIN if len(element) else -0.1
        if points and all(
            box[0] + margin <= x <= box[2] - margin and box[1] + margin <= y <= box[3] - margin
            for x, y in points
        ):
            del element.attrib["clip-path"]


def _dot(data, marker_style, use_style):
    """The style of the stroke that looks like a marker, or None where there is none."""
    styles = dict(p.strip().split(": ", 1) for p in use_style.split(";") if p.strip())
    edges = dict(p.strip().split(": ", 1) for p in marker_style.split(";") if p.strip())
    color = styles.get("fill")
    if color is None or color != styles.get("stroke") or set(styles) - _MARKER_STYLES:
        return None
    corners = [tuple(map(float, p)) for p in _POINT.findall(data)]
    radius = max((abs(c) for point in corners for c in point), default=0.0)
    if len(corners) == 25 and data.count("C") == 8 and "z" in data:
        cap = "round"
    elif len(corners) == 4 and {(abs(x), abs(y)) for x, y in corners} == {(radius, radius)}:
        cap = "square"
    else:
        return None
    width = 2 * radius + float(edges.get("stroke-width", styles.get("stroke-width", 1)))
    return f"fill: none; stroke: {color}; stroke-width: {width:g}; stroke-linecap: {cap}"


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


def _write(element, prefix, *, keep_id=False):
    """Compact XML of an element: no ids that nothing refers to, one decimal, named colours."""
    tag = element.tag.removeprefix(_SVG)
    children = "".join(_write(child, prefix) for child in element)
    text = html.escape(element.text or "", quote=False) if tag in ("text", "tspan", "style") else ""
    if tag == "g" and not children:
        return ""
    style = _style(element.get("style", ""))
    if tag == "path" and _is_invisible(element.get("style", "")):
        return ""
    attributes = []
    for name, value in element.attrib.items():
        if name == "id":
            if keep_id:
                attributes.append(("id", f"{prefix}-{value}"))
        elif name == _HREF:
            attributes.append(("href", f"#{prefix}-{value[1:]}"))
        elif name == "clip-path":
            attributes.append((name, value.replace("url(#", f"url(#{prefix}-")))
        elif name in ("d", "points"):
            attributes.append((name, _path(value)))
        elif name == "transform":
            if not value.startswith(("rotate(-0 ", "rotate(0 ")):
                attributes.append((name, _round(value)))
        elif name != "style":
            attributes.append((name, _round(value)))
    if style:
        attributes.append(("style", style))
    written = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes)
    if tag == "g" and not written and len(element) == 1:
        return children
    content = children + text
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def _style(style):
    parts = [p.strip() for p in style.split(";") if p.strip()]
    kept = [_COLORS.sub(lambda m: _COLOR_NAMES[m[0]], p) for p in parts if p not in _DEFAULT_STYLES]
    return ";".join(p.replace(": ", ":", 1) for p in kept)


def _is_invisible(style):
    return "fill: none" in style and "stroke:" not in style


def _round(text):
    def short(match):
        number = f"{float(match[0]):.1f}".removesuffix(".0")
        return "0" if number == "-0" else number

    return _NUMBER.sub(short, text)


def _path(data):
    # A letter separates numbers as well as a space does, and a repeated L may be left out.
    data = re.sub(r"\s*([A-Za-z])\s*", r"\1", _round(" ".join(data.split())))
    return re.sub(r"(?<=\d)L(?=[-\d])", " ", data) if data.startswith("M") else data
