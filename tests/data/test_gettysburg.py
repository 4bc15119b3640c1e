"""The vectors of the real sentence: what they are made of, and that they show what is said."""

import re

import numpy as np
import pytest

from helpers.data import gettysburg as sentence
from helpers.mathematics import token_vectors
from helpers.mathematics.activations import softmax


def test_the_address_has_some_270_words():
    words = [t for t in sentence.tokenize(sentence.ADDRESS) if re.match("[a-z]", t)]
    assert abs(len(words) - 270) <= 2  # editions differ in what they join by a hyphen
    assert sentence.ADDRESS.split()[:2] == ["Four", "score"]


def test_the_phrase_is_in_the_address():
    flat = " ".join(sentence.ADDRESS.split())
    assert sentence.PHRASE in flat
    tokens, X = sentence.phrase()
    assert tokens[:4] == ("government", "of", "the", "people")
    assert X.shape == (12, 20)


def test_tokens_are_words_and_signs():
    assert sentence.tokenize("A battle-field, here.") == ["a", "battle-field", ",", "here", "."]


def test_cooccurrence_by_hand():
    vocabulary, counts = token_vectors.cooccurrence(["a", "b", "a", "c"], 2)
    assert vocabulary == ["a", "b", "c"]
    # Pairs at distance 1: ab, ba, ac; at distance 2: aa, bc.
    np.testing.assert_array_equal(counts, [[2, 2, 1], [2, 0, 1], [1, 1, 0]])


def test_positive_pmi_by_hand():
    # p(ab) = 1/2 twice, p(a) = p(b) = 1/2: log((1/2) / (1/4)) = ln 2; never seen: 0.
    np.testing.assert_allclose(token_vectors.positive_pmi([[0, 3], [3, 0]]), [[0, np.log(2)]] * 1
                               + [[np.log(2), 0]])  # fmt: skip


def test_equal_tokens_have_equal_unit_vectors():
    tokens, X = sentence.phrase()
    content = X[:, :12]
    np.testing.assert_allclose(np.linalg.norm(content, axis=1), 1)
    people = [i for i, token in enumerate(tokens) if token == "people"]
    assert people == [3, 7, 11]
    np.testing.assert_array_equal(content[people], content[[3, 3, 3]])


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
    (lambda: sentence.tokenize(3), "text must be a string"),
    (lambda: sentence.tokenize("   "), "text must have at least one"),
    (lambda: token_vectors.cooccurrence([], 1), "tokens must have"),
    (lambda: token_vectors.cooccurrence(["a"], 0), "window must be at least 1"),
    (lambda: token_vectors.positive_pmi([[1.0, 2.0]]), "counts must be square"),
    (lambda: token_vectors.positive_pmi([[-1.0]]), "counts must be at least 0"),
    (lambda: token_vectors.positive_pmi([[0.0]]), "counts must be at least 0 and not all 0"),
    (lambda: token_vectors.content_vectors(["x"], ["a", "b"], d=1), "tokens must be tokens of"),
    (lambda: token_vectors.content_vectors(["a"], ["a", "b"], d=3), "d must be at most the 2"),
    (lambda: token_vectors.position_vectors(3, 3), "d must be even"),
    (lambda: token_vectors.shift_matrix(5), "d must be even"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
