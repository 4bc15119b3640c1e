"""Drawings of the chapter on backpropagation."""

from __future__ import annotations

import numpy as np

from helpers.chapters.backpropagation.experiments import (
    TO_OUTPUT,
    deep_start,
    lesson,
    small_network,
)
from helpers.mathematics.network import HE_SCALE
from helpers.mathematics.nonlinearities import NONLINEARITIES, nonlinearity
from helpers.mathematics.validate import as_count, as_finite_float
from helpers.show.style import COLOR, cells, format_number, label, panel, power_of_ten

# --- two inputs, two hidden units, one output ---------------------------------------------------

#: Where the columns of the network and its upper and lower row stand.
_COLUMNS, _ROWS = (0.0, 1.55, 3.1), (1.0, -1.0)


def draw_small_network(*, weight, x, y):
    """A network of 2 inputs, 2 hidden units, 1 output: values going forward, slopes going back."""
    net = small_network(weight, x, y)
    forward, ax = _graph("Forward: values")
    _edges(ax, net.w, TO_OUTPUT, COLOR.parameter)
    _nodes(ax, net.x, net.a, net.output, COLOR.model)
    _names(ax, ("x₁", "x₂"), ("a₁", "a₂"), "ŷ")
    label(ax, _COLUMNS[2], -1.08, f"y = {_short(y)}", COLOR.target, ha="center")
    label(ax, _COLUMNS[2], -1.5, f"L = {_short(net.loss)}", COLOR.loss, ha="center")

    back, ax = _graph("Backward: slopes of the loss")
    _edges(ax, net.into_hidden, net.to_output, COLOR.gradient)
    _nodes(ax, net.inputs, net.delta, net.delta_output, COLOR.gradient)
    _names(ax, ("∂L/∂x₁", "∂L/∂x₂"), ("δ₁", "δ₂"), "∂L/∂ŷ")
    return (forward, back), say_small_network(weight, x, y)


def say_small_network(weight, x, y):
    """The reading of ``draw_small_network``."""
    net = small_network(weight, x, y)
    first, second = (_short(path) for path in net.paths[0])
    return (
        f"w₁₁ = {_short(weight)}, x₁ = {_short(x)}, y = {_short(y)}: ŷ = {_short(net.output)} and "
        f"L = {_short(net.loss)}; ∂L/∂w₁₁ = {_short(net.into_hidden[0][0])}, and to ∂L/∂x₁ = "
        f"{_short(net.inputs[0])} the path through unit 1 adds {first}, that through unit 2 "
        f"{second}."
    )


def _short(value):
    """At most three decimals, and no zeros behind; two digits of what would otherwise read as 0."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    if float(text) == 0:
        return format_number(value, 2)
    return text.replace("-", "−")


def _brief(value):
    """As ``_short``, where there is little room."""
    return "≈ 0" if 0 < abs(value) < 5e-4 else _short(value)


def _graph(title):
    figure, ax = panel(title, "", "", xlim=(-0.5, 3.6), ylim=(-1.75, 1.75), grid=False)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_visible(False)
    return figure, ax


def _edges(ax, into_hidden, to_output, color):
    """Lines between the units, each with its number; that of w₁₁ is thick."""
    left, middle, right = _COLUMNS
    for i, start in enumerate(_ROWS):
        for j, end in enumerate(_ROWS):
            chosen = i == j == 0
            ax.plot([left, middle], [start, end], color=color, lw=3.5 if chosen else 1.3, zorder=1)
            text = _brief(into_hidden[i][j])
            if i == j:
                y, dy = start, 9 if i == 0 else -10
                label(ax, (left + middle) / 2, y, text, color, ha="center", dy=dy)
            else:
                at = 0.31
                x, y = left + at * (middle - left), start + at * (end - start)
                label(ax, x, y, text, color, ha="right", dx=-3, dy=-4 if i == 0 else 4)
    for j, start in enumerate(_ROWS):
        ax.plot([middle, right], [start, 0], color=color, lw=1.3, zorder=1)
        x, y = middle + 0.42 * (right - middle), 0.58 * start
        label(ax, x, y, _brief(to_output[j]), color, dx=4, dy=11 if j == 0 else -11)


def _nodes(ax, inputs, hidden, output, color):
    for x, pair in zip(_COLUMNS, (inputs, hidden), strict=False):
        for y, value in zip(_ROWS, pair, strict=True):
            _node(ax, x, y, value, color)
    _node(ax, _COLUMNS[2], 0.0, output, color)


def _node(ax, x, y, value, color):
    ax.plot([x], [y], "o", ms=50, color=COLOR.paper, mec=color, mew=1.6, zorder=2)
    label(ax, x, y, _brief(value), color, ha="center")


def _names(ax, inputs, hidden, output):
    for x, pair in zip(_COLUMNS, (inputs, hidden), strict=False):
        for y, name, dy in zip(_ROWS, pair, (34, -34), strict=True):
            label(ax, x, y, name, COLOR.ink, ha="center", dy=dy)
    label(ax, _COLUMNS[2], 0, output, COLOR.ink, ha="center", dx=9, dy=-34)


# --- activations and slopes ---------------------------------------------------------------------


def draw_slopes(*, activation, z):
    """Left, an activation with its tangent at z; right, its slope beside those of three others."""
    f, z = nonlinearity(activation), as_finite_float(z, "z")
    wide = np.linspace(-4.2, 4.2, 169)
    value, slope = float(f.value(np.float64(z))), float(f.slope(np.float64(z)))
    kink = activation == "ReLU" and z == 0
    curve, ax = panel(f"{activation}", "sum z", "output σ(z)", xlim=(-4.2, 4.2), ylim=(-1.4, 4.3))
    ax.plot(wide, f.value(wide), color=COLOR.model)
    if not kink:
        run = np.array([-0.9, 0.9])
        ax.plot(z + run, value + slope * run, color=COLOR.gradient, ls="--")
    ax.plot([z], [value], "o", color=COLOR.parameter, ms=8)

    slopes, ax = panel("Its slope", "sum z", "σ′(z)", xlim=(-4.2, 4.2), ylim=(-0.25, 1.3))
    for name, other in NONLINEARITIES.items():
        if name != activation:
            _slope_curve(ax, wide, other, name, color=COLOR.muted, lw=1)
    _slope_curve(ax, wide, f, activation, color=COLOR.gradient, lw=2.2)
    label(ax, -4.1, 1.2, "grey: the other three", COLOR.muted)
    if not kink:
        ax.plot([z], [slope], "o", color=COLOR.gradient, ms=8)
    return (curve, slopes), say_slopes(activation, z)


def _slope_curve(ax, wide, f, name, **style):
    if name != "ReLU":
        ax.plot(wide, f.slope(wide), **style)
        return
    for side in (wide[wide < 0], wide[wide > 0]):
        ax.plot(side[[0, -1]], f.slope(side[[0, -1]]), **style)


def say_slopes(activation, z):
    """The reading of ``draw_slopes``."""
    f = nonlinearity(activation)
    value, slope = float(f.value(np.float64(z))), float(f.slope(np.float64(z)))
    place = f"{activation} at z = {format_number(z)}: the output is {format_number(value)}"
    if activation == "ReLU" and z == 0:
        return f"{place}, and at this kink there is no slope; a program takes 0."
    return (
        f"{place} and the slope {format_number(slope)}; four such slopes in a row multiply to "
        f"{format_number(slope**4, 2)}."
    )


# --- depth and scale ----------------------------------------------------------------------------


def draw_layers(*, depth, activation, scale):
    """Left, size of each layer's outputs, and their spread over images; right, gradients' sizes."""
    start = deep_start(depth, activation, scale)
    forward, ax = panel(
        "Forward: outputs of each layer",
        "layer",
        "",
        xlim=(0, 21),
        ylim=(1e-19, 1e10),
        yscale="log",
    )
    hidden = np.arange(1, depth)
    ax.plot(hidden, start.outputs, "o-", color=COLOR.model, ms=5)
    seen = np.isfinite(start.spread)
    ax.plot(hidden[seen], start.spread[seen], "D--", color=COLOR.data, ms=4, lw=1.2)
    label(ax, 0.6, 1e-15, "● root mean square", COLOR.model)
    label(ax, 0.6, 2e-18, "◆ spread over the images", COLOR.data)

    back, ax = panel(
        "Backward: ‖∂L/∂W‖ of each layer",
        "layer",
        "",
        xlim=(0, 21),
        ylim=(1e-19, 1e10),
        yscale="log",
    )
    ax.axhline(1, color=COLOR.muted, lw=1.2)
    ax.plot(np.arange(1, depth + 1), start.gradients, "s-", color=COLOR.gradient, ms=5)
    return (forward, back), say_layers(depth, activation, scale)


def say_layers(depth, activation, scale):
    """The reading of ``draw_layers``."""
    outputs, spread, gradients = deep_start(depth, activation, scale)
    g = "√2" if scale == HE_SCALE else format_number(scale)
    apart = "by less than 10⁻¹⁴ of that" if np.isnan(spread[-1]) else f"by {_size(spread[-1])}"
    return (
        f"{activation}, {depth} layers, g = {g}: the outputs of the last hidden layer have size "
        f"{_size(outputs[-1])} and differ from image to image {apart}; the gradient has size "
        f"{_size(gradients[0])} in the first layer and {_size(gradients[-1])} in the last."
    )


def _size(value):
    """Two digits, or one and a power of ten where the size is far from 1."""
    if 1e-2 <= value < 1e3:
        return format_number(value, 2)
    digit, exponent = f"{value:.0e}".split("e")
    return f"{digit}×{power_of_ten(exponent)}"


# --- learning to read digits --------------------------------------------------------------------

#: Pixels from one image to the next, across and down, and how many stand in a row.
_ACROSS, _DOWN, _IN_A_ROW = 11, 14, 4


def draw_learning(*, step):
    """Left, the share of held-out digits read wrong, against the step; right, eight of them."""
    seen, now = lesson(), _record(step)
    curve, ax = panel(
        "Held-out digits read wrong",
        "step t",
        "share",
        xlim=(-40, 2040),
        ylim=(0.008, 1.3),
        yscale="log",
    )
    for held_out, color, dashes in (
        (seen.logistic, COLOR.muted, "--"),
        (seen.network, COLOR.model, "-"),
    ):
        ax.plot(seen.steps[: now + 1], 1 - held_out[: now + 1], color=color, ls=dashes, lw=1.6)
        ax.plot([step], [1 - held_out[now]], "o", color=color, ms=7)
    label(ax, 2000, 0.6, "- - logistic regression", COLOR.muted, ha="right")
    label(ax, 2000, 0.37, "— one hidden layer", COLOR.model, ha="right")

    pictures, ax = panel(
        "Eight of them, and the answers",
        "",
        "",
        xlim=(-1.5, _ACROSS * _IN_A_ROW - 1.5),
        ylim=(-1, 2 * _DOWN - 1),
        grid=False,
    )
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set_visible(False)
    ink = np.zeros((2 * _DOWN, _ACROSS * _IN_A_ROW))
    for k, (image, digit, said) in enumerate(
        zip(seen.images, seen.labels, seen.said[now], strict=True)
    ):
        row, column = divmod(k, _IN_A_ROW)
        bottom, left = (1 - row) * _DOWN + 5, column * _ACROSS
        ink[bottom : bottom + 8, left : left + 8] = image[::-1]
        right = said == digit
        label(
            ax,
            left + 3.5,
            bottom - 2.8,
            f"{said} ✓" if right else f"{said}, not {digit}",
            COLOR.target if right else COLOR.gradient,
            ha="center",
        )
    cells(ax, ink, color=COLOR.data)
    return (curve, pictures), say_learning(step)


def say_learning(step):
    """The reading of ``draw_learning``."""
    seen, now = lesson(), _record(step)
    network, logistic = (f"{100 * share[now]:.1f} %" for share in (seen.network, seen.logistic))
    return (
        f"After {step:,} steps the loss on the training images is "
        f"{format_number(seen.loss[now], 2)}; the network reads {network} of the held-out digits "
        f"right, logistic regression {logistic}."
    )


def _record(step):
    """Which record of the lesson was made after ``step`` steps."""
    found = np.flatnonzero(lesson().steps == as_count(step, "step", minimum=0))
    if not found.size:
        raise ValueError(f"step must be one of those that were recorded, got {step}")
    return int(found[0])
