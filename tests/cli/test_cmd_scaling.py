#!/usr/bin/env python3
"""attn-compute scaling, from outside: numbers against NumPy's own draws, formats, pictures, refusals."""
import csv
import io
import json
import shutil
import unittest

import numpy as np

from tool import LIMIT, SYSTEM, USAGE, ToolTest


class Scaling(ToolTest):
    def rows(self, *arguments):
        return list(csv.DictReader(io.StringIO(self.succeed("scaling", *arguments, "-f", "csv"))))

    def test_numbers_agree_with_numpy_within_their_error_bars(self):
        """The same experiment, drawn by another generator: both means are within four of their errors together."""
        rng = np.random.default_rng(0)
        for row in self.rows("--head-dims", "4,64", "--draws", "400", "--keys", "32"):
            d, scaled = int(row["head_dim"]), row["scaled"] == "true"
            q, k = rng.normal(size=(400, 1, d)), rng.normal(size=(400, 32, d))
            scores = (q * k).sum(-1) / (np.sqrt(d) if scaled else 1)
            p = np.exp(scores - scores.max(-1, keepdims=True))
            p /= p.sum(-1, keepdims=True)
            jacobian = np.array([np.linalg.norm(np.diag(each) - np.outer(each, each)) for each in p])
            entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(-1) / np.log(32)
            for name, theirs in (("variance", scores.var(-1, ddof=1)), ("largest_weight", p.max(-1)), ("entropy", entropy), ("jacobian", jacobian)):
                error = np.hypot(float(row[name + "_error"]), theirs.std(ddof=1) / 20)
                with self.subTest(d=d, scaled=scaled, quantity=name):
                    self.assertLess(abs(float(row[name]) - theirs.mean()), 4 * error)

    def test_more_draws_make_smaller_errors(self):
        few, many = (float(self.rows("--head-dims", "16", "--draws", n)[0]["variance_error"]) for n in (50, 800))
        self.assertLess(many, few / 2)

    def test_json_and_text_say_what_was_drawn(self):
        run = json.loads(self.succeed("scaling", "--head-dims", "8", "--draws", "3", "--keys", "5", "--seed", "4", "-f", "json"))
        self.assertEqual((run["command"], run["seed"], run["keys"], run["draws"], len(run["rows"])), ("scaling", 4, 5, 3, 2))
        text = self.succeed("scaling", "--head-dims", "8", "--draws", "3")
        self.assertIn("±", text)
        self.assertIn("standard error", text)
        self.assertIn("标准误差", self.succeed("scaling", "--head-dims", "8", "--draws", "3", "--lang", "zh"))
        self.assertNotIn("standard error", self.succeed("scaling", "--head-dims", "8", "--draws", "3", "--no-notes"))

    def test_the_same_seed_gives_the_same_numbers(self):
        arguments = ["--head-dims", "8", "--draws", "4"]
        self.assertEqual(self.rows(*arguments, "--seed", "1"), self.rows(*arguments, "--seed", "1"))
        self.assertNotEqual(self.rows(*arguments, "--seed", "1"), self.rows(*arguments, "--seed", "2"))

    def test_the_picture_has_error_bars(self):
        script = self.succeed("scaling", "--head-dims", "2,8", "--draws", "5", "-f", "gnuplot")
        self.assertEqual(script.count("using 1:2:3 with yerrorlines"), 8)
        if shutil.which("gnuplot"):
            self.assertEqual(self.succeed("scaling", "--head-dims", "2,8", "--draws", "5", "--plot", "s.svg"), "")
            self.assertIn(b"<svg", (self.folder / "s.svg").read_bytes())

    def test_refusals(self):
        for arguments, mention in ((["--head-dims", "0"], "--head-dims"), (["--head-dims", "a"], "--head-dims"), (["--keys", "1"], "--keys"),
                                   (["--draws", "0"], "--draws"), (["--plot", "x.gif"], "--plot"), (["-f", "npz"], "npz")):
            self.refuse(USAGE, "scaling", *arguments, mentions=[mention])
        self.refuse(LIMIT, "scaling", "--head-dims", "1099511627776")
        self.refuse(SYSTEM, "scaling", "--head-dims", "2", "--draws", "2", "-o", "nowhere/x.csv")


if __name__ == "__main__":
    unittest.main()
