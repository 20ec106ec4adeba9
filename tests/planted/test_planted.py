#!/usr/bin/env python3
"""Lets attn-compute verify tensors with a known mistake in them, and counts what it finds.

    test_planted.py ATTN_COMPUTE [--folder DIR] [--keep] [--only GLOB] [--every] [--right-first]

Every failing case is one line: its folder (kept with --keep), what was expected, and what was reported;
`case.json` there has the arguments. The table counts by id and by what was handed over (all steps; weights
and output; output alone), and the last line counts the criteria: `N passed, N failed`.

`--right-first` only compares the steps of the program's own right runs with those of the naive
implementation, which must hold before anything else means much.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import fnmatch
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

import json_schema
from catalogue import difference, id_of
from make_planted import LEVELS, make
from naive_attention import Attention
from problems import all_problems, write

SCHEMA = json.loads((pathlib.Path(__file__).parents[2] / "data" / "verify.schema.json").read_text())
EXIT_OF_VERDICT = {"match": 0, "mismatch": 1, "incomparable": 1}


@dataclasses.dataclass
class Result:
    folder: pathlib.Path
    case: dict
    error: str = ""            # no report, or one that does not fit its schema
    report: dict = None

    @property
    def detected(self):
        return not self.error and self.report["verdict"] in self.case["verdicts"]

    @property
    def localised(self):
        """None when the case does not say where."""
        return self.case["first"] and not self.error and self.report["first_divergent_step"] in self.case["first"]

    @property
    def named(self):
        """The first explanation is the mistake, or one that gives the same tensors. Of a pair, both are there."""
        accepted = self.case["accepted"]
        if accepted is None:
            return None
        if self.error:
            return False
        diagnosis = self.report["diagnosis"]
        if self.case["group"] == "pair":
            return set(accepted) <= {entry.get(key) for entry in diagnosis for key in ("id", "with")}
        held_against = [entry for entry in diagnosis if not entry.get("equivalent")] or diagnosis
        return bool(held_against) and held_against[0]["id"] in accepted

    def line(self):
        c = self.case
        want = f"{'/'.join(c['verdicts'])}, first {'/'.join(c['first'] or ['any'])}"
        want += f", {'+'.join(c['planted']) or 'nothing'}"
        if c["accepted"] is not None:
            want += f" named by one of {','.join(c['accepted'])}"
        got = self.error
        if not got:
            ids = ",".join(map(brief, self.report["diagnosis"])) or "no diagnosis"
            got = f"{self.report['verdict']}, first {self.report['first_divergent_step']}, {ids}"
        return f"FAIL {self.folder}: expected {want}; got {got}"


def brief(diagnosis):
    """"C1@scores_scaled"; "~" before a convention, "+ID" after one of a pair."""
    other = f"+{diagnosis['with']}" if "with" in diagnosis else ""
    return f"{'~' if diagnosis.get('equivalent') else ''}{diagnosis['id']}@{diagnosis['step']}{other}"


def verify(tool, folder):
    case = json.loads((folder / "case.json").read_text())
    result = Result(folder, case)
    arguments = [word.replace("{dir}", str(folder)) for word in case["argv"]]
    run = subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=120, check=False)
    if run.returncode not in (0, 1):
        result.error = f"exit {run.returncode}: {run.stderr.strip()}"
        return result
    try:
        result.report = json.loads(run.stdout)
    except json.JSONDecodeError as error:
        result.error = f"exit {run.returncode} and no JSON ({error}): {run.stdout[:80]!r}"
        return result
    misfits = json_schema.problems(result.report, SCHEMA)
    if misfits:
        result.error = "the report does not fit its schema: " + misfits[0]
    elif EXIT_OF_VERDICT[result.report["verdict"]] != run.returncode:
        result.error = f"exit {run.returncode} with the verdict {result.report['verdict']}"
    return result


def share(flags):
    """"12/13" of the cases that say something; "-" when none does."""
    counted = [flag for flag in flags if flag is not None]
    return f"{sum(map(bool, counted))}/{len(counted)}" if counted else "-"


def print_table(results):
    print(f"{'id':<6}" + "".join(f"{level:^32}" for level in LEVELS))
    print(f"{'':<6}" + f"{'detected':>11}{'first':>9}{'named':>9}   " * len(LEVELS))
    rows = collections.defaultdict(list)
    for result in results:
        planted = result.case["planted"]
        rows["pairs" if len(planted) > 1 else id_of(planted[0]) if planted else "right"].append(result)
    for name in sorted(rows, key=lambda text: (text in ("right", "pairs"), text[0], len(text), text)):
        cells = ""
        for level in LEVELS:
            here = [result for result in rows[name] if result.case["level"] == level]
            cells += (f"{share([r.detected for r in here]):>11}{share([r.localised for r in here]):>9}"
                      f"{share([r.named for r in here]):>9}   ")
        print(f"{name:<6}{cells}")


def criteria(results):
    """(sentence, share that must be reached, flags)."""
    mistakes = [r for r in results if r.case["group"] == "mistake"]

    def named_at(level):
        return [r.named for r in mistakes if r.case["level"] == level]

    return [
        ("every run gives a report that fits its schema", 1.0, [not r.error for r in results]),
        ("mistakes are detected", 1.0, [r.detected for r in mistakes]),
        ("right runs and invisible mistakes are not accused", 1.0,
         [r.detected for r in results if r.case["group"] in ("right", "blind")]),
        ("conventions that change nothing are not accused", 1.0,
         [r.detected for r in results if r.case["group"] == "equivalent"]),
        ("nothing compared is no success", 1.0, [r.detected for r in results if r.case["group"] == "nothing"]),
        ("the first wrong step is found", 0.99, [r.localised for r in mistakes]),
        ("named with all steps", 0.97, named_at("all")),
        ("named with weights and output", 0.90, named_at("weights")),
        ("named with the output alone", 0.90, named_at("output")),
        ("pairs are detected", 1.0, [r.detected for r in results if r.case["group"] == "pair"]),
    ]


def judge(results):
    """Prints the criteria; true when all hold."""
    passed = failed = 0
    for sentence, wanted, flags in criteria(results):
        counted = [bool(flag) for flag in flags if flag is not None]
        if not counted:
            continue
        reached = sum(counted) / len(counted)
        passed, failed = passed + (reached >= wanted), failed + (reached < wanted)
        print(f"{'ok  ' if reached >= wanted else 'FAIL'} {sentence}: {sum(counted)} of {len(counted)} "
              f"({reached:.1%}, wanted {wanted:.0%})")
    extra = [len({d["id"] for d in r.report["diagnosis"]} - set(r.case["accepted"])) for r in results
             if not r.error and r.case["group"] == "mistake" and r.case["accepted"]]
    both = [r.named for r in results if r.case["group"] == "pair"]
    print(f"for the record: {np.mean(extra or [0]):.2f} ids a diagnosis besides the accepted ones; "
          f"both of a pair named in {share(both)}")
    print(f"{passed} passed, {failed} failed")
    return passed > 0 and failed == 0


def failed(result):
    return bool(result.error) or not result.detected or result.localised is False or result.named is False


def compare_right_runs(tool, folder, seed):
    """The naive implementation and the program, without any mistake, step by step."""
    bad = 0
    problems = all_problems(seed)
    for problem in problems:
        place = folder / problem.name
        place.mkdir(parents=True)
        write(problem, place)
        arguments = [word.replace("{dir}", str(place)) for word in problem.argv]
        subprocess.run([tool, *arguments, "-o", str(place / "steps.npz")], check=True, timeout=60)
        ours, naive = np.load(place / "steps.npz"), Attention(problem).run()
        wrong = sorted(set(ours.files) ^ set(naive))
        wrong += [step for step in ours.files if step in naive and difference(ours[step], naive[step]) > 1e-12]
        bad += bool(wrong)
        if wrong:
            print(f"FAIL {place}: {', '.join(wrong)}")
    print(f"{len(problems) - bad} passed, {bad} failed")
    return bad == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("tool")
    parser.add_argument("--folder", type=pathlib.Path,
                        help="where the cases are written (default: a temporary folder)")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    parser.add_argument("--only", default="*", help="names of cases, such as 'C1-*'")
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--every", action="store_true", help="every mistake with every problem: thousands of cases")
    parser.add_argument("--right-first", action="store_true")
    options = parser.parse_args()
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="planted-"))
    try:
        if options.right_first:
            return 0 if compare_right_runs(options.tool, folder / "right", options.seed) else 1
        folders = [case for case in make(folder / "cases", options.seed, options.every) if fnmatch.fnmatch(case.name, options.only)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda case: verify(options.tool, case), folders))
        for result in filter(failed, results):
            print(result.line())
        print_table(results)
        return 0 if judge(results) else 1
    finally:
        if not options.folder and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
