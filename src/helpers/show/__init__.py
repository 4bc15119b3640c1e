"""How figures are drawn and moved: the one style, the drawing of states, ``explore``."""

import logging

#: The book's Sphinx extension sets this for the kernels it starts: figures are then drawn in every
#: state, for a page that has no kernel.
BAKE_VARIABLE = "CALCULUS_FOR_ML_BAKE"


def _is_news(record):
    return "building the font cache" not in record.getMessage()


# A reader's first cell would begin with this notice in red, on a machine that is new to matplotlib.
logging.getLogger("matplotlib.font_manager").addFilter(_is_news)
