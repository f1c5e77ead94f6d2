"""Asks a dataset of trajectories the questions of the bench `queries` in DuckDB and in Polars, and lists in NumPy.

    python queries.py run DATASET LISTS TASK PEER THREADS REPEATS
    python queries.py drop DATASET

TASK is features, held_out, subsample, summaries or lists; PEER is duckdb (SQL alone), duckdb_numpy (SQL that sorts, and
NumPy that reshapes), polars or numpy. Each of REPEATS prints a line of JSON: seconds, the process' peak memory and what it
was before the first, and rows and a checksum, which are computed after the clock has stopped. REPEATS of 0 is one without
a warm-up: what a fresh process sees. `drop` takes the dataset's files out of the page cache.

Every peer has the form that was the fastest of those tried, and reads the files itself. The lists are in memory before
the clock starts, for every peer. Settings are the defaults, besides threads and DuckDB's cache of Parquet metadata, which
saves it reading 1,056 footers again. A sorted subquery below list(x) is no way to DuckDB's matrix: several threads take the
rows out of order, which the checksums show.
"""

import json
import os
import pathlib
import sys
import time

IDENTITY = (
    "task architecture run_id learning_rule layer layer_index depth unit_fraction noise_stddev observation_seed "
    "definition"
).split()
KEY = "run_id layer_index unit_fraction noise_stddev observation_seed definition".split()
MEASURES = ("weight_", "activation_", "activity_change_")
SUMMARISED = ("weight_abs_median", "activation_abs_norm")
SUMMARY_KEY = ("task", "architecture", "learning_rule", "epoch")
HELD_OUT = "alexnet"
N_CHECKPOINTS = 21
SAMPLES, PERIOD = 5, 25


def files(dataset):
    return sorted(pathlib.Path(dataset).glob("trajectories/*/*/*.parquet"))


def drop(dataset):
    for path in files(dataset):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def reshape(numpy, column, admissible, n_rows):
    """[examples, statistics * checkpoints] from columns that are sorted by example and epoch."""
    n = n_rows // N_CHECKPOINTS
    matrix = numpy.empty((n, len(admissible), N_CHECKPOINTS))
    for place, name in enumerate(admissible):
        matrix[:, place, :] = column(name).reshape(n, N_CHECKPOINTS)
    return matrix.reshape(n, -1)


class DuckDb:
    def __init__(self, dataset, lists, threads):
        import duckdb

        self.connection = duckdb.connect(config={"threads": threads})
        self.connection.execute("SET parquet_metadata_cache = true")
        self.source = f"read_parquet('{dataset}/trajectories/*/*/*.parquet', hive_partitioning = true)"
        self.lists_file = lists

    def open(self, task):
        if task == "lists":
            self.connection.execute(f"CREATE TEMP TABLE lists AS FROM read_parquet('{self.lists_file}')")
            return
        columns = self.connection.execute(f"DESCRIBE FROM {self.source}").fetchall()
        self.observed = [name for name, *_ in columns if name.startswith(MEASURES)]

    def admissible(self):
        finite = ", ".join(f"bool_and(isfinite({name}))" for name in self.observed)
        query = f"SELECT {finite} FROM {self.source} WHERE status = 'trained'"
        (row,) = self.connection.execute(query).fetchall()
        return [name for name, is_finite in zip(self.observed, row) if is_finite]

    def matrix(self, extra=""):
        admissible = self.admissible()
        row = ", ".join(f"{name}: {name}" for name in ["epoch", *admissible])
        lists = " || ".join(f"list_transform(rows, lambda row: row.{name})" for name in admissible)
        identity = ", ".join(IDENTITY)
        return self.connection.sql(
            f"""
            SELECT {identity}, list_transform(rows, lambda row: row.epoch) AS epochs, {lists} AS features{extra}
            FROM (
                SELECT {identity}, list({{{row}}} ORDER BY epoch) AS rows
                FROM {self.source} WHERE status = 'trained' GROUP BY {identity}
            )
            """
        ).to_arrow_table()

    def features(self):
        return self.matrix()

    def held_out(self):
        return self.matrix(f", CASE architecture WHEN '{HELD_OUT}' THEN 'test' ELSE 'train' END AS side")

    def subsample(self):
        key, span = ", ".join(KEY), (SAMPLES - 1) * PERIOD
        return self.connection.sql(
            f"""
            WITH kept AS (
                SELECT {key}, list(epoch ORDER BY epoch) AS epochs, max(epoch) AS last FROM {self.source} GROUP BY {key}
            ),
            starts AS (
                SELECT {key}, list_filter(epochs, lambda epoch: epoch + {span} <= last) AS possible,
                    possible[(1 + hash({key}, 0) % len(possible))::BIGINT] AS start
                FROM kept
            )
            SELECT rows.* FROM {self.source} AS rows JOIN starts USING ({key})
            WHERE epoch BETWEEN start AND start + {span} AND (epoch - start) % {PERIOD} = 0
            """
        ).to_arrow_table()

    def summaries(self):
        key = ", ".join(SUMMARY_KEY)
        values = ", ".join(
            f"avg({name}) AS {name}_mean, stddev({name}) AS {name}_stddev, quantile_disc({name}, 0.5) AS {name}_median"
            for name in SUMMARISED
        )
        return self.connection.sql(f"SELECT {key}, {values} FROM {self.source} GROUP BY {key}").to_arrow_table()

    def lists(self):
        return self.connection.sql(
            """
            SELECT *, 3 * (mean - median) / sqrt(var) AS skew
            FROM (
                SELECT sqrt(list_dot_product(values, values)) AS norm, list_avg(values) AS mean,
                    list_var_pop(values) AS var, list_aggregate(values, 'kurtosis_pop') + 3 AS kurtosis,
                    list_aggregate(values, 'quantile_disc', [0.5, 0.75]) AS quantiles, quantiles[1] AS median,
                    quantiles[2] AS third_quartile
                FROM lists
            )
            """
        ).to_arrow_table()


class DuckDbNumpy(DuckDb):
    def matrix(self, extra=""):
        import numpy
        import pyarrow.compute as compute

        table = self.connection.sql(
            f"SELECT {', '.join(IDENTITY)}, epoch, {', '.join(self.observed)}{extra} FROM {self.source} "
            f"WHERE status = 'trained' ORDER BY {', '.join(KEY)}, epoch"
        ).to_arrow_table()
        admissible = [name for name in self.observed if compute.all(compute.is_finite(table[name])).as_py()]
        matrix = reshape(numpy, lambda name: table[name].to_numpy(), admissible, table.num_rows)
        first = numpy.arange(0, table.num_rows, N_CHECKPOINTS)
        identity = table.select(IDENTITY + (["side"] if extra else [])).take(first)
        return identity, matrix


class Polars:
    def __init__(self, dataset, lists, threads):
        os.environ["POLARS_MAX_THREADS"] = str(threads)
        import polars

        self.polars, self.dataset, self.lists_file = polars, dataset, lists

    def open(self, task):
        names = self.scan().collect_schema().names()
        self.observed = [name for name in names if name.startswith(MEASURES)]

    def scan(self):
        return self.polars.scan_parquet(f"{self.dataset}/trajectories/", hive_partitioning=True)

    def matrix(self):
        import numpy

        polars = self.polars
        rows = self.scan().filter(polars.col("status") == "trained").select(*IDENTITY, "epoch", *self.observed)
        rows = rows.collect(engine="streaming")
        finite = rows.select(polars.col(self.observed).is_finite().all()).row(0)
        admissible = [name for name, is_finite in zip(self.observed, finite) if is_finite]
        rows = rows.select(*IDENTITY, "epoch", *admissible).sort(*KEY, "epoch")
        matrix = reshape(numpy, lambda name: rows[name].to_numpy(), admissible, rows.height)
        return rows.select(IDENTITY).gather_every(N_CHECKPOINTS), matrix

    def features(self):
        return self.matrix()

    def held_out(self):
        polars = self.polars
        identity, matrix = self.matrix()
        is_test = polars.col("architecture").cast(polars.String) == HELD_OUT
        side = polars.when(is_test).then(polars.lit("test")).otherwise(polars.lit("train"))
        return identity.with_columns(side.alias("side")), matrix

    def subsample(self):
        polars, span = self.polars, (SAMPLES - 1) * PERIOD
        rows = self.scan()
        possible = polars.col("epoch").filter(polars.col("epoch") + span <= polars.col("epoch").max()).sort()
        place = polars.struct(KEY).first().hash(0) % possible.len()
        starts = rows.group_by(KEY).agg(possible.get(place).alias("start"))
        since = polars.col("epoch") - polars.col("start")
        kept = rows.join(starts, on=KEY).filter(since.is_between(0, span) & (since % PERIOD == 0))
        return kept.drop("start").collect(engine="streaming")

    def summaries(self):
        values = []
        for name in SUMMARISED:
            column = self.polars.col(name)
            values += [
                column.mean().alias(f"{name}_mean"),
                column.std().alias(f"{name}_stddev"),
                column.quantile(0.5, interpolation="lower").alias(f"{name}_median"),
            ]
        return self.scan().group_by(SUMMARY_KEY).agg(values).collect(engine="streaming")


class NumPy:
    """Each list by itself, as a function of one array is written."""

    def __init__(self, dataset, lists, threads):
        self.lists_file = lists

    def open(self, task):
        import pyarrow.parquet

        column = pyarrow.parquet.read_table(self.lists_file)["values"].combine_chunks()
        values, ends = column.flatten().to_numpy(), column.offsets.to_numpy()
        self.rows = [values[start:end] for start, end in zip(ends, ends[1:])]

    def lists(self):
        import numpy

        return numpy.array([self.observe(numpy, row) for row in self.rows])

    @staticmethod
    def observe(numpy, x):
        mean, norm = x.mean(), numpy.linalg.norm(x)
        centred = x - mean
        squares = centred * centred
        var = squares.mean()
        ranks = [-(-len(x) // 2) - 1, -(-3 * len(x) // 4) - 1]
        median, third_quartile = numpy.partition(x, ranks)[ranks]
        skew = 3 * (mean - median) / numpy.sqrt(var)
        return norm, mean, var, skew, (squares * squares).mean() / var**2, median, third_quartile


PEERS = {"duckdb": DuckDb, "duckdb_numpy": DuckDbNumpy, "polars": Polars, "numpy": NumPy}


def checked(task, answer):
    """Rows, and a sum in which every value counts by its place in its row."""
    import numpy

    if task in ("features", "held_out"):
        if isinstance(answer, tuple):
            identity, matrix = answer
        else:
            column = answer["features"].combine_chunks()
            identity, matrix = answer, column.flatten().to_numpy().reshape(len(column), -1)
        checksum = float((matrix.sum(axis=0) * numpy.arange(1, matrix.shape[1] + 1)).sum())
        if task == "held_out":
            checksum += sum(1.0 for side in identity["side"].to_pylist() if side == "test") if hasattr(
                identity, "num_rows"
            ) else float((identity["side"] == "test").sum())
        return len(matrix), checksum
    if task == "subsample":
        names = ["epoch", *SUMMARISED]
    elif task == "summaries":
        names = [f"{name}_{statistic}" for name in SUMMARISED for statistic in ("mean", "stddev", "median")]
    else:
        names = ["norm", "mean", "var", "skew", "kurtosis", "median", "third_quartile"]
    if isinstance(answer, numpy.ndarray):
        columns = list(answer.T)
    else:
        columns = [answer[name].to_numpy() for name in names]
    return len(columns[0]), float(sum((place + 1) * column.sum(dtype=float) for place, column in enumerate(columns)))


def resident(field):
    """A field of the process' memory in bytes: VmRSS now, VmHWM at most."""
    status = pathlib.Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith(field)]
    return int(line.split()[1]) * 1024


def run(dataset, lists, task, peer, threads, repeats):
    import numpy  # noqa: F401, so that no peer's clock sees it being loaded

    if peer == "duckdb_numpy":
        import pyarrow.compute  # noqa: F401
    subject = PEERS[peer](dataset, lists, threads)
    before = resident("VmRSS")
    opened = time.perf_counter()
    subject.open(task)
    opened = time.perf_counter() - opened
    ask = getattr(subject, task)
    if repeats:
        ask()
    for _ in range(max(repeats, 1)):
        started = time.perf_counter()
        answer = ask()
        seconds = time.perf_counter() - started
        if not repeats and task != "lists":
            seconds += opened
        peak = resident("VmHWM")
        rows, checksum = checked(task, answer)
        del answer
        line = {"seconds": seconds, "peak_bytes": peak, "before_bytes": before, "rows": rows, "checksum": checksum}
        print(json.dumps(line), flush=True)


def main():
    if sys.argv[1] == "drop":
        drop(sys.argv[2])
        return
    dataset, lists, task, peer, threads, repeats = sys.argv[2:8]
    run(dataset, lists, task, peer, int(threads), int(repeats))


main()
