"""Handwritten digits: 1,797 small images with what they show, and their split into two parts."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from helpers.mathematics.validate import as_count, as_generator

#: Side of an image, and the largest value of a pixel.
SIDE, BRIGHTEST = 8, 16


class Digits(NamedTuple):
    """Images (1797, 8, 8), whole numbers from 0 (paper) to 16 (ink), and labels (1797,), 0 to 9.

    The arrays are read-only.
    """

    images: np.ndarray
    labels: np.ndarray


class Split(NamedTuple):
    """Rows X (n, 64) between 0 and 1 with labels y (n,): to train on, and held out."""

    X: np.ndarray
    y: np.ndarray
    X_held_out: np.ndarray
    y_held_out: np.ndarray


@cache
def load_digits():
    """The test set of UCI's "Optical Recognition of Handwritten Digits"; CC BY 4.0.

    Source: Alpaydin & Kaynak (1998), https://doi.org/10.24432/C50P49, as scikit-learn ships it;
    see ``data/digits.README.md``. Reads a file inside the package, so it needs no network.
    """
    packed = resources.files("helpers.data").joinpath("digits.npz")
    with packed.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        digits = Digits(stored["images"].astype(float), stored["labels"].astype(np.intp))
    for array in digits:
        array.flags.writeable = False
    return digits


def split_digits(rng, *, held_out=450):
    """The digits in a random order, the last ``held_out`` of them kept back; returns ``Split``.

    ``ValueError`` where ``held_out`` is no whole number between 1 and 1,796.
    """
    images, labels = load_digits()
    held_out = as_count(held_out, "held_out")
    if held_out >= len(labels):
        raise ValueError(f"held_out must be below {len(labels)}, got {held_out}")
    order = as_generator(rng).permutation(len(labels))
    X, y = images.reshape(len(labels), -1)[order] / BRIGHTEST, labels[order]
    return Split(X[:-held_out], y[:-held_out], X[-held_out:], y[-held_out:])
