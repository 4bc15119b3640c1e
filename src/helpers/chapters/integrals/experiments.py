"""Runs that the figures of the chapter on integrals show."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from helpers.data.movielens import load_movielens
from helpers.mathematics.expectations import reparameterised, score_function
from helpers.mathematics.quadrature import RULES, integrate
from helpers.mathematics.validate import as_count, as_generator, one_of


class Integrand(NamedTuple):
    """A function on [0, 1] and its integral there."""

    f: object
    exact: float


def _kink(x):
    return np.abs(x - 0.2)


#: What is integrated from 0 to 1, by the name that a reader chooses.
INTEGRANDS = {
    "eˣ (smooth)": Integrand(np.exp, float(np.e - 1)),
    "|x − 0.2| (a kink)": Integrand(_kink, 0.34),
    "√x (steep at 0)": Integrand(np.sqrt, 2 / 3),
}
#: How many slices the figure offers.
SLICES = (2, 4, 8, 16, 32, 64)


def rule_errors(name):
    """{rule: errors of its sums with ``SLICES`` slices}, sum minus integral."""
    f, exact = INTEGRANDS[one_of(name, "name", list(INTEGRANDS))]
    return {rule: np.array([integrate(f, 0, 1, n, rule) - exact for n in SLICES]) for rule in RULES}


#: Twelve measured points for the Gaussian process: sin(1.5 x) and noise, rounded.
PLACES = np.array([-2.6, -2.2, -1.7, -1.3, -0.8, -0.4, 0.1, 0.5, 1.0, 1.6, 2.0, 2.7])
VALUES = np.array([0.4, 0.2, -1.1, -0.7, -0.6, -0.7, 0.3, 0.8, 0.9, 0.4, -0.5, -0.4])
#: The length scales and the standard deviations of the noise that the figure offers.
LENGTHS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0)
NOISES = (0.1, 0.2, 0.3, 0.5, 1.0)


class Quantity(NamedTuple):
    """Something with the mean 2 for X from N(1, 1): its value for draws ε, and its variance."""

    of: object
    variance: float


def _square(x):
    return x**2


def _value(noise):
    return (1 + noise) ** 2


def _reparameterised(noise):
    return reparameterised(lambda x: 2 * x, 1.0, noise)


def _score(noise):
    return score_function(_square, 1.0, noise)


#: What is averaged in the figure on Monte Carlo, by the name that a reader chooses.
QUANTITIES = {
    "the value X²": Quantity(_value, 6.0),
    "reparameterised gradient": Quantity(_reparameterised, 4.0),
    "score-function gradient": Quantity(_score, 30.0),
}
#: Numbers of draws that the figure offers, and how often each average is repeated.
DRAWS = (1, 3, 10, 30, 100, 300, 1000, 3000)
RUNS = 300


@cache
def averages(name):
    """Averages of a quantity over the first n draws of each run: shape (len(DRAWS), RUNS)."""
    quantity = QUANTITIES[one_of(name, "name", list(QUANTITIES))]
    noise = np.random.default_rng(5).standard_normal((RUNS, DRAWS[-1]))
    sums = np.cumsum(quantity.of(noise), axis=1)
    return np.stack([sums[:, n - 1] / n for n in DRAWS])


@cache
def squared_losses():
    """Squared error of predicting the mean rating for everybody: one for each rating, by user.

    Returns a tuple of arrays, one a user. Each of MovieLens's 671 users has at least 20 ratings.
    """
    data = load_movielens()
    losses = (data.ratings - data.ratings.mean()) ** 2
    order = np.argsort(data.users, kind="stable")
    ends = np.cumsum(np.bincount(data.users))[:-1]
    return tuple(np.split(losses[order], ends))


@cache
def _flat_losses():
    """All losses in one array, by user; where each user's begin, and how many there are."""
    groups = squared_losses()
    sizes = np.array([g.size for g in groups])
    return np.concatenate(groups), np.cumsum(sizes) - sizes, sizes


def draw_by_user(users, each, rng):
    """Losses of ``each`` random ratings of ``users`` random users: shape (users, each).

    Both are drawn with replacement, every user with the same chance.
    """
    users, each, rng = as_count(users, "users"), as_count(each, "each"), as_generator(rng)
    flat, starts, sizes = _flat_losses()
    u = rng.integers(sizes.size, size=users)
    return flat[starts[u][:, None] + rng.integers(sizes[u][:, None], size=(users, each))]


class Spread(NamedTuple):
    """Mean of the loss with every user counted alike, its variance, and the share ρ of the
    variance that lies between users: the correlation of two ratings of one user."""

    mean: float
    variance: float
    correlation: float


@cache
def spread_by_user():
    """The ``Spread`` of the squared losses."""
    groups = squared_losses()
    means = np.array([g.mean() for g in groups])
    within = np.mean([g.var() for g in groups])
    between = means.var()
    variance = float(within + between)
    return Spread(float(means.mean()), variance, float(between / variance))
