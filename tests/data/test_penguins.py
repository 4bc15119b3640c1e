"""The real data that ships with the package, and the scaling of columns."""

import numpy as np
import pytest

from helpers.data.penguins import load_penguins
from helpers.mathematics.scaling import standardize


def test_penguins_are_the_ones_of_the_source():
    birds = load_penguins()
    names, counts = np.unique(birds.species, return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
        "Adelie": 151,
        "Chinstrap": 68,
        "Gentoo": 123,
    }
    assert birds.body_mass_g.mean() == pytest.approx(4201.754, abs=1e-3)
    assert birds.flipper_length_mm.mean() == pytest.approx(200.915, abs=1e-3)
    assert birds.bill_length_mm.mean() == pytest.approx(43.922, abs=1e-3)
    assert birds.bill_depth_mm.mean() == pytest.approx(17.151, abs=1e-3)
    first = (birds.flipper_length_mm[0], birds.body_mass_g[0], birds.bill_length_mm[0])
    assert first == (181, 3750, 39.1)


def test_penguins_have_one_length_and_no_gap():
    birds = load_penguins()
    assert {len(column) for column in birds} == {342}
    assert all(np.isfinite(column).all() for column in birds[1:])


def test_standardize_gives_mean_zero_and_deviation_one():
    columns = np.random.default_rng(0).uniform(-3, 900, size=(50, 3))
    scaled, mean, deviation = standardize(columns)
    assert scaled.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert scaled.std(axis=0) == pytest.approx(np.ones(3))
    assert scaled * deviation + mean == pytest.approx(columns)


@pytest.mark.parametrize(
    "columns", [[], [1.0, 2.0], [[1.0, 5.0], [2.0, 5.0]], [[0.1] * 3] * 7, [[1.0, np.nan]], None]
)
def test_standardize_refuses_what_it_cannot_scale(columns):
    with pytest.raises(ValueError, match="columns must"):
        standardize(columns)
