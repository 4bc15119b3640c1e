"""Drawings of the chapter on automatic differentiation."""

from __future__ import annotations

import numpy as np

from helpers.chapters.automatic_differentiation.experiments import (
    CHAIN,
    HIDDEN,
    INPUTS,
    LENGTHS,
    ROWS,
    WEIGHT,
    checkpointed,
    cost,
    follow_duals,
    follow_tape,
    run,
)
from helpers.mathematics.validate import as_count, as_finite_float, one_of
from helpers.show.style import COLOR, format_number, label, panel

# --- the table of a program ---------------------------------------------------------------------

#: Where the columns of a table stand: name, operation, value, slope.
_COLUMNS = (0.0, 0.55, 2.35, 3.6)


def _table(title, heads, cells, marked=None):
    """A panel with a row for each row of the program; ``marked`` is the row that is worked on."""
    figure, ax = panel(title, "", "", xlim=(-0.15, 4), ylim=(-6.6, 0.7), grid=False)
    ax.axis("off")
    colors = COLOR.muted, COLOR.muted, COLOR.loss, COLOR.gradient
    for x, head, color in zip(_COLUMNS, heads, colors, strict=True):
        label(ax, x, 0, head, color, ha="left" if x < 1 else "center")
    ax.plot([-0.1, 3.95], [-0.5, -0.5], color=COLOR.muted, lw=1)
    for i, texts in enumerate(cells):
        y = -1.0 - i
        ax.plot([-0.1, 3.95], [y - 0.5, y - 0.5], color=COLOR.grid, lw=0.8)
        if i == marked:
            ax.plot([-0.05, 3.9], [y - 0.5, y - 0.5], color=COLOR.step, lw=2.5)
        for x, text, color in zip(_COLUMNS, texts, colors, strict=True):
            if text:
                color = COLOR.ink if x < 1 else color
                label(ax, x, y, text, color, ha="left" if x < 1 else "center")
    return figure


# --- reverse mode -------------------------------------------------------------------------------

#: Where the rows of the program stand in the drawing of the graph.
_PLACES = ((0, 2), (0, 0), (1, 0.7), (2, 0.7), (3, 0.7), (4, 1.5))
_FORWARD = len(ROWS) - INPUTS
#: Steps of the figure: 0, one for each operation, one for ȳ = 1, one for each operation back.
TAPE_STEPS = 2 * _FORWARD + 1


def draw_tape(*, step, x):
    """The graph of y = (w x − 1)² x with values and adjoints at a step, and the tape as a table."""
    step, x = as_count(step, "step", minimum=0), as_finite_float(x, "x")
    followed = follow_tape(x)
    done = INPUTS + min(step, _FORWARD)
    back = step - _FORWARD - 1  # how many rows have been gone back through
    adjoints = followed.adjoints[back] if back >= 0 else ()
    reached = {row for shares in followed.sent[: max(0, back + 1)] for row, _ in shares}
    now = _row_of(step)

    graph, ax = panel("The graph", "", "", xlim=(-0.5, 4.5), ylim=(-0.8, 2.9), grid=False)
    ax.axis("off")
    for row, (_, _, parents) in enumerate(ROWS):
        for parent in parents:
            ends = np.array([_PLACES[parent], _PLACES[row]]).T
            active = row == now and step != _FORWARD + 1
            color = (COLOR.gradient if back >= 0 else COLOR.loss) if active else COLOR.muted
            ax.plot(*ends, color=color, lw=3 if active else 1.2)
    for row, ((px, py), (name, _, _)) in enumerate(zip(_PLACES, ROWS, strict=True)):
        edge = COLOR.step if row == now else COLOR.muted
        ax.plot([px], [py], "o", ms=25, mfc=COLOR.paper, mec=edge, mew=2 if row == now else 1.2)
        label(ax, px, py, name, COLOR.ink, ha="center")
        if row < done:
            label(ax, px, py, format_number(followed.values[row]), COLOR.loss, ha="center", dy=22)
        if row in reached:
            label(ax, px, py, format_number(adjoints[row]), COLOR.gradient, ha="center", dy=-22)
    label(ax, 4.5, 2.8, "value above", COLOR.loss, ha="right")
    label(ax, 4.5, -0.7, "adjoint below", COLOR.gradient, ha="right")

    cells = [
        (
            name,
            made,
            format_number(followed.values[row]) if row < done else "",
            format_number(adjoints[row]) if row in reached else "",
        )
        for row, (name, made, _) in enumerate(ROWS)
    ]
    table = _table("The tape", ("", "operation", "value", "adjoint"), cells, now)
    return (graph, table), say_tape(step, x)


def _row_of(step):
    """The row that a step is about, or ``None`` before the first."""
    if step <= _FORWARD:
        return INPUTS + step - 1 if step else None
    return len(ROWS) - 1 if step == _FORWARD + 1 else len(ROWS) + _FORWARD + 1 - step


def say_tape(step, x):
    """The reading of ``draw_tape``."""
    followed, row = follow_tape(x), _row_of(step)
    if row is None:
        return f"x = {format_number(x)}, w = {format_number(WEIGHT)}: nothing is computed yet."
    name, made, _ = ROWS[row]
    if step <= _FORWARD:
        return f"Forward, {name} = {made}: the value is {format_number(followed.values[row])}."
    if step == _FORWARD + 1:
        return "The way back begins: the slope of y by itself, its adjoint, is 1."
    back = step - _FORWARD - 1
    before, after = followed.adjoints[back - 1], followed.adjoints[back]
    shares = []
    for place, share in followed.sent[back]:
        text = f"{ROWS[place][0]} gets {format_number(share)}"
        if before[place]:
            added = format_number(before[place])
            text += f", on top of {added}: {format_number(after[place])} in all"
        shares.append(text)
    return f"Back through {name} = {made}: {'; '.join(shares)}."


# --- forward mode -------------------------------------------------------------------------------


def draw_duals(*, seed, x):
    """The program (w x − 1)² x in dual numbers as a table, and its curve with the slope found."""
    one_of(seed, "seed", ("x", "w"))
    rows = follow_duals(x, seed)
    cells = [
        (name, made, format_number(value), format_number(slope))
        for (name, made, _), (value, slope) in zip(ROWS, rows, strict=True)
    ]
    table = _table("In dual numbers", ("", "operation", "value", "slope"), cells)

    curve, ax = panel(
        "y, and the slope that came along", "the input that moves", "y", xlim=(-0.6, 3.1),
        ylim=(-4, 30),
    )  # fmt: skip
    t = np.linspace(-0.6, 3.1, 75)
    moving = run(t, WEIGHT)[-1] if seed == "x" else run(x, t)[-1]
    ax.plot(t, np.clip(moving, -40, 60), color=COLOR.loss)
    at = x if seed == "x" else WEIGHT
    y, slope = rows[-1]
    reach = np.array([-0.6, 0.6])
    ax.plot(at + reach, y + slope * reach, color=COLOR.gradient, ls="--")
    ax.plot([at], [y], "o", color=COLOR.parameter, ms=8)
    fixed = f"w = {format_number(WEIGHT)}" if seed == "x" else f"x = {format_number(x)}"
    label(ax, -0.5, 27.5, f"{seed} moves, {fixed} is held", COLOR.ink)
    return (table, curve), say_duals(seed, x)


def say_duals(seed, x):
    """The reading of ``draw_duals``."""
    y, slope = follow_duals(x, seed)[-1]
    return (
        f"x = {format_number(x)}, w = {format_number(WEIGHT)}, and {seed} has the slope 1: "
        f"y = {format_number(y, 4)}, with the slope ∂y/∂{seed} = {format_number(slope, 4)}."
    )


# --- which mode ---------------------------------------------------------------------------------


def draw_modes(*, n, m):
    """Multiplications for a network's whole Jacobian against its inputs n, in both modes."""
    figure, ax = panel(
        f"Jacobian of {_things(m, 'output')}: both modes", "inputs n", "multiplications",
        xlim=(0.7, 1500), ylim=(2e3, 4e10), xscale="log", yscale="log",
    )  # fmt: skip
    ns = np.geomspace(1, 1000, 40)
    one = ns * HIDDEN + HIDDEN**2 + HIDDEN * m
    ax.plot(ns, ns * one, color=COLOR.step)
    ax.plot(ns, m * one, color=COLOR.gradient, ls="--")
    ax.plot([m, m], [2e3, 3e8], color=COLOR.muted, lw=1)
    price = cost(n, m)
    ax.plot([n], [price.forward], "o", color=COLOR.step, ms=8)
    ax.plot([n], [price.reverse], "s", color=COLOR.gradient, ms=11, mfc="none", mew=2)
    label(ax, 0.9, 1.6e10, "● forward: n passes", COLOR.step)
    label(ax, 0.9, 3.6e9, "□ reverse: m passes", COLOR.gradient)
    label(ax, 0.9, 8e8, "upright line: n = m", COLOR.muted)
    return figure, say_modes(n, m)


def say_modes(n, m):
    """The reading of ``draw_modes``."""
    price = cost(n, m)
    said = (
        f"{_things(n, 'input')}, {_things(m, 'output')}: {_things(n, 'forward pass')} "
        f"({_count(price.forward)} multiplications) or {_things(m, 'reverse pass')} "
        f"({_count(price.reverse)})"
    )
    if n == m:
        return f"{said}; the two modes cost the same."
    times = format_number(max(n, m) / min(n, m))
    return f"{said}; {'reverse' if m < n else 'forward'} mode is {times} times cheaper."


def _things(count, noun):
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}{'es' if noun.endswith('s') else 's'}"


def _count(number):
    return f"{number:,}" if number < 10**6 else f"{format_number(number / 10**6)} million"


# --- checkpoints --------------------------------------------------------------------------------


def draw_checkpoints(*, length):
    """States held at once while a chain of 144 steps is differentiated, against the segment."""
    one_of(length, "length", LENGTHS)
    figure, ax = panel(
        f"A chain of {CHAIN} steps", "steps in a segment s", "states held", xlim=(0.8, 200),
        ylim=(0, 160), xscale="log",
    )  # fmt: skip
    s = np.geomspace(1, CHAIN, 60)
    ax.plot(s, CHAIN / s, color=COLOR.model, ls="--", lw=1.4)
    ax.plot(s, s, color=COLOR.step, ls=":", lw=1.6)
    ax.plot(LENGTHS, [checkpointed(k).held for k in LENGTHS], "o", color=COLOR.muted, ms=4)
    ax.plot(s, CHAIN / s + s, color=COLOR.muted, lw=1.2)
    ax.plot([length], [checkpointed(length).held], "o", color=COLOR.parameter, ms=9)
    label(ax, 3, 150, "— all that is held", COLOR.muted)
    label(ax, 3, 136, "- - checkpoints", COLOR.model)
    label(ax, 3, 122, "··· the segment run again", COLOR.step)
    return figure, say_checkpoints(length)


def say_checkpoints(length):
    """The reading of ``draw_checkpoints``."""
    price = checkpointed(length)
    return (
        f"Segments of {_things(length, 'step')}: {_things(CHAIN // length, 'checkpoint')} and "
        f"{_things(length, 'state')} of a segment, {price.held} states held at once; {price.steps} "
        f"steps are run, {CHAIN} of them for the second time."
    )
