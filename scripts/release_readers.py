#!/usr/bin/env python3
"""Opens a release as its users do, with nothing of Engram, and prints what each reader finds.

    .python/bin/python scripts/release_readers.py RELEASE

DuckDB, Polars and PyArrow read the table `trajectories` with its Hive partitions; mlcroissant validates croissant.json and
reads the first records through it. The output is one line of JSON:

    {READER: {"rows": N, "partitions": [[TASK, ARCHITECTURE, N], ...], "mean": MEAN},
     "croissant": {"issues": [TEXT, ...], "record": {NAME: TEXT}}}

MEAN is the mean of `weight_raw_norm` where it is finite.
"""

import json
import logging
import math
import pathlib
import sys

import duckdb
import mlcroissant
import polars
import pyarrow.compute
import pyarrow.dataset

COLUMN = "weight_raw_norm"


def of_duckdb(folder):
    connection = duckdb.connect()
    table = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
    partitions = connection.sql(
        f"SELECT task, architecture, count(*) FROM {table} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    mean = connection.sql(f"SELECT avg({COLUMN}) FROM {table} WHERE isfinite({COLUMN})").fetchall()[0][0]
    return summary(partitions, mean)


def of_polars(folder):
    rows = polars.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True)
    counted = rows.group_by("task", "architecture").len().sort("task", "architecture").collect()
    mean = rows.filter(polars.col(COLUMN).is_finite()).select(polars.col(COLUMN).mean()).collect().item()
    return summary(counted.rows(), mean)


def of_pyarrow(folder):
    rows = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive").to_table()
    counted = rows.group_by(["task", "architecture"]).aggregate([([], "count_all")]).to_pylist()
    partitions = sorted((row["task"], row["architecture"], row["count_all"]) for row in counted)
    values = [value for value in rows[COLUMN].to_pylist() if math.isfinite(value)]
    return summary(partitions, math.fsum(values) / len(values))


def summary(partitions, mean):
    return {
        "rows": sum(count for _, _, count in partitions),
        "partitions": [list(partition) for partition in partitions],
        "mean": mean,
    }


def of_croissant(release):
    issues = []

    class Collector(logging.Handler):
        def emit(self, record):
            issues.append(record.getMessage())

    logger = logging.getLogger("absl")
    logger.addHandler(Collector())
    dataset = mlcroissant.Dataset(jsonld=str(release / "croissant.json"))
    record = next(iter(dataset.records("trajectories")))
    text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
    return {"issues": issues, "record": {name: text(value) for name, value in record.items()}}


def main():
    release = pathlib.Path(sys.argv[1])
    folder = str(release / "trajectories")
    answer = {
        "duckdb": of_duckdb(folder),
        "polars": of_polars(folder),
        "pyarrow": of_pyarrow(folder),
        "croissant": of_croissant(release),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
