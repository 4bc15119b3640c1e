"""The one training loop of the book: it moves parameters, and knows nothing of the model.

Parameters are a tuple of arrays. Whoever trains says how they move in a step and what the loss is;
the loop counts, records, and stops what blows up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.mathematics.validate import as_count, as_positive

# A blow-up is reported in words; numpy need not warn about it as well.
QUIET = {"over": "ignore", "invalid": "ignore"}


class Record(NamedTuple):
    """What a training saw; every number in it is finite.

    ``parameters`` is the tuple of arrays at the end, ``visited`` that of each record (empty unless
    it was asked for). ``steps`` (records,) counts the updates made before each record, ``losses``
    is (records,) or (records, runs). ``diverged_at`` is the update after which a parameter or the
    loss passed the limit: ``None`` if none did; for stacked runs an array (runs,) with −1 there.
    """

    parameters: tuple
    visited: tuple
    steps: np.ndarray
    losses: np.ndarray
    diverged_at: int | np.ndarray | None


def train(
    parameters,
    update,
    loss,
    *,
    steps,
    record_every=1,
    limit=1e12,
    runs=None,
    visit=False,
    stop=None,
):
    """Move parameters ``steps`` times: (θ, φ, …) ← update((θ, φ, …), t) for t = 0, 1, …

    ``loss(parameters)`` is recorded at the start, every ``record_every`` updates and at the end.
    With ``runs=n`` every array has a first axis of n independent runs, ``loss`` returns (n,), and a
    run that passes ``limit`` stands still while the others go on; without it the loop ends there.
    ``visit`` keeps the parameters of each record. ``stop(record_number)`` may end the loop early.
    Returns a ``Record``. Raises ``ValueError`` for a start beyond the limit, or bad counts.
    """
    steps, every = as_count(steps, "steps"), as_count(record_every, "record_every")
    limit = as_positive(limit, "limit")
    first = _loss(loss, parameters)
    running = _within(parameters, limit, runs) & (np.abs(first) <= limit)
    if not np.all(running):
        raise ValueError(f"start must have a loss and parameters within {limit:g}, got {first}")
    diverged_at = np.full(running.shape, -1)
    records, visited = [(0, first)], [tuple(parameters)]
    with np.errstate(**QUIET):
        for t in range(1, steps + 1):
            moved = tuple(update(parameters, t - 1))
            inside = _within(moved, limit, runs)
            due = t % every == 0 or t == steps
            now = _loss(loss, moved) if due and inside.any() else None
            if now is not None:
                inside = inside & (np.abs(now) <= limit)
            lost = running & ~inside
            if lost.any():
                diverged_at[lost], running = t, running & inside
            if runs is not None and not running.all():
                # What has diverged stays where it was; its loss is that of its last record.
                moved = tuple(_kept(running, m, p) for m, p in zip(moved, parameters, strict=True))
                now = None if now is None else np.where(running, now, records[-1][1])
            if now is not None and np.all(np.isfinite(now)):
                records.append((t, now))
                visited.append(moved)
            if not running.any():
                break
            parameters = moved
            if due and stop is not None and stop(len(records) - 1):
                break
    counts, losses = zip(*records, strict=True)
    return Record(
        tuple(parameters),
        tuple(visited) if visit else (),
        np.array(counts),
        np.array(losses),
        _as_plain(diverged_at),
    )


def _within(parameters, limit, runs):
    """Whether every entry is at most ``limit`` in size, as an array () or (runs,)."""
    if runs is None:
        return np.array(all(np.all(np.abs(p) <= limit) for p in parameters))
    flat = (np.abs(np.reshape(p, (runs, -1))) for p in parameters)
    return np.all([np.all(f <= limit, axis=1) for f in flat], axis=0)


def _kept(running, moved, before):
    return np.where(running.reshape(-1, *(1,) * (moved.ndim - 1)), moved, before)


def _loss(loss, parameters):
    try:
        with np.errstate(**QUIET):
            return np.asarray(loss(parameters), dtype=float)
    except OverflowError:  # what Python's own floats raise where numpy's become infinite
        return np.asarray(np.inf)


def _as_plain(diverged_at):
    if diverged_at.ndim:
        return diverged_at
    return None if diverged_at < 0 else int(diverged_at)
