"""Fits scikit-learn's forest to the examples of the bench `classifiers`.

    python classifiers.py FILE N_TRAIN N_TEST N_FEATURES THREADS TREES MAX_FEATURES

FILE holds the features of all examples as float32, row by row, and then their labels as uint32. What is printed is a line
of JSON: the seconds of the fit, the accuracy on the test examples and the features' importances. Everything that is not
given is scikit-learn's default.
"""

import json
import sys
import time

import numpy
from sklearn.ensemble import RandomForestClassifier


def main():
    file, *counts, max_features = sys.argv[1:]
    n_train, n_test, n_features, n_threads, n_trees = map(int, counts)
    n_values = (n_train + n_test) * n_features
    features = numpy.fromfile(file, "<f4", n_values).reshape(-1, n_features)
    labels = numpy.fromfile(file, "<u4", offset=4 * n_values)
    forest = RandomForestClassifier(
        n_trees, max_features={"all": None}.get(max_features, max_features), n_jobs=n_threads, random_state=0
    )
    start = time.perf_counter()
    forest.fit(features[:n_train], labels[:n_train])
    seconds = time.perf_counter() - start
    accuracy = forest.score(features[n_train:], labels[n_train:])
    print(json.dumps({"seconds": seconds, "accuracy": accuracy, "importances": forest.feature_importances_.tolist()}))


main()
