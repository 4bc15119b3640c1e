"""Scripts, styles and fonts of the site: all local, third-party ones from installed packages."""

import hashlib
import os
import re
import shutil
import subprocess
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from sphinx.errors import ExtensionError

MATHJAX_FILES = (
    "es5/tex-chtml.js",
    "es5/ui/lazy.js",
    "es5/output/chtml/fonts/woff-v2",
    "es5/input/tex/extensions",
)


def configure(app, config):
    """Add the generated assets to the static files and point the theme at them."""
    folder = Path(app.outdir).parent / ".assets"
    folder.mkdir(parents=True, exist_ok=True)
    _write_styles(folder)
    _copy_mathjax(folder)
    config.html_static_path = [*config.html_static_path, str(folder)]
    config.html_css_files = [*config.html_css_files, "explore.css", "book.css"]
    ours = [(name, {"defer": "defer"}) for name in ("explore.js", "exercises.js")]
    config.html_js_files = [*config.html_js_files, *ours]
    folders = [Path(app.srcdir, name) for name in config.html_static_path]
    config.static_files_digest = digest_of(folders)
    url = repository_url(Path(app.srcdir))
    theme = dict(config.html_theme_options)
    theme.pop("repository_url", None)
    theme["launch_buttons"] = {}
    if url:
        theme |= {
            "repository_url": url,
            "repository_branch": os.environ.get("BOOK_REPOSITORY_BRANCH", "main"),
            "use_repository_button": True,
            "launch_buttons": {
                "binderhub_url": "https://mybinder.org",
                "notebook_interface": "jupyterlab",
            },
        }
    config.html_theme_options = theme


def repository_url(srcdir):
    """The repository's public address, from the build's environment or git; None if unknown.

    Without one there is nothing that Binder could open, and the button is left out.
    """
    address = os.environ.get("BOOK_REPOSITORY_URL")
    if not address and os.environ.get("GITHUB_REPOSITORY"):
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
        address = f"{server}/{os.environ['GITHUB_REPOSITORY']}"
    if not address:
        answer = subprocess.run(
            ["git", "-C", str(srcdir), "remote", "get-url", "origin"],
            capture_output=True,
            text=True,
            check=False,
        )
        address = answer.stdout.strip() if answer.returncode == 0 else ""
    address = re.sub(r"^git@([^:]+):", r"https://\1/", address).removesuffix(".git")
    public = re.fullmatch(r"https://(github|gitlab)\.com/[\w.-]+/[\w./-]+", address)
    return address if public else None


def digest_of(folders):
    """A digest of the files in ``folders``: a build in which only they changed has to copy them."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _write_styles(folder):
    from helpers.show import style as plotting

    rules = resources.files("helpers.show").joinpath("explore.css").read_text(encoding="utf-8")
    _write_if_changed(folder / "explore.css", f"{rules}\n{plotting.css()}\n")


def _write_if_changed(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _copy_mathjax(folder):
    spec = find_spec("mathjax")
    if spec is None:
        raise ExtensionError(
            "the package 'django-static-mathjax' is not installed: run "
            "'pip install -r requirements.txt' in the book's folder, or 'make book'"
        )
    package = Path(spec.submodule_search_locations[0], "static", "mathjax")
    for name in MATHJAX_FILES:
        source, target = package / name, folder / "mathjax" / name
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
