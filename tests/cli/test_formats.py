"""Results out: every format is read by an independent reader, with the same numbers bit for bit."""
import csv
import io
import json
import re
import shutil
import struct
import subprocess
import unittest

import numpy as np

from tool import SUBCOMMANDS, ToolTest, USAGE

# All steps that a run can have, with infinities and NaN among them.
RICH = ["--causal", "--valid-lens", "4,0", "--masked-rows", "nan", "--softcap", "3", "--detail", "--batch", "2"]
CONTROL = re.compile("\x1b\\[[0-9;]*m")


def runs():
    for command in SUBCOMMANDS:
        for dtype in ("float64", "float32"):
            yield [command, *RICH, "--dtype", dtype]


def number(value):
    """A JSON value as a float."""
    return {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}[value] if isinstance(value, str) else float(value)


def nested(values):
    return [nested(v) for v in values] if isinstance(values, list) else number(values)


def from_json(text):
    """{step: array}; refuses the constants that JSON does not have."""
    def refuse(word):
        raise ValueError(f"{word} is not JSON")
    return {s["step"]: np.array(nested(s["values"])).reshape(s["shape"]) for s in json.loads(text, parse_constant=refuse)["steps"]}


def from_csv(text):
    """{step: {(batch, head, row, col): value}} of the tidy form; absent axes are empty."""
    rows = list(csv.reader(io.StringIO(text), strict=True))
    if rows[0] != ["step", "batch", "head", "row", "col", "value"]:
        raise ValueError(f"header {rows[0]}")
    steps = {}
    for row in rows[1:]:
        if len(row) != 6:
            raise ValueError(f"{row}")
        steps.setdefault(row[0], {})[tuple(row[1:5])] = float(row[5])
    return steps


def from_safetensors(content):
    """{step: array}, checked against the published format: aligned, contiguous, in order, nothing left over."""
    length, = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    body, end, arrays = content[8 + length:], 0, {}
    if length % 8:
        raise ValueError(f"the header takes {length} bytes, which leaves the data unaligned")
    for name, entry in header.items():
        begin, stop = entry["data_offsets"]
        if begin != end:
            raise ValueError(f"a hole before {name}")
        kind = {"F64": "<f8", "F32": "<f4"}[entry["dtype"]]
        arrays[name], end = np.frombuffer(body[begin:stop], kind).reshape(entry["shape"]), stop
    if end != len(body):
        raise ValueError("bytes after the last tensor")
    return arrays


class FormatTest(ToolTest):
    def test_json_and_safetensors_hold_the_numbers_of_npz_bit_for_bit(self):
        for run in runs():
            want = self.steps(*run)
            self.run_tool(*run, "-o", "t.safetensors", "--force")
            for have in (from_json(self.succeed(*run, "-f", "json")), from_safetensors((self.folder / "t.safetensors").read_bytes())):
                self.assertEqual(list(have), list(want))
                for name, array in want.items():
                    self.assert_equal(have[name].astype(array.dtype), array, f"{run} {name}")

    def test_tidy_csv_holds_the_numbers_of_npz_bit_for_bit(self):
        for run in runs():
            want = self.steps(*run)
            have = from_csv(self.succeed(*run, "-f", "csv"))
            self.assertEqual(list(have), list(want))
            for name, array in want.items():
                self.assertEqual(len(have[name]), array.size, name)
                rank = array.ndim
                for at, value in np.ndenumerate(array):
                    batch, head = (at[0] if rank > 2 else "", at[1] if rank > 3 else "")
                    row, col = at[-2] if rank > 1 else "", at[-1]
                    found = have[name][tuple(map(str, (batch, head, row, col)))]
                    self.assertTrue(np.array_equal(array.dtype.type(found), value, equal_nan=True), f"{run} {name}{at}")

    def test_npy_holds_one_step(self):
        for dtype in ("float64", "float32"):
            self.succeed("dot", "--steps", "weights", "--dtype", dtype, "-o", f"{dtype}.npy")
            array = np.load(self.folder / f"{dtype}.npy", allow_pickle=False)
            self.assertEqual(array.dtype, dtype)
            self.assert_equal(array, self.step("weights", "dot", "--dtype", dtype))
        self.refuse(USAGE, "dot", "-f", "npy", mentions="--steps")
        self.refuse(USAGE, "dot", "-o", "x.npy", mentions="--steps")
        self.assertFalse((self.folder / "x.npy").exists())

    def test_binary_formats_go_to_standard_output_too(self):
        for name, read in (("npz", lambda b: dict(np.load(io.BytesIO(b)))), ("safetensors", from_safetensors)):
            content = self.run_tool("dot", "-f", name).stdout
            self.assert_equal(read(content)["output"], self.step("output", "dot"))
        array = np.load(io.BytesIO(self.run_tool("dot", "-f", "npy", "--steps", "output").stdout))
        self.assert_equal(array, self.step("output", "dot"))

    def test_the_same_run_gives_the_same_bytes(self):
        for name in ("text", "csv", "json", "npz", "safetensors", "markdown", "latex", "html"):
            self.assertEqual(self.run_tool("mha", "-f", name).stdout, self.run_tool("mha", "-f", name).stdout, name)

    def test_extensions_choose_the_format(self):
        for extension, name in (("txt", "text"), ("csv", "csv"), ("json", "json"), ("npz", "npz"), ("safetensors", "safetensors"),
                                ("md", "markdown"), ("tex", "latex"), ("html", "html"), ("htm", "html")):
            self.succeed("dot", "-o", f"out.{extension}")
            self.assertEqual((self.folder / f"out.{extension}").read_bytes(), self.run_tool("dot", "-f", name).stdout, name)
        self.succeed("dot", "-o", "plain")
        self.assertEqual((self.folder / "plain").read_bytes(), self.run_tool("dot").stdout)
        self.succeed("dot", "-f", "json", "-o", "json.csv")
        self.assertTrue((self.folder / "json.csv").read_text().startswith("{"))
        self.refuse(USAGE, "dot", "-o", "out.xls", mentions=("out.xls", ".xls", "--format"))
        self.assertFalse((self.folder / "out.xls").exists())

    def test_json_describes_the_run(self):
        run = json.loads(self.succeed("mha", "--layout", "d2l", "--seed", 5, "-f", "json"))
        self.assertEqual({key: run[key] for key in ("tool", "command", "dtype", "seed", "layout")},
                         {"tool": "attn-compute", "command": "mha", "dtype": "float64", "seed": 5, "layout": "d2l"})
        self.assertEqual(run["sizes"]["E"], 8)
        self.assertEqual(run["scale"], 0.5)
        for step in run["steps"]:
            self.assertEqual(len(step["axes"]), len(step["shape"]))
            for key in ("step", "symbol", "formula", "values"):
                self.assertIn(key, step)

    def test_a_scale_that_is_not_a_short_number_round_trips(self):
        self.assertEqual(json.loads(self.succeed("sdpa", "--head-dim", 7, "-f", "json"))["scale"], 1 / 7 ** 0.5)

    def test_matrix_stacks_the_leading_axes(self):
        weights = self.step("weights", "mha")
        text = self.succeed("mha", "-f", "csv", "--matrix", "--steps", "weights")
        rows = [[float(x) for x in row] for row in csv.reader(io.StringIO(text))]
        self.assert_equal(rows, weights.reshape(-1, weights.shape[-1]))

    def test_csv_spells_numbers_as_every_reader_can(self):
        cells = [row[5] for row in csv.reader(io.StringIO(self.succeed("mha", *RICH, "-f", "csv")))][1:]
        for cell in cells:
            self.assertRegex(cell, r"\A(-?\d+(\.\d+)?(e[-+]?\d+)?|NaN|-?Infinity)\Z")
        self.assertTrue({"NaN", "-Infinity"} <= set(cells))

    def test_text_formats_are_utf_8_and_end_with_a_line_end(self):
        for name in ("text", "csv", "json", "markdown", "latex", "html"):
            for language in ("en", "zh"):
                text = self.succeed("mha", "-f", name, "--lang", language)
                self.assertTrue(text.endswith("\n"), name)
                self.assertNotIn("\r", text)
                self.assertNotIn("\ufffd", text)

    def test_listed_cells_with_commas_are_quoted(self):
        rows = list(csv.DictReader(io.StringIO(self.succeed("mha", "--list-steps", "-f", "csv")), strict=True))
        self.assertEqual(next(row["axes"] for row in rows if row["step"] == "weights"), "B, H, Lq, Lk")

    def test_tables_are_json_too(self):
        table = json.dumps(json.loads(self.succeed("mha", "--list-steps", "-f", "json")))
        for word in ("weights", "B, H, Lq, Lk", "attention_weights"):
            self.assertIn(word, table)

    def test_markdown_and_latex_hold_the_rounded_numbers(self):
        for name, precision in (("markdown", 4), ("latex", 4), ("markdown", 7), ("latex", 7), ("text", 4)):
            text = self.succeed("dot", "-f", name, "--steps", "weights", "--precision", precision)
            for value in self.step("weights", "dot").flat:
                self.assertIn(f"{value:.{precision}f}", text, name)

    def test_markdown_tables_are_rectangular(self):
        text = self.succeed("mha", "-f", "markdown")
        for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
            self.assertEqual(len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}), 1, block)

    def test_latex_environments_are_balanced(self):
        for command in SUBCOMMANDS:
            text = self.succeed(command, "-f", "latex", *RICH, "--labels")
            stack = []
            for what, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
                if what == "begin":
                    stack.append(name)
                else:
                    self.assertEqual(stack.pop(), name)
            self.assertEqual(stack, [])
            self.assertEqual(text.count("\\["), text.count("\\]"))

    @unittest.skipUnless(shutil.which("pdflatex"), "pdflatex is not installed, so no LaTeX is compiled")
    def test_latex_compiles(self):
        for command in SUBCOMMANDS:
            body = self.succeed(command, "-f", "latex", *RICH, "--labels")
            (self.folder / "t.tex").write_text("\\documentclass{article}\n\\usepackage{amsmath,amssymb}\n\\begin{document}\n" + body +
                                               "\\end{document}\n")
            run = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"], cwd=self.folder,
                                 stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
            self.assertEqual(run.returncode, 0, run.stdout.decode(errors="replace")[-1500:])

    def test_format_options_for_another_format_are_refused(self):
        self.refuse(USAGE, "dot", "-f", "text", "--matrix", mentions="--matrix")
        self.refuse(USAGE, "dot", "-f", "text", "--labels", mentions="--labels")
        for name in ("npz", "npy", "safetensors"):
            self.refuse(USAGE, "dot", "-f", name, "--list-steps", mentions=name)
            self.refuse(USAGE, "dot", "-f", name, "--cell", "weights[0,0,0,0]", mentions=name)
            self.refuse(USAGE, "dot", "-f", name, "--precision", 3, mentions="--precision")


if __name__ == "__main__":
    unittest.main()
