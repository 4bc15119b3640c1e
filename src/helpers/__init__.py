"""The shared module of *Calculus for Machine Learning*.

Layers, each of which imports only those before it: mathematics (NumPy and SciPy), ``figures``
(matplotlib), ``explore`` (ipywidgets), and the notebooks.
"""
