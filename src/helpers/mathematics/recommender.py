"""Matrix factorization with biases: its loss, its gradients, and the fit that follows them.

One convention throughout, with e = r − r̂ and r̂ = μ + b_u + b_i + p_u·q_i::

    L = ½ Σ_observed e² + ½ λ (‖P‖² + ‖Q‖²) + ½ λ_b (‖b_user‖² + ‖b_item‖²)

The penalty stands outside the sum: each parameter is charged once. ``penalty_per="rating"``
moves it inside, as in Funk's recipe: row u is then charged once for each of its n_u ratings,
½ λ n_u ‖p_u‖². μ is the mean of the training ratings and is not learned.
Source: Koren, Bell and Volinsky, *Matrix Factorization Techniques for Recommender Systems* (2009).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from helpers.mathematics.factorization import (
    Parameters,
    as_ids,
    as_triples,
    fit_biases,
    predicted,
    ridge,
    rmse,
    sent_back,
)
from helpers.mathematics.training import train
from helpers.mathematics.validate import (
    as_count,
    as_finite_array,
    as_generator,
    as_positive,
    describe,
    one_of,
)

#: A fit has blown up where an error or a parameter exceeds so many times the largest rating.
LIMIT = 1e3


class History(NamedTuple):
    """What a fit saw, one entry an epoch; ``diverged_in`` is the epoch it broke off in, or 0.

    ``train_rmse`` is taken while the epoch runs, each error before the step on it;
    ``validation_rmse`` at the epoch's end. ``best_epoch`` is the one whose parameters were kept.
    """

    train_rmse: list[float]
    validation_rmse: list[float]
    best_epoch: int
    diverged_in: int


class NewUser(NamedTuple):
    """A user the model was not trained on, placed among the fixed films by ``fold_in``."""

    bias: float
    factors: np.ndarray
    rated: np.ndarray


class MatrixFactorization:
    """r̂ = μ + b_u + b_i + p_u·q_i: its loss, gradient and predictions; ``fit`` trains it.

    The loss is the one at the top of this file. ``penalty`` (λ) and ``bias_penalty`` (λ_b) are
    those of that loss, not of its mean. ``bias_penalty=None`` means the same as ``penalty``. The
    defaults were chosen on random validation sets of MovieLens ratings. ``dtype=np.float32`` fits
    in about two thirds of the time. Bad values raise ``ValueError``.
    """

    def __init__(
        self,
        n_users,
        n_items,
        n_factors=20,
        *,
        rng,
        penalty=12.0,
        bias_penalty=3.0,
        penalty_per="parameter",
        init_scale=0.1,
        rating_range=(0.5, 5.0),
        dtype=np.float64,
    ):
        m, n = as_count(n_users, "n_users"), as_count(n_items, "n_items")
        k = as_count(n_factors, "n_factors", minimum=0)
        as_generator(rng)
        self.penalty = as_positive(penalty, "penalty", zero_allowed=True)
        self.bias_penalty = (
            self.penalty
            if bias_penalty is None
            else as_positive(bias_penalty, "bias_penalty", zero_allowed=True)
        )
        self.penalty_per = one_of(penalty_per, "penalty_per", ("parameter", "rating"))
        scale = as_positive(init_scale, "init_scale", zero_allowed=True)
        self.rating_range = tuple(as_finite_array(rating_range, "rating_range", shape=(2,)))
        if self.rating_range[0] >= self.rating_range[1]:
            raise ValueError(f"rating_range must be (lowest, highest), got {rating_range}")
        self.dtype = np.dtype(one_of(dtype, "dtype", (np.float32, np.float64)))
        self.mu = 0.0
        shapes = (m,), (n,), (m, k), (n, k)
        self.parameters = Parameters(*(np.zeros(shape, self.dtype) for shape in shapes))
        for factors in (self.user_factors, self.item_factors):
            factors += scale * rng.standard_normal(factors.shape)
        self._seen = sparse.csr_matrix((m, n), dtype=bool)

    @property
    def user_bias(self):
        """b_u, shape (n_users,)."""
        return self.parameters.user_bias

    @property
    def item_bias(self):
        """b_i, shape (n_items,)."""
        return self.parameters.item_bias

    @property
    def user_factors(self):
        """P, shape (n_users, k)."""
        return self.parameters.user_factors

    @property
    def item_factors(self):
        """Q, shape (n_items, k)."""
        return self.parameters.item_factors

    def _charges(self, users, items, share=1.0):
        """What multiplies each parameter in ∇(penalty): λ or λ_b, times n_row if per rating."""
        if self.penalty_per == "parameter":
            b, f = self.bias_penalty * share, self.penalty * share
            return b, b, f, f
        by_user = np.bincount(users, minlength=len(self.user_bias))
        by_item = np.bincount(items, minlength=len(self.item_bias))
        return (
            self.bias_penalty * by_user,
            self.bias_penalty * by_item,
            self.penalty * by_user[:, np.newaxis],
            self.penalty * by_item[:, np.newaxis],
        )

    def loss(self, users, items, ratings):
        """L at the current parameters on these ratings (the sum, not the mean)."""
        users, items, ratings = as_triples(users, items, ratings, *self.shape)
        errors = ratings - predicted(self.mu, self.parameters, users, items)
        charged = zip(self._charges(users, items), self.parameters, strict=True)
        return float(0.5 * errors @ errors + sum(0.5 * np.sum(c * p**2) for c, p in charged))

    def gradient(self, users, items, ratings):
        """∇L on these ratings as four arrays: ∂L/∂b_user, ∂L/∂b_item, ∂L/∂P, ∂L/∂Q."""
        users, items, ratings = as_triples(users, items, ratings, *self.shape)
        errors = ratings - predicted(self.mu, self.parameters, users, items)
        slopes = sent_back(-errors, self.parameters, users, items)
        charged = zip(slopes, self._charges(users, items), self.parameters, strict=True)
        return Parameters(*(slope + charge * value for slope, charge, value in charged))

    def step(self, users, items, ratings, learning_rate, share):
        """θ ← θ − η ∇(the part of L that these ratings make), in place; the errors before it.

        ``share`` is their part of all ratings, and of the penalty. The same as ``gradient``,
        regrouped as (1 − ηλ)θ + η(…) to pass over the memory less often; arguments as ``fit`` has
        checked them.
        """
        errors = ratings - predicted(self.mu, self.parameters, users, items)
        slopes = sent_back(learning_rate * errors, self.parameters, users, items)
        charges = self._charges(users, items, share)
        for value, charge, slope in zip(self.parameters, charges, slopes, strict=True):
            value *= 1 - learning_rate * charge
            value += slope
        return errors

    @property
    def shape(self):
        """(n_users, n_items)."""
        return len(self.user_bias), len(self.item_bias)

    def start(self, users, items, ratings, bias_sweeps):
        """μ, biases from closed-form sweeps, and zeros where there is nothing to learn from."""
        m, n = self.shape
        self.parameters = copied(self.parameters)  # steps are in place; earlier views stay
        self.mu = float(ratings.mean())
        if bias_sweeps:
            options = {"n_users": m, "n_items": n, "penalty": self.bias_penalty}
            _, *biases = fit_biases(users, items, ratings, sweeps=bias_sweeps, **options)
            biases = (bias.astype(self.dtype) for bias in biases)
            self.parameters = Parameters(*biases, self.user_factors, self.item_factors)
        self._seen = sparse.csr_matrix((np.ones(len(users), bool), (users, items)), shape=(m, n))
        for values, ids in ((self.user_factors, users), (self.item_factors, items)):
            values[np.bincount(ids, minlength=len(values)) == 0] = 0.0

    def predict(self, users, items, *, clip=True):
        """Predicted ratings of pairs, clipped to ``rating_range`` unless ``clip=False``.

        ``users`` and ``items`` are ids or arrays of ids that broadcast together. ``None`` stands
        for one that is unknown: the prediction is then the biases of what is known. A user or
        item without ratings in the training data is treated the same. ``users`` may also be a
        ``NewUser``. An id out of range raises ``ValueError``.
        """
        k = self.user_factors.shape[1]
        b, p = self._row(users, "users", self.user_bias, self.user_factors, k)
        c, q = self._row(items, "items", self.item_bias, self.item_factors, k)
        try:
            raw = self.mu + b + c + np.einsum("...k,...k->...", p, q)
        except ValueError as error:
            raise ValueError(
                f"users and items must broadcast together, got {np.shape(b)} and {np.shape(c)}"
            ) from error
        return np.clip(raw, *self.rating_range) if clip else raw

    @staticmethod
    def _row(ids, name, biases, factors, k):
        if ids is None:
            return 0.0, np.zeros(k)
        if isinstance(ids, NewUser) and name == "users":
            return ids.bias, ids.factors
        ids = as_ids(ids, name, len(biases))
        return biases[ids], factors[ids]

    def fold_in(self, items, ratings):
        """A new user from a few ratings, films held fixed: the exact minimum of L over (b, p).

        With a_i = (1, q_i) it is one ridge regression, (AᵀA + D)(b, p) = Aᵀ(r − μ − b_i), where D
        holds λ_b and λ. ``ValueError`` when an item is out of range or rated twice.
        """
        n = len(self.item_bias)
        _, items, ratings = as_triples(np.zeros(np.shape(items), int), items, ratings, 1, n)
        if len(np.unique(items)) < len(items):
            raise ValueError(f"items must be different, got {describe(items.tolist())}")
        A = np.column_stack([np.ones(len(items)), self.item_factors[items]])
        charges = np.full(A.shape[1], self.penalty)
        charges[0] = self.bias_penalty
        if self.penalty_per == "rating":
            charges *= len(items)
        solution = ridge(A, ratings - self.mu - self.item_bias[items], charges)
        return NewUser(float(solution[0]), solution[1:], np.sort(items))

    def recommend(self, user, n=10, *, titles=None, exclude=()):
        """The n best predictions among what ``user`` has not rated: [(title or item, stars), …].

        ``user`` is an id, ``None`` (unknown) or a ``NewUser``. Left out are the items the user
        rated in training and those in ``exclude``. The order is that of the unclipped
        predictions, the stars are clipped. ``ValueError`` when an id is out of range.
        """
        n, n_items = as_count(n, "n"), len(self.item_bias)
        if titles is not None and np.shape(titles) != (n_items,):
            raise ValueError(f"titles must have {n_items} entries, got {describe(titles)}")
        if user is not None and not isinstance(user, NewUser) and np.ndim(user) != 0:
            raise ValueError(f"user must be one user, got {describe(user)}")
        scores = np.broadcast_to(self.predict(user, np.arange(n_items), clip=False), n_items).copy()
        if np.size(exclude):
            scores[as_ids(exclude, "exclude", n_items)] = -np.inf
        if isinstance(user, NewUser):
            scores[user.rated] = -np.inf
        elif user is not None:
            scores[self._seen[[user]].indices] = -np.inf
        best = np.argsort(-scores, kind="stable")[:n]
        best = best[np.isfinite(scores[best])]
        stars = np.clip(scores[best], *self.rating_range)
        names = best.tolist() if titles is None else [titles[i] for i in best]
        return list(zip(names, stars.tolist(), strict=True))


def fit(
    model,
    users,
    items,
    ratings,
    *,
    rng,
    learning_rate=0.025,
    n_epochs=18,
    batch_size=2500,
    bias_sweeps=3,
    validation=None,
    patience=10,
):
    """Minimize L by steps θ ← θ − η ∇L on minibatches (all ratings with ``None``); a ``History``.

    η multiplies the gradient of the *sum* over a minibatch, so that ``batch_size=1`` is one
    step a rating. The penalty's share of a minibatch is |batch| / n of it, for all rows. The step
    of most textbooks charges only the two rows of its rating: that is ``penalty_per="rating"``.
    ``learning_rate`` is one η, or one for each epoch; smaller ones at the end settle the noise of
    the minibatches. Biases start from ``bias_sweeps`` closed-form sweeps. With
    ``validation=(users, items, ratings)`` the parameters of the best epoch are kept, and the fit
    stops after ``patience`` epochs without a better one. A fit that blows up stops, says so in
    ``diverged_in``, and leaves the parameters of the last epoch that did not. ``ValueError`` for
    bad values.
    """
    users, items, ratings = as_triples(users, items, ratings, *model.shape)
    validation = None if validation is None else _as_validation(validation, model.shape)
    n_epochs, patience = as_count(n_epochs, "n_epochs"), as_count(patience, "patience")
    rates, n = _as_rates(learning_rate, n_epochs), len(ratings)
    size = n if batch_size is None else min(n, as_count(batch_size, "batch_size"))
    batches = minibatches(n, size, as_generator(rng))
    model.start(users, items, ratings, as_count(bias_sweeps, "bias_sweeps", minimum=0))
    ratings = ratings.astype(model.dtype)
    squares = np.zeros(-(-n // size))  # of the errors, batch by batch of an epoch
    held, best, kept = [], 0, copied(model.parameters)

    def update(parameters, t):
        batch, eta = next(batches), rates[t // len(squares)]
        errors = model.step(users[batch], items[batch], ratings[batch], eta, len(batch) / n)
        squares[t % len(squares)] = errors @ errors
        return parameters

    def stop(epoch):
        nonlocal best, kept
        if validation is not None:
            held.append(rmse(model.predict(*validation[:2]), validation[2]))
        if validation is None or held[-1] <= min(held):
            best, kept = epoch, copied(model.parameters)
        return epoch - best >= patience

    record = train(
        model.parameters,
        update,
        lambda _: np.sqrt(squares.sum() / n),
        steps=n_epochs * len(squares),
        record_every=len(squares),
        limit=LIMIT * float(np.abs(ratings).max() + 1),
        stop=stop,
    )
    model.parameters = kept
    diverged_in = 0 if record.diverged_at is None else -(-record.diverged_at // len(squares))
    return History(record.losses[1:].tolist(), held, best, diverged_in)


def minibatches(n, size, rng):
    """Positions 0 … n − 1 in one random minibatch after another; after each epoch shuffled anew."""
    while True:
        order = rng.permutation(n)
        for first in range(0, n, size):
            # In ascending order the rows of P are read one after the other: quicker.
            yield np.sort(order[first : first + size])


def copied(parameters):
    """``Parameters`` of their own."""
    return Parameters(*(value.copy() for value in parameters))


def _as_rates(value, n_epochs):
    """One learning rate an epoch, as Python floats."""
    shape = () if np.ndim(value) == 0 else (n_epochs,)
    rates = np.broadcast_to(as_finite_array(value, "learning_rate", shape=shape), n_epochs)
    return [as_positive(rate, "learning_rate") for rate in rates.tolist()]


def _as_validation(value, shape):
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        raise ValueError(f"validation must be (users, items, ratings), got {describe(value)}")
    return as_triples(*value, *shape)
