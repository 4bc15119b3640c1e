"""Small real data sets that ship with the package, as plain arrays."""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple

import numpy as np

from helpers._validate import as_finite_array


class Penguins(NamedTuple):
    """Measurements of 342 adult penguins of three species; each array has shape (342,)."""

    species: np.ndarray
    bill_length_mm: np.ndarray
    bill_depth_mm: np.ndarray
    flipper_length_mm: np.ndarray
    body_mass_g: np.ndarray


def load_penguins():
    """The Palmer penguins that were measured in full, 342 of 344; public domain (CC0).

    Source: Gorman, Williams & Fraser, PLoS ONE 9(3): e90081 (2014); see
    ``data/penguins.README.md``. Reads a file inside the package, so it needs no network.
    """
    packed = resources.files("helpers").joinpath("data", "penguins.npz")
    with packed.open("rb") as file, np.load(file, allow_pickle=False) as columns:
        return Penguins(**{name: columns[name] for name in Penguins._fields})


def standardize(columns):
    """Columns with mean 0 and standard deviation 1, and the means and deviations taken out.

    ``columns`` has shape (n, d) with n ≥ 2; returns arrays of shape (n, d), (d,) and (d,).
    Raises ``ValueError`` for a column that is constant.
    """
    columns = as_finite_array(columns, "columns", ndim=2, min_size=1)
    mean, deviation = columns.mean(axis=0), columns.std(axis=0)
    # Rounding can leave a constant column with a deviation of about 1e-17 instead of 0.
    constant = np.flatnonzero(deviation <= 1e-12 * np.maximum(np.abs(mean), 1e-300))
    if constant.size:
        raise ValueError(f"columns must vary, got a constant column {int(constant[0])}")
    return (columns - mean) / deviation, mean, deviation
