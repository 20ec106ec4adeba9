"""attn-compute sdpa: scaled dot-product attention on given queries, keys and values."""
import itertools
import unittest

import numpy as np

import formulas
from tool import INPUT, ToolTest, USAGE


class SdpaTest(ToolTest):
    def tensors(self, q, k, v):
        return ["--query", self.save("q", q), "--key", self.save("k", k), "--value", self.save("v", v)]

    def random(self, *shapes):
        rng = np.random.default_rng(3)
        return [rng.normal(size=shape) for shape in shapes]

    def test_rank_4_is_batch_heads_length_size(self):
        q, k, v = self.random((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7))
        output, weights = formulas.attention(q, k, v)
        steps = self.steps("sdpa", *self.tensors(q, k, v))
        self.assert_close(steps["output"], output)
        self.assert_close(steps["weights"], weights)

    def test_rank_3_is_split_into_heads_head_by_head(self):
        q, k, v = self.random((2, 4, 6), (2, 5, 6), (2, 5, 9))
        split = [formulas.split_heads(x, 3) for x in (q, k, v)]
        output, _ = formulas.attention(*split)
        steps = self.steps("sdpa", "--heads", 3, *self.tensors(q, k, v))
        for name, want in zip("qkv", split):
            self.assert_equal(steps[name], want, name)
        self.assert_close(steps["output"], formulas.merge_heads(output))

    def test_rank_3_without_heads_is_one_head(self):
        q, k, v = self.random((2, 4, 6), (2, 5, 6), (2, 5, 6))
        self.assert_close(self.step("output", "sdpa", *self.tensors(q, k, v)), formulas.attention(q, k, v)[0])

    def test_rank_2_is_one_sample(self):
        q, k, v = self.random((4, 6), (5, 6), (5, 2))
        self.assert_close(self.step("output", "sdpa", *self.tensors(q, k, v)), formulas.attention(q, k, v)[0])

    def test_consecutive_query_heads_share_a_key_head(self):
        # Heads 0, 1, 2 read keys 0, heads 3, 4, 5 read keys 1.
        q, k, v = self.random((2, 6, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4))
        output, _ = formulas.attention(q, k.repeat(3, axis=1), v.repeat(3, axis=1))
        steps = self.steps("sdpa", *self.tensors(q, k, v))
        self.assertEqual(steps["k"].shape, (2, 2, 5, 4), "k is shown before any repetition")
        self.assert_close(steps["output"], output)
        as_rank_3 = [formulas.merge_heads(x) for x in (q, k, v)]
        self.assert_close(self.step("output", "sdpa", "--heads", 6, "--kv-heads", 2, *self.tensors(*as_rank_3)),
                          formulas.merge_heads(output))

    def test_query_heads_that_are_no_multiple_of_key_heads_are_refused(self):
        q, k, v = self.random((1, 4, 2, 3), (1, 3, 2, 3), (1, 3, 2, 3))
        self.refuse(INPUT, "sdpa", *self.tensors(q, k, v), mentions=("4", "3"))

    def test_order_of_operations_is_scale_cap_mask_softmax(self):
        q, k, v = self.random((1, 1, 3, 4), (1, 1, 5, 4), (1, 1, 5, 4))
        mask = np.array([0.5, -np.inf, 0, -1e9, 3])
        output, weights = formulas.attention(q * 4, k, v, scale=0.9, mask=mask, softcap=1.5)
        steps = self.steps("sdpa", *self.tensors(q * 4, k, v), "--scale", 0.9, "--softcap", 1.5, "--mask", self.save("m", mask))
        self.assert_close(steps["weights"], weights)
        self.assert_close(steps["output"], output)

    def test_a_cache_is_put_before_the_new_keys_and_shifts_the_diagonal(self):
        q, k, v, pk, pv = self.random((1, 2, 3, 4), (1, 2, 3, 4), (1, 2, 3, 5), (1, 2, 2, 4), (1, 2, 2, 5))
        keys, values = np.concatenate([pk, k], 2), np.concatenate([pv, v], 2)
        output, _ = formulas.attention(q, keys, values, mask=formulas.additive(formulas.causal(3, 5, offset=2)))
        steps = self.steps("sdpa", *self.tensors(q, k, v), "--past-key", self.save("pk", pk), "--past-value",
                           self.save("pv", pv), "--causal")
        self.assert_equal(steps["present_key"], keys)
        self.assert_equal(steps["present_value"], values)
        self.assert_close(steps["output"], output)

    def test_a_cache_that_does_not_fit_is_refused(self):
        q, k, v = self.random((1, 2, 3, 4), (1, 2, 3, 4), (1, 2, 3, 4))
        for past_key, past_value in (("ones:1x2x2x5", "ones:1x2x2x4"), ("ones:1x1x2x4", "ones:1x1x2x4"),
                                     ("ones:1x2x2x4", "ones:1x2x3x4"), ("ones:2x2x4", "ones:2x2x4"),
                                     ("ones:2x2x2x4", "ones:2x2x2x4")):
            self.refuse(INPUT, "sdpa", *self.tensors(q, k, v), "--past-key", past_key, "--past-value", past_value)

    def test_every_pair_of_mismatched_shapes_is_refused(self):
        good = {"--query": (2, 4, 3, 5), "--key": (2, 2, 6, 5), "--value": (2, 2, 6, 7)}
        self.succeed("sdpa", *[word for option, shape in good.items() for word in (option, "ones:" + "x".join(map(str, shape)))])
        free = {("--query", 2), ("--value", 3)}  # Lq and Dv may be anything
        for option, axis in itertools.product(good, range(4)):
            if (option, axis) in free or (option, axis) == ("--query", 1):
                continue
            shapes = {o: list(s) for o, s in good.items()}
            shapes[option][axis] += 1
            arguments = [word for o, s in shapes.items() for word in (o, "ones:" + "x".join(map(str, s)))]
            with self.subTest(option=option, axis=axis):
                self.refuse(INPUT, "sdpa", *arguments)

    def test_ranks_that_differ_are_refused(self):
        shapes = ["ones:4", "ones:3x4", "ones:2x3x4", "ones:1x2x3x4", "ones:1x1x2x3x4"]
        for q, k, v in itertools.product(shapes, repeat=3):
            if q == k == v and q in shapes[1:4]:
                continue
            with self.subTest(q=q, k=k, v=v):
                self.refuse(INPUT, "sdpa", "--query", q, "--key", k, "--value", v)

    def test_widths_that_are_no_multiple_of_the_heads_are_refused(self):
        self.refuse(INPUT, "sdpa", "--heads", 3, "--query", "ones:1x2x4", "--key", "ones:1x2x4", "--value", "ones:1x2x4",
                    mentions=("4", "3"))

    def test_some_of_the_three_tensors_without_the_others_are_refused(self):
        for missing in ("--query", "--key", "--value"):
            given = [word for option in ("--query", "--key", "--value") if option != missing for word in (option, "ones:2x3")]
            self.refuse(USAGE, "sdpa", *given, mentions=missing)

    def test_sizes_that_contradict_a_tensor_are_refused(self):
        tensors = ["--query", "ones:2x4x3x5", "--key", "ones:2x2x6x5", "--value", "ones:2x2x6x7"]
        right = {"--batch": 2, "--heads": 4, "--kv-heads": 2, "--query-len": 3, "--key-len": 6, "--head-dim": 5, "--value-dim": 7}
        self.succeed("sdpa", *tensors, *[word for pair in right.items() for word in pair])
        for option, size in right.items():
            self.refuse(USAGE, "sdpa", *tensors, option, size + 1, mentions=(option, str(size), str(size + 1)))
        self.refuse(USAGE, "sdpa", *tensors, "--len", 9, mentions="--len")


if __name__ == "__main__":
    unittest.main()
