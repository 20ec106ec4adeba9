"""--cell: one number of a run, taken apart term by term."""
import csv
import io
import json
import unittest

import numpy as np

from tool import SUBCOMMANDS, ToolTest, USAGE


class CellTest(ToolTest):
    def rows(self, *arguments):
        """The terms of a cell, as CSV has them."""
        every = csv.DictReader(io.StringIO(self.succeed(*arguments, "-f", "csv")), strict=True)
        return [row for row in every if row["part"] == "term"]

    def test_every_step_of_every_subcommand_can_be_taken_apart(self):
        rich = ["--causal", "--softcap", "2", "--detail", "--dropout", "0.5", "--past-key", "past.npy", "--past-value", "past.npy"]
        for command in SUBCOMMANDS:
            plain = self.steps(command)
            batch, heads, _, width = plain["k"].shape
            np.save(self.folder / "past.npy", np.ones((batch, heads, 2, width)))
            for name, array in self.steps(command, *rich, "--steps", "*").items():
                at = ",".join(str(n - 1) for n in array.shape)
                with self.subTest(command=command, step=name):
                    text = self.succeed(command, *rich, "--cell", f"{name}[{at}]")
                    first = text.splitlines()[0]
                    self.assertTrue(first.startswith(f"{name}[{at}] = "), first)
                    found = float(first.split(" = ")[1].replace("Infinity", "inf"))
                    self.assertEqual(found, array.flat[-1])

    def test_a_score_is_a_sum_of_products(self):
        steps = self.steps("dot")
        products = steps["q"][1, 0, 2] * steps["k"][1, 0, 3]
        rows = self.rows("dot", "--cell", "scores_raw[1,0,2,3]")
        self.assert_equal([float(r["left"]) for r in rows], steps["q"][1, 0, 2])
        self.assert_equal([float(r["right"]) for r in rows], steps["k"][1, 0, 3])
        self.assert_equal([float(r["value"]) for r in rows], products)
        self.assert_close([float(r["running_sum"]) for r in rows], np.cumsum(products))

    def test_a_weight_shows_the_exponentials_of_its_row(self):
        scores = self.step("scores_masked", "dot")[0, 0, 0]
        rows = self.rows("dot", "--cell", "weights[0,0,0,1]")
        self.assert_close([float(r["value"]) for r in rows], np.exp(scores - scores.max()))
        self.assert_close(float(rows[-1]["running_sum"]), np.exp(scores - scores.max()).sum())

    def test_an_output_is_a_sum_over_keys_or_over_merged_columns(self):
        steps = self.steps("dot")
        rows = self.rows("dot", "--cell", "heads[0,0,1,2]")
        self.assert_close([float(r["value"]) for r in rows], steps["weights"][0, 0, 1] * steps["v"][0, 0, :, 2])
        every = self.steps("mha", "--steps", "*")
        rows = self.rows("mha", "--cell", "output[1,2,3]")
        self.assert_close(float(rows[-1]["running_sum"]), every["output"][1, 2, 3])

    def test_a_hidden_key_names_the_rules_that_hide_it(self):
        rules = ["--causal", "--valid-lens", 2, "--window=0,0"]
        hidden = self.succeed("sdpa", *rules, "--cell", "scores_masked[0,0,0,3]")
        shown = self.succeed("sdpa", *rules, "--cell", "scores_masked[0,0,0,0]")
        for word in ("causal", "padding", "window"):
            self.assertIn(word, hidden)
            self.assertNotIn(word, shown)
        later = self.succeed("sdpa", *rules, "--cell", "scores_masked[0,0,1,0]")
        self.assertIn("window", later)
        self.assertNotIn("padding", later)

    def test_grouped_heads_read_the_shared_key(self):
        steps = self.steps("sdpa", "--heads", 4, "--kv-heads", 2)
        rows = self.rows("sdpa", "--heads", 4, "--kv-heads", 2, "--cell", "scores_raw[0,3,1,2]")
        self.assert_equal([float(r["right"]) for r in rows], steps["k"][0, 1, 2])

    def test_a_cell_can_be_written_in_every_table_format(self):
        for name in ("text", "csv", "markdown", "latex", "html"):
            self.assertIn("running", self.succeed("dot", "--cell", "weights[0,0,0,1]", "-f", name), name)
        json.loads(self.succeed("dot", "--cell", "weights[0,0,0,1]", "-f", "json"))
        self.assertIn("<h1>weights[0,0,0,1] = ", self.succeed("dot", "--cell", "weights[0,0,0,1]", "-f", "html"))

    def test_every_format_has_the_whole_answer(self):
        scores = self.step("scores_masked", "dot")[0, 0, 0]
        weight = self.step("weights", "dot")[0, 0, 0, 1]
        command = ["dot", "--cell", "weights[0,0,0,1]"]
        rows = list(csv.DictReader(io.StringIO(self.succeed(*command, "-f", "csv")), strict=True))
        parts = {row["part"]: row for row in rows}
        self.assertEqual((parts["cell"]["text"], float(parts["cell"]["value"])), ("weights[0,0,0,1]", weight))
        self.assertEqual(parts["rule"]["text"], "exp(scores_masked - max) / sum")
        self.assertEqual(float(parts["max"]["value"]), scores.max())
        self.assertTrue(parts["equation"]["text"].startswith("weights[0,0,0,1] = exp(scores_masked[0,0,0,1] - max) / sum = "))
        cell = json.loads(self.succeed(*command, "-f", "json"))
        self.assertEqual((cell["cell"], cell["value"], cell["rule"], cell["max"]),
                         ("weights[0,0,0,1]", weight, "exp(scores_masked - max) / sum", scores.max()))
        self.assert_close(cell["sum"], np.exp(scores - scores.max()).sum())
        self.assertEqual([term["left"] for term in cell["terms"]], [f"exp(scores_masked[0,0,0,{j}] - max)" for j in range(5)])
        for name in ("text", "markdown", "latex"):
            text = self.succeed(*command, "-f", name).replace("\\", "").replace("{[}", "[").replace("{]}", "]")
            for words in ("weights[0,0,0,1] = ", repr(float(weight)), "max = ", "exp(scores_masked - max) / sum"):
                self.assertIn(words, text, name)

    def test_a_hidden_cell_says_so_in_data_too(self):
        cell = json.loads(self.succeed("sdpa", "--causal", "--cell", "scores_masked[0,0,0,3]", "-f", "json"))
        self.assertEqual((cell["hidden_by"], cell["value"]), (["causal"], "-Infinity"))

    def test_terms_are_whole_and_every_column_says_something(self):
        for width in (60, 80, 100):
            for cell in ("scores_raw[0,0,0,1]", "weights[0,0,0,1]", "heads[0,0,0,1]"):
                text = self.succeed("dot", "--cell", cell, "--width", width)
                for word in text.split():
                    self.assertEqual(word.count("["), word.count("]"), f"{cell} at {width}: {word}")
                table = text.split("\n\n")[1].splitlines()
                if width >= 80:
                    self.assertTrue(all(len(line) <= width for line in table), table)
        self.assertIn("left", self.succeed("dot", "--cell", "scores_raw[0,0,0,1]"))
        exponentials = self.succeed("dot", "--cell", "weights[0,0,0,1]")
        self.assertRegex(exponentials, r"(?m)^term +score +value +running sum$")
        averaged = self.succeed("mha", "--average-weights", "--cell", "weights_averaged[0,0,1]")
        self.assertRegex(averaged, r"(?m)^term +value +running sum$")

    def test_a_copied_number_says_of_what_it_is_a_copy(self):
        for command, cell, source in (("mha", "q[0,1,2,3]", "q_proj[0,2,7]"), ("mha", "merged[0,2,7]", "heads[0,1,2,3]"),
                                      ("dot", "output[0,1,2]", "heads[0,0,1,2]")):
            text = self.succeed(command, "--cell", cell)
            self.assertIn(f"a copy of {source}", text)
            self.assertNotIn("running sum", text)

    def test_the_digits_of_the_terms_can_be_chosen(self):
        table = self.succeed("dot", "--cell", "scores_raw[0,0,0,1]", "--precision", 2).split("\n\n")[1]
        self.assertRegex(table, r"-?\d\.\d\d\b")
        self.assertNotRegex(table, r"\d\.\d\d\d")

    def test_the_chinese_page_has_no_english_words_of_its_own(self):
        for cell in ("weights[0,0,0,1]", "heads[0,0,0,1]", "output[0,0,1]", "scores_scaled[0,0,0,1]"):
            text = self.succeed("dot", "--cell", cell, "--lang", "zh")
            self.assertNotRegex(text, r"term|left|right|value|running|sum over|copy|: ", cell)
            self.assertIn("算法：", text)
        self.assertIn("对 d 求和：q[…,d] · k[…,d]", self.succeed("dot", "--cell", "scores_raw[0,0,0,1]", "--lang", "zh"))

    def test_addresses_that_name_no_number_are_refused(self):
        for cell in ("weights", "weights[0,0,0]", "weights[0,0,0,0,0]", "weights[0,0,0,5]", "weights[2,0,0,0]", "weights[-1,0,0,0]",
                     "weights[]", "weights[a]", "weights[0,0,0,0", "weights 0 0 0 0", "[0,0,0,0]", "weights[0,,0,0]",
                     "weights[0,0,0,0]]", "weights[0, 0, 0, 0]", "weights[18446744073709551616,0,0,0]", "nope[0]", "", "]"):
            with self.subTest(cell=cell):
                self.refuse(USAGE, "dot", f"--cell={cell}", mentions="--cell")
        self.refuse(USAGE, "dot", "--cell", "wieghts[0,0,0,0]", mentions="did you mean 'weights'")


if __name__ == "__main__":
    unittest.main()
