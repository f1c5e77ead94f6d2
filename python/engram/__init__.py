"""Asks datasets of networks that learned: what could be observed of them, and which learning rule was at work.

>>> import engram
>>> dataset = engram.open(url)

SQL goes to any library that takes Arrow data, without copies:

>>> answer = dataset.sql("SELECT learning_rule, epoch, avg(weight_abs_median) AS median FROM trajectories GROUP BY ALL")
>>> table, frame = answer.arrow(), answer.polars()

Features go to NumPy, and experiments are run as the command ``engram`` runs them:

>>> features = dataset.features("weight")
>>> features.X.dtype, features.y.dtype
(dtype('float32'), dtype('int64'))
>>> found = dataset.identify("weight", splits=2, settings={"n_trees": 20})

PyArrow, polars, pandas and NumPy are needed only by what gives their types. Work leaves Python's lock to other threads, and ends
at Ctrl-C. A process that is forked from one that has used engram cannot use it: let ``multiprocessing`` spawn.
"""

from ._engram import (
    Answer,
    Dataset,
    Features,
    Figure,
    Identification,
    Reproduction,
    __version__,
    open,
    queries,
)
from .errors import ArgumentError, DatasetError, Error, ExamplesError, InternalError, SqlError

__all__ = [
    "Answer",
    "ArgumentError",
    "Dataset",
    "DatasetError",
    "Error",
    "ExamplesError",
    "Features",
    "Figure",
    "Identification",
    "InternalError",
    "Reproduction",
    "SqlError",
    "__version__",
    "open",
    "queries",
]

for _name in __all__:
    if isinstance(_class := globals()[_name], type) and issubclass(_class, Error):
        # They are found here, whatever file they are in.
        _class.__module__ = __name__
del _name, _class
