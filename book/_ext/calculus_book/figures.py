"""A figure of a chapter, shown on another page as well."""

from pathlib import Path

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.util.docutils import SphinxDirective


class ChapterFigure(SphinxDirective):
    """``{chapter-figure} 06-gradient-descent rate-1d``: a figure as that chapter has it.

    It is taken from the executed notebook, so the figure is computed once and stays the same.
    """

    required_arguments = 2

    def run(self):
        """The figure's HTML, or an error that says which names there are."""
        stem, name = self.arguments
        path = Path(self.env.srcdir, "notebooks", f"{stem}.ipynb")
        if not path.exists():
            raise self.error(f"there is no notebook {path.name}")
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
