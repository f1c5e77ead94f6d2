#!/usr/bin/env python3
"""Writes observables/tests/reference.json: the 21 statistics of many inputs, as NumPy and SciPy compute them.

Run it with NumPy and SciPy installed; the file says which versions made it.

    python3 scripts/reference_statistics.py

The statistics come straight from their definitions, in float64, with none of the kernel's shortcuts. Short inputs are
stored. Long ones are named by a formula that observables/tests/reference.rs repeats bit for bit: it uses integers and
correctly rounded operations only. Every number is stored as a string, because a string can hold NaN and infinities, and
because JSON parsers differ in the last bit.
"""

import json
import pathlib
import warnings

import numpy as np
import scipy
import scipy.stats

TARGET = pathlib.Path(__file__).parent.parent / "observables" / "tests" / "reference.json"


class Uniform:
    """Knuth's 64-bit linear congruential generator; numbers are multiples of 2^-24 in [0, 1)."""

    def __init__(self, seed):
        self.state = seed

    def __call__(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 40) / 2**24


def bell(uniform):
    """Sum of twelve uniforms less six: nearly normal, variance 1."""
    total = 0.0
    for _ in range(12):
        total += uniform()
    return total - 6.0


def heavy_tailed(uniform):
    """A bell over a uniform: no mean, a few values of thousands."""
    value = bell(uniform)
    return value / (uniform() + 2.0**-24)


SHAPES = {
    "bell": bell,
    "rectified": lambda uniform: max(bell(uniform) - 0.25, 0.0),
    "negative": lambda uniform: -abs(bell(uniform)) - 0.5,
    "coarse": lambda uniform: float(np.floor(bell(uniform) * 2.0)),
    "heavy_tailed": heavy_tailed,
}


def statistics(values):
    mean = np.mean(values)
    deviation = np.std(values)
    median, third_quartile = np.quantile(values, [0.5, 0.75], method="inverted_cdf")
    return {
        "norm": np.linalg.norm(values),
        "mean": mean,
        "var": np.var(values),
        "skew": 3 * (mean - median) / deviation,
        "kurtosis": scipy.stats.kurtosis(values, fisher=False, bias=True),
        "median": median + 0.0,
        "third_quartile": third_quartile + 0.0,
    }


def text(numbers):
    return {name: repr(float(number)) for name, number in numbers.items()}


def case(name, values, dtype="float32", formula=None):
    stored = np.asarray(values, dtype=np.float64).astype(dtype)
    wide = stored.astype(np.float64)
    inputs = {"values": [repr(value) for value in wide.tolist()]}
    if formula:
        inputs = {"formula": formula, "last": repr(wide.tolist()[-1])}
    return {
        "name": name,
        "dtype": dtype,
        **inputs,
        "raw": text(statistics(wide)),
        "abs": text(statistics(np.abs(wide))),
        "square": text(statistics(wide**2)),
    }


def generated(name, shape, n, seed, scale=1.0, shift=0.0, dtype="float32"):
    uniform = Uniform(seed)
    values = [SHAPES[shape](uniform) * scale + shift for _ in range(n)]
    formula = {"shape": shape, "n": n, "seed": seed, "scale": repr(scale), "shift": repr(shift)}
    return case(name, values, dtype, formula)


def cases():
    for dtype in ["float32", "float64"]:
        yield case("one value", [2.5], dtype)
        yield case("two values", [3.0, -1.25], dtype)
        yield case("three values", [0.1, -0.7, 0.2], dtype)
        yield case("four values with a tie", [1.0, 1.0, -2.0, 5.0], dtype)
        yield case("zeros", [0.0, 0.0, 0.0, 0.0, 0.0], dtype)
        # A value whose multiples are exact: of others NumPy's mean misses by a rounding, and leaves a variance of 1e-34.
        yield case("equal values", [-0.375] * 6, dtype)
        yield case("both signs of one magnitude", [0.5, -0.5, 0.5, 0.5, -0.5], dtype)
        yield case("smallest numbers", [1e-45, -1e-45, 0.0, 3e-45, 1e-40, -2e-44], dtype)
        yield generated("odd number", "bell", 101, 1, dtype=dtype)
        yield generated("even number", "bell", 100, 2, dtype=dtype)
        yield generated("long row", "bell", 4096, 3, dtype=dtype)
        yield generated("long odd row", "bell", 5003, 4, scale=0.02, dtype=dtype)
        yield generated("mean far from zero", "bell", 4097, 5, shift=1e4, dtype=dtype)
        yield generated("mean far below zero", "bell", 333, 6, scale=0.5, shift=-1e4, dtype=dtype)
        yield generated("more than half zeros", "rectified", 3001, 7, dtype=dtype)
        yield generated("few, more than half zeros", "rectified", 64, 8, dtype=dtype)
        yield generated("many ties", "coarse", 2500, 9, dtype=dtype)
        yield generated("tiny values", "bell", 1500, 10, scale=1e-20, dtype=dtype)
        yield generated("negative values only", "negative", 1201, 11, dtype=dtype)
        yield generated("heavy tails", "heavy_tailed", 10_000, 12, dtype=dtype)
    yield generated("mean very far from zero", "bell", 2000, 13, shift=1e8, dtype="float64")


def main():
    # Inputs of equal values divide zero by zero, which is the answer.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = {
            "made_by": "scripts/reference_statistics.py",
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "cases": list(cases()),
        }
    TARGET.write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")
    print(f"{TARGET}: {len(reference['cases'])} inputs")


if __name__ == "__main__":
    main()
