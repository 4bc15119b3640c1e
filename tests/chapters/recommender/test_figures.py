"""The chapter's drawings and the runs behind them: what they show is what was computed."""

import itertools
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from helpers.chapters.recommender import experiments, figures
from helpers.data.movielens import load_movielens
from helpers.data.ratings import planted_ratings, split_at_random
from helpers.mathematics.factorization import als_half_step, fit_biases, rmse
from helpers.mathematics.recommender import History, MatrixFactorization, fit

PENALTIES = (0.0, 4.0, 20.0)
RATES = (2.0**-6, 2.0**-4, 0.5)
DENSITIES, CHARGES = (0.1, 0.3), (1.0, 10.0)
BIAS_PENALTIES = tuple(np.geomspace(0.1, 100, 13).tolist())
#: The five films and the user of the chapter's model with two factors, to two digits.
FILMS = np.array([[-0.75, 0.58], [-0.53, -0.31], [0.28, 0.55], [-0.02, 0.44], [0.25, 0.06]])
USER = np.array([-1.02, 0.34])
TITLES = ["one", "two", "Independence Day", "four", "five"]


@pytest.fixture(scope="module")
def parts():
    planted = planted_ratings(rng=np.random.default_rng(2), n_users=60, n_items=40, density=0.6)
    split = split_at_random(len(planted.ratings), rng=np.random.default_rng(0))
    triple = planted.users, planted.items, planted.ratings
    return [tuple(column[rows] for column in triple) for rows in split[:2]]


@pytest.fixture(scope="module")
def real_path():
    """The path of the chapter, where its labels stand."""
    data = load_movielens()
    split = split_at_random(len(data.ratings), rng=np.random.default_rng(0))
    rows = (data.users, data.items, data.ratings)
    parts = [tuple(row[part] for row in rows) for part in split[:2]]
    sizes = {"n_users": data.n_users, "n_items": data.n_items}
    return experiments.bias_path(*parts, **sizes, penalties=BIAS_PENALTIES)


@pytest.fixture(scope="module")
def tables(parts):
    shape = {"n_users": 60, "n_items": 40}
    return {
        "path": experiments.bias_path(*parts, **shape, penalties=BIAS_PENALTIES),
        "sweep": experiments.run_sweep(
            *parts,
            **shape,
            n_factors=3,
            penalties=PENALTIES,
            rates=RATES,
            rng=np.random.default_rng(4),
            n_epochs=12,
            batch_size=100,
        ),
        "planted": experiments.recover_planted(
            DENSITIES, CHARGES, rng=np.random.default_rng(4), tables=3
        ),
    }


def states(tables, path):
    """Each figure's function, its data, and the values of its controls."""
    turns = [{"degrees": d} for d in range(0, 360, 10)]
    yield figures.draw_rotation, (USER, FILMS, TITLES), turns
    steps = itertools.product(np.arange(1, 11) / 2, (0.05, 0.3, 0.5))
    yield figures.draw_tug, (), [{"stars": s, "learning_rate": r} for s, r in steps]
    some = [{"bias_penalty": p} for p in BIAS_PENALTIES]
    yield figures.draw_biases, (path,), some
    pairs = itertools.product(PENALTIES, RATES)
    some = [{"penalty": p, "learning_rate": r} for p, r in pairs]
    yield figures.draw_sweep, (tables["sweep"],), some
    pairs = itertools.product(DENSITIES, CHARGES)
    some = [{"density": d, "penalty": p} for d, p in pairs]
    yield figures.draw_planted, (tables["planted"],), some


def overlaps(figure):
    """Pairs of texts of a drawing whose boxes cover each other by more than a hair."""
    FigureCanvasAgg(figure)
    renderer, ax = figure.canvas.get_renderer(), figure.axes[0]
    figure.draw_without_rendering()
    around = [ax.title]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = axis.get_view_interval()
        ticks = (t for t in axis.get_major_ticks() if low <= t.get_loc() <= high)
        around += [axis.label, *(t.label1 for t in ticks)]
    texts = [t for t in (*ax.texts, *around) if t.get_text()]
    boxes = [(t.get_text(), t.get_window_extent(renderer).padded(-1.5)) for t in texts]
    return [(a, b) for (a, p), (b, q) in itertools.combinations(boxes, 2) if p.overlaps(q)]


def test_no_text_lies_on_another_in_any_state(tables, real_path):
    for draw, data, values in states(tables, real_path):
        for value in values:
            for figure in draw(*data, **value)[0]:
                assert overlaps(figure) == [], f"{draw.__name__} at {value}"


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


def test_the_label_of_the_rating_stands_off_the_curve():
    for stars in np.arange(1, 11) / 2:
        ax = figures.draw_tug(stars=stars, learning_rate=0.25)[0][1].axes[0]
        (text,) = (t for t in ax.texts if t.get_text() == "rating given")
        beyond = ax.lines[1].get_ydata()[1] - stars  # where the curve lies, seen from the line
        assert np.sign(text.xyann[1]) == -np.sign(beyond)


def test_the_label_of_a_share_stands_off_the_curve(real_path):
    for penalty in BIAS_PENALTIES:
        ax = figures.draw_biases(real_path, bias_penalty=penalty)[0][1].axes[0]
        FigureCanvasAgg(ax.figure)
        fine = np.geomspace(1, 400, 400)
        curve = ax.transData.transform(np.column_stack([fine, fine / (fine + penalty)]))
        for text in ax.texts:
            box = text.get_window_extent(ax.figure.canvas.get_renderer()).padded(-1.5)
            assert not box.count_contains(curve), (penalty, text.get_text())


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


def test_the_planted_figure_says_what_was_measured(tables):
    results = tables["planted"]
    assert set(results) == set(itertools.product(DENSITIES, CHARGES))
    for (density, penalty), found in results.items():
        said = figures.draw_planted(results, density=density, penalty=penalty)[1]
        assert f"is {found.errors.mean():.2f} on average" in said
        assert f"from {found.errors.min():.2f} to {found.errors.max():.2f}" in said
        assert f"beats it on {np.sum(found.errors < found.means)} of 3" in said
    assert results[0.3, 1.0].errors.max() < 0.62
    assert results[0.3, 10.0].errors.min() > 0.7
    dense = set(results[0.3, 1.0].truth.tolist())
    assert len(dense) == len(results[0.3, 1.0].predicted) == 60


def test_the_stacked_half_steps_are_those_of_the_mathematics():
    rng = np.random.default_rng(0)
    tables, known = rng.normal(size=(2, 9, 6)), rng.random((2, 9, 6)) < 0.7
    P, Q = experiments.sweeps_of_als(tables, known, 2, 0.5, sweeps=300)
    for t in range(2):
        u, i = np.nonzero(known[t])
        x = tables[t][u, i]
        again = als_half_step(u, i, x, Q[t], n_rows=9, penalty=0.5)
        assert np.allclose(again, P[t], atol=1e-4)
        again = als_half_step(i, u, x, P[t], n_rows=6, penalty=0.5)
        assert np.allclose(again, Q[t], atol=1e-12)


def test_users_followed_are_new_users_at_every_rating(parts):
    known, later = parts
    model = MatrixFactorization(60, 40, 3, rng=np.random.default_rng(0), penalty=2.0)
    fit(model, *known, rng=np.random.default_rng(1), learning_rate=0.02, n_epochs=3)
    u, i, r = (column[:40] for column in later)
    found = experiments.followed(model, u, i, r, known=known)
    for t in (0, 7, 39):
        mine = known[0] == u[t]
        before = u[:t] == u[t]
        items = np.concatenate([known[1][mine], i[:t][before]])
        ratings = np.concatenate([known[2][mine], r[:t][before]])
        new = model.fold_in(items, ratings)
        assert np.isclose(found[t, 1], model.predict(new, i[t]))
        left = ratings - model.mu - model.item_bias[items]
        bias = left.sum() / (len(left) + model.bias_penalty)
        guess = model.mu + model.item_bias[i[t]] + bias
        assert np.isclose(found[t, 0], np.clip(guess, 0.5, 5))


def test_recent_ratings_count_more_for_a_bias(parts):
    (u, i, r), _ = parts
    model = MatrixFactorization(60, 40, 3, rng=np.random.default_rng(0), penalty=2.0)
    fit(model, u, i, r, rng=np.random.default_rng(1), learning_rate=0.02, n_epochs=3)
    times = np.random.default_rng(2).permutation(len(r)).astype(float)
    left = r - model.mu - model.item_bias[i]
    left = left - np.sum(model.user_factors[u] * model.item_factors[i], axis=1)
    found = experiments.recent_bias(model, u, i, r, times, half_life=4)
    for user in (0, 31):
        mine = np.flatnonzero(u == user)
        mine = mine[np.argsort(-times[mine])]
        weights = 2.0 ** (-np.arange(len(mine)) / 4)
        wanted = weights @ left[mine] / (weights.sum() + model.bias_penalty)
        assert np.isclose(found[user], wanted)


def test_turning_the_factors_moves_no_product():
    first = set()
    for degrees in range(0, 360, 30):
        (_, right), said = figures.draw_rotation(USER, FILMS, TITLES, degrees=degrees)
        coordinates, products = (line.get_xdata() for line in right.axes[0].lines[1:])
        assert np.allclose(products, FILMS @ USER, atol=1e-12)
        assert np.allclose(coordinates, figures.turned(FILMS, degrees)[:, 0])
        first.add(re.search("“(.+?)”", said)[1])
        assert "is that of “one”" in said
    assert len(first) == 4


def test_passes_are_labelled_with_their_last_error():
    histories = {
        "quick": History([1.0, 0.9], [0.9, 0.875], 2, 0),
        "slow": History([1.0, 0.9], [0.9, 0.895], 2, 0),
    }
    figure, said = figures.draw_passes(histories, biases=0.89)
    assert said == (
        "Validation RMSE after 2 passes: quick 0.875, slow 0.895; the biases alone have 0.890."
    )
    assert len(figure.axes[0].lines) == 3


def test_the_corner_of_the_chapter_holds_453_films():
    counts = np.bincount(load_movielens().items)
    assert np.sum(counts >= 50) == 453


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda t: figures.draw_tug(stars=np.nan, learning_rate=0.1), "stars"),
        (lambda t: figures.draw_tug(stars=4.0, learning_rate=-0.1), "learning_rate"),
        (lambda t: figures.draw_biases(t["path"], bias_penalty=0.3), "bias_penalty"),
        (lambda t: figures.draw_sweep(t["sweep"], penalty="8", learning_rate=0.1), "penalty"),
        (lambda t: figures.draw_sweep(t["sweep"], penalty=4.0, learning_rate=3), "learning_rate"),
        (lambda t: figures.draw_planted(t["planted"], density=0.5, penalty=1.0), "density"),
        (lambda t: figures.draw_planted(t["planted"], density=0.1, penalty=2.0), "penalty"),
        (lambda t: figures.turned(np.ones((2, 3)), 10), "factors"),
        (lambda t: figures.turned(np.ones((2, 2)), np.inf), "degrees"),
        (lambda t: figures.draw_passes({}, biases=1.0), "histories"),
        (lambda t: experiments.bias_path((), (), n_users=1, n_items=1, penalties=[1.0]), "train"),
        (lambda t: figures.draw_rotation([1.0], [[1.0, 2.0]], ["a"], degrees=1), "user"),
        (lambda t: experiments.recover_planted((0.3,), (1.0,), rng=1), "rng"),
    ],
)
def test_bad_values_are_refused_by_name(call, named, tables):
    with pytest.raises(ValueError, match=named):
        call(tables)
