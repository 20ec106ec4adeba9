"""attn-compute cross: one head whose keys and values come from another sequence."""
import unittest

import numpy as np

import formulas
from tool import INPUT, ToolTest, USAGE


class CrossTest(ToolTest):
    def test_queries_come_from_the_input_keys_and_values_from_the_memory(self):
        rng = np.random.default_rng(6)
        x, memory, wq, wk, wv = (rng.normal(size=s) for s in ((2, 3, 6), (2, 5, 4), (6, 3), (4, 3), (4, 7)))
        files = {name: self.save(name, array) for name, array in dict(x=x, memory=memory, wq=wq, wk=wk, wv=wv).items()}
        steps = self.steps("cross", "--input", files["x"], "--memory", files["memory"], "--wq", files["wq"], "--wk",
                           files["wk"], "--wv", files["wv"])
        self.assert_equal(steps["memory"], memory)
        self.assert_close(steps["output"], formulas.attention(x @ wq, memory @ wk, memory @ wv)[0])

    def test_lengths_are_chosen_apart(self):
        steps = self.steps("cross", "--query-len", 3, "--key-len", 5, "--d-model", 8)
        self.assertEqual(steps["weights"].shape, (2, 1, 3, 5))

    def test_a_memory_of_another_width_gets_maps_of_its_width(self):
        steps = self.steps("cross", "--input", "ones:1x2x8", "--memory", "ones:1x3x6", "--steps", "*")
        self.assertEqual(steps["w_q"].shape[0], 8)
        self.assertEqual(steps["w_k"].shape[0], 6)

    def test_the_default_memory_has_the_batch_of_the_input(self):
        self.assertEqual(self.step("memory", "cross", "--input", "ones:3x2x8").shape[0], 3)
        self.assertEqual(self.step("x", "cross", "--memory", "ones:3x2x8").shape[0], 3)

    def test_batches_that_differ_are_refused(self):
        self.refuse(INPUT, "cross", "--input", "ones:2x3x8", "--memory", "ones:3x3x8", mentions=("2", "3"))

    def test_sizes_that_contradict_the_tensors_are_refused(self):
        tensors = ["--input", "ones:2x3x8", "--memory", "ones:2x5x8"]
        for option, wrong in (("--batch", 1), ("--query-len", 5), ("--key-len", 3), ("--d-model", 4)):
            self.refuse(USAGE, "cross", *tensors, option, wrong, mentions=(option, str(wrong)))

    def test_valid_lengths_hide_the_padding_of_the_memory(self):
        weights = self.step("weights", "cross", "--input", "randn:2x3x8", "--memory", "randn:2x5x8", "--valid-lens", "4,2")
        self.assertFalse(weights[0, ..., 4:].any() or weights[1, ..., 2:].any())
        self.assert_close(weights.sum(-1), np.ones((2, 1, 3)))


if __name__ == "__main__":
    unittest.main()
