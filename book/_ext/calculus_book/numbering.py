"""Chapters and equations carry the numbers of ``_toc.yml``: equation (6.3) is the third of 6.

A new chapter then leaves the numbers of the others alone.
"""

from pathlib import Path

from chapters import chapter_of_page, chapters
from docutils import nodes
from sphinx import addnodes


def number_entries(app, doctree):
    """Put the chapters' numbers before their titles in the table of contents."""
    titles = {c.docname: f"{c.number}. {c.title}" for c in chapters(Path(app.srcdir))}
    for toctree in doctree.findall(addnodes.toctree):
        toctree["entries"] = [
            (title or titles.get(docname), docname) for title, docname in toctree["entries"]
        ]


def number_chapter(app, doctree):
    """Number a chapter's heading, and its labelled equations within the chapter."""
    docname = app.env.docname
    chapter = chapter_of_page(docname, Path(app.srcdir))
    if chapter is None:
        return
    heading = next(doctree.findall(nodes.title))
    heading.insert(0, nodes.Text(f"{chapter.number}. "))
    equations = app.env.get_domain("math").equations
    labelled = [block for block in doctree.findall(nodes.math_block) if block.get("label")]
    for place, block in enumerate(labelled, start=1):
        block["number"] = f"{chapter.number}.{place}"
        equations[block["label"]] = (docname, block["number"])
