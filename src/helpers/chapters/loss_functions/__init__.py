"""The chapter on loss functions: figures, runs and exercises."""

#: What the chapter differentiates, beside scalar functions whose slope stands next to them.
DIFFERENTIATES = (
    "losses.squared",
    "losses.absolute",
    "losses.huber",
    "losses.log_loss",
    "losses.cross_entropy",
    "functions.logistic",
)
