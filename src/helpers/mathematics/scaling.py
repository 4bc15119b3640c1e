"""Putting columns of numbers on one scale."""

from __future__ import annotations

import numpy as np

from helpers.mathematics.validate import as_finite_array


def standardize(columns):
    """Columns with mean 0 and standard deviation 1, and the means and deviations taken out.

    ``columns`` has shape (n, d) with n ≥ 2; returns arrays of shape (n, d), (d,) and (d,).
    Raises ``ValueError`` for a column that is constant.
    """
    columns = as_finite_array(columns, "columns", ndim=2, min_size=1)
    mean, deviation = columns.mean(axis=0), columns.std(axis=0)
    # Rounding can leave a constant column with a deviation of about 1e-17 instead of 0.
    constant = np.flatnonzero(deviation <= 1e-12 * np.abs(mean))
    if constant.size:
        raise ValueError(f"columns must vary, got a constant column {constant[0]}")
    return (columns - mean) / deviation, mean, deviation
