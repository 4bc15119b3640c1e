"""The real data that the package carries, and its loaders."""
