"""The functions that neurons apply to their sums, and their derivatives.

Each takes a number or an array of any shape and works entry by entry; ``f_vjp`` multiplies an
upstream gradient by the slope. The logistic function, called sigmoid in this role, stands in
``helpers.mathematics.functions``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from helpers.mathematics.functions import logistic, logistic_vjp
from helpers.mathematics.validate import as_finite_array, one_of


class Nonlinearity(NamedTuple):
    """A neuron's function and its slope, both entry by entry and without a check of the input."""

    value: Callable
    slope: Callable


def _sigmoid(z):
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def _sigmoid_slope(z):
    return _sigmoid(z) * _sigmoid(-z)


def _tanh_slope(z):
    return 1 - np.tanh(z) ** 2


def _relu(z):
    return np.maximum(z, 0)


def _relu_slope(z):
    return (z > 0).astype(float)


def _gelu(z):
    return z * ndtr(z)


def _gelu_slope(z):
    return ndtr(z) + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


#: The nonlinearities of the book by name.
NONLINEARITIES = {
    "sigmoid": Nonlinearity(_sigmoid, _sigmoid_slope),
    "tanh": Nonlinearity(np.tanh, _tanh_slope),
    "ReLU": Nonlinearity(_relu, _relu_slope),
    "GELU": Nonlinearity(_gelu, _gelu_slope),
}


def nonlinearity(name):
    """The ``Nonlinearity`` called ``name``; ``ValueError`` for a name that is not in the book."""
    return NONLINEARITIES[one_of(name, "activation", list(NONLINEARITIES))]


def sigmoid(x):
    """1/(1 + e⁻ˣ): the logistic function by the name that it has in a network."""
    return logistic(x)


def sigmoid_vjp(upstream, x):
    """Gradient to ``x`` when ``upstream`` is that to ``sigmoid(x)``: u σ(x) (1 − σ(x)).

    Shapes agree; otherwise, or where an entry is not finite, ``ValueError``.
    """
    return logistic_vjp(upstream, x)


def tanh(x):
    """(eˣ − e⁻ˣ)/(eˣ + e⁻ˣ), between −1 and 1. ``ValueError`` where ``x`` is not finite."""
    return np.tanh(as_finite_array(x, "x"))


def tanh_vjp(upstream, x):
    """Gradient to ``x`` when ``upstream`` is the gradient to ``tanh(x)``: u (1 − tanh² x).

    Shapes agree; otherwise, or where an entry is not finite, ``ValueError``.
    """
    return _times_slope(upstream, x, _tanh_slope)


def relu(x):
    """max(0, x), the rectified linear unit. ``ValueError`` where ``x`` is not finite."""
    return _relu(as_finite_array(x, "x"))


def relu_vjp(upstream, x):
    """Gradient to ``x`` when ``upstream`` is the gradient to ``relu(x)``: u where x > 0, else 0.

    At 0 there is no derivative, and 0 is taken. Shapes and errors as for ``tanh_vjp``.
    """
    return _times_slope(upstream, x, _relu_slope)


def gelu(x):
    """x Φ(x), with Φ the distribution function of a standard normal variable.

    Source: Hendrycks & Gimpel, "Gaussian Error Linear Units" (2016), the exact form.
    ``ValueError`` where ``x`` is not finite.
    """
    return _gelu(as_finite_array(x, "x"))


def gelu_vjp(upstream, x):
    """Gradient to ``x`` when ``upstream`` is that to ``gelu(x)``: u (Φ(x) + x φ(x)), φ = Φ′.

    Shapes and errors as for ``tanh_vjp``.
    """
    return _times_slope(upstream, x, _gelu_slope)


def _times_slope(upstream, x, slope):
    x = as_finite_array(x, "x")
    return as_finite_array(upstream, "upstream", shape=x.shape) * slope(x)
