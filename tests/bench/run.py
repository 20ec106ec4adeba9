"""Runs every benchmark, prints their figures as a table of ratios and writes them as JSON.

    make bench                                   builds what is measured, then runs this
    run.py --build FOLDER [--only WORD] [--quick] [--json FILE]

A benchmark is a module of this folder, or the figures.py of one of its folders, with a function
figures(bench) that yields contest.Figure. Contenders of one figure are measured in turn in one run on
one machine; compare ratios, not times of different machines.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import platform
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


class Bench:
    """Where the programs under measurement are, and whether small sizes are enough."""

    def __init__(self, build, quick):
        self.build = pathlib.Path(build).resolve()
        self.quick = quick

    def tool(self, name):
        return self.build / "tools" / name

    def program(self, name):
        return self.build / "tests" / "bench" / name


def benchmarks(only):
    files = [HERE / "startup.py", HERE / "memory.py", *sorted(HERE.glob("*/figures.py"))]
    for file in files:
        name = file.stem if file.parent == HERE else file.parent.name
        if only not in name:
            continue
        spec = importlib.util.spec_from_file_location(f"bench_{name}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield name, module


def print_figure(figure):
    verdict = "" if not figure.target else "met" if figure.met else "NOT MET"
    print(f"  {figure.what:<55} {figure.ours:>9.4g} ± {100 * figure.spread:>3.0f} % {figure.unit:<16} "
          f"{figure.theirs:>9.4g} {figure.peer:<24} × {figure.ratio:<7.3g} {figure.target:<34} {verdict}".rstrip(), flush=True)


def machine():
    model = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {"processor": model[0] if model else platform.processor(), "cores": os.cpu_count(), "system": platform.platform(),
            "load before the run": round(os.getloadavg()[0], 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="the folder of a release build with the benchmarks")
    parser.add_argument("--only", default="", help="benchmarks whose name contains this")
    parser.add_argument("--quick", action="store_true", help="leave the largest sizes out: to see that everything runs")
    parser.add_argument("--json", help="also write the figures here")
    options = parser.parse_args()

    report = {"machine": machine(), "benchmarks": {}}
    print(", ".join(f"{key} {value}" for key, value in report["machine"].items()))
    for name, module in benchmarks(options.only):
        print(f"\n{name}: {module.__doc__.splitlines()[0]}")
        figures = []
        for figure in module.figures(Bench(options.build, options.quick)):
            print_figure(figure)
            figures.append(figure.as_json())
        report["benchmarks"][name] = figures
    report["machine"]["load after the run"] = round(os.getloadavg()[0], 2)
    print(f"\nload after the run {report['machine']['load after the run']}; processes of others make times of the clock longer, "
          "not those of the processor")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1) + "\n")


main()
