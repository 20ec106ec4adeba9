"""attn-compute dot: the course's first form of attention."""
import pathlib
import unittest

import numpy as np

import formulas
from tool import INPUT, ToolTest, USAGE

# What PyTorch computes on the course document's example; tests/reference/make_attention.py made it.
DOCUMENT = np.load(pathlib.Path(__file__).parents[1] / "reference/attention/seed-dot-document/steps.npz")


class DotTest(ToolTest):
    def test_without_options_it_is_the_course_example(self):
        steps = self.steps("dot")
        for step in ("q", "k", "v", "scores_raw", "weights", "output"):
            self.assert_close(steps[step], DOCUMENT[step], 1e-6)
        self.assert_equal(steps["output"], self.step("output", "dot", "--query", "randn:2x3x4", "--key", "randn:2x5x4"))

    def test_scores_are_not_scaled_by_default(self):
        steps = self.steps("dot")
        self.assert_equal(steps["scores_scaled"], steps["scores_raw"])
        self.assert_close(steps["scores_raw"], steps["q"] @ steps["k"].swapaxes(-1, -2))

    def test_one_query_and_two_keys_by_hand(self):
        # Scores 1·1 + 0·0 = 1 and 1·0 + 0·1 = 0; softmax(1, 0) = (e, 1) / (e + 1).
        e = np.e
        steps = self.steps("dot", "--query", "[[1,0]]", "--key", "[[1,0],[0,1]]")
        self.assert_equal(steps["scores_raw"], [[[[1, 0]]]])
        self.assert_close(steps["weights"], [[[[e / (e + 1), 1 / (e + 1)]]]])
        # The keys are the values: the output is the weights themselves. A matrix in, a matrix out.
        self.assert_close(steps["output"], [[e / (e + 1), 1 / (e + 1)]])

    def test_values_may_be_other_tensors_of_another_width(self):
        rng = np.random.default_rng(1)
        q, k, v = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 5, 6))
        output, weights = formulas.attention(q, k, v, scale=1)
        steps = self.steps("dot", "--query", self.save("q", q), "--key", self.save("k", k), "--value", self.save("v", v))
        self.assert_close(steps["weights"][:, 0], weights)
        self.assert_close(steps["output"], output)

    def test_linear_maps_come_before_the_products(self):
        rng = np.random.default_rng(2)
        q, k = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 6))
        wq, wk, wv = rng.normal(size=(4, 3)), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
        output, _ = formulas.attention(q @ wq, k @ wk, k @ wv, scale=1)
        files = {name: self.save(name, array) for name, array in dict(q=q, k=k, wq=wq, wk=wk, wv=wv).items()}
        steps = self.steps("dot", "--query", files["q"], "--key", files["k"], "--wq", files["wq"], "--wk", files["wk"],
                           "--wv", files["wv"])
        self.assert_close(steps["q_proj"], q @ wq)
        self.assert_close(steps["k_proj"], k @ wk)
        self.assert_close(steps["v_proj"], k @ wv)
        self.assert_close(steps["output"], output)

    def test_one_map_alone_leaves_the_others_out(self):
        steps = self.steps("dot", "--query", "randn:1x2x3", "--key", "randn:1x4x3", "--wv", "randn:3x2")
        self.assertNotIn("q_proj", steps)
        self.assertEqual(steps["output"].shape, (1, 2, 2))

    def test_tensors_that_do_not_fit_are_refused_with_both_shapes(self):
        self.refuse(INPUT, "dot", "--query", "ones:1x2x3", "--key", "ones:1x2x4", mentions=("3", "4"))
        self.refuse(INPUT, "dot", "--query", "ones:1x2x3", "--key", "ones:2x2x3", mentions=("1", "2"))
        self.refuse(INPUT, "dot", "--query", "ones:1x2x3", "--key", "ones:1x2x3", "--value", "ones:1x3x3")
        self.refuse(INPUT, "dot", "--query", "ones:3", "--key", "ones:3", mentions="--query")
        self.refuse(INPUT, "dot", "--query", "ones:2x3", "--key", "ones:2x3", "--wq", "ones:4x2", mentions=("(4, 2)", "3"))

    def test_sizes_that_contradict_a_tensor_are_refused(self):
        tensors = ["--query", "ones:2x3x4", "--key", "ones:2x5x4"]
        for option, wrong in (("--batch", 3), ("--query-len", 4), ("--key-len", 4), ("--head-dim", 5)):
            self.refuse(USAGE, "dot", *tensors, option, wrong, mentions=(option, str(wrong)))

    def test_len_that_contradicts_the_tensors_is_refused(self):
        self.refuse(USAGE, "dot", "--query", "ones:2x3x4", "--key", "ones:2x3x4", "--len", 4, mentions="--len")


if __name__ == "__main__":
    unittest.main()
