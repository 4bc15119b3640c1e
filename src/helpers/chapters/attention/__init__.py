"""The chapter on attention: figures, runs and exercises."""

#: Functions of ``helpers.mathematics`` that the chapter differentiates.
DIFFERENTIATES = (
    "activations.softmax",
    "activations.log_softmax",
    "attention.scaled_dot_product_attention",
    "attention.multi_head_attention",
    "causal_head.embed",
)
