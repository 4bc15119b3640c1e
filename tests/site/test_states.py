"""Links in the prose set figures, and an address opens a page with a figure in a state."""

import re
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from calculus_book import states
from docutils import nodes
from sphinx.errors import ExtensionError

from tests.chapters.test_figures import moving
from tests.site.pages import opened

FIGURE = '<figure class="cml" id="cml-rate-1d-3"><input data-name="learning_rate"></figure>'


def document(address, text="0.4"):
    link = nodes.reference("", text, refuri=address)
    link["state_link"] = address[1:]
    paragraph = nodes.paragraph("", "", link)
    root = nodes.section("", paragraph, nodes.raw("", FIGURE, format="html"))
    return root, paragraph


def test_a_link_carries_the_figures_own_id_and_what_it_sets():
    root, paragraph = document("#rate-1d?learning_rate=0.4")
    states.resolve_links(SimpleNamespace(), root, "notebooks/x")
    assert "".join(child.astext() for child in paragraph) == (
        '<a class="cml-set" href="#cml-rate-1d-3" data-figure="rate-1d" '
        'data-set="learning_rate=0.4">0.4</a>'
    )


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("#rate-2d?learning_rate=0.4", r"names no figure of the page; there are \['rate-1d'\]"),
        ("#rate-1d?rate=0.4", r"sets no control of rate-1d: \['rate'\]; there are \['learning_r"),
        ("#rate-1d?", "sets no control of rate-1d: ''"),
    ],
)
def test_a_link_to_nowhere_stops_the_build_with_a_sentence(address, words):
    root, _ = document(address)
    with pytest.raises(ExtensionError, match=words):
        states.resolve_links(SimpleNamespace(), root, "notebooks/x")


#: "[0.4](#rate-1d?learning_rate=0.4)": what the text shows, the figure, and what is set.
_LINK = re.compile(r"\[([^\]]+)\]\(#([a-z0-9-]+)\?([^)\s]+)\)")


def links(chapter):
    return [found.groups() for text in chapter.texts for found in _LINK.finditer(text)]


def test_every_link_names_a_value_that_its_control_has(chapter):
    figures = {figure.name: figure for figure in moving(chapter)}
    for text, name, query in links(chapter):
        assert name in figures, f"{chapter} links to {name}; there are {[*figures]}"
        controls = {c.name: c.texts for c in figures[name].controls}
        for key, value in parse_qsl(query):
            assert value in controls.get(key, ()), (
                f"{chapter} the link “{text}” sets {key} of {name} to {value}; "
                f"there are {controls.get(key, [*controls])}"
            )


def test_a_value_in_the_text_sets_the_figure_and_its_address_opens_it(chapter, browser, site):
    found = links(chapter)
    if not found:
        return
    _, name, query = found[-1]
    figure = next(f for f in moving(chapter) if f.name == name)
    texts = dict(parse_qsl(query))
    values = {
        c.name: c.values[c.texts.index(texts[c.name])] if c.name in texts else c.value
        for c in figure.controls
    }
    wanted = figure.drawn(values)[1]
    with opened(browser, chapter.page) as page:
        page.page.locator(f'a.cml-set[data-figure="{name}"][data-set="{query}"]').last.click()
        reading = page.page.locator(f"#{figure.identifier} .cml-reading")
        reading.filter(has_text=wanted).wait_for()
        address = page.page.evaluate("location.hash")
        assert page.complaints == []
    assert address == f"#{name}?{query}"
    with opened(browser, chapter.page, address=address) as page:
        page.page.locator(f"#{figure.identifier} .cml-reading").filter(has_text=wanted).wait_for()
        assert page.complaints == []
