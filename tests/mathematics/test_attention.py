"""Attention, its masks, heads and backward pass; and what is commonly said about √d_k."""

import warnings

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from helpers.mathematics import attention as att
from helpers.mathematics.activations import softmax, softmax_jacobian, softmax_jacobian_norm
from helpers.mathematics.numdiff import GradientMismatch, check_vjp


@pytest.fixture
def rng():
    return np.random.default_rng(13)


def plain_attention(Q, K, V, scale):
    """The formula alone, in autograd's NumPy: the independent second opinion."""
    S = scale * anp.matmul(Q, anp.swapaxes(K, -1, -2))
    E = anp.exp(S)
    return anp.matmul(E / anp.sum(E, axis=-1, keepdims=True), V)


@st.composite
def heads(draw):
    """Q, K, V of any small sizes, with batch axes that broadcast, a mask and a scale."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    batch = draw(st.sampled_from([(), (2,), (3, 2), (1, 2)]))
    n_q, n_k, d_k, d_v = (draw(st.integers(1, 4)) for _ in range(4))
    q_batch = draw(st.sampled_from([batch, (1,) * len(batch), ()]))
    v_batch = draw(st.sampled_from([batch, ()]))
    Q = rng.standard_normal((*q_batch, n_q, d_k))
    K = rng.standard_normal((*batch, n_k, d_k))
    V = rng.standard_normal((*v_batch, n_k, d_v))
    mask = rng.random((n_q, n_k)) < 0.6 if draw(st.booleans()) else None
    scale = draw(st.sampled_from([None, 1.0, 0.3]))
    return Q, K, V, mask, scale, rng


# --- forward ------------------------------------------------------------------------------------


@given(heads())
def test_forward_is_the_definition_written_as_loops(case):
    Q, K, V, mask, scale, _ = case
    output, weights = att.scaled_dot_product_attention(Q, K, V, mask=mask, scale=scale)
    batch = np.broadcast_shapes(Q.shape[:-2], K.shape[:-2], V.shape[:-2])
    Q, K, V, A = (np.broadcast_to(M, batch + M.shape[-2:]) for M in (Q, K, V, weights))
    c = 1 / np.sqrt(Q.shape[-1]) if scale is None else scale
    for b in np.ndindex(batch):
        for i, q in enumerate(Q[b]):
            seen = [j for j in range(len(K[b])) if mask is None or mask[i, j]]
            expected, total = np.zeros(V.shape[-1]), 0.0
            for j in seen:
                e = np.exp(c * sum(q * K[b][j]))
                total += e
                expected = expected + e * V[b][j]
            expected = expected / total if seen else expected
            np.testing.assert_allclose(output[b][i], expected, atol=1e-12)
            np.testing.assert_allclose(A[b][i].sum(), bool(seen), atol=1e-12)


def test_the_number_by_hand():
    # Scores 0 and ln 3, weights 1/4 and 3/4, output (1/4)·0 + (3/4)·8 = 6.
    Q, K, V = [[1.0]], [[0.0], [np.log(3)]], [[0.0], [8.0]]
    output, weights = att.scaled_dot_product_attention(Q, K, V)
    np.testing.assert_allclose(weights, [[0.25, 0.75]])
    np.testing.assert_allclose(output, [[6.0]])


def test_permuting_keys_with_their_values_changes_nothing(rng):
    Q, K, V = rng.standard_normal((3, 5, 4))
    p = rng.permutation(5)
    output, weights = att.scaled_dot_product_attention(Q, K, V)
    permuted, moved = att.scaled_dot_product_attention(Q, K[p], V[p])
    np.testing.assert_allclose(permuted, output)
    np.testing.assert_allclose(moved, weights[:, p])


def test_a_batch_needs_the_last_two_axes_swapped_not_all_of_them(rng):
    Q, K, V = (rng.standard_normal((2, 5, 4)) for _ in range(3))
    with pytest.raises(ValueError, match="matmul"):
        Q @ K.T
    output, _ = att.scaled_dot_product_attention(Q, K, V)
    for b in range(2):
        alone, _ = att.scaled_dot_product_attention(Q[b], K[b], V[b])
        np.testing.assert_allclose(output[b], alone)


def test_the_largest_float_does_not_overflow_where_a_plain_exp_does():
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isnan(np.exp(1000.0) / np.exp(1000.0))
    output, _ = att.scaled_dot_product_attention([[1000.0]], [[1.0], [0.999]], [[1.0], [0.0]])
    np.testing.assert_allclose(output, [[1 / (1 + np.exp(-1))]])


# --- masks --------------------------------------------------------------------------------------


def test_causal_mask_keeps_the_future_out(rng):
    X = rng.standard_normal((5, 3))
    before, weights = att.scaled_dot_product_attention(X, X, X, mask=att.causal_mask(5))
    assert (np.triu(weights, 1) == 0).all()
    X[3:] += 10
    after, _ = att.scaled_dot_product_attention(X, X, X, mask=att.causal_mask(5))
    np.testing.assert_array_equal(before[:3], after[:3])


def test_padding_mask_is_the_same_as_cutting_the_padding_off(rng):
    Q, K, V = rng.standard_normal((3, 2, 4, 3))
    mask = att.padding_mask([2, 4], 4)
    assert mask.shape == (2, 1, 4)
    output, _ = att.scaled_dot_product_attention(Q, K, V, mask=mask)
    short, _ = att.scaled_dot_product_attention(Q[0], K[0, :2], V[0, :2])
    np.testing.assert_allclose(output[0], short)
    np.testing.assert_allclose(output[1], att.scaled_dot_product_attention(Q[1], K[1], V[1])[0])


def test_a_fully_masked_row_is_zero_with_zero_gradient_and_no_warning(rng):
    Q, K, V, G = rng.standard_normal((4, 2, 3, 3))
    mask = att.padding_mask([0, 3], 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        output, weights = att.scaled_dot_product_attention(Q, K, V, mask=mask)
        gradients = att.scaled_dot_product_attention_vjp(G, Q, K, V, mask=mask)
    assert (output[0] == 0).all()
    assert (weights[0] == 0).all()
    for gradient in gradients:
        assert (gradient[0] == 0).all()
        assert (gradient[1] != 0).all()


def test_masking_by_minus_infinity_would_have_given_nan():
    # What the claim is about: softmax over a row of −∞ is 0/0.
    row = np.full(3, -np.inf)
    with np.errstate(invalid="ignore"):
        assert np.isnan(np.exp(row - row.max())).all()
    assert (softmax(np.zeros(3), where=np.zeros(3, dtype=bool)) == 0).all()


# --- backward -----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(heads())
def test_gradients_to_Q_K_V_match_finite_differences(case):
    Q, K, V, mask, scale, rng = case
    check_vjp(
        lambda Q, K, V: att.scaled_dot_product_attention(Q, K, V, mask=mask, scale=scale)[0],
        lambda u, Q, K, V: att.scaled_dot_product_attention_vjp(u, Q, K, V, mask=mask, scale=scale),
        Q,
        K,
        V,
        rng=rng,
        names=("Q", "K", "V"),
        directions=2,
    )


@settings(deadline=None, max_examples=25)
@given(heads())
def test_gradients_to_Q_K_V_match_autograd(case):
    Q, K, V, _, scale, rng = case
    c = 1 / np.sqrt(Q.shape[-1]) if scale is None else scale
    u = rng.standard_normal(att.scaled_dot_product_attention(Q, K, V)[0].shape)

    def total(Q, K, V):
        return anp.sum(u * plain_attention(Q, K, V, c))

    mine = att.scaled_dot_product_attention_vjp(u, Q, K, V, scale=scale)
    for k, gradient in enumerate(mine):
        np.testing.assert_allclose(gradient, grad(total, k)(Q, K, V), atol=1e-11)


@pytest.mark.parametrize("slip", ["no scale", "no row term", "Q and K exchanged", "0.1 %"])
def test_the_check_fails_on_typical_slips(slip, rng):
    Q, K, V = (rng.standard_normal((3, 4)) for _ in range(3))

    def wrong(G, Q, K, V):
        A = att.scaled_dot_product_attention(Q, K, V)[1]
        dA = G @ V.T
        row = 0 if slip == "no row term" else (A * dA).sum(axis=1, keepdims=True)
        dS = A * (dA - row) / (1 if slip == "no scale" else 2)
        dQ, dK = dS @ K, dS.T @ Q
        if slip == "Q and K exchanged":
            dQ, dK = dK, dQ
        return dQ * (1.001 if slip == "0.1 %" else 1), dK, A.T @ G

    with pytest.raises(GradientMismatch):
        check_vjp(lambda *a: att.scaled_dot_product_attention(*a)[0], wrong, Q, K, V, rng=rng)


# --- heads --------------------------------------------------------------------------------------


@given(array_shapes(min_dims=2, max_dims=4, max_side=4), st.integers(1, 4))
def test_merge_undoes_split(shape, h):
    X = np.arange(np.prod(shape) * h, dtype=float).reshape(*shape[:-1], shape[-1] * h)
    split = att.split_heads(X, h)
    assert split.shape == (*shape[:-2], h, shape[-2], shape[-1])
    np.testing.assert_array_equal(att.merge_heads(split), X)
    np.testing.assert_array_equal(split[..., 0, :, :], X[..., : shape[-1]])


@st.composite
def layers(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    batch = draw(st.sampled_from([(), (2,), (2, 2)]))
    h, n_q, n_k, d_k, d_v, d_model = (draw(st.integers(1, 3)) for _ in range(6))
    X = rng.standard_normal((*batch, n_q, d_model))
    cross = draw(st.booleans())
    d_context = draw(st.integers(1, 3)) if cross else d_model
    context = rng.standard_normal((*batch, n_k, d_context)) if cross else None
    W_Q = rng.standard_normal((d_model, h * d_k))
    W_K = rng.standard_normal((d_context, h * d_k))
    W_V = rng.standard_normal((d_context, h * d_v))
    W_O = rng.standard_normal((h * d_v, draw(st.integers(1, 3))))
    keys = n_k if cross else n_q
    mask = rng.random((*batch, n_q, keys)) < 0.7 if draw(st.booleans()) else None
    return X, context, (W_Q, W_K, W_V, W_O), {"n_heads": h, "mask": mask}, rng


@settings(deadline=None, max_examples=40)
@given(layers(), st.booleans())
def test_gradients_to_inputs_and_weight_matrices_match_finite_differences(case, output_map):
    X, context, weights, options, rng = case
    weights = weights if output_map else weights[:3]
    cross = context is not None

    def unpack(arrays):
        X, *rest = arrays
        C = rest.pop(0) if cross else None
        return X, rest, C

    def f(*arrays):
        X, W, C = unpack(arrays)
        return att.multi_head_attention(X, *W, context=C, **options)[0]

    def vjp(u, *arrays):
        X, W, C = unpack(arrays)
        g = att.multi_head_attention_vjp(u, X, *W, context=C, **options)
        wanted = (g.W_Q, g.W_K, g.W_V, g.W_O)[: len(W)]
        return (g.X, g.context, *wanted) if cross else (g.X, *wanted)

    arguments = (X, context, *weights) if cross else (X, *weights)
    check_vjp(f, vjp, *arguments, rng=rng, directions=2)


@pytest.mark.parametrize("cross", [False, True])
def test_gradients_of_two_heads_match_autograd(cross, rng):
    X, C = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 5, 4))
    W_Q, W_K = rng.standard_normal((2, 4, 6))
    W_V, W_O = rng.standard_normal((4, 10)), rng.standard_normal((10, 3))
    u = rng.standard_normal((2, 3, 3))

    def total(X, C, W_Q, W_K, W_V, W_O):
        C = C if cross else X
        parts = [
            plain_attention(
                anp.matmul(X, W_Q[:, 3 * h : 3 * h + 3]),
                anp.matmul(C, W_K[:, 3 * h : 3 * h + 3]),
                anp.matmul(C, W_V[:, 5 * h : 5 * h + 5]),
                1 / np.sqrt(3),
            )
            for h in range(2)
        ]
        return anp.sum(u * anp.matmul(anp.concatenate(parts, axis=-1), W_O))

    g = att.multi_head_attention_vjp(
        u, X, W_Q, W_K, W_V, W_O, n_heads=2, context=C if cross else None
    )
    mine = (g.X, g.context, g.W_Q, g.W_K, g.W_V, g.W_O)
    for k, gradient in enumerate(mine):
        if gradient is not None:
            expected = grad(total, k)(X, C, W_Q, W_K, W_V, W_O)
            np.testing.assert_allclose(gradient, expected, atol=1e-10)


def test_one_head_without_maps_is_plain_attention(rng):
    X = rng.standard_normal((4, 3))
    eye = np.eye(3)
    output, weights = att.multi_head_attention(X, eye, eye, eye)
    plain, plain_weights = att.scaled_dot_product_attention(X, X, X)
    np.testing.assert_allclose(output, plain)
    np.testing.assert_allclose(weights[0], plain_weights)


# --- why √d_k, told with numbers ----------------------------------------------------------------


@pytest.mark.parametrize(("d_k", "typical"), [(8, 2.83), (64, 8.0), (512, 22.63)])
def test_typical_scores_grow_like_the_root_of_d_k_not_like_d_k(d_k, typical, rng):
    scores = att.random_scores(d_k, 10, 20_000, rng)
    assert scores.std() == pytest.approx(typical, rel=0.02)
    assert scores.var() == pytest.approx(d_k, rel=0.04)
    assert abs(scores.mean()) < 0.03 * typical


def test_random_scores_have_the_law_of_dot_products(rng):
    rho, d_k = 0.5, 6
    q, e = rng.standard_normal((2, 200_000, d_k))
    direct = (q * (rho * q + np.sqrt(1 - rho**2) * e)).sum(axis=1)
    drawn = att.random_scores(d_k, 1, 200_000, rng, correlation=rho)[:, 0]
    quantiles = np.linspace(0.02, 0.98, 9)
    np.testing.assert_allclose(
        np.quantile(drawn, quantiles), np.quantile(direct, quantiles), atol=0.08
    )


def test_with_correlation_one_half_neither_mean_nor_variance_is_what_independence_says(rng):
    # "Variance d_k" needs independence: the mean is ρ d_k = 256, the variance (1 + ρ²) d_k = 640.
    scores = att.random_scores(512, 20, 20_000, rng, correlation=0.5)
    assert scores.mean() == pytest.approx(256, rel=0.01)
    assert scores.var() == pytest.approx(640, rel=0.05)
    assert abs(scores.var() / 512 - 1) > 0.15  # the faulty claim


def test_22_63_and_97_percent_and_5e21_but_max_subtraction_never_sees_exp_of_50(rng):
    scores = att.random_scores(512, 512, 2_000, rng)
    assert np.sqrt(512) == pytest.approx(22.63, abs=0.01)
    assert np.mean(abs(scores) < 50) == pytest.approx(0.973, abs=0.002)
    assert np.exp(50) == pytest.approx(5.18e21, rel=0.01)
    assert (scores - scores.max(axis=1, keepdims=True)).max() == 0
    assert np.sqrt(64) == 8  # the head of 2017


@pytest.mark.parametrize(
    ("n", "share", "norm"), [(10, 0.72, 1.8e-4), (128, 0.57, 6e-3), (512, 0.51, 1.6e-2)]
)
def test_one_entry_near_1_is_not_every_row_and_the_jacobian_is_small_but_not_0(n, share, norm, rng):
    weights = softmax(att.random_scores(512, n, 30_000 if n < 500 else 15_000, rng))
    assert np.mean(weights.max(axis=1) > 0.99) == pytest.approx(share, abs=0.015)
    assert np.median(softmax_jacobian_norm(weights)) == pytest.approx(norm, rel=0.2)


def test_scaling_gives_the_same_jacobian_for_every_d_k(rng):
    norms = []
    for d_k in (8, 64, 512):
        weights = softmax(att.random_scores(d_k, 10, 20_000, rng) / np.sqrt(d_k))
        norms.append(np.median(softmax_jacobian_norm(weights)))
    assert max(norms) / min(norms) < 1.03
    assert norms[-1] == pytest.approx(0.347, abs=0.01)


def test_saturation_is_about_gaps_not_about_size():
    z = np.array([3.0, 1.0, 0.0])
    np.testing.assert_allclose(softmax_jacobian(z + 1000), softmax_jacobian(z), atol=1e-12)
    assert np.linalg.norm(softmax_jacobian(22.6 * z)) < 1e-15
    # Scores as large as before, but the two best are level: nothing is saturated.
    assert np.linalg.norm(softmax_jacobian([67.8, 67.8, 0.0])) == pytest.approx(0.5)


def test_W_Q_absorbs_the_scale_exactly(rng):
    X = rng.standard_normal((6, 5))
    W_Q, W_K = rng.standard_normal((2, 5, 64))
    scaled, _ = att.scaled_dot_product_attention(X @ W_Q, X @ W_K, X)
    folded = att.fold_scale(W_Q, 64)
    unscaled, _ = att.scaled_dot_product_attention(X @ folded, X @ W_K, X, scale=1.0)
    np.testing.assert_array_equal(scaled, unscaled)  # √64 is a power of two: to the last bit


@pytest.mark.parametrize("rho", [1.0, -1.0])
def test_a_key_may_be_its_query_or_the_opposite(rho, rng):
    scores = att.random_scores(3, 2, 1000, rng, correlation=rho)
    assert (np.sign(scores) == rho).all()
    np.testing.assert_array_equal(scores[:, 0], scores[:, 1])
    assert att.random_scores(1, 1, 1, rng).shape == (1, 1)


def test_the_smallest_layer_there_is():
    one = np.ones((1, 1))
    output, weights = att.multi_head_attention(one, one, one, one, 3 * one)
    assert output == 3
    assert weights.shape == (1, 1, 1)
    assert att.causal_mask(1).tolist() == [[True]]
    assert att.padding_mask([0, 1], 1).tolist() == [[[False]], [[True]]]
    np.testing.assert_array_equal(att.fold_scale(one, 1), one)


# --- bad input ----------------------------------------------------------------------------------

ONE = np.ones((2, 3))
#: Arrays whose largest entry in size is negative, and whose smallest is 0.
Q_, K_, V_ = (np.array([[-s, 0.5, 0.0], [0.0, 0.25, 0.5]]) for s in (3.0, 2.0, 1e10))
G_ = np.array([[-1e308, 0.0, 1.0], [0.0, 1.0, 1e300]])
RNG = np.random.default_rng(0)
BAD = [
    (lambda: att.scaled_dot_product_attention_vjp(G_, Q_, K_, V_),
     r"for finite gradients, .* reach 1e\+308, 3, 2 and 1e\+10"),
    (lambda: att.scaled_dot_product_attention(Q_ * 1e200, K_ * 1e200, V_),
     r"finite scores, .* reach 3e\+200 and 2e\+200"),
    (lambda: att.scaled_dot_product_attention([[[]]], ONE, ONE), "Q must have at least 1"),
    (lambda: att.scaled_dot_product_attention(ONE, [1.0], ONE), "K must have at least 2"),
    (lambda: att.scaled_dot_product_attention(ONE, ONE, [1.0]), "V must have at least 2"),
    (lambda: att.scaled_dot_product_attention(ONE * np.nan, ONE, ONE), "Q must be finite"),
    (lambda: att.scaled_dot_product_attention(ONE, ONE, ONE * np.inf), "V must be finite"),
    (lambda: att.scaled_dot_product_attention(ONE, ONE, ONE, scale=0.0), "scale must be greater"),
    (lambda: att.multi_head_attention(ONE, np.ones((3, 0)), ONE.T, ONE.T), "W_Q must have at"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T, np.ones((3, 0))), "W_V must have at"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T, ONE.T, np.ones((2, 0))),
     "W_O must have at"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T, ONE), "W_V must have shape"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T, ONE.T * np.nan), "W_V must be finite"),
    (lambda: att.multi_head_attention(ONE, ONE.T * np.nan, ONE.T, ONE.T), "W_Q must be finite"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T * np.nan, ONE.T), "W_K must be finite"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T, ONE.T, n_heads=0), "n_heads must be at"),
    (lambda: att.multi_head_attention([1.0], ONE.T, ONE.T, ONE.T), "X must have at least 2"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T, ONE.T, context=[1.0]),
     "context must have at least 2"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T, ONE.T, context=np.ones((2, 4))),
     "W_K must have shape"),
    (lambda: att.multi_head_attention(ONE, np.ones((3, 2)), np.ones((3, 2)), np.ones((3, 3)),
                                      n_heads=2), "W_V must have a number of columns"),
    (lambda: att.split_heads(ONE, 0), "n_heads must be at least 1"),
    (lambda: att.merge_heads(np.ones((2, 2)) * np.nan), "X must be finite"),
    (lambda: att.padding_mask([1], 0), "n must be at least 1"),
    (lambda: att.random_scores(2, 0, 2, RNG), "n_keys must be at least 1"),
    (lambda: att.random_scores(2, 2, 0, RNG), "n_queries must be at least 1"),
    (lambda: att.random_scores(2, 2, 2, RNG, correlation=-2.0), "correlation must lie between"),
    (lambda: att.random_scores(2, 2, 2, RNG, correlation=[0.1]), "correlation must have 0"),
    (lambda: att.scaled_dot_product_attention([1.0], ONE, ONE), "Q must have at least 2"),
    (lambda: att.scaled_dot_product_attention(ONE, ONE[:, :2], ONE), "K must have as many"),
    (lambda: att.scaled_dot_product_attention(ONE, ONE, ONE[:1]), "V must have one row for each"),
    (lambda: att.scaled_dot_product_attention(ONE, ONE * np.nan, ONE), "K must be finite"),
    (lambda: att.scaled_dot_product_attention(ONE * 1e200, ONE * 1e200, ONE), "finite scores"),
    (lambda: att.scaled_dot_product_attention(np.ones((2, 2, 3)), np.ones((3, 2, 3)), ONE),
     "leading axes that broadcast"),
    (lambda: att.scaled_dot_product_attention(ONE, ONE, ONE, scale=-1.0), "scale must be greater"),
    (lambda: att.scaled_dot_product_attention(ONE, ONE, ONE, mask=[[1, 0]]), "mask must be bool"),
    (lambda: att.scaled_dot_product_attention(ONE, ONE, ONE, mask=[[True] * 3]),
     "mask must have a shape"),
    (lambda: att.scaled_dot_product_attention_vjp(ONE[:1], ONE, ONE, ONE), "upstream must have"),
    (lambda: att.causal_mask(0), "n must be at least 1"),
    (lambda: att.causal_mask(2.0), "n must be a whole number"),
    (lambda: att.padding_mask([3], 2), "lengths must be whole numbers from 0 to 2"),
    (lambda: att.padding_mask([0.5], 2), "lengths must be whole numbers"),
    (lambda: att.padding_mask([-1], 2), "lengths must be whole numbers"),
    (lambda: att.split_heads(ONE, 2), "X must have a last axis that is a multiple of"),
    (lambda: att.split_heads(ONE[0], 1), "X must have at least 2"),
    (lambda: att.merge_heads(ONE), "X must have shape"),
    (lambda: att.multi_head_attention(ONE, ONE, ONE, ONE), "W_Q must have shape"),
    (lambda: att.multi_head_attention(ONE, ONE.T, np.ones((3, 4)), ONE.T), "W_K must have shape"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T, ONE.T, n_heads=3), "multiple of n_heads"),
    (lambda: att.multi_head_attention(ONE, ONE.T, ONE.T, ONE.T, ONE.T), "W_O must have shape"),
    (lambda: att.multi_head_attention_vjp(ONE, ONE, ONE.T, ONE.T, ONE.T), "upstream must have"),
    (lambda: att.random_scores(0, 2, 2, np.random.default_rng(0)), "d_k must be at least 1"),
    (lambda: att.random_scores(2, 2, 2, 0), "rng must be a numpy.random.Generator"),
    (lambda: att.random_scores(2, 2, 2, np.random.default_rng(0), correlation=2.0),
     "correlation must lie between"),
    (lambda: att.fold_scale(ONE[0], 2), "W_Q must have at least 2"),
    (lambda: att.fold_scale(ONE, 0), "d_k must be at least 1"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


ANY = arrays(
    float,
    array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    elements=st.floats(width=64),
)


@settings(deadline=None)
@given(ANY, ANY, ANY, st.one_of(st.none(), arrays(bool, array_shapes(max_dims=3, max_side=3))))
def test_any_input_gives_finite_output_or_a_value_error(Q, K, V, mask):
    try:
        output, weights = att.scaled_dot_product_attention(Q, K, V, mask=mask)
        gradients = att.scaled_dot_product_attention_vjp(np.ones_like(output), Q, K, V, mask=mask)
    except ValueError:
        return
    for array in (output, weights, *gradients):
        assert np.isfinite(array).all()
