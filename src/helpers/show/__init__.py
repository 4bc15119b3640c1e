"""How figures are drawn and moved: the one style, the drawing of states, ``explore``."""

#: The book's Sphinx extension sets this for the kernels it starts: figures are then drawn in every
#: state, for a page that has no kernel.
BAKE_VARIABLE = "CALCULUS_FOR_ML_BAKE"
