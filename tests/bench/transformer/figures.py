"""Tokens a second of the trained model, beside the same model in PyTorch, eager, on one thread.

PyTorch runs the greedy loop of data/models/zh-en-numbers/model.py: nn.TransformerDecoder, which has no cache.
"""

import json
import pathlib
import subprocess
import sys
import time

from contest import Figure, in_turn, median_and_spread

ROUNDS = 5
TARGET = 5
HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parents[2] / "data" / "models" / "zh-en-numbers"


def ours(bench, name):
    done = subprocess.run([bench.program("bench_transformer"), f"--benchmark_filter=^{name}$", "--benchmark_format=json",
                           "--benchmark_min_time=0.3"], check=True, capture_output=True)
    return json.loads(done.stdout)["benchmarks"][0]["items_per_second"]


def pytorch():
    import torch
    sys.path[:0] = [str(FOLDER), str(HERE.parents[1] / "reference")]
    from make_trained_model import load
    import model as network
    import numerals
    torch.set_num_threads(1)
    module = load()
    source = network.batch([[numerals.SOURCE_TOKENS.index(character) for character in numerals.chinese(321)]])

    def rate():
        begin, tokens = time.perf_counter(), 0
        with torch.inference_mode():
            while time.perf_counter() - begin < 0.5:
                tokens += module.greedy(source).shape[1]
        return tokens / (time.perf_counter() - begin)
    rate()  # the first calls prepare
    return rate, torch.__version__


def figures(bench):
    try:
        rate, version = pytorch()
    except ImportError:
        print("  PyTorch is not installed: tokens a second are not compared")
        return
    names = ("cached_float32", "cached_float64", "anew_float32")
    rates = in_turn({"pytorch": rate, **{name: lambda name=name: ours(bench, name) for name in names}}, ROUNDS)
    theirs, _ = median_and_spread(rates.pop("pytorch"))
    for name, values in rates.items():
        middle, spread = median_and_spread(values)
        target = TARGET if name == "cached_float32" else None
        yield Figure(f"translation, {name.replace('_', ' ')}", "tokens/s", middle, spread, f"PyTorch {version}", theirs,
                     middle / theirs, f"at least {target} times" if target else "", not target or middle >= target * theirs)
