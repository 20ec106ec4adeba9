"""A verification of ten million numbers: its time beside reading them, and the most memory it takes.

"Reading" is a NumPy process, as ours is a whole process: start-up, import and numpy.load of every array. The time of
numpy.load alone, in a Python that runs already, stands beside it. Mistakes take a diagnosis and its confirmation on top
of the comparison, two mistakes take two; numbers that are wrong for no reason take every diagnosis there is. One long
head has no heads and samples to be taken apart into, and the output of a module needs all its heads: there every
mistake of the catalogue is made."""

import collections
import json
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from contest import Figure, in_turn, median_and_spread

ELEMENTS, FEWER = 10**7, 10**6
ROOM = 64 << 20
# `spoilt`: a step that is wrong for no reason; `empty_padding`: every step has zeros in rows of padding.
Submission = collections.namedtuple("Submission", ["mistakes", "spoilt", "empty_padding"], defaults=["", None, False])
MISTAKES = {"a match": Submission(), "mistake C3": Submission("C3"), "mistake M15": Submission("M15")}
MORE_MISTAKES = {"mistakes C2 and M7": Submission("C2,M7"), "another shape (S3)": Submission("S3"),
                 "unexplained weights": Submission(spoilt="weights")}
PADDING = {"zeros in padding": Submission(empty_padding=True), "zeros in padding, mistake C3": Submission("C3", empty_padding=True)}
UNEXPLAINED = {f"unexplained {step}": Submission(spoilt=step) for step in ("q_proj", "v_proj", "mask", "weights")}
READ_BY_NUMPY = "import sys, numpy\nwith numpy.load(sys.argv[1]) as file:\n    for name in file.files: file[name]\n"


def sizes_for(elements, batch=2, heads=8):
    """(B, H, L, D) of a causal run whose ten tensors hold about so many numbers: 5·L² + 5·L·D for a head."""
    width = 64
    length = int((np.sqrt(width**2 + 4 * elements / (5 * batch * heads)) - width) / 2)
    return batch, heads, max(length, 1), width


def write_heads(path, shape):
    rng = np.random.default_rng(0)
    np.savez(path, **{name: rng.standard_normal(shape) for name in "qkv"})


def write_module(folder, length, width):
    """One sample, and the maps of a torch.nn.MultiheadAttention without biases."""
    rng = np.random.default_rng(0)
    np.save(folder / "x.npy", rng.standard_normal((1, length, width)))
    np.savez(folder / "maps.npz", **{"in_proj_weight": rng.standard_normal((3 * width, width)) / np.sqrt(width),
                                     "out_proj.weight": rng.standard_normal((width, width)) / np.sqrt(width)})


def positions_that_count(length):
    return length * 6 // 7


def write_as(path, source, dtype, submission):
    """The same arrays in another type; the `spoilt` one holds other numbers altogether."""
    with np.load(source) as file:
        arrays = {name: file[name] for name in file.files}
    if submission.spoilt:
        arrays[submission.spoilt] = np.random.default_rng(1).standard_normal(arrays[submission.spoilt].shape)
    for name, array in arrays.items():
        if submission.empty_padding and name not in ("x", "mask"):
            array[..., positions_that_count(array.shape[-2]):, :] = 0
    np.savez(path, **{name: array.astype(dtype) for name, array in arrays.items()})


def elsewhere(function, *arguments):
    """In a process of its own: memory of this one would count as that of the programs it starts."""
    process = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    process.start()
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"{function.__name__} failed")


# The most memory of a process counts from before it became another program: this one may have held large arrays.
STARTER = """
import os, sys, time
nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
begin = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[nowhere])
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - begin, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status))
"""


def verified(command):
    """(seconds, peak bytes); a mistake that was found is no failure."""
    run = subprocess.run([sys.executable, "-S", "-c", STARTER, *map(str, command)], check=True, capture_output=True, text=True)
    seconds, peak, code = run.stdout.split()
    if int(code) > 1:
        raise RuntimeError(f"{command} ended with {code}: {run.stderr}")
    return float(seconds), int(peak)


# Prints the seconds that numpy.load of every array takes the second time.
LOADED_BY_NUMPY = """
import sys, time, numpy
for _ in range(2):
    begin = time.perf_counter()
    with numpy.load(sys.argv[1]) as file:
        for name in file.files: file[name]
    end = time.perf_counter()
print(end - begin)
"""


def loaded(path):
    run = subprocess.run([sys.executable, "-c", LOADED_BY_NUMPY, str(path)], check=True, capture_output=True, text=True)
    return float(run.stdout), 0


def contest(tool, run, path, rounds=8):
    """{name: (seconds, peak bytes) of every round}; the first round warms up and does not count."""
    results = in_turn({"ours": lambda: verified([tool, *run, "--verify", path]),
                       "reading": lambda: verified([sys.executable, "-c", READ_BY_NUMPY, path]),
                       "loading": lambda: loaded(path)}, rounds)
    return {name: values[1:] for name, values in results.items()}


def figures_of(name, results, tensors):
    times = {who: median_and_spread([seconds for seconds, _ in values]) for who, values in results.items()}
    ours, spread = times["ours"]
    reading, loading = times["reading"][0], times["loading"][0]
    yield Figure(name, "ms", 1e3 * ours, spread, f"NumPy {np.__version__} reading", 1e3 * reading, ours / reading, "at most 2 times", ours <= 2 * reading)
    yield Figure(name, "ms", 1e3 * ours, spread, "numpy.load alone", 1e3 * loading, ours / loading, "", True)
    peak = max(peak for _, peak in results["ours"])
    yield Figure(f"{name}: peak memory", "MiB", peak / 2**20, 0, "the tensors", tensors / 2**20, peak / tensors,
                 "1.5 times + 64 MiB", peak <= 1.5 * tensors + ROOM)


def given_heads(folder, elements, batch, heads):
    """The options of a run on given queries, keys and values."""
    elsewhere(write_heads, folder / "in.npz", sizes_for(elements, batch, heads))
    sources = [part for option, tensor in (("--query", "q"), ("--key", "k"), ("--value", "v")) for part in (option, f"{folder / 'in.npz'}:{tensor}")]
    return ["sdpa", "--causal", *sources]


def module(folder, elements):
    """The options of a run of a module with one sample: 5·8·L² numbers of its heads, the rest L·512 and 512·512."""
    elsewhere(write_module, folder, max(int(np.sqrt(elements / 46)), 1), 512)
    return ["mha", "--causal", "--heads", "8", "--input", folder / "x.npy", "--weights", folder / "maps.npz"]


def padded_module(folder, elements):
    options = module(folder, elements)
    length = np.load(folder / "x.npy", mmap_mode="r").shape[1]
    return [*options, "--valid-lens", str(positions_that_count(length))]


DTYPES = ("float64", "float32")
RUNS = {"2 samples of 8 heads": (lambda folder, elements: given_heads(folder, elements, 2, 8), {**MISTAKES, **MORE_MISTAKES}),
        "one head": (lambda folder, elements: given_heads(folder, elements, 1, 1), MISTAKES),
        "a module, one sample": (module, {**MISTAKES, **UNEXPLAINED}),
        "a module with padding": (padded_module, PADDING)}
EVERY_MISTAKE = {"a module, one sample"}


def figures(bench):
    tool = bench.tool("attn-compute")
    for run_name, (options, submissions) in RUNS.items():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            run = options(folder, FEWER if bench.quick else ELEMENTS)
            for what, submission in submissions.items():
                write_submission(tool, run, submission, folder)
                for dtype in DTYPES:
                    yield from figures_of(f"{run_name}, {what}, {dtype}", *contest_of(tool, run, submission, folder, dtype))
            if run_name in EVERY_MISTAKE:
                yield from figures_of_the_worst(tool, run_name, run, folder)


def write_submission(tool, run, submission, folder):
    """What a run with these mistakes has; False where they cannot be made in it."""
    (folder / "all.npz").unlink(missing_ok=True)
    mistakes = ["--mistake", submission.mistakes] if submission.mistakes else []
    made = subprocess.run([tool, *run, *mistakes, "-o", folder / "all.npz"], check=not mistakes, capture_output=bool(mistakes))
    return made.returncode == 0


def contest_of(tool, run, submission, folder, dtype, rounds=8):
    """The contest, and the bytes of the tensors: uncompressed, with headers of a few hundred bytes a tensor."""
    path = folder / f"{dtype}.npz"
    elsewhere(write_as, path, folder / "all.npz", dtype, submission)
    return contest(tool, run, path, rounds), path.stat().st_size


def figures_of_the_worst(tool, run_name, run, folder):
    """Of every mistake of the catalogue that can be made in the run: the one that takes most time beside reading, and the
    one that takes most of its memory."""
    catalogue = json.loads(subprocess.run([tool, "mistakes", "-f", "json"], check=True, capture_output=True, text=True).stdout)
    by_type = {dtype: [] for dtype in DTYPES}
    for submission in (Submission(row["id"]) for row in catalogue):
        if not write_submission(tool, run, submission, folder):
            continue
        for dtype in DTYPES:
            by_type[dtype].append((submission.mistakes, *contest_of(tool, run, submission, folder, dtype, rounds=5)))
    for dtype, contests in by_type.items():
        rows = [list(figures_of(f"{run_name}, the worst of {len(contests)} mistakes: {mistake}, {dtype}", results, tensors))
                for mistake, results, tensors in contests]
        yield from max(rows, key=lambda figures: figures[0].ratio)[:2]
        yield max(rows, key=lambda figures: figures[2].ours / (1.5 * figures[2].theirs + ROOM / 2**20))[2]
