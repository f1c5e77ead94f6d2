#!/usr/bin/env python3
"""Makes a dataset in the form of the study's, and compares what others made of it with its arrays.

    published_dataset.py make FOLDER               writes FOLDER/protocol{2,3,4,5}.pkl, FOLDER/renamed.pkl and FOLDER/hostile.pkl
    published_dataset.py release FOLDER RELEASE    compares a release with them, read by DuckDB
    published_dataset.py export FILE RELEASE       loads an exported pickle, compares it with the release, and prints its parts

The first prints nothing; the others one line of JSON. Whatever differs ends them with an error.
"""

import collections
import itertools
import json
import os
import pathlib
import pickle
import sys

import duckdb
import numpy as np

FUNCTIONS = ["raw", "abs", "square"]
STATISTICS = ["norm", "mean", "var", "skew", "kurtosis", "median", "third_quartile"]
KEYS = [f"{measure}{function}_{statistic}" for measure in ["weight", "act"] for function in FUNCTIONS for statistic in STATISTICS]
KEYS += ["gradavgraw_id", "gradavgabs_id", "gradavgsq_id"]
COLUMNS = [
    f"{measure}_{function}_{statistic}"
    for measure in ["weight", "activation"]
    for function in FUNCTIONS
    for statistic in STATISTICS
]
COLUMNS += [f"activity_change_{function}_mean" for function in FUNCTIONS]
RULES = {"SGDM": "sgdm", "Adam": "adam", "FA": "feedback_alignment", "IA": "information_alignment"}
LAYERS = {"KNet4": ["conv1", "conv2", "conv3", "fc4"], "ResNet-10": [f"conv{i}" for i in range(1, 12)] + ["fc"]}
ARCHITECTURES = {"KNet4": "knet4", "ResNet-10": "resnet10"}
DEPTHS = ["early", "middle", "deep"]
N_CHECKPOINTS = 4


def depth(index, n_layers):
    third = n_layers // 3
    return 0 if index < third else 1 if index < 2 * third else 2


def dataset():
    random = np.random.default_rng(7)
    examples = [
        (rule, "cifar-10", architecture, layer, batch_size, model_seed, 0, 0.1 * batch_size / 256)
        for rule in RULES
        for architecture, layers in LAYERS.items()
        for batch_size, model_seed in itertools.product([128, 256], [0, 1])
        for layer in layers
    ]
    # As the study's examples may be, in no order.
    examples = [examples[i] for i in random.permutation(len(examples))]
    columns = [np.array(column) for column in zip(*examples)]
    names = ["learning_rule", "task", "model", "layer_name", "batch_size", "model_seed", "dataset_seed", "base_learning_rate"]
    meta = np.rec.fromarrays(columns, names=names)
    values = random.standard_normal((len(examples), N_CHECKPOINTS, len(KEYS)))
    values[1, 2, 3] = np.nan
    values[2, 0, 0] = np.inf
    indicator = np.zeros((len(examples), N_CHECKPOINTS, 3))
    for example, (_, _, architecture, layer, *_) in enumerate(examples):
        layers = LAYERS[architecture]
        indicator[example, :, depth(layers.index(layer), len(layers))] = 1
    labels = np.array([list(RULES).index(example[0]) for example in examples])
    return {"obs_keys": KEYS, "X": values, "X_cat": indicator, "Y": labels, "meta": meta}


class Command:
    """What a hostile pickle would run."""

    def __reduce__(self):
        return os.system, ("touch owned",)


def make(folder):
    whole = dataset()
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        (folder / f"protocol{protocol}.pkl").write_bytes(pickle.dumps(whole, protocol))
    meta = whole["meta"]
    names = ["lr_name", "trainset", "model", "where", "batch_size", "model_seed", "repeat", "lr"]
    renamed = np.rec.fromarrays([meta[name] for name in meta.dtype.names], names=names)
    renamed["trainset"] = "small!!!"
    # A seed that is not recognised as one, without which two runs cannot be told apart.
    renamed["repeat"], renamed["model_seed"] = renamed["model_seed"].copy(), 0
    keys = ["bias_mean", *KEYS[1:]]
    (folder / "renamed.pkl").write_bytes(pickle.dumps({**whole, "obs_keys": keys, "meta": renamed}))
    (folder / "hostile.pkl").write_bytes(pickle.dumps({**whole, "meta": Command()}))


def same(name, ours, theirs):
    if not np.array_equal(np.asarray(ours), np.asarray(theirs), equal_nan=np.asarray(ours).dtype.kind == "f"):
        sys.exit(f"{name} differs")


def of_release(release, order):
    connection = duckdb.connect()
    table = f"read_parquet('{release}/trajectories/**/*.parquet', hive_partitioning = true)"
    examples = f"read_parquet('{release}/published_examples.parquet')"
    columns = ", ".join(f"t.{column}" for column in COLUMNS)
    return connection.sql(
        f"""SELECT e.example, t.epoch, t.task, t.architecture, t.learning_rule, t.layer, t.layer_index, t.depth, t.batch_size,
                   t.model_seed, t.n_units, t.validation_loss, e.meta.base_learning_rate AS rate, {columns}
            FROM {table} t JOIN {examples} e USING (run_id, layer) ORDER BY {order}"""
    ).fetchnumpy()


def release(folder, release):
    whole = pickle.loads((folder / "protocol4.pkl").read_bytes())
    found = of_release(release, "e.example, t.epoch")
    n = len(whole["Y"])
    meta = whole["meta"]
    of_example = lambda name: np.asarray(found[name]).reshape(n, N_CHECKPOINTS)[:, 0]
    values = np.stack([np.asarray(found[column], dtype=float) for column in COLUMNS], axis=-1)
    same("X", whole["X"], values.reshape(n, N_CHECKPOINTS, len(COLUMNS)))
    same("learning_rule", [RULES[rule] for rule in meta["learning_rule"]], of_example("learning_rule"))
    same("architecture", [ARCHITECTURES[name] for name in meta["model"]], of_example("architecture"))
    same("task", ["cifar10"] * n, of_example("task"))
    same("layer", meta["layer_name"], of_example("layer"))
    same("depth", [DEPTHS[i] for i in whole["X_cat"][:, 0].argmax(axis=1)], of_example("depth"))
    same("batch_size", meta["batch_size"], of_example("batch_size"))
    same("rate", meta["base_learning_rate"], of_example("rate"))
    same("epoch", list(range(0, 5 * N_CHECKPOINTS, 5)) * n, found["epoch"])
    indices = [LAYERS[model].index(layer) for model, layer in zip(meta["model"], meta["layer_name"])]
    same("layer_index", indices, of_example("layer_index"))
    if not np.ma.getmaskarray(found["n_units"]).all() or not np.ma.getmaskarray(found["validation_loss"]).all():
        sys.exit("what the dataset does not tell is not NULL")
    print(json.dumps({"n_examples": n}))


def published_name(column):
    for ours, theirs in [("activity_change_", "gradavg"), ("activation_", "act"), ("weight_", "weight")]:
        if column.startswith(ours):
            function, statistic = column.removeprefix(ours).split("_", 1)
            function = "sq" if function == "square" else function
            return f"{theirs}{function}_{'id' if theirs == 'gradavg' else statistic}"


def export(file, release):
    whole = pickle.loads(file.read_bytes())
    n, n_checkpoints, n_statistics = whole["X"].shape
    found = of_release(release, "t.task, t.architecture, t.run_id, t.layer_index, t.epoch")
    meta = whole["meta"]
    if not isinstance(meta, np.recarray):
        sys.exit("meta is no record array")
    same("obs_keys", whole["obs_keys"], [published_name(column) for column in COLUMNS])
    values = np.stack([np.asarray(found[column], dtype=float) for column in COLUMNS], axis=-1)
    same("X", whole["X"], values.reshape(n, n_checkpoints, n_statistics))
    of_example = lambda name: np.asarray(found[name]).reshape(n, n_checkpoints)[:, 0]
    for name in ["task", "architecture", "learning_rule", "layer", "batch_size", "model_seed"]:
        same(name, meta[name], of_example(name))
    same("X_cat", whole["X_cat"], np.eye(3)[[[DEPTHS.index(depth)] * n_checkpoints for depth in of_example("depth")]])
    rules = collections.OrderedDict(sorted(zip(whole["Y"].tolist(), meta["learning_rule"])))
    same("Y", [rules[label] for label in whole["Y"]], meta["learning_rule"])
    print(json.dumps({"X": whole["X"].shape, "rules": list(rules.values()), "keys": list(whole)}))


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    {"make": make, "release": release, "export": export}[what](*map(pathlib.Path, paths))
