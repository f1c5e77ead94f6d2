#!/usr/bin/env python3
"""Reads the trajectories of a dataset with PyArrow and with DuckDB, and prints what each of them finds.

    .python/bin/python scripts/independent_reader.py DATASET

Neither shares code with the Rust crates that wrote the files, so tests compare their answers with Engram's own. The
output is one line of JSON, the same for equal data:

    {"pyarrow": TABLE, "duckdb": TABLE, "metadata": {FILE: {KEY: TEXT}}}

TABLE is {"columns": [NAME, ...], "rows": [[VALUE, ...], ...]}, the columns by name, the rows in an order of their own.
A floating-point value is the 16 hexadecimal digits of its bits, or "nan"; the partition columns are columns like any
other. FILE is a path below the dataset, and its metadata are the keys that begin with "engram.".
"""

import json
import math
import pathlib
import struct
import sys

import duckdb
import pyarrow.dataset
import pyarrow.parquet

TABLE = "trajectories"


def canonical(value):
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack(">d", value).hex()
    if value is None or isinstance(value, (int, str)):
        return value
    raise TypeError(f"a column holds a {type(value).__name__}, which no column of {TABLE} should")


def table(columns, rows):
    """Columns by name, and rows by their JSON, whatever order a reader gave them in."""
    order = sorted(range(len(columns)), key=lambda place: columns[place])
    rows = [[canonical(row[place]) for place in order] for row in rows]
    return {"columns": [columns[place] for place in order], "rows": sorted(rows, key=json.dumps)}


def by_pyarrow(folder):
    found = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive").to_table()
    return table(found.column_names, zip(*(column.to_pylist() for column in found.columns)))


def by_duckdb(folder):
    found = duckdb.connect().execute(
        "SELECT * FROM read_parquet($files, hive_partitioning = true, hive_types_autocast = false)",
        {"files": str(folder / "**" / "*.parquet")},
    )
    columns = [column[0] for column in found.description]
    return table(columns, found.fetchall())


def metadata(dataset, folder):
    return {
        file.relative_to(dataset).as_posix(): {
            key.decode(): text.decode()
            for key, text in sorted((pyarrow.parquet.read_metadata(file).metadata or {}).items())
            if key.startswith(b"engram.")
        }
        for file in sorted(folder.rglob("*.parquet"))
    }


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: independent_reader.py DATASET")
    dataset = pathlib.Path(sys.argv[1])
    folder = dataset / TABLE
    if not folder.is_dir():
        sys.exit(f"error: {folder} is no folder, so {dataset} is no dataset on this disk")
    answer = {"pyarrow": by_pyarrow(folder), "duckdb": by_duckdb(folder), "metadata": metadata(dataset, folder)}
    print(json.dumps(answer, separators=(",", ":")))


if __name__ == "__main__":
    main()
