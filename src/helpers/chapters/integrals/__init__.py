"""The chapter on integrals: figures, runs and exercises."""

#: What the chapter differentiates.
DIFFERENTIATES = ("gaussian_process.log_marginal_likelihood",)
