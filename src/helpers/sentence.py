"""Vectors for the tokens of one real sentence, made without training: counts and positions.

The text is the Gettysburg Address (A. Lincoln, 1863, the Bliss copy with its dashes written as
commas; public domain). A token's content vector comes from which tokens stand near it in this
text, its position vector from where it stands in the sentence. Both are made by a stated rule; no
language model is involved.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from helpers._validate import as_count, as_finite_array, describe

ADDRESS = """
Four score and seven years ago our fathers brought forth on this continent, a new nation,
conceived in Liberty, and dedicated to the proposition that all men are created equal.

Now we are engaged in a great civil war, testing whether that nation, or any nation so conceived
and so dedicated, can long endure. We are met on a great battle-field of that war. We have come to
dedicate a portion of that field, as a final resting place for those who here gave their lives
that that nation might live. It is altogether fitting and proper that we should do this.

But, in a larger sense, we can not dedicate, we can not consecrate, we can not hallow, this
ground. The brave men, living and dead, who struggled here, have consecrated it, far above our
poor power to add or detract. The world will little note, nor long remember what we say here, but
it can never forget what they did here. It is for us the living, rather, to be dedicated here to
the unfinished work which they who fought here have thus far so nobly advanced. It is rather for
us to be here dedicated to the great task remaining before us, that from these honored dead we
take increased devotion to that cause for which they gave the last full measure of devotion, that
we here highly resolve that these dead shall not have died in vain, that this nation, under God,
shall have a new birth of freedom, and that government of the people, by the people, for the
people, shall not perish from the earth.
"""

#: The part of the last sentence that the chapter looks at.
PHRASE = "government of the people, by the people, for the people"


def tokenize(text):
    """Lower-case tokens of ``text``: words (with inner hyphens) and punctuation signs.

    Real models use pieces of words, found by counting; here a token happens to be a word or a sign.
    ``ValueError`` when ``text`` is not a string or has no token.
    """
    if not isinstance(text, str):
        raise ValueError(f"text must be a string, got {describe(text)}")
    tokens = re.findall(r"[a-z]+(?:-[a-z]+)*|[^\w\s]", text.lower())
    if not tokens:
        raise ValueError(f"text must have at least one word or sign, got {text!r}")
    return tokens


def cooccurrence(tokens, window):
    """How often two tokens of the vocabulary stand at most ``window`` places apart.

    Returns ``(vocabulary, counts)``: the sorted list of m tokens, and a symmetric ``(m, m)`` array.
    ``ValueError`` when ``window`` is below 1 or there are no tokens.
    """
    window = as_count(window, "window")
    tokens = list(tokens)
    if not tokens:
        raise ValueError("tokens must have at least one entry, got none")
    vocabulary = sorted(set(tokens))
    numbers = np.array([vocabulary.index(token) for token in tokens])
    counts = np.zeros((len(vocabulary), len(vocabulary)))
    for distance in range(1, window + 1):
        np.add.at(counts, (numbers[distance:], numbers[:-distance]), 1)
    return vocabulary, counts + counts.T


def positive_pmi(counts):
    """Positive pointwise mutual information max(0, log p_ij / (p_i p_j)) of symmetric counts.

    ``counts``: ``(m, m)``, at least 0; pairs never seen get 0.
    ``ValueError`` when it is not square, negative, or all 0.
    Source: Church and Hanks (1990); positive part: Levy and Goldberg (2014).
    """
    counts = as_finite_array(counts, "counts", ndim=2, min_size=1)
    if counts.shape[0] != counts.shape[1]:
        raise ValueError(f"counts must be square, got shape {counts.shape}")
    if (counts < 0).any() or not counts.any():
        raise ValueError(f"counts must be at least 0 and not all 0, got a sum of {counts.sum():g}")
    joint = counts / counts.sum()
    alone = joint.sum(axis=1)
    expected = np.outer(alone, alone)
    seen = joint > 0
    return np.where(seen, np.log(np.where(seen, joint, 1) / np.where(seen, expected, 1)).clip(0), 0)


def content_vectors(tokens, corpus, *, d=12, window=3):
    """Unit vectors ``(n, d)`` of ``tokens``: truncated SVD of the positive PMI of ``corpus``.

    Equal tokens get equal vectors, wherever they stand. Only inner products mean anything: the
    signs of the singular vectors are arbitrary.
    ``ValueError`` when a token is not in ``corpus``, or ``d`` exceeds the size of its vocabulary.
    """
    d = as_count(d, "d")
    vocabulary, counts = cooccurrence(corpus, window)
    if d > len(vocabulary):
        raise ValueError(f"d must be at most the {len(vocabulary)} tokens known, got {d}")
    unknown = [token for token in tokens if token not in vocabulary]
    if unknown or not len(tokens):
        raise ValueError(f"tokens must be tokens of the corpus, got {unknown or 'none'}")
    U, s, _ = np.linalg.svd(positive_pmi(counts))
    vectors = U[:, :d] * np.sqrt(s[:d])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors[[vocabulary.index(token) for token in tokens]]


def position_vectors(n, d=8):
    """Sinusoidal positions ``(n, d)``: pairs (cos ω_j i, sin ω_j i), each vector of length 1.

    The frequencies ω_j fall geometrically from 2π/3 to 2π/40, so that neighbours differ clearly.
    ``ValueError`` when ``n`` is below 1 or ``d`` is not an even number of at least 2.
    Source: the idea of Vaswani et al. (2017), section 3.5, with other frequencies.
    """
    n, d = as_count(n, "n"), as_count(d, "d", minimum=2)
    if d % 2:
        raise ValueError(f"d must be even, got {d}")
    angles = np.outer(np.arange(n), _frequencies(d))
    pairs = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return pairs.reshape(n, d) / np.sqrt(d / 2)


def shift_matrix(d=8, back=1):
    """Matrix R ``(d, d)`` with ``position(i) @ R = position(i − back)``, the same for every i.

    That such a matrix exists is the angle-addition theorem: each pair is turned by −ω_j·back.
    ``ValueError`` when ``d`` is not an even number of at least 2.
    """
    position_vectors(1, d)
    R = np.zeros((d, d))
    for j, omega in enumerate(_frequencies(d)):
        c, s = np.cos(omega * back), np.sin(omega * back)
        R[2 * j : 2 * j + 2, 2 * j : 2 * j + 2] = [[c, -s], [s, c]]
    return R


@cache
def phrase():
    """The tokens of ``PHRASE`` and their inputs X ``(n, 20)``: 12 of content, then 8 of position.

    Do not change the returned array: it is computed once.
    """
    tokens = tokenize(PHRASE)
    content = content_vectors(tokens, tokenize(ADDRESS))
    X = np.concatenate([content, position_vectors(len(tokens))], axis=1)
    X.flags.writeable = False
    return tuple(tokens), X


def _frequencies(d):
    return np.geomspace(2 * np.pi / 3, 2 * np.pi / 40, d // 2)
