"""The theme's icons are drawn in the page."""

import re

import pytest
from calculus_book.icons import RULES, SCRIPT, STYLE, draw_icons, drawing
from sphinx.errors import ExtensionError

from tests.site.pages import all_pages


def test_an_icon_is_drawn_in_its_place():
    page = '<a><i class="fa-solid fa-angle-left fa-lg" title="x" data-mode="dark"></i></a>'
    drawn = draw_icons(page)
    assert 'class="cml-icon cml-large"' in drawn
    assert 'data-mode="dark"' in drawn
    assert "title" not in drawn
    assert drawing("angle-left")[2] in drawn
    assert draw_icons(drawn) == drawn


def test_solid_and_brand_are_told_apart():
    assert drawing("github", brand=True)[:2] == ("496", "512")
    assert drawing("file")[:2] == ("384", "512")
    assert drawing("sun") != drawing("cloud-sun")


def test_an_icon_that_the_theme_lacks_is_named():
    with pytest.raises(ExtensionError, match="no icon called 'no-such-icon'"):
        draw_icons('<i class="fa-solid fa-no-such-icon"></i>')


@pytest.mark.parametrize("name", all_pages())
def test_no_page_asks_for_the_icon_script(site, name):
    page = (site / name).read_text(encoding="utf-8")
    assert "fontawesome.js" not in page
    assert re.findall(r'class="[^"]*\bfa-[^"]*"', page) == []


def test_the_site_has_neither_the_icon_script_nor_its_rules(site):
    assert not (site / "_static" / SCRIPT).exists()
    style = (site / "_static" / STYLE).read_text(encoding="utf-8")
    assert RULES.search(style) is None
    assert ".admonition" in style
