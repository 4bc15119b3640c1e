"""The exercises of the chapter on attention."""

import numpy as np

from helpers.exercises.engine import Exercise
from helpers.mathematics.activations import softmax, softmax_vjp
from helpers.mathematics.attention import (
    scaled_dot_product_attention,
    scaled_dot_product_attention_vjp,
)


def _examples(count):
    """Inputs (Q, K, V, G) of several shapes: n_q ≠ n_k and d_v ≠ d_k."""
    rng = np.random.default_rng(21)
    sizes = [(2, 3, 4, 2), (3, 3, 2, 5), (1, 4, 9, 3)][:count]
    return tuple(
        (
            rng.standard_normal((n_q, d_k)),
            rng.standard_normal((n_k, d_k)),
            rng.standard_normal((n_k, d_v)),
            rng.standard_normal((n_q, d_v)),
        )
        for n_q, n_k, d_k, d_v in sizes
    )


def _lines():
    rng = np.random.default_rng(22)
    return tuple((softmax(rng.standard_normal(n)), rng.standard_normal(n)) for n in (2, 5, 9))


def _votes():
    rng = np.random.default_rng(23)
    members = (np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0, 0.0, 1.0]))
    return tuple((softmax(rng.standard_normal(len(m))), m) for m in members)


def _readings():
    """(G, tokens, m) with repeated tokens and tokens that do not occur."""
    rng = np.random.default_rng(24)
    read = (([2, 0, 2], 4), ([1, 1, 1, 3, 1], 5))
    return tuple((rng.standard_normal((len(t), 3)), np.array(t), m) for t, m in read)


def _table(G, tokens, m, combine):
    rows = [G[tokens == v] for v in range(m)]
    return np.stack([combine(r) if len(r) else np.zeros(G.shape[1]) for r in rows])


def _to_scores(Q, K, V, G, *, row=True, scaled=True, axis=1):
    A = scaled_dot_product_attention(Q, K, V)[1]
    dA = G @ V.T
    mean = (A * dA).sum(axis=axis, keepdims=True) if row else 0.0
    return A * (dA - mean) * (Q.shape[1] ** -0.5 if scaled else 1.0)


EXERCISES = [
    Exercise(
        "attention-predict-1",
        "no",
        slips={"This head compares what the tokens are, and the three are the same.": "yes"},
        praise="Equal vectors get equal weights.",
    ),
    Exercise(
        "attention-predict-3",
        "the last",
        slips={
            "The first token can then see only itself.": "the first",
            "A row that looked ahead has to give that weight to others.": "all",
        },
        praise="Only the last token has nothing after it that the mask could hide.",
    ),
    Exercise(
        "attention-1",
        # Scores 0 and ln 4: weights 1/5 and 4/5; values 10 and 0.
        2.0,
        slips={
            "That is the weight of the first key; the output weighs its value.": 0.2,
            "The weights have changed places: the larger score has value 0.": 8.0,
            "Equal weights would give this; the scores differ.": 5.0,
        },
        praise="Weights 1/5 and 4/5, so the output is 10/5.",
    ),
    Exercise(
        "attention-2",
        "double",
        slips={
            "Adding a constant to a row changes no gap: the weights stay the same.": "shift",
            "Reordering keys with their values reorders the weights, the output stays.": "reorder",
        },
        praise="Doubling the scores doubles the gaps; that is a temperature of one half.",
    ),
    Exercise(
        "attention-3",
        lambda s, u: s * (u - s @ u),
        inputs=_lines(),
        slips={
            "That is the diagonal of the Jacobian only: every weight depends on every score.": (
                lambda s, u: s * (1 - s) * u
            ),
            "That is the part diag(s) u only: the part s sᵀ u is missing.": (lambda s, u: s * u),
            "The factor s in front is lost.": lambda s, u: u - s @ u,
            "The mean to subtract is weighted by s.": lambda s, u: s * (u - u.mean()),
            "The entries of s are weights already: no softmax is needed.": (
                lambda s, u: softmax_vjp(u, s)
            ),
        },
        praise="Written as s ∘ (u − ⟨s, u⟩) it costs about n operations; by the matrix, n².",
    ),
    Exercise(
        "attention-4",
        lambda Q, K, V, G: scaled_dot_product_attention_vjp(G, Q, K, V).K,
        inputs=_examples(3),
        slips={
            "The factor 1/√d_k of the scores belongs to their gradient as well.": (
                lambda Q, K, V, G: _to_scores(Q, K, V, G, scaled=False).T @ Q
            ),
            "The term that the softmax subtracts from each row is lost.": (
                lambda Q, K, V, G: _to_scores(Q, K, V, G, row=False).T @ Q
            ),
            "The scores are divided by √d_k before the softmax.": (
                lambda Q, K, V, G: scaled_dot_product_attention_vjp(G, Q, K, V, scale=1.0).K
            ),
            "The constant is 1/√d_k, from the number of columns, not of keys.": (
                lambda Q, K, V, G: (
                    scaled_dot_product_attention_vjp(G, Q, K, V, scale=len(K) ** -0.5).K
                )
            ),
            "What is subtracted is summed along each row, axis 1, not down the columns.": (
                lambda Q, K, V, G: _to_scores(Q, K, V, G, axis=0).T @ Q
            ),
            "Two things are lost: the factor 1/√d_k, and what softmax subtracts from each row.": (
                lambda Q, K, V, G: _to_scores(Q, K, V, G, row=False, scaled=False).T @ Q
            ),
        },
        praise="Each key collects from all queries: that is the transpose.",
    ),
    Exercise(
        "attention-5",
        # (1 + ρ²) d_k with ρ = 0.6 and d_k = 100.
        136.0,
        slips={
            "That holds for independent components; here ρ = 0.6.": 100.0,
            "That is the variance within one row, (1 − ρ²) d_k.": 64.0,
            "The correlation enters squared.": 160.0,
        },
        praise="(1 + 0.36) · 100.",
    ),
    Exercise(
        "attention-6",
        lambda a, member: a - a * member / (a @ member),
        inputs=_votes(),
        slips={
            "That is the gradient of log o, not of −log o.": (
                lambda a, member: a * member / (a @ member) - a
            ),
            "Among the right keys the weights have to be divided by their sum.": (
                lambda a, member: a - a * member
            ),
            "That is the gradient of −o: the factor 1/o from the logarithm is lost.": (
                lambda a, member: a * (a @ member) - a * member
            ),
            "That is the gradient of o itself: the sign and the factor 1/o are lost.": (
                lambda a, member: a * member - a * (a @ member)
            ),
            "That is the gradient to the weights: the softmax is still to be gone through.": (
                lambda a, member: -member / (a @ member)
            ),
        },
        praise="The sizes of its entries sum to 2(1 − o): not 0 while the vote is wrong.",
    ),
    Exercise(
        "attention-7",
        lambda G, tokens, m: _table(G, tokens, m, lambda rows: rows.sum(axis=0)),
        inputs=_readings(),
        slips={
            "A repeated token keeps only its last gradient: each of them has to be added.": (
                lambda G, tokens, m: _table(G, tokens, m, lambda rows: rows[-1])
            ),
            "The gradients of a repeated token are added, not averaged.": (
                lambda G, tokens, m: _table(G, tokens, m, lambda rows: rows.mean(axis=0))
            ),
        },
        praise="Rows that were not read get 0.",
    ),
]
