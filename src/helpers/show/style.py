"""The book's one drawing style, and the few pieces that its figures share.

Every colour stands for one thing throughout the book. In the rendered book each becomes a CSS
variable, so that one drawing serves the light and the dark theme; the hexadecimal values here are
those of the light theme and what a notebook shows.
"""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

COLOR = SimpleNamespace(
    data="#4d4d4c",
    model="#0060a8",
    loss="#6a3d9a",
    parameter="#00695c",
    gradient="#b3261e",
    step="#a35200",
    target="#2e6b1f",
    uncertainty="#a3247b",
    ink="#1b1b1c",
    muted="#5f6368",
    grid="#d5d8dc",
    paper="#fffffe",
)

#: The same meanings on dark paper; both palettes keep a contrast of at least 4.5 to their paper.
DARK = SimpleNamespace(
    data="#b9bcc0",
    model="#6cb8ff",
    loss="#c4a5f0",
    parameter="#5fd0bd",
    gradient="#ff8f85",
    step="#ffb066",
    target="#8fd07a",
    uncertainty="#f39ad2",
    ink="#eceff1",
    muted="#a3a9b0",
    grid="#3c434c",
    paper="#121212",
)

#: Width and height of a drawing in inches; 1 pt of it is about 1 px on a phone 360 px wide.
SIZE = (4.6, 3.4)
_MARGINS = {"left": 0.155, "right": 0.97, "bottom": 0.165, "top": 0.885}
_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11.5,
    "axes.titlesize": 12,
    "axes.labelsize": 11.5,
    "xtick.labelsize": 11.5,
    "ytick.labelsize": 11.5,
    "axes.edgecolor": COLOR.muted,
    "axes.labelcolor": COLOR.ink,
    "axes.titlecolor": COLOR.ink,
    "text.color": COLOR.ink,
    "xtick.color": COLOR.muted,
    "ytick.color": COLOR.muted,
    "xtick.labelcolor": COLOR.ink,
    "ytick.labelcolor": COLOR.ink,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-5, 6),
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": COLOR.grid,
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.0,
    "lines.markersize": 6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "path.simplify_threshold": 0.2,
}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def panel(
    title,
    xlabel,
    ylabel,
    *,
    xlim,
    ylim,
    xscale="linear",
    yscale="linear",
    grid=True,
    equal=False,
    size=SIZE,
):
    """One drawing in the book's style: a ``Figure`` with one ``Axes`` whose limits stay put.

    ``xlim`` and ``ylim`` are (low, high); scales are "linear" or "log"; ``equal`` makes one unit
    as long on both axes. The figure is free of pyplot, so that nothing has to be closed.
    """
    for name, limits, scale in (("xlim", xlim, xscale), ("ylim", ylim, yscale)):
        low, high = limits
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ValueError(f"{name} must be two finite numbers, low < high, got {limits}")
        if scale == "log" and low <= 0:
            raise ValueError(f"{name} must be positive on a log scale, got {limits}")
    with in_style():
        figure = Figure(figsize=size)
        ax = figure.add_axes(
            (
                _MARGINS["left"],
                _MARGINS["bottom"],
                _MARGINS["right"] - _MARGINS["left"],
                _MARGINS["top"] - _MARGINS["bottom"],
            )
        )
        # Fixed places: the automatic ones cost a third of the drawing time and move with the ticks.
        heading = ax.set_title(title, loc="left", x=-0.17, y=1.04, pad=0)
        ax.set_xlabel(xlabel)
        ax.xaxis.set_label_coords(0.5, -0.155)
        ax.set_ylabel(ylabel)
        ax.yaxis.set_label_coords(-0.145, 0.5)
        for axis, scale in ((ax.xaxis, xscale), (ax.yaxis, yscale)):
            if scale == "log":
                _log_axis(ax, axis)
        ax.set_xlim(xlim)
        ax.set_ylim(ylim)
        ax.grid(grid)
        ax.tick_params(length=3)
        if equal:
            ax.set_aspect("equal", adjustable="box")
        ax.autoscale(False)
    figure.panel_title = heading
    return figure, ax


def frame(figure):
    """The axes, ticks and title of a panel, and a text that is the same where they look the same.

    They are the same in every state of a figure and take most of the time to draw, so whoever
    draws many states draws them once. Returns ``(key, artists)``, or ``None`` where the figure
    was not made by ``panel``.
    """
    heading = getattr(figure, "panel_title", None)
    if heading is None or len(figure.axes) != 1:
        return None
    (ax,) = figure.axes
    axes, spines = (ax.xaxis, ax.yaxis), list(ax.spines.values())
    key = (
        (ax.get_xlim(), ax.get_ylim(), ax.get_xscale(), ax.get_yscale(), ax.get_aspect()),
        (ax.get_title(loc="left"), ax.get_title(), ax.get_xlabel(), ax.get_ylabel()),
        [_ticks(axis) for axis in axes],
        [(a.get_tick_params(which="major"), a.get_visible(), a.label.get_color()) for a in axes],
        [(s.get_visible(), s.get_edgecolor(), s.get_linewidth()) for s in spines],
        (ax.axison, ax.get_position().bounds, tuple(figure.get_size_inches())),
    )
    return repr(key), [*axes, *spines, heading]


def _ticks(axis):
    places = axis.get_majorticklocs()
    return list(map(float, places)), axis.get_major_formatter().format_ticks(places)


def label(ax, x, y, text, color, *, ha="left", va="center", dx=0, dy=0, size=11.5):
    """Write ``text`` beside the point (x, y) it belongs to, moved by (dx, dy) points."""
    return ax.annotate(
        text,
        (x, y),
        xytext=(dx, dy),
        textcoords="offset points",
        color=color,
        ha=ha,
        va=va,
        fontsize=size,
        fontfamily="DejaVu Sans",
    )


def heatmap(ax, weights, row_labels, column_labels, *, color=COLOR.model, texts=None):
    """Draw a matrix of values in [0, 1] as squares whose opacity is the value; row 0 on top.

    ``weights`` has shape (rows, columns). Opacity of one colour reads alike on light and dark
    paper. ``texts``, rows of strings, are written into the cells, which are paler for it.
    """
    weights = np.asarray(weights, dtype=float)
    rows, columns = weights.shape
    ax.set_xlim(-0.5, columns - 0.5)
    ax.set_ylim(rows - 0.5, -0.5)
    ax.grid(False)
    # Under a text at most 0.45, so that ink stands out from it in both themes.
    cells(ax, (0.45 if texts else 1) * np.clip(weights, 0, 1), color=color)
    for i, row in enumerate(texts or ()):
        for j, text in enumerate(row):
            ax.text(j, i, text, ha="center", va="center", fontsize=11.5, color=COLOR.ink)
    ax.set_xticks(range(columns), column_labels)
    ax.set_yticks(range(rows), row_labels)
    ax.tick_params(length=0)


def cells(ax, opacity, *, color=COLOR.model):
    """Squares of one colour around the points (column, row), as opaque as ``opacity`` says.

    ``opacity`` has shape (rows, columns), between 0 and 1; what nobody could see is left out.
    All are one collection, which is quicker to draw than as many patches.
    """
    opacity = np.round(opacity, 3)
    rows, columns = np.nonzero(opacity > 2e-3)
    corners = np.array([[-0.48, -0.48], [0.48, -0.48], [0.48, 0.48], [-0.48, 0.48]])
    squares = corners + np.stack([columns, rows], axis=1)[:, None, :]
    faces = [to_rgba(color, a) for a in opacity[rows, columns]]
    ax.add_collection(PolyCollection(squares, facecolors=faces, linewidths=0), autolim=False)


def format_number(value, digits=3):
    """A number as readers write it: 3 significant digits, 3.2×10⁻⁵ instead of 3.2e-05.

    Raises ``ValueError`` for NaN or infinity: a reading has to say what happened instead.
    """
    value = float(value)
    if not np.isfinite(value):
        raise ValueError(f"value must be finite to be written, got {value}")
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}".replace("-", "−")
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{float(text):.0f}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def power_of_ten(exponent):
    """10 to a whole power in Unicode: ``power_of_ten(-3)`` is "10⁻³"."""
    return "10" + str(int(exponent)).translate(_SUPERSCRIPT)


def css():
    """The palette as CSS variables, for light paper, dark paper and print."""

    def block(selector, palette):
        body = ";".join(f"--c-{name}:{value}" for name, value in vars(palette).items())
        return f"{selector}{{{body}}}"

    dark = 'html[data-theme="dark"] .cml,body[data-jp-theme-light="false"] .cml'
    return block(".cml", COLOR) + f"@media screen{{{block(dark, DARK)}}}"


def in_style():
    """A context in which matplotlib draws in the book's style."""
    return mpl.rc_context(_STYLE)


def _log_axis(ax, axis):
    (ax.set_xscale if axis is ax.xaxis else ax.set_yscale)("log")
    axis.set_major_locator(LogLocator(numticks=7))
    axis.set_minor_locator(LogLocator(subs=()))
    axis.set_major_formatter(FuncFormatter(lambda v, _: power_of_ten(np.round(np.log10(v)))))
    axis.set_minor_formatter(NullFormatter())
