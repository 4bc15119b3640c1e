"""matplotlib's drawings as small SVG: a renderer that is handed every outline and text.

matplotlib calls a renderer with each outline and text, its colours and the box that cuts it off.
This one writes them for the book's pages: one decimal, the palette's colours as CSS variables,
steps from point to point instead of places, so that equal shapes are equal texts, and a clip only
on what leaves its axes. A unit is 1/72 inch and y runs downwards. Nothing here knows of states.
"""

from __future__ import annotations

import html
import math
import zlib
from functools import cache, lru_cache
from itertools import groupby, pairwise

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.font_manager import weight_dict
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from helpers.show.style import COLOR

_VARIABLES = {value: f"var(--c-{name})" for name, value in vars(COLOR).items()}
#: What the page's style sheet says of every text; see ``explore.css``.
_FONT_SIZE = 11.5
_FONTS = {"sans-serif", "DejaVu Sans"}
_ANCHORS = {"center": "middle", "right": "end"}
_CAPS = {"round": "round", "projecting": "square"}
#: For each kind of segment the letter that SVG gives it, in steps, and its number of points.
_SEGMENTS = {Path.LINETO: ("l", 1), Path.CURVE3: ("q", 2), Path.CURVE4: ("c", 3)}
#: matplotlib's groups that hold artists; every other one is an artist or a part of one.
_CONTAINERS = {"figure", "subfigure", "axes"}
#: What leaves its axes by no more than this, in tenths, is not cut off.
_SLACK = 1
#: Places, in tenths, end here: far beyond every drawing, near enough to be written as numbers.
_FAR = 10**9


class Renderer(RendererBase):
    """Collects what is drawn on ``width`` by ``height`` units.

    ``groups`` holds one SVG element for each artist, ``definitions`` the clips they refer to, by
    ids that begin with ``prefix``, and ``texts`` each text with the box (x0, y0, x1, y1) of its
    ink. Images, gradients, mathtext, hatches, links and other clips than rectangles raise
    ``ValueError``.
    """

    def __init__(self, width, height, prefix):
        super().__init__()
        self.width, self.height, self.prefix = width, height, prefix
        self.groups, self.definitions, self.texts = [], {}, []
        self._open = []
        # Of the artist being drawn: beginning and end of each element. A path's can be prolonged.
        self._elements = []

    def get_canvas_width_height(self):
        return self.width, self.height

    def get_text_width_height_descent(self, s, prop, ismath):
        self._refuse("mathtext", s if ismath else None)
        return _measured(s, prop)

    def open_group(self, s, gid=None):
        self._finish_artist()
        self._open.append(s)

    def close_group(self, s):
        # A text at no place opens a group that it never closes.
        while self._open and self._open.pop() != s:
            pass
        self._finish_artist()

    def _finish_artist(self):
        if self._elements and _CONTAINERS.issuperset(self._open):
            group = "".join(begin + end for begin, end in self._elements)
            self.groups.append(f"<g>{group}</g>" if len(self._elements) > 1 else group)
            self._elements = []

    def draw_path(self, gc, path, transform, rgbFace=None):
        clip = (0, 0, self.width, self.height) if rgbFace is None else None
        outline = path.cleaned(
            transform,
            remove_nans=True,
            clip=clip,
            simplify=path.should_simplify and clip is not None,
            curves=True,
            sketch=gc.get_sketch_params(),
        )
        self._add_outline(gc, outline, self.height, np.zeros((1, 2), dtype=int), rgbFace)

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        ends = [v[-2:] for v, _ in path.iter_segments(trans, simplify=False) if len(v)]
        places = _tenths(np.reshape(ends, (-1, 2)), self.height)
        size = _dot_size(gc, marker_path, marker_trans, rgbFace)
        if size:
            cap = "round" if marker_path is Path.unit_circle() else "square"
            self._add_dots(gc, places, size, cap, rgbFace)
        else:
            marker = marker_path.cleaned(marker_trans, curves=True)
            self._add_outline(gc, marker, 0, places, rgbFace)

    def _add_outline(self, gc, outline, height, places, face):
        """A cleaned path, drawn at each of the ``places``; its own y is counted to ``height``."""
        self._refuse_what_is_not_written(gc)
        points, codes = _tenths(outline.vertices[:-1], height), outline.codes[:-1]
        points[codes == Path.CLOSEPOLY] = points[:1]
        style = _style(gc, face if len(points) > 2 else None)  # two points have no inside
        steps = _steps(points, codes)
        if not style or not steps:
            return
        reach = 10 * gc.get_linewidth()
        places, clip = self._cut(gc, places, points.min(axis=0), points.max(axis=0), reach)
        paths = [f"M{_numbers(place)}{steps}" for place in places + points[0]]
        if _is_opaque(style) and style["fill"] in ("none", style.get("stroke")):
            paths = ["".join(dict.fromkeys(paths))] if paths else []
        for data in paths:
            self._add_path(data, style, clip)

    def _add_dots(self, gc, places, size, cap, face):
        """Dots are strokes of no length: the cap gives their shape, the width their size."""
        self._refuse_what_is_not_written(gc)
        places, clip = self._cut(gc, places, -5 * size, 5 * size)
        places = list(dict.fromkeys(map(tuple, places.tolist())))
        if places:
            steps = [(x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in pairwise(places)]
            data = "h0m".join(map(_numbers, [places[0], *steps]))
            style = {"stroke": _color(*face[:3]), "stroke-width": f"{size:.4g}"}
            self._add_path(f"M{data}h0", style | {"stroke-linecap": cap}, clip)

    def _add_path(self, data, style, clip):
        end = f'"{clip} style="{_css(style)}"/>'
        if style.get("fill") == "none" and _is_opaque(style):
            # Lines of one look are one path. An axis may be drawn in any order: its lines and
            # ticks do not hide each other.
            axis = "matplotlib.axis" in self._open
            for element in self._elements if axis else self._elements[-1:]:
                if element[1] == end:
                    element[0] += data
                    return
        self._elements.append([f'<path d="{data}', end])

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        self._refuse("mathtext", s if ismath else None)
        self._refuse_what_is_not_written(gc)
        box = self._ink(x, y, s, prop, angle)
        seen, clip = self._cut(gc, np.zeros((1, 2)), *np.multiply(10, box).reshape(2, 2))
        if not s.strip() or not len(seen):
            return
        self.texts.append((s, box))
        style = _font(prop)
        if mtext is not None and (angle == 0 or mtext.get_rotation_mode() == "anchor"):
            # The reader's font may be wider than the one measured: hold the text where it is held.
            if mtext.get_ha() in _ANCHORS:
                style["text-anchor"] = _ANCHORS[mtext.get_ha()]
            ax, ay = mtext.get_transform().transform(mtext.get_unitless_position())
            along, _ = _turned(ax - x, self.height - ay - y, -angle)
            dx, dy = _turned(along, 0, angle)
            x, y = x + dx, y + dy
        alpha = gc.get_alpha() if gc.get_forced_alpha() else gc.get_rgb()[3]
        style |= {"fill": _color(*gc.get_rgb()[:3])} | _opacity("opacity", alpha)
        x, y = _number(round(10 * x)), _number(round(10 * y))
        place = f'transform="translate({x} {y})rotate({-angle:g})"' if angle else f'x="{x}" y="{y}"'
        text = f'<text {place} style="{_css(style)}">{html.escape(s, quote=False)}</text>'
        # The clip is around it: a turned text would turn its own.
        self._elements.append([f"<g{clip}>{text}</g>" if clip else text, ""])

    def _ink(self, x, y, s, prop, angle):
        """The box (x0, y0, x1, y1) around the ink of a text that starts at (x, y)."""
        width, height, descent = _measured(s, prop)
        corners = [_turned(u, v, angle) for u in (0, width) for v in (descent - height, descent)]
        xs, ys = zip(*corners, strict=True)
        return tuple(float(v) for v in (x + min(xs), y + min(ys), x + max(xs), y + max(ys)))

    def _cut(self, gc, places, low, high, reach=0):
        """The places where one sees something of a box, and the clip if one of them cuts it off.

        All is in tenths: ``places``, shape (n, 2), the box's corners, and how far lines may be
        seen around it. The clip is an SVG attribute or empty.
        """
        rectangle = gc.get_clip_rectangle()
        if rectangle is None:
            return places, ""
        left, y0, right, y1 = rectangle.extents
        first, last = _tenths([(left, y1), (right, y0)], self.height)
        seen = (places + high + reach > first) & (places + low - reach < last)
        places = places[seen.all(axis=1)]
        if (places + low >= first - _SLACK).all() and (places + high <= last + _SLACK).all():
            return places, ""
        x, y, width, height = map(_number, (*first.tolist(), *(last - first).tolist()))
        rectangle = f'<rect x="{x}" y="{y}" width="{width}" height="{height}"/>'
        name = f"{self.prefix}-{zlib.crc32(rectangle.encode()):x}"
        self.definitions[name] = f'<clipPath id="{name}">{rectangle}</clipPath>'
        return places, f' clip-path="url(#{name})"'

    def draw_tex(self, gc, x, y, s, prop, angle, *, mtext=None):
        self._refuse("TeX", s)

    def draw_image(self, gc, x, y, im, transform=None):
        self._refuse("images (style.heatmap draws cells)", f"{im.shape[1]}×{im.shape[0]} pixels")

    def draw_gouraud_triangles(self, gc, triangles_array, colors_array, transform):
        self._refuse("gradients", f"{len(triangles_array)} shaded triangles")

    def _refuse_what_is_not_written(self, gc):
        self._refuse("hatches", gc.get_hatch())
        self._refuse("links", gc.get_url())
        self._refuse("a clip path other than a rectangle", gc.get_clip_path()[0])

    def _refuse(self, what, given):
        if given is not None:
            artist = self._open[-1] if self._open else "figure"
            raise ValueError(f"{artist} must be drawn without {what}, got {given!r}")


def _tenths(points, height):
    """Points, y up, as whole tenths of a unit, y down from ``height``: shape (n, 2)."""
    tenths = np.asarray(points) * (10, -10) + (0, 10 * height)
    return np.rint(tenths.clip(-_FAR, _FAR)).astype(int)


@cache
def _number(tenths):
    text = f"{tenths / 10:.1f}".removesuffix(".0")
    return text.replace("0.", ".") if -10 < tenths < 10 else text


def _numbers(tenths):
    return " ".join(map(_number, map(int, tenths))).replace(" -", "-")


def _steps(points, codes):
    """Path data that goes on from the first of the ``points``, shape (n, 2), in steps."""
    data, move, at = [], "", 0
    here = start = points[0] if len(points) else None
    for code, run in groupby(codes.tolist()):
        part = points[at : at + len(list(run))]
        if code == Path.MOVETO:
            start = part[-1]
            move = f"m{_numbers(start - here)}" if at or len(part) > 1 else ""
            here = start
        elif code == Path.CLOSEPOLY:
            data.append(move + "z")
            move, here = "", start
        else:
            letter, size = _SEGMENTS[code]
            origins = np.concatenate((here[None], part[size - 1 : -1 : size]))
            steps = part.reshape(-1, size, 2) - origins[:, None]
            if size == 1:
                moving = steps.any(axis=(1, 2))
                steps = steps[moving] if moving.any() else steps[:1]
            data.append(move + letter + _numbers(steps.ravel().tolist()))
            move, here = "", part[-1]
        at += len(part)
    return "".join(data)


@cache
def _color(red, green, blue):
    color = to_hex((red, green, blue))
    return _VARIABLES.get(color, color)


def _css(style):
    return ";".join(f"{name}:{value}" for name, value in style.items())


def _opacity(name, alpha):
    return {} if alpha == 1 else {name: f"{round(float(alpha), 3):g}"}


def _is_opaque(style):
    return not style.keys() & {"opacity", "fill-opacity", "stroke-opacity"}


def _style(gc, face):
    """How an outline is filled and stroked, as CSS; empty where nobody would see it."""
    # An alpha of the artist's holds for the whole of it, one of a colour for that colour.
    forced = gc.get_forced_alpha()
    style = {"fill": "none"}
    if face is not None and tuple(face[3:]) != (0,):
        style["fill"] = _color(*face[:3])
        style |= _opacity("fill-opacity", 1 if forced or len(face) < 4 else face[3])
    *rgb, alpha = gc.get_rgb()
    if gc.get_linewidth() and alpha:
        style |= {"stroke": _color(*rgb)} | _opacity("stroke-opacity", 1 if forced else alpha)
        style |= _stroke(gc)
    elif style["fill"] == "none":
        return {}
    return style | _opacity("opacity", gc.get_alpha() if forced else 1)


def _stroke(gc):
    """The form of a line, where it differs from what the page's style sheet says."""
    style = {}
    offset, dashes = gc.get_dashes()
    if dashes is not None:
        style["stroke-dasharray"] = ",".join(f"{d:.4g}" for d in dashes)
        if offset:
            style["stroke-dashoffset"] = f"{offset:.4g}"
    if gc.get_linewidth() != 1:
        style["stroke-width"] = f"{gc.get_linewidth():.4g}"
    if gc.get_joinstyle() != "round":
        style["stroke-linejoin"] = str(gc.get_joinstyle())
    if gc.get_capstyle() in _CAPS:
        style["stroke-linecap"] = _CAPS[gc.get_capstyle()]
    return style


def _dot_size(gc, path, transform, face):
    """The width of the dot that looks like this marker, or ``None`` where none does."""
    (a, b, x), (c, d, y), _ = transform.get_matrix()
    if path is Path.unit_circle():
        size, middle = 2 * a, (x, y)
    elif path is Path.unit_rectangle():
        size, middle = a, (x + a / 2, y + d / 2)
    else:
        return None
    upright = a == d and b == c == 0 and np.allclose(middle, 0, atol=0.05)
    width, edge = gc.get_linewidth(), gc.get_rgb()
    one_color = face is not None and (not width or tuple(edge[:3]) == tuple(face[:3]))
    solid = _is_opaque(_style(gc, face)) and gc.get_dashes()[1] is None
    return size + width if upright and one_color and solid else None


def _font(prop):
    """What a text's font differs in from the page's, as CSS."""
    style = {}
    if prop.get_size_in_points() != _FONT_SIZE:
        style["font-size"] = f"{prop.get_size_in_points():.4g}px"
    if prop.get_family()[0] not in _FONTS:
        style["font-family"] = ",".join(f"'{name}'" for name in prop.get_family())
    weight = weight_dict.get(prop.get_weight(), prop.get_weight())
    if weight != 400:
        style["font-weight"] = str(weight)
    if prop.get_style() != "normal":
        style["font-style"] = prop.get_style()
    return style


@lru_cache(maxsize=4096)
def _measured(s, prop):
    """Width, height and descent of a text's ink; the states of a figure show the same texts."""
    return text_to_path.get_text_width_height_descent(s, prop, False)


def _turned(x, y, angle):
    """A step (x, y), y down, turned by ``angle`` degrees against the clock."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return x * cos + y * sin, y * cos - x * sin
