"""A figure as HTML: what the rendered page and a live notebook show."""

from __future__ import annotations

import html


def figure(identifier, *, drawings, reading, controls="", packed=""):
    """The whole figure: controls, drawings, reading, and the packed states if it has any."""
    parts = [f'<figure class="cml" id="{identifier}">']
    if controls:
        parts.append(
            f'<fieldset class="cml-controls" disabled><legend>Move it yourself</legend>'
            f'{controls}<button type="button" class="cml-back">Back to the start</button>'
            f"</fieldset>"
            f'<noscript><p class="cml-note">The controls need JavaScript; the drawing '
            f"below shows their first setting.</p></noscript>"
        )
    parts.append(f'<div class="cml-drawings">{drawings}</div>')
    live = ' aria-live="polite"' if controls else ""
    parts.append(f'<figcaption class="cml-reading"{live}>{html.escape(reading)}</figcaption>')
    if packed:
        parts.append(f'<script type="text/plain" class="cml-packed">{packed}</script>')
    return "".join([*parts, "</figure>"])


def native(control, figure):
    """A control as native HTML, for the figure with the id ``figure``."""
    name = html.escape(control.name)
    identifier = f"{figure}-{name}"
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
        f'<span style="--at:{position:.4f}">{html.escape(mark)}</span>'
        for mark, position in control.marked.items()
    )
    marks = f'<div class="cml-marks" aria-hidden="true">{ticks}</div>' if ticks else ""
    play = (
        f'<button type="button" class="cml-play" data-plays="{name}">Play</button>'
        if control.plays
        else ""
    )
    return (
        f'<div class="cml-control">{label}<output for="{identifier}">{text}</output>'
        f'<input type="range" id="{identifier}" data-name="{name}" min="0" '
        f'max="{len(control.values) - 1}" step="1" value="{control.index}" '
        f'aria-valuetext="{text}">{marks}{play}</div>'
    )
