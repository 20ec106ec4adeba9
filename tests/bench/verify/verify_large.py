#!/usr/bin/env python3
"""How long a verification of large tensors takes, and how much memory, beside reading them.

    verify_large.py ATTN_COMPUTE [--elements 10000000] [--repeat 5] [--folder DIR]

Prints one JSON object: a row for a matching and for a mistaken submission in float64 and in float32. Times
are the fastest of the repetitions. `seconds` is the whole process, and `cpu` its processor time. A row has

    read_numpy    the same file with numpy.load, every array of it
    read_own      the same file by the program itself: verified against a run that shares no step with it
    run           the same run without --verify, its output alone written
    of_reading    seconds / read_own, the whole process with its own computation
    comparing     (seconds - run) / read_own: what verifying adds to a run, reading included
    of_tensors    peak resident memory / bytes of the tensors in the file
    allowed       1.5 + 64 MiB / bytes of the tensors

Needs NumPy. Nothing here passes or fails: times depend on the machine.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

MIB = 2 ** 20


def sizes_for(elements):
    """(B, H, L, D) of a causal run whose ten tensors hold about so many numbers: 5·L² + 5·L·D for a head."""
    batch, heads, width = 2, 8, 64
    length = int((np.sqrt(width ** 2 + 4 * elements / (5 * batch * heads)) - width) / 2)
    return batch, heads, max(length, 1), width


def measured(command, repeat):
    """(seconds, processor seconds, peak bytes) of the fastest of several runs, and its exit code."""
    best = None
    for _ in range(repeat):
        begin = time.perf_counter()
        with open(os.devnull, "wb") as nothing:
            process = subprocess.Popen([str(word) for word in command], stdout=nothing)
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        found = seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        if best is None or found[0] < best[0]:
            best = found
    return best, process.returncode


def numpy_seconds(path, repeat):
    best = np.inf
    for _ in range(repeat):
        begin = time.perf_counter()
        with np.load(path) as file:
            for name in file.files:
                file[name]
        best = min(best, time.perf_counter() - begin)
    return best


def row(tool, run, path, count_and_bytes, name, run_seconds, options):
    count, size = count_and_bytes
    (seconds, cpu, peak), code = measured([tool, *run, "--verify", path], options.repeat)
    read, _ = measured([tool, "dot", "--query", "ones:1x1", "--key", "ones:1x1", "--verify", path], options.repeat)
    return {"submission": name, "exit_code": code, "elements": count, "bytes": size, "seconds": seconds, "cpu": cpu,
            "read_numpy": elsewhere(numpy_seconds, path, options.repeat), "read_own": read[0], "run": run_seconds,
            "of_reading": seconds / read[0], "comparing": (seconds - run_seconds) / read[0],
            "peak_rss": peak, "of_tensors": peak / size, "allowed": 1.5 + 64 * MIB / size}


def write_inputs(path, shape):
    rng = np.random.default_rng(0)
    np.savez(path, **{name: rng.standard_normal(shape) for name in "qkv"})


def write_as(path, source, dtype):
    """The same arrays in another type; how many numbers and bytes there are."""
    with np.load(source) as file:
        arrays = {name: file[name].astype(dtype) for name in file.files}
    np.savez(path, **arrays)
    return sum(array.size for array in arrays.values()), sum(array.nbytes for array in arrays.values())


def elsewhere(function, *arguments):
    """Calls it in a process of its own: what this one holds would count as memory of the programs it starts."""
    with multiprocessing.Pool(1) as pool:
        return pool.apply(function, arguments)


def measure(tool, folder, options):
    batch, heads, length, width = sizes_for(options.elements)
    elsewhere(write_inputs, folder / "in.npz", (batch, heads, length, width))
    run = ["sdpa", "--causal"]
    for option, name in (("--query", "q"), ("--key", "k"), ("--value", "v")):
        run += [option, f"{folder / 'in.npz'}:{name}"]
    submissions = {"match": [], "mistake C3": ["--mistake", "C3"], "mistake M15": ["--mistake", "M15"]}
    (run_seconds, _, _), _ = measured([tool, *run, "--steps", "output", "-f", "npy", "-o", folder / "output.npy", "--force"],
                                      options.repeat)
    rows = []
    for name, mistake in submissions.items():
        subprocess.run([tool, *run, *mistake, "-o", folder / "all.npz", "--force"], check=True)
        for dtype in ("float64", "float32"):
            path = folder / f"{dtype}.npz"
            size = elsewhere(write_as, path, folder / "all.npz", dtype)
            rows.append(row(tool, run, path, size, f"{name}, {dtype}", run_seconds, options))
    return {"sizes": {"B": batch, "H": heads, "L": length, "D": width}, "repeat": options.repeat, "rows": rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("tool")
    parser.add_argument("--elements", type=int, default=10 ** 7)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="verify-large-", dir=options.folder) as folder:
        json.dump(measure(options.tool, pathlib.Path(folder), options), sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    main()
