"""Links in the prose set figures, and an address opens a page with a figure in a state."""

import re
from urllib.parse import parse_qsl, unquote

from tests.chapters.test_figures import moving
from tests.site.pages import opened

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
        link = page.page.locator(f'a.cml-set[data-figure="{name}"]').last
        assert unquote(link.get_attribute("data-set")) == unquote(query)
        link.click()
        reading = page.page.locator(f"#{figure.identifier} .cml-reading")
        reading.filter(has_text=wanted).wait_for()
        address = page.page.evaluate("location.hash")
        assert page.complaints == []
    assert unquote(address) == f"#{name}?{unquote(query)}"
    with opened(browser, chapter.page, address=address) as page:
        page.page.locator(f"#{figure.identifier} .cml-reading").filter(has_text=wanted).wait_for()
        assert page.complaints == []
