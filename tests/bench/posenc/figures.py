"""The table for 100 000 positions and 512 columns in float32, beside filling as much fresh memory and beside NumPy."""

import json
import subprocess
import time

import numpy as np

from contest import Figure, in_turn, median_and_spread

ROUNDS = 3
LENGTH, WIDTH = 100000, 512
TARGET = 1.3


def ours(bench):
    """(milliseconds of the table, milliseconds of the fill): medians of iterations that take turns."""
    done = subprocess.run([bench.program("bench_posenc"), "--benchmark_format=json"], check=True, capture_output=True)
    counters = json.loads(done.stdout)["benchmarks"][0]
    return counters["table_ms"], counters["fill_ms"]


def with_numpy():
    begin = time.perf_counter()
    positions = np.arange(LENGTH, dtype=np.float32)[:, None]
    angles = positions / np.power(np.float32(10000), np.arange(0, WIDTH, 2, dtype=np.float32) / WIDTH)
    table = np.empty((LENGTH, WIDTH), np.float32)
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles)
    return (time.perf_counter() - begin) * 1e3


def figures(bench):
    results = in_turn({"ours": lambda: ours(bench), "numpy": with_numpy}, ROUNDS)
    middle, spread = median_and_spread([table for table, _ in results["ours"]])
    fill, _ = median_and_spread([fill for _, fill in results["ours"]])
    theirs, _ = median_and_spread(results["numpy"])
    what = f"sinusoidal table, {LENGTH} × {WIDTH} float32"
    yield Figure(what, "ms", middle, spread, "fill of fresh memory", fill, middle / fill, f"at most {TARGET} times", middle <= TARGET * fill)
    yield Figure(what, "ms", middle, spread, f"NumPy {np.__version__}", theirs, middle / theirs, "", True)
