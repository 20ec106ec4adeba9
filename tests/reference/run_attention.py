#!/usr/bin/env python3
"""Runs attn-compute on every case of tests/reference/attention and compares every step with PyTorch's.

    run_attention.py ATTN_COMPUTE [CASES_DIR] [--only GLOB]
    run_attention.py ATTN_COMPUTE --live [attention|layer|gradient]   with cases made now, by the PyTorch that is installed

Needs NumPy only; the committed cases were made by make_attention.py, make_layer.py and make_gradient.py with real PyTorch in
float64. With
--live, exit code 77 (skipped) says that there is no PyTorch that can make them. A value must
agree within 1e-6 of the largest magnitude in its tensor, or be the same infinity. The last line is
`N passed, N failed`; the exit code is 0 when all cases agree.
"""
import argparse
import fnmatch
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SKIPPED = 77


def difference(have, want):
    """A sentence about the first difference, or None."""
    if have.shape != want.shape:
        return f"shape {have.shape}, expected {want.shape}"
    finite = np.isfinite(want)
    scale = np.abs(want[finite]).max(initial=0)
    close = np.zeros(want.shape, bool)
    close[finite] = np.abs(have[finite] - want[finite]) <= 1e-6 * scale
    close[~finite] = (have[~finite] == want[~finite]) | (np.isnan(have[~finite]) & np.isnan(want[~finite]))
    if close.all():
        return None
    at = tuple(int(i) for i in np.argwhere(~close)[0])
    return f"{int((~close).sum())} of {want.size} differ, first at {at}: {have[at]!r}, expected {want[at]!r}"


def check(tool, folder, tmp):
    case = json.loads((folder / "case.json").read_text())
    out = tmp / "steps.npz"
    arguments = [word.replace("{dir}", str(folder)) for word in case["argv"]]
    run = subprocess.run([tool, *arguments, "-o", str(out), "--force"], capture_output=True, text=True, timeout=60)
    if run.returncode != 0:
        return f"exit {run.returncode}: {run.stderr.strip()}"
    have, want = np.load(out), np.load(folder / "steps.npz")
    for step in case["steps"]:
        if step not in have:
            return f"no step {step} in the output (it has {', '.join(have.files)})"
        problem = difference(have[step], want[step])
        if problem:
            return f"{step}: {problem}"
    return None


def run_cases(tool, cases, only):
    passed = failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for folder in sorted(path.parent for path in cases.glob("*/case.json")):
            if not fnmatch.fnmatch(folder.name, only):
                continue
            problem = check(tool, folder, pathlib.Path(tmp))
            passed, failed = passed + (problem is None), failed + (problem is not None)
            if problem:
                print(f"FAIL {folder.name}: {problem}")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


def run_live_cases(tool, kind, only):
    try:
        import make_attention
        maker = importlib.import_module(f"make_{kind}")
    except ImportError as missing:
        print(f"skipped: {missing}")
        return SKIPPED
    if make_attention.obstacle():
        print(f"skipped: {make_attention.obstacle()}")
        return SKIPPED
    print(f"torch {make_attention.torch.__version__}")
    with tempfile.TemporaryDirectory() as tmp:
        maker.make(pathlib.Path(tmp) / kind)
        return run_cases(tool, pathlib.Path(tmp) / kind, only)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tool")
    parser.add_argument("cases", nargs="?", default=pathlib.Path(__file__).parent / "attention", type=pathlib.Path)
    parser.add_argument("--only", default="*")
    parser.add_argument("--live", nargs="?", const="attention", choices=["attention", "layer", "gradient"])
    options = parser.parse_args()
    if options.live:
        return run_live_cases(options.tool, options.live, options.only)
    return run_cases(options.tool, options.cases, options.only)


if __name__ == "__main__":
    sys.exit(main())
