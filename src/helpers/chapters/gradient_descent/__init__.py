"""The chapter on gradient descent: figures, runs and exercises."""

#: Only losses that are single numbers are differentiated here, by hand and in the notebook.
DIFFERENTIATES = ()
