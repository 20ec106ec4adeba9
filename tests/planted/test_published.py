#!/usr/bin/env python3
"""Deviations of the course documents, and wrong values that a standard's own reference once published.

    test_published.py ATTN_COMPUTE

Each has to be named for what it is, from all steps and from the output alone, in a problem where nothing else
gives the same tensors.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from catalogue import MISTAKES, id_of
from problems import all_problems, write

SEED = 2024
# (what it is, mistake, problem): the id before the point is what the report has to say first.
WRONG = [
    ("the second document divides by the root of the embedding width", "C1", "linear-causal"),
    ("the second document's block attends across the batch axis", "S3", "linear-self"),
    ("the third document's fill of -1e6 where a query has no key", "M9.1e6", "sdpa-empty-rows"),
    ("keys and values tiled over the query heads instead of repeated", "G1", "sdpa-grouped"),
    ("keys and values tiled, with a cache", "G1", "sdpa-cache"),
    ("a 3-D input split into heads by a reshape alone", "H1", "sdpa-rank-3"),
    ("a 3-D input split by a reshape, then masked", "H1", "sdpa-rank-3-causal"),
    ("the soft cap after the mask", "X1", "sdpa-softcap"),
    ("the soft cap after the mask, grouped heads and padding", "X1", "sdpa-softcap-grouped"),
    ("the causal rule blind to the cache", "M8", "sdpa-cache"),
]
# The same fill where every query has a key, and a large enough sentinel anywhere: no mistake.
INNOCENT = [
    ("the third document's fill of -1e6", "M9.1e6", "sdpa-cache-padding"),
    ("-1e9 under a causal rule", "M9.1e9", "sdpa-causal-grouped"),
]
LEVELS = {"all steps": None, "weights and output": ("weights", "output"), "output": ("output",)}


def report_of(tool, problem, steps):
    with tempfile.TemporaryDirectory(prefix="published-") as name:
        folder = pathlib.Path(name)
        write(problem, folder)
        np.savez(folder / "theirs.npz", **steps)
        arguments = [word.replace("{dir}", name) for word in problem.argv]
        run = subprocess.run([tool, *arguments, "--verify", str(folder / "theirs.npz"), "-f", "json"], capture_output=True,
                             text=True, timeout=60, check=False)
    return run.returncode, json.loads(run.stdout)


def check(tool, problems, sentence, name, where, wanted):
    """Prints and counts what is wrong."""
    bad = 0
    steps = MISTAKES[name](problems[where]).run()
    for level, kept in LEVELS.items():
        code, report = report_of(tool, problems[where], {key: value for key, value in steps.items() if kept is None or key in kept})
        ids = [entry["id"] for entry in report["diagnosis"] if wanted == "match" or not entry.get("equivalent")]
        right = report["verdict"] == wanted and code == (wanted != "match")
        # A fill and the rule for rows without keys are two words for one thing.
        accepted = {id_of(name)} | ({"M11"} if where == "sdpa-empty-rows" else set())
        right = right and (wanted == "match" or bool(ids) and ids[0] in accepted)
        if not right:
            bad += 1
            print(f"FAIL {sentence} ({name}, {where}), {level}: {report['verdict']}, {' '.join(ids) or 'no diagnosis'}")
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("tool")
    tool = parser.parse_args().tool
    problems = {problem.name: problem for problem in all_problems(SEED)}
    bad = sum(check(tool, problems, *row, "mismatch") for row in WRONG)
    bad += sum(check(tool, problems, *row, "match") for row in INNOCENT)
    count = (len(WRONG) + len(INNOCENT)) * len(LEVELS)
    print(f"{count - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
