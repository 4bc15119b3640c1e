"""The handwritten digits and their split."""

import numpy as np
import pytest

from helpers.data.digits import BRIGHTEST, SIDE, load_digits, split_digits


def test_digits_have_the_published_counts():
    images, labels = load_digits()
    assert images.shape == (1797, SIDE, SIDE)
    # Of each digit, as UCI publishes them for the test set.
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (images.min(), images.max()) == (0, BRIGHTEST)
    assert np.array_equal(images, np.round(images))
    assert labels[:10].tolist() == list(range(10))


def test_digits_look_like_what_they_are_called():
    images, labels = load_digits()
    assert images.mean() == pytest.approx(4.8842, abs=1e-4)
    assert images[0].astype(int)[2].tolist() == [0, 3, 15, 2, 0, 11, 8, 0]
    # A 0 has a hole in the middle; a 1 has ink there.
    middle = images[:, 3:5, 3:5].mean(axis=(1, 2))
    assert middle[labels == 0].mean() < 4 < 10 < middle[labels == 1].mean()


def test_digits_cannot_be_changed_by_accident():
    for array in load_digits():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_split_holds_every_image_once():
    split = split_digits(np.random.default_rng(4), held_out=500)
    assert split.X.shape == (1297, 64)
    assert split.X_held_out.shape == (500, 64)
    assert (split.X.min(), split.X.max()) == (0, 1)
    rows = np.column_stack(
        [np.vstack([split.X, split.X_held_out]), np.append(split.y, split.y_held_out)]
    )
    images, labels = load_digits()
    source = np.column_stack([images.reshape(1797, 64) / 16, labels])
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], source[np.lexsort(source.T)])


def test_a_split_is_made_by_its_generator():
    first, again, other = (split_digits(np.random.default_rng(s)) for s in (1, 1, 2))
    assert len(first.y_held_out) == 450
    np.testing.assert_array_equal(first.X_held_out, again.X_held_out)
    assert not np.array_equal(first.y_held_out, other.y_held_out)


@pytest.mark.parametrize(
    ("held_out", "words"),
    [
        (0, "held_out must be at least 1, got 0"),
        (1797, "held_out must be below 1797, got 1797"),
        (2.5, "held_out must be a whole number"),
    ],
)
def test_a_split_that_leaves_nothing_is_refused(held_out, words):
    with pytest.raises(ValueError, match=words):
        split_digits(np.random.default_rng(0), held_out=held_out)
    assert len(split_digits(np.random.default_rng(0), held_out=1796).y) == 1


def test_a_split_needs_a_generator():
    with pytest.raises(ValueError, match="rng must be a numpy"):
        split_digits(0)
