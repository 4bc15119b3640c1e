"""Runs that the figures of the chapter on backpropagation show."""
