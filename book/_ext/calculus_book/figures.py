"""A figure of a chapter, shown on another page as well, and the list of the chapters."""

from itertools import groupby
from pathlib import Path

import nbformat
from chapters import chapter, chapters
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.util.docutils import SphinxDirective

from calculus_book.forms import progress_of


class ChapterFigure(SphinxDirective):
    """``{chapter-figure} gradient-descent rate-1d``: a figure as that chapter has it.

    It is taken from the executed notebook, so the figure is computed once and stays the same.
    """

    required_arguments = 2

    def run(self):
        """The figure's HTML, or an error that says which names there are."""
        called, name = self.arguments
        try:
            path = chapter(called, Path(self.env.srcdir)).notebook
        except ValueError as problem:
            raise self.error(str(problem)) from problem
        self.env.note_dependency(str(path))
        cache = get_cache(self.config.nb_execution_cache_path)
        try:
            _, executed = cache.merge_match_into_notebook(nbformat.read(path, as_version=4))
        except KeyError as problem:
            raise self.error(
                f"{path.name} is not executed: set execute_notebooks: cache"
            ) from problem
        outputs = [o for c in executed.cells for o in c.get("outputs", [])]
        pages = [o.data["text/html"] for o in outputs if "text/html" in o.get("data", {})]
        for page in pages:
            if page.startswith(f'<figure class="cml" id="cml-{name}-'):
                return [nodes.raw("", page, format="html")]
        starts = [page[: page.find(">")] for page in pages if page.startswith("<figure")]
        raise self.error(f"{path.name} has no figure {name}, but {starts}")


class ChapterList(SphinxDirective):
    """``{chapter-list}``: the chapters by part, each with the question that it answers."""

    def run(self):
        """The name and the chapters of each part, and how far the reader has come in them."""
        from helpers.exercises import exercises

        listed = chapters(Path(self.env.srcdir))
        lines = []
        for part, members in groupby(listed, lambda c: c.part):
            lines += [f"**{part}**", ""]
            for member in members:
                self.env.note_dependency(str(member.notebook))
                lines.append(f"{member.number}. {{doc}}`/{member.docname}`: {member.question}")
            lines.append("")
        listed_nodes = self.parse_text_to_nodes("\n".join(lines))
        items = [item for node in listed_nodes for item in node.findall(nodes.list_item)]
        for item, member in zip(items, listed, strict=True):
            names = list(exercises(member.name))
            item += nodes.raw("", progress_of(names), format="html")
        return listed_nodes
