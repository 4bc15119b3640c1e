"""What the chapter's drawings show, beyond what every drawing has to do."""

import numpy as np
import pytest

from helpers.chapters.attention import experiments, figures
from helpers.data.inaugural import speeches
from helpers.mathematics.activations import softmax, softmax_jacobian
from helpers.mathematics.attention import causal_mask, random_scores


def test_the_growing_scores_are_the_dot_products_of_the_first_components():
    rng = np.random.default_rng(169)
    q, k = rng.standard_normal(512), rng.standard_normal((figures.N_KEYS, 512))
    for d in (1, 7, 512):
        np.testing.assert_allclose(figures._growing_scores()[d - 1], k[:, :d] @ q[:d])


def test_the_row_that_opens_the_figure_is_a_typical_one():
    rows, z = random_scores(64, 10, 10_000, np.random.default_rng(5)), figures._growing_scores()[63]
    for spread in (np.std, lambda z, axis=-1: figures._norm(z)):
        assert 1 / 3 < np.mean(spread(rows, axis=-1) < spread(z, axis=-1)) < 2 / 3
    _, scaled = figures._median_norms()
    assert 0.8 < figures._norm(z / 8) / scaled[figures.WIDTHS.index(64)] < 1.25


def test_the_curve_of_the_temperature_is_the_largest_singular_value():
    drawn = figures.draw_temperature(temperature=1.0)[0][1].axes[0].lines[0].get_xydata()
    z = figures.TEMPERATURE_SCORES
    expected = [np.linalg.svd(softmax_jacobian(z / t) / t)[1][0] for t in drawn[:, 0]]
    np.testing.assert_allclose(drawn[:, 1], expected, rtol=1e-6)


def test_the_masks_say_who_moves():
    def said(mask, changed):
        return figures.draw_mask(mask=mask, changed=changed)[1]

    assert "outputs 3, 4, 5 and 6 move, outputs 1 and 2 stay exactly as before." in said(
        "causal", 3
    )
    assert "output 6 moves, outputs 1, 2, 3, 4 and 5 stay" in said("causal", 6)
    assert said("no mask", 2).endswith("all outputs move.")
    assert "output 5 moves, outputs 1, 2, 3, 4 and 6 stay exactly as bef" in said("padding", 5)
    assert said(figures.MASKS[-1], 2).endswith(
        "output 1 stays exactly as before; row 1 is all 0, as defined."
    )


def test_the_heads_look_where_their_names_say():
    like = figures._sentence("like tokens", False)[1]
    np.testing.assert_allclose(like[3, [3, 7, 11]], like[3].max())
    back = figures._sentence("one token back", False)[1]
    assert (back[1:].argmax(axis=1) == np.arange(11)).all()
    np.testing.assert_allclose(figures._sentence("all alike", False)[1], 1 / 12)
    for head in figures.HEADS:
        causal = figures._sentence(head, True)[1]
        assert (causal[~causal_mask(12)] == 0).all()
        np.testing.assert_allclose(causal[11], figures._sentence(head, False)[1][11])


def test_a_hand_made_head_gives_the_weights_of_its_scores():
    W_Q, W_K, _ = figures.head_matrices("like tokens")
    _, X = figures.phrase()
    cosines = X[:, :12] @ X[:, :12].T
    np.testing.assert_allclose((X @ W_Q) @ (X @ W_K).T / np.sqrt(20), 8 * cosines, atol=1e-12)
    np.testing.assert_allclose(figures._sentence("like tokens", False)[1], softmax(8 * cosines))


def test_what_is_handed_over_is_the_weight_that_each_word_gets():
    tokens, X = figures.phrase()
    which = np.array([[token == word for word in figures.words()] for token in tokens], dtype=float)
    for head in figures.HEADS:
        np.testing.assert_allclose(X @ figures.head_matrices(head).W_V, which, atol=1e-10)
        outputs, weights = figures._sentence(head, True)
        np.testing.assert_allclose(outputs, weights @ which, atol=1e-10)


def test_the_sentence_reads_the_largest_shares():
    said = figures.draw_sentence(query=4, head="all alike", causal=True)[1]
    assert "most weight, 0.25, on 4 tokens alike" in said
    said = figures.draw_sentence(query=1, head="like tokens", causal=True)[1]
    assert said.endswith("most weight, 1.00, on “government” (1); handed over: 1.00 “government”.")
    said = figures.draw_sentence(query=8, head="like tokens", causal=True)[1]
    assert "on “people” (4) and “people” (8); handed over: 0.64 “people”, 0.18 “by” and" in said


def looked_up(diverged_at=-1):
    rates = np.array([0.1, 1.0])
    run = experiments.LookupRuns(
        learning_rates=rates,
        steps=np.array([0, 10]),
        losses=np.array([[1.5, 1.5], [0.04, 2.0]]),
        accuracy=np.array([0.987, 0.3]),
        diverged_at=np.array([-1, diverged_at]),
    )
    return {(16, scaled): run for scaled in (True, False)}


def test_the_look_up_says_start_end_and_divergence():
    def said(table, eta):
        return figures.draw_lookup(table, (1.2, 0.42), learning_rate=eta, d_k=16)[1]

    assert "divided by √dₖ starts at loss 1.5 and reaches 99 %;" in said(looked_up(), 0.1)
    assert "reaches 30 %, no better than looking at all keys alike." in said(looked_up(), 1.0)
    assert "unscaled diverged at update 7." in said(looked_up(diverged_at=7), 1.0)


@pytest.fixture(scope="module")
def reading():
    run = experiments.train_reader(np.random.default_rng(1), steps=20)
    return run, run, experiments.count_losses(*speeches())


def test_the_reader_says_where_it_looks(reading):
    said = figures.draw_reader(*reading, update=1, query=1)[1]
    assert said.startswith("After 1 update, letter 1, “t”, looks most at letter 1, “t”, itself")
    said = figures.draw_reader(*reading, update=20, query=13)[1]
    assert said.startswith("After 20 updates, letter 13, “b”, looks most at letter ")
    assert f"held-out loss {reading[0].losses[-1]:.2f}, counting bigrams 2.28." in said


BAD = [
    (lambda r: figures.draw_width(d_k=5, scaled=True), "d_k must be one of"),
    (lambda r: figures.draw_temperature(temperature=0.0), "temperature must be greater than 0"),
    (lambda r: figures.draw_temperature(temperature=np.nan), "temperature must be a finite"),
    (lambda r: figures.draw_mask(mask="all", changed=1), "mask must be one of"),
    (lambda r: figures.draw_mask(mask="causal", changed=7), "changed must be the place of a token"),
    (lambda r: figures.draw_sentence(query=0, head="all alike", causal=False), "query must be"),
    (lambda r: figures.draw_sentence(query=13, head="all alike", causal=False), "query must be"),
    (lambda r: figures.draw_sentence(query=1, head="none", causal=False), "head must be one of"),
    (lambda r: figures.head_matrices("none"), "head must be one of"),
    (lambda r: figures.draw_lookup(looked_up(), (1, 0.4), learning_rate=0.2, d_k=16),
     "learning_rate must be one of"),
    (lambda r: figures.draw_reader(*r, update=30, query=1), "update must be one of"),
    (lambda r: figures.draw_reader(*r, update=20, query=14), "query must be the place of a letter"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_values_are_named(call, message, reading):
    with pytest.raises(ValueError, match=message):
        call(reading)
