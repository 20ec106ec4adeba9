#!/usr/bin/env python3
"""Writes the planted cases: somebody else's tensors with a known mistake in them, or with none.

    make_planted.py FOLDER [--seed N] [--every]

One folder a case: the input files, theirs.npz, and case.json with the arguments of attn-compute and what
a verification has to say. Which mistakes cannot be told apart is not assumed but computed: every other
mistake is made with the same input, and those that hand over the same tensors are accepted too. Needs
NumPy only; the same seed gives the same cases.
"""
import argparse
import dataclasses
import json
import pathlib
import shutil
import warnings

import numpy as np

from catalogue import MISTAKES, Runs, difference, id_of
from forms import FORMS, FORMS_OF_LEVEL, KEPT
from naive_attention import Attention, NotApplicable
from problems import all_problems, write
from right_runs import RIGHT

ORDER = ("x memory memory_value q_proj k_proj v_proj q k v past_key past_value present_key present_value scores_raw "
         "scores_scaled scores_capped mask scores_masked weights weights_averaged heads merged output").split()
LEVELS = {"all": set(ORDER), "weights": {"weights", "output"}, "output": {"output"}}
PROBLEMS_OF_LEVEL = {"all": 3, "weights": 2, "output": 2}

# Conventions: not mistakes as long as the weights and the output agree.
EQUIVALENT = {"C6", "M4", "M9", "M14", "P9"}
# Not wrong, but worth a word: either verdict is right, if the diagnosis says what it is.
BENIGN = {"M17", "W5.one", "P3.k", "G2"}
# Ties that are a matter of definition, not of numbers.
SAME_BY_DEFINITION = {"M11.nan": {"M10"}, "T2.softmax_float16": {"W6"}, "P3.k": {"P9"}}
# A number nobody uses can be read off the scores, but not be guessed from the output.
WITH_ALL_STEPS_ONLY = {"M9.1"}
# Random numbers and roundings cannot be found again behind a matrix product.
NAMED_ONLY_IF_SEEN = {"W4", "W6", "T2"}
# The axes are other ones: only the plain form has a meaning.
OTHER_SHAPES = {"S3", "S5", "P6", "G2", "W5.one"}
# A first step besides the computed one: q of S3 is ours with two axes exchanged, which may be seen through.
OTHER_FIRST = {"S3": ["scores_raw"]}
PAIRS = [("C1", "P8.transposed"), ("C2", "M7.plus"), ("C1", "G1"), ("M5", "P8.missing"), ("C2", "H2"),
         ("P3.v", "M15.all"), ("C3", "W5"), ("P1.q", "P8.missing"), ("H1", "M16"), ("C1", "M15.padding")]

# Two float64 runs are the same below the first, and differ by more than any rounding above the last. Between
# them a difference could be rounding, and no case is made of it. Of two mistakes closer than the second, a
# float32 run cannot say which it was.
SAME, SAME_IN_FLOAT32, DIFFERENT = 1e-7, 1e-5, 1e-4


@dataclasses.dataclass
class Case:
    name: str
    problem: object
    theirs: dict
    options: list
    expected: dict


def visible_steps(steps, right, level):
    """The differences by step, in order of computation, of what this level hands over."""
    return {step: difference(steps[step], right[step]) for step in ORDER
            if step in steps and step in LEVELS[level] and step in right}


def only_in_padded_rows(problem, observed, right):
    """Whether the weights and the output agree in every query row that is not padding."""
    if not (problem.is_self and problem.valid_lens):
        return False
    shown = [step for step in ("weights", "output") if step in observed]
    return all(difference(observed[step][b, ..., :n, :], right[step][b, ..., :n, :]) < SAME
               for step in shown for b, n in enumerate(problem.valid_lens))


def verdicts_of(name, differences):
    final = max((differences.get(step, 0) for step in ("weights", "output")), default=0)
    if name in BENIGN and max(differences.values()) > DIFFERENT:
        return ["match", "mismatch"]
    if max(differences.values()) < SAME or id_of(name) in EQUIVALENT and final < SAME:
        return ["match"]
    return ["mismatch"] if (final if id_of(name) in EQUIVALENT else max(differences.values())) > DIFFERENT else None


def has_empty_row(right):
    return "mask" in right and np.isneginf(right["mask"]).all(axis=-1).any()


def first_steps(differences):
    """The first step that differs; several when the first differences could still be taken for rounding."""
    first = []
    for step, value in differences.items():
        if value > SAME:
            first.append(step)
        if value > DIFFERENT:
            break
    return first


def expected_of(runs, problem, name, observed, level, dtype):
    differences = visible_steps(observed, runs.steps(problem, "right"), level)
    verdicts = verdicts_of(name, differences)
    if verdicts is None:
        return None
    group = "mistake" if verdicts != ["match"] else "blind" if max(differences.values()) < SAME else "equivalent"
    seen = level == "all" or id_of(name) not in NAMED_ONLY_IF_SEEN or id_of(name) == "W4" and level == "weights"
    ties = runs.ties(problem, observed, SAME if dtype == "float64" else SAME_IN_FLOAT32)
    accepted = ties | {id_of(name)} | SAME_BY_DEFINITION.get(name, set())
    if group == "mistake" and only_in_padded_rows(problem, observed, runs.steps(problem, "right")):
        verdicts, accepted = ["match", "mismatch"], accepted | {"M17"}
    mistaken = group == "mistake"
    first = first_steps(differences) + OTHER_FIRST.get(name, [])
    if id_of(name) == "M9" and "scores_masked" in observed and has_empty_row(runs.steps(problem, "right")):
        # Uniform rows where no key is allowed: the fill value is one way to say it, the rule for such rows another.
        accepted, first = accepted | {"M11"}, first + ["weights"]
    return {"group": group, "planted": [name], "level": level, "verdicts": verdicts,
            "first": first if mistaken and level == "all" and verdicts == ["mismatch"] else None,
            "accepted": sorted(accepted) if mistaken and seen else None}


def handed_over(steps, level, form):
    kept = KEPT.get(form, set(ORDER)) & LEVELS[level]
    return {step: tensor for step, tensor in steps.items() if step in kept}


def forms_for(problem, name, level):
    if name in OTHER_SHAPES or (level == "all" and problem.kind == "given"):
        return ["canonical"]
    return FORMS_OF_LEVEL[level]


def planted_case(runs, rng, problem, name, level):
    dtype = "float32" if name == "W3" or rng.random() < 0.5 else "float64"
    forms = forms_for(problem, name, level)
    form = forms[int(rng.integers(len(forms)))] if rng.random() < 0.3 else "canonical"
    observed = handed_over(runs.steps(problem, name), level, form)
    expected = expected_of(runs, problem, name, observed, level, dtype)
    if expected is None:
        return None
    theirs = handed_over(MISTAKES[name](problem, dtype).run(), level, form)
    return Case(f"{name}-{problem.name}-{level}-{dtype}-{form}", problem, *FORMS[form](theirs), expected)


def mistake_cases(runs, rng, every):
    """A few problems for each mistake and level, or every problem that it can be made in."""
    for name in MISTAKES:
        able = [p for p in runs.problems if runs.steps(p, name) is not None
                and max(visible_steps(runs.steps(p, name), runs.steps(p, "right"), "all").values()) > DIFFERENT]
        for level, count in PROBLEMS_OF_LEVEL.items():
            if level != "all" and name in WITH_ALL_STEPS_ONLY:
                continue
            made = 0
            for index in rng.permutation(len(able)):
                case = planted_case(runs, rng, able[index], name, level)
                made += case is not None
                if case is not None:
                    yield case
                if made == count and not every:
                    break


def both_of(pair):
    """A class with both mistakes, which must replace different stages."""
    first, second = (MISTAKES[name] for name in pair)
    if (set(vars(first)) & set(vars(second))) - {"__module__", "__doc__", "name", "exports_mask"}:
        raise ValueError(f"{pair} replace the same stage")
    return type("Pair", (first, second), {})


def pair_cases(runs):
    for pair in PAIRS:
        both, seen = both_of(pair), 0
        for problem in runs.problems:
            single = [runs.steps(problem, name) for name in pair]
            right = runs.steps(problem, "right")
            levels = [level for level in ("all", "output") if None not in single and all(
                max(visible_steps(steps, right, level).values()) > DIFFERENT for steps in single)]
            if seen == 2 or not levels:
                continue
            seen += 1
            for level in levels:
                steps = handed_over(both(problem, "float64").run(), level, "canonical")
                yield Case(f"{'+'.join(pair)}-{problem.name}-{level}", problem, steps, [],
                           {"group": "pair", "planted": list(pair), "level": level, "verdicts": ["mismatch"],
                            "first": None, "accepted": [id_of(name) for name in pair]})


def right_cases(runs, rng):
    for problem in runs.problems:
        for name, cls in RIGHT.items():
            dtype = "float32" if rng.random() < 0.6 else "float64"
            level = ("all", "weights", "output")[int(rng.integers(3))]
            form = str(rng.choice(forms_for(problem, name, level)))
            try:
                steps = cls(problem, dtype).run()
            except NotApplicable:
                continue
            theirs = handed_over(steps, level, form)
            if theirs and rng.random() < 0.75:
                yield Case(f"right.{name}-{problem.name}-{level}-{dtype}-{form}", problem, *FORMS[form](theirs),
                           {"group": "right", "planted": [], "level": level, "verdicts": ["match"], "first": None,
                            "accepted": None})


def tolerance_cases(runs):
    """T1: float32 against a tolerance for float64. T3: nothing that could be compared."""
    for problem in runs.problems[:6]:
        yield Case(f"T1-{problem.name}", problem, Attention(problem, "float32").run(),
                   ["--rtol", "1e-10", "--atol", "1e-12"],
                   {"group": "mistake", "planted": ["T1"], "level": "all", "verdicts": ["mismatch"], "first": None,
                    "accepted": ["T1"]})
    nothing = {"group": "nothing", "planted": ["T3"], "level": "output", "verdicts": ["incomparable"], "first": None,
               "accepted": None}
    for problem in runs.problems[2:8]:
        foreign = {"foo": np.ones((17, 13)), "bar": np.ones((19,))}
        yield Case(f"T3.names-{problem.name}", problem, foreign, [], nothing)
    for problem in runs.problems[:4]:
        output = runs.steps(problem, "right")["output"]
        yield Case(f"T3.nan-{problem.name}", problem, {"output": np.full_like(output, np.nan)}, [],
                   {**nothing, "verdicts": ["mismatch", "incomparable"]})
        yield Case(f"T3.shape-{problem.name}", problem, {"output": np.ones((3, 29, 31))}, [],
                   {**nothing, "verdicts": ["mismatch", "incomparable"]})


def all_cases(seed, every):
    rng = np.random.default_rng(seed)
    runs = Runs(all_problems(seed))
    yield from mistake_cases(runs, rng, every)
    yield from right_cases(runs, rng)
    yield from tolerance_cases(runs)
    yield from pair_cases(runs)


def save(case, folder):
    folder.mkdir(parents=True)
    write(case.problem, folder)
    np.savez(folder / "theirs.npz", **case.theirs)
    argv = [*case.problem.argv, "--verify", "{dir}/theirs.npz", *case.options, "-f", "json"]
    (folder / "case.json").write_text(json.dumps({"name": case.name, "argv": argv, **case.expected}, indent=1) + "\n")


def make(folder, seed, every=False):
    """Writes all cases below `folder`, which is replaced, and returns their folders."""
    shutil.rmtree(folder, ignore_errors=True)
    folders = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # overflow and 0/0 are what some mistakes consist of
        for case in all_cases(seed, every):
            folders.append(folder / case.name)
            save(case, folders[-1])
    return folders


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--every", action="store_true", help="every mistake with every problem")
    options = parser.parse_args()
    print(f"{len(make(options.folder, options.seed, options.every))} cases in {options.folder} "
          f"(NumPy {np.__version__}, seed {options.seed})")


if __name__ == "__main__":
    main()
