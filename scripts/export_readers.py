#!/usr/bin/env python3
"""Opens exports as their users do, with nothing of Engram, and prints what each reader finds.

    .python/bin/python scripts/export_readers.py FOLDER

Every file of the folder is opened by the usual readers of its format, which its ending tells; every folder in it is opened
as a dataset with Hive partitions. The output is one line of JSON:

    {NAME: {READER: {"columns": [NAME, ...], "rows": [[VALUE, ...], ...]}}}

The columns of a folder are sorted by name and its rows by their JSON, for readers have no order of partitions. NaN is "nan",
infinity "inf" and "-inf"; a moment is a text in ISO 8601; arrays are lists, and structs are objects. pandas keeps NULL as NaN: what it finds missing is null.
An array's type and shape are in "arrays": {NAME: [TYPE, SHAPE]}.
"""

import datetime
import json
import math
import pathlib
import sqlite3
import sys
import types
import zipfile

import duckdb
import numpy
import pandas
import polars
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet
import zstandard

if sys.version_info < (3, 14):
    # Of several packages for Zstandard, fastavro asks for another than the one that is here.
    backports = types.ModuleType("backports")
    backports.zstd = types.ModuleType("backports.zstd")
    backports.zstd.decompress = lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)
    sys.modules.update({"backports": backports, "backports.zstd": backports.zstd})
import fastavro


def canonical(value):
    if isinstance(value, (bool, numpy.bool_)):
        return bool(value)
    if isinstance(value, (float, numpy.floating)):
        value = float(value)
        if math.isnan(value):
            return "nan"
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, numpy.integer):
        return int(value)
    if isinstance(value, numpy.str_):
        return str(value)
    if isinstance(value, (numpy.datetime64, numpy.timedelta64)):
        return None if numpy.isnat(value) else str(value)
    if value is pandas.NaT or value is pandas.NA:
        return None
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: canonical(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, numpy.ndarray, polars.Series)):
        return [canonical(one) for one in value]
    if value is None or isinstance(value, (int, str)):
        return value
    raise TypeError(f"a reader gave a {type(value).__name__}: {value!r}")


def table(columns, rows):
    return {"columns": list(columns), "rows": [[canonical(value) for value in row] for row in rows]}


def of_arrow(found):
    return table(found.column_names, zip(*(column.to_pylist() for column in found.columns)))


def of_polars(found):
    return table(found.columns, found.rows())


def of_pandas(found):
    def missing(value):
        return value is None or value is pandas.NA or (isinstance(value, float) and math.isnan(value))

    rows = found.itertuples(index=False, name=None)
    return table(found.columns, [[None if missing(value) else value for value in row] for row in rows])


def of_duckdb(query, *parameters):
    found = duckdb.connect().execute(query, parameters)
    columns = [column[0] for column in found.description]
    return table(columns, found.fetchall())


def of_numpy(file):
    # As NumPy's own archives are opened: no pickle, and no zip file that another program would not open.
    assert zipfile.ZipFile(file).testzip() is None
    with numpy.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    found = table(arrays, zip(*arrays.values()))
    found["arrays"] = {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()}
    return found


def of_sqlite(file):
    connection = sqlite3.connect(file)
    (name, declared), = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = connection.execute(f'SELECT * FROM "{name}"')
    return {**table([column[0] for column in found.description], found.fetchall()), "declared": declared}


def of_avro(file):
    with open(file, "rb") as opened:
        reader = fastavro.reader(opened)
        columns = [field["name"] for field in reader.writer_schema["fields"]]
        return {**table(columns, [record.values() for record in reader]), "codec": reader.codec}


def sqlite_by_pandas(file):
    connection = sqlite3.connect(file)
    (name,), = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return of_pandas(pandas.read_sql(f'SELECT * FROM "{name}"', connection))


def parquet(file):
    return {
        "pyarrow": of_arrow(pyarrow.parquet.read_table(file)),
        "pandas": of_pandas(pandas.read_parquet(file)),
        "duckdb": of_duckdb("SELECT * FROM read_parquet(?)", str(file)),
        "polars": of_polars(polars.read_parquet(file)),
    }


def csv(file):
    return {
        "pandas": of_pandas(pandas.read_csv(file)),
        "duckdb": of_duckdb("SELECT * FROM read_csv(?, header = true)", str(file)),
        "polars": of_polars(polars.read_csv(file)),
    }


def ndjson(file):
    return {
        "pandas": of_pandas(pandas.read_json(file, lines=True, dtype=False, precise_float=True)),
        "duckdb": of_duckdb("SELECT * FROM read_json(?, format = 'newline_delimited')", str(file)),
        "polars": of_polars(polars.read_ndjson(file)),
    }


def arrow(file):
    return {
        "pyarrow": of_arrow(pyarrow.feather.read_table(file)),
        "pandas": of_pandas(pandas.read_feather(file)),
        "polars": of_polars(polars.read_ipc(file)),
    }


def avro(file):
    found = {"fastavro": of_avro(file)}
    # Polars reads no Zstandard here, and of a compressed file at least one row.
    if found["fastavro"]["codec"] != "zstandard" and (found["fastavro"]["rows"] or found["fastavro"]["codec"] == "null"):
        found["polars"] = of_polars(polars.read_avro(file))
    return found


def sqlite(file):
    return {"sqlite3": of_sqlite(file), "pandas": sqlite_by_pandas(file)}


FORMATS = {
    ".parquet": parquet,
    ".csv": csv,
    ".csv.gz": csv,
    ".csv.zst": csv,
    ".ndjson": ndjson,
    ".ndjson.gz": ndjson,
    ".ndjson.zst": ndjson,
    ".arrow": arrow,
    ".npz": lambda file: {"numpy": of_numpy(file)},
    ".avro": avro,
    ".sqlite": sqlite,
}


def dataset(folder):
    """A folder of partitions, by the readers that know such folders."""
    (ending,) = {"".join(part.suffixes) for part in folder.rglob("part-*")}
    files = f"{folder}/**/*{ending}"
    if ending == ".parquet":
        found = {
            "pyarrow": of_arrow(pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive").to_table()),
            "duckdb": of_duckdb("SELECT * FROM read_parquet(?, hive_partitioning = true)", files),
            "polars": of_polars(polars.read_parquet(folder, hive_partitioning=True)),
        }
        # What pandas reads through, PyArrow's conversion, has no NULL among the values of folders.
        if not any(folder.rglob("*__HIVE_DEFAULT_PARTITION__")):
            found["pandas"] = of_pandas(pandas.read_parquet(folder))
    elif ending.startswith(".csv"):
        found = {"duckdb": of_duckdb("SELECT * FROM read_csv(?, hive_partitioning = true)", files)}
    elif ending.startswith(".ndjson"):
        found = {"duckdb": of_duckdb("SELECT * FROM read_json(?, hive_partitioning = true)", files)}
    elif ending == ".arrow":
        found = {
            "pyarrow": of_arrow(pyarrow.dataset.dataset(folder, format="feather", partitioning="hive").to_table()),
            "polars": of_polars(polars.scan_ipc(folder, hive_partitioning=True).collect()),
        }
    else:
        parts = [of_avro(part) for part in sorted(folder.rglob(f"*{ending}"))]
        found = {"fastavro": {"columns": parts[0]["columns"], "rows": [row for part in parts for row in part["rows"]]}}
    return {reader: unordered(answer) for reader, answer in found.items()}


def unordered(answer):
    order = sorted(range(len(answer["columns"])), key=lambda place: answer["columns"][place])
    rows = [[row[place] for place in order] for row in answer["rows"]]
    return {"columns": [answer["columns"][place] for place in order], "rows": sorted(rows, key=json.dumps)}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: export_readers.py FOLDER")
    answer = {}
    for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        if path.is_dir():
            answer[path.name] = dataset(path)
        else:
            answer[path.name] = FORMATS["." + path.name.split(".", 1)[1]](path)
    print(json.dumps(answer, separators=(",", ":")))


if __name__ == "__main__":
    main()
