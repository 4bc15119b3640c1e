"""Vectors made from counts and from positions: by hand, and what they promise."""

import numpy as np
import pytest

from helpers.mathematics import token_vectors
from helpers.mathematics.activations import softmax

TOKENS = ["a", "b", "c", "a", "d", "b", "a", "c", "e", "d", "f", "b", "a", "e"]


def test_cooccurrence_by_hand():
    vocabulary, counts = token_vectors.cooccurrence(["a", "b", "a", "c"], 2)
    assert vocabulary == ["a", "b", "c"]
    # Pairs at distance 1: ab, ba, ac; at distance 2: aa, bc.
    np.testing.assert_array_equal(counts, [[2, 2, 1], [2, 0, 1], [1, 1, 0]])


def test_cooccurrence_counts_each_pair_within_the_window():
    vocabulary, counts = token_vectors.cooccurrence(TOKENS, 3)
    expected = np.zeros((6, 6))
    for i, first in enumerate(TOKENS):
        for j, second in enumerate(TOKENS):
            if i != j and abs(i - j) <= 3:
                expected[vocabulary.index(first), vocabulary.index(second)] += 1
    np.testing.assert_array_equal(counts, expected)


def test_positive_pmi_by_hand():
    # p(ab) = 1/2 twice, p(a) = p(b) = 1/2: log((1/2) / (1/4)) = ln 2; never seen: 0.
    np.testing.assert_allclose(token_vectors.positive_pmi([[0, 3], [3, 0]]), [[0, np.log(2)]] * 1
                               + [[np.log(2), 0]])  # fmt: skip


def test_positive_pmi_is_the_logarithm_where_it_is_positive():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 4, size=(5, 5)).astype(float)
    counts += counts.T
    joint = counts / counts.sum()
    for i, j in np.ndindex(5, 5):
        wanted = 0.0
        if joint[i, j] > 0:
            wanted = max(0.0, np.log(joint[i, j] / (joint[i].sum() * joint[j].sum())))
        np.testing.assert_allclose(token_vectors.positive_pmi(counts)[i, j], wanted, atol=1e-14)


def test_tokens_may_come_from_anywhere():
    for tokens in (iter(TOKENS), tuple(TOKENS), np.array(TOKENS)):
        vocabulary, counts = token_vectors.cooccurrence(tokens, 2)
        expected = token_vectors.cooccurrence(TOKENS, 2)
        assert list(vocabulary) == expected[0]
        np.testing.assert_array_equal(counts, expected[1])


def test_content_vectors_keep_the_angles_of_the_truncated_decomposition():
    vocabulary, counts = token_vectors.cooccurrence(TOKENS, 2)
    matrix = token_vectors.positive_pmi(counts)
    vectors = token_vectors.content_vectors(vocabulary, TOKENS, d=3, window=2)
    assert vectors.shape == (6, 3)
    U, s, _ = np.linalg.svd(matrix)
    gram = (U[:, :3] * s[:3]) @ U[:, :3].T  # inner products of U √s
    sizes = np.sqrt(gram.diagonal())
    np.testing.assert_allclose(vectors @ vectors.T, gram / np.outer(sizes, sizes), atol=1e-12)
    again = token_vectors.content_vectors(["b", "a", "b"], TOKENS, d=3, window=2)
    np.testing.assert_array_equal(again, vectors[[1, 0, 1]])


def test_content_vectors_have_12_numbers_from_windows_of_3_unless_told():
    tokens = [str(i % 17) for i in range(90)]
    default = token_vectors.content_vectors(["3", "5"], tokens)
    assert default.shape == (2, 12)
    same = token_vectors.content_vectors(["3", "5"], tokens, d=12, window=3)
    np.testing.assert_array_equal(default, same)
    assert token_vectors.content_vectors(["a"], ["a", "b", "a"], d=2).shape == (1, 2)


def test_positions_turn_by_their_frequencies():
    P = token_vectors.position_vectors(4, 6)
    omegas = [2 * np.pi / 3, 2 * np.pi / np.sqrt(3 * 40), 2 * np.pi / 40]
    for i, (j, omega) in ((i, pair) for i in range(4) for pair in enumerate(omegas)):
        wanted = np.array([np.cos(omega * i), np.sin(omega * i)]) / np.sqrt(3)
        np.testing.assert_allclose(P[i, 2 * j : 2 * j + 2], wanted, atol=1e-12)
    assert token_vectors.position_vectors(1).shape == (1, 8)
    assert token_vectors.shift_matrix().shape == (8, 8)
    np.testing.assert_array_equal(token_vectors.shift_matrix(2), token_vectors.shift_matrix(2, 1))


@pytest.mark.parametrize("back", [1, 2, -3])
def test_one_matrix_turns_every_position_back(back):
    P = token_vectors.position_vectors(20, 6)
    np.testing.assert_allclose(np.linalg.norm(P, axis=1), 1)
    moved = P @ token_vectors.shift_matrix(6, back)
    inside = [i for i in range(20) if 0 <= i - back < 20]
    np.testing.assert_allclose(moved[inside], P[[i - back for i in inside]], atol=1e-12)


def test_neighbours_differ_most_clearly_from_each_other():
    P = token_vectors.position_vectors(12)
    weights = softmax(8 * P @ P.T)
    assert (weights.argmax(axis=1) == np.arange(12)).all()


BAD = [
    (lambda: token_vectors.cooccurrence([], 1), "tokens must have"),
    (lambda: token_vectors.cooccurrence(["a"], 0), "window must be at least 1"),
    (lambda: token_vectors.positive_pmi([[1.0, 2.0]]), "counts must be square"),
    (lambda: token_vectors.positive_pmi([[-1.0]]), "counts must be at least 0"),
    (lambda: token_vectors.positive_pmi([[0.0]]), "counts must be at least 0 and not all 0"),
    (lambda: token_vectors.content_vectors(["x"], ["a", "b"], d=1), "tokens must be tokens of"),
    (lambda: token_vectors.content_vectors(["a"], ["a", "b"], d=3), "d must be at most the 2"),
    (lambda: token_vectors.position_vectors(3, 3), "d must be even"),
    (lambda: token_vectors.shift_matrix(5), "d must be even"),
    (lambda: token_vectors.positive_pmi(np.zeros((0, 0))), "counts must have at least 1"),
    (lambda: token_vectors.positive_pmi([1.0]), "counts must have 2 dimension"),
    (lambda: token_vectors.positive_pmi([[2.0, -1.0], [-1.0, 2.0]]), "got a sum of 2"),
    (lambda: token_vectors.content_vectors([], ["a", "b"], d=1), "tokens of the corpus, got none"),
    (lambda: token_vectors.content_vectors(["a"], ["a", "b"], d=0), "d must be at least 1"),
    (lambda: token_vectors.position_vectors(0), "n must be at least 1"),
    (lambda: token_vectors.position_vectors(3, 0), "d must be at least 2"),
    (lambda: token_vectors.shift_matrix(0), "d must be at least 2"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
