"""The chapter's drawings: every state draws, axes stay put, readings tell the truth."""

import re
import warnings
from functools import partial

import numpy as np
import pytest

from helpers.chapters.attention import figures
from helpers.chapters.attention.experiments import saturation
from helpers.mathematics.activations import softmax, softmax_jacobian
from helpers.mathematics.attention import causal_mask
from helpers.mathematics.key_lookup import make_lookup_task, train_lookup

RATES = 10.0 ** np.arange(-3, 2.01, 1.0)


@pytest.fixture(scope="module")
def runs():
    task = make_lookup_task(np.random.default_rng(0))
    return {
        (d_k, scaled): train_lookup(
            task, d_k, RATES, scaled=scaled, rng=np.random.default_rng(1), steps=60
        )
        for d_k in (16, 512)
        for scaled in (True, False)
    }


@pytest.fixture(scope="module")
def norms():
    rng = np.random.default_rng(0)
    return {
        (d, n, scaled): saturation(d, n, rng, scaled=scaled, rows=500)
        for d in (4, 64, 512)
        for n in (2, 10, 512)
        for scaled in (True, False)
    }


def states(name):
    """Every value of a figure's controls, as the notebook has them."""
    return {
        "draw_width": [{"d_k": d, "scaled": s} for d in figures.WIDTHS for s in (False, True)],
        "draw_norms": [{"n_keys": n} for n in (2, 10, 512)],
        "draw_temperature": [{"temperature": 10**e} for e in np.linspace(-1.5, 1.5, 31)],
        "draw_mask": [{"mask": m} for m in figures.MASKS],
        "draw_sentence": [
            {"query": q, "head": h, "causal": c}
            for q in range(1, 13)
            for h in figures.HEADS
            for c in (False, True)
        ],
        "draw_lookup": [{"learning_rate": r, "d_k": d} for r in RATES for d in (16, 512)],
    }[name]


NAMES = (
    "draw_width",
    "draw_norms",
    "draw_temperature",
    "draw_mask",
    "draw_sentence",
    "draw_lookup",
)


@pytest.fixture
def drawer(runs, norms):
    tables = {"draw_lookup": runs, "draw_norms": norms}

    def draw(name, **values):
        function = getattr(figures, name)
        if name in tables:
            function = partial(function, tables[name])
        return function(**values)

    return draw


@pytest.mark.parametrize("name", NAMES)
def test_every_state_draws_without_a_warning_on_axes_that_stay_put(name, drawer):
    frames = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in states(name):
            drawings, reading = drawer(name, **values)
            drawings = drawings if isinstance(drawings, tuple) else (drawings,)
            assert reading.endswith(".")
            # "mask none" is a word of the controls, NaN in the masks' reading a promise kept.
            assert not re.search(r"\bnan\b|\binf\b|\$", reading)
            frames.add(tuple((f.axes[0].get_xlim(), f.axes[0].get_ylim()) for f in drawings))
            for figure in drawings:
                ax = figure.axes[0]
                assert len(figure.axes) == 1
                assert ax.lines or ax.collections or ax.patches
                assert all(np.isfinite(line.get_xydata()).all() for line in ax.lines)
                assert all(len(line.get_xydata()) <= 120 for line in ax.lines)
                assert "$" not in ax.get_title(loc="left") + ax.get_xlabel() + ax.get_ylabel()
    assert len(frames) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_of_each_docstring_describes_the_drawing(name):
    first = getattr(figures, name).__doc__.split("\n")[0]
    assert len(first) > 40
    assert first.endswith(".")


# --- readings -----------------------------------------------------------------------------------


def test_the_width_saturates_unscaled_rows_and_leaves_scaled_ones_alone(drawer):
    def numbers(**values):
        said = drawer("draw_width", **values)[1]
        return [
            float(x)
            for x in re.search(
                r"spread by ([\d.]+) .* weight is ([\d.]+), .* here and (\S+) in the",
                said.replace("×10⁻⁴", "e-4"),
            ).groups()
        ]

    spread, largest, median = numbers(d_k=512, scaled=False)
    assert spread > 15
    assert largest > 0.9
    assert median == pytest.approx(1.8e-4, rel=0.35)
    for d_k in (8, 64, 512):
        spread, largest, median = numbers(d_k=d_k, scaled=True)
        assert 0.4 < spread < 1.8
        assert largest < 0.6
        assert median == pytest.approx(0.35, abs=0.02)


def test_the_growing_scores_are_the_dot_products_of_the_first_components():
    rng = np.random.default_rng(12)
    q, k = rng.standard_normal(512), rng.standard_normal((figures.N_KEYS, 512))
    for d in (1, 7, 512):
        np.testing.assert_allclose(figures._growing_scores()[d - 1], k[:, :d] @ q[:d])


def test_temperature_reads_cold_warm_and_hot_and_peaks_in_between(drawer):
    assert "almost one-hot" in drawer("draw_temperature", temperature=0.03)[1]
    assert "in between" in drawer("draw_temperature", temperature=1.0)[1]
    assert "almost uniform" in drawer("draw_temperature", temperature=30.0)[1]
    taus = np.geomspace(0.02, 50, 800)
    z = figures.TEMPERATURE_SCORES
    sizes = [np.linalg.norm(softmax_jacobian(z / t)) / t for t in taus]
    assert taus[np.argmax(sizes)] == pytest.approx(0.13, abs=0.01)
    drawn = drawer("draw_temperature", temperature=1.0)[0][1].axes[0].lines[0].get_xydata()
    expected = [np.linalg.norm(softmax_jacobian(z / t)) / t for t in drawn[:, 0]]
    np.testing.assert_allclose(drawn[:, 1], expected, rtol=1e-6)


def test_the_empty_row_is_said_to_be_zero(drawer):
    assert "row 1 is all 0, as defined" in drawer("draw_mask", mask=figures.MASKS[-1])[1]
    assert "21 of 36" in drawer("draw_mask", mask="causal")[1]
    assert "18 of 36" in drawer("draw_mask", mask="causal and padding")[1]


def test_the_heads_look_where_their_names_say():
    like = figures._sentence_weights("like tokens", False)
    np.testing.assert_allclose(like[3], like[7])
    np.testing.assert_allclose(like[3], like[11])
    np.testing.assert_allclose(like[3, [3, 7, 11]], like[3].max())
    back = figures._sentence_weights("one token back", False)
    assert (back[1:].argmax(axis=1) == np.arange(11)).all()
    assert back[1:].max(axis=1).min() > 0.9
    np.testing.assert_allclose(figures._sentence_weights("all alike", False), 1 / 12)
    for head in figures.HEADS:
        causal = figures._sentence_weights(head, True)
        assert (causal[~causal_mask(12)] == 0).all()
        assert causal[0, 0] == 1
        np.testing.assert_allclose(causal[11], figures._sentence_weights(head, False)[11])


def test_a_hand_made_head_gives_the_weights_of_its_scores():
    W_Q, W_K = figures.head_matrices("like tokens")
    _, X = figures.phrase()
    cosines = X[:, :12] @ X[:, :12].T
    np.testing.assert_allclose((X @ W_Q) @ (X @ W_K).T / np.sqrt(20), 8 * cosines, atol=1e-12)
    np.testing.assert_allclose(
        figures._sentence_weights("like tokens", False), softmax(8 * cosines)
    )


def test_the_look_up_says_start_end_and_divergence(drawer, runs):
    said = drawer("draw_lookup", learning_rate=0.1, d_k=512)[1]
    accuracy = 100 * runs[512, True].accuracy[2]
    assert f"divided by √dₖ starts at loss 1.5 and reaches {accuracy:.0f} %" in said
    near = drawer("draw_lookup", learning_rate=0.1 * (1 + 1e-9), d_k=512)[1]
    assert near == said
    blown = {key: run._replace(stopped_at=np.full(len(RATES), 13)) for key, run in runs.items()}
    assert (
        "unscaled diverged after 14 steps"
        in figures.draw_lookup(blown, learning_rate=0.1, d_k=16)[1]
    )


BAD = [
    (lambda: figures.draw_width(d_k=5, scaled=True), "d_k must be one of"),
    (lambda: figures.draw_temperature(temperature=0.0), "temperature must be greater than 0"),
    (lambda: figures.draw_temperature(temperature=np.nan), "temperature must be a finite"),
    (lambda: figures.draw_mask(mask="all"), "mask must be one of"),
    (lambda: figures.draw_sentence(query=0, head="all alike", causal=False), "query must be"),
    (lambda: figures.draw_sentence(query=13, head="all alike", causal=False), "query must be"),
    (lambda: figures.draw_sentence(query=1, head="none", causal=False), "head must be one of"),
    (lambda: figures.head_matrices("none"), "head must be one of"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_values_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
