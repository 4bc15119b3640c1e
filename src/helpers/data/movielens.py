"""Real data that the package carries, and the splits and planted sets made from data.

``load_movielens`` reads the MovieLens copy in ``helpers/data``; its README there has the source,
the citation and the licence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from helpers.mathematics.validate import (
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
    path = resources.files("helpers.data") / "movielens-latest-small-2016.npz"
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
