"""Repairs to the written pages: what assistive technology trips over in the theme's HTML.

Each repair is one substitution that leaves an already repaired page as it is, because an
incremental build rewrites only some of the pages.
"""

import re
from pathlib import Path

from calculus_book.icons import draw_icons, drop_script_and_rules

REPAIRS = (
    # The book's title stands outside every landmark.
    (
        re.compile(r'<div class="sidebar-primary-items__start sidebar-primary__section">'),
        '<div class="sidebar-primary-items__start sidebar-primary__section" '
        'role="navigation" aria-label="Book">',
    ),
    # Roles that ARIA has withdrawn, or that lack the children they require.
    (re.compile(r' role="(?:doc-biblioentry|doc-backlink|list)"(?=[^>]*>)'), ""),
    # A visible text must be part of the accessible name, or voice control cannot find it.
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    (re.compile(r'(<button class="[^"]*search-button-field[^"]*")[^>]*>'), r"\1>"),
    # Browsers break a line between a formula and the full stop behind it.
    (
        re.compile(
            r'(?<!keep">)(<span class="math[^>]*><math>(?:(?!</math>).)*</math></span>[.,;:!?)’”]+)'
        ),
        r'<span class="cml-keep">\1</span>',
    ),
    # A script that is waited for keeps the text from the reader.
    (
        re.compile(r'<script (?=(?:data-[^>]*)?src="(?![^"]*documentation_options))'),
        "<script defer ",
    ),
)
#: What only the page of results needs: a tenth of what a chapter would load.
SEARCH = re.compile(
    r'\s*<script [^>]*src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>'
)


def rewrite(app, exception):
    """Repair the pages of a finished HTML build, and drop templates that the theme leaves."""
    if exception is not None or app.builder.format != "html":
        return
    outdir = Path(app.outdir)
    drop_script_and_rules(outdir / "_static")
    for path in outdir.rglob("*.html"):
        if "_static" in path.parts:
            path.unlink()
            continue
        before = path.read_text(encoding="utf-8")
        after = before
        for pattern, replacement in REPAIRS:
            after = pattern.sub(replacement, after)
        after = draw_icons(after)
        if path.name != "search.html":
            after = SEARCH.sub("", after)
        if after != before:
            path.write_text(after, encoding="utf-8")
