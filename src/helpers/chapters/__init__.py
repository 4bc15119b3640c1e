"""One folder a chapter: its figures, the runs that they show, and its exercises."""
