"""The chapter on automatic differentiation: figures, runs and exercises."""

#: What the chapter differentiates by the engine and holds against a product written by hand.
DIFFERENTIATES = (
    "activations.softmax",
    "attention.scaled_dot_product_attention",
    "functions.logistic",
)
