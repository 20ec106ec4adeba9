"""Values a second that become CSV text, and a large table in a file, beside numpy.savetxt with its default format."""

import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np

from contest import Figure, in_turn, median_and_spread, run_process

ROUNDS = 5
TIMES_SAVETXT = 10
# What bench_csv measures: how many times numpy.savetxt's values a second it should reach, and how many millions.
TARGETS = {"matrix<double>": (TIMES_SAVETXT, None), "matrix<float>": (TIMES_SAVETXT, None), "tidy<double>": (None, 15), "tidy<float>": (None, 15)}


def ours(bench, name):
    done = subprocess.run([bench.program("bench_csv"), f"--benchmark_filter=^{name}/process_time$", "--benchmark_format=json",
                           "--benchmark_min_time=0.3"], check=True, capture_output=True)
    return json.loads(done.stdout)["benchmarks"][0]["items_per_second"] / 1e6


def savetxt(numbers, path=os.devnull):
    begin = time.perf_counter()
    np.savetxt(path, numbers, delimiter=",")
    return time.perf_counter() - begin


def table_in_a_file(bench):
    """The seconds from the start of the program to its end, with all its threads: those of the fastest round, since
    whatever else the machine does takes a processor from one of them."""
    length, width = (2000 if bench.quick else 20000), 512
    command = [bench.tool("posenc-dump"), "sinusoidal", "--len", length, "--d-model", width, "-f"]
    with tempfile.TemporaryDirectory() as name:
        ours, theirs = pathlib.Path(name, "ours.csv"), pathlib.Path(name, "theirs.csv")
        run_process([*command, "npy", "-o", pathlib.Path(name, "table.npy")])
        table = np.load(pathlib.Path(name, "table.npy"))

        def write():
            ours.unlink(missing_ok=True)
            return run_process([*command, "csv", "-o", ours]).seconds

        seconds = in_turn({"ours": write, "savetxt": lambda: savetxt(table, theirs)}, ROUNDS)
    fastest, peer = min(seconds["ours"]), min(seconds["savetxt"])
    _, spread = median_and_spread(seconds["ours"])
    yield Figure(f"CSV of {length} × {width} in a file, posenc-dump", "s", fastest, spread, f"numpy.savetxt {np.__version__}", peer,
                 fastest / peer, f"at most 1/{TIMES_SAVETXT}", fastest <= peer / TIMES_SAVETXT)


def figures(bench):
    numbers = np.random.default_rng(0).standard_normal((400, 1000))
    contenders = {"savetxt": lambda: numbers.size / savetxt(numbers) / 1e6}
    for name in TARGETS:
        contenders[name] = lambda name=name: ours(bench, name)
    rates = in_turn(contenders, ROUNDS)
    theirs, _ = median_and_spread(rates.pop("savetxt"))
    for name, values in rates.items():
        middle, spread = median_and_spread(values)
        times, millions = TARGETS[name]
        target = f"at least {times} times" if times else f"at least {millions} million/s"
        yield Figure(f"CSV written, {name}", "million values/s", middle, spread, f"numpy.savetxt {np.__version__}", theirs,
                     middle / theirs, target, middle >= (times * theirs if times else millions))
    yield from table_in_a_file(bench)
