"""Links in the prose that set a figure: ``[0.4](#rate-1d?learning_rate=0.4)``.

On the page such a link carries the figure's own id, so that without scripts it leads there; the
page's script sets the controls as well. In JupyterLab it leads nowhere and harms nothing.
"""

import html
import re
from urllib.parse import parse_qsl

from docutils import nodes
from docutils.transforms import Transform
from sphinx.errors import ExtensionError

_FIGURE = re.compile(r'<figure class="cml" id="cml-([a-z0-9-]+)-(\d+)">')
_NAME = re.compile(r'data-name="([^"]+)"')


class StateLinks(Transform):
    """Keeps links with a state away from the search for headings of that name."""

    default_priority = 870  # just before MyST looks for what a "#…" leads to

    def apply(self, **kwargs):
        """Mark the links; what they lead to is known when the page's figures are."""
        for link in self.document.findall(nodes.reference):
            address = link.get("refuri", "")
            if address.startswith("#") and "?" in address:
                link.attributes.pop("id_link", None)
                link["state_link"] = address[1:]


def resolve_links(app, doctree, docname):
    """Give each link with a state its figure's id; an error that says what there is instead."""
    links = [n for n in doctree.findall(nodes.reference) if n.get("state_link")]
    if not links:
        return
    figures = {}
    for raw in doctree.findall(nodes.raw):
        for found in _FIGURE.finditer(raw.astext()):
            figures.setdefault(found[1], (f"cml-{found[1]}-{found[2]}", raw.astext()))
    for link in links:
        name, _, query = link["state_link"].partition("?")
        place = f"{docname}: the link ({link['refuri']})"
        if name not in figures:
            raise ExtensionError(f"{place} names no figure of the page; there are {[*figures]}")
        identifier, drawn = figures[name]
        settings, controls = parse_qsl(query), _NAME.findall(drawn)
        strange = [key for key, _ in settings if key not in controls]
        if strange or not settings:
            raise ExtensionError(
                f"{place} sets no control of {name}: {strange or query!r}; there are {controls}"
            )
        opening = (
            f'<a class="cml-set" href="#{identifier}" data-figure="{html.escape(name)}" '
            f'data-set="{html.escape(query)}">'
        )
        raws = [nodes.raw("", text, format="html") for text in (opening, "</a>")]
        link.parent.insert(link.parent.index(link), [raws[0], *link.children, raws[1]])
        link.parent.remove(link)
