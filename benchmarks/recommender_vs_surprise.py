"""Matrix factorization of this book against scikit-surprise's SVD: test RMSE and wall time.

Both learn from the same 90 % of MovieLens and are tested on the same other 10 %, in one process,
taking turns, for several random splits. Each has the settings that did best when it was fitted to
the training parts of splits 0 to 2 and judged on their validation parts, and the biases alone are
fitted beside them. Timed is what each needs from arrays of ids and ratings already in its own
format to a fitted model; predictions are clipped to 0.5 … 5 for all. Every split is one of the same
100,004 ratings, so a test part holds ratings that a validation part of another split has held.

scikit-surprise is needed for this file only::

    python -m venv /tmp/surprise && . /tmp/surprise/bin/activate
    pip install -e . "scikit-surprise>=1.1.5"
    OMP_NUM_THREADS=1 python benchmarks/recommender_vs_surprise.py

Test RMSE with ``--splits 6``, under Python 3.11.7, NumPy 2.4.6, SciPy 1.17.1 and scikit-surprise
1.1.5, in November 2026::

    split  biases  ours    surprise
    0      0.8742  0.8558  0.8566
    1      0.8894  0.8721  0.8742
    2      0.8900  0.8726  0.8745
    3      0.8853  0.8686  0.8661
    4      0.8749  0.8552  0.8565
    5      0.8793  0.8610  0.8618
    means  0.8822  0.8642  0.8650

Ours is lower on five of the six, by 0.0008 on average, from −0.0025 to +0.0021: a tie.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict

import numpy as np
from surprise import SVD
from surprise.trainset import Trainset

from helpers.data.movielens import load_movielens
from helpers.data.ratings import split_at_random
from helpers.mathematics.factorization import fit_biases, rmse
from helpers.mathematics.recommender import MatrixFactorization, fit

#: What did best on three validation sets, of 15 settings tried for the peer and 18 for ours.
PEER = {"n_factors": 100, "n_epochs": 120, "lr_all": 0.005, "reg_all": 0.09, "init_std_dev": 0.05}
FACTORS, PENALTY, EPOCHS, COOL = 40, 14.0, 35, 5


def as_trainset(data, train):
    """The ratings in scikit-surprise's own format."""
    by_user, by_item = defaultdict(list), defaultdict(list)
    rows = (data.users[train].tolist(), data.items[train].tolist(), data.ratings[train].tolist())
    for user, item, stars in zip(*rows, strict=True):
        by_user[user].append((item, stars))
        by_item[item].append((user, stars))
    shape = (data.n_users, data.n_items)
    names = [{i: i for i in range(n)} for n in shape]
    return Trainset(by_user, by_item, *shape, len(train), (0.5, 5.0), *names)


def fit_surprise(data, train, seed):
    """Test predictions of the peer's SVD and its seconds."""
    trainset = as_trainset(data, train)
    model = SVD(**PEER, random_state=seed)
    start = time.perf_counter()
    model.fit(trainset)
    seconds = time.perf_counter() - start

    def predict(users, items):
        products = np.einsum("ik,ik->i", model.pu[users], model.qi[items])
        return np.clip(trainset.global_mean + model.bu[users] + model.bi[items] + products, 0.5, 5)

    return predict, seconds


def fit_ours(data, train, seed):
    """Test predictions of this book's model in single precision and its seconds."""
    triples = data.users[train], data.items[train], data.ratings[train]
    rates = [0.025] * (EPOCHS - COOL) + [0.0075] * COOL
    start = time.perf_counter()
    rng = np.random.default_rng(seed)
    size = data.n_users, data.n_items, FACTORS
    model = MatrixFactorization(*size, rng=rng, penalty=PENALTY, dtype=np.float32)
    fit(model, *triples, rng=rng, n_epochs=EPOCHS, learning_rate=rates)
    return model.predict, time.perf_counter() - start


def fit_biases_alone(data, train, seed):
    """Test predictions of mean and biases, which no chance takes part in, and their seconds."""
    triples = data.users[train], data.items[train], data.ratings[train]
    start = time.perf_counter()
    mu, b, c = fit_biases(*triples, n_users=data.n_users, n_items=data.n_items)
    seconds = time.perf_counter() - start
    return lambda users, items: np.clip(mu + b[users] + c[items], 0.5, 5), seconds


FITS = {"biases": fit_biases_alone, "ours": fit_ours, "surprise": fit_surprise}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=1, help="the least time of these counts")
    arguments = parser.parse_args()
    data = load_movielens()
    print("split  RMSE biases    ours  surprise  |  seconds ours  surprise  ratio")
    errors, ratios = [], []
    for seed in range(arguments.splits):
        parts = split_at_random(len(data.ratings), rng=np.random.default_rng(seed))
        train = np.sort(np.concatenate([parts.train, parts.validation]))
        test, seconds = parts.test, defaultdict(list)
        for _ in range(arguments.repeats):
            row = []
            for name, fitted in FITS.items():
                predict, spent = fitted(data, train, seed)
                seconds[name].append(spent)
                guess = predict(data.users[test], data.items[test])
                row.append(rmse(guess, data.ratings[test]))
        errors.append(row)
        ours, peer = min(seconds["ours"]), min(seconds["surprise"])
        ratios.append(ours / peer)
        print(
            f"{seed:5d}  {row[0]:11.4f}  {row[1]:.4f}  {row[2]:8.4f}  |  "
            f"{ours:12.2f}  {peer:8.2f}  {ratios[-1]:5.2f}",
            flush=True,
        )
    biases, ours, peer = np.transpose(errors)
    gain = biases - ours
    print(
        f"means: biases {biases.mean():.4f}, ours {ours.mean():.4f}, surprise {peer.mean():.4f}\n"
        f"factors beat the biases on {np.sum(gain > 0)} of {len(gain)}, by {gain.min():.3f} to "
        f"{gain.max():.3f}\nours beats surprise on {np.sum(ours < peer)} of {len(gain)}, by "
        f"{np.mean(peer - ours):+.4f} on average, from {np.min(peer - ours):+.4f} to "
        f"{np.max(peer - ours):+.4f}\ntime ours / surprise: median {np.median(ratios):.2f}"
    )


if __name__ == "__main__":
    main()
