"""The book's Sphinx extension: bakes the figures, marks checked equations, keeps pages local.

It works however Sphinx is started, so ``jupyter-book build .`` and ``make book`` give one site.
"""

from calculus_book import (
    assets,
    equations,
    execution,
    figures,
    folds,
    forms,
    numbering,
    pages,
    states,
    typesetting,
)


def setup(app):
    """Register everything with Sphinx."""
    # Jupyter Book sets this one even where the extension that reads it is left out.
    app.add_config_value("comments_config", {}, "")
    # Sphinx writes every page anew when a value of the kind "html" changes.
    app.add_config_value("static_files_digest", "", "html")
    typesetting.add_renderer(app)
    app.connect("config-inited", assets.configure, priority=100)
    app.connect("config-inited", execution.configure, priority=100)
    app.connect("builder-inited", execution.execute_changed_notebooks, priority=900)
    app.connect("env-get-outdated", execution.outdated_pages)
    # Before Sphinx notes down what a page lists, and after it has noted down what it is called.
    app.connect("doctree-read", numbering.number_entries, priority=100)
    app.connect("doctree-read", numbering.number_chapter, priority=900)
    app.connect("doctree-resolved", equations.mark_checked)
    app.connect("doctree-resolved", folds.fold_scenery)
    app.connect("doctree-resolved", forms.put_forms)
    app.connect("doctree-resolved", states.resolve_links, priority=900)
    app.add_transform(states.StateLinks)
    app.connect("build-finished", pages.rewrite)
    app.add_directive("checked-equations", equations.CheckedEquations)
    app.add_directive("check-counts", equations.CheckCounts)
    app.add_directive("chapter-figure", figures.ChapterFigure)
    app.add_directive("chapter-list", figures.ChapterList)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
