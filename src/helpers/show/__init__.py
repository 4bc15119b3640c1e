"""How figures are drawn and moved: the one style, the drawing of states, ``explore``."""
