"""The runs that the chapter's figures show: what a sweep keeps, and where a run settles."""

import numpy as np
import pytest

from helpers.chapters.gradient_descent.experiments import (
    BOWL_1D,
    BOWL_2D,
    START_1D,
    SgdSweep,
    descend,
    descend_in_the_double_well,
    sweep_sgd,
    valley,
)
from helpers.data.penguins import penguin_regression
from helpers.mathematics.optimizers import Trajectory


@pytest.fixture(scope="module")
def penguins():
    return penguin_regression()


def sweep(**changed):
    usual = {"sizes": (18,), "rates": (0.1,), "epochs": 1, "rng": np.random.default_rng(0)}
    return sweep_sgd(penguin_regression(), **{**usual, **changed})


def test_the_bowls_have_the_curvatures_that_the_page_names():
    assert BOWL_1D.eigenvalues == pytest.approx([4])
    assert BOWL_2D.eigenvalues == pytest.approx([1, 4])
    assert valley(50).eigenvalues == pytest.approx([1 / 50, 1])
    assert valley(50).gradient([1.0, 0.0]) == pytest.approx([1 / 50, 0])


def test_a_descent_ends_where_the_loss_is_a_thousand_times_what_it_was():
    path = descend(BOWL_1D, START_1D, 0.6, steps=30)
    assert path.diverged_at == 11  # 1.4²² = 1640, and 1.4²⁰ = 837
    assert path.loss[-1] == pytest.approx(18 * 1.4**20)
    assert descend(BOWL_1D, START_1D, 0.5, steps=30).diverged_at is None


def test_the_double_well_is_entered_beside_the_ridge():
    path = descend_in_the_double_well(0.01)
    assert path.theta[0] == pytest.approx([1.9, 0.01])
    assert len(path.theta) == 241
    assert path.theta[1] == pytest.approx([1.9 * 0.8, 0.01 * 1.2 - 0.2e-6])


def test_a_run_settles_at_the_mean_of_its_last_third(penguins):
    loss = penguins.offset + np.array([9.0, 9, 9, 9, 9, 9, 3, 1, 2, 2])
    steps = np.arange(10)
    run = Trajectory(np.zeros((10, 4)), loss, steps, 18 * steps, None)
    gone = run._replace(diverged_at=10)
    one = SgdSweep(penguins, (18,), (0.1, 0.2, 0.4), 1, {
        (18, 0.1): run, (18, 0.2): run._replace(loss=loss - 1e-3), (18, 0.4): gone,
    })  # fmt: skip
    assert one.settled(18, 0.1) == pytest.approx((3 + 1 + 2 + 2) / 4)
    assert one.settled(18, 0.4) is None
    assert one.best_rate(18) == 0.2
    assert one.excess(18, 0.1)[-1] == pytest.approx(2)


def test_a_sweep_runs_every_pair_for_as_many_evaluations(penguins):
    found = sweep(sizes=(1, 18, 342), rates=(0.01, 0.1), epochs=2)
    assert set(found.runs) == {(s, r) for s in (1, 18, 342) for r in (0.01, 0.1)}
    assert {int(run.evaluations[-1]) for run in found.runs.values()} == {684}
    assert found.epochs == 2
    assert found.run(342, 0.1).loss[:2] == pytest.approx(
        [penguins.value(np.zeros(4)), penguins.value(-0.1 * penguins.gradient(np.zeros(4)))]
    )


def test_a_sweep_ends_what_is_a_thousand_times_its_start(penguins):
    run = sweep(sizes=(1,), rates=(1.0,), epochs=2).run(1, 1.0)
    start = penguins.value(np.zeros(4))
    assert run.diverged_at is not None
    assert run.loss[0] == pytest.approx(start)
    assert run.loss.max() <= 1000 * start
    assert run.loss.max() > 10 * start


def test_sweeps_are_reproducible_and_their_runs_independent():
    one, two = (sweep(sizes=(18, 57)) for _ in range(2))
    assert np.array_equal(one.excess(18, 0.1), two.excess(18, 0.1))
    assert one.excess(18, 0.1)[1] != one.excess(57, 0.1)[1]


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: sweep(sizes=()), "sizes"),
        (lambda: sweep(rates=()), "rates"),
        (lambda: sweep(sizes=(343,)), "batch_size"),
        (lambda: sweep(rates=(-1.0,)), "learning_rate"),
        (lambda: sweep(rng=3), "rng"),
        (lambda: sweep().settled(9, 0.1), "size"),
        (lambda: sweep().excess(18, 0.2), "rate"),
        (lambda: descend(BOWL_1D, START_1D, 0.0, steps=3), "learning_rate"),
        (lambda: descend_in_the_double_well(0.0), "nudge"),
    ],
)
def test_bad_input_is_refused_by_name(call, argument):
    with pytest.raises(ValueError, match=argument):
        call()
