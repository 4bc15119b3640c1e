"""Scenery is folded on the page, code that teaches is open."""

import pytest
from calculus_book.folds import FIGURE, IMPORTS, fold_of


@pytest.mark.parametrize(
    ("source", "fold"),
    [
        ("import numpy as np\nfrom x import y\n\nrng = np.random.default_rng(1)", IMPORTS),
        ("rng = np.random.default_rng(1)", None),
        ("explore(draw, x=FloatSlider())", FIGURE),
        ("show(draw)", FIGURE),
        ("table = {r: run(r) for r in rates}\nexplore(draw, table)", FIGURE),
        ("def draw(x):\n    return x\n\nexplore(draw)", None),
        ("for x in y:\n    print(x)\nexplore(draw)", None),
        ("theta = 3\nprint(theta)", None),
        ("assert x\nshow(draw)", None),
        ("", None),
    ],
)
def test_what_is_folded(source, fold):
    assert fold_of(source) == fold


def test_each_chapter_folds_its_imports_and_figures_and_nothing_else(chapter, site):
    html = (site / chapter.page).read_text(encoding="utf-8")
    folds = [fold_of(source) for kind, source in chapter.cells if kind == "code"]
    for name in (IMPORTS, FIGURE):
        assert html.count(f"<summary>{name}</summary>") == folds.count(name) > 0
