"""Files beside a plain copy of the same bytes, and matrices of CSV beside numpy.loadtxt.

Everything lies in memory (/dev/shm where there is one) and times are processor times of one thread: what the
formats cost, and not the disk. A plain copy is read(2) into fresh memory, or write(2) into a fresh file."""

import os
import pathlib
import tempfile
import time

import numpy as np

from contest import Contender, Figure, in_turn, median_and_spread

ROUNDS = 9
FORMATS = ["npy", "npz", "safetensors"]
SHARE_OF_A_COPY = 0.8
TIMES_LOADTXT = 2
MEMORY = pathlib.Path("/dev/shm")
CSV_SHAPE = (500, 400)


def loadtxt(path):
    begin = time.process_time()
    np.loadtxt(path, delimiter=",")
    return time.process_time() - begin


def medians(contenders):
    """{name: (median, spread)} of the seconds; the first round warms up and does not count."""
    return {name: median_and_spread(values[1:]) for name, values in in_turn(contenders, ROUNDS).items()}


def beside_a_copy(ours, folder):
    sizes = {}
    contenders = {}
    for form in FORMATS:
        path = folder / f"arrays.{form}"
        ours.ask(f"prepare {form} {path}")
        sizes[form] = path.stat().st_size / 1e9
        contenders[f"copy-in {form}"] = lambda path=path: ours.ask(f"copy-in {path}")
        contenders[f"read {form}"] = lambda path=path: ours.ask(f"read {path}")
        contenders[f"write {form}"] = lambda form=form: ours.ask(f"write {form} {folder / 'written'}")
        contenders[f"copy-out {form}"] = lambda: ours.ask(f"copy-out {folder / 'written'}")
    seconds = medians(contenders)
    for done, copied in (("read", "copy-in"), ("write", "copy-out")):
        for form in FORMATS:
            (ours_s, spread), (theirs_s, _) = seconds[f"{done} {form}"], seconds[f"{copied} {form}"]
            yield Figure(f"{form}, {done}", "GB/s", sizes[form] / ours_s, spread, "a plain copy", sizes[form] / theirs_s,
                         theirs_s / ours_s, f"at least × {SHARE_OF_A_COPY}", theirs_s >= SHARE_OF_A_COPY * ours_s)


def beside_loadtxt(ours, folder):
    numbers = np.random.default_rng(0).standard_normal(CSV_SHAPE)
    written = {"as savetxt writes them": "%.18e", "shortest digits": "%r"}
    for what, form in written.items():
        path = folder / "numbers.csv"
        if form == "%r":
            path.write_text("\n".join(",".join(map(repr, row)) for row in numbers.tolist()) + "\n")
        else:
            np.savetxt(path, numbers, delimiter=",", fmt=form)
        seconds = medians({"ours": lambda: ours.ask(f"read {path}"), "loadtxt": lambda: loadtxt(path)})
        (ours_s, spread), (theirs_s, _) = seconds["ours"], seconds["loadtxt"]
        rate = numbers.size / 1e6
        yield Figure(f"CSV read, {what}", "million values/s", rate / ours_s, spread, f"numpy.loadtxt {np.__version__}", rate / theirs_s,
                     theirs_s / ours_s, f"at least {TIMES_LOADTXT} times", theirs_s >= TIMES_LOADTXT * ours_s)


def figures(bench):
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as name:
        folder = pathlib.Path(name)
        ours = Contender([bench.program("bench_files")])
        yield from beside_a_copy(ours, folder)
        yield from beside_loadtxt(ours, folder)
        ours.end()
