"""The vectors of the real sentence: what they are made of, and that they show what is said."""

import re

import numpy as np
import pytest

from helpers.data import gettysburg as sentence


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


def test_equal_tokens_have_equal_unit_vectors():
    tokens, X = sentence.phrase()
    content = X[:, :12]
    np.testing.assert_allclose(np.linalg.norm(content, axis=1), 1)
    people = [i for i, token in enumerate(tokens) if token == "people"]
    assert people == [3, 7, 11]
    np.testing.assert_array_equal(content[people], content[[3, 3, 3]])


BAD = [
    (lambda: sentence.tokenize(3), "text must be a string"),
    (lambda: sentence.tokenize("   "), "text must have at least one"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
