"""Make the compact copy of the handwritten digits that the helpers package carries.

The source is the file that scikit-learn ships: the test set of the UCI data set "Optical
Recognition of Handwritten Digits". Readers never need scikit-learn, only whoever makes the copy
anew::

    python -m venv /tmp/skl && /tmp/skl/bin/pip install scikit-learn
    /tmp/skl/bin/python book/_tools/make_digits.py

The result is the same, array for array, each time it is made; ``--check`` compares instead of
writing. It stops when a count is not the published one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[2] / "src" / "helpers" / "data" / "digits.npz"
#: Images of 0, 1, … 9 in the test set, as UCI publishes them.
EXPECTED = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def compact(images, labels):
    """Arrays of the copy: whole numbers of one byte, in the order of the source."""
    counts = np.bincount(labels).tolist()
    if counts != EXPECTED:
        raise SystemExit(f"expected {EXPECTED} images of each digit, the source has {counts}")
    if images.shape != (sum(EXPECTED), 8, 8) or images.min() != 0 or images.max() != 16:
        raise SystemExit(f"expected 8×8 images of 0 to 16, the source has shape {images.shape}")
    if not np.array_equal(images, images.astype(np.uint8)):
        raise SystemExit("a pixel is no whole number")
    return {"images": images.astype(np.uint8), "labels": labels.astype(np.uint8)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the copy, write nothing")
    arguments = parser.parse_args()
    # Needed here only: the book does not depend on scikit-learn.
    from sklearn.datasets import load_digits

    source = load_digits()
    made = compact(source.images, source.target)
    if arguments.check:
        with np.load(TARGET, allow_pickle=False) as stored:
            same = set(stored) == set(made) and all(
                np.array_equal(stored[k], made[k]) for k in made
            )
        raise SystemExit(0 if same else f"{TARGET} differs from its source")
    np.savez_compressed(TARGET, **made)
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
