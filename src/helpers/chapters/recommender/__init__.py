"""The chapter on recommenders: figures, runs and exercises."""

#: Functions of ``helpers.mathematics`` whose derivative the chapter takes.
DIFFERENTIATES = ("factorization.rating",)
