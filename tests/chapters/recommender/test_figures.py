"""The chapter's drawings: every state draws, axes stay put, and readings tell the truth."""

import re
import warnings

import numpy as np
import pytest

from helpers.chapters.recommender import experiments, figures
from helpers.data.movielens import load_movielens
from helpers.data.ratings import planted_ratings, split_at_random
from helpers.mathematics.factorization import fit_biases, rmse
from helpers.mathematics.recommender import History

PENALTIES = (0.0, 4.0, 20.0)
RATES = (2.0**-6, 2.0**-4, 0.5)
DENSITIES = (0.1, 0.3)


@pytest.fixture(scope="module")
def parts():
    planted = planted_ratings(rng=np.random.default_rng(2), n_users=60, n_items=40, density=0.6)
    split = split_at_random(len(planted.ratings), rng=np.random.default_rng(0))
    triple = planted.users, planted.items, planted.ratings
    return [tuple(column[rows] for column in triple) for rows in split[:2]]


@pytest.fixture(scope="module")
def tables(parts):
    shape = {"n_users": 60, "n_items": 40}
    rng = np.random.default_rng(4)
    return {
        "path": experiments.bias_path(*parts, **shape, penalties=np.geomspace(0.1, 100, 7)),
        "sweep": experiments.run_sweep(
            *parts,
            **shape,
            n_factors=3,
            penalties=PENALTIES,
            rates=RATES,
            rng=rng,
            n_epochs=12,
            batch_size=100,
        ),
        "planted": experiments.recover_planted(DENSITIES, rng=rng),
        "films": rng.normal(size=(5, 2)),
    }


def states(name, tables):
    """Positional data and every value of a figure's controls."""
    names = ["one", "two", "three", "four", "five"]
    return {
        "draw_tug": (
            (),
            [
                {"stars": s / 2, "learning_rate": r / 20}
                for s in range(1, 11)
                for r in range(1, 11, 3)
            ],
        ),
        "draw_biases": (
            (tables["path"],),
            [{"bias_penalty": 10.0**e} for e in np.arange(-1, 2.1, 0.25)],
        ),
        "draw_sweep": (
            (tables["sweep"],),
            [{"penalty": p, "learning_rate": r} for p in PENALTIES for r in RATES],
        ),
        "draw_planted": ((tables["planted"],), [{"density": d} for d in DENSITIES]),
        "draw_rotation": (
            (np.array([0.3, -0.4]), tables["films"], np.linspace(2, 4, 5), names),
            [{"degrees": d} for d in range(0, 181, 10)],
        ),
    }[name]


NAMES = ("draw_tug", "draw_biases", "draw_sweep", "draw_planted", "draw_rotation")


@pytest.mark.parametrize("name", NAMES)
def test_every_state_draws_without_a_warning_on_axes_that_stay_put(name, tables):
    data, values = states(name, tables)
    frames = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for value in values:
            drawings, reading = getattr(figures, name)(*data, **value)
            assert reading.endswith(".")
            assert not re.search(r"nan|inf\b|\$", reading)
            frames.add(tuple((f.axes[0].get_xlim(), f.axes[0].get_ylim()) for f in drawings))
            for figure in drawings:
                ax = figure.axes[0]
                assert ax.lines or ax.texts
                for line in ax.lines:
                    points = np.asarray(line.get_xydata(), dtype=float)
                    assert np.isfinite(points).all()
                    assert len(points) <= 120
    assert len(frames) == 1


@pytest.mark.parametrize("name", [*NAMES, "draw_passes"])
def test_the_first_line_of_each_docstring_describes_the_drawing(name):
    first = getattr(figures, name).__doc__.split("\n")[0]
    assert len(first) > 40
    assert first.endswith(".")


def test_the_residual_decides_between_pulling_and_pushing():
    assert "pushes the two apart" in figures.draw_tug(stars=4.0, learning_rate=0.3)[1]
    assert "pulls the two together" in figures.draw_tug(stars=4.5, learning_rate=0.3)[1]
    assert "becomes 4.12" in figures.draw_tug(stars=4.0, learning_rate=0.3)[1]
    assert "too long a step: η = 0.31" in figures.draw_tug(stars=0.5, learning_rate=0.5)[1]


def test_the_curve_of_the_first_figure_passes_through_its_point():
    for stars in (0.5, 3.0, 5.0):
        curve = figures.draw_tug(stars=stars, learning_rate=0.25)[0][1].axes[0].lines
        path, point = curve[1].get_xydata(), curve[3].get_xydata()[0]
        assert np.isclose(np.interp(0.25, *path.T), point[1], atol=1e-3)


def test_the_bias_path_is_the_helpers_fit(parts, tables):
    mu, b, c = fit_biases(*parts[0], n_users=60, n_items=40, penalty=100.0)
    users, items, ratings = parts[1]
    expected = rmse(np.clip(mu + b[users] + c[items], 0.5, 5), ratings)
    assert np.isclose(tables["path"].validation[-1], expected)
    assert f"{expected:.3f}" in figures.draw_biases(tables["path"], bias_penalty=100.0)[1]


def test_the_sweep_says_what_happened(tables):
    sweep = tables["sweep"]
    said = figures.draw_sweep(sweep, penalty=0.0, learning_rate=0.5)[1]
    assert sweep.error(0.0, 0.5, stopped=True) is None
    assert f"diverged in epoch {sweep.runs[0.0, 0.5].diverged_in}" in said
    said = figures.draw_sweep(sweep, penalty=4.0, learning_rate=2.0**-4)[1]
    assert f"{sweep.error(4.0, 2.0**-4, stopped=True):.3f} at its best" in said
    assert f"{sweep.biases:.3f}" in said
    best, last = (sweep.error(0.0, 2.0**-4, stopped=stopped) for stopped in (True, False))
    assert best <= last


def test_a_sweep_starts_every_fit_from_one_place(parts):
    arguments = {"n_users": 60, "n_items": 40, "n_factors": 2, "rates": (0.01,), "n_epochs": 2}
    one, two = (
        experiments.run_sweep(*parts, **arguments, penalties=p, rng=np.random.default_rng(0))
        for p in ((4.0,), (0.0, 4.0))
    )
    assert one.runs[4.0, 0.01] == two.runs[4.0, 0.01]


def test_the_planted_figure_says_recovered_only_where_it_is(tables):
    thin, thick = (figures.draw_planted(tables["planted"], density=d)[1] for d in DENSITIES)
    assert "they are not recovered" in thin
    assert "the planted factors are recovered" in thick
    assert tables["planted"][1].error < 0.6


def test_turning_the_factors_moves_no_prediction(tables):
    (user, films, base, names), values = states("draw_rotation", tables)
    first = []
    for value in values:
        (_, right), said = figures.draw_rotation(user, films, base, names, **value)
        predicted = right.axes[0].lines[0].get_xdata()
        assert np.allclose(predicted, base + films @ user, atol=1e-12)
        assert "no prediction has changed" in said
        first.append(re.search("“(.+)”", said)[1])
    assert len(set(first)) > 1


def test_passes_are_labelled_with_their_last_error():
    histories = {
        "quick": History([1.0, 0.9], [0.9, 0.875], 2, 0),
        "slow": History([1.0, 0.9], [0.9, 0.895], 2, 0),
    }
    figure, said = figures.draw_passes(histories)
    assert said == "Validation RMSE after 2 passes: quick 0.875, slow 0.895."
    assert len(figure.axes[0].lines) == 2


def test_the_corner_of_the_chapter_holds_453_films():
    counts = np.bincount(load_movielens().items)
    assert np.sum(counts >= 50) == 453


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda t: figures.draw_tug(stars=np.nan, learning_rate=0.1), "stars"),
        (lambda t: figures.draw_tug(stars=4.0, learning_rate=-0.1), "learning_rate"),
        (lambda t: figures.draw_biases(t["path"], bias_penalty=0.0), "bias_penalty"),
        (lambda t: figures.draw_sweep(t["sweep"], penalty="8", learning_rate=0.1), "penalty"),
        (lambda t: figures.draw_sweep(t["sweep"], penalty=8, learning_rate=None), "learning_rate"),
        (lambda t: figures.draw_planted([], density=0.3), "results"),
        (lambda t: figures.draw_planted(t["planted"], density=-1), "density"),
        (lambda t: figures.turned(np.ones((2, 3)), 10), "factors"),
        (lambda t: figures.turned(np.ones((2, 2)), np.inf), "degrees"),
        (lambda t: figures.draw_passes({}), "histories"),
        (lambda t: experiments.bias_path((), (), n_users=1, n_items=1, penalties=[1.0]), "train"),
        (lambda t: figures.draw_rotation([1.0], [[1.0, 2.0]], [3.0], ["a"], degrees=1), "user"),
        (lambda t: experiments.recover_planted((0.3,), rng=1), "rng"),
    ],
)
def test_bad_values_are_refused_by_name(call, named, tables):
    with pytest.raises(ValueError, match=named):
        call(tables)
