#!/usr/bin/env python3
"""Fits the Conv1D MLPs of tests/tests/conv1d_mlp.rs with NumPy alone, in float64: forward pass, gradients and Adam by hand.

    python3 scripts/reference_conv1d_mlp.py CASES.json

reads the examples, every case's settings and the weights that its network begins with, and prints for each case the weights
after training and the probabilities of the training examples. Every step takes all examples, so their order plays no part.
"""

import json
import math
import sys

import numpy as np

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
POOLED = 2


def windows(inputs, kernel, stride):
    """[examples, places, channels, kernel]"""
    n_places = (inputs.shape[2] - kernel) // stride + 1
    return np.stack([inputs[:, :, place * stride : place * stride + kernel] for place in range(n_places)], axis=1)


def pool(places, pooling):
    """The pooled places [examples, filters, pooled], and what takes a gradient of them back."""
    n_pooled = places.shape[2] // POOLED
    if pooling == "none" or n_pooled == 0:
        return places, lambda gradient: gradient
    pairs = places[:, :, : n_pooled * POOLED].reshape(*places.shape[:2], n_pooled, POOLED)
    if pooling == "max":
        share = np.zeros_like(pairs)
        np.put_along_axis(share, pairs.argmax(axis=3)[..., None], 1.0, axis=3)
        pooled = pairs.max(axis=3)
    else:
        share = np.full_like(pairs, 1 / POOLED)
        pooled = pairs.mean(axis=3)

    def back(gradient):
        of_places = np.zeros_like(places)
        of_places[:, :, : n_pooled * POOLED] = (share * gradient[..., None]).reshape(*places.shape[:2], -1)
        return of_places

    return pooled, back


def forward(seen, weights, pooling):
    """The probabilities, and what the gradients need."""
    places = np.einsum("npck,fck->nfp", seen, weights["filters"]) + weights["filter_biases"][:, None]
    rectified = np.maximum(places, 0)
    pooled, back = pool(rectified, pooling)
    found = pooled.reshape(len(seen), -1)
    logits = found @ weights["dense"].T + weights["dense_biases"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True), places, pooled, back, found


def gradients(seen, truth, weights, pooling):
    """Of the mean cross-entropy."""
    probabilities, places, pooled, back, found = forward(seen, weights, pooling)
    of_logits = (probabilities - truth) / len(seen)
    of_pooled = (of_logits @ weights["dense"]).reshape(pooled.shape)
    of_places = back(of_pooled) * (places > 0)
    return {
        "filters": np.einsum("nfp,npck->fck", of_places, seen),
        "filter_biases": of_places.sum(axis=(0, 2)),
        "dense": of_logits.T @ found,
        "dense_biases": of_logits.sum(axis=0),
    }


def fit(case, inputs, truth):
    settings = case["settings"]
    n_points = inputs.shape[2]
    kernel = min(max(math.ceil(settings["kernel_share"] * n_points * (1 - 1e-12)), 1), n_points)
    seen = windows(inputs, kernel, settings["stride"])
    weights = {name: np.array(values, dtype=float) for name, values in case["initial"].items()}
    weights["filters"] = weights["filters"].reshape(settings["n_filters"], inputs.shape[1], kernel)
    weights["dense"] = weights["dense"].reshape(truth.shape[1], -1)
    first = {name: np.zeros_like(values) for name, values in weights.items()}
    second = {name: np.zeros_like(values) for name, values in weights.items()}
    for step in range(1, settings["n_epochs"] + 1):
        for name, gradient in gradients(seen, truth, weights, settings["pooling"]).items():
            gradient = gradient + settings["weight_decay"] * weights[name]
            first[name] = BETA_1 * first[name] + (1 - BETA_1) * gradient
            second[name] = BETA_2 * second[name] + (1 - BETA_2) * gradient**2
            corrected = first[name] / (1 - BETA_1**step)
            deviation = np.sqrt(second[name] / (1 - BETA_2**step)) + EPSILON
            weights[name] = weights[name] - settings["learning_rate"] * corrected / deviation
    return {
        "weights": {name: values.ravel().tolist() for name, values in weights.items()},
        "probabilities": forward(seen, weights, settings["pooling"])[0].ravel().tolist(),
    }


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        asked = json.load(file)
    features = np.array(asked["features"], dtype=np.float32).astype(float)
    features = features.reshape(len(asked["labels"]), -1)
    deviations = np.maximum(features.std(axis=0), 1e-5)
    scaled = (features - features.mean(axis=0)) / deviations
    n_points, n_trajectories = asked["n_points"], asked["n_trajectories"]
    # Indicators beside the trajectories are not scaled.
    is_indicator = np.all((features == 0) | (features == 1), axis=0)
    is_indicator[: n_trajectories * n_points] = False
    scaled[:, is_indicator] = features[:, is_indicator]
    trajectories = scaled[:, : n_trajectories * n_points].reshape(len(scaled), n_trajectories, n_points)
    others = np.repeat(scaled[:, n_trajectories * n_points :, None], n_points, axis=2)
    inputs = np.concatenate([trajectories, others], axis=1)
    truth = np.eye(asked["n_classes"])[asked["labels"]]
    print(json.dumps([fit(case, inputs, truth) for case in asked["cases"]]))


if __name__ == "__main__":
    main()
