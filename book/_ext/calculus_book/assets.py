"""Scripts, styles and fonts of the site: all local, third-party ones from installed packages."""

import hashlib
import os
import re
import subprocess
from importlib import resources
from pathlib import Path

from calculus_book import icons


def configure(app, config):
    """Add the generated assets to the static files and point the theme at them."""
    folder = Path(app.outdir).parent / ".assets"
    folder.mkdir(parents=True, exist_ok=True)
    _write_styles(folder)
    config.html_static_path = [*config.html_static_path, str(folder)]
    config.html_css_files = [*config.html_css_files, "explore.css", "book.css"]
    # Before the theme's scripts: a reader comes for the sliders.
    ours = [(name, {"defer": "", "priority": 100}) for name in ("explore.js", "exercises.js")]
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
    from helpers.show import style

    rules = resources.files("helpers.show").joinpath("explore.css").read_text(encoding="utf-8")
    _write_if_changed(folder / "explore.css", f"{rules}\n{style.css()}\n{icons.css()}\n")


def _write_if_changed(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
