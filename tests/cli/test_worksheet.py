"""A worksheet from print to verdict: steps left blank, filled in by a program in the part of a student, handed
in right, wrong, rounded and incomplete."""
import csv
import io
import json
import re
import unittest

import numpy as np

from tool import DONE, INPUT, ToolTest, USAGE

RUN = ("mha", "--d-model", "4", "--heads", "2", "--input", "randn:1x3x4", "--causal")
BLANK = ("--blank", "scores_raw,weights")
FIELDS = ("step", "batch", "head", "row", "col", "value")


class WorksheetTest(ToolTest):
    def sheet(self, *arguments):
        """The rows of the worksheet as CSV, and those of the complete run."""
        blank = list(csv.DictReader(io.StringIO(self.succeed(*RUN, *BLANK, "-f", "csv", *arguments))))
        right = list(csv.DictReader(io.StringIO(self.succeed(*RUN, "-f", "csv", *arguments))))
        return blank, right

    def filled(self, decimals=2):
        """What a student hands in who knows every answer: empty cells filled, rounded to so many decimals."""
        blank, right = self.sheet()
        for mine, true in zip(blank, right):
            if mine["value"] == "":
                mine["value"] = f"{float(true['value']):.{decimals}f}"
        return blank

    def hand_in(self, rows, name="sheet.csv"):
        with open(self.folder / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return name

    def verdict(self, name, *options):
        """(exit code, report) of a sheet."""
        run = self.run_tool(*RUN, "--verify", name, "-f", "json", *options)
        self.assertEqual(run.stderr, b"")
        return run.returncode, json.loads(run.stdout)

    @staticmethod
    def rows_of(rows, step):
        return [row for row in rows if row["step"] == step]

    # ---- printing

    def test_only_the_blank_steps_are_empty_and_the_rest_is_untouched(self):
        blank, right = self.sheet()
        self.assertEqual(len(blank), len(right))
        for mine, true in zip(blank, right):
            is_blank = mine["step"] in ("scores_raw", "weights")
            self.assertEqual(mine, {**true, "value": "" if is_blank else true["value"]})

    def test_no_format_betrays_a_blank_number(self):
        right = [row["value"] for row in self.sheet()[1] if row["step"] in ("scores_raw", "weights")]
        numbers = {f"{float(value):.4f}" for value in right} - {"0.0000", "1.0000"}
        steps = ("--steps", "scores_raw,weights", "--no-notes")
        for name in ("text", "markdown", "latex"):
            sheet = self.succeed(*RUN, *BLANK, *steps, "-f", name)
            self.assertEqual([n for n in numbers if n in sheet], [], name)
            mark = {"text": "______", "latex": r"\\underline", "markdown": r"\|(?=  \|)"}[name]
            self.assertEqual(len(re.findall(mark, sheet)), 36, name)
        report = json.loads(self.succeed(*RUN, *BLANK, *steps, "-f", "json"))
        flat = str([step["values"] for step in report["steps"]])
        self.assertEqual(flat.count("None"), 36)
        self.assertIsNone(re.search(r"\d", flat))

    def test_a_shown_step_is_not_said_to_equal_a_blank_one(self):
        unscaled = ("dot", "--query", "[[1,0],[0,1]]", "--key", "[[1,2],[3,4]]", "--no-notes")
        self.assertIn("scores_raw", self.succeed(*unscaled, "--steps", "scores_*").split("[2/")[1].split("[3/")[0])
        text = self.succeed(*unscaled, "--steps", "scores_*", "--blank", "scores_raw")
        self.assertIn("3", text.split("[2/")[1])
        self.assertNotIn("equal to scores_raw", text)

    def test_the_sheet_says_what_to_fill_in_and_how_it_is_checked(self):
        for language, word in (("en", "Worksheet: the cells of scores_raw weights"), ("zh", "练习：scores_raw weights 的各格留给你填")):
            text = " ".join(self.succeed(*RUN, *BLANK, "--lang", language).split())
            self.assertIn(word, text)
            self.assertIn("--verify sheet.csv --decimals N", text)

    def test_what_cannot_be_left_blank_is_refused(self):
        self.refuse(USAGE, *RUN, "--blank", "scores", mentions=("--blank", "scores_raw"))
        self.refuse(USAGE, *RUN, "--blank", "weights", "--steps", "q", mentions=("--blank", "weights"))
        self.refuse(USAGE, *RUN, "--blank", "weights", "-f", "npz", mentions=("--blank", "npz"))
        self.refuse(USAGE, *RUN, "--blank", "weights", "--cell", "weights[0,0,0,0]", mentions="--blank")

    # ---- handing in

    def test_a_sheet_filled_in_and_rounded_is_right(self):
        for decimals in (2, 3, 4):
            name = self.hand_in(self.filled(decimals))
            code, report = self.verdict(name, "--decimals", str(decimals), *BLANK)
            self.assertEqual((code, report["verdict"]), (DONE, "match"), decimals)
            self.assertEqual([d for d in report["diagnosis"] if not d["equivalent"]], [])

    def test_rounded_numbers_are_wrong_without_decimals_and_at_more_decimals(self):
        name = self.hand_in(self.filled(2))
        self.assertEqual(self.verdict(name)[0], 1)
        self.assertEqual(self.verdict(name, "--decimals", "3")[0], 1)

    def test_a_half_may_be_rounded_either_way_and_nothing_further(self):
        run = ("dot", "--query", "[[0.5]]", "--key", "[[0.25],[1]]")  # the first raw score is 0.125
        for value, code in (("0.12", 0), ("0.13", 0), ("0.125", 0), ("0.14", 1), ("0.11", 1)):
            (self.folder / "half.csv").write_text(
                f"step,batch,head,row,col,value\nscores_raw,0,0,0,0,{value}\nscores_raw,0,0,0,1,0.5\n")
            done = self.run_tool(*run, "--verify", "half.csv", "--decimals", "2")
            self.assertEqual(done.returncode, code, (value, done.stdout.decode()))

    def test_the_last_decimal_wrong_by_one_is_wrong(self):
        rows = self.filled(2)
        cell = self.rows_of(rows, "scores_raw")[4]
        cell["value"] = f"{float(cell['value']) + 0.01:.2f}"
        code, report = self.verdict(self.hand_in(rows), "--decimals", "2")
        self.assertEqual((code, report["first_divergent_step"]), (1, "scores_raw"))
        step = next(step for step in report["steps"] if step["step"] == "scores_raw")
        self.assertEqual((step["mismatched"], step["total"]), (1, 18))
        self.assertEqual(step["at"], [0, int(cell["head"]), int(cell["row"]), int(cell["col"])])

    def test_a_mistake_in_rounded_numbers_is_named(self):
        wrong = self.steps(*RUN, "--mistake", "C2")
        blank = list(csv.DictReader(io.StringIO(self.succeed(*RUN, "--blank", "scores_scaled,weights", "-f", "csv"))))
        for row in blank:
            if row["value"] == "":
                at = tuple(int(row[axis]) for axis in ("batch", "head", "row", "col"))
                row["value"] = f"{wrong[row['step']][at]:.2f}"
        code, report = self.verdict(self.hand_in(blank), "--decimals", "2")
        self.assertEqual((code, report["first_divergent_step"]), (1, "scores_scaled"))
        self.assertEqual(report["diagnosis"][0]["id"], "C2")

    def test_numbers_carried_on_rounded_are_right(self):
        """Each step rounded to two decimals, and computed from the rounded step before it."""
        steps = self.steps(*RUN)
        raw = steps["scores_raw"].round(1)
        scaled = (raw * steps["scores_scaled"].flat[0] / steps["scores_raw"].flat[0]).round(1)
        lines = ["step,batch,head,row,col,value"]
        for name, tensor in (("scores_raw", raw), ("scores_scaled", scaled)):
            for (b, h, i, j), value in zip(np.ndindex(tensor.shape), tensor.flat):
                lines.append(f"{name},{b},{h},{i},{j},{value:.1f}")
        (self.folder / "carried.csv").write_text("\n".join(lines) + "\n")
        code, report = self.verdict("carried.csv", "--decimals", "1")
        self.assertEqual((code, report["verdict"]), (DONE, "match"))

    # ---- incomplete

    def test_an_empty_sheet_is_not_a_pass(self):
        name = self.hand_in(self.sheet()[0])
        code, report = self.verdict(name)
        self.assertEqual((code, report["verdict"], report["unfilled"]), (1, "incomparable", 36))
        text = self.differ(*RUN, "--verify", name, "--lang", "en")
        self.assertIn("not complete", text)
        self.assertIn("scores_raw (18 of 18), weights (18 of 18)", text)

    def test_a_cell_left_empty_is_counted_and_named_and_the_others_are_judged(self):
        rows = self.filled(2)
        for row in self.rows_of(rows, "weights")[:3]:
            row["value"] = " "
        code, report = self.verdict(self.hand_in(rows), "--decimals", "2")
        self.assertEqual((code, report["verdict"], report["unfilled"]), (1, "incomparable", 3))
        step = next(step for step in report["steps"] if step["step"] == "weights")
        self.assertEqual((step["status"], step["total"], step["unfilled"]), ("match", 15, 3))
        self.assertIn("weights（18 格中的 3 格）", self.differ(*RUN, "--verify", "sheet.csv", "--decimals", "2", "--lang", "zh"))

    def test_wrong_and_incomplete_is_wrong(self):
        rows = self.filled(2)
        self.rows_of(rows, "weights")[0]["value"] = ""
        self.rows_of(rows, "weights")[3]["value"] = "0.9"
        code, report = self.verdict(self.hand_in(rows), "--decimals", "2")
        self.assertEqual((code, report["verdict"], report["first_divergent_step"]), (1, "mismatch", "weights"))
        step = next(step for step in report["steps"] if step["step"] == "weights")
        self.assertEqual((step["mismatched"], step["total"]), (1, 17))

    def test_a_blank_step_that_is_not_handed_in_at_all_is_not_filled_in(self):
        rows = [row for row in self.filled(2) if row["step"] != "weights"]
        name = self.hand_in(rows)
        self.assertEqual(self.verdict(name, "--decimals", "2")[0], DONE)
        code, report = self.verdict(name, "--decimals", "2", *BLANK)
        self.assertEqual((code, report["verdict"], report["unfilled"]), (1, "incomparable", 18))

    def test_json_sheets_are_judged_like_csv(self):
        self.succeed(*RUN, *BLANK, "-o", "sheet.json")
        code, report = self.verdict("sheet.json")
        self.assertEqual((code, report["verdict"], report["unfilled"]), (1, "incomparable", 36))
        sheet = json.loads((self.folder / "sheet.json").read_text())
        right = self.steps(*RUN)
        for step in sheet["steps"]:
            step["values"] = right[step["step"]].round(3).tolist() if step["step"] in ("scores_raw", "weights") else step["values"]
        sheet["steps"][-1]["values"][0][0][0] = None
        (self.folder / "sheet.json").write_text(json.dumps(sheet))
        self.assertEqual(self.verdict("sheet.json", "--decimals", "3")[1]["unfilled"], 1)

    def test_a_damaged_sheet_is_refused_in_one_line(self):
        rows = self.filled(2)
        self.rows_of(rows, "weights")[1]["value"] = "one half"
        self.refuse(INPUT, *RUN, "--verify", self.hand_in(rows), mentions=("sheet.csv", "one half"))
        del rows[30]
        self.hand_in([row for row in rows if row["value"] != "one half"])
        self.refuse(INPUT, *RUN, "--verify", "sheet.csv", mentions="elements are missing")
        self.refuse(INPUT, "dot", "--query", self.hand_in(self.sheet()[0], "blank.csv") + ":weights", "--key", "[[1]]", mentions="an empty cell")

    # ---- hints

    def test_hints_tell_more_from_level_to_level_and_never_our_numbers(self):
        rows = self.filled(4)
        wrong = self.rows_of(rows, "weights")[4]
        right, wrong["value"] = wrong["value"], "0.1234"
        self.hand_in(rows)
        verify = (*RUN, "--verify", "sheet.csv", "--decimals", "4", "--lang", "en")
        first, second, third = (self.differ(*verify, "--hint", level) for level in "123")
        self.assertEqual(first, "sheet.csv: different\n")
        self.assertIn("first wrong step: weights", second)
        self.assertIn("0.1234", second)
        self.assertNotIn("No mistake", second)
        self.assertIn("No mistake of the catalogue explains this step", third)
        for text in (first, second, third):
            self.assertNotIn(right, text)
            self.assertNotIn("ours", text)
        self.assertIn(right, self.differ(*verify))

    def test_hints_hold_for_json_and_tables_and_exit_codes_stay(self):
        self.succeed(*RUN, "--mistake", "C2", "-o", "wrong.npz")
        self.succeed(*RUN, "-o", "right.npz")
        verify = (*RUN, "--verify", "wrong.npz", "-f")
        reports = {level: json.loads(self.differ(*verify, "json", "--hint", level)) for level in "123"}
        self.assertEqual([(r["verdict"], r["hint"]) for r in reports.values()], [("mismatch", n) for n in (1, 2, 3)])
        self.assertEqual((reports["1"]["first_divergent_step"], reports["1"]["steps"], reports["1"]["diagnosis"]), (None, [], []))
        self.assertEqual((reports["2"]["first_divergent_step"], reports["2"]["diagnosis"]), ("scores_scaled", []))
        self.assertEqual([d["id"] for d in reports["3"]["diagnosis"]], ["C2"])
        self.assertEqual(reports["3"]["diagnosis"][0]["fix"], "")
        for step in reports["2"]["steps"] + reports["3"]["steps"]:
            self.assertEqual((step["ours"], step["max_abs"], step["max_rel"]), (None, None, None))
        self.assertEqual(self.differ(*verify, "csv", "--hint", "1"), "file,verdict\nwrong.npz,mismatch\n")
        self.assertNotIn("ours", self.differ(*verify, "csv", "--hint", "2").splitlines()[0])
        self.succeed(*RUN, "--verify", "right.npz", "--hint", "1")

    def test_hints_and_decimals_need_something_to_verify(self):
        self.refuse(USAGE, *RUN, "--hint", "1", mentions=("--hint", "--verify"))
        self.refuse(USAGE, *RUN, "--decimals", "2", mentions=("--decimals", "--verify"))
        self.refuse(USAGE, *RUN, "--verify", "x.npz", "--hint", "4", mentions="--hint")
        self.refuse(USAGE, *RUN, "--verify", "x.npz", "--decimals", "2", "--rtol", "0", "--atol", "1", mentions="--decimals")


if __name__ == "__main__":
    unittest.main()
