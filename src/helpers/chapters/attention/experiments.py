"""Runs that the figures of the chapter on attention show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.activations import softmax, softmax_jacobian_norm
from helpers.mathematics.attention import random_scores


class Saturation(NamedTuple):
    """Median ‖J‖ over rows of random scores, and the share of rows with a weight above 0.99."""

    norm: float
    share: float


def saturation(d_k, n_keys, rng, *, scaled, rows=1000):
    """How saturated the softmax of random scores is, as :class:`Saturation`.

    ``scaled``: divide the scores of :func:`random_scores` by √d_k, or not.
    ``ValueError`` when a count is below 1.
    """
    scores = random_scores(d_k, n_keys, rows, rng)
    weights = softmax(scores / np.sqrt(d_k) if scaled else scores)
    return Saturation(
        norm=float(np.median(softmax_jacobian_norm(weights))),
        share=float(np.mean(weights.max(axis=1) > 0.99)),
    )
