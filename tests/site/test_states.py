"""Links with a state are turned into what the page's script reads, or named where they cannot."""

from types import SimpleNamespace

import pytest
from calculus_book import states
from docutils import nodes
from sphinx.errors import ExtensionError

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
