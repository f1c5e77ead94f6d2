#!/usr/bin/env python3
"""Writes pickles of NumPy data, and what NumPy says that they hold, for the tests of pickle/.

    python3 scripts/reference_pickles.py                 writes pickle/tests/fixtures/
    python3 scripts/reference_pickles.py FOLDER          writes another folder

Run it once with NumPy 1 and once with NumPy 2: the two name their functions differently, and each writes the files that
carry its number. The stored ones are of NumPy 1.26.4 and 2.4.6:

    python3 -m pip install --target /tmp/numpy1 numpy==1.26.4
    PYTHONPATH=/tmp/numpy1 python3 scripts/reference_pickles.py
    .python/bin/python scripts/reference_pickles.py

Python 2 pickled texts and bytes alike, by other instructions. A pickler below writes its protocols, so that no Python 2 is
needed; like the damaged datasets its files are written by NumPy 1. expected.json is equal for all.
"""

import collections
import io
import json
import pathlib
import pickle
import struct
import sys

import numpy as np

TARGET = pathlib.Path(__file__).parent.parent / "pickle" / "tests" / "fixtures"


def plain_cases():
    shared = ["shared"]
    return {
        "none": None,
        "bools": [True, False],
        "integers": [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -(2**31), 2**31, 2**63, -(2**63) - 1, 2**100, -(2**127)],
        "floats": [0.0, -0.0, 1.5, -1e300, 5e-324, float("inf"), float("-inf"), float("nan"), 0.1],
        "texts": ["", "ascii", "é\U0001F600", "line\nfeed\\ \"quoted' \x00\t", "x" * 300],
        "bytes": [b"", b"ascii", bytes(range(256)), b"\x80" * 300, b"back\\slash'\"\n"],
        "bytearray": bytearray(b"\x00\xffarray"),
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "set": {7},
        "frozenset": frozenset(["one"]),
        "empty set": set(),
        "dict": {"a": 1, "b": {"c": [None]}, 3: "three"},
        "ordered": collections.OrderedDict([("z", 1), ("a", [2.5])]),
        "shared": [shared, shared, (shared, shared)],
        "long list": list(range(1200)),
        "many strings": [f"string {i}" for i in range(300)] * 2,
    }


def array_cases():
    grid = np.arange(24).reshape(2, 3, 4)
    floats = np.array([0.0, -0.0, 1.5, -2.75, np.inf, -np.inf, np.nan, 65504, 6e-8])
    cases = {f"float {code}": floats.astype(code) for code in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]}
    for code in ["i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "u1", "<u2", ">u4", "<u8", ">u8"]:
        limits = np.iinfo(code)
        cases[f"integer {code}"] = np.array([limits.min, 0, 1, limits.max], dtype=code)
    cases |= {
        "bool": np.array([True, False]),
        "text": np.array(["", "a", "é\U0001F600", "ab\x00c"]),
        "big-endian text": np.array(["", "a", "é\U0001F600"]).astype(">U5"),
        "bytes": np.array([b"", b"a", b"abc"]),
        "objects": np.array(["one", "two", "one"], dtype=object),
        "mixed objects": np.array([1, 2.5, "text", None, (1, 2)], dtype=object),
        "object grid": np.array([["a", "b", "c"], ["d", "e", "f"]], dtype=object),
        "Fortran objects": np.asfortranarray(np.array([["a", "b", "c"], ["d", "e", "f"]], dtype=object)),
        "C order": grid.astype("<f8"),
        "Fortran order": np.asfortranarray(grid.astype("<f4")),
        "transposed": grid.astype("<i4").transpose(1, 2, 0),
        "transposed big-endian": grid.astype(">f8").transpose(2, 0, 1),
        "not contiguous": grid.astype("<i2")[:, ::2, 1::2],
        "reversed": np.arange(5.0)[::-1],
        "read-only": np.broadcast_to(np.float64(3.5), (2, 2)),
        "no dimensions": np.array(2.5),
        "empty": np.zeros(0),
        "empty rows": np.zeros((3, 0, 2), dtype="<i4"),
        "empty objects": np.zeros(0, dtype=object),
        "shared": [grid, grid[0], grid],
        "scalar float": np.float64(0.1),
        "scalar float32": np.float32(-1.5),
        "scalar integer": np.int64(-7),
        "scalar bool": np.bool_(True),
        "scalar text": np.str_("é"),
        "scalar empty text": np.str_(""),
        "scalar bytes": np.bytes_(b"raw"),
        "list of scalars": [np.float64(1), np.int32(2), np.uint8(255)],
    }
    return cases


def filled(rows, dtype):
    """Records whose padding is zeros and not what memory held before, so that equal runs write equal files."""
    array = np.zeros(len(rows), dtype=dtype)
    for i, row in enumerate(rows):
        array[i] = row
    return array


def record_cases():
    rows = [(1, 2.5, "one", b"x"), (-2, np.nan, "é", b"yz")]
    plain = np.array(rows, dtype=[("i", "<i4"), ("f", "<f8"), ("t", "U3"), ("b", "S2")])
    nested = np.dtype([("name", "U4"), ("inner", [("a", ">i2"), ("b", "<f4", (2, 2))])])
    titled = np.dtype([(("A title", "i"), "<i4"), (("Another", "f"), "<f8")])
    offset = np.dtype({"names": ["late", "early"], "formats": ["<f4", "u1"], "offsets": [12, 3], "itemsize": 20})
    texts = [np.array(["one", "two"], dtype=object), np.array([128, 256]), np.array([0.5, 1.5], dtype=">f4")]
    return {
        "plain": plain,
        "recarray": plain.view(np.recarray),
        "record": plain.view(np.recarray)[1],
        "void": plain[1],
        "aligned": filled([(1, 2.5), (3, 4.5)], np.dtype([("i", "u1"), ("f", "<f8")], align=True)),
        "big-endian": np.array([(1, 2.5)], dtype=[("i", ">i8"), ("f", ">f4")]),
        "nested": np.array([("ab", (1, [[1, 2], [3, 4]])), ("c", (2, [[5, 6], [7, 8]]))], dtype=nested),
        "titled": np.array([(1, 2.5), (3, 4.5)], dtype=titled),
        "offset": filled([(1.5, 2), (3.5, 4)], offset),
        "one field of many": plain[["i", "t"]],
        "grid": np.asfortranarray(np.array([[(1, 2), (3, 4), (5, 6)]] * 2, dtype=[("a", "u1"), ("b", "<u2")])),
        "objects": np.rec.fromarrays(texts, names=["rule", "batch_size", "rate"]),
        "no records": plain[:0],
    }


def kept_cases():
    """Arrays that are kept and not read."""
    return {
        "dates": np.array(["2020-01-01", "NaT"], dtype="M8[s]"),
        "durations": np.array([1, 2], dtype="m8[ns]"),
        "complex": np.array([1 + 2j]),
        "dtype": [np.dtype("<f8"), np.dtype([("a", "U3")])],
    }


def cases():
    return {
        "plain": plain_cases(),
        "arrays": array_cases(),
        "records": record_cases(),
        "kept": kept_cases(),
    }


def bits(value):
    """A float's 64 bits as an integer, which JSON keeps."""
    value = float(value)
    return "nan" if value != value else str(struct.unpack("<q", struct.pack("<d", value))[0])


def described(value):
    """What `value` is, in JSON. Numbers are strings, because JSON parsers differ in what numbers they keep."""
    if isinstance(value, np.generic) and not isinstance(value, np.void):
        return described(np.asarray(value))
    if isinstance(value, np.void):
        return described(np.array(value, dtype=value.dtype))
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), **items(value)}
    if isinstance(value, np.dtype):
        return {"dtype": value.itemsize}
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": bits(value)}
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": value.hex()}
    if isinstance(value, dict):
        return {"dict": [[described(key), described(item)] for key, item in value.items()]}
    kind = {list: "list", tuple: "tuple", set: "set", frozenset: "set"}[type(value)]
    return {kind: [described(item) for item in value]}


def items(array):
    if array.dtype.names:
        return {"fields": {name: described(np.asarray(array[name])) for name in array.dtype.names}}
    flat = array.ravel(order="C")
    if array.dtype.kind == "f":
        return {"floats": [bits(value) for value in flat]}
    if array.dtype.kind in "biu":
        return {"integers": [str(int(value)) for value in flat]}
    if array.dtype.kind == "U":
        return {"texts": flat.tolist()}
    if array.dtype.kind == "S":
        return {"texts": [value.decode() for value in flat.tolist()]}
    if array.dtype.kind == "O":
        return {"objects": [described(value) for value in flat]}
    return {"kept": array.dtype.itemsize}


class Python2Pickler(pickle._Pickler):
    """Writes what Python 2 wrote: one kind of string for bytes and for texts without accents."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_string(self, value):
        if isinstance(value, str):
            if not value.isascii():
                return pickle._Pickler.save_str(self, value)
            data = value.encode()
        else:
            data = bytes(value)
        if self.proto == 0:
            self.write(pickle.STRING + repr(data)[1:].encode() + b"\n")
        elif len(data) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(data)]) + data)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[str] = save_string
    dispatch[bytes] = save_string


def python2(value, protocol):
    file = io.BytesIO()
    Python2Pickler(file, protocol).dump(value)
    return file.getvalue()


def published(rng, n_checkpoints=3):
    """A dataset in the form of the study's: two networks with four layers each."""
    functions = ["raw", "abs", "square"]
    statistics = ["norm", "mean", "var", "skew", "kurtosis", "median", "third_quartile"]
    keys = [f"{measure}{function}_{statistic}" for measure in ["weight", "act"] for function in functions for statistic in statistics]
    keys += ["gradavgraw_id", "gradavgabs_id", "gradavgsq_id"]
    rules = ["SGDM", "Adam", "FA", "IA"] * 2
    values = rng.standard_normal((8, n_checkpoints, 45)).astype("<f4")
    values[1, 0, 3] = np.nan
    depth = np.zeros((8, n_checkpoints, 3))
    for example, column in enumerate([0, 1, 2, 2] * 2):
        depth[example, :, column] = 1
    meta = np.rec.fromarrays(
        [
            np.array(rules),
            np.array(["imagenet"] * 4 + ["word-speaker-noise"] * 4),
            np.array(["ResNet-18"] * 4 + ["KNet4"] * 3 + ["VGG"]),
            np.array(["conv1", "conv2", "conv3", "fc4"] * 2),
            np.array([128] * 4 + [256] * 4),
            np.array([0, 1] * 4),
            np.array([1, 0] * 4),
            np.linspace(0, 1, 8),
        ],
        names=["learning_rule", "task", "model", "layer_name", "batch_size", "model_seed", "dataset_seed", "val_acc"],
    )
    return {"obs_keys": keys, "X": values, "X_cat": depth, "Y": np.array([0, 1, 2, 3] * 2), "meta": meta}


def with_object_meta(dataset):
    meta = dataset["meta"]
    columns = [meta[name].astype(object) if meta[name].dtype.kind == "U" else meta[name] for name in meta.dtype.names]
    return {**dataset, "obs_keys": np.array(dataset["obs_keys"]), "meta": np.rec.fromarrays(columns, names=meta.dtype.names)}


def damaged(dataset):
    """Datasets that are refused, by what is wrong with them."""
    small = {**dataset, "obs_keys": dataset["obs_keys"][:2], "X": dataset["X"][:, :1, :2], "X_cat": dataset["X_cat"][:, :1]}
    meta = small["meta"]
    no_rule = np.rec.fromarrays([meta["task"], meta["batch_size"]], names=["task", "batch_size"])
    two_hot = small["X_cat"].copy()
    two_hot[2] = 1
    moving = dataset["X_cat"].copy()
    moving[3, 1] = [1, 0, 0]
    return {
        "no-x": {key: value for key, value in small.items() if key != "X"},
        "flat-x": {**small, "X": small["X"][:, 0]},
        "more-keys": {**small, "obs_keys": dataset["obs_keys"][:3]},
        "same-keys": {**small, "obs_keys": ["act_norm", "actraw_norm"]},
        "short-meta": {**small, "meta": meta[:5]},
        "short-y": {**small, "Y": small["Y"][:5]},
        "other-y": {**small, "Y": small["Y"][::-1] % 3},
        "no-rule": {**small, "meta": no_rule},
        "list-meta": {**small, "meta": [1, 2]},
        "two-hot": {**small, "X_cat": two_hot},
        "moving-depth": {**small, "X": dataset["X"][:, :, :2], "X_cat": moving},
        "split-y": {**small, "Y": np.arange(8)},
    }


def variants(dataset):
    """Datasets that are read, in other forms than the study's."""
    small = {**dataset, "obs_keys": ["weight_norm", "bias_mean"], "X": dataset["X"][:, :1, :2], "X_cat": dataset["X_cat"][:, 0]}
    meta = small["meta"]
    columns = [meta["layer_name"], meta["task"], meta["batch_size"].astype("U")]
    no_rule = np.rec.fromarrays(columns, names=["dataset", "task", "bs"])
    return {
        "text-labels": {**small, "Y": meta["learning_rule"], "meta": no_rule},
        "named-depths": {**small, "cat_keys": ["is_deep", "is_middle", "is_early"]},
    }


def described_dataset(dataset):
    return {
        "values": [bits(value) for value in dataset["X"].ravel()],
        "depths": [["early", "middle", "deep"][column] for column in dataset["X_cat"][:, 0].argmax(axis=1)],
    }


def main():
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.mkdir(parents=True, exist_ok=True)
    major = np.__version__.partition(".")[0]
    data = cases()
    dataset = published(np.random.default_rng(1))
    files = {f"numpy{major}-protocol{protocol}": pickle.dumps(data, protocol) for protocol in range(6)}
    files[f"published-numpy{major}"] = pickle.dumps(dataset, 4 if major == "2" else 2)
    if major == "1":
        files |= {f"python2-protocol{protocol}": python2(data, protocol) for protocol in range(3)}
        files["published-python2"] = python2(with_object_meta(dataset), 2)
        files |= {f"damaged-{what}": pickle.dumps(value, 2) for what, value in damaged(dataset).items()}
        files |= {f"variant-{what}": pickle.dumps(value, 2) for what, value in variants(dataset).items()}
    for name, content in files.items():
        (target / f"{name}.pkl").write_bytes(content)
    expected = {"cases": described(data), "dataset": described_dataset(dataset)}
    (target / "expected.json").write_text(json.dumps(expected, indent=None, separators=(",", ":")) + "\n")


main()
