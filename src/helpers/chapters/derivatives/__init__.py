"""The chapter on derivatives: figures, runs and exercises."""

#: What the chapter differentiates, beside scalar functions whose slope stands next to them.
DIFFERENTIATES = ("functions.logistic",)
