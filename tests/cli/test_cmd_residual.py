#!/usr/bin/env python3
"""attn-compute residual, from outside: what it claims, formats, refusals."""
import csv
import io
import json
import unittest

from tool import LIMIT, SYSTEM, USAGE, ToolTest

SMALL = ["--layers", "6", "--d-model", "16", "--len", "5", "--draws", "4"]


class Residual(ToolTest):
    def sizes(self, *arguments):
        """log10 of the gradient at each layer, without and with the connection."""
        rows = list(csv.DictReader(io.StringIO(self.succeed("residual", *arguments, "-f", "csv"))))
        return ([float(row["log10_gradient"]) for row in rows if row["connected"] == word] for word in ("false", "true"))

    def test_the_gradient_vanishes_exponentially_without_the_connection_and_stays_with_it(self):
        without, connected = self.sizes(*SMALL)
        self.assertEqual((len(without), without[-1], connected[-1]), (7, 0, 0))
        factors = [after - before for before, after in zip(without, without[1:])]
        self.assertGreater(min(factors), 0.2)       # each layer takes its share
        self.assertLess(max(factors) / min(factors), 5)
        self.assertLess(max(abs(size) for size in connected), 0.3)

    def test_text_json_pictures(self):
        text = self.succeed("residual", *SMALL)
        self.assertIn("z = x + f(x)", text)
        self.assertIn("±", text)
        self.assertIn("残差连接", self.succeed("residual", *SMALL, "--lang", "zh"))
        self.assertEqual(json.loads(self.succeed("residual", *SMALL, "-f", "json"))["layers"], 6)
        self.assertEqual(self.succeed("residual", *SMALL, "-f", "gnuplot").count("yerrorlines"), 2)
        self.assertGreater(len(self.succeed("residual", *SMALL, "--curves")), len(text))

    def test_refusals(self):
        for arguments, mention in ((["--heads", "3"], "heads"), (["--layers", "0"], "--layers"), (["--draws", "x"], "--draws"), (["--plot", "x"], "--plot")):
            self.refuse(USAGE, "residual", *arguments, mentions=[mention])
        self.refuse(LIMIT, "residual", "--len", "99999999")
        self.refuse(SYSTEM, "residual", *SMALL, "-o", "nowhere/x.csv")


if __name__ == "__main__":
    unittest.main()
