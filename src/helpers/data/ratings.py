"""Ratings taken apart into what is learned from and what is reported on, and planted ratings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_finite_float,
    as_generator,
    as_positive,
)


class Split(NamedTuple):
    """Positions of the ratings that are learned from, chosen by, and reported on."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def _part_sizes(n, validation, test):
    n = as_count(n, "n", minimum=3)
    validation, test = as_positive(validation, "validation"), as_positive(test, "test")
    sizes = round(n * validation), round(n * test)
    if min(sizes) < 1 or n - sum(sizes) < 1:
        raise ValueError(
            "validation and test must be shares that leave a rating in each of the three parts, "
            f"got {validation:g} and {test:g} of {n}"
        )
    return sizes


def split_at_random(n, *, rng, validation=0.1, test=0.1):
    """Positions 0 … n−1 in three parts drawn at random, each in ascending order.

    ``ValueError`` when a share is not positive or a part would be empty.
    """
    n_validation, n_test = _part_sizes(n, validation, test)
    order = as_generator(rng).permutation(n)
    n_held = n_validation + n_test
    return Split(
        np.sort(order[n_held:]), np.sort(order[:n_validation]), np.sort(order[n_validation:n_held])
    )


def split_by_time(timestamps, *, validation=0.1, test=0.1):
    """Three parts in order of time: the oldest to learn from, the newest to report on.

    ``ValueError`` when ``timestamps`` is not one finite row or a part would be empty.
    """
    timestamps = as_finite_array(timestamps, "timestamps", ndim=1)
    n_validation, n_test = _part_sizes(len(timestamps), validation, test)
    order = np.argsort(timestamps, kind="stable")
    n_train = len(order) - n_validation - n_test
    return Split(
        np.sort(order[:n_train]),
        np.sort(order[n_train : n_train + n_validation]),
        np.sort(order[n_train + n_validation :]),
    )


def split_by_user(users, timestamps, *, validation=0.1, test=0.1):
    """Three parts by each user's own time: the newest ratings to report on, those before to choose.

    Of a user with n ratings round(n · share) go into a part, at least one. ``ValueError`` when the
    rows differ in length, a share is not positive, or a user would have nothing to learn from.
    """
    timestamps = as_finite_array(timestamps, "timestamps", ndim=1)
    users = as_finite_array(users, "users", shape=timestamps.shape)
    validation, test = as_positive(validation, "validation"), as_positive(test, "test")
    order = np.lexsort((-timestamps, users))  # each user's newest rating first
    sorted_users = users[order]
    first = np.searchsorted(sorted_users, sorted_users)
    n = np.searchsorted(sorted_users, sorted_users, side="right") - first
    age = np.arange(len(order)) - first
    n_test = np.maximum(1, np.round(n * test))
    n_held = n_test + np.maximum(1, np.round(n * validation))
    if (n <= n_held).any():
        raise ValueError(
            "validation and test must be shares that leave every user a rating to learn from, "
            f"got {validation:g} and {test:g} for a user with {n.min()}"
        )
    return Split(
        np.sort(order[age >= n_held]),
        np.sort(order[(age >= n_test) & (age < n_held)]),
        np.sort(order[age < n_test]),
    )


class PlantedRatings(NamedTuple):
    """Ratings made from factors that are known, and the cells left out to test on."""

    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray
    test_users: np.ndarray
    test_items: np.ndarray
    test_ratings: np.ndarray
    user_factors: np.ndarray
    item_factors: np.ndarray


def planted_ratings(
    *, rng, n_users=100, n_items=50, rank=2, density=0.3, noise=0.5, signal=0.95, mean=3.0
):
    """Ratings mean + pᵤ·qᵢ + noise, each cell observed with probability ``density``.

    ``signal`` and ``noise`` are standard deviations of the two parts of a rating, so ``noise`` is
    the lowest root mean squared error that anyone can reach. The cells that are not observed
    are the test cells. ``ValueError`` when ``density`` is not between 0 and 1.
    """
    as_generator(rng)
    n_users, n_items = as_count(n_users, "n_users"), as_count(n_items, "n_items")
    rank = as_count(rank, "rank")
    density = as_positive(density, "density")
    noise = as_positive(noise, "noise", zero_allowed=True)
    signal = as_positive(signal, "signal")
    mean = as_finite_float(mean, "mean")
    if density >= 1:
        raise ValueError(f"density must be less than 1, got {density:g}")
    # A sum of ``rank`` products of independent entries has variance rank · scale⁴.
    scale = np.sqrt(signal) / rank**0.25
    user_factors = scale * rng.normal(size=(n_users, rank))
    item_factors = scale * rng.normal(size=(n_items, rank))
    table = mean + user_factors @ item_factors.T + noise * rng.normal(size=(n_users, n_items))
    seen = rng.random((n_users, n_items)) < density
    if seen.all() or not seen.any():
        raise ValueError(
            "density must leave cells to learn from and cells to test on, "
            f"got {density:g} of {n_users} × {n_items}"
        )
    users, items = np.nonzero(seen)
    test_users, test_items = np.nonzero(~seen)
    return PlantedRatings(
        users,
        items,
        table[seen],
        test_users,
        test_items,
        table[~seen],
        user_factors,
        item_factors,
    )
