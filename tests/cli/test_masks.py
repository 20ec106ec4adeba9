"""Which keys a query may see: every mask rule, alone and together."""
import itertools
import json
import unittest

import numpy as np

import formulas
from tool import INPUT, ToolTest, USAGE

B, H, LQ, LK, D = 2, 3, 3, 5, 4
SHAPES = ["--query", f"randn:{B}x{H}x{LQ}x{D}", "--key", f"randn:{B}x{H}x{LK}x{D}", "--value", f"randn:{B}x{H}x{LK}x{D}"]
SAMPLE, HEAD, QUERY, KEY = np.indices((B, H, LQ, LK))


class MaskTest(ToolTest):
    def check(self, visible, *arguments, shapes=SHAPES):
        """The run sees exactly the keys of the booleans `visible`, and computes with them."""
        steps = self.steps("sdpa", *shapes, *arguments)
        seen = ~np.isneginf(steps["mask"])
        self.assertEqual(steps["mask"].shape, steps["weights"].shape, "the mask is broadcast, also in files")
        self.assert_equal(seen, np.broadcast_to(visible, seen.shape), f"{arguments}")
        mask = formulas.additive(np.broadcast_to(visible, seen.shape))
        output, weights = formulas.attention(steps["q"], steps["k"], steps["v"], mask=mask)
        self.assert_close(steps["weights"], weights)
        self.assert_close(steps["output"], output)
        return steps

    def test_causal_from_the_top_left_is_the_default(self):
        self.check(KEY <= QUERY, "--causal")
        self.check(KEY <= QUERY, "--causal", "--causal-align", "top-left")

    def test_causal_from_the_bottom_right_lets_the_last_query_see_all(self):
        self.check(KEY <= QUERY + LK - LQ, "--causal", "--causal-align", "bottom-right")

    def test_causal_with_more_queries_than_keys(self):
        shapes = ["--query", "randn:1x1x5x4", "--key", "randn:1x1x3x4", "--value", "randn:1x1x3x4"]
        i, j = np.indices((5, 3))
        self.check(j <= i, "--causal", shapes=shapes)
        # Offset 3 − 5: the first two queries see nothing, and give zeros.
        steps = self.check(j <= i - 2, "--causal", "--causal-align", "bottom-right", shapes=shapes)
        self.assertFalse(steps["output"][0, 0, :2].any())

    def test_valid_lengths_one_a_sample(self):
        for lengths in ((5, 5), (1, 4), (0, 2)):
            self.check(KEY < np.array(lengths)[SAMPLE], "--valid-lens", ",".join(map(str, lengths)))

    def test_bottom_right_counts_from_the_valid_length_of_each_sample(self):
        lengths = np.array([4, 2])[SAMPLE]
        visible = (KEY < lengths) & (KEY <= QUERY + lengths - LQ)
        self.check(visible, "--causal", "--causal-align", "bottom-right", "--valid-lens", "4,2")

    def test_windows(self):
        for left, right in itertools.product((-1, 0, 1, 2), repeat=2):
            if left == right == -1:
                continue
            visible = np.ones(KEY.shape, bool)
            if left >= 0:
                visible &= KEY >= QUERY - left
            if right >= 0:
                visible &= KEY <= QUERY + right
            self.check(visible, f"--window={left},{right}")

    def test_a_window_moves_with_the_causal_alignment(self):
        position = QUERY + LK - LQ
        self.check((KEY >= position - 1) & (KEY <= position), "--window", "1,0", "--causal-align", "bottom-right")

    def test_an_unbounded_window_is_no_mask(self):
        self.assertNotIn("mask", self.steps("sdpa", *SHAPES, "--window=-1,-1"))

    def test_boolean_masks_of_every_rank_keep_by_default(self):
        rng = np.random.default_rng(11)
        shapes = [(LK,), (LQ, LK), (1, LK), (LQ, 1), (H, LQ, LK), (H, 1, LK), (B, H, LQ, LK), (B, 1, 1, LK), (1, H, LQ, 1),
                  (1, 1, 1, 1), (1,)]
        for shape in shapes:
            mask = rng.random(shape) < 0.6
            path = self.save("mask", mask)
            self.check(mask, "--mask", path)
            self.check(mask, "--mask", path, "--mask-means", "keep")
            self.check(~mask, "--mask", path, "--mask-means", "drop")

    def test_a_rank_3_mask_has_heads_and_not_samples_in_front(self):
        self.refuse(INPUT, "sdpa", *SHAPES, "--mask", self.save("m", np.ones((B, LQ, LK), bool)), mentions=("(2, 3, 5)", "--mask"))

    def test_floating_point_masks_are_added_by_default(self):
        rng = np.random.default_rng(12)
        for shape in ((LK,), (LQ, LK), (H, LQ, LK), (B, H, LQ, LK)):
            mask = np.where(rng.random(shape) < 0.3, -np.inf, rng.normal(size=shape))
            steps = self.steps("sdpa", *SHAPES, "--mask", self.save("m", mask))
            self.assert_close(steps["output"], formulas.attention(steps["q"], steps["k"], steps["v"], mask=mask)[0])

    def test_minus_1e9_is_a_number_and_not_a_forbidden_key(self):
        # All keys get −1e9: the row is not fully masked, and the differences of the scores survive in part.
        weights = self.step("weights", "sdpa", *SHAPES, "--mask", self.save("m", np.full(LK, -1e9)))
        self.assert_close(weights.sum(-1), np.ones((B, H, LQ)))

    def test_numbers_0_and_1_need_a_meaning(self):
        bits = np.array([1, 0, 1, 1, 0])
        for kind in (np.int64, np.uint8, np.int32):
            path = self.save("m", bits.astype(kind))
            self.refuse(USAGE, "sdpa", *SHAPES, "--mask", path, mentions="--mask-means")
            self.check(bits == 1, "--mask", path, "--mask-means", "keep")
            self.check(bits == 0, "--mask", path, "--mask-means", "drop")
        self.check(bits == 1, "--mask", self.save("m", bits.astype(float)), "--mask-means", "keep")
        for other in (2, -1, 0.5, np.nan, -np.inf):
            self.refuse(INPUT, "sdpa", *SHAPES, "--mask", self.save("m", np.array([1, 0, 1, other, 0.0])), "--mask-means",
                        "keep", mentions="--mask")

    def test_a_short_mask_is_refused_or_forbids_the_keys_it_lacks(self):
        short = np.array([True, False, True])
        path = self.save("m", short)
        self.refuse(INPUT, "sdpa", *SHAPES, "--mask", path, mentions=("(3,)", "5"))
        self.check(np.append(short, [False, False]), "--mask", path, "--mask-short", "drop")
        rows = np.array([[True, False], [False, True], [True, True]])
        self.check(np.pad(rows, ((0, 0), (0, 3))), "--mask", self.save("m", rows), "--mask-short", "drop")
        self.refuse(INPUT, "sdpa", *SHAPES, "--mask", self.save("m", np.ones(6, bool)), "--mask-short", "drop", mentions="6")

    def test_masks_that_cannot_be_broadcast_are_refused(self):
        for shape in ((), (2,), (2, LK), (LQ, 4), (2, LQ, LK), (3, H, LQ, LK), (1, B, H, LQ, LK), (0,), (LQ, 0)):
            with self.subTest(shape=shape):
                self.refuse(INPUT, "sdpa", *SHAPES, "--mask", self.save("m", np.ones(shape, bool)), mentions="--mask")

    def test_a_key_is_visible_if_every_rule_allows_it(self):
        given = np.random.default_rng(13).random((H, LQ, LK)) < 0.8
        visible = (KEY <= QUERY + 1) & (KEY < np.array([4, 3])[SAMPLE]) & (KEY <= QUERY) & given
        self.check(visible, "--causal", "--valid-lens", "4,3", "--window=-1,1", "--mask", self.save("m", given))

    def test_a_cache_shifts_the_diagonal_and_lengthens_the_mask(self):
        past = ["--past-key", "randn:2x3x2x4", "--past-value", "randn:2x3x2x4"]
        mask = self.step("mask", "sdpa", *SHAPES, *past, "--causal")
        i, j = np.indices((LQ, LK + 2))
        self.assert_equal(~np.isneginf(mask), np.broadcast_to(j <= i + 2, mask.shape))
        self.refuse(INPUT, "sdpa", *SHAPES, *past, "--mask", self.save("m", np.ones(LK, bool)), mentions=("5", "7"))
        self.succeed("sdpa", *SHAPES, *past, "--mask", self.save("m", np.ones(LK + 2, bool)))

    def test_fill_values(self):
        for fill in ("-1e9", "-1e6", "0", "2.5"):
            steps = self.steps("sdpa", *SHAPES, "--causal", "--mask-fill", fill)
            scores = np.where(KEY <= QUERY, steps["scores_scaled"], float(fill))
            self.assert_equal(steps["scores_masked"], scores)
            self.assert_close(steps["weights"], formulas.softmax(scores))

    def test_rows_that_see_nothing(self):
        nothing = ["--valid-lens", "0,5"]
        for arguments, weight in ((["--masked-rows", "zero"], 0), ([], 0), (["--masked-rows", "nan"], np.nan),
                                  (["--masked-rows", "uniform"], 1 / LK)):
            steps = self.steps("sdpa", *SHAPES, *nothing, *arguments)
            self.assert_equal(steps["weights"][0], np.full((H, LQ, LK), weight))
            self.assert_close(steps["weights"][1].sum(-1), np.ones((H, LQ)))
        # A finite fill makes all scores equal: softmax itself gives 1/Lk, unless a policy is named.
        filled = self.step("weights", "sdpa", *SHAPES, *nothing, "--mask-fill", "-1e6")
        self.assert_close(filled[0], np.full((H, LQ, LK), 1 / LK))
        zero = self.step("weights", "sdpa", *SHAPES, *nothing, "--mask-fill", "-1e6", "--masked-rows", "zero")
        self.assertFalse(zero[0].any())

    def test_nan_in_a_hidden_key_does_not_reach_the_scores(self):
        k = np.ones((1, 3, 2))
        k[0, 2] = np.nan
        steps = self.steps("sdpa", "--query", "ones:1x1x2", "--key", self.save("k", k), "--value", "ones:1x3x2", "--valid-lens", 2)
        self.assert_close(steps["weights"], [[[[0.5, 0.5, 0]]]])

    def test_appended_keys_are_exempt_from_every_rule(self):
        steps = self.steps("mha", "--bias-kv", "--add-zero-attn", "--causal", "--valid-lens", "0,1")
        self.assertEqual(steps["mask"].shape[-1], 6)
        self.assertFalse(np.isneginf(steps["mask"][..., 4:]).any())
        self.assert_close(steps["weights"][0, ..., :4], np.zeros((2, 4, 4)))

    def test_dropout_keeps_about_one_minus_p_and_scales_by_its_inverse(self):
        for p in (0.1, 0.5, 0.9):
            steps = self.steps("sdpa", "--batch", 4, "--heads", 4, "--len", 32, "--dropout", p)
            kept = steps["weights_dropped"] != 0
            # 16384 draws: a standard deviation is at most 0.004; five of them.
            self.assertAlmostEqual(kept.mean(), 1 - p, delta=0.02)
            self.assert_close(steps["weights_dropped"][kept], steps["weights"][kept] / (1 - p))
            self.assert_close(steps["output"], steps["weights_dropped"] @ steps["v"])
        self.assertFalse(self.step("weights_dropped", "sdpa", "--dropout", 1).any())

    def test_malformed_rules_are_refused(self):
        for option, values in {"--window": ("1", "1,2,3", "-2,0", "a,b", "", "1,", ",1", "1.5,0", " 1,0"),
                               "--valid-lens": ("", "1,", "-1,2", "1.5,2", "x", "1;2", "1,,2"),
                               "--causal-align": ("left", "", "bottomright"),
                               "--mask-fill": ("nan", "inf", "", "x", "1e400"),
                               "--masked-rows": ("none", ""), "--mask-means": ("1", ""), "--mask-short": ("pad", "")}.items():
            for value in values:
                with self.subTest(option=option, value=value):
                    self.refuse(USAGE, "sdpa", "--causal", "--mask", "[true]", f"{option}={value}", mentions=option)

    def test_valid_lengths_that_do_not_fit_are_refused_by_the_name_of_the_option(self):
        self.refuse(USAGE, "sdpa", *SHAPES, "--valid-lens", "1,2,3", mentions=("--valid-lens", "3", "2"))
        self.refuse(USAGE, "sdpa", *SHAPES, "--valid-lens", "6,1", mentions=("--valid-lens", "6", "5"))

    def test_rules_without_an_effect_are_refused(self):
        self.refuse(USAGE, "sdpa", "--causal-align", "bottom-right", mentions="--causal-align")
        self.refuse(USAGE, "sdpa", "--mask-means", "keep", mentions="--mask-means")

    def test_the_mask_of_a_trace_survives_json(self):
        steps = json.loads(self.succeed("sdpa", *SHAPES, "--causal", "-f", "json", "--steps", "mask"))["steps"]
        self.assertEqual(steps[0]["values"][0][0][0], [0, "-Infinity", "-Infinity", "-Infinity", "-Infinity"])


if __name__ == "__main__":
    unittest.main()
