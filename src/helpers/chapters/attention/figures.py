"""Drawings of the chapter on attention."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from helpers.data.gettysburg import phrase
from helpers.data.inaugural import as_letters
from helpers.mathematics.activations import softmax, softmax_jacobian, softmax_jacobian_norm
from helpers.mathematics.attention import (
    causal_mask,
    padding_mask,
    random_scores,
    scaled_dot_product_attention,
)
from helpers.mathematics.causal_head import reader_weights
from helpers.mathematics.token_vectors import shift_matrix
from helpers.mathematics.validate import as_count, as_positive, one_of
from helpers.show.style import COLOR, cells, format_number, heatmap, label, panel

# --- the width of the keys ----------------------------------------------------------------------

N_KEYS = 10
#: The widths of the slider: two steps to each doubling.
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_FLOOR = 1e-8  # where a norm below the axis is drawn


@cache
def _growing_scores():
    """Scores (512, 10) of one query when its vectors grow one component at a time.

    A typical row: at width 64 the spread of its scores and ‖J‖ both lie near the median row's.
    """
    rng = np.random.default_rng(169)
    q, k = rng.standard_normal(512), rng.standard_normal((N_KEYS, 512))
    return np.cumsum(q * k, axis=1).T


@cache
def _median_norms():
    """Median ‖J‖ over 10,000 random rows of 10 keys: arrays (widths,), unscaled and scaled."""
    rng = np.random.default_rng(6)
    rows = [random_scores(d, N_KEYS, 10_000, rng) for d in WIDTHS]
    scales = ([1.0] * len(WIDTHS), [1 / np.sqrt(d) for d in WIDTHS])
    return tuple(
        np.array([np.median(_norm(c * s)) for c, s in zip(scale, rows, strict=True)])
        for scale in scales
    )


def _norm(scores):
    return softmax_jacobian_norm(softmax(scores))


def draw_width(*, d_k, scaled):
    """Scores of one query with ten keys, their weights, and the norm of the softmax Jacobian."""
    d_k = one_of(d_k, "d_k", WIDTHS)
    raw = _growing_scores()[d_k - 1]
    scores = raw / np.sqrt(d_k) if scaled else raw
    weights, norm = softmax(scores), float(_norm(scores))
    keys = np.arange(1, N_KEYS + 1)

    top, ax = panel("Scores of one query", "key", "score", xlim=(0.3, 10.7), ylim=(-62, 62))
    ax.axhline(0, color=COLOR.muted, lw=0.8)
    if scaled:
        ax.plot(keys, raw, "o", color=COLOR.muted, mfc="none", ms=6)
        label(ax, 0.5, 55, "○ before dividing", COLOR.muted)
    ax.vlines(keys, 0, scores, color=COLOR.data, lw=2)
    ax.plot(keys, scores, "o", color=COLOR.data, ms=6)
    ax.set_xticks([1, 5, 10])
    ax.set_yticks([-50, 0, 50])

    middle, ax = panel("Its attention weights", "key", "weight", xlim=(0.3, 10.7), ylim=(0, 1.25))
    ax.vlines(keys, 0, weights, color=COLOR.model, lw=16)
    ax.axhline(1 / N_KEYS, color=COLOR.muted, lw=1, ls="--")
    label(ax, 0.5, 1.14, "- - all equal", COLOR.muted)
    ax.set_xticks([1, 5, 10])
    ax.set_yticks([0, 0.5, 1])

    bottom, ax = panel(
        "Size of the softmax Jacobian",
        "width dₖ",
        "‖J‖",
        xlim=(0.8, 700),
        ylim=(_FLOOR / 2, 3),
        xscale="log",
        yscale="log",
    )
    unscaled_norms, scaled_norms = _median_norms()
    ax.plot(WIDTHS, unscaled_norms, color=COLOR.gradient)
    ax.plot(WIDTHS, scaled_norms, color=COLOR.target, ls="--")
    label(ax, 1.0, 2e-4, "— median, unscaled", COLOR.gradient)
    label(ax, 1.0, 1.2e-5, "- - median, divided by √dₖ", COLOR.target)
    label(ax, 1.0, 7e-7, "◆ this row", COLOR.ink)
    ax.plot([d_k], [max(norm, _FLOOR)], "D", color=COLOR.ink, ms=7)

    median = (scaled_norms if scaled else unscaled_norms)[WIDTHS.index(d_k)]
    reading = (
        f"dₖ = {d_k}, {'divided by √dₖ' if scaled else 'not scaled'}: the scores spread by "
        f"{format_number(scores.std(), 2)} (standard deviation), the largest weight is "
        f"{weights.max():.2f}, ‖J‖ is {format_number(norm, 2)} here and "
        f"{format_number(median, 2)} in the median row."
    )
    return (top, middle, bottom), reading


def draw_norms(table, *, n_keys):
    """Median norm of the softmax Jacobian, and share of rows with a weight above 0.99, by width.

    ``table``: {(d_k, n, scaled): Saturation}.
    """
    widths = sorted({d for d, _, _ in table})
    n_keys = one_of(n_keys, "n_keys", sorted({n for _, n, _ in table}))
    norms, norm_ax = panel(
        f"Median ‖J‖ of {n_keys} keys",
        "width dₖ",
        "‖J‖",
        xlim=(3, 700),
        ylim=(3e-5, 2),
        xscale="log",
        yscale="log",
    )
    shares, share_ax = panel(
        "Rows with one weight above 0.99",
        "width dₖ",
        "share of rows",
        xlim=(3, 700),
        ylim=(-0.03, 1),
        xscale="log",
    )
    for scaled, color, dashes, marker in (
        (False, COLOR.gradient, "-", "o"),
        (True, COLOR.target, "--", "s"),
    ):
        rows = [table[d, n_keys, scaled] for d in widths]
        style = {"color": color, "ls": dashes, "marker": marker, "ms": 5}
        norm_ax.plot(widths, [row.norm for row in rows], **style)
        share_ax.plot(widths, [row.share for row in rows], **style)
    label(norm_ax, 4, 4e-4, "● unscaled", COLOR.gradient)
    label(norm_ax, 4, 1.2e-4, "■ divided by √dₖ", COLOR.target)
    last, even = table[widths[-1], n_keys, False], table[widths[-1], n_keys, True]
    reading = (
        f"{n_keys} keys, dₖ = {widths[-1]}: the median ‖J‖ is {format_number(last.norm, 2)} "
        f"unscaled and {format_number(even.norm, 2)} scaled; without scaling one weight passes "
        f"0.99 in {100 * last.share:.0f} % of the rows."
    )
    return (norms, shares), reading


# --- temperature and masks ----------------------------------------------------------------------

#: Six scores with gaps of different size; two of them nearly level.
TEMPERATURE_SCORES = np.array([2.0, 1.8, 0.9, 0.0, -0.6, -1.5])
_TAUS = np.geomspace(0.02, 50, 80)


def _stretch(tau):
    """Largest factor by which a small change of the scores is passed on to the weights."""
    return float(np.linalg.norm(softmax_jacobian(TEMPERATURE_SCORES / tau), 2)) / tau


def draw_temperature(*, temperature):
    """Weights of six fixed scores at a temperature, and how strongly they react, against it."""
    tau = as_positive(temperature, "temperature")
    weights, stretch = softmax(TEMPERATURE_SCORES / tau), _stretch(tau)

    bars, ax = panel("Weights of six scores", "score", "weight", xlim=(-0.6, 5.6), ylim=(0, 1.05))
    ax.vlines(range(6), 0, weights, color=COLOR.model, lw=26)
    ax.plot(range(6), softmax(TEMPERATURE_SCORES), "_", color=COLOR.muted, ms=34, mew=2)
    ax.set_xticks(range(6), [f"{z:.1f}".replace("-", "−") for z in TEMPERATURE_SCORES])
    label(ax, 5.5, 0.95, "▬ at τ = 1", COLOR.muted, ha="right")

    curve, ax = panel(
        "How much the weights react at most",
        "temperature τ",
        "largest stretch",
        xlim=(0.02, 50),
        ylim=(0, 2.6),
        xscale="log",
    )
    ax.plot(_TAUS, [_stretch(t) for t in _TAUS], color=COLOR.gradient)
    ax.plot([tau], [stretch], "o", color=COLOR.gradient, ms=8)
    if weights[0] > 0.99:
        state = "almost one-hot"
    elif weights[0] < 0.2:
        state = "almost uniform"
    else:
        state = "in between"
    reading = (
        f"τ = {format_number(tau, 2)}: largest weight {weights[0]:.2f}, smallest "
        f"{format_number(weights[-1], 2)} ({state}); a small change of the scores moves the "
        f"weights by at most {format_number(stretch, 2)} times as much."
    )
    return (bars, curve), reading


MASKS = ("no mask", "causal", "padding", "causal and padding", "nothing allowed for query 1")
_N = 6


@cache
def _masked(mask, changed):
    """Allowed pairs, weights and outputs of six tokens; token ``changed`` (if any) replaced."""
    rng = np.random.default_rng(2)
    X, other = rng.standard_normal((_N, 4)), rng.standard_normal(4)
    if changed:
        X[changed - 1] = other
    allowed = np.ones((_N, _N), dtype=bool)
    if "causal" in mask:
        allowed &= causal_mask(_N)
    if "padding" in mask:
        allowed &= padding_mask(4, _N)
    if mask == MASKS[-1]:
        allowed[0] = False
    outputs, weights = scaled_dot_product_attention(X, X, X, mask=allowed)
    return allowed, weights, outputs


def draw_mask(*, mask, changed):
    """Weights of six tokens under a mask, and how far outputs move if one token is replaced."""
    one_of(mask, "mask", MASKS)
    changed = as_count(changed, "changed")
    if changed > _N:
        raise ValueError(f"changed must be the place of a token, 1 to {_N}, got {changed}")
    allowed, weights, before = _masked(mask, None)
    moves = np.linalg.norm(_masked(mask, changed)[2] - before, axis=1)
    names = [str(i) for i in range(1, _N + 1)]

    grid, ax = panel("Weights before", "key", "query", xlim=(0, 1), ylim=(0, 1))
    texts = np.where(allowed, np.char.mod("%.2f", weights), "×").tolist()
    heatmap(ax, np.where(allowed, weights, 0), names, names, texts=texts)

    bars, ax = panel(
        f"Token {changed} replaced", "how far its output moves", "query", xlim=(0, 4.6), ylim=(0, 1)
    )
    ax.set_ylim(_N - 0.5, -0.5)
    ax.set_yticks(range(_N), names)
    ax.hlines(range(_N), 0, moves, color=COLOR.step, lw=14)
    for i in np.flatnonzero(moves == 0):
        label(ax, 0.05, i, "0", COLOR.ink)

    moved, still = (_listed(np.flatnonzero(c) + 1) for c in (moves > 0, moves == 0))
    name = "No mask" if mask == MASKS[0] else f"Mask “{mask}”"
    reading = f"{name}, token {changed} replaced: " + (
        f"{moved[0]} {'moves' if moved[1] == 1 else 'move'}"
        + (f", {still[0]} {'stays' if still[1] == 1 else 'stay'} exactly as before"
           if still[1] else "")
        if moved[1]
        else "no output moves"
    )  # fmt: skip
    empty = np.flatnonzero(weights.sum(axis=1) == 0)
    return (grid, bars), f"{reading}{'; row 1 is all 0, as defined' if empty.size else ''}."


def _listed(places):
    """ "output 2", "outputs 1, 3 and 4", "all outputs", and how many they are."""
    if len(places) == _N:
        return "all outputs", _N
    *most, last = [str(p) for p in places] or [""]
    names = f"{', '.join(most)} and {last}" if most else last
    return f"output{'s' if most else ''} {names}", len(places)


# --- a real sentence ----------------------------------------------------------------------------

HEADS = ("like tokens", "one token back", "all alike")
_GAIN = 8.0  # how strongly a cosine of 1 counts as a score


class HandMade(NamedTuple):
    """Matrices of a head made by hand for the sentence: two say where, the third says what."""

    W_Q: np.ndarray
    W_K: np.ndarray
    W_V: np.ndarray


@cache
def words():
    """The seven different tokens of the sentence, in the order in which they come."""
    return tuple(dict.fromkeys(phrase()[0]))


def head_matrices(head):
    """``W_Q`` and ``W_K`` (20, 20), ``W_V`` (20, 7) of a head made by hand for the sentence.

    "like tokens" compares content, "one token back" turns the position of the query back by one,
    "all alike" has W_Q = 0. The value of a token says which of the seven words it is: a row of
    the identity. ``ValueError`` for another word.
    """
    one_of(head, "head", HEADS)
    W_Q, W_K, W_V = np.zeros((20, 20)), np.eye(20), np.zeros((20, len(words())))
    if head == "like tokens":
        W_Q[:12, :12] = np.eye(12)
    elif head == "one token back":
        W_Q[12:, 12:] = shift_matrix(8)
    tokens, X = phrase()
    W_V[:12] = np.linalg.pinv(X[[tokens.index(word) for word in words()], :12])
    return HandMade(_GAIN * np.sqrt(20) * W_Q, W_K, W_V)


@cache
def _sentence(head, causal):
    """Outputs (12, 7) and weights (12, 12)."""
    tokens, X = phrase()
    W_Q, W_K, W_V = head_matrices(head)
    mask = causal_mask(len(tokens)) if causal else None
    return scaled_dot_product_attention(X @ W_Q, X @ W_K, X @ W_V, mask=mask)


def draw_sentence(*, query, head, causal):
    """Attention weights in a phrase of 12 tokens, the chosen token's row, and its output."""
    tokens, _ = phrase()
    n = len(tokens)
    query = as_count(query, "query")
    if query > n:
        raise ValueError(f"query must be the place of a token, 1 to {n}, got {query}")
    outputs, weights = _sentence(one_of(head, "head", HEADS), bool(causal))
    row, output = weights[query - 1], outputs[query - 1].clip(0, 1)

    grid, ax = panel(
        "All queries", "place of the key", "", xlim=(-6.4, n - 0.4), ylim=(-0.6, n - 0.4)
    )
    cells(ax, weights)
    ax.set_xticks(range(1, n, 2), [str(i) for i in range(2, n + 1, 2)])
    _outline(ax, query - 1, n)
    _token_axis(ax, [f"{t}  {i}" for i, t in enumerate(tokens, 1)], -0.8)

    bars, ax = panel("Where it looks: its row", "weight", "", xlim=(-0.6, 1.1), ylim=(-0.6, 11.6))
    ax.hlines(range(n), 0, row, color=COLOR.model, lw=11)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    ax.plot([-0.57], [query - 1], ">", color=COLOR.step, ms=7)
    _token_axis(ax, [f"{t}  {i}" for i, t in enumerate(tokens, 1)], -0.03)

    handed, ax = panel(
        "What it is handed: its output", "share", "", xlim=(-0.6, 1.1), ylim=(-0.6, 6.6)
    )
    ax.hlines(range(len(words())), 0, output, color=COLOR.target, lw=17)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    _token_axis(ax, words(), -0.03)

    best = np.flatnonzero(row > row.max() - 5e-3)
    names = [f"“{tokens[j]}” ({j + 1})" for j in best]
    where = f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
    most = where if len(best) <= 3 else f"{len(best)} tokens alike"
    first, second = np.argsort(-output.round(6), kind="stable")[:2]
    got = f"{output[first]:.2f} “{words()[first]}”"
    if output[second] >= 0.005:
        got += f", {output[second]:.2f} “{words()[second]}”"
    reading = (
        f"Query “{tokens[query - 1]}” ({query}), head “{head}”{', causal' if causal else ''}: "
        f"most weight, {row.max():.2f}, on {most}; handed over: {got}"
        f"{' and others' if output[[first, second]].sum() < 0.995 else ''}."
    )
    return (grid, bars, handed), reading


def _outline(ax, row, n):
    edge = np.array([[-0.5, -0.5], [n - 0.5, -0.5], [n - 0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    ax.plot(edge[:, 0], edge[:, 1] + row, color=COLOR.step, lw=2)


def _token_axis(ax, names, x):
    """Names of the rows, written at ``x`` from top to bottom."""
    ax.invert_yaxis()
    ax.grid(False)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    for i, name in enumerate(names):
        label(ax, x, i, name, COLOR.ink, ha="right")


# --- the learned look-up ------------------------------------------------------------------------


def draw_lookup(table, uniform, *, learning_rate, d_k):
    """Accuracy of the look-up against the learning rate, and loss while training, by width.

    ``table``: {(d_k, scaled): LookupRuns}, all with the same learning rates. ``uniform``: loss
    and accuracy of looking at all keys alike.
    """
    d_k = one_of(d_k, "d_k", sorted({d for d, _ in table}))
    runs = {"divided by √dₖ": table[d_k, True], "unscaled": table[d_k, False]}
    rates = runs["unscaled"].learning_rates.tolist()
    at = rates.index(one_of(learning_rate, "learning_rate", rates))
    style = {
        "divided by √dₖ": (COLOR.target, "--", "s", "■ - -", 400),
        "unscaled": (COLOR.gradient, "-", "o", "● —", 110),
    }

    accuracy, ax = panel(
        "Accuracy after training",
        "learning rate η",
        "accuracy",
        xlim=(rates[0] / 1.5, rates[-1] * 1.5),
        ylim=(0, 1.05),
        xscale="log",
    )
    ax.axhline(uniform[1], color=COLOR.muted, lw=1, ls=":")
    label(ax, rates[0], 0.12, "··· all keys alike", COLOR.muted)
    ax.axvline(rates[at], color=COLOR.muted, lw=1)
    for name, (color, dashes, marker, _, _) in style.items():
        ax.plot(rates, runs[name].accuracy, color=color, ls=dashes, lw=1.5)
        ax.plot([rates[at]], [runs[name].accuracy[at]], marker, color=color, ms=8)

    loss, ax = panel(
        "Loss on fresh examples",
        "update",
        "loss",
        xlim=(0, 1.02 * float(runs["unscaled"].steps[-1])),
        ylim=(1e-2, 1e3),
        yscale="log",
    )
    ax.axhline(uniform[0], color=COLOR.muted, lw=1, ls=":")
    for name, (color, dashes, _, sign, height) in style.items():
        ax.plot(runs[name].steps, runs[name].losses[:, at].clip(1.2e-2), color=color, ls=dashes)
        label(ax, 8, height, f"{sign} {name}", color)
    said = "; ".join(f"{name} {_outcome(run, at, uniform[1])}" for name, run in runs.items())
    return (accuracy, loss), f"η = {format_number(rates[at], 2)}, dₖ = {d_k}: {said}."


def _outcome(run, at, uniform):
    if run.diverged_at[at] >= 0:
        return f"diverged at update {run.diverged_at[at]}"
    share = run.accuracy[at]
    verdict = f"starts at loss {run.losses[0, at]:.1f} and reaches {100 * share:.0f} %"
    return verdict + (", no better than looking at all keys alike" if share <= uniform else "")


# --- a head that reads --------------------------------------------------------------------------

#: Thirteen letters of the held-out speech, and the one that comes after them.
WINDOW = "the people, by"


def draw_reader(run, alone, counted, *, update, query):
    """Where a trained head looks in 13 held-out letters, and the held-out loss while it learns.

    ``run`` and ``alone``: ``Reading`` of the model with its head and without; ``counted``: losses
    of counting letters, bigrams and trigrams.
    """
    steps = run.steps.tolist()
    at = steps.index(one_of(update, "update", steps))
    n = len(WINDOW) - 1
    query = as_count(query, "query")
    if query > n:
        raise ValueError(f"query must be the place of a letter, 1 to {n}, got {query}")
    weights = reader_weights(run.readers[at], as_letters(WINDOW)[None])[0]
    letters = [letter.replace(" ", "␣") for letter in WINDOW]

    grid, ax = panel(
        "Where each letter looks", "key", "", xlim=(-2.4, n - 0.4), ylim=(-0.6, n - 0.4)
    )
    cells(ax, weights)
    ax.set_xticks(range(n), letters[:n])
    _outline(ax, query - 1, n)
    _token_axis(ax, [f"{i}  {t}" for i, t in enumerate(letters[:n], 1)], -0.8)

    curve, ax = panel(
        "Loss on the held-out speech",
        "update",
        "nats a letter",
        xlim=(0, 1.02 * steps[-1]),
        ylim=(1.8, 3.5),
    )
    for value, name, dy in zip(
        counted, ("letters", "bigrams", "trigrams"), (8, 9, -9), strict=True
    ):
        ax.axhline(value, color=COLOR.muted, lw=1, ls=":")
        label(ax, steps[-1], value, f"counting {name}", COLOR.muted, ha="right", dy=dy)
    ax.plot(alone.steps, alone.losses, color=COLOR.data, ls="--", lw=1.5)
    ax.plot(run.steps, run.losses, color=COLOR.loss)
    label(ax, 230, 3.3, "— with the head", COLOR.loss)
    label(ax, 230, 3.12, "- - without", COLOR.data)
    ax.plot([steps[at]], [run.losses[at]], "o", color=COLOR.loss, ms=8)

    row = weights[query - 1]
    best = int(row.argmax())
    back = query - 1 - best
    distance = "itself" if back == 0 else f"{back} back"
    reading = (
        f"After {_plural(steps[at], 'update')}, letter {query}, “{letters[query - 1]}”, looks most "
        f"at letter {best + 1}, “{letters[best]}”, {distance} (weight {row[best]:.2f}); held-out "
        f"loss {run.losses[at]:.2f}, counting bigrams {counted[1]:.2f}."
    )
    return (grid, curve), reading


def _plural(count, name):
    return f"{count:,} {name}" + ("" if count == 1 else "s")
