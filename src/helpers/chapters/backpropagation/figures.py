"""Drawings of the chapter on backpropagation."""

from __future__ import annotations

from helpers.show.style import COLOR, panel


def draw_backpropagation(*, slope):
    """A straight line through the origin, as a place for the chapter's first drawing."""
    figure, ax = panel("A line", "x", "y", xlim=(-1, 1), ylim=(-2, 2))
    ax.plot([-1, 1], [-slope, slope], color=COLOR.model)
    return figure, f"The line rises by {slope:g} for each unit."
