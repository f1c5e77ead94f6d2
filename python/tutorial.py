# %% [markdown]
# # Which learning rule was at work?
#
# A tour of the Python package, in cells for a notebook (Jupyter with Jupytext, VS Code, PyCharm). `make demo` makes the dataset: 64
# small networks on handwritten digits, trained under four learning rules, and observed after every epoch.

# %%
import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

import engram

dataset = engram.open("target/demo/sweep")
dataset

# %% [markdown]
# ## Asking
#
# An answer is computed when it is taken, by any library that takes Arrow data.

# %%
dataset.runs().polars().select("learning_rule", "architecture", "final_validation_accuracy")

# %%
medians = dataset.sql("""
    SELECT learning_rule, epoch, avg(weight_abs_median) AS median
    FROM trajectories
    WHERE layer = 'conv1'
    GROUP BY learning_rule, epoch
    ORDER BY learning_rule, epoch""")
medians.polars().pivot("learning_rule", index="epoch", values="median")

# %% [markdown]
# The same answer again, as pandas has it, and in DuckDB beside a table of one's own:

# %%
medians.pandas().groupby("learning_rule")["median"].max()

# %%
words = pl.DataFrame({"learning_rule": ["sgdm", "adam"], "kind": ["backpropagation"] * 2})
duckdb.sql("SELECT kind, max(median) FROM medians JOIN words USING (learning_rule) GROUP BY kind").fetchall()

# %% [markdown]
# What is larger than memory comes batch by batch, while it is computed:

# %%
n_rows = 0
for batch in dataset.sql("SELECT * FROM observables"):
    n_rows += batch.num_rows
n_rows

# %% [markdown]
# Values take the places of `$1` or `$name`. The study's experiments are queries with names:

# %%
deep = dataset.sql("SELECT count(*) AS n FROM layers WHERE depth = $depth", {"depth": "deep"})
deep.numpy()["n"]

# %%
few_observations = dataset.query("figure_4a", measure="weight", samples=2, period=1)
pa.table(few_observations).schema.names

# %% [markdown]
# ## Features
#
# One example a layer, with the trajectories of all statistics. The arrays show the engine's memory, and cannot be written to.

# %%
features = dataset.features("weight")
print(features, features.X.shape, features.trajectories.shape)
features.examples.polars().head(3)

# %% [markdown]
# A query of one's own chooses and splits examples. By `run`, no network is on both sides. The nearest mean of the training examples
# is a classifier in three lines:

# %%
split = dataset.features(query="SELECT * FROM split(0.25, by => 'run', seed => 1, input => features('weight'))")
X = (split.X - split.X[split.train].mean(0)) / (split.X[split.train].std(0) + 1e-6)
means = np.stack([X[split.train][split.y[split.train] == rule].mean(0) for rule in range(len(split.classes))])
named = np.linalg.norm(X[split.test][:, None] - means, axis=2).argmin(1)
(named == split.y[split.test]).mean()

# %% [markdown]
# ## Identifying
#
# The same question with a random forest, and honest numbers: several splits, with a standard error. Results are those of
# `engram identify` for the same seed.

# %%
found = dataset.identify("weight", split_by="run", splits=3, settings={"n_trees": 100})
found

# %%
pl.DataFrame(found.confusion, schema=found.classes).insert_column(0, pl.Series("true rule", found.classes))

# %%
list(found.importances.items())[:5]

# %% [markdown]
# ## Reproducing
#
# The study's figures, from its experiments with a few of its settings. Notebooks show a figure as it is; what was run once is
# taken from the table `results` from then on.

# %%
reproduction = dataset.reproduce(
    "figure_2c", quick=True, progress=lambda done, total, what: print(f"{done} of {total}: {what}")
)
reproduction.figures["figure_2c"]

# %%
reproduction.results.polars().select("experiment", "classifier", "split", "accuracy")

# %% [markdown]
# ## When something is wrong
#
# Errors say what, where and what can be done.

# %%
try:
    dataset.sql("SELECT learning_rul FROM runs")
except engram.SqlError as error:
    print(error, error.line, error.column, error.hint, sep="\n")
