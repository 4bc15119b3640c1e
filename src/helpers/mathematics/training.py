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
    """What a training saw; every number in it is within the limit.

    ``parameters`` is the tuple of arrays at the end, ``visited`` that of each record (empty unless
    it was asked for). ``steps`` (records,) counts the updates made before each record, ``losses``
    is (records,) or (records, runs). ``diverged_at`` is the update that led beyond the limit:
    ``None`` if none did; for stacked runs an array (runs,) with −1 there. A run that diverged
    keeps the parameters from before that update, and the last loss that was recorded.
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
    A run diverges where an entry of a parameter (looked at after each update) or the loss (looked
    at where it is recorded) passes ``limit`` in size or is no number; then the loop ends. With
    ``runs=n`` every array has a first axis of n independent runs, ``loss`` returns (n,), and a run
    that diverges stands still while the others go on. ``update`` returns new arrays, or changes
    them in place where neither ``runs`` nor ``visit`` is given. ``visit`` keeps the parameters of
    each record. ``stop(record_number)`` is asked after each record, and may end the loop.
    Returns a ``Record``. Raises ``ValueError`` for a start beyond the limit, a loss of another
    shape, or bad counts.
    """
    steps, every = as_count(steps, "steps"), as_count(record_every, "record_every")
    limit = as_positive(limit, "limit")
    shape = () if runs is None else (as_count(runs, "runs"),)
    first = _loss(loss, parameters)
    if first.shape != shape:
        raise ValueError(f"loss must return shape {shape}, got shape {first.shape}")
    running = _within(parameters, limit, shape) & (np.abs(first) <= limit)
    if not running.all():
        raise ValueError(f"start must have a loss and parameters within {limit:g}, got {first}")
    parameters, diverged_at = tuple(parameters), np.full(shape, -1)
    records, visited = [(0, first)], [parameters]
    with np.errstate(**QUIET):
        for t in range(1, steps + 1):
            moved = tuple(update(parameters, t - 1))
            inside = running & _within(moved, limit, shape)
            due = t % every == 0 or t == steps
            if due and inside.any():
                now = _loss(loss, moved)
                inside = inside & (np.abs(now) <= limit)
                now = np.where(inside, now, records[-1][1])
            diverged_at = np.where(running & ~inside, t, diverged_at)
            running = inside
            if not running.any():
                break
            if not running.all():
                moved = tuple(_kept(running, m, p) for m, p in zip(moved, parameters, strict=True))
            parameters = moved
            if due:
                records.append((t, now))
                visited.append(parameters)
                if stop is not None and stop(len(records) - 1):
                    break
    counts, losses = zip(*records, strict=True)
    if runs is None:
        diverged_at = None if diverged_at < 0 else int(diverged_at)
    kept = tuple(visited) if visit else ()
    return Record(parameters, kept, np.array(counts), np.array(losses), diverged_at)


def _within(parameters, limit, shape):
    """Whether every entry of a run is at most ``limit`` in size: truths of shape () or (runs,)."""
    sizes = (np.abs(np.reshape(p, (*shape, -1))) for p in parameters)
    return np.all([np.all(s <= limit, axis=-1) for s in sizes], axis=0)


def _kept(running, moved, before):
    """``moved`` where a run goes on, and what was there before where it does not."""
    return np.where(running.reshape(-1, *(1,) * (moved.ndim - 1)), moved, before)


def _loss(loss, parameters):
    try:
        with np.errstate(**QUIET):
            return np.asarray(loss(parameters), dtype=float)
    except OverflowError:  # what Python's own floats raise where numpy's become infinite
        return np.asarray(np.inf)
