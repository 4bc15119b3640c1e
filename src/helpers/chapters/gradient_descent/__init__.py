"""The chapter on gradient descent: figures, runs and exercises."""
