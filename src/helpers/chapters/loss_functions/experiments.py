"""Runs that the figures of the chapter on loss functions show."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre

from helpers.data.penguins import load_penguins
from helpers.mathematics.functions import logistic, logistic_vjp
from helpers.mathematics.losses import absolute_line, huber_line, squared, squared_line, squared_vjp
from helpers.mathematics.training import train
from helpers.mathematics.validate import as_count, as_finite_float, one_of

#: Beyond this residual, in kg, Huber's loss of the three lines grows no faster than a straight one.
DELTA = 0.5
#: Which bird's mass is mistyped: its place among the 17 birds, ordered by their flippers.
BIRDS = {"shortest flipper": 0, "middle flipper": 8, "longest flipper": 16}
#: How many birds a polynomial is fitted to; the others are held out.
N_FITTED = 20
DEGREES = tuple(range(9))


@cache
def few_birds():
    """Flipper length in cm and mass in kg of every twentieth penguin, by flipper; two (17,)."""
    birds = load_penguins()
    rows = np.arange(10, len(birds.species), 20)
    x, y = birds.flipper_length_mm[rows] / 10, birds.body_mass_g[rows] / 1000
    order = np.argsort(x, kind="stable")
    return x[order], y[order]


class Lines(NamedTuple):
    """Slope w and intercept b of the lines that three losses fit to the same points."""

    squared: tuple
    absolute: tuple
    huber: tuple


def lines_through(x, y, delta=DELTA):
    """The three ``Lines`` for the points (x, y)."""
    return Lines(squared_line(x, y), absolute_line(x, y), huber_line(x, y, delta=delta))


def mistyped(mass, bird):
    """The 17 birds with another ``mass`` in kg for one ``bird``, a name of ``BIRDS``: x, y."""
    x, y = few_birds()
    y = y.copy()
    y[BIRDS[one_of(bird, "bird", list(BIRDS))]] = as_finite_float(mass, "mass")
    return x, y


@cache
def lines_with(mass, bird):
    """The three ``Lines`` when one ``bird`` is said to weigh ``mass`` kg."""
    return lines_through(*mistyped(mass, bird))


def squared_of_logistic(z, y):
    """½ (σ(z) − y)²: the squared loss on a probability, entry by entry."""
    return squared(y - logistic(z))


def squared_of_logistic_slope(z, y):
    """Its slope by the logit z: (σ(z) − y) σ(z) (1 − σ(z))."""
    by_residual = squared_vjp(np.ones(np.shape(z)), y - logistic(z))
    return logistic_vjp(-by_residual, z)


def steps_to_undecided(slope, *, start=-8.0, learning_rate=1.0, most=20_000):
    """Steps of gradient descent on the logit alone, label 1, until σ(z) ≥ ½; None if too many.

    ``slope(z)`` is the derivative of the loss by z.
    """
    seen = []
    record = train(
        (np.array(start),),
        lambda theta, t: (theta[0] - learning_rate * slope(theta[0]),),
        lambda theta: seen.append(float(theta[0])) or 0.0,
        steps=as_count(most, "most"),
        stop=lambda number: seen[-1] >= 0,
    )
    return int(record.steps[-1]) if seen[-1] >= 0 else None


class Fits(NamedTuple):
    """Polynomials of every degree fitted to a few birds, and their losses in ½ kg².

    ``x``, ``y`` are the birds fitted to, ``others`` the pair (x, y) of those held out; the losses
    are means of ½ r², one for each degree.
    """

    x: np.ndarray
    y: np.ndarray
    others: tuple
    coefficients: tuple
    training: np.ndarray
    held_out: np.ndarray


def polynomial(coefficients, x):
    """Mass in kg by a polynomial of the flipper length ``x`` in cm."""
    return legendre.legval(_scaled(x), coefficients)


@cache
def fits(sample, n=N_FITTED, degrees=DEGREES):
    """The ``Fits`` for one random sample of ``n`` birds; ``sample`` is the generator's seed."""
    birds = load_penguins()
    x, y = birds.flipper_length_mm / 10, birds.body_mass_g / 1000
    order = np.random.default_rng(sample).permutation(len(x))
    few, rest = order[:n], order[n:]
    coefficients = tuple(
        np.linalg.lstsq(legendre.legvander(_scaled(x[few]), d), y[few], rcond=None)[0]
        for d in degrees
    )
    training, held_out = (
        np.array([np.mean(squared(y[rows] - polynomial(c, x[rows]))) for c in coefficients])
        for rows in (few, rest)
    )
    return Fits(x[few], y[few], (x[rest], y[rest]), coefficients, training, held_out)


def _scaled(x):
    """Flipper lengths, all from 17.2 to 23.1 cm, moved to −1 … 1, where Legendre's are tame."""
    return (np.asarray(x) - 20.15) / 2.95
