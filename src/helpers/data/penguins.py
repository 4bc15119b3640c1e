"""The Palmer penguins: body measurements of 342 birds, and the regression that the book fits."""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple

import numpy as np

from helpers.mathematics.objectives import LeastSquares
from helpers.mathematics.scaling import standardize


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
    packed = resources.files("helpers.data").joinpath("penguins.npz")
    with packed.open("rb") as file, np.load(file, allow_pickle=False) as columns:
        return Penguins(**{name: columns[name] for name in Penguins._fields})


def penguin_regression():
    """Body mass in kg on an intercept and three standardized lengths, for 342 penguins.

    The columns are 1, flipper length, bill length and bill depth; the loss is in kg². Returns a
    ``LeastSquares``; data and source as in ``load_penguins``.
    """
    birds = load_penguins()
    lengths = [birds.flipper_length_mm, birds.bill_length_mm, birds.bill_depth_mm]
    scaled, _, _ = standardize(np.stack(lengths, axis=1))
    ones = np.ones((len(scaled), 1))
    return LeastSquares(np.hstack([ones, scaled]), birds.body_mass_g / 1000)
