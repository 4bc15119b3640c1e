"""Losses, entry by entry, each with its vector–Jacobian product; and what minimises three of them.

A residual r is an observed value minus its prediction. The losses of a residual have slopes with
respect to r; the slope with respect to the prediction is the same number with the other sign.
The losses of a class take logits, not probabilities, and stay finite where a probability rounds
to 0. A product with the Jacobian takes the upstream gradient first.
"""

from __future__ import annotations

import numpy as np

from helpers.mathematics.activations import log_softmax, softmax
from helpers.mathematics.functions import logistic
from helpers.mathematics.objectives import LeastSquares
from helpers.mathematics.validate import as_finite_array, as_positive, describe

#: Rounds after which ``huber_line`` gives up; a few are the rule.
_MOST_ROUNDS = 10_000


def squared(residual):
    """½ r² of each residual, shape as ``residual``. ``ValueError`` where it is not finite."""
    return as_finite_array(residual, "residual") ** 2 / 2


def squared_vjp(upstream, residual):
    """Gradient to ``residual`` when ``upstream`` is the gradient to ``squared``: u r.

    Shapes: all agree. ``ValueError`` where they do not, or an entry is not finite.
    """
    r = as_finite_array(residual, "residual")
    return as_finite_array(upstream, "upstream", shape=r.shape) * r


def absolute(residual):
    """|r| of each residual, shape as ``residual``. ``ValueError`` where it is not finite."""
    return np.abs(as_finite_array(residual, "residual"))


def absolute_vjp(upstream, residual):
    """Gradient to ``residual`` when ``upstream`` is the gradient to ``absolute``: u sign r.

    At r = 0 there is no derivative; 0 is returned, one of the slopes from −1 to 1 that a line
    below the graph may have there. Shapes and errors as for :func:`squared_vjp`.
    """
    r = as_finite_array(residual, "residual")
    return as_finite_array(upstream, "upstream", shape=r.shape) * np.sign(r)


def huber(residual, *, delta):
    """½ r² where |r| ≤ δ and δ(|r| − ½δ) beyond, shape as ``residual``.

    ``delta`` > 0 has the unit of the residual. ``ValueError`` for another δ, or where an entry is
    not finite. Source: Huber (1964).
    """
    r, delta = as_finite_array(residual, "residual"), as_positive(delta, "delta")
    clipped = np.clip(r, -delta, delta)
    return clipped * (r - clipped / 2)


def huber_vjp(upstream, residual, *, delta):
    """Gradient to ``residual`` when ``upstream`` is the gradient to ``huber``: u times r, clipped.

    The slope is r between −δ and δ, and stays at the nearer end beyond. Shapes: all agree. Errors
    as for :func:`huber`, and where the shapes differ.
    """
    r, delta = as_finite_array(residual, "residual"), as_positive(delta, "delta")
    return as_finite_array(upstream, "upstream", shape=r.shape) * np.clip(r, -delta, delta)


def log_loss(logits, labels):
    """−ln of the probability that σ(z) gives to the label, shape as ``logits``.

    ``labels`` holds 0 and 1 and has the shape of ``logits``. With s = 1 for the label 1 and −1 for
    0 the loss is ln(1 + exp(−sz)), which keeps its digits at both ends. ``ValueError`` for another
    label, another shape, or a logit that is not finite.
    """
    z, y = _logits_and_bits(logits, labels)
    return np.logaddexp(0, (1 - 2 * y) * z)


def log_loss_vjp(upstream, logits, labels):
    """Gradient to ``logits`` when ``upstream`` is the gradient to ``log_loss``: u (σ(z) − y).

    Shapes: all agree; otherwise, and as for :func:`log_loss`, ``ValueError``. The labels are given,
    not differentiated. σ(z) − 1 is taken as −σ(−z), which keeps its digits where σ is near 1.
    """
    z, y = _logits_and_bits(logits, labels)
    upstream = as_finite_array(upstream, "upstream", shape=z.shape)
    away = 1 - 2 * y
    return upstream * away * logistic(away * z)


def cross_entropy(logits, labels):
    """−ln of the probability that the softmax of each row gives to its label.

    ``logits`` has shape (..., K), ``labels`` shape (...) with whole numbers from 0 to K − 1; so has
    the result the shape (...). ``ValueError`` for a label that is no class, shapes that do not
    fit, or a logit that is not finite. Source: log-softmax, see ``activations``.
    """
    z, classes = _logits_and_classes(logits, labels)
    return -np.take_along_axis(log_softmax(z), classes[..., None], axis=-1)[..., 0]


def cross_entropy_vjp(upstream, logits, labels):
    """Gradient to ``logits`` when ``upstream`` is the gradient to ``cross_entropy``: u (p − y).

    p is the softmax of a row and y is 1 at its label, 0 elsewhere. ``upstream`` has the shape of
    ``labels``; the result that of ``logits``. ``ValueError`` as for :func:`cross_entropy`, and for
    an ``upstream`` of another shape.
    """
    z, classes = _logits_and_classes(logits, labels)
    upstream = as_finite_array(upstream, "upstream", shape=classes.shape)
    is_label = np.arange(z.shape[-1]) == classes[..., None]
    return upstream[..., None] * (softmax(z) - is_label)


def huber_location(values, *, delta):
    """The m at which Σ huber(values − m) is least; the middle, where a whole interval has it.

    ``values`` has shape (n,). Exact up to rounding: the slope of the sum is a falling line of
    straight pieces with corners at values ± δ, and its zero is read off. ``ValueError`` for
    δ ≤ 0, no value, or one that is not finite.
    """
    y = as_finite_array(values, "values", ndim=1, min_size=1)
    delta = as_positive(delta, "delta")
    corners = np.sort(np.concatenate([y - delta, y + delta]))
    pull = np.clip(y - corners[:, None], -delta, delta).sum(axis=1)  # falls from nδ to −nδ
    # What is 0 may come out as the rounding of its n terms.
    pull[np.abs(pull) <= 4 * np.finfo(float).eps * len(y) * np.abs(y).max(initial=delta)] = 0.0
    return float(np.mean([_crossing(corners, pull, pull > 0), _crossing(corners, pull, pull >= 0)]))


def squared_line(x, y):
    """(w, b) of the line wx + b with the least Σ squared(y − wx − b), in closed form.

    ``x`` and ``y`` have shape (n,), and x at least two different values; otherwise ``ValueError``.
    """
    x, y = _points(x, y)
    w, b = LeastSquares(_with_ones(x), y).minimum
    return float(w), float(b)


def absolute_line(x, y):
    """(w, b) of a line wx + b with the least Σ |y − wx − b|.

    Some best line runs through two points of different x, so all pairs are tried: exact, at a cost
    of n³. Where several lines are best, the first is returned. Arguments and errors as for
    :func:`squared_line`. Source: Bloomfield & Steiger (1983), on least absolute deviations.
    """
    x, y = _points(x, y)
    first, second = np.triu_indices(len(x), 1)
    apart = x[first] != x[second]
    first, second = first[apart], second[apart]
    w = (y[second] - y[first]) / (x[second] - x[first])
    b = y[first] - w * x[first]
    best = np.argmin(np.abs(y - w[:, None] * x - b[:, None]).sum(axis=1))
    return float(w[best]), float(b[best])


def huber_line(x, y, *, delta):
    """(w, b) of the line wx + b with the least Σ huber(y − wx − b).

    Weighted least squares, again and again, with the weight min(1, δ/|r|): each round lowers the
    sum. As soon as it is known which residuals lie within δ, the gradient is linear in (w, b), and
    its zero is the minimum. Arguments and errors as for :func:`squared_line`, and ``ValueError``
    for δ ≤ 0. Source: Huber & Ronchetti (2009), ch. 7.
    """
    x, y = _points(x, y)
    delta = as_positive(delta, "delta")
    features = _with_ones(x)
    theta = LeastSquares(features, y).minimum
    # A gradient that is only what rounding the residuals leaves of 0.
    smallest = (1e-12 * delta + 1e-15 * np.abs(y).max()) * np.abs(features).sum()
    for _ in range(_MOST_ROUNDS):
        r = y - features @ theta
        if np.abs(features.T @ np.clip(r, -delta, delta)).max() <= smallest:
            return float(theta[0]), float(theta[1])
        # Exact, once `within` and the sides of the others are those of the minimum.
        side = np.sign(r) * (np.abs(r) > delta)
        inside, within = features[side == 0], y[side == 0]
        if np.linalg.matrix_rank(inside) == 2:
            pulled = inside.T @ within + delta * features.T @ side
            exact = np.linalg.solve(inside.T @ inside, pulled)
            left = np.clip(y - features @ exact, -delta, delta)
            if np.abs(features.T @ left).max() <= smallest:
                return float(exact[0]), float(exact[1])
        root = np.sqrt(delta / np.maximum(np.abs(r), delta))
        theta = np.linalg.lstsq(features * root[:, None], y * root, rcond=None)[0]
    raise ArithmeticError(f"no line after {_MOST_ROUNDS} rounds, at w = {theta[0]}, b = {theta[1]}")


def _crossing(corners, pull, before):
    """Where ``pull`` comes to 0, between the last corner that is ``before`` it and the next."""
    last = np.flatnonzero(before)[-1]
    (low, high), (above, below) = corners[last : last + 2], pull[last : last + 2]
    return low if above == 0 else low + (high - low) * above / (above - below)


def _with_ones(x):
    return np.stack([x, np.ones_like(x)], axis=1)


def _points(x, y):
    x = as_finite_array(x, "x", ndim=1, min_size=2)
    y = as_finite_array(y, "y", shape=x.shape)
    if np.all(x == x[0]):
        raise ValueError(f"x must hold at least two different values, got {len(x)} times {x[0]:g}")
    return x, y


def _logits_and_bits(logits, labels):
    z = as_finite_array(logits, "logits")
    y = as_finite_array(labels, "labels", shape=z.shape)
    strange = y[(y != 0) & (y != 1)]
    if strange.size:
        raise ValueError(f"labels must be 0 or 1, got {strange.flat[0]:g}")
    return z, y


def _logits_and_classes(logits, labels):
    z = as_finite_array(logits, "logits", min_size=1)
    if z.ndim == 0:
        raise ValueError("logits must have shape (..., K), got a single number")
    classes = np.asarray(labels)
    if classes.dtype.kind not in "iu":
        raise ValueError(f"labels must be whole numbers, got {describe(labels)}")
    if classes.shape != z.shape[:-1]:
        raise ValueError(f"labels must have shape {z.shape[:-1]}, got shape {classes.shape}")
    strange = classes[(classes < 0) | (classes >= z.shape[-1])]
    if strange.size:
        raise ValueError(
            f"labels must be classes from 0 to {z.shape[-1] - 1}, got {strange.flat[0]}"
        )
    return z, classes
