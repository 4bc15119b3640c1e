"""Putting columns of numbers on one scale."""

from __future__ import annotations

import numpy as np

from helpers.mathematics.validate import as_finite_array

#: Numbers that should be equal and were computed in different ways differ by this share of them.
_LAST_DIGITS = 4 * float(np.finfo(float).eps)


def standardize(columns):
    """Columns with mean 0 and standard deviation 1, and the means and deviations taken out.

    ``columns`` has shape (n, d) with n ≥ 2; returns arrays of shape (n, d), (d,) and (d,).
    Raises ``ValueError`` for a column that is constant, but for its last digits.
    """
    columns = as_finite_array(columns, "columns", ndim=2, min_size=1)
    # Of a column far from 0, such as times in nanoseconds, a mean would lose what varies.
    start = columns[0]
    moved = columns - start
    spread, largest = np.ptp(columns, axis=0), np.max(np.abs(columns), axis=0)
    constant = np.flatnonzero(spread <= _LAST_DIGITS * largest)
    if constant.size:
        raise ValueError(f"columns must vary, got a constant column {constant[0]}")
    mean, deviation = moved.mean(axis=0), moved.std(axis=0)
    return (moved - mean) / deviation, start + mean, deviation
