"""The chapter on derivatives: figures, runs and exercises."""
