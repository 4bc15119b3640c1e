"""The training loop: what it counts, records and keeps, and how it stops what blows up."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.mathematics.training import Record, train


def doubling(parameters, t):
    """Every parameter doubles in a step."""
    return tuple(2 * p for p in parameters)


def first_entry(parameters):
    return parameters[0][0]


def times(factors):
    """A step that multiplies run i by ``factors[i]``."""
    return lambda parameters, t: (parameters[0] * np.asarray(factors)[:, None],)


def by_run(parameters):
    """The loss of each run is its first entry."""
    return parameters[0][:, 0]


# --- one run ----------------------------------------------------------------------------------


def test_every_update_is_counted_and_recorded():
    record = train((np.array([1.0]),), doubling, first_entry, steps=4)
    assert isinstance(record, Record)
    assert record.steps.tolist() == [0, 1, 2, 3, 4]
    assert record.losses.tolist() == [1, 2, 4, 8, 16]
    assert record.parameters[0].tolist() == [16]
    assert record.diverged_at is None
    assert record.visited == ()


def test_the_update_is_told_how_many_came_before():
    seen = []

    def update(parameters, t):
        seen.append(t)
        return parameters

    train((np.zeros(2),), update, first_entry, steps=3)
    assert seen == [0, 1, 2]


def test_several_parameters_move_together():
    """θ and φ exchange their values: each update gets what the one before returned."""
    theta, phi = np.array([1.0, 2.0]), np.array([[5.0]])
    record = train((theta, phi), lambda p, t: (p[0] + p[1][0], 3 * p[1]), first_entry, steps=2)
    assert record.parameters[0].tolist() == [1 + 5 + 15, 2 + 5 + 15]
    assert record.parameters[1].tolist() == [[45]]
    assert theta.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("steps", "every", "recorded"),
    [(7, 3, [0, 3, 6, 7]), (6, 3, [0, 3, 6]), (2, 5, [0, 2]), (3, 1, [0, 1, 2, 3])],
)
def test_it_records_at_the_start_every_so_often_and_at_the_end(steps, every, recorded):
    asked = []

    def loss(parameters):
        asked.append(parameters[0][0])
        return parameters[0][0]

    record = train((np.array([1.0]),), doubling, loss, steps=steps, record_every=every)
    assert record.steps.tolist() == recorded
    assert record.losses.tolist() == [2.0**t for t in recorded]
    # The loss may be expensive: it is computed where it is recorded, and nowhere else.
    assert asked == record.losses.tolist()


def test_visit_keeps_the_parameters_of_each_record():
    record = train(
        (np.array([1.0]), np.array(3.0)), doubling, first_entry, steps=5, record_every=2, visit=True
    )
    assert [(float(p[0][0]), float(p[1])) for p in record.visited] == [
        (1, 3), (4, 12), (16, 48), (32, 96),
    ]  # fmt: skip
    assert record.visited[-1] is record.parameters


def test_stop_is_asked_after_each_record_by_its_number():
    asked = []

    def stop(number):
        asked.append(number)
        return number == 2

    record = train((np.array([1.0]),), doubling, first_entry, steps=50, record_every=5, stop=stop)
    assert asked == [1, 2]
    assert record.steps.tolist() == [0, 5, 10]
    assert record.parameters[0].tolist() == [2**10]
    assert record.diverged_at is None


def test_stop_may_look_at_what_the_loss_kept():
    """Early stopping: the loss notes an error, and training ends once it rises again."""
    errors = []

    def loss(parameters):
        errors.append((parameters[0][0] - 4) ** 2)
        return errors[-1]

    record = train(
        (np.array([0.0]),),
        lambda p, t: (p[0] + 1,),
        loss,
        steps=100,
        stop=lambda number: errors[number] > errors[number - 1],
    )
    assert record.steps[-1] == 5
    assert record.losses.tolist() == [16, 9, 4, 1, 0, 1]


def test_parameters_may_change_in_place():
    def update(parameters, t):
        parameters[0][...] += 1
        return parameters

    start = np.zeros(1)
    record = train((start,), update, first_entry, steps=3)
    assert record.losses.tolist() == [0, 1, 2, 3]
    assert record.parameters[0] is start


def test_a_list_of_parameters_will_do():
    record = train([np.array([1.0])], lambda p, t: [2 * p[0]], first_entry, steps=1, visit=True)
    assert record.parameters == (np.array([2.0]),)
    assert isinstance(record.parameters, tuple)
    assert all(isinstance(p, tuple) for p in record.visited)


# --- blowing up -------------------------------------------------------------------------------


def test_a_loss_beyond_the_limit_ends_the_run_before_it():
    record = train(
        (np.array([1.0]),), doubling, lambda p: 100 * p[0][0], steps=50, limit=1000, visit=True
    )
    assert record.losses.tolist() == [100, 200, 400, 800]
    assert record.steps.tolist() == [0, 1, 2, 3]
    assert record.diverged_at == 4
    assert isinstance(record.diverged_at, int)
    assert record.parameters[0].tolist() == [8]
    assert len(record.visited) == 4


def test_the_limit_itself_is_within():
    record = train((np.array([1.0]),), doubling, first_entry, steps=4, limit=8.0)
    assert record.losses.tolist() == [1, 2, 4, 8]
    assert record.diverged_at == 4
    assert train((np.array([8.0]),), doubling, first_entry, steps=1, limit=8.0).diverged_at == 1
    loss = train((np.array([1.0]),), doubling, lambda p: 4 * p[0][0], steps=9, limit=8.0)
    assert loss.losses.tolist() == [4, 8]


def test_a_parameter_beyond_the_limit_ends_the_run_between_two_records():
    """Every second update is recorded; the seventh leads beyond the limit of 100."""
    asked = []

    def loss(parameters):
        asked.append(float(parameters[0][0]))
        return 0.0

    record = train((np.array([1.0]),), doubling, loss, steps=50, record_every=2, limit=100)
    assert record.diverged_at == 7
    assert record.steps.tolist() == [0, 2, 4, 6]
    assert record.parameters[0].tolist() == [64]
    assert asked == [1, 4, 16, 64]


@pytest.mark.parametrize("entry", [np.nan, np.inf, -np.inf, -1e13, 1e13])
def test_any_entry_of_any_parameter_counts(entry):
    def update(parameters, t):
        second = parameters[1].copy()
        second[1, 0] = entry
        return parameters[0], second

    record = train((np.zeros(3), np.zeros((2, 2))), update, lambda p: 0.0, steps=5)
    assert record.diverged_at == 1
    assert record.steps.tolist() == [0]
    assert np.array_equal(record.parameters[1], np.zeros((2, 2)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1e13, 1e13])
def test_any_loss_that_is_no_number_or_too_large_counts(value):
    record = train((np.array([1.0]),), doubling, lambda p: value if p[0] > 4 else 0.0, steps=9)
    assert record.diverged_at == 3
    assert record.losses.tolist() == [0, 0, 0]


def test_a_loss_is_looked_at_only_where_it_is_recorded():
    record = train(
        (np.array([1.0]),), doubling, lambda p: p[0][0] ** 2, steps=9, record_every=4, limit=100
    )
    # The loss passes 100 at the fourth update; the parameter would at the seventh.
    assert record.diverged_at == 4
    assert record.steps.tolist() == [0]
    assert record.parameters[0].tolist() == [8]


def test_blowing_up_warns_about_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = train(
            (np.array([1e10]),),
            lambda p, t: (p[0] * 1e300 - p[0] * 1e300,),
            lambda p: np.float64(1e200) * p[0][0] ** 2,
            steps=5,
            limit=1e250,
        )
    assert record.diverged_at == 1


def test_what_python_floats_raise_is_a_divergence():
    record = train((np.array(10.0),), lambda p, t: (p[0] * 1e200,), lambda p: float(p[0]) ** 4,
                   steps=9, limit=1e250)  # fmt: skip
    assert record.diverged_at == 1
    with pytest.raises(ValueError, match="start must have a loss"):
        train((np.array(1e200),), doubling, lambda p: float(p[0]) ** 4, steps=1, limit=1e250)


# --- stacked runs -----------------------------------------------------------------------------


def test_stacked_runs_are_what_they_are_alone():
    factors, start = [0.5, 1.5, -0.9], np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 7.0]])
    together = train((start,), times(factors), by_run, steps=11, record_every=4, runs=3, visit=True)
    assert together.losses.shape == (4, 3)
    assert together.diverged_at.tolist() == [-1, -1, -1]
    for i, factor in enumerate(factors):
        alone = train(
            (start[i],), lambda p, t, f=factor: (f * p[0],), first_entry, steps=11, record_every=4
        )
        assert alone.steps.tolist() == together.steps.tolist()
        assert together.losses[:, i] == pytest.approx(alone.losses, rel=1e-14)
        assert together.parameters[0][i] == pytest.approx(alone.parameters[0], rel=1e-14)


def test_a_run_that_blows_up_stands_still_while_the_others_go_on():
    record = train(
        (np.ones((3, 2)),), times([1.0, 10.0, 2.0]), by_run, steps=6, limit=1000, runs=3, visit=True
    )
    assert record.diverged_at.tolist() == [-1, 4, -1]
    assert record.losses[:, 1].tolist() == [1, 10, 100, 1000, 1000, 1000, 1000]
    assert record.losses[:, 2].tolist() == [1, 2, 4, 8, 16, 32, 64]
    assert record.parameters[0].tolist() == [[1, 1], [1000, 1000], [64, 64]]
    assert [p[0][1, 0] for p in record.visited] == [1, 10, 100, 1000, 1000, 1000, 1000]


def test_a_run_that_blows_up_between_two_records_keeps_the_loss_of_the_last():
    record = train(
        (np.ones((2, 1)),), times([10.0, 1.0]), by_run, steps=8, record_every=4, limit=1e6, runs=2
    )
    # The seventh update leads beyond a million; the sixth is where the run stands.
    assert record.diverged_at.tolist() == [7, -1]
    assert record.losses[:, 0].tolist() == [1, 1e4, 1e4]
    assert record.parameters[0][:, 0].tolist() == [1e6, 1]


def test_a_loss_beyond_the_limit_stops_its_own_run_only():
    record = train(
        (np.ones((2, 1)),),
        times([2.0, 3.0]),
        lambda p: np.array([1e5, 1.0]) * by_run(p),
        steps=5,
        limit=1e6,
        runs=2,
    )
    assert record.diverged_at.tolist() == [4, -1]
    assert record.losses[:, 0].tolist() == [1e5, 2e5, 4e5, 8e5, 8e5, 8e5]
    assert record.losses[-1, 1] == 243


def test_the_loop_ends_once_every_run_has_blown_up():
    moves = []

    def update(parameters, t):
        moves.append(t)
        return times([10.0, 100.0])(parameters, t)

    record = train((np.ones((2, 1)),), update, by_run, steps=99, record_every=3, limit=1e4, runs=2)
    assert record.diverged_at.tolist() == [5, 3]
    assert moves == [0, 1, 2, 3, 4]
    assert record.steps.tolist() == [0, 3]
    assert record.losses.tolist() == [[1, 1], [1000, 1]]
    assert record.parameters[0][:, 0].tolist() == [1e4, 1e4]


def test_a_run_never_comes_back():
    """The parameters of the first run would be within the limit again after the third update."""

    def update(parameters, t):
        return (parameters[0] * np.array([[1e5 if t == 1 else 1e-3], [1.0]]),)

    record = train((np.ones((2, 1)),), update, by_run, steps=4, limit=10, runs=2)
    assert record.diverged_at.tolist() == [2, -1]
    assert record.losses[:, 0].tolist() == [1, 1e-3, 1e-3, 1e-3, 1e-3]


def test_every_parameter_of_a_stopped_run_stands_still():
    start = (np.ones((2, 1)), np.ones((2, 2, 3)), np.ones(2))
    record = train(
        start,
        lambda p, t: (p[0] * np.array([[1e3], [1.0]]), p[1] + 1, p[2] + 1),
        by_run,
        steps=5,
        limit=1e4,
        runs=2,
    )
    assert record.diverged_at.tolist() == [2, -1]
    assert record.parameters[1][:, 0, 0].tolist() == [2, 6]
    assert record.parameters[2].tolist() == [2, 6]


def test_a_python_overflow_stops_all_stacked_runs():
    def loss(parameters):
        return np.array([float(p) ** 200 for p in parameters[0][:, 0]])

    record = train((np.ones((2, 1)),), times([100.0, 1.0]), loss, steps=5, runs=2)
    assert record.diverged_at.tolist() == [1, 1]


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"steps": 0}, "steps"),
        ({"steps": 2.0}, "steps"),
        ({"record_every": 0}, "record_every"),
        ({"limit": 0.0}, "limit"),
        ({"limit": np.inf}, "limit"),
        ({"limit": 0.5}, "start must have a loss and parameters within 0.5, got 1"),
        ({"runs": 0}, "runs"),
        ({"runs": 2, "parameters": (np.ones((2, 1)),)}, r"loss must return shape \(2,\), got"),
        ({"loss": lambda p: p[0]}, r"loss must return shape \(\), got shape \(1,\)"),
        ({"loss": lambda p: np.nan}, "start"),
        ({"loss": lambda p: 1e13}, "start"),
        ({"parameters": (np.array([1.0, np.inf]),)}, "start"),
        ({"parameters": (np.array([1.0]), np.array([-2e12]))}, "start"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, argument):
    usual = {
        "parameters": (np.array([1.0]),),
        "update": doubling,
        "loss": first_entry,
        "steps": 3,
        **arguments,
    }
    parameters, update, loss = (usual.pop(name) for name in ("parameters", "update", "loss"))
    with pytest.raises(ValueError, match=argument):
        train(parameters, update, loss, **usual)


def test_one_stacked_start_beyond_the_limit_is_refused():
    with pytest.raises(ValueError, match="start must have"):
        train((np.array([[1.0], [1e13]]),), doubling, by_run, steps=1, runs=2)


@settings(max_examples=60, deadline=None)
@given(
    factors=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=4),
    steps=st.integers(1, 30),
    every=st.integers(1, 7),
    limit=st.floats(2.0, 1e6),
)
def test_whatever_the_factors_everything_recorded_is_within_the_limit(factors, steps, every, limit):
    runs = len(factors)
    record = train(
        (np.ones((runs, 2)),),
        times(factors),
        by_run,
        steps=steps,
        record_every=every,
        limit=limit,
        runs=runs,
    )
    assert np.abs(record.losses).max() <= limit
    assert np.abs(record.parameters[0]).max() <= limit
    for i, factor in enumerate(factors):
        powers = [abs(factor) ** t for t in range(1, steps + 1)]
        first = next((t for t, size in enumerate(powers, start=1) if size > limit), -1)
        assert record.diverged_at[i] == first
