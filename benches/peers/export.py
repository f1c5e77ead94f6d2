"""Writes the table of the bench `export` by DuckDB's COPY and Polars' sinks, and reads what any side wrote.

    python export.py write DATASET FILE FORMAT PEER THREADS
    python export.py read FILE FORMAT

`write` prints a line of JSON: seconds from before the dataset is opened until the file is on the disk, the process' peak
memory and what it was before. `read` prints rows and a checksum. Settings are the defaults, besides threads and the compression,
which is that of the other side.
"""

import json
import os
import pathlib
import sys
import time

OBSERVED = ("weight_abs_median", "activation_abs_norm", "epoch")


def duckdb_writer(threads):
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    options = {
        "parquet": "FORMAT parquet, COMPRESSION zstd",
        "csv": "FORMAT csv, HEADER",
        "csv.gz": "FORMAT csv, HEADER, COMPRESSION gzip",
        "ndjson": "FORMAT json",
    }

    def write(dataset, file, form):
        source = f"read_parquet('{dataset}/trajectories/*/*/*.parquet', hive_partitioning = true)"
        connection.execute(f"COPY (FROM {source}) TO '{file}' ({options[form]})")

    return write


def polars_writer(threads):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars

    def write(dataset, file, form):
        rows = polars.scan_parquet(f"{dataset}/trajectories/", hive_partitioning=True)
        match form:
            case "parquet":
                rows.sink_parquet(file, compression="zstd")
            case "csv":
                rows.sink_csv(file)
            case "ndjson":
                rows.sink_ndjson(file)
            case "arrow":
                rows.sink_ipc(file, compression="uncompressed")

    return write


WRITERS = {"duckdb": duckdb_writer, "polars": polars_writer}


def write(dataset, file, form, peer, threads):
    writer = WRITERS[peer](int(threads))
    before = peak()
    started = time.perf_counter()
    writer(dataset, file, form)
    descriptor = os.open(file, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "peak_bytes": peak(), "before_bytes": before}))


def read(file, form):
    if form == "npz":
        import numpy

        columns = numpy.load(file)
        rows, sums = len(columns["epoch"]), [float(columns[name].sum(dtype=float)) for name in OBSERVED]
    elif form == "sqlite":
        import sqlite3

        sums = ", ".join(f"sum({name})" for name in OBSERVED)
        (rows, *sums) = sqlite3.connect(file).execute(f"SELECT count(*), {sums} FROM answer").fetchone()
    elif form in ("arrow", "avro"):
        import polars

        table = polars.read_ipc(file) if form == "arrow" else polars.read_avro(file)
        rows, sums = table.height, [float(table[name].sum()) for name in OBSERVED]
    else:
        import duckdb

        reader = {"parquet": "read_parquet", "ndjson": "read_json"}.get(form, "read_csv")
        sums = ", ".join(f"sum({name})" for name in OBSERVED)
        ((rows, *sums),) = duckdb.sql(f"SELECT count(*), {sums} FROM {reader}('{file}')").fetchall()
    checksum = sum((place + 1) * float(value) for place, value in enumerate(sums))
    print(json.dumps({"rows": rows, "checksum": checksum}))


def peak():
    """The most memory that the process has had, in bytes."""
    status = pathlib.Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def main():
    {"write": write, "read": read}[sys.argv[1]](*sys.argv[2:])


main()
