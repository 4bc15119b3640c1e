"""The chapter on gradients: figures, runs and exercises."""

#: What the chapter differentiates, beside landscapes whose gradient stands next to them.
DIFFERENTIATES = (
    "matrix_rules.quadratic_form",
    "matrix_rules.squared_distance",
    "matrix_rules.affine",
)
