"""Input checks whose messages name the argument, what came and what is wanted."""

from __future__ import annotations

import numbers

import numpy as np


def describe(value):
    """Short description of a value for an error message."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def as_finite_array(value, name, *, shape=None, ndim=None, min_size=None):
    """``value`` as a float array, or ``ValueError`` naming ``name``, what came and what is wanted.

    ``shape`` may hold ``None`` where any length will do; ``ndim`` is a number or a tuple of them.
    """
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be numbers in a regular array, got {describe(value)}"
        ) from error
    if shape is not None and (
        array.ndim != len(shape)
        or any(w is not None and w != g for w, g in zip(shape, array.shape, strict=True))
    ):
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise ValueError(f"{name} must have shape {wanted}, got shape {array.shape}")
    if ndim is not None and array.ndim not in (ndim if isinstance(ndim, tuple) else (ndim,)):
        raise ValueError(f"{name} must have {ndim} dimension(s), got shape {array.shape}")
    if min_size is not None and array.size < min_size:
        raise ValueError(f"{name} must have at least {min_size} element(s), got {array.size}")
    if not np.isfinite(array).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        at = f" at index {first}" if first else ""
        raise ValueError(f"{name} must be finite, got {array[first]}{at}")
    return array


def as_finite_float(value, name):
    """``value`` as a finite float."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.ndarray)):
        raise ValueError(f"{name} must be a finite number, got {describe(value)}")
    if np.ndim(value) != 0:
        raise ValueError(f"{name} must be a single number, got {describe(value)}")
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {number}")
    return number


def as_positive(value, name, *, zero_allowed=False):
    """``value`` as a finite float above zero (or at least zero)."""
    number = as_finite_float(value, name)
    if number < 0 or (number == 0 and not zero_allowed):
        wanted = "at least 0" if zero_allowed else "greater than 0"
        raise ValueError(f"{name} must be {wanted}, got {number:g}")
    return number


def as_count(value, name, *, minimum=1):
    """``value`` as an ``int`` of at least ``minimum``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{name} must be a whole number, got {describe(value)}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    return int(value)


def one_of(value, name, allowed):
    """``value`` if it is among ``allowed``."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def as_generator(rng, name="rng"):
    """``rng`` if it is a ``numpy.random.Generator``."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"{name} must be a numpy.random.Generator such as numpy.random.default_rng(0), "
            f"got {describe(rng)}"
        )
    return rng
