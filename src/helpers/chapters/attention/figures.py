"""Drawings of the chapter on attention."""

from __future__ import annotations

from functools import cache

import numpy as np

from helpers.data.gettysburg import phrase
from helpers.mathematics.activations import softmax, softmax_jacobian_norm
from helpers.mathematics.attention import (
    causal_mask,
    padding_mask,
    random_scores,
    scaled_dot_product_attention,
)
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
    """Scores (512, 10) of one query when its vectors grow one component at a time."""
    rng = np.random.default_rng(12)
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

    middle, ax = panel("Its attention weights", "key", "weight", xlim=(0.3, 10.7), ylim=(0, 1.05))
    ax.vlines(keys, 0, weights, color=COLOR.model, lw=16)
    ax.axhline(1 / N_KEYS, color=COLOR.muted, lw=1, ls="--")
    label(ax, 0.5, 0.98, "- - all equal", COLOR.muted)
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


def draw_temperature(*, temperature):
    """Weights of six fixed scores at a temperature, and the size of their derivative against it."""
    tau = as_positive(temperature, "temperature")
    weights = softmax(TEMPERATURE_SCORES / tau)
    taus = np.geomspace(0.02, 50, 80)
    sizes = _norm(TEMPERATURE_SCORES / taus[:, None]) / taus
    size = float(_norm(TEMPERATURE_SCORES / tau) / tau)

    bars, ax = panel("Weights of six scores", "score", "weight", xlim=(-0.6, 5.6), ylim=(0, 1.05))
    ax.vlines(range(6), 0, weights, color=COLOR.model, lw=26)
    ax.plot(range(6), softmax(TEMPERATURE_SCORES), "_", color=COLOR.muted, ms=34, mew=2)
    ax.set_xticks(range(6), [f"{z:.1f}".replace("-", "−") for z in TEMPERATURE_SCORES])
    label(ax, 5.5, 0.95, "▬ at τ = 1", COLOR.muted, ha="right")

    curve, ax = panel(
        "How much the weights react",
        "temperature τ",
        "‖∂A/∂z‖",
        xlim=(0.02, 50),
        ylim=(0, 2.6),
        xscale="log",
    )
    ax.plot(taus, sizes, color=COLOR.gradient)
    ax.plot([tau], [size], "o", color=COLOR.gradient, ms=8)
    if weights[0] > 0.99:
        state = "almost one-hot"
    elif weights[0] < 0.2:
        state = "almost uniform"
    else:
        state = "in between"
    reading = (
        f"τ = {format_number(tau, 2)}: largest weight {weights[0]:.2f}, smallest "
        f"{format_number(weights[-1], 2)} ({state}); a small change of the scores moves the "
        f"weights by up to about {format_number(size, 2)} times as much."
    )
    return (bars, curve), reading


MASKS = ("none", "causal", "padding", "causal and padding", "nothing allowed for query 1")


def draw_mask(*, mask):
    """Heat map of six queries by six keys: the weights under a mask; crosses mark forbidden."""
    one_of(mask, "mask", MASKS)
    rng = np.random.default_rng(2)
    Q, K = rng.standard_normal((2, 6, 4))
    allowed = np.ones((6, 6), dtype=bool)
    if "causal" in mask:
        allowed &= causal_mask(6)
    if "padding" in mask:
        allowed &= padding_mask(4, 6)
    if mask == MASKS[-1]:
        allowed[0] = False
    _, weights = scaled_dot_product_attention(Q, K, K, mask=allowed)

    figure, ax = panel("Weights, numbers in each cell", "key", "query", xlim=(0, 1), ylim=(0, 1))
    names = [str(i) for i in range(1, 7)]
    texts = np.where(allowed, np.char.mod("%.2f", weights), "×").tolist()
    heatmap(ax, np.where(allowed, weights, 0), names, names, texts=texts)
    sums = weights.sum(axis=1)
    empty = int((sums == 0).sum())
    reading = f"Mask “{mask}”: {int(allowed.sum())} of 36 pairs are allowed; " + (
        "each row sums to 1." if not empty else "row 1 is all 0, as defined; the others sum to 1."
    )
    return figure, reading


# --- a real sentence ----------------------------------------------------------------------------

HEADS = ("like tokens", "one token back", "all alike")
_GAIN = 8.0  # how strongly a cosine of 1 counts as a score


@cache
def _sentence_weights(head, causal):
    tokens, X = phrase()
    W_Q, W_K = head_matrices(head)
    mask = causal_mask(len(tokens)) if causal else None
    return scaled_dot_product_attention(X @ W_Q, X @ W_K, X, mask=mask)[1]


def head_matrices(head):
    """``W_Q`` and ``W_K`` (20, 20) of a head made by hand for the vectors of the sentence.

    "like tokens" compares content, "one token back" turns the position of the query back by one,
    "all alike" has W_Q = 0. ``ValueError`` for another word.
    """
    one_of(head, "head", HEADS)
    W_Q, W_K = np.zeros((20, 20)), np.eye(20)
    if head == "like tokens":
        W_Q[:12, :12] = np.eye(12)
    elif head == "one token back":
        W_Q[12:, 12:] = shift_matrix(8)
    return _GAIN * np.sqrt(20) * W_Q, W_K


def draw_sentence(*, query, head, causal):
    """Heat map of the attention weights in a phrase of 12 tokens, and the chosen token's row."""
    tokens, _ = phrase()
    n = len(tokens)
    query = as_count(query, "query")
    if query > n:
        raise ValueError(f"query must be the place of a token, 1 to {n}, got {query}")
    weights = _sentence_weights(one_of(head, "head", HEADS), bool(causal))
    row = weights[query - 1]

    grid, ax = panel(
        "All queries", "place of the key", "", xlim=(-6.4, n - 0.4), ylim=(-0.6, n - 0.4)
    )
    cells(ax, weights)
    ax.set_xticks(range(1, n, 2), [str(i) for i in range(2, n + 1, 2)])
    edge = np.array([[-0.5, -0.5], [n - 0.5, -0.5], [n - 0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    ax.plot(edge[:, 0], edge[:, 1] + query - 1, color=COLOR.step, lw=2)
    _token_axis(ax, tokens, -0.8)

    bars, ax = panel(
        "Row of the chosen query", "weight", "", xlim=(-0.6, 1.1), ylim=(-0.6, n - 0.4)
    )
    ax.hlines(range(n), 0, row, color=COLOR.model, lw=11)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    ax.plot([-0.57], [query - 1], ">", color=COLOR.step, ms=7)
    _token_axis(ax, tokens, -0.03)

    best = np.flatnonzero(row > row.max() - 5e-3)
    where = " and ".join(f"“{tokens[j]}” ({j + 1})" for j in best[:3])
    most = where if len(best) <= 3 else f"{len(best)} tokens alike"
    reading = (
        f"Query “{tokens[query - 1]}” ({query}), head “{head}”"
        f"{', causal' if causal else ''}: most weight, {row.max():.2f}, on {most}."
    )
    return (grid, bars), reading


def _token_axis(ax, tokens, x):
    """Tokens with their places, written at ``x`` from top to bottom."""
    ax.invert_yaxis()
    ax.grid(False)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    for i, token in enumerate(tokens):
        label(ax, x, i, f"{token}  {i + 1}", COLOR.ink, ha="right")


# --- the learned look-up ------------------------------------------------------------------------


def draw_lookup(table, *, learning_rate, d_k):
    """Accuracy of the look-up against the learning rate, and loss while training, by width.

    ``table``: {(d_k, scaled): LookupRuns}, all with the same learning rates.
    """
    d_k = one_of(d_k, "d_k", sorted({d for d, _ in table}))
    eta = as_positive(learning_rate, "learning_rate")
    runs = {"divided by √dₖ": table[d_k, True], "unscaled": table[d_k, False]}
    rates = runs["unscaled"].learning_rates
    at = int(np.argmin(abs(np.log(rates / eta))))
    style = {
        "divided by √dₖ": (COLOR.target, "--", "s", "■ - -", 5.5e-3),
        "unscaled": (COLOR.gradient, "-", "o", "● —", 2e-3),
    }

    accuracy, ax = panel(
        "Accuracy after training",
        "learning rate η",
        "accuracy",
        xlim=(rates[0] / 1.5, rates[-1] * 1.5),
        ylim=(0, 1.05),
        xscale="log",
    )
    ax.axhline(0.25, color=COLOR.muted, lw=1, ls=":")
    label(ax, rates[0], 0.25, "guessing", COLOR.muted, dy=-9)
    ax.axvline(rates[at], color=COLOR.muted, lw=1)
    for name, (color, dashes, marker, _, _) in style.items():
        ax.plot(rates, runs[name].accuracy, color=color, ls=dashes, lw=1.5)
        ax.plot([rates[at]], [runs[name].accuracy[at]], marker, color=color, ms=8)

    loss, ax = panel(
        "Loss while training",
        "step",
        "loss",
        xlim=(0, 1.02 * float(runs["unscaled"].steps[-1])),
        ylim=(1e-3, 30),
        yscale="log",
    )
    for name, (color, dashes, _, sign, height) in style.items():
        ax.plot(runs[name].steps, runs[name].curve[at].clip(1e-2), color=color, ls=dashes)
        label(ax, 8, height, f"{sign} {name}", color)
    said = "; ".join(f"{name} {_outcome(run, at)}" for name, run in runs.items())
    return (accuracy, loss), f"η = {format_number(rates[at], 2)}, dₖ = {d_k}: {said}."


def _outcome(run, at):
    if run.stopped_at[at] >= 0:
        return f"diverged after {run.stopped_at[at] + 1} steps"
    share = run.accuracy[at]
    verdict = f"starts at loss {run.start_loss[at]:.1f} and reaches {100 * share:.0f} %"
    return verdict + (", no better than guessing" if share < 0.3 else "")
