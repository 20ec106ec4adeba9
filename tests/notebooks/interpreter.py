"""Runs cells of C++ in clang-repl, each from a file of its own, and tells what every cell printed."""

import os
import pathlib
import shutil
import subprocess
import tempfile

CLANG_REPL = shutil.which("clang-repl-19")
FLAGS = ("-Xcc=-std=c++17", "-Xcc=-fno-relaxed-template-template-args")
MARK = "\x1e"  # between the outputs of two cells; no cell prints it
NOTEBOOKS = pathlib.Path(__file__).resolve().parents[2] / "notebooks-cpp"  # where Jupyter starts a kernel
TIMEOUT = 300  # seconds; only to end a run that hangs


class CellFailed(Exception):
    pass


def run_cells(cells, include_folder, library):
    """What each cell printed, in order. Without a library (None) the first cell has to find it. Raises CellFailed with the number of the first cell that does not compile
    or does not come to its end."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "ATTNSCOPE_LIBRARY": str(pathlib.Path(library or ".").resolve())}
    if library is None:
        del environment["ATTNSCOPE_LIBRARY"]
    with tempfile.TemporaryDirectory(prefix="attnscope-notebook-") as folder:
        lines = ["#include <cstdio>"]
        for number, cell in enumerate(cells):
            file = pathlib.Path(folder, f"cell_{number}.cpp")
            file.write_text(cell + "\n", encoding="utf-8")
            lines.append(f'#include "{file}"')
            lines.append(f'std::printf("{MARK}"); std::fflush(stdout);')
        lines.append("%quit")
        run = subprocess.run([CLANG_REPL, *FLAGS, f"-Xcc=-I{pathlib.Path(include_folder).resolve()}"], input="\n".join(lines) + "\n", text=True, encoding="utf-8",
                             capture_output=True, timeout=TIMEOUT, env=environment, cwd=NOTEBOOKS)
    outputs = run.stdout.replace("clang-repl> ", "").replace("clang-repl...   ", "").split(MARK)
    if run.returncode != 0 or "error:" in run.stderr or len(outputs) != len(cells) + 1:
        done = min(len(outputs) - 1, len(cells) - 1)
        raise CellFailed(f"cell {done} (exit {run.returncode}):\n{cells[done]}\n{run.stderr[-3000:]}")
    return outputs[:-1]
