#!/usr/bin/env python3
"""attn-compute gradient, from outside: forms, formulas, finite differences, formats, refusals.

PyTorch's autograd is in tests/reference; here gradients are held against each other and against sums by hand.
"""
import csv
import io
import json
import shlex
import re
import unittest

import numpy as np

from tool import INPUT, LIMIT, NON_FINITE, SYSTEM, USAGE, ToolTest

FORMS = ("sdpa", "dot", "self", "cross", "mha", "layer")


class Gradient(ToolTest):
    def gradients(self, *arguments):
        self.succeed("gradient", *arguments, "-o", "gradients.npz", "--force")
        return dict(np.load(self.folder / "gradients.npz"))

    def test_every_form_agrees_with_its_finite_differences(self):
        for form in FORMS:
            with self.subTest(form=form):
                found = json.loads(self.succeed("gradient", form, "-f", "json"))["finite_differences"]
                self.assertGreater(len(found), 8)
                for each in found:
                    self.assertTrue(each["agrees"], each["step"])
                    self.assertLess(each["largest_error"], 1e-8)

    def test_sdpa_is_meant_when_no_form_is_named(self):
        self.assertEqual(self.succeed("gradient", "--len", "3"), self.succeed("gradient", "sdpa", "--len", "3"))

    def test_a_gradient_has_the_shape_of_its_step(self):
        gradients, steps = self.gradients("mha", "--d-model", "6", "--heads", "3"), self.steps("mha", "--d-model", "6", "--heads", "3")
        for name, step in steps.items():
            self.assertEqual(gradients[f"d_{name}"].shape, step.shape, name)
        self.assertEqual(gradients["d_w_q"].shape, (6, 6))

    def test_by_hand(self):
        """q = k = (1), v = (3): one key has weight 1 whatever its score, so only v, upstream 2, gets a gradient."""
        found = self.gradients("sdpa", "--query", "[[1]]", "--key", "[[1]]", "--value", "[[3]]", "--upstream", "[[2]]")
        self.assertEqual({name: value.item() for name, value in found.items() if name in ("d_output", "d_v", "d_weights", "d_scores_masked", "d_q", "d_k")},
                         {"d_output": 2, "d_v": 2, "d_weights": 6, "d_scores_masked": 0, "d_q": 0, "d_k": 0})

    def test_rows_of_the_scores_compete(self):
        found = self.gradients("mha", "--d-model", "8", "--heads", "2", "--causal")
        np.testing.assert_allclose(found["d_scores_masked"].sum(-1), 0, atol=1e-15)
        self.assertEqual(np.triu(found["d_scores_raw"][0, 0], 1).any(), False)

    def test_text_has_formulas_of_the_run_and_says_what_was_measured(self):
        text = self.succeed("gradient", "mha", "--d-model", "4", "--heads", "2", "--len", "3", "--batch", "1")
        for formula in ("∇Z = ∇Z∥ split into heads", "∇A = ∇Z·Vᵀ", "∇S = ∇S′ · scale", "∇X = ∇V∥·W_vᵀ + ∇K∥·W_kᵀ + ∇Q∥·W_qᵀ",
                        "∇W_k = Xᵀ·∇K∥"):
            self.assertIn(formula, text)
        self.assertIn("✓ agrees with finite differences (12 of 12 numbers measured", text)
        self.assertNotIn("disagree", text)
        self.assertIn("0 for forbidden keys", self.succeed("gradient", "mha", "--causal"))

    def test_csv_has_a_column_of_finite_differences_which_is_empty_where_nothing_was_measured(self):
        rows = list(csv.DictReader(io.StringIO(self.succeed("gradient", "sdpa", "--measure", "2", "-f", "csv", "--steps", "d_q"))))
        self.assertEqual(list(rows[0]), ["step", "batch", "head", "row", "col", "value", "finite_difference"])
        measured = [row for row in rows if row["finite_difference"]]
        self.assertEqual((len(rows), len(measured)), (12, 2))
        for row in measured:
            self.assertAlmostEqual(float(row["value"]), float(row["finite_difference"]), delta=1e-8)
        plain = self.succeed("gradient", "sdpa", "--measure", "0", "-f", "csv", "--steps", "d_q")
        self.assertEqual(plain.splitlines()[0], "step,batch,head,row,col,value")

    def test_nothing_is_measured_on_request(self):
        run = json.loads(self.succeed("gradient", "dot", "--measure", "0", "-f", "json"))
        self.assertNotIn("finite_differences", run)
        self.assertEqual(run["command"], "gradient dot")
        self.assertNotIn("finite differences (", self.succeed("gradient", "dot", "--measure", "0"))

    def test_steps_are_chosen_and_listed_under_their_paths(self):
        listed = [row["step"] for row in csv.DictReader(io.StringIO(self.succeed("gradient", "layer", "--kind", "decoder", "--list-steps", "-f", "csv")))]
        self.assertEqual(listed[0], "d_output")
        for name in ("cross.d_weights", "self.d_w_q", "ffn.d_w_1", "d_ffn_hidden", "self.d_gamma", "d_x", "d_memory"):
            self.assertIn(name, listed)
        self.assertEqual(sorted(self.gradients("layer", "--kind", "decoder", "--steps", "cross.d_w_*")), [f"cross.d_w_{letter}" for letter in "koqv"])

    def test_markdown_and_latex(self):
        self.assertIn("∇", self.succeed("gradient", "dot", "-f", "markdown"))
        self.assertIn("\\nabla", self.succeed("gradient", "dot", "-f", "latex"))

    def test_chinese(self):
        text = self.succeed("gradient", "layer", "--lang", "zh", "--len", "2")
        self.assertIn("与有限差分一致", text)
        self.assertIn("逐步反向传播", text)

    def test_the_upstream_gradient_is_drawn_last(self):
        self.succeed("sdpa", "-o", "forward.npz")
        forward = np.load(self.folder / "forward.npz")
        own = self.gradients("sdpa")
        given = self.gradients("sdpa", "--query", "randn:1x1x3x4", "--key", "randn:1x1x4x4", "--value", "randn:1x1x4x4", "--upstream", "randn:1x1x3x4")
        for name in own:
            np.testing.assert_array_equal(own[name], given[name])
        np.testing.assert_allclose(own["d_v"], forward["weights"].swapaxes(-1, -2) @ own["d_output"], atol=1e-14)


class Verification(ToolTest):
    RUN = ("gradient", "mha", "--d-model", "12", "--heads", "3", "--causal")

    def saved(self, **wrong):
        self.succeed(*self.RUN, "-o", "right.npz", "--force")
        gradients = {name: values.astype(np.float32) for name, values in np.load(self.folder / "right.npz").items()}
        for name, change in wrong.items():
            gradients[name] = change(gradients[name])
        np.savez(self.folder / "theirs.npz", **gradients)
        return "theirs.npz"

    def test_every_form_matches_itself(self):
        for form in FORMS:
            self.succeed("gradient", form, "-o", "own.npz", "--force")
            report = json.loads(self.succeed("gradient", form, "--verify", "own.npz", "-f", "json"))
            self.assertEqual((report["verdict"], report["first_divergent_step"]), ("match", None), form)
            self.assertGreater(len(report["steps"]), 8)

    def test_the_first_wrong_gradient_is_found_and_what_follows_from_it_is_a_consequence(self):
        text = self.differ(*self.RUN, "--verify", self.saved(d_scores_raw=lambda d: 2 * d, d_q=lambda d: 2 * d))
        self.assertIn("first wrong step: d_scores_raw", text)
        self.assertRegex(text, r"d_q +consequence +match")
        self.assertRegex(text, r"d_scores_raw\[\d,\d,\d,\d\]")
        self.assertIn("The catalogue of mistakes is about the way forward", text)
        self.assertNotIn("--cell", text)
        self.assertIn("错误目录讲的是前向计算", self.differ(*self.RUN, "--verify", "theirs.npz", "--lang", "zh"))

    def test_names_tolerances_and_files_are_as_in_the_other_subcommands(self):
        np.savez(self.folder / "named.npz", grad=np.load(self.folder / self.saved())["d_weights"])
        self.differ(*self.RUN, "--verify", "named.npz")
        self.succeed(*self.RUN, "--verify", "named.npz", "--map", "grad=d_weights")
        self.saved(d_w_v=lambda d: d + np.float32(1e-3))
        self.differ(*self.RUN, "--verify", "theirs.npz")
        self.succeed(*self.RUN, "--verify", "theirs.npz", "--rtol", "0", "--atol", "0.01")
        table = self.differ(*self.RUN, "--verify", "right.npz", "theirs.npz")
        self.assertRegex(table, r"theirs.npz +mismatch +d_w_v")
        self.saved(d_x=lambda d: np.where(d == d.max(), np.nan, d))
        self.differ(*self.RUN, "--verify", "theirs.npz", "--equal-nan")

    def test_the_packed_gradients_of_nn_multiheadattention_are_taken_apart(self):
        self.saved()
        gradients = np.load(self.folder / "right.npz")
        packed = {"attn.in_proj_weight.grad": np.concatenate([gradients[f"d_w_{letter}"].T for letter in "qkv"]), "x.grad": gradients["d_x"]}
        np.savez(self.folder / "packed.npz", **packed)
        text = self.succeed(*self.RUN, "--verify", "packed.npz", "--lang", "en")
        self.assertIn("attn.k_proj_weight.grad = d_w_k (another system's name for it; axes (out, in) → (in, out))", text)
        packed["attn.in_proj_weight.grad"][-1] *= 2  # of the values
        np.savez(self.folder / "packed.npz", **packed)
        report = json.loads(self.differ(*self.RUN, "--verify", "packed.npz", "-f", "json"))
        self.assertEqual([step["step"] for step in report["steps"] if step["status"] not in ("match", "missing")], ["d_w_v"])

    def test_maps_as_pytorch_keeps_them_another_upstream_and_nan_are_told(self):
        text = self.succeed(*self.RUN, "--verify", self.saved(d_w_q=lambda d: d.T, d_w_o=lambda d: d.T))
        self.assertIn("d_w_q = d_w_q (same name; axes (out, in) → (in, out))", text)
        narrow = ("gradient", "cross", "--d-model", "8", "--head-dim", "3")
        self.succeed(*narrow, "-o", "narrow.npz")
        gradients = dict(np.load(self.folder / "narrow.npz"))
        self.assertEqual(gradients["d_w_k"].shape, (8, 3))
        np.savez(self.folder / "turned.npz", **{name: values.T if name.startswith("d_w_") and name[-1] in "qkv" else values for name, values in gradients.items()})
        self.succeed(*narrow, "--verify", "turned.npz")
        self.succeed(*self.RUN, "--upstream", "ones:2x4x12", "-o", "ones.npz")
        self.assertIn("(--upstream)", self.differ(*self.RUN, "--verify", "ones.npz"))
        self.succeed(*self.RUN, "--upstream", "ones:2x4x12", "--verify", "ones.npz")
        nan = ("gradient", "dot", "--query", '[["NaN",1]]', "--key", "[[1,2]]")
        self.succeed(*nan, "-o", "nan.npz")
        self.assertIn("T3", self.differ(*nan, "--verify", "nan.npz"))
        self.succeed(*nan, "--verify", "nan.npz", "--equal-nan")
        np.save(self.folder / "dx.npy", np.load(self.folder / "ones.npz")["d_x"])
        self.succeed(*self.RUN, "--upstream", "ones:2x4x12", "--verify", "dx.npy")

    def test_every_format(self):
        self.saved(d_v=lambda d: -d)
        for form, mention in (("csv", "d_v,"), ("markdown", "| d\\_v"), ("latex", "d\\_v"), ("html", "d_v")):
            self.assertIn(mention, self.differ(*self.RUN, "--verify", "theirs.npz", "-f", form), form)

    def test_options_without_effect_are_refused(self):
        for option in (["--measure", "3"], ["--steps", "d_q"], ["--list-steps"], ["--precision", "3"], ["--detail"], ["--strict"]):
            self.refuse(USAGE, *self.RUN, "--verify", self.saved(), *option, mentions=[option[0], "--verify"])


class Refusals(ToolTest):
    def test_usage(self):
        for arguments, mention in ((["mhaa"], "did you mean 'mha'?"), (["mha", "--dtype", "float32"], "--dtype"), (["dot", "--mistake", "C1"], "--mistake"),
                                   (["dot", "--measure", "-1"], "--measure"), (["layer", "--steps", "weights"], "--steps"), (["dot", "--cell", "q[0]"], "--cell")):
            self.refuse(USAGE, "gradient", *arguments, mentions=[mention])

    def test_inputs(self):
        self.refuse(INPUT, "gradient", "sdpa", "--upstream", "ones:1x1x3x5", mentions=["--upstream", "(1, 1, 3, 5)", "(1, 1, 3, 4)"])
        self.refuse(SYSTEM, "gradient", "sdpa", "--upstream", "missing.npy")
        self.refuse(LIMIT, "gradient", "sdpa", "--max-memory", "64")

    def test_strict(self):
        run = self.run_tool("gradient", "dot", "--query", '[["NaN",1]]', "--key", "[[1,2]]", "--strict", "-f", "csv")
        self.assertEqual(run.returncode, NON_FINITE)

    def test_help(self):
        text = self.succeed("gradient", "--help")
        for form in FORMS:
            self.assertIn(f"  {form} ", text)
            own = self.succeed("gradient", form, "--help")
            self.assertIn("--upstream", own)
            self.assertNotIn("--mistake", own)
            for line in re.findall(r"^  attn-compute (gradient .*)$", own[:own.index("Usage:")], re.M):
                self.succeed(*shlex.split(line))


if __name__ == "__main__":
    unittest.main()
