#!/usr/bin/env python3
"""attn-compute layer, from outside: steps, options, weights, cells, verification, refusals."""
import json
import pathlib
import unittest

import numpy as np

from tool import INPUT, USAGE, ToolTest


class Layer(ToolTest):
    def saved(self, *arguments, name="steps.npz"):
        self.succeed("layer", *arguments, "-o", self.folder / name, "--force")
        return dict(np.load(self.folder / name))

    def test_every_step_of_an_encoder_layer_is_saved_under_its_path(self):
        steps = self.saved("--len", "3")
        for name in ("x", "self.q", "self.weights", "self.residual", "self.norm_mean", "self.norm", "ffn_up", "ffn_hidden", "ffn_output", "ffn.norm", "output"):
            self.assertIn(name, steps)
        np.testing.assert_array_equal(steps["output"], steps["ffn.norm"])
        np.testing.assert_allclose(steps["self.residual"], steps["x"] + steps["self.output"], rtol=0, atol=1e-15)
        self.assertEqual(steps["output"].shape, steps["x"].shape)

    def test_pre_norm_hands_on_the_sum(self):
        steps = self.saved("--norm", "pre")
        np.testing.assert_array_equal(steps["output"], steps["ffn.residual"])
        np.testing.assert_allclose(steps["self.norm"].mean(-1), 0, atol=1e-12)

    def test_a_decoder_layer_attends_to_its_memory(self):
        steps = self.saved("--kind", "decoder", "--query-len", "3", "--key-len", "6", "--memory-valid-lens", "6,2", "--causal")
        self.assertEqual(steps["cross.weights"].shape, (2, 2, 3, 6))
        self.assertEqual(steps["cross.weights"][1, :, :, 2:].max(), 0)
        self.assertEqual(np.triu(steps["self.weights"][0, 0], 1).max(), 0)

    def test_a_cache_gives_the_numbers_of_the_whole_sequence(self):
        whole = self.saved("--input", "arange:1x4x8", "--heads", "2", "--causal", "--rope", "half")
        np.save(self.folder / "x.npy", whole["x"][:, 3:])
        np.savez(self.folder / "cache.npz", k=whole["self.k_rot"][:, :, :3], v=whole["self.v"][:, :, :3])
        one = self.saved("--input", self.folder / "x.npy", "--heads", "2", "--causal", "--rope", "half",
                         "--past-key", f"{self.folder}/cache.npz:k", "--past-value", f"{self.folder}/cache.npz:v", name="one.npz")
        np.testing.assert_array_equal(one["output"], whole["output"][:, 3:])

    def test_a_step_of_the_table_stands_for_it_in_every_block(self):
        steps = self.saved("--kind", "decoder", "--steps", "weights,ffn_hidden")
        self.assertEqual(list(steps), ["self.weights", "cross.weights", "ffn_hidden"])

    def test_the_residual_connection_needs_a_map_where_widths_differ(self):
        message = self.refuse(USAGE, "layer", "--output-width", "6")
        self.assertIn("--residual-proj", message)
        steps = self.saved("--output-width", "6", "--residual-proj")
        self.assertEqual(steps["ffn.shortcut"].shape, (2, 4, 6))
        np.testing.assert_allclose(steps["ffn.residual"], steps["ffn.shortcut"] + steps["ffn_output"], atol=1e-15)

    def test_one_number_is_taken_apart_in_the_precision_of_the_run(self):
        for dtype in ("float64", "float32"):
            for cell in ("self.residual[0,1,2]", "self.norm_mean[0,1,0]", "self.norm_var[1,1,0]", "self.norm[0,1,2]", "ffn_up[0,1,2]", "ffn_hidden[0,1,2]",
                         "ffn_output[1,0,3]", "ffn.norm[0,0,0]", "output[0,0,0]", "cross.weights[0,1,2,3]", "self.q_rot[0,1,2,3]", "cross.q_proj[0,0,1]"):
                text = self.succeed("layer", "--kind", "decoder", "--rope", "half", "--dtype", dtype, "--activation", "gelu", "--cell", cell)
                self.assertNotIn("summed in another order", text)
                self.assertIn(cell.replace("output[0,0,0]", "ffn.norm[0,0,0]"), text)

    def test_json_says_what_the_layer_was(self):
        report = json.loads(self.succeed("layer", "--norm", "pre", "--norm-type", "rms", "-f", "json", "--steps", "output"))
        self.assertEqual((report["kind"], report["norm_placement"], report["norm_type"], report["eps"]), ("encoder", "pre", "rms", 1e-5))
        self.assertEqual(report["steps"][0]["step"], "output")

    def test_both_languages_explain_every_step(self):
        for language, words in (("en", "residual connection"), ("zh", "残差")):
            text = self.succeed("layer", "--kind", "decoder", "--lang", language, "--detail")
            self.assertIn(words, text)
            self.assertNotIn("✗", text)
            self.assertNotIn("{", text)

    def test_the_list_of_steps_names_the_blocks(self):
        text = self.succeed("layer", "--kind", "decoder", "--list-steps", "-f", "csv")
        for name in ("self.q_proj", "cross.weights", "ffn_hidden", "ffn.norm", "ln1"):
            self.assertIn(name, text)

    def test_options_that_do_nothing_or_contradict_each_other_are_refused(self):
        for words in (["--memory", "randn:2x3x8"], ["--memory-valid-lens", "3,3"], ["--dropout", "0.5"], ["--norm-type", "rms", "--unbiased"],
                      ["--eps", "-1"], ["--rope-base", "500"], ["--norm", "both"], ["--activation", "tanh"], ["--ffn-size", "0"]):
            self.refuse(USAGE, "layer", *words, mentions=words[-1] if words[-1].startswith("--unb") else words[0])
        self.refuse(INPUT, "layer", "--kind", "decoder", "--memory", "randn:2x3x6", mentions="width 6")

    def test_a_layer_of_its_own_passes_verification_and_a_mistaken_one_is_named(self):
        arguments = ["--kind", "decoder", "--causal", "--seed", "3"]
        self.saved(*arguments)
        self.assertIn('"match"', self.succeed("layer", *arguments, "--verify", self.folder / "steps.npz", "-f", "json"))
        for mistake in ("L1", "L2", "L3", "L4", "L5", "L6", "C1", "M7"):
            self.saved(*arguments, "--mistake", mistake, name=f"{mistake}.npz")
            report = json.loads(self.differ("layer", *arguments, "--verify", self.folder / f"{mistake}.npz", "-f", "json"))
            self.assertIn(mistake, [found["id"] for found in report["diagnosis"]], mistake)

    def test_a_mistake_that_a_layer_lacks_is_refused(self):
        self.refuse(USAGE, "layer", "--mistake", "X2", mentions="cannot be made")
        self.refuse(USAGE, "mha", "--mistake", "L1", mentions="cannot be made")


class Weights(ToolTest):
    def test_kind_gate_and_norm_must_be_those_of_the_file(self):
        folder = pathlib.Path(__file__).parent.parent / "reference" / "layer"
        weights = folder / "decoder-post" / "weights.npz"
        for words, option in ((["--heads", "4"], "--kind"), (["--heads", "4", "--kind", "decoder", "--activation", "swiglu"], "--activation"),
                              (["--heads", "4", "--kind", "decoder", "--norm-type", "rms"], "--norm-type"),
                              (["--heads", "4", "--kind", "decoder", "--ffn-size", "5"], "--ffn-size")):
            self.refuse(USAGE, "layer", "--weights", weights, *words, mentions=option)
        self.refuse(INPUT, "layer", "--weights", folder / "encoder-eps" / "x.npy", "--heads", "2", mentions="lacks tensor")


if __name__ == "__main__":
    unittest.main()
