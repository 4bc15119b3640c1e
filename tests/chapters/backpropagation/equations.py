"""The labelled equations of the chapter on backpropagation."""
