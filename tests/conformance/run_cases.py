#!/usr/bin/env python3
"""Runs `RUNNER ATTN_COMPUTE` and passes its verdict on; exit code 77, "skipped", when there is no RUNNER.

    run_cases.py RUNNER

The tool is the environment variable ATTN_COMPUTE. A runner's last line is `N passed, N failed`; a run
in which nothing passed proves nothing and fails.
"""
import os
import re
import subprocess
import sys

SKIPPED = 77


def main():
    runner = sys.argv[1]
    if not os.path.exists(runner):
        print(f"skipped: there is no {runner} (the CMake variable ATTNSCOPE_ONNX_RUNNER names it)")
        return SKIPPED
    run = subprocess.run([sys.executable, runner, os.environ["ATTN_COMPUTE"]], stdout=subprocess.PIPE, text=True)
    print(run.stdout, end="")
    verdict = re.search(r"(\d+) passed, (\d+) failed\s*\Z", run.stdout)
    agreed = verdict and int(verdict[1]) > 0 and int(verdict[2]) == 0
    return 0 if run.returncode == 0 and agreed else 1


if __name__ == "__main__":
    sys.exit(main())
