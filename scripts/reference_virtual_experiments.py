"""Virtual experiments in plain Python and NumPy: what the SQL functions, table functions and named queries should give.

    reference_virtual_experiments.py DATASET

reads a dataset's Parquet files and prints a JSON object: for each experiment its rows. Nothing of Engram is used; the
draws (SHA-256 of purpose, seed and key, then ChaCha8) are written out again here. Of a feature matrix each row is the run,
the layer, the side if there is one, the number of features and their sum weighted by place, which a value in another
place would change. `tests/tests/virtual_experiments.rs` compares, and keeps the output in `tests/reference/`.
"""

import hashlib
import json
import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

KEY = ["task", "architecture", "run_id", "layer_index", "unit_fraction", "noise_stddev", "observation_seed", "definition"]
PER_CHECKPOINT = {"epoch", "step", "validation_loss", "validation_accuracy", "feedback_angle", "gradient_angle", "sample"}
U32 = np.uint32


# Draws


def rotate(x, n):
    return (x << U32(n)) | (x >> U32(32 - n))


def quarter_round(s, a, b, c, d):
    s[a] += s[b]
    s[d] = rotate(s[d] ^ s[a], 16)
    s[c] += s[d]
    s[b] = rotate(s[b] ^ s[c], 12)
    s[a] += s[b]
    s[d] = rotate(s[d] ^ s[a], 8)
    s[c] += s[d]
    s[b] = rotate(s[b] ^ s[c], 7)


def chacha8_block(key, counter):
    start = np.concatenate([
        np.frombuffer(b"expand 32-byte k", dtype="<u4"),
        np.frombuffer(key, dtype="<u4"),
        np.array([counter & 0xFFFFFFFF, counter >> 32, 0, 0], dtype=U32),
    ]).astype(U32)
    s = start.copy()
    for _ in range(4):
        for a, b, c, d in [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]:
            quarter_round(s, a, b, c, d)
        for a, b, c, d in [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]:
            quarter_round(s, a, b, c, d)
    return s + start


def written(part):
    if part is None:
        return b"\x00"
    if isinstance(part, bool):
        return bytes([3, part])
    if isinstance(part, int):
        return b"\x01" + part.to_bytes(8, "little", signed=True)
    if isinstance(part, float):
        return b"\x02" + np.float64(part).tobytes()
    text = part.encode()
    return b"\x04" + len(text).to_bytes(8, "little") + text


def draws(purpose, seed, *key):
    """Endless uniform draws from [0, 1)."""
    purpose = purpose.encode()
    hashed = hashlib.sha256(
        len(purpose).to_bytes(8, "little") + purpose + (seed % 2**64).to_bytes(8, "little") + b"".join(map(written, key))
    ).digest()
    counter = 0
    with np.errstate(over="ignore"):
        while True:
            words = chacha8_block(hashed, counter).astype(np.uint64)
            for low, high in zip(words[0::2], words[1::2]):
                yield float((int(high) << 32 | int(low)) >> 11) * 2.0**-53
            counter += 1


def uniform(seed, *key):
    return next(draws("uniform", seed, *key))


def sample_units(values, fraction, seed, *key):
    n = len(values)
    n_chosen = max(1, math.ceil(fraction * n * (1 - 1e-12)))
    drawn, order = draws("sample_units", seed, *key), list(range(n))
    for place in range(n_chosen):
        other = place + int(next(drawn) * (n - place))
        order[place], order[other] = order[other], order[place]
    return [values[unit] for unit in order[:n_chosen]]


def add_gaussian_noise(values, stddev, seed, *key):
    drawn, noise = draws("add_gaussian_noise", seed, *key), []
    while len(noise) < len(values):
        radius = math.sqrt(-2 * math.log(1 - next(drawn)))
        angle = 2 * math.pi * next(drawn)
        noise += [radius * math.cos(angle), radius * math.sin(angle)]
    # Recordings are in single precision, and so is what is read of them with noise.
    return [float(np.float32(value + stddev * z)) for value, z in zip(values, noise)]


# Statistics


def observe(values):
    x = np.asarray(values, dtype=np.float64)
    mean, var = x.mean(), x.var()
    median, third_quartile = (np.quantile(x, q, method="inverted_cdf") for q in (0.5, 0.75))
    with np.errstate(divide="ignore", invalid="ignore"):
        skew = 3 * (mean - median) / np.sqrt(var)
        kurtosis = ((x - mean) ** 4).mean() / var**2
    return {
        "norm": np.sqrt((x**2).sum()), "mean": mean, "var": var, "skew": skew, "kurtosis": kurtosis, "median": median,
        "third_quartile": third_quartile,
    }


# Relations: lists of rows, each a dict


def table(dataset, name):
    rows = []
    for file in sorted((dataset / name).rglob("*.parquet")):
        partition = dict(part.split("=", 1) for part in file.parts if "=" in part)
        rows += [{**row, **partition} for row in pq.ParquetFile(file).read().to_pylist()]
    return rows


def trajectories_of(rows):
    """The rows of each trajectory, in the order of the epochs."""
    grouped = defaultdict(list)
    for row in rows:
        grouped[tuple(row[column] for column in KEY)].append(row)
    return [sorted(group, key=lambda row: row.get("sample", row.get("epoch"))) for group in grouped.values()]


def trajectory_subsample(rows, samples, period, seed):
    kept = []
    for group in trajectories_of(rows):
        by_epoch = {row["epoch"]: row for row in group}
        starts = [e for e in by_epoch if all(e + k * period in by_epoch for k in range(samples))]
        if starts:
            start = starts[int(uniform(seed, "start", group[0]["run_id"], group[0]["layer"]) * len(starts))]
            kept += [{**by_epoch[start + k * period], "sample": k} for k in range(samples)]
    return kept


def trajectory_portion(rows, portion):
    kept = []
    for group in trajectories_of(rows):
        third = len(group) // 3
        if third:
            start = {"early": 0, "middle": (len(group) - third) // 2, "late": len(group) - third}[portion]
            kept += [{**row, "sample": k} for k, row in enumerate(group[start:start + third])]
    return kept


def trajectory_mean(rows, observables):
    means = []
    for group in trajectories_of(rows):
        kept = {name: value for name, value in group[0].items() if name not in PER_CHECKPOINT}
        kept.update({name: float(np.mean([row[name] for row in group])) for name in observables})
        means.append({**kept, "sample": 0})
    return means


def recorded_rows(dataset, units, stddev, seed):
    """Run, layer, epoch, share of the units, and statistics of some recorded units with noise, averaged over the stimuli."""
    grouped = defaultdict(lambda: defaultdict(list))
    for row in table(dataset, "recordings"):
        stimulus = -1 if row["stimulus"] is None else row["stimulus"]
        key = row["run_id"], row["layer"], row["epoch"], row["measure"], stimulus
        seen = add_gaussian_noise(row["values"][:units], stddev, seed, *key)
        if row["measure"] == "activity_change":
            seen = [sum(seen)]
        grouped[key[:3]][row["measure"]].append((row["n_candidates"], np.array(seen)))
    asked = [
        ("weight", np.abs, "var"), ("weight", np.array, "norm"), ("weight", np.square, "third_quartile"),
        ("activation", np.array, "median"), ("activation", np.abs, "norm"),
        ("activity_change", np.array, "mean"), ("activity_change", np.abs, "mean"), ("activity_change", np.square, "mean"),
    ]
    return [
        [*key, units / seen["activation"][0][0]]
        + [float(np.mean([observe(of(values))[statistic] for _, values in seen[measure]])) for measure, of, statistic in asked]
        for key, seen in sorted(grouped.items())
    ]


def round_half_up(x):
    return math.floor(x + 0.5)


def split(rows, fraction, seed, by):
    """The side of every (run, layer)."""
    examples = sorted({(row["learning_rule"], row["run_id"], row["layer"]) for row in rows})
    units = defaultdict(set)
    for rule, run, layer in examples:
        units[rule].add((run,) if by == "run" else (run, layer))
    smallest = min(map(len, units.values()))
    n_test = max(1, min(smallest - 1, round_half_up(fraction * smallest)))
    tested = set()
    for of_rule in units.values():
        tested.update(sorted(of_rule, key=lambda unit: (uniform(seed, *unit), unit))[:n_test])
    test = defaultdict(list)
    for rule, run, layer in examples:
        if ((run,) if by == "run" else (run, layer)) in tested:
            test[rule].append((uniform(seed, "balance", run, layer), run, layer))
    n_balanced = min(map(len, test.values()))
    sides = {(run, layer): "train" for _, run, layer in examples}
    for of_rule in test.values():
        for place, (_, run, layer) in enumerate(sorted(of_rule)):
            sides[run, layer] = "test" if place < n_balanced else None
    return sides


def matched_performance(rows, width, seed):
    """The rows of runs that have their like, in task, architecture and final accuracy, under every rule."""
    last = {}
    for row in rows:
        if row["status"] == "trained" and row["epoch"] >= last.get(row["run_id"], row)["epoch"]:
            last[row["run_id"]] = row
    bins = defaultdict(lambda: defaultdict(list))
    for run, row in last.items():
        bin = math.floor(row["validation_accuracy"] / width)
        bins[row["task"], row["architecture"], bin][row["learning_rule"]].append((uniform(seed, "kept", run), run))
    n_rules = len({row["learning_rule"] for row in last.values()})
    kept = set()
    for of_rules in bins.values():
        if len(of_rules) == n_rules:
            n_kept = min(map(len, of_rules.values()))
            kept.update(run for drawn in of_rules.values() for _, run in sorted(drawn)[:n_kept])
    return [row for row in rows if row["run_id"] in kept]


def features(rows, observables, measure="all"):
    """Run, layer and features of every included example, and the names of the statistics."""
    chosen = [name for name in observables if measure == "all" or name.startswith(measure + "_")]
    chosen = [name for name in chosen if name in rows[0]]
    groups = trajectories_of(rows)
    times = [tuple(row.get("sample", row.get("epoch")) for row in group) for group in groups]
    trained = Counter(t for t, group in zip(times, groups) if group[0]["status"] == "trained")
    usual = max(trained, key=lambda t: (trained[t], len(t)))
    included = [g for t, g in zip(times, groups) if g[0]["status"] == "trained" and t == usual]
    admissible = [name for name in chosen if all(math.isfinite(row[name]) for group in included for row in group)]
    matrix = [(group[0], [row[name] for name in admissible for row in group]) for group in included]
    return matrix, admissible


def summary(matrix, side=lambda row: None):
    rows = []
    for row, values in matrix:
        weighted = float(np.dot(values, np.arange(1, len(values) + 1)))
        rows.append([row["run_id"], row["layer"], side(row), len(values), weighted])
    return sorted(rows, key=lambda row: row[:2])


def with_split(matrix, fraction, seed, by):
    sides = split([row for row, _ in matrix], fraction, seed, by)
    return summary(matrix, lambda row: sides[row["run_id"], row["layer"]])


def main():
    dataset = Path(sys.argv[1])
    rows = table(dataset, "trajectories")
    names = pq.ParquetFile(next((dataset / "trajectories").rglob("*.parquet"))).schema_arrow.names
    observables = names[names.index("gradient_angle") + 1:]
    results = {}

    results["aggregates"] = [
        [layer, *observe([row["weight_raw_mean"] for row in rows if row["layer"] == layer]).values()]
        for layer in sorted({row["layer"] for row in rows})
    ]
    results["uniform"] = [
        [uniform(7, "a", 1)], [uniform(-7, "a", 1)], [uniform(7, None, True, 0.5)], [uniform(7, "", "ab")], [uniform(7, "a", "b")],
    ]
    values = [0.5, -1.0, 2.0, 8.0, -0.25, 3.0, 1.0]
    results["sample_units"] = [[sample_units(values, f, 3, "run", "layer")] for f in (0.1, 0.5, 1.0)]
    results["add_gaussian_noise"] = [[add_gaussian_noise(values, s, 3, "run", 5)] for s in (0.0, 0.5, 2.0)]

    results["trajectory_subsample"] = sorted(
        [row["run_id"], row["layer"], row["sample"], row["epoch"], row["weight_abs_median"]]
        for row in trajectory_subsample(rows, 3, 10, 1)
    )
    for portion in ("early", "middle", "late"):
        results[f"trajectory_portion_{portion}"] = sorted(
            [row["run_id"], row["layer"], row["sample"], row["epoch"], row["weight_abs_median"]]
            for row in trajectory_portion(rows, portion)
        )
    results["trajectory_mean"] = sorted(
        [row["run_id"], row["layer"], row["weight_abs_median"]] for row in trajectory_mean(rows, observables)
    )
    for by in ("example", "run"):
        sides = split(rows, 0.25, 5, by)
        results[f"split_{by}"] = sorted([run, layer, side] for (run, layer), side in sides.items())

    everything, admissible = features(rows, observables)
    results["admissible_statistics"] = [[name] for name in sorted(admissible)]
    results["features"] = summary(everything)
    results["figure_2a"] = with_split(features(rows, observables, "weight")[0], 0.25, 3, "run")
    results["figure_2b"] = summary(everything, lambda row: "test" if row["architecture"] == "knet5" else "train")
    results["figure_2b_curriculum"] = summary(
        everything, lambda row: "test" if (row["batch_size"], row["dataset_seed"]) == (32, 0) else "train"
    )
    pair = [row for row in rows if row["learning_rule"] in ("adam", "feedback_alignment")]
    results["figure_s1"] = with_split(features(pair, observables)[0], 0.25, 0, "example")
    one = trajectory_subsample(rows, 1, 1, 4)
    results["figure_s2a"] = with_split(features(one, observables)[0], 0.25, 0, "example")
    results["figure_s2b"] = with_split(
        features(trajectory_mean(rows, observables), observables)[0], 0.25, 0, "example"
    )
    matched = matched_performance(rows, 0.05, 1)
    results["matched_performance"] = with_split(features(matched, observables, "weight")[0], 0.25, 1, "example")
    few = trajectory_subsample(rows, 3, 10, 2)
    results["figure_4a"] = with_split(features(few, observables, "activation")[0], 0.25, 1, "example")
    done = [row for row in rows if row["status"] == "trained"]
    portions = {"train": trajectory_portion(done, "early"), "test": trajectory_portion(done, "middle")}
    halves = []
    for side, portion in portions.items():
        sides = split(portion, 0.25, 0, "example")
        halves += [row for row in portion if sides[row["run_id"], row["layer"]] == side]
    sides = split(portions["train"], 0.25, 0, "example")
    results["figure_4b"] = summary(features(halves, observables)[0], lambda row: sides[row["run_id"], row["layer"]])
    condition = [
        row for row in rows
        if row["architecture"] == "knet4" and row["learning_rule"] in ("feedback_alignment", "information_alignment")
        and (row["unit_fraction"], row["noise_stddev"]) == (1.0, 0.0)
    ]
    results["figure_5"] = with_split(features(condition, observables, "activation")[0], 0.25, 0, "example")

    recorded = defaultdict(list)
    for row in table(dataset, "recordings"):
        if row["measure"] == "activation" and row["learning_rule"] in ("feedback_alignment", "information_alignment"):
            key = row["run_id"], row["layer"], row["epoch"]
            units = row["values"][:math.ceil(0.4 * len(row["values"]))]
            noisy = np.array(add_gaussian_noise(units, 0.3, 2, *key, "activation", row["stimulus"]))
            recorded[key].append((row, noisy))
    averaged = []
    for (_, _, epoch), stimuli in sorted(recorded.items()):
        functions = {"raw": np.array, "abs": np.abs, "square": np.square}
        seen = {name: [observe(function(units)) for _, units in stimuli] for name, function in functions.items()}
        first = stimuli[0][0]
        averaged.append({
            **{name: first[name] for name in ("task", "architecture", "run_id", "learning_rule", "layer", "layer_index", "status")},
            "unit_fraction": len(stimuli[0][1]) / first["n_candidates"], "noise_stddev": 0.3, "observation_seed": 2,
            "definition": "recorded", "epoch": epoch,
            **{
                f"activation_{function}_{statistic}": float(np.mean([o[statistic] for o in observed]))
                for function, observed in seen.items() for statistic in observed[0]
            },
        })
    results["figure_5_recorded"] = with_split(features(averaged, observables)[0], 0.25, 0, "example")

    results["recorded"] = recorded_rows(dataset, 10, 0.3, 4)
    nearest = [row for row in rows if row["definition"] == "standard" and row["noise_stddev"] == 0.0]
    results["observed"] = sorted(
        [row["run_id"], row["layer"], row["epoch"], row["unit_fraction"], row["activation_raw_mean"]]
        for row in nearest
        if abs(math.log(math.ceil(row["unit_fraction"] * row["n_units"]) / min(1000, row["n_units"]))) <= math.log(2)
    )

    stored = table(dataset, "results")
    confusion, importances = Counter(), defaultdict(list)
    for row in stored:
        n = len(row["classes"])
        for cell, count in enumerate(row["confusion"]):
            confusion[row["classes"][cell // n], row["classes"][cell % n]] += count
        for statistic, importance in zip(row["statistics"], row["importances"]):
            importances[statistic].append(importance)
    totals = Counter()
    for (rule, _), count in confusion.items():
        totals[rule] += count
    results["figure_2c"] = sorted(
        [rule, predicted, count, count / totals[rule]] for (rule, predicted), count in confusion.items()
    )
    results["figure_3"] = sorted(
        [statistic, float(np.mean(shares)), float(np.std(shares, ddof=1) / math.sqrt(len(shares)))]
        for statistic, shares in importances.items()
    )
    json.dump(results, sys.stdout, indent=None, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
