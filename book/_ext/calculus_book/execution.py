"""Executes changed notebooks before the pages are read, side by side, with the figures baked.

Jupyter Book's cache compares the code of a notebook only. Ours also stands under a fingerprint of
the helpers package, so that a change there executes the notebooks again.
"""

import hashlib
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

#: ``helpers.explore`` draws every state of a figure in kernels that find this variable.
BAKE_VARIABLE = "CALCULUS_FOR_ML_BAKE"


def configure(app, config):
    """Ask the kernels for baked figures, and put the cache under the helpers' fingerprint."""
    os.environ[BAKE_VARIABLE] = "1"
    caches = Path(app.outdir).parent / ".jupyter_cache"
    ours = caches / fingerprint(Path(app.srcdir))
    ours.mkdir(parents=True, exist_ok=True)
    for old in caches.iterdir():
        if old != ours:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    config.nb_execution_cache_path = str(ours)


def fingerprint(srcdir):
    """A digest of all that an executed notebook depends on besides its own code."""
    spec = find_spec("helpers")
    if spec is None:
        raise ExtensionError(
            "the package 'helpers' is not installed: run 'pip install -r requirements.txt' in "
            "the book's folder, or 'make book'"
        )
    package = Path(spec.origin).parent
    digest = hashlib.sha256(sys.version.encode())
    files = [p for p in package.rglob("*") if p.is_file() and p.suffix != ".pyc"]
    for path in [*sorted(files), srcdir / "requirements.txt"]:
        if path.exists():
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def execute_changed_notebooks(app):
    """Execute the notebooks that the cache does not hold, two or more at a time."""
    if app.config.nb_execution_mode != "cache":
        return
    cache = get_cache(app.config.nb_execution_cache_path)
    waiting = []
    for docname in sorted(app.project.discover(app.config.exclude_patterns)):
        path = Path(app.srcdir, f"{docname}.ipynb")
        if path.exists():
            notebook = nbformat.read(path, as_version=4)
            try:
                cache.match_cache_notebook(notebook)
            except KeyError:
                waiting.append((path, notebook))
    if not waiting:
        logger.info("notebooks: nothing to execute, all are in the cache")
        return
    # The longest first, so that none is left alone at the end.
    waiting.sort(key=lambda job: job[0].stat().st_size, reverse=True)
    names = ", ".join(path.stem for path, _ in waiting)
    logger.info("notebooks: executing %d (%s)", len(waiting), names)
    started = perf_counter()

    def run(job):
        path, notebook = job
        return path, single_nb_execution(
            notebook,
            cwd=str(path.parent),
            timeout=app.config.nb_execution_timeout,
            allow_errors=False,
            store_widget_state=False,
        )

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for path, result in pool.map(run, waiting):
            if result.err is not None:
                raise ExtensionError(f"{path.name} failed:\n{result.exc_string}")
            cache.cache_notebook_bundle(
                CacheBundleIn(
                    result.nb, uri=str(path), data={"execution_seconds": round(result.time, 1)}
                ),
                check_validity=False,
                overwrite=True,
            )
            logger.info(
                "notebooks: %s took %.0f s (%.0f s so far)",
                path.stem,
                result.time,
                perf_counter() - started,
            )
