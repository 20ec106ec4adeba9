"""--path fused --detail: the online softmax tile by tile, held against the same loop in NumPy."""
import csv
import io
import json
import math
import unittest

import numpy as np

from tool import LIMIT, ToolTest, USAGE

VIEW = ("--path", "fused", "--detail")

# Every rule by itself and together; the sizes leave rests in the tiles.
RUNS = {
    "plain": ["sdpa", "--query-len", 3, "--key-len", 5],
    "causal": ["sdpa", "--len", 5, "--causal"],
    "window": ["sdpa", "--len", 7, "--window", "1,1"],
    "padding": ["sdpa", "--batch", 2, "--len", 5, "--valid-lens", "3,0"],
    "padding, uniform rows": ["sdpa", "--batch", 2, "--len", 5, "--valid-lens", "3,0", "--masked-rows", "uniform"],
    "finite fill": ["sdpa", "--len", 5, "--causal", "--mask-fill", -5],
    "soft cap": ["sdpa", "--len", 4, "--softcap", 1],
    "grouped heads": ["sdpa", "--heads", 4, "--kv-heads", 2, "--len", 4, "--causal"],
    "cache": ["sdpa", "--query-len", 2, "--key-len", 2, "--past-key", "randn:1x1x3x4", "--past-value", "randn:1x1x3x4", "--causal"],
    "given": ["sdpa", "--query-len", 3, "--key-len", 4, "--mask", "[[0,0,-1,2],[1,0,0,0],[0.5,0,0,0]]", "--mask-means", "add"],
    "self": ["self", "--len", 5, "--d-model", 4, "--causal"],
    "cross": ["cross", "--query-len", 3, "--key-len", 5, "--d-model", 4],
    "mha": ["mha", "--len", 4, "--d-model", 8, "--heads", 2, "--bias-kv", "--add-zero-attn", "--window", "1,0"],
    "float32": ["sdpa", "--len", 5, "--causal", "--dtype", "float32"],
}


def number(value):
    return float(value.replace("Infinity", "inf") if isinstance(value, str) else value)


class TilesTest(ToolTest):
    def view(self, *arguments):
        return json.loads(self.succeed(*arguments, *VIEW, "-f", "json"))

    def steps(self, *arguments):
        """The run step by step: masked scores, values (one head each for its query head), heads."""
        self.succeed(*arguments, "-o", "steps.npz", "--force")
        steps = np.load(self.folder / "steps.npz")
        scores, v = steps["scores_masked"], steps["present_value"] if "present_value" in steps else steps["v"]
        return scores, np.repeat(v, scores.shape[1] // v.shape[1], axis=1), steps["heads"]

    def numbers(self, report):
        """{(batch, head, query, tile): {quantity: numbers in order}}, and the tiles left out."""
        found, left_out = {}, {}
        for row in report["rows"]:
            at = (row["batch"], row["head"], row["query"], row["tile"])
            if row["left_out"]:
                left_out[at] = row["left_out"]
            else:
                found.setdefault(at, {}).setdefault(row["quantity"], []).append(number(row["value"]))
        return found, left_out

    def test_every_number_is_that_of_the_loop_written_in_numpy(self):
        for name, arguments in RUNS.items():
            for tile in ((2, 2), (1, 3), (4, 1)):
                with self.subTest(name, tile=tile):
                    report = self.view(*arguments, "--tile", f"{tile[0]},{tile[1]}")
                    self.check_loop(report, *self.steps(*arguments), tile, 1e-5 if name == "float32" else 1e-12)

    def check_loop(self, report, scores, v, heads, tile, tolerance):
        found, left_out = self.numbers(report)
        samples, of_heads, queries, keys = scores.shape
        self.assertEqual(report["tiles"], samples * of_heads * math.ceil(queries / tile[0]) * math.ceil(keys / tile[1]))
        for b, h, i in np.ndindex(samples, of_heads, queries):
            m, total, output = -math.inf, 0.0, np.zeros(v.shape[-1])
            for t in range(math.ceil(keys / tile[1])):
                s = scores[b, h, i, t * tile[1]:(t + 1) * tile[1]]
                if (b, h, i, t) in left_out:
                    self.assertTrue(np.all(np.isneginf(s)), "a tile left out has no visible key")
                    continue
                new = max(m, s.max())
                shift = 0 if new == -math.inf else new
                factor, w = math.exp(m - shift), np.exp(s - shift)
                output = factor * output + w @ v[b, h, t * tile[1]:(t + 1) * tile[1]]
                expected = {"score": s, "max_before": [m], "max": [new], "factor": [factor], "weight": w, "sum_before": [total],
                            "sum": [factor * total + w.sum()], "values": output}
                m, total = new, factor * total + w.sum()
                for quantity, numbers in expected.items():
                    np.testing.assert_allclose(found[b, h, i, t][quantity], numbers, rtol=tolerance, atol=tolerance, err_msg=quantity)
            last = found[b, h, i, None]
            np.testing.assert_allclose(last["whole_softmax"], heads[b, h, i], rtol=1e-6)
            np.testing.assert_allclose(last["result"], heads[b, h, i], rtol=tolerance, atol=tolerance)
        self.assertLess(report["largest_difference"], tolerance)

    def test_tiles_are_left_out_for_a_reason(self):
        for rule, reason in ((["--causal"], "causal"), (["--window", "0,0"], "window"), (["--valid-lens", "2"], "padding")):
            report = self.view("sdpa", "--len", 4, *rule)
            self.assertEqual(set(self.numbers(report)[1].values()), {reason})
            self.assertGreater(report["tiles_left_out"], 0)
        self.assertEqual(self.view("sdpa", "--len", 4, "--causal", "--mask-fill", -1e9)["tiles_left_out"], 0)

    def test_every_format_that_holds_tables_shows_the_tiles(self):
        run = ["sdpa", "--len", 4, "--causal", *VIEW]
        for kind, sign in (("text", "rescale factor"), ("markdown", "| rescale factor |"), ("latex", "rescale factor &"), ("html", "rescale factor")):
            self.assertIn(sign, self.succeed(*run, "-f", kind))
        rows = list(csv.DictReader(io.StringIO(self.succeed(*run, "-f", "csv"))))
        self.assertEqual({row["quantity"] for row in rows if row["left_out"] == ""},
                         {"score", "max_before", "max", "factor", "weight", "sum_before", "sum", "values", "result", "whole_softmax"})
        self.refuse(USAGE, *run, "-f", "npz", mentions=("--format", "csv"))

    def test_the_text_says_it_in_both_languages_and_is_silent_about_it_without_notes(self):
        run = ["sdpa", "--len", 4, "--causal", *VIEW]
        self.assertIn("no more than rounding", self.succeed(*run))
        self.assertIn("只是舍入", self.succeed(*run, "--lang", "zh"))
        self.assertNotIn("Milakov", self.succeed(*run, "--no-notes"))
        self.assertIn("exp(m − m′)", self.succeed(*run, "--no-notes"))

    def test_one_head_and_few_tiles_are_shown_unless_all_are_asked_for(self):
        many = ["sdpa", "--heads", 2, "--len", 12, *VIEW]
        text, full = self.succeed(*many), self.succeed(*many, "--full")
        self.assertEqual((text.count("rescale factor"), full.count("rescale factor")), (12, 72))
        self.assertIn("12 of 36 tiles", text)
        self.assertIn("sample 0, head 1", full)
        self.assertNotIn("sample 0, head 1", text)

    def test_what_chooses_among_steps_is_refused_beside_the_tiles(self):
        for more in (["--steps", "output"], ["--cell", "weights[0,0,0,0]"], ["--dropout", 0.5], ["--blank", "weights"], ["--threads", 2],
                     ["--causal", "--mistake", "M7"]):
            option = more[1] if more[0] == "--causal" else more[0]
            self.refuse(USAGE, "sdpa", *VIEW, *more, mentions=("--path fused --detail", option))

    def test_memory_is_counted_before_the_tiles_are_computed(self):
        self.refuse(LIMIT, "sdpa", "--len", 300, *VIEW, "--max-memory", "8MiB", mentions="the numbers of all tiles")


if __name__ == "__main__":
    unittest.main()
