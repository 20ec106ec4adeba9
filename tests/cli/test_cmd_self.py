"""attn-compute self: one head of self-attention."""
import unittest

import numpy as np

import formulas
from tool import INPUT, ToolTest, USAGE


class SelfTest(ToolTest):
    def test_queries_keys_and_values_are_maps_of_one_input(self):
        rng = np.random.default_rng(4)
        x, wq, wk, wv = (rng.normal(size=s) for s in ((2, 4, 6), (6, 3), (6, 3), (6, 5)))
        files = [self.save(name, array) for name, array in zip("x q k v".split(), (x, wq, wk, wv))]
        steps = self.steps("self", "--input", files[0], "--wq", files[1], "--wk", files[2], "--wv", files[3])
        self.assert_close(steps["q_proj"], x @ wq)
        self.assert_close(steps["k_proj"], x @ wk)
        self.assert_close(steps["v_proj"], x @ wv)
        self.assert_close(steps["output"], formulas.attention(x @ wq, x @ wk, x @ wv)[0])
        self.assertNotIn("memory", steps)

    def test_equal_rows_attend_to_all_positions_equally(self):
        weights = self.step("weights", "self", "--input", "ones:1x4x8")
        self.assert_close(weights, np.full((1, 1, 4, 4), 0.25))

    def test_fresh_maps_have_the_sizes_asked_for(self):
        steps = self.steps("self", "--len", 3, "--d-model", 8, "--head-dim", 4, "--value-dim", 5, "--steps", "*")
        self.assertEqual(steps["w_q"].shape, (8, 4))
        self.assertEqual(steps["w_v"].shape, (8, 5))
        self.assertEqual(steps["output"].shape, (2, 3, 5))
        # nn.Linear draws its weight within ±1/√8.
        self.assertLessEqual(np.abs(steps["w_q"]).max(), 8 ** -0.5)

    def test_a_matrix_is_one_sample_and_gives_a_matrix(self):
        self.assertEqual(self.step("output", "self", "--input", "ones:4x8").shape, (4, 8))

    def test_weights_of_a_module_are_read_by_name(self):
        rng = np.random.default_rng(5)
        named = {f"W_{n}.weight": rng.normal(size=(3, 6)) for n in "qkv"}  # PyTorch's orientation: out, in
        named.update({f"W_{n}.bias": rng.normal(size=3) for n in "qkv"})
        np.savez(self.folder / "w.npz", **named)
        x = rng.normal(size=(2, 4, 6))
        q, k, v = (x @ named[f"W_{n}.weight"].T + named[f"W_{n}.bias"] for n in "qkv")
        output = self.step("output", "self", "--input", self.save("x", x), "--weights", "w.npz")
        self.assert_close(output, formulas.attention(q, k, v)[0])

    def test_maps_are_given_together_and_fit(self):
        self.refuse(USAGE, "self", "--wq", "ones:8x4", mentions="--wk")
        self.refuse(INPUT, "self", "--wq", "ones:8", "--wk", "ones:8x4", "--wv", "ones:8x4", mentions="--wq")
        self.refuse(INPUT, "self", "--input", "ones:1x2x7", "--wq", "ones:8x4", "--wk", "ones:8x4", "--wv", "ones:8x4",
                    mentions=("7", "8"))
        self.refuse(INPUT, "self", "--input", "ones:1x2x8", "--wq", "ones:8x4", "--wk", "ones:8x5", "--wv", "ones:8x4")

    def test_inputs_of_another_rank_are_refused(self):
        for shape in ("8", "1x1x4x8"):
            self.refuse(INPUT, "self", "--input", "ones:" + shape, mentions="--input")

    def test_sizes_that_contradict_the_input_are_refused(self):
        for option, wrong in (("--batch", 3), ("--len", 5), ("--d-model", 9)):
            self.refuse(USAGE, "self", "--input", "ones:2x4x8", option, wrong, mentions=(option, str(wrong)))

    def test_sizes_that_contradict_the_maps_are_refused(self):
        maps = ["--wq", "ones:8x4", "--wk", "ones:8x4", "--wv", "ones:8x4"]
        for option, wrong in (("--d-model", 9), ("--head-dim", 5), ("--value-dim", 3)):
            self.refuse(USAGE, "self", *maps, option, wrong, mentions=option)

    def test_biases_cannot_be_asked_for_when_the_maps_are_given(self):
        self.refuse(USAGE, "self", "--wq", "ones:8x4", "--wk", "ones:8x4", "--wv", "ones:8x4", "--bias", mentions="--bias")


if __name__ == "__main__":
    unittest.main()
