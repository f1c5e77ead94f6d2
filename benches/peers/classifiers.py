"""Fits scikit-learn's classifiers to the examples of the bench `classifiers`.

    python classifiers.py FILE N_TRAIN N_TEST N_FEATURES THREADS SEED forest TREES MAX_FEATURES
    python classifiers.py FILE N_TRAIN N_TEST N_FEATURES THREADS SEED svm C

FILE holds the features of all examples as float32, row by row, and then their labels as uint32. What is printed is a line
of JSON: the seconds of the fit, the accuracy on the test examples and a forest's importances. Everything that is not
given is scikit-learn's default. The machine sees z-scores, whose computation is timed with it; it has no threads.
"""

import json
import sys
import time

import numpy
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC


def forest(n_threads, seed, n_trees, max_features):
    return RandomForestClassifier(
        int(n_trees),
        max_features={"all": None}.get(max_features, max_features),
        n_jobs=n_threads,
        random_state=seed,
    )


def svm(_, seed, c):
    return make_pipeline(StandardScaler(), LinearSVC(C=float(c), random_state=seed))


def main():
    file, *counts = sys.argv[1:7]
    kind, *settings = sys.argv[7:]
    n_train, n_test, n_features, n_threads, seed = map(int, counts)
    n_values = (n_train + n_test) * n_features
    features = numpy.fromfile(file, "<f4", n_values).reshape(-1, n_features)
    labels = numpy.fromfile(file, "<u4", offset=4 * n_values)
    model = {"forest": forest, "svm": svm}[kind](n_threads, seed, *settings)
    start = time.perf_counter()
    model.fit(features[:n_train], labels[:n_train])
    seconds = time.perf_counter() - start
    said = {"seconds": seconds, "accuracy": model.score(features[n_train:], labels[n_train:])}
    if kind == "forest":
        said["importances"] = model.feature_importances_.tolist()
    print(json.dumps(said))


main()
