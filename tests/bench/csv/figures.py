"""Values a second that become CSV text, beside numpy.savetxt with its default format, in one thread."""

import json
import os
import subprocess
import time

import numpy as np

from contest import Figure, in_turn, median_and_spread

ROUNDS = 5
# What bench_csv measures: how many times numpy.savetxt's values a second it should reach, and how many millions.
TARGETS = {"matrix<double>": (10, None), "matrix<float>": (10, None), "tidy<double>": (None, 15), "tidy<float>": (None, 15)}


def ours(bench, name):
    done = subprocess.run([bench.program("bench_csv"), f"--benchmark_filter=^{name}$", "--benchmark_format=json",
                           "--benchmark_min_time=0.3"], check=True, capture_output=True)
    return json.loads(done.stdout)["benchmarks"][0]["items_per_second"] / 1e6


def savetxt(numbers):
    begin = time.perf_counter()
    np.savetxt(os.devnull, numbers, delimiter=",")
    return numbers.size / (time.perf_counter() - begin) / 1e6


def figures(bench):
    numbers = np.random.default_rng(0).standard_normal((400, 1000))
    contenders = {"savetxt": lambda: savetxt(numbers)}
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
