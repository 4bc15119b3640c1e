"""The chapter on backpropagation: figures, runs and exercises."""
