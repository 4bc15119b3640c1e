"""What the book teaches, a module a subject; NumPy and SciPy only."""
