"""The MovieLens copy, the splits and the planted set."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.movielens import MovieLens, load_movielens
from helpers.data.ratings import (
    planted_ratings,
    split_at_random,
    split_by_time,
    split_by_user,
)


@pytest.fixture(scope="module")
def data():
    return load_movielens()


def test_movielens_has_the_published_counts(data):
    assert isinstance(data, MovieLens)
    assert len(data.ratings) == 100_004
    assert len(np.unique(data.users)) == data.n_users == 671
    assert len(np.unique(data.items)) == data.n_items == 9_066
    assert np.bincount(data.users).min() == 20


def test_movielens_is_whole(data):
    assert len(data.users) == len(data.items) == len(data.timestamps) == len(data.ratings)
    assert len(data.titles) == len(data.genres) == len(data.years) == len(data.movie_ids)
    assert set(np.unique(data.ratings)) == {s / 2 for s in range(1, 11)}
    assert len(np.unique(data.users * data.n_items + data.items)) == len(data.ratings)
    assert abs(data.ratings.mean() - 3.543608) < 1e-6
    years = data.timestamps.astype("datetime64[s]").astype("datetime64[Y]").astype(int) + 1970
    assert (years.min(), years.max()) == (1995, 2016)
    assert np.sum(data.years == 0) == 5


def test_titles_belong_to_their_films(data):
    # The films with the most ratings in this edition.
    top = np.argsort(-np.bincount(data.items))[:3]
    assert [data.titles[i] for i in top] == [
        "Forrest Gump (1994)",
        "Pulp Fiction (1994)",
        "Shawshank Redemption, The (1994)",
    ]
    (toy_story,) = np.flatnonzero(data.movie_ids == 1)
    assert data.titles[toy_story] == "Toy Story (1995)"
    assert data.years[toy_story] == 1995
    assert data.genres[toy_story] == "Adventure|Animation|Children|Comedy|Fantasy"
    assert "8 1/2 (8½) (1963)" in data.titles


def test_find_looks_in_titles(data):
    assert [data.titles[i] for i in data.find("toy story 2")] == ["Toy Story 2 (1999)"]
    for bad in ("no such film at all", "", 7, None):
        with pytest.raises(ValueError, match="text must be part of a title, got"):
            data.find(bad)


def test_movielens_cannot_be_changed_by_accident(data):
    with pytest.raises(ValueError, match="read-only"):
        data.ratings[0] = 1.0
    with pytest.raises(AttributeError):
        data.ratings = None
    assert load_movielens() is data


def test_random_split_is_a_partition():
    parts = split_at_random(1000, rng=np.random.default_rng(0), validation=0.2, test=0.1)
    assert [len(p) for p in parts] == [700, 200, 100]
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(1000))
    assert all(np.all(np.diff(p) > 0) for p in parts)
    other = split_at_random(1000, rng=np.random.default_rng(1), validation=0.2, test=0.1)
    assert not np.array_equal(parts.test, other.test)


def test_a_split_by_user_keeps_each_users_newest_for_the_test():
    rng = np.random.default_rng(0)
    users = rng.permutation(np.repeat([0, 1, 3], [4, 20, 31]))
    times = rng.permutation(len(users)).astype(float)
    parts = split_by_user(users, times, validation=0.1, test=0.2)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(55))
    assert all(np.all(np.diff(p) > 0) for p in parts)
    for user, sizes in ((0, (2, 1, 1)), (1, (14, 2, 4)), (3, (22, 3, 6))):
        mine = [p[users[p] == user] for p in parts]
        assert tuple(len(m) for m in mine) == sizes
        assert times[mine[0]].max() < times[mine[1]].min()
        assert times[mine[1]].max() < times[mine[2]].min()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (([0, 0, 0], [1.0, 2.0], {}), "users must have shape"),
        (([0, 0, 1, 1], [1.0, 2.0, 3.0, 4.0], {}), "leave every user a rating"),
        (([0] * 9, np.arange(9.0), {"test": 0.0}), "test must be greater"),
        (([0] * 9, np.arange(9.0), {"validation": -1.0}), "validation must be greater"),
        (([0] * 9, np.full(9, np.nan), {}), "timestamps must be finite"),
    ],
)
def test_a_split_by_user_names_what_is_wrong(arguments, named):
    users, times, options = arguments
    with pytest.raises(ValueError, match=named):
        split_by_user(users, times, **options)


def test_time_split_puts_the_newest_last():
    times = np.array([5.0, 1.0, 9.0, 3.0, 7.0, 2.0, 8.0, 4.0, 6.0, 0.0])
    parts = split_by_time(times, validation=0.2, test=0.3)
    assert [sorted(times[p]) for p in parts] == [[0, 1, 2, 3, 4], [5, 6], [7, 8, 9]]


def test_a_time_split_leaves_most_test_ratings_with_unseen_users(data):
    # Corrections, 003:618: splitting by time tests new users, not better predictions.
    parts = split_by_time(data.timestamps)
    unseen = ~np.isin(data.users[parts.test], data.users[parts.train])
    assert 0.89 < unseen.mean() < 0.91
    at_random = split_at_random(len(data.ratings), rng=np.random.default_rng(0))
    assert np.isin(data.users[at_random.test], data.users[at_random.train]).all()


def test_density_is_far_from_one_in_ten_thousand(data):
    # Corrections, 003:615: 0.01 % of these films would be one rating a user.
    density = len(data.ratings) / (data.n_users * data.n_items)
    assert 0.0164 < density < 0.0165
    assert 1e-4 * data.n_items < 1


def test_planted_ratings_have_the_stated_size_and_spread():
    planted = planted_ratings(rng=np.random.default_rng(0), n_users=400, n_items=300)
    truth = 3 + np.einsum(
        "ik,ik->i",
        planted.user_factors[planted.users],
        planted.item_factors[planted.items],
    )
    assert abs(len(planted.ratings) / (400 * 300) - 0.3) < 0.01
    assert abs(np.std(planted.ratings - truth) - 0.5) < 0.01
    assert abs(np.std(truth) - 0.95) < 0.1
    seen = set(zip(planted.users.tolist(), planted.items.tolist(), strict=True))
    held = set(zip(planted.test_users.tolist(), planted.test_items.tolist(), strict=True))
    assert not seen & held
    assert len(seen) + len(held) == 400 * 300


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"n": 2}, "n must be"),
        ({"n": 10.0}, "n must be"),
        ({"n": 100, "validation": 0}, "validation"),
        ({"n": 100, "test": -0.1}, "test"),
        ({"n": 100, "validation": 0.6, "test": 0.5}, "validation and test"),
        ({"n": 100, "validation": float("nan")}, "validation"),
        ({"n": 100, "rng": 0}, "rng"),
    ],
)
def test_bad_splits_are_refused(arguments, named):
    with pytest.raises(ValueError, match=named):
        split_at_random(**{"rng": np.random.default_rng(0), **arguments})


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"density": 1.0}, "density"),
        ({"density": 0.0}, "density"),
        ({"n_users": 0}, "n_users"),
        ({"n_items": 2.5}, "n_items"),
        ({"rank": 0}, "rank"),
        ({"noise": -1}, "noise"),
        ({"signal": float("inf")}, "signal"),
        ({"mean": "3"}, "mean"),
        ({"rng": None}, "rng"),
    ],
)
def test_bad_planted_sets_are_refused(arguments, named):
    with pytest.raises(ValueError, match=named):
        planted_ratings(**{"rng": np.random.default_rng(0), **arguments})


def test_times_must_be_one_row_of_numbers():
    for bad in ([[1, 2], [3, 4]], [1.0, np.nan, 2.0], [], ["a", "b", "c"]):
        with pytest.raises(ValueError, match=r"timestamps|n must be"):
            split_by_time(bad)


@given(st.integers(3, 300), st.floats(0.01, 0.9), st.floats(0.01, 0.9), st.integers(0, 9))
def test_a_split_is_a_partition_or_an_error(n, validation, test, seed):
    sizes = round(n * validation), round(n * test)
    shares = {"rng": np.random.default_rng(seed), "validation": validation, "test": test}
    if min(*sizes, n - sum(sizes)) < 1:
        with pytest.raises(ValueError, match="validation and test"):
            split_at_random(n, **shares)
        return
    parts = split_at_random(n, **shares)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(n))
    assert all(len(p) for p in parts)
