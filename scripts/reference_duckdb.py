"""Virtual experiments in DuckDB's SQL, where it can express them: what the named queries should give.

    reference_duckdb.py DATASET

reads a dataset's Parquet files with DuckDB and prints a JSON object of rows, under the names and in the form of
`reference_virtual_experiments.py`. What is drawn at random is not here: DuckDB's draws are others.
"""

import json
import sys
from pathlib import Path

import duckdb

KEY = "task, architecture, run_id, layer_index, unit_fraction, noise_stddev, observation_seed, definition"


def statistics(x):
    """The seven statistics of a column, by DuckDB's own aggregates."""
    mean, median = f"avg({x})", f"quantile_disc({x}, 0.5)"
    return f"""sqrt(sum({x} * {x})), {mean}, var_pop({x}), 3 * ({mean} - {median}) / stddev_pop({x}),
        kurtosis_pop({x}) + 3, {median}, quantile_disc({x}, 0.75)"""


def main():
    dataset = Path(sys.argv[1])
    db = duckdb.connect()
    for table in ("trajectories", "results"):
        db.execute(
            f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{dataset}/{table}/**/*.parquet', hive_partitioning = true)"
        )
    names = [row[0] for row in db.execute("DESCRIBE trajectories").fetchall()]
    observables = [n for n in names if n.startswith(("weight_", "activation_", "activity_change_"))]

    def rows(sql):
        return [list(row) for row in db.execute(sql).fetchall()]

    results = {}
    results["aggregates"] = rows(
        f"SELECT layer, {statistics('weight_raw_mean')} FROM trajectories GROUP BY layer ORDER BY layer"
    )
    db.execute(f"""CREATE TEMP TABLE placed AS SELECT *, row_number() OVER t - 1 AS place, count(*) OVER (PARTITION BY {KEY}) AS n
        FROM trajectories WINDOW t AS (PARTITION BY {KEY} ORDER BY epoch)""")
    for portion, first in {"early": "0", "middle": "(n - n // 3) // 2", "late": "n - n // 3"}.items():
        results[f"trajectory_portion_{portion}"] = rows(f"""SELECT run_id, layer, place - ({first}), epoch, weight_abs_median
            FROM placed WHERE n >= 3 AND place >= {first} AND place < {first} + n // 3 ORDER BY ALL""")
    results["trajectory_mean"] = rows(
        f"SELECT run_id, layer, avg(weight_abs_median) FROM trajectories GROUP BY {KEY}, layer ORDER BY ALL"
    )

    db.execute(f"""CREATE TEMP TABLE judged AS SELECT {KEY}, any_value(status) AS status, list(epoch ORDER BY epoch) AS epochs
        FROM trajectories GROUP BY {KEY}""")
    db.execute("""CREATE TEMP TABLE included AS SELECT * FROM judged WHERE status = 'trained' AND epochs = (
        SELECT epochs FROM judged WHERE status = 'trained' GROUP BY epochs ORDER BY count(*) DESC, len(epochs) DESC LIMIT 1)""")
    finite = ", ".join(f"bool_and(isfinite({name}))" for name in observables)
    is_finite = db.execute(f"SELECT {finite} FROM trajectories SEMI JOIN included USING ({KEY})").fetchone()
    admissible = [name for name, is_finite in zip(observables, is_finite) if is_finite]
    results["admissible_statistics"] = [[name] for name in sorted(admissible)]

    def features(side):
        lists = ", ".join(f"list({name} ORDER BY epoch)" for name in admissible)
        return rows(f"""WITH example AS (
                SELECT run_id, layer, {side} AS side, flatten([{lists}]) AS features
                FROM trajectories SEMI JOIN included USING ({KEY}) GROUP BY {KEY}, layer, side)
            SELECT run_id, layer, side, len(features),
                list_dot_product(features, CAST(range(1, len(features) + 1) AS DOUBLE[])) FROM example ORDER BY run_id, layer""")

    results["features"] = features("NULL")
    results["figure_2b"] = features("CASE WHEN architecture = 'knet5' THEN 'test' ELSE 'train' END")
    results["figure_2b_curriculum"] = features(
        "CASE WHEN batch_size = 32 AND dataset_seed = 0 THEN 'test' ELSE 'train' END"
    )
    results["figure_2c"] = rows("""WITH cell AS (
            SELECT classes, unnest(confusion) AS n, unnest(range(len(confusion))) AS place FROM results)
        SELECT classes[place // len(classes) + 1] AS learning_rule, classes[place % len(classes) + 1] AS predicted,
            CAST(sum(n) AS BIGINT) AS n, sum(n) / sum(sum(n)) OVER (PARTITION BY learning_rule)
        FROM cell GROUP BY learning_rule, predicted ORDER BY ALL""")
    results["figure_3"] = rows("""WITH one AS (SELECT unnest(statistics) AS statistic, unnest(importances) AS share FROM results)
        SELECT statistic, avg(share), stddev_samp(share) / sqrt(count(*)) FROM one GROUP BY statistic ORDER BY ALL""")
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
