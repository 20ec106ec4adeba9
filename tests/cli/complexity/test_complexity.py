"""Every subcommand and option of complexity-compare; expected numbers are computed here, by hand or by
Python's whole numbers."""
import pathlib
import re
import shutil
import tempfile
import unittest

from complexity_tool import DIFFERENT, LIMIT, SYSTEM, USAGE, ComplexityTest


def value(rows, layer, quantity):
    found = [r["value"] for r in rows if r["layer"] == layer and r["quantity"] == quantity]
    assert len(found) == 1, (layer, quantity)
    return int(found[0])


class Table(ComplexityTest):
    def test_sizes(self):
        rows = self.rows("table", "--len", 10, "--d-model", 12, "--kernel", 5, "--heads", 3, "--window", 4, "--memory-len", 7)
        self.assertEqual(value(rows, "convolution", "operations_order"), 5 * 10 * 144)
        self.assertEqual(value(rows, "rnn", "operations_order"), 10 * 144)
        self.assertEqual(value(rows, "self_attention", "operations_order"), 100 * 12)
        self.assertEqual(value(rows, "restricted_attention", "operations_order"), 4 * 10 * 12)
        self.assertEqual(value(rows, "cross_attention", "operations_order"), 10 * 7 * 12)
        self.assertEqual(value(rows, "linear_attention", "operations_order"), 10 * 144 // 3)
        self.assertEqual(value(rows, "self_attention", "multiplications"), 4 * 10 * 144 + 2 * 100 * 12 + 100 * 3)
        self.assertEqual(value(rows, "convolution", "maximum_path"), 3)  # ceil(9 / 4)

    def test_dilation(self):
        default = self.rows("table", "--len", 100, "--kernel", 3)
        self.assertEqual(value(default, "dilated_convolution", "maximum_path"), 5)  # 3^4 < 100 <= 3^5
        two = self.rows("table", "--len", 100, "--kernel", 3, "--dilation", 2)
        self.assertEqual(value(two, "dilated_convolution", "maximum_path"), 6)  # 2·31 < 99 <= 2·63
        gaps = [r for r in self.rows("table", "--dilation", 4) if r["layer"] == "dilated_convolution" and r["quantity"] == "maximum_path"]
        self.assertEqual(gaps[0]["value"], "")

    def test_dtype(self):
        for dtype, size in (("float64", 8), ("float32", 4), ("float16", 2), ("bfloat16", 2), ("int8", 1)):
            rows = self.rows("table", "--len", 10, "--d-model", 16, "--dtype", dtype)
            self.assertEqual(value(rows, "self_attention", "cache_bytes"), 2 * 10 * 16 * size)

    def test_layers(self):
        rows = self.rows("table", "--layers", "rnn,self_attention")
        self.assertEqual([r for r in dict.fromkeys(r["layer"] for r in rows)], ["rnn", "self_attention"])

    def test_numbers_beyond_64_bits_are_exact(self):
        n, d = 9 * 10**12, 10**9
        rows = self.rows("table", "--len", n, "--d-model", d)
        self.assertEqual(value(rows, "self_attention", "core_macs"), 2 * n * n * d)
        self.assertGreater(2 * n * n * d, 2**64)
        data = self.json("table", "--len", n, "--d-model", d, "--layers", "self_attention")
        self.assertIn(str(2 * n * n * d), [row["value"] for row in data["rows"]])

    def test_overflow_is_refused(self):
        self.refuse(LIMIT, "table", "--len", 9 * 10**18, "--d-model", 8 * 10**18, mentions=("128 bits",))

    def test_formats(self):
        text = self.succeed("table", "--lang", "en")
        for cell in ("O(k·n·d²)", "O(n·d²)", "O(n²·d)", "Vaswani et al. 2017, table 1", "parallelism"):
            self.assertIn(cell, text)
        self.assertIn("$O(n^{2} d)$", self.succeed("table", "-f", "latex"))
        self.assertIn("\\begin{tabular}", self.succeed("table", "-f", "latex"))
        self.assertIn("| $O(n^{2} d)$ |", self.succeed("table", "-f", "markdown"))
        data = self.json("table")
        self.assertEqual((data["tool"], data["command"], data["sizes"]["n"]), ("complexity-compare", "table", 128))

    def test_language_and_notes(self):
        self.assertIn("自注意力", self.succeed("table", "--lang", "zh"))
        self.assertIn("Both are right", " ".join(self.succeed("table", "--lang", "en").split()))
        self.assertNotIn("Both are right", " ".join(self.succeed("table", "--lang", "en", "--no-notes").split()))

    def test_refusals(self):
        self.refuse(USAGE, "table", "--heads", 7, mentions=("7 heads", "512"))
        self.refuse(USAGE, "table", "--len", 0, mentions=("--len", "0"))
        self.refuse(USAGE, "table", "--len", "-1", mentions=("--len",))
        self.refuse(USAGE, "table", "--len", "64:128:x2", mentions=("--len",))
        self.refuse(USAGE, "table", "--layers", "rnm", mentions=("did you mean 'rnn'",))
        self.refuse(USAGE, "table", "--layers", "rnn,rnn", mentions=("twice",))
        self.refuse(USAGE, "table", "--dtype", "float8", mentions=("--dtype",))
        self.refuse(USAGE, "table", "-f", "npz", mentions=("npz",))
        self.refuse(USAGE, "tabel", mentions=("did you mean 'table'",))
        self.refuse(USAGE, "table", "--kernal", 3, mentions=("did you mean '--kernel'",))


class Output(ComplexityTest):
    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "table.tex"
            self.succeed("table", "-o", path)
            self.assertIn("tabular", path.read_text())
            self.refuse(USAGE, "table", "-o", path, mentions=("--force",))
            self.succeed("table", "-o", path, "-f", "csv", "--force")
            self.assertTrue(path.read_text().startswith("layer,quantity,"))
        self.refuse(SYSTEM, "table", "-o", "/nonexistent/table.csv")

    def test_help_shows_examples_first(self):
        for command in ("table", "sweep", "crossover", "paths", "measure", "reconcile"):
            text = self.succeed(command, "--help")
            self.assertLess(text.index("Examples:"), text.index("Usage:"))
            self.assertIn(f"complexity-compare {command}", text)
            self.assertNotIn("T is a tensor", text)


class Sweep(ComplexityTest):
    def test_ranges(self):
        rows = self.rows("sweep", "--len", "4:64:x4", "--d-model", "8:24:+8", "--layers", "rnn", "--heads", 1)
        self.assertEqual([(int(r["d"]), int(r["n"])) for r in rows], [(d, n) for d in (8, 16, 24) for n in (4, 16, 64)])
        for r in rows:
            self.assertEqual(int(r["value"]), int(r["n"]) * int(r["d"]) ** 2)
        self.assertEqual([r["k"] for r in self.rows("sweep", "--len", 4, "--kernel", "1,2,9", "--layers", "convolution")], ["1", "2", "9"])

    def test_quantity(self):
        rows = self.rows("sweep", "--len", 10, "--layers", "self_attention", "--quantity", "cache_bytes,parameters", "--d-model", 8)
        self.assertEqual([(r["quantity"], int(r["value"])) for r in rows], [("cache_bytes", 640), ("parameters", 256)])

    def test_plot(self):
        script = self.succeed("sweep", "--len", "64:512:x2", "--layers", "rnn,self_attention", "-f", "gnuplot")
        self.assertIn("set logscale x", script)
        self.assertIn("with lines", script)
        if shutil.which("gnuplot"):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "sweep.svg"
                self.succeed("sweep", "--plot", path)
                self.assertIn("<svg", path.read_text())

    def test_refusals(self):
        for text in ("64:128", "64:128:2", "64:32:x2", "64:128:x1", "0:4:+1", "4,,5", "1:2000:+1", "a"):
            self.refuse(USAGE, "sweep", "--len", text, mentions=("--len",))
        self.refuse(USAGE, "sweep", "--len", "1,2", "--d-model", "8,16", "--kernel", "1,3", mentions=("one or two",))
        self.refuse(USAGE, "sweep", "--quantity", "maks", mentions=("did you mean 'macs'",))


class Crossover(ComplexityTest):
    def find(self, basis, against, *arguments):
        rows = self.rows("crossover", *arguments)
        return next(r for r in rows if (r["basis"], r["against"]) == (basis, against))

    def test_the_tables_rule(self):
        self.assertEqual(self.find("order", "rnn", "--d-model", 64)["condition"], "n < d")
        self.assertEqual(self.find("order", "rnn", "--d-model", 64)["limit"], "64")
        row = self.find("order", "convolution", "--d-model", 64, "--kernel", 5)
        self.assertEqual((row["condition"], row["limit"]), ("n < k·d", "320"))

    def test_with_projections(self):
        self.assertEqual(self.find("projections", "lstm", "--d-model", 64)["limit"], "128")
        self.assertEqual(self.find("projections", "rnn", "--d-model", 64)["holds"], "never")

    def test_at_a_length_and_with_heads(self):
        self.assertEqual(self.find("order", "rnn", "--d-model", 64, "--len", 63)["cheaper_at_n"], "true")
        self.assertEqual(self.find("order", "rnn", "--d-model", 64, "--len", 64)["cheaper_at_n"], "false")
        self.assertEqual(self.find("order", "restricted_attention", "--window", 9)["limit"], "9")
        # 4n + 6h n + … against a GRU: 8·n·d² + 4·n²·d + 6·h·n² < 12·n·d² + 15·n·d at d = 64, h = 4
        row = self.find("everything", "gru", "--d-model", 64, "--heads", 4)
        limit = next(n for n in range(1, 1000) if 8 * n * 64**2 + 4 * n * n * 64 + 24 * n * n >= 12 * n * 64**2 + 15 * n * 64)
        self.assertEqual(int(row["limit"]), limit)


class Paths(ComplexityTest):
    def test_search_and_formula_agree(self):
        for row in self.rows("paths", "--len", "4,9,20", "--kernel", 3, "--window", 5):
            self.assertEqual(row["agree"], "true", row)
            self.assertEqual(row["longest_shortest_path"], row["formula_value"])

    def test_stack(self):
        row, = self.rows("paths", "--stack", 1, "--len", 5, "--kernel", 3, "--layers", "convolution")
        self.assertEqual((row["pairs"], row["connected"], row["longest_shortest_path"]), ("15", "12", "1"))

    def test_dilation_and_memory(self):
        row, = self.rows("paths", "--len", 5, "--kernel", 2, "--dilation", 3, "--layers", "dilated_convolution")
        self.assertEqual(row["longest_shortest_path"], "")
        row, = self.rows("paths", "--len", 5, "--memory-len", 8, "--layers", "cross_attention")
        self.assertEqual(row["pairs"], "40")

    def test_endless_searches_are_refused(self):
        self.refuse(LIMIT, "paths", "--len", 100000, "--layers", "self_attention", mentions=("shorter",))
        self.refuse(LIMIT, "paths", "--len", (1 << 63) - 1, "--layers", "self_attention", mentions=("7.85e+56 edges",))  # n³


class Reconcile(ComplexityTest):
    SIZES = ("--len", 5, "--memory-len", 7, "--d-model", 12, "--heads", 3, "--batch", 2)

    def test_counters(self):
        # Per sample: maps 3456, products 840, scores 105 (see tests/unit/cost/test_reconcile.cpp).
        for counter, claimed, convention in (("torch", 17184, "module+products"), ("fvcore", 8592, "module+products"),
                                             ("ptflops", 9498, "hook+in_bias"), ("calflops", 17394, "module+softmax_numel"),
                                             ("deepspeed", 17394, "module+softmax_numel"), ("thop", 6912, "linear_modules")):
            rows = self.rows("reconcile", "--claimed", claimed, "--for", counter, *self.SIZES)
            self.assertEqual([(r["counter"], r["convention"], r["match"]) for r in rows], [(counter, convention, "true")])

    def test_ties_and_limit(self):
        data = self.json("reconcile", "--claimed", 8592, "--limit", 1000, *self.SIZES)
        self.assertEqual({row["counter"] for row in data["rows"]}, {"", "fvcore", "calflops", "deepspeed"})
        self.assertEqual((data["verdict"], data["matches"]), ("match", len(data["rows"])))
        self.assertEqual(len(self.rows("reconcile", "--claimed", 8592, "--limit", 2, *self.SIZES)), 2)

    def test_rounded(self):
        self.assertEqual(self.rows("reconcile", "--claimed", "17.2K", "--for", "torch", *self.SIZES)[0]["value"], "17184")

    def test_nearest(self):
        rows = self.rows("reconcile", "--claimed", 17200, "--for", "torch", *self.SIZES, code=DIFFERENT)
        self.assertEqual((rows[0]["value"], rows[0]["match"]), ("17184", "false"))
        self.assertAlmostEqual(float(rows[0]["relative_difference"]), 17184 / 17200 - 1)

    def test_refusals(self):
        self.refuse(USAGE, "reconcile", mentions=("--claimed",))
        self.refuse(USAGE, "reconcile", "--claimed", "many", mentions=("many",))
        self.refuse(USAGE, "reconcile", "--claimed", 5, "--for", "tourch", mentions=("did you mean 'torch'",))


class Measure(ComplexityTest):
    TINY = ("--len", "8,16", "--d-model", "4,8", "--repetitions", 3, "--warm-ups", 1)

    def test_every_layer_runs(self):
        layers = "convolution,rnn,gru,lstm,self_attention,linear_attention"
        data = self.json("measure", *self.TINY, "--threads", "1,2", "--layers", layers, "--kernel", 2)
        points = [(r["layer"], r["threads"], r["n"], r["d"]) for r in data["rows"]]
        self.assertEqual(points, [(l, t, n, d) for t in (1, 2) for l in layers.split(",") for n, d in ((8, 4), (16, 4), (8, 8))])
        for row in data["rows"]:
            self.assertEqual(row["samples"], 3)
            self.assertGreater(row["median_seconds"], 0)
            self.assertLessEqual(row["first_quartile"], row["third_quartile"])
        self.assertEqual(data["rows"][0]["flops"], 2 * 2 * 8 * 16)  # kernel 2
        self.assertEqual({fit["verdict"] for fit in data["fits"]}, {"too_small"})
        self.assertGreaterEqual(data["machine"]["cores"], 1)
        self.assertEqual((data["warm_ups"], data["rounds"]), (1, 3))

    def test_text_says_that_the_range_is_too_small(self):
        self.assertIn("no statement", self.succeed("measure", *self.TINY, "--threads", 1, "--layers", "rnn", "--lang", "en"))

    def test_plot_has_points_and_lines(self):
        script = self.succeed("measure", *self.TINY, "--threads", 1, "--layers", "rnn", "-f", "gnuplot")
        self.assertIn("with points", script)
        self.assertIn("with lines", script)

    def test_the_line_of_the_theory_goes_through_the_largest_size(self):
        script = self.succeed("measure", *self.TINY[2:], "--len", "8,32,16", "--threads", 1, "--layers", "rnn", "-f", "gnuplot")
        blocks = re.findall(r"(\$data1_\d) << EOD\n(.*?)EOD\n", script, re.DOTALL)
        points, line = ({float(x): float(y) for x, y in (row.split() for row in text.splitlines())} for _, text in blocks[:2])
        self.assertEqual(line[32], points[32])

    def test_refusals(self):
        self.refuse(USAGE, "measure", "--layers", "cross_attention", mentions=("cross_attention",))
        self.refuse(USAGE, "measure", "--threads", 0, mentions=("--threads",))
        self.refuse(USAGE, "measure", "--repetitions", 0, mentions=("--repetitions",))
        self.refuse(USAGE, "measure", "--warm-ups", "x", mentions=("--warm-ups",))
        self.refuse(USAGE, "measure", "--warm-ups", 0, mentions=("--warm-ups", "1"))  # one run is always made
        self.refuse(LIMIT, "measure", "--len", 100000, "--max-memory", "1MiB", mentions=("--max-memory",))
        self.refuse(USAGE, "measure", "-f", "npz", mentions=("npz",))

    def test_what_cannot_be_written_is_refused_before_it_is_measured(self):
        endless = ("measure", "--len", 64, "--d-model", 64, "--layers", "rnn", "--threads", 1, "--repetitions", 100000, "--warm-ups", 100000)
        with tempfile.TemporaryDirectory() as folder:
            old = pathlib.Path(folder) / "old.csv"
            old.write_text("old")
            self.refuse(USAGE, *endless, "-o", old, mentions=("--force",))
            self.refuse(USAGE, *endless, "-o", "times.xyz", mentions=(".xyz",))
            self.refuse(USAGE, *endless, "--plot", "times.gif", mentions=(".svg",))
            self.refuse(SYSTEM, *endless, "-o", "/nonexistent/times.csv")
            if shutil.which("gnuplot"):
                self.refuse(SYSTEM, *endless, "--plot", "/nonexistent/times.svg")
                (pathlib.Path(folder) / "old.svg").write_text("old")
                self.refuse(USAGE, *endless, "--plot", pathlib.Path(folder) / "old.svg", mentions=("--force",))


if __name__ == "__main__":
    unittest.main()
