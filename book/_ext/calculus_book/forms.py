"""A form above the cell that asks an exercise: the reader answers on the page, without a kernel."""

import html
import re
from pathlib import Path

from chapters import chapter_of_page
from docutils import nodes

_ASKED = re.compile(r'^check\("([a-z0-9-]+)", ', re.MULTILINE)

#: A prediction answers one of the questions of the list above it.
_PREDICTION = re.compile(r"-predict-(\d+)$")


def put_forms(app, doctree, docname):
    """Put a form before each cell that asks an exercise, and the progress before the first."""
    from helpers.exercises import exercises

    chapter = chapter_of_page(docname, Path(app.srcdir))
    if chapter is None:
        return
    known, asked = exercises(chapter.name), []
    for cell in list(doctree.findall(_is_open_cell)):
        for block in cell.findall(nodes.literal_block):
            name = (_ASKED.findall(block.astext()) or [""])[-1]
            if name in known:
                asked.append(name)
                form = nodes.raw("", form_of(known[name]), format="html")
                cell.parent.insert(cell.parent.index(cell), form)
    for heading in doctree.findall(nodes.section):
        if asked and heading[0].astext() == "Exercises":
            heading.insert(1, nodes.raw("", progress_of(asked, forget=True), format="html"))


def _is_open_cell(node):
    classes = node.get("classes", []) if isinstance(node, nodes.container) else []
    return "cell" in classes and "tag_hide-cell" not in classes


def progress_of(names, *, forget=False):
    """Where the page's script writes how many of the exercises ``names`` are right."""
    listed = html.escape(" ".join(names))
    button = (
        ' <button type="button" class="cml-forget" hidden>Forget my answers</button>'
        if forget
        else ""
    )
    return (
        f'<p class="cml-stand"><span class="cml-progress" aria-live="polite" '
        f'data-exercises="{listed}"></span>{button}</p>'
    )


def form_of(exercise):
    """An exercise as a form; one that asks for code says where it can be run."""
    from helpers.exercises import forms
    from helpers.show.bake import pack

    name, kind = html.escape(exercise.name), forms.kind(exercise)
    if kind == "code":
        return (
            f'<p class="cml-code" id="form-{name}">This one wants code: write it in the notebook '
            "(<code>make lab</code>), where the cell below judges it.</p>"
        )
    if kind == "word":
        fields = "".join(
            f'<label><input type="radio" name="{name}" value="{html.escape(word)}"> '
            f"{html.escape(word)}</label>"
            for word in forms.choices(exercise)
        )
    else:
        count = 1 if kind == "number" else len(exercise.answer)
        fields = "".join(
            f"<label>{'Your answer' if count == 1 else f'Entry {i + 1}'} "
            '<input type="text" inputmode="text" autocomplete="off" spellcheck="false" size="12">'
            "</label>"
            for i in range(count)
        )
    question = _PREDICTION.search(name)
    legend = (
        f"<legend>Question {question[1]}</legend>"
        if question
        else f'<legend class="cml-hidden">Answer {name}</legend>'
    )
    return (
        f'<form class="cml-form" id="form-{name}" data-exercise="{name}" hidden>'
        f"<fieldset>{legend}{fields}"
        '<button type="submit">Check</button></fieldset>'
        '<p class="cml-verdict" role="status"></p>'
        f'<script type="text/plain" class="cml-exercise">{pack(forms.payload(exercise))}</script>'
        "</form>"
    )
