#!/usr/bin/env python3
"""Writes classifiers/src/reference/*.json: what scikit-learn and NumPy make of small data, for the classifiers' tests.

Run it with NumPy and scikit-learn installed; the files say which versions made them.

    python3 scripts/reference_classifiers.py

* iris.json, wine.json: the data (as float32), z-scores, principal components, weights of linear support vector machines
  for every C of the grid, probabilities of the baseline classifiers. The weights are scikit-learn's (LIBLINEAR's primal
  solver) and then polished by a plain Newton iteration on the objective, because LIBLINEAR's own stopping rule leaves
  few right digits at the largest C; the script fails where the last step still promises to lower the objective.
* digits.json: accuracies on the second part of plan/data/digits.csv after learning from the first part; those of linear
  support vector machines as scikit-learn's two solvers leave them by default, and after polishing.
* quant.json: QUANT's features of random series, written from the paper's definitions with numpy.quantile and numpy.fft.
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

ROOT = pathlib.Path(__file__).parent.parent
TARGET = ROOT / "classifiers" / "src" / "reference"
CS = [1.0, 50.0, 500.0, 5e3, 5e4, 5e5, 5e6]
FLOOR = 1e-5
N_DIGITS_TRAIN = 1300
VERSIONS = f"numpy {np.__version__}, scikit-learn {sklearn.__version__}"

warnings.filterwarnings("ignore")


def write(name, values):
    text = json.dumps({"made_by": VERSIONS, **values}, separators=(",", ":"), allow_nan=False)
    (TARGET / name).write_text(text + "\n")


def numbers(array):
    return np.asarray(array, dtype=np.float64).ravel().tolist()


def scale(x):
    x = x.astype(np.float64)
    means, deviations = x.mean(axis=0), np.maximum(x.std(axis=0), FLOOR)
    return (x - means) / deviations, means, deviations


def polish(design, signs, weights, c):
    """Newton steps with halving from nearly right weights; returns weights and objective."""

    def objective(w):
        violation = np.maximum(0, 1 - signs * (design @ w))
        return 0.5 * w @ w / (2 * c) + 0.5 * violation @ violation

    for _ in range(2000):
        violation = np.maximum(0, 1 - signs * (design @ weights))
        active = violation > 0
        gradient = weights / (2 * c) - design.T @ (signs * violation)
        hessian = np.eye(len(weights)) / (2 * c) + design[active].T @ design[active]
        step = np.linalg.solve(hessian, -gradient)
        length, before = 1.0, objective(weights)
        while objective(weights + length * step) > before and length > 1e-12:
            length /= 2
        weights = weights + length * step
        if -gradient @ step <= 1e-16 * before:
            return weights, 2 * c * objective(weights)
    raise SystemExit(f"no convergence at C = {c}")


def machines(z, labels, c):
    """Rows of weights, intercept last, and objectives, class by class."""
    fitted = LinearSVC(C=c, dual=False).fit(z, labels)
    design = np.hstack([z, np.ones((len(z), 1))])
    rows, objectives = [], []
    for number, (weights, intercept) in enumerate(zip(fitted.coef_, fitted.intercept_)):
        signs = np.where(labels == number, 1.0, -1.0)
        row, objective = polish(design, signs, np.append(weights, intercept), c)
        rows.append(row)
        objectives.append(objective)
    return numbers(rows), objectives


def small(name, bunch, rows_in_test):
    x = bunch.data.astype(np.float32)
    labels = bunch.target
    z, means, deviations = scale(x)
    pca = PCA(svd_solver="full").fit(z)
    paths = [machines(z, labels, c) for c in CS]
    write(
        name,
        {
            "feature_names": [str(n) for n in bunch.feature_names],
            "features": [float(str(v)) for v in x.ravel()],
            "labels": labels.tolist(),
            "means": numbers(means),
            "deviations": numbers(deviations),
            "components": numbers(pca.components_),
            "variances": numbers(pca.explained_variance_),
            "variance_ratios": numbers(pca.explained_variance_ratio_),
            "cs": CS,
            "svm_weights": [weights for weights, _ in paths],
            "svm_objectives": [objectives for _, objectives in paths],
            "naive_bayes": numbers(GaussianNB().fit(z, labels).predict_proba(z[rows_in_test])),
            "logistic_regression": numbers(
                LogisticRegression(C=1.0, tol=1e-10, max_iter=100_000).fit(z, labels).predict_proba(z[rows_in_test])
            ),
            "nearest_neighbours": numbers(
                KNeighborsClassifier(n_neighbors=5, algorithm="brute").fit(z, labels).predict_proba(z[rows_in_test])
            ),
            "rows_in_test": rows_in_test.tolist(),
        },
    )


def digits():
    table = np.loadtxt(ROOT / "plan" / "data" / "digits.csv", delimiter=",")
    x, labels = table[:, :64], table[:, 64].astype(int)
    z_train, means, deviations = scale(x[:N_DIGITS_TRAIN])
    z_test = (x[N_DIGITS_TRAIN:] - means) / deviations
    train, test = labels[:N_DIGITS_TRAIN], labels[N_DIGITS_TRAIN:]

    def accuracies(dual, transform=lambda z: z):
        return [
            float(
                LinearSVC(C=c, dual=dual, max_iter=1000, random_state=0)
                .fit(transform(z_train), train)
                .score(transform(z_test), test)
            )
            for c in CS
        ]

    def converged_accuracies(transform=lambda z: z):
        found = []
        for c in CS:
            weights = np.reshape(machines(transform(z_train), train, c)[0], (10, -1))
            values = transform(z_test) @ weights[:, :-1].T + weights[:, -1]
            found.append(float(np.mean(values.argmax(axis=1) == test)))
        return found

    pca = PCA(n_components=20, svd_solver="full").fit(z_train)
    trees = [
        ExtraTreesClassifier(200, max_features=0.1, criterion="entropy", random_state=seed)
        .fit(x[:N_DIGITS_TRAIN], train)
        .score(x[N_DIGITS_TRAIN:], test)
        for seed in range(5)
    ]
    write(
        "digits.json",
        {
            "n_train": N_DIGITS_TRAIN,
            "cs": CS,
            "primal_accuracies": accuracies(False),
            "dual_accuracies": accuracies(True),
            "converged_accuracies": converged_accuracies(),
            "primal_accuracies_20_components": accuracies(False, pca.transform),
            "converged_accuracies_20_components": converged_accuracies(pca.transform),
            "extra_trees_accuracies": [float(value) for value in trees],
        },
    )


def intervals(length, depth):
    found = []
    for level in range(min(depth, int(np.log2(length)) + 1)):
        n = 2**level
        edges = [i * length // n for i in range(n + 1)]
        level_intervals = list(zip(edges[:-1], edges[1:]))
        found += level_intervals
        widths = sorted(b - a for a, b in level_intervals)
        if n > 1 and widths[(n - 1) // 2] > 1:
            shift = -(-length // (2 * n))
            found += [(a + shift, b + shift) for a, b in level_intervals[:-1]]
    return found


def quantiles(values, divisor):
    n = len(values)
    if n == 1:
        return [float(values[0])]
    k = 1 + (n - 1) // divisor
    if k == 1:
        return [float(np.quantile(values, 0.5))]
    found = np.quantile(values, np.linspace(0, 1, k))
    found[1::2] -= values.mean()
    return found.tolist()


def quant(series, depth=6, divisor=4):
    def smoothed(values):
        padded = np.pad(values, 2, mode="edge")
        return np.convolve(padded, np.full(5, 0.2), mode="valid")

    representations = [series]
    if len(series) > 1:
        representations.append(smoothed(np.diff(series)))
    if len(series) > 2:
        representations.append(np.diff(series, n=2))
    if len(series) > 1:
        representations.append(np.abs(np.fft.rfft(series)))
    features = []
    for values in representations:
        for start, end in intervals(len(values), depth):
            features += quantiles(values[start:end], divisor)
    return features


def series():
    random = np.random.default_rng(0)
    cases = []
    for length in [1, 2, 3, 5, 7, 21, 64]:
        values = np.cumsum(random.normal(size=length)).astype(np.float32)
        for depth, divisor in [(6, 4), (3, 2)]:
            cases.append(
                {
                    "depth": depth,
                    "divisor": divisor,
                    "series": [float(str(v)) for v in values],
                    "features": quant(values.astype(np.float64), depth, divisor),
                }
            )
    write("quant.json", {"cases": cases})


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    small("iris.json", load_iris(), np.arange(0, 150, 10))
    small("wine.json", load_wine(), np.arange(0, 178, 10))
    digits()
    series()
