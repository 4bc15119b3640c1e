"""Matrix factorization of this book against scikit-surprise's SVD: test RMSE and wall time.

Both learn from the same 90 % of MovieLens and are tested on the same other 10 %, in one process,
taking turns, for several random splits. Timed is what each needs from arrays of ids and ratings
already in its own format to a fitted model; predictions are clipped to 0.5 … 5 for both.

scikit-surprise is needed for this file only and has to be compiled (a C compiler is enough)::

    python -m venv /tmp/surprise && . /tmp/surprise/bin/activate
    pip install -e . "scikit-surprise>=1.1.4"    # 1.1.4 was built for NumPy 1, 1.1.5 runs on 2
    OMP_NUM_THREADS=1 python benchmarks/recommender_vs_surprise.py
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
from helpers.mathematics.factorization import rmse
from helpers.mathematics.recommender import MatrixFactorization


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
    model = SVD(n_factors=20, n_epochs=50, lr_all=0.01, reg_all=0.1, random_state=seed)
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
    start = time.perf_counter()
    rng = np.random.default_rng(seed)
    model = MatrixFactorization(data.n_users, data.n_items, rng=rng, dtype=np.float32)
    model.fit(*triples, rng=rng, n_epochs=16, cool_epochs=4)
    return model.predict, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3, help="the least time of these counts")
    arguments = parser.parse_args()
    data = load_movielens()
    print("split   RMSE ours  surprise  |  seconds ours  surprise  ratio")
    ratios, better = [], 0
    for seed in range(arguments.splits):
        parts = split_at_random(len(data.ratings), rng=np.random.default_rng(seed))
        train = np.sort(np.concatenate([parts.train, parts.validation]))
        test = parts.test
        errors, seconds = {}, defaultdict(list)
        for repeat in range(arguments.repeats):
            for name, fit in (("ours", fit_ours), ("surprise", fit_surprise)):
                predict, spent = fit(data, train, seed)
                seconds[name].append(spent)
                if repeat == 0:
                    errors[name] = rmse(
                        predict(data.users[test], data.items[test]), data.ratings[test]
                    )
        ours, peer = min(seconds["ours"]), min(seconds["surprise"])
        ratios.append(ours / peer)
        better += errors["ours"] <= errors["surprise"]
        print(
            f"{seed:5d}   {errors['ours']:9.4f}  {errors['surprise']:8.4f}  |  "
            f"{ours:12.2f}  {peer:8.2f}  {ratios[-1]:5.2f}"
        )
    print(
        f"RMSE no worse on {better} of {arguments.splits} splits; "
        f"time ours / surprise: median {np.median(ratios):.2f}, most {max(ratios):.2f}"
    )


if __name__ == "__main__":
    main()
