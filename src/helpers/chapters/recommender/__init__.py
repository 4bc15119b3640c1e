"""The chapter on recommenders: figures, runs and exercises."""
