"""The theme's icons as drawings in the page, without the script and fonts that bring all."""

import re
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from sphinx.errors import ExtensionError

SCRIPT = "scripts/fontawesome.js"
TAG = re.compile(
    rf'[ \t]*(?:<!--[^>]*custom icons -->\s*)?<script defer src="[^"]*{SCRIPT}[^"]*"></script>\n?'
)
ICON = re.compile(r'<(i|span) ([^>]*)class="([^"]*\bfa-[^"]*)"([^>]*)></\1>')
#: What the theme's style says of each of the two thousand icons, and where their fonts are.
RULES = re.compile(
    r"(?:\.fa[\w-]*:+(?:before|after),?)+\{[^}]*\}|@font-face\{[^}]*(?:Awesome|webfonts)[^}]*\}"
)
STYLE = "styles/pydata-sphinx-theme.css"
#: Icons at the titles of boxes, by kind of box.
TITLES = {"warning": "triangle-exclamation", "note": "circle-info"}
#: Classes of an icon that say how it looks, not what it shows.
_LOOK = {"fa-solid", "fa-regular", "fa-brands", "fa-lg", "fa-fw", "fa-sm", "fa-xl", "fa-2x"}


def draw_icons(page):
    """The page's HTML with each icon drawn in its place, and without the icon script."""
    return ICON.sub(_drawn, TAG.sub("", page))


def drop_script_and_rules(static):
    """Take the icon script out of a site's static files, and the icons out of the theme's style."""
    (static / SCRIPT).unlink(missing_ok=True)
    style = static / STYLE
    style.write_text(RULES.sub("", style.read_text(encoding="utf-8")), encoding="utf-8")


def _drawn(match):
    _, before, classes, after = match.groups()
    # A title becomes a text of the button around it that the button's name does not have.
    others = re.sub(r'\s*\b(?:title|aria-hidden)="[^"]*"', "", f"{before} {after}").strip()
    names = classes.split()
    name = next(n.removeprefix("fa-") for n in names if n.startswith("fa-") and n not in _LOOK)
    brand = bool({"fa-brands", "fab"} & set(names))
    kept = [n for n in names if not re.match(r"fa[srb]?(-|$)", n)]
    look = ["cml-icon", *(["cml-large"] if "fa-lg" in names else []), *kept]
    return svg(name, brand, f'class="{escape(" ".join(look))}" {others} aria-hidden="true"')


def svg(name, brand=False, attributes=""):
    """An icon as an SVG element."""
    width, height, path = drawing(name, brand)
    return (
        f'<svg {attributes} viewBox="0 0 {width} {height}">'
        f'<path fill="currentColor" d="{path}"/></svg>'
    )


def css():
    """The icons that a style puts before a title, as custom properties."""
    rules = (f'--cml-{kind}: url("{_address(name)}");' for kind, name in TITLES.items())
    return f":root {{ {' '.join(rules)} }}"


def _address(name):
    return "data:image/svg+xml," + quote(svg(name, attributes='xmlns="http://www.w3.org/2000/svg"'))


@cache
def drawing(name, brand=False):
    """Width, height and path of an icon of the theme's script."""
    # Brands stand first, solid icons last.
    found = re.findall(
        rf'[,{{]"?{re.escape(name)}"?:\[(\d+),(\d+),\[[^\]]*\],"[^"]*","([^"]+)"\]', _script()
    )
    if not found:
        raise ExtensionError(f"the theme's icon script has no icon called '{name}'")
    return found[0 if brand else -1]


@cache
def _script():
    folder = Path(find_spec("pydata_sphinx_theme").submodule_search_locations[0])
    file = folder / "theme" / "pydata_sphinx_theme" / "static" / SCRIPT
    return file.read_text(encoding="utf-8")
