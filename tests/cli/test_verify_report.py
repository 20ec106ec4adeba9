"""The report of --verify as people read it: text in two languages, the picture of the differences, tables of
several submissions."""
import csv
import io
import json
import re
import unicodedata
import unittest

import numpy as np

from tool import DIFFERENT, USAGE, ToolTest

RUN = ("mha", "--d-model", "12", "--heads", "3", "--input", "randn:2x5x12", "--causal", "--valid-lens", "5,3")
MARKS = "·░▒▓█!_"


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class VerifyReportTest(ToolTest):
    def wrong(self, mistake, name="wrong.npz", run=RUN):
        self.succeed(*run, "--mistake", mistake, "-o", name, "--force")
        return name

    def report(self, name, *options, run=RUN):
        return self.differ(*run, "--verify", name, *options)

    def save(self, name, **tensors):
        np.savez(self.folder / name, **tensors)
        return name

    @staticmethod
    def picture(text):
        """The lines of marks, without their labels."""
        return [line for line in text.splitlines() if re.match(rf"  +\S+ \d+ [{MARKS}]", line)]

    def test_a_report_has_verdict_steps_first_step_diagnosis_and_fix(self):
        text = self.report(self.wrong("C1"), "--lang", "en")
        places = [text.index(part) for part in
                  ("wrong.npz: different", "scores_scaled  mismatch", "output         consequence",
                   "first wrong step: scores_scaled", "C1  Scaled by √d_model", "at scores_scaled; explains it",
                   "divided by √12", "instead of √4", "→ scores =")]
        self.assertEqual(places, sorted(places))

    def test_chinese_is_chinese_and_aligned_by_display_width(self):
        text = self.report(self.wrong("C1"), "--lang", "zh")
        for part in ("wrong.npz：不一致", "最先出错的一步：scores_scaled", "受前面影响", "批次 0，头 0", "除以 √d_model 而不是 √D", "在 scores_scaled；可以解释"):
            self.assertIn(part, text)
        self.assertEqual(re.findall(r"\b(match|mismatch|consequence|batch|head|step|ours|theirs)\b", text), [])
        table = text[text.index("步骤"):].split("\n\n")[0].splitlines()
        ends = {width(line) for line in table}
        self.assertEqual(len(ends), 1, table)  # the last column is flush right

    def test_the_map_of_a_large_run_is_of_the_whole_run(self):
        run = ("mha", "--d-model", "32", "--heads", "4", "--batch", "3", "--len", "200")
        right = self.steps(*run)
        wrong = {name: right[name].copy() for name in ("scores_raw", "scores_scaled")}
        wrong["scores_scaled"] *= np.sqrt(8) / np.sqrt(32)  # C1: D = 8, E = 32
        np.savez(self.folder / "large.npz", **wrong)
        text = self.report("large.npz", "--width", 160, run=run)
        self.assertIn("C1", text)
        for batch in range(2):  # the first eight of twelve matrices
            for head in range(4):
                self.assertIn(f"batch {batch}, head {head}", text)
        # 200 rows in at most 24 marks are 9 rows a mark, 200 columns in at most 32 are 7.
        self.assertIn("a block of 9 × 7", " ".join(text.split()))
        self.assertIn("8 of 12 matrices", " ".join(text.split()))
        self.assertRegex(text, r"Lq 198 [░▒▓█]")

    def test_every_diagnosis_reads_as_a_sentence_in_both_languages(self):
        """No placeholder is left open, and nothing reads "instead of ." where a value is missing."""
        ids = [row["id"] for row in json.loads(self.succeed("mistakes", "-f", "json")) if row["can_be_made"]]
        runs = (RUN, ("mha", "--d-model", "12", "--heads", "3", "--input", "randn:2x5x12", "--memory", "randn:2x7x12"),
                ("sdpa", "--query", "randn:2x4x5x3", "--key", "randn:2x2x7x3", "--value", "randn:2x2x7x3", "--window", "2,0",
                 "--softcap", "2", "--valid-lens", "7,0"),
                ("sdpa", "--query", "randn:2x4x5x3", "--key", "randn:2x2x7x3", "--value", "randn:2x2x7x3", "--scale", "0.2"),
                ("mha", "--d-model", "12", "--heads", "3", "--input", "rand:2x5x12", "--scale", "2000"),
                ("self", "--input", "randn:2x5x12", "--bias"), ("layer", "--causal"), ("layer", "--norm", "pre"))
        read = set()
        for run in runs:
            for mistake in ids:
                if mistake in read or self.run_tool(*run, "--mistake", mistake, "-o", "w.npz", "--force").returncode:
                    continue
                for language in ("en", "zh"):
                    done = self.run_tool(*run, "--verify", "w.npz", "-f", "json", "--lang", language)
                    for entry in json.loads(done.stdout)["diagnosis"]:
                        message = entry["message"]
                        read.add(entry["id"])
                        self.assertNotRegex(message, r"[{}]|  | [.,;:，。；：](?!\.)|instead of \.|：。|，。|\boffset\b|\bfound\b", entry)
                        self.assertTrue(message.endswith(("." if language == "en" else "。")), message)
                        self.assertTrue(message[0].isupper() or language == "zh" or message.startswith(("scores_", "merged", "weights", "q_", "k_", "v_", "exp")), message)
        self.assertEqual(sorted(set(ids) - read), ["M14", "T1"])  # −inf twice is −inf, and float32 is right: nothing to diagnose

    def test_messages_say_which_number_was_found_and_which_was_expected(self):
        steps = self.steps(*RUN)
        cases = (("scores_scaled", steps["scores_raw"] * 0.3, "multiplied by 0.3 instead of 1/√4 = 0.5"),
                 ("scores_masked", np.where(np.isinf(steps["mask"]), -7.5, steps["scores_scaled"]), "filled with -7.5; they should be -inf"),
                 ("weights", steps["weights"] * (np.random.default_rng(0).random(steps["weights"].shape) < 0.75) / 0.75, "p ≈ 0.25"))
        for step, tensor, sentence in cases:
            text = self.report(self.save("theirs.npz", **{step: tensor}), "--lang", "en")
            self.assertIn(sentence, " ".join(text.split()))

    def test_the_picture_marks_exactly_the_cells_that_differ(self):
        scores = self.steps(*RUN)["scores_raw"]
        scores[0, 1, 2, 3] += 1.0
        scores[0, 1, 4, 0] += 0.2
        scores[1, 2, 0, 4] = np.nan
        text = self.report(self.save("theirs.npz", scores_raw=scores), "--lang", "en", "--color", "never")
        rows = [re.findall(r"Lq \d ((?:[·!_] |[░▒▓█]{2}){5})", line + " ") for line in self.picture(text)]
        matrices = [[row[m] for row in rows[start:start + 5]] for start, m in
                    [(0, 0), (0, 1), (0, 2), (0, 3), (5, 0), (5, 1)] if len(rows[start]) > m]
        expected = [["· · · · · "] * 5 for _ in range(6)]
        expected[1][2] = "· · · ██· "
        expected[1][4] = "░░· · · · "
        expected[5][0] = "· · · · ! "
        self.assertEqual(matrices, expected)
        self.assertIn("largest difference, 1.0e+00", " ".join(text.split()))
        self.assertIn("NaN or an infinity on one side only", text)

    def test_the_picture_has_no_escapes_without_colour_and_shades_with_it(self):
        name = self.wrong("C1")
        self.assertNotIn("\x1b", self.report(name, "--color", "never"))
        coloured = self.report(name, "--color", "always")
        self.assertIn("\x1b[48;5;", coloured)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
        self.assertEqual(plain, self.report(name, "--color", "never"))

    def test_a_large_tensor_is_drawn_smaller_and_says_so(self):
        run = ("sdpa", "--query", "randn:3x4x60x4", "--key", "randn:3x4x90x4", "--value", "randn:3x4x90x4")
        scores = self.steps(*run)["scores_raw"]
        scores[2, 3, 59, 89] += 1  # one cell, in the last block of the last matrix
        text = self.report(self.save("theirs.npz", scores_raw=scores), "--lang", "en", run=run)
        flat = " ".join(text.split())
        self.assertIn("a mark is the worst cell of a block of 3 × 3", flat)
        self.assertIn("1 of 12 matrices is drawn", flat)
        self.assertIn("batch 2, head 3", text)
        self.assertEqual(sum(line.count("██") for line in self.picture(text)), 1)
        self.assertLessEqual(max(width(line) for line in self.picture(text)), 100)
        self.assertIn("12 个矩阵，只画出", self.report("theirs.npz", "--lang", "zh", run=run))

    def test_only_an_unexplained_step_shows_the_cell_command_and_it_runs(self):
        weights = self.steps(*RUN)["weights"]
        weights[0, 0, 4, 1] += 0.125
        text = self.report(self.save("theirs.npz", weights=weights), "--lang", "en")
        cell = re.search(r"--cell '([^']*)'", text)[1]
        self.assertEqual(cell, "weights[0,0,4,1]")
        self.assertIn("weights", self.succeed(*RUN, "--cell", cell))
        self.assertNotIn("--cell", self.report(self.wrong("C1"), "--lang", "en"))

    def test_the_mean_that_a_module_returns_is_said_to_need_an_option(self):
        steps = self.steps(*RUN)
        name = self.save("theirs.npz", attn_output=steps["output"], attn_output_weights=steps["weights"].mean(1))
        without = " ".join(self.succeed(*RUN, "--verify", name, "--lang", "en").split())
        self.assertIn("attn_output_weights: the mean over the heads", without)
        self.assertIn("--average-weights", without)
        self.assertIn("--average-weights", self.succeed(*RUN, "--verify", name, "--lang", "zh"))
        self.assertIn("weights_averaged", self.succeed(*RUN, "--average-weights", "--verify", name))

    def test_names_and_axes_that_were_translated_are_listed(self):
        steps = self.steps(*RUN)
        name = self.save("theirs.npz", hook_q=steps["q"].transpose(0, 2, 1, 3), mine=np.ones((9, 9)), attn_weights=steps["weights"])
        english = self.succeed(*RUN, "--verify", name, "--lang", "en")
        self.assertIn("hook_q = q (another system's name for it; axes (B, L, H, D) → (B, H, L, D))", english)
        self.assertIn("mine: stands for no step of this run", english)
        chinese = self.succeed(*RUN, "--verify", name, "--lang", "zh")
        self.assertIn("hook_q = q（其他系统里的名字；轴 (B, L, H, D) → (B, H, L, D)）", chinese)
        self.assertIn("mine：不对应这次运行的任何一步", chinese)

    def test_an_array_without_a_name_is_what_its_file_is_called(self):
        self.succeed(*RUN, "-o", "all.npz")
        steps = np.load(self.folder / "all.npz")
        for file, step in (("weights.npy", "weights"), ("scores_scaled.npy", "scores_scaled"), ("y.npy", "output")):
            np.save(self.folder / file, steps[step])
            report = json.loads(self.succeed(*RUN, "--verify", file, "-f", "json"))
            self.assertEqual([s["step"] for s in report["steps"] if s["status"] == "match"], [step])
        np.save(self.folder / "my.weights.npy", steps["weights"])
        self.assertIn("my.weights = weights (by the name of the file)", self.succeed(*RUN, "--verify", "my.weights.npy"))
        self.assertIn("my.weights = weights（按文件名）", self.succeed(*RUN, "--verify", "my.weights.npy", "--lang", "zh"))
        self.assertIn("y = output (an array without a name; --map", self.succeed(*RUN, "--verify", "y.npy"))  # as large as the input
        np.save(self.folder / "mine.npy", steps["weights"])
        self.assertIn("mine: has the shape of scores_raw, scores_scaled,", self.report("mine.npy", "--lang", "en"))
        self.assertIn("mine：形状与 scores_raw，scores_scaled，", self.report("mine.npy", "--lang", "zh"))
        self.succeed(*RUN, "--verify", "mine.npy", "--map", "mine=weights")

    def test_a_tensor_that_was_not_compared_says_why(self):
        self.succeed(*RUN, "-o", "all.npz")
        steps = np.load(self.folder / "all.npz")
        right = steps["output"]
        for name, tensor, words in (("attn_output", right, "attn_output: is another name of output, which another tensor here has"),
                                    ("strange", np.ones(3), "strange: stands for no step of this run"),
                                    ("attn_mask", steps["mask"] == 0, "attn_mask: does not say whether true means"),
                                    ("mask", (steps["mask"] == 0).astype(np.int64), "mask: does not say whether true means"),
                                    ("seen", steps["weights"], "seen: has the shape of scores_raw")):
            self.save("extra.npz", output=right, **{name: tensor})
            text = self.succeed(*RUN, "--verify", "extra.npz", "--lang", "en")
            self.assertIn(words, text)
            self.assertIn("not compared", " ".join(text.split()))
            report = json.loads(self.succeed(*RUN, "--verify", "extra.npz", "-f", "json"))
            self.assertEqual(report["unmatched"], [name])

    def test_rows_below_one_another_as_a_matrix_in_a_csv_are_taken_back(self):
        for step in ("output", "weights"):
            self.succeed(*RUN, "--steps", step, "-f", "csv", "--matrix", "-o", f"{step}.csv")
            self.assertIn("all rows below one another", self.succeed(*RUN, "--verify", f"{step}.csv", "--lang", "en"))

    def test_scores_that_were_masked_in_place_are_those_after_the_mask(self):
        self.succeed(*RUN, "-o", "all.npz")
        steps = np.load(self.folder / "all.npz")
        self.save("annotated.npz", scores=steps["scores_masked"], p_attn=steps["weights"])
        report = json.loads(self.succeed(*RUN, "--verify", "annotated.npz", "-f", "json"))
        self.assertIn({"theirs": "scores", "step": "scores_masked", "by": "alias", "axes": ""}, report["aligned"])

    def test_options_of_the_steps_are_refused_rather_than_left_without_effect(self):
        name = self.wrong("C1")
        for option in (["--steps", "output"], ["--precision", "2"], ["--full"], ["--cell", "weights[0,0,0,0]"], ["--list-steps"], ["--strict"]):
            self.refuse(USAGE, *RUN, "--verify", name, *option, mentions=[option[0], "cannot be combined with --verify"])

    def test_several_submissions_give_a_table_and_the_worst_exit_code(self):
        self.succeed(*RUN, "-o", "right.npz")
        self.wrong("C1", "ana.npz")
        self.wrong("M7", "bo.npz")
        self.save("chen.npz", strange=np.ones(3))
        files = ("right.npz", "ana.npz", "bo.npz", "chen.npz")
        text = self.differ(*RUN, "--verify", *files, "--lang", "en")
        head = [line.split() for line in text.split("\n\n")[0].splitlines()]
        self.assertEqual([row[:2] for row in head[2:]], [["right.npz", "match"], ["ana.npz", "mismatch"], ["bo.npz", "mismatch"], ["chen.npz", "incomparable"]])
        self.assertEqual(head[3][2:], ["scores_scaled", "C1"])
        self.assertEqual(head[4][2:], ["mask", "M7"])
        for name in files:
            self.assertEqual(text.count(f"\n{name}: "), 1)
        rows = list(csv.DictReader(io.StringIO(self.differ(*RUN, "--verify", *files, "-f", "csv", "--lang", "zh"))))
        self.assertEqual([(row["file"], row["verdict"], row["first_divergent_step"], row["diagnosis"]) for row in rows],
                         [("right.npz", "match", "", ""), ("ana.npz", "mismatch", "scores_scaled", "C1"),
                          ("bo.npz", "mismatch", "mask", "M7"), ("chen.npz", "incomparable", "", "")])
        report = json.loads(self.differ(*RUN, "--verify", *files, "-f", "json"))
        self.assertEqual([r["verdict"] for r in report["reports"]], ["match", "mismatch", "mismatch", "incomparable"])
        self.succeed(*RUN, "--verify", "right.npz", "right.npz")
        self.assertEqual(self.run_tool(*RUN, "--verify", "right.npz", "chen.npz").returncode, DIFFERENT)

    def test_markdown_and_latex_reports_have_the_verdict_the_diagnosis_and_a_line_a_step(self):
        name = self.wrong("C1")
        for format, table in (("markdown", "| step |"), ("latex", "tabular")):
            text = self.report(name, "-f", format, "--lang", "en")
            places = [text.index(part) for part in ("wrong.npz: different", "first wrong step: scores", "C1  Scaled by", "explains it", table)]
            self.assertEqual(places, sorted(places), text)
        chinese = self.report(name, "-f", "markdown", "--lang", "zh")
        self.assertTrue(chinese.startswith("# wrong.npz：不一致"), chinese[:80])
        self.assertIn("| 步骤 |", chinese)

    def test_a_csv_report_of_one_file_is_its_table_of_steps(self):
        name = self.wrong("C1")
        self.assertTrue(self.report(name, "-f", "csv", "--lang", "zh").startswith("step,end to end,locally,"))


if __name__ == "__main__":
    unittest.main()
