#!/usr/bin/env python3
"""attn-compute depth, from outside: what it claims, formats, refusals."""
import csv
import io
import json
import unittest

from tool import LIMIT, SYSTEM, USAGE, ToolTest

SMALL = ["--layers", "4", "--d-model", "16", "--len", "6", "--samples", "4", "--draws", "4"]
STACKS = ("attention", "attention_feed_forward", "attention_residual", "whole_layer")


class Depth(ToolTest):
    def rows(self, stack, *arguments):
        table = csv.DictReader(io.StringIO(self.succeed("depth", *arguments, "-f", "csv")))
        return [{name: float(value) for name, value in row.items() if name != "stack"} for row in table if row["stack"] == stack]

    def test_attention_alone_loses_rank_doubly_exponentially(self):
        left = [row["rank_one_residual"] for row in self.rows("attention", *SMALL)]
        ratios = [after / before for before, after in zip(left, left[1:])]
        for before, after in zip(ratios[:2], ratios[1:3]):
            self.assertLess(after, before)
        self.assertLess(left[-1], 1e-3)

    def test_the_residual_connection_keeps_positions_and_tokens(self):
        for stack in ("attention_residual", "whole_layer"):
            rows = self.rows(stack, *SMALL)
            for quantity in ("rank_one_residual", "positions", "tokens"):
                self.assertGreater(rows[-1][quantity], rows[0][quantity] / 2, (stack, quantity))

    def test_all_stacks_begin_with_the_same_input_and_its_parts_make_up_the_whole(self):
        first = [self.rows(stack, *SMALL)[0] for stack in STACKS]
        for row in first:
            self.assertEqual(row, first[0])
            self.assertAlmostEqual(row["rank_one_residual"] ** 2, row["positions"] ** 2 + row["tokens"] ** 2, delta=0.02)

    def test_text_json_pictures(self):
        text = self.succeed("depth", *SMALL)
        self.assertIn("attention + residual", text)
        self.assertIn("±", text)
        self.assertIn("秩一", self.succeed("depth", *SMALL, "--lang", "zh"))
        run = json.loads(self.succeed("depth", *SMALL, "-f", "json"))
        self.assertEqual((run["samples"], len(run["rows"])), (4, 20))
        self.assertEqual(self.succeed("depth", *SMALL, "-f", "gnuplot").count("yerrorlines"), 12)

    def test_refusals(self):
        for arguments, mention in ((["--samples", "1"], "--samples"), (["--heads", "5"], "heads"), (["--layers", "-1"], "--layers")):
            self.refuse(USAGE, "depth", *arguments, mentions=[mention])
        self.refuse(LIMIT, "depth", "--d-model", "99999996")
        self.refuse(SYSTEM, "depth", *SMALL, "-o", "nowhere/x.csv")


if __name__ == "__main__":
    unittest.main()
