"""Vectors for tokens, made without training: from counts of neighbours, and from positions.

A token's content vector comes from which tokens stand near it in a text, its position vector from
where it stands. Both are made by a stated rule; no language model is involved.
"""

from __future__ import annotations

import numpy as np

from helpers.mathematics.validate import as_count, as_finite_array


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


def _frequencies(d):
    return np.geomspace(2 * np.pi / 3, 2 * np.pi / 40, d // 2)
