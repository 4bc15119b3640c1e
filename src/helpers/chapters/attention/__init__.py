"""The chapter on attention: figures, runs and exercises."""
