"""attn-compute probe: what it claims is proved by running the commands that it prints."""
import json
import os
import re
import shlex
import subprocess
import sys
import unittest

import numpy as np

from tool import ToolTest, USAGE

# No number that counts changes by these: conventions, which verification reports as equivalent.
UNOBSERVABLE = {"C6", "G2", "M4", "M14", "M17", "T1"}
OF_LAYERS = {f"L{i}" for i in range(1, 7)}
# Noticed with any input: a submission of NaN alone.
ALWAYS = {"T3"}
LAYERS = ("encoder-layer", "decoder-layer")


class ProbeTest(ToolTest):
    def cases(self):
        return [row["case"] for row in json.loads(self.succeed("probe", "-f", "json"))]

    def program(self, case, *options):
        """(program, words of the command line that checks, ids that it claims to show)."""
        name = f"{case}.npz"
        program = self.succeed("probe", "--case", case, "-o", name, "--force", "--lang", "en", *options)
        command = re.search(r"^#     (attn-compute .*) --verify steps.npz$", program, re.M)[1]
        comment = " ".join(line[2:] for line in program.splitlines() if line.startswith("# "))
        shown = re.search(r"It shows (\d+) mistakes \(.*?\): (.*?) It cannot show: ", comment)
        ids = shown[2].split()
        self.assertEqual(len(ids), int(shown[1]))
        return program, shlex.split(command)[1:], ids

    def test_the_steps_are_saved_before_they_are_compared_with_pytorch(self):
        for case in ("self", "encoder-layer"):
            program = self.succeed("probe", "--case", case, "-o", case + ".npz")
            self.assertIn("assert_close", program)
            self.assertLess(program.index("np.savez"), program.index("assert_close"))

    def test_every_mistake_that_can_be_made_shows_on_a_probe_and_is_named(self):
        shown = set()
        for case in self.cases():
            _, command, ids = self.program(case)
            for mistake in [one for one in ids if one not in shown]:
                with self.subTest(case=case, mistake=mistake):
                    self.succeed(*command, "--mistake", mistake, "-o", "wrong.npz", "--force")
                    report = json.loads(self.differ(*command, "--verify", "wrong.npz", "-f", "json"))
                    self.assertEqual(report["verdict"], "mismatch")
                    self.assertIn(mistake, [d["id"] for d in report["diagnosis"]])
            shown |= set(ids)
        can = {row["id"] for row in json.loads(self.succeed("mistakes", "-f", "json")) if row["can_be_made"]}
        self.assertEqual(can - shown - ALWAYS, UNOBSERVABLE)
        self.assertEqual(shown & UNOBSERVABLE, set())
        text = " ".join(self.succeed("probe", "--lang", "en").split())
        self.assertIn("but C6, G2, M4, M14, M17 and T1, which", text)

    def test_each_layer_shows_every_mistake_of_norms_and_residual_connections_by_name(self):
        for case in LAYERS:
            _, command, ids = self.program(case)
            self.assertEqual(OF_LAYERS - set(ids), set(), case)
            for mistake in sorted(OF_LAYERS):
                with self.subTest(case=case, mistake=mistake):
                    self.succeed(*command, "--mistake", mistake, "-o", "wrong.npz", "--force")
                    report = json.loads(self.differ(*command, "--verify", "wrong.npz", "-f", "json"))
                    self.assertIn(mistake, [d["id"] for d in report["diagnosis"]])

    def test_an_answer_with_nothing_to_compare_is_said_to_be_noticed_always(self):
        for case in self.cases():
            program, _, _ = self.program(case)
            self.assertIn("# Whatever the input, this is noticed too: T3\n", program)
            cannot = re.search(r"cannot show: (.*?) Whatever", " ".join(line[2:] for line in program.splitlines() if line.startswith("# ")))[1]
            self.assertNotIn("T3", cannot.split())
        _, command, _ = self.program("self")
        self.succeed(*command, "--mistake", "T3", "--steps", "output", "-o", "nothing.npz")
        report = json.loads(self.differ(*command, "--verify", "nothing.npz", "-f", "json"))
        self.assertIn("T3", [d["id"] for d in report["diagnosis"]])

    def test_the_right_run_matches_on_every_case(self):
        for case in self.cases():
            _, command, _ = self.program(case)
            self.succeed(*command, "-o", "right.npz", "--force")
            self.assertEqual(json.loads(self.succeed(*command, "--verify", "right.npz", "-f", "json"))["diagnosis"], [], case)

    def test_the_sizes_that_mistakes_hide_behind_are_different(self):
        self.program("cross")
        with np.load(self.folder / "cross.npz", allow_pickle=False) as probe:
            batch, queries, width = probe["x"].shape
            _, keys, _ = probe["memory"].shape
            merged = probe["weights.W_o.weight"].shape[1]
            kv_width, value_width = probe["weights.W_k.weight"].shape[0], probe["weights.W_v.weight"].shape[0]
            heads, head_dim = 6, probe["weights.W_q.weight"].shape[0] // 6
            kv_heads = kv_width // head_dim
            value_dim = value_width // kv_heads
            self.assertEqual(merged, heads * value_dim)
            sizes = [batch, heads, kv_heads, queries, keys, head_dim, value_dim, width]
            self.assertEqual(len(set(sizes)), len(sizes), sizes)
            self.assertTrue(1 < kv_heads < heads)
            for name in probe.files:
                if name.endswith(".bias"):
                    self.assertGreater(np.abs(probe[name]).min(), 0)
                self.assertEqual(probe[name].dtype, np.float32)

    def test_scores_pass_the_range_of_exp_and_a_row_is_masked_where_the_case_says_so(self):
        _, command, _ = self.program("large-scores")
        self.assertGreater(self.step("scores_scaled", *command).max(), 90)
        _, command, _ = self.program("masked-row")
        self.assertTrue(np.isinf(self.step("mask", *command)).all(axis=-1).any())

    def test_a_probe_is_always_the_same_and_safetensors_hold_it_too(self):
        self.program("self")
        first = (self.folder / "self.npz").read_bytes()
        self.program("self")
        self.assertEqual(first, (self.folder / "self.npz").read_bytes())
        program = self.succeed("probe", "--case", "self", "-o", "self.safetensors")
        compile(program, "program", "exec")
        self.assertEqual(self.run_tool("probe", "--case", "self", "-f", "npz").stdout, first)

    def test_both_languages_print_valid_python(self):
        for language in ("en", "zh"):
            for case in self.cases():
                compile(self.succeed("probe", "--case", case, "-o", "p.npz", "--force", "--lang", language), case, "exec")
        self.assertIn("探针 self", self.succeed("probe", "--case", "self", "-o", "p.npz", "--force", "--lang", "zh"))

    def test_file_names_with_blanks_survive_the_command_line(self):
        (self.folder / "a b").mkdir()
        program = self.succeed("probe", "--case", "self", "-o", "a b/it's.npz", "--lang", "en")
        command = shlex.split(re.search(r"^#     (attn-compute .*) --verify", program, re.M)[1])[1:]
        self.assertEqual(self.step("output", *command).shape, (2, 5, 12))
        compile(program, "program", "exec")

    def test_wrong_uses_are_refused(self):
        self.refuse(USAGE, "probe", "-o", "p.npz", mentions="--case")
        self.refuse(USAGE, "probe", "--case", "crss", "-o", "p.npz", mentions=("--case", "cross"))
        self.refuse(USAGE, "probe", "--case", "self", "-o", "p.npy", mentions=("npy", "npz"))
        self.program("self")
        self.refuse(USAGE, "probe", "--case", "self", "-o", "self.npz", mentions="self.npz")


class TorchTest(ProbeTest):
    """With `torch` as argument: every printed program is run, and what it saves is right."""

    def test_printed_programs_run_and_their_steps_are_right(self):
        for case in self.cases():
            with self.subTest(case):
                program, command, _ = self.program(case)
                subprocess.run([sys.executable, "-c", program], cwd=self.folder, check=True, timeout=120)
                report = json.loads(self.succeed(*command, "--verify", "steps.npz", "-f", "json"))
                self.assertEqual((report["verdict"], report["diagnosis"]), ("match", []))
                compared = {step["step"] for step in report["steps"] if step["status"] == "match"}
                self.assertIn("self.weights" if case in LAYERS else "weights", compared)
                self.assertEqual({step["status"] for step in report["steps"]}, {"match"}, case)

    def run_wrong(self, program):
        """A wrong program ends where it is compared with PyTorch's own module, and has saved its steps by then."""
        (self.folder / "steps.npz").unlink(missing_ok=True)
        run = subprocess.run([sys.executable, "-c", program], cwd=self.folder, capture_output=True, text=True, timeout=120)
        self.assertIn("AssertionError", run.stderr)

    def test_a_softmax_over_the_wrong_axis_is_named_though_a_mask_makes_nan_of_it(self):
        program, command, _ = self.program("self")
        for axis, mistake in (("-2", "W1"), ("0", "W1"), ("1", "W2")):
            self.run_wrong(program.replace("softmax(-1)", f"softmax({axis})"))
            report = json.loads(self.differ(*command, "--verify", "steps.npz", "-f", "json"))
            self.assertEqual(report["first_divergent_step"], "weights")
            self.assertIn(mistake, [d["id"] for d in report["diagnosis"]])

    def test_a_line_of_a_layer_changed_by_hand_is_found_and_named(self):
        changes = {"unbiased=unbiased": ("unbiased=True", "L1"), "x.mean(-1, keepdim=True), x.var(-1,": ("x.mean(1, keepdim=True), x.var(1,", "L3"),
                   "keep(block, residual=x + y)\n    return x + y": ("keep(block, residual=y)\n    return y", "L5"),
                   "(norm_var + eps).sqrt()": ("(norm_var.sqrt() + eps)", "L2")}
        for case in LAYERS:
            program, command, _ = self.program(case)
            for right, (wrong, mistake) in changes.items():
                with self.subTest(case=case, mistake=mistake):
                    self.assertIn(right, program)
                    self.run_wrong(program.replace(right, wrong))
                    report = json.loads(self.differ(*command, "--verify", "steps.npz", "-f", "json"))
                    self.assertIn(mistake, [d["id"] for d in report["diagnosis"]])

    def test_a_line_changed_by_hand_is_found_and_named(self):
        program, command, _ = self.program("cross")
        changed = program.replace("scale = 1 / math.sqrt(4)", "scale = 1 / 4")
        self.assertNotEqual(program, changed)
        subprocess.run([sys.executable, "-c", changed], cwd=self.folder, check=True, timeout=120)
        report = json.loads(self.differ(*command, "--verify", "steps.npz", "-f", "json"))
        self.assertEqual(report["first_divergent_step"], "scores_scaled")
        self.assertIn("C3", [d["id"] for d in report["diagnosis"]])


def load_tests(loader, tests, pattern):
    del tests, pattern
    if sys.argv[1:] == ["torch"] or os.environ.get("PROBE_WITH_TORCH"):
        return unittest.TestSuite([TorchTest("test_printed_programs_run_and_their_steps_are_right"),
                                   TorchTest("test_a_line_changed_by_hand_is_found_and_named"),
                                   TorchTest("test_a_line_of_a_layer_changed_by_hand_is_found_and_named")])
    return loader.loadTestsFromTestCase(ProbeTest)


if __name__ == "__main__":
    if sys.argv[1:] == ["torch"]:
        try:
            import torch
        except ImportError:
            print("skipped: this Python has no torch")
            sys.exit(77)
        print(f"torch {torch.__version__}")
    unittest.main(argv=sys.argv[:1])
