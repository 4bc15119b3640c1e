"""Real data that the package carries, and the splits and planted sets made from data.

``load_movielens`` reads the MovieLens copy in ``helpers/data``; its README there has the source,
the citation and the licence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from helpers._validate import (
    as_count,
    as_finite_array,
    as_finite_float,
    as_generator,
    as_positive,
    describe,
)


@dataclass(frozen=True)
class MovieLens:
    """Ratings of films as parallel arrays, one entry a rating, and one title for each film.

    ``users`` and ``items`` count from 0; ``ratings`` are stars from 0.5 to 5 in halves;
    ``timestamps`` are seconds since 1970-01-01 UTC. ``titles``, ``genres``, ``years`` (0 where
    unknown) and ``movie_ids`` (MovieLens's own) are indexed by item. Arrays are read-only.
    """

    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray
    timestamps: np.ndarray
    titles: tuple[str, ...]
    genres: tuple[str, ...]
    years: np.ndarray
    movie_ids: np.ndarray

    @property
    def n_users(self):
        """Number of users."""
        return int(self.users.max()) + 1

    @property
    def n_items(self):
        """Number of films."""
        return len(self.titles)

    def find(self, text):
        """Items whose title contains ``text``, whatever the case; ``ValueError`` if none does."""
        if not isinstance(text, str) or not text:
            raise ValueError(f"text must be part of a title, got {describe(text)}")
        found = [i for i, title in enumerate(self.titles) if text.casefold() in title.casefold()]
        if not found:
            raise ValueError(f"text must be part of a title, got {text!r}, which no film has")
        return np.array(found)


@cache
def load_movielens():
    """MovieLens latest-small, edition of October 2016: 100,004 ratings, 671 users, 9,066 films."""
    path = resources.files("helpers") / "data" / "movielens-latest-small-2016.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {
            "users": stored["users"].astype(np.intp),
            "items": stored["items"].astype(np.intp),
            "ratings": stored["half_stars"] / 2.0,
            "timestamps": stored["timestamps"].astype(np.int64),
            "years": stored["years"].astype(np.int64),
            "movie_ids": stored["movie_ids"].astype(np.int64),
        }
        texts = {
            name: tuple(stored[name].tobytes().decode("utf-8").split("\n"))
            for name in ("titles", "genres")
        }
    for array in arrays.values():
        array.flags.writeable = False
    return MovieLens(**arrays, **texts)


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
