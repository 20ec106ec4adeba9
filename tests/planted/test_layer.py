#!/usr/bin/env python3
"""Lets attn-compute verify layers with a known mistake in them, made by naive_layer.py.

    test_layer.py ATTN_COMPUTE

Every mistake is made in all blocks and in one alone, in four layers (encoder and decoder, both placements of
the norm, LayerNorm and RMSNorm), and handed over with all steps, and with the output alone. It must be
detected, blamed on the right step (all steps) and named. Right runs must pass. The last line counts the
criteria: `N passed, N failed`.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import json_schema
from naive_layer import Layer, mistakes

SCHEMA = json.loads((pathlib.Path(__file__).parents[2] / "data" / "verify.schema.json").read_text())
E, HEADS, F = 6, 3, 10

LAYERS = {
    "encoder-post": dict(causal=True),
    "encoder-pre-rms": dict(pre=True, rms=True),
    "decoder-post": dict(decoder=True, causal=True, memory_lens=[5, 3]),
    "decoder-pre": dict(decoder=True, pre=True, memory_lens=[5, 2]),
}


def make_weights(random, decoder, rms):
    w = {}
    for name in ["self_attn", "multihead_attn"][:2 if decoder else 1]:
        w[name + ".in_proj_weight"], w[name + ".in_proj_bias"] = random.normal(size=(3 * E, E)), random.normal(size=3 * E)
        w[name + ".out_proj.weight"], w[name + ".out_proj.bias"] = random.normal(size=(E, E)), random.normal(size=E)
    w["linear1.weight"], w["linear1.bias"] = random.normal(size=(F, E)), random.normal(size=F)
    w["linear2.weight"], w["linear2.bias"] = random.normal(size=(E, F)), random.normal(size=E)
    for number in range(1, 4 if decoder else 3):
        w[f"norm{number}.weight"] = random.normal(size=E)
        if not rms:
            w[f"norm{number}.bias"] = random.normal(size=E)
    return w


class Problem:
    def __init__(self, name, folder):
        facts = dict(LAYERS[name])
        self.decoder = facts.pop("decoder", False)
        random = np.random.default_rng(list(LAYERS).index(name))
        self.rms, self.pre = facts.get("rms", False), facts.get("pre", False)
        self.weights = make_weights(random, self.decoder, self.rms)
        self.x = random.normal(size=(2, 4, E))
        memory = random.normal(size=(2, 5, E)) if self.decoder else None
        self.arguments = dict(weights=self.weights, x=self.x, memory=memory, heads=HEADS, eps=1e-2, **facts)
        np.savez(folder / f"{name}-weights.npz", **self.weights)
        np.save(folder / f"{name}-x.npy", self.x)
        self.words = ["layer", "--weights", folder / f"{name}-weights.npz", "--input", folder / f"{name}-x.npy", "--heads", str(HEADS), "--eps", "0.01"]
        self.words += ["--norm", "pre"] * self.pre + ["--norm-type", "rms"] * self.rms + ["--causal"] * facts.get("causal", False)
        if self.decoder:
            np.save(folder / f"{name}-memory.npy", memory)
            self.words += ["--kind", "decoder", "--memory", folder / f"{name}-memory.npy", "--memory-valid-lens", ",".join(map(str, facts["memory_lens"]))]

    def blocks(self):
        return ["self", "cross", "ffn"] if self.decoder else ["self", "ffn"]


def verify(tool, words, file):
    run = subprocess.run([tool, *map(str, words), "--verify", str(file), "-f", "json"], capture_output=True, text=True, timeout=120)
    report = json.loads(run.stdout) if run.returncode in (0, 1) else None
    assert report is not None and run.returncode == (0 if report["verdict"] == "match" else 1), run.stderr
    problems = json_schema.problems(report, SCHEMA)
    assert not problems, problems
    return report


def expected_first(first, block):
    """The path of the first wrong step; None where it is not said."""
    return first and f"{block}.{first}"


def cases(problem):
    """(what, id, first wrong step, steps) of every mistake in every choice of blocks."""
    for blocks in [None, *[[block] for block in problem.blocks()]]:
        for id_, first, kind in mistakes(blocks):
            if (id_ == "L4" and blocks) or (id_ == "L1" and problem.rms) or (id_ == "C1" and blocks == ["ffn"]):
                continue
            if problem.rms and kind.__name__ == "NoShift":
                continue
            if problem.rms and first == "norm_mean":
                first = "norm_mean_square"
            if kind.__name__ == "OtherNorm":
                first = "norm"
            block = blocks[0] if blocks else "self"
            yield f"{kind.__name__} in {blocks or 'all'}", id_, expected_first(first, block), kind(**problem.arguments).run()


def main(tool):
    passed = failed = 0

    def criterion(held, text):
        nonlocal passed, failed
        passed, failed = passed + bool(held), failed + (not held)
        if not held:
            print("FAIL", text)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for layer in LAYERS:
            problem = Problem(layer, folder)
            np.savez(folder / "right.npz", **Layer(**problem.arguments).run())
            report = verify(tool, problem.words, folder / "right.npz")
            criterion(report["verdict"] == "match" and not report["diagnosis"], f"{layer}: a right run: {report['verdict']}")
            for what, id_, first, steps in cases(problem):
                for level, kept in (("all steps", steps), ("output", {"output": steps["output"]})):
                    np.savez(folder / "theirs.npz", **kept)
                    report = verify(tool, problem.words, folder / "theirs.npz")
                    named = [found["id"] for found in report["diagnosis"]]
                    case = f"{layer}, {what}, {level}"
                    criterion(report["verdict"] == "mismatch", f"{case}: not detected")
                    criterion(id_ in named, f"{case}: {id_} is not among {named}")
                    if level == "all steps" and first:
                        criterion(report["first_divergent_step"] == first, f"{case}: first {report['first_divergent_step']}, expected {first}")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
