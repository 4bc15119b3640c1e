"""Executes changed notebooks before the pages are read, side by side, with the figures baked.

Jupyter Book's cache compares the code of a notebook only. Ours also keeps, for each notebook, a
fingerprint of what its code imports from the helpers package: a notebook is executed again when
that has changed, and no other is.
"""

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import nbformat
from chapters import chapters
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from sphinx.errors import ExtensionError
from sphinx.util import logging

from calculus_book.imports import needed

logger = logging.getLogger(__name__)


def configure(app, config):
    """Ask the kernels for baked figures, and say where the executed notebooks are kept."""
    package_folder()
    from helpers.show import BAKE_VARIABLE

    os.environ[BAKE_VARIABLE] = "1"
    cache = Path(app.outdir).parent / ".jupyter_cache"
    cache.mkdir(parents=True, exist_ok=True)
    config.nb_execution_cache_path = str(cache)


def package_folder():
    """Where the helpers package is; an error that says how to install it if it is not."""
    spec = find_spec("helpers")
    if spec is None:
        raise ExtensionError(
            "the package 'helpers' is not installed: run 'pip install -r requirements.txt' in "
            "the book's folder, or 'make book'"
        )
    return Path(spec.origin).parent


def fingerprint(chapter):
    """A digest of all that an executed notebook depends on besides its own code."""
    package = package_folder()
    codes = [source for kind, source in chapter.cells if kind == "code"]
    # ``check`` imports the chapter's exercises by name, which no import statement shows.
    roots = [f"{package.name}.chapters.{chapter.package}.exercises"]
    digest = hashlib.sha256(sys.version.encode())
    for path in [*needed(package, codes, roots), chapter.root / "requirements.txt"]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def execute_changed_notebooks(app):
    """Execute the notebooks that the cache does not hold, two or more at a time."""
    app.executed_notebooks = []
    if app.config.nb_execution_mode != "cache":
        return
    cache = get_cache(app.config.nb_execution_cache_path)
    waiting = []
    for chapter in chapters(Path(app.srcdir)):
        notebook, owed = nbformat.read(chapter.notebook, as_version=4), fingerprint(chapter)
        try:
            done = cache.match_cache_notebook(notebook).data.get("fingerprint")
        except KeyError:
            done = None
        if done != owed:
            waiting.append((chapter, notebook, owed))
    if not waiting:
        logger.info("notebooks: nothing to execute, all are in the cache")
        return
    # The longest first, so that none is left alone at the end.
    waiting.sort(key=lambda job: job[0].notebook.stat().st_size, reverse=True)
    names = ", ".join(chapter.name for chapter, _, _ in waiting)
    logger.info("notebooks: executing %d (%s)", len(waiting), names)
    started = perf_counter()

    def run(job):
        chapter, notebook, owed = job
        result = single_nb_execution(
            notebook,
            cwd=str(chapter.notebook.parent),
            timeout=app.config.nb_execution_timeout,
            allow_errors=False,
            store_widget_state=False,
        )
        return chapter, owed, result

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for chapter, owed, result in pool.map(run, waiting):
            if result.err is not None:
                raise ExtensionError(f"{chapter.notebook.name} failed:\n{result.exc_string}")
            cache.cache_notebook_bundle(
                CacheBundleIn(
                    result.nb,
                    uri=str(chapter.notebook),
                    data={"execution_seconds": round(result.time, 1), "fingerprint": owed},
                ),
                check_validity=False,
                overwrite=True,
            )
            app.executed_notebooks.append(chapter)
            logger.info(
                "notebooks: %s took %.0f s (%.0f s so far)",
                chapter.name,
                result.time,
                perf_counter() - started,
            )


def outdated_pages(app, env, added, changed, removed):
    """The pages of the executed notebooks, and those that show their figures, are read anew."""
    notebooks = {str(chapter.notebook) for chapter in app.executed_notebooks}
    pages = {chapter.docname for chapter in app.executed_notebooks}
    for docname, files in env.dependencies.items():
        if notebooks & {str(Path(app.srcdir, file).resolve()) for file in files}:
            pages.add(docname)
    return sorted(pages & set(env.found_docs))
