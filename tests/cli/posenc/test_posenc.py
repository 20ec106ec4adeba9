"""posenc-dump as a process: numbers against NumPy, and every option."""
import io
import json
import os
import signal
import subprocess
import time
import unittest

import numpy as np

from posenc_tool import DIFFERENT, DONE, INPUT, LIMIT, REFERENCE, SYSTEM, TOOL, USAGE, PosencTest, table


class SinusoidalTest(PosencTest):
    def test_the_documents_table(self):
        np.testing.assert_allclose(self.array("sinusoidal", "--len", 1000, "--d-model", 32), table(1000, 32), atol=2e-13)

    def test_pytorchs_own_table(self):
        # Its float32 angles are rounded: off by up to 60 · 2^-24.
        np.testing.assert_allclose(self.array("sinusoidal", "--dtype", "float32"), np.load(REFERENCE / "d2l.npy"), atol=60 * 2.0**-24)

    def test_csv_is_the_bare_matrix_with_its_positions(self):
        lines = self.output("sinusoidal", "--len", 3, "--d-model", 4, "-f", "csv").splitlines()
        self.assertEqual(lines[0], "position,0,1,2,3")
        self.assertEqual(lines[1], "0,0,1,0,1")
        np.testing.assert_allclose([float(x) for x in lines[3].split(",")], [2, *table(3, 4)[2]], atol=1e-15)

    def test_streamed_csv_is_the_array(self):
        for kind in ("float32", "float64"):
            arguments = ("sinusoidal", "--len", 600, "--d-model", 6, "--dtype", kind)
            streamed = np.loadtxt(io.StringIO(self.output(*arguments, "-f", "csv")), delimiter=",", skiprows=1)
            whole = self.array(*arguments)
            self.assertEqual(whole.dtype, kind)
            np.testing.assert_array_equal(streamed[:, 1:].astype(kind), whole)

    def test_a_large_table_is_the_same_text_however_many_processors_make_it(self):
        arguments = ("sinusoidal", "--len", 3000, "--d-model", 64)
        self.output(*arguments, "-o", "many.csv")
        one = {min(os.sched_getaffinity(0))}
        subprocess.run([TOOL, *map(str, arguments), "-o", "one.csv"], cwd=self.folder, check=True, preexec_fn=lambda: os.sched_setaffinity(0, one))
        self.assertEqual((self.folder / "many.csv").read_bytes(), (self.folder / "one.csv").read_bytes())
        read = np.loadtxt(self.folder / "many.csv", delimiter=",", skiprows=1)
        np.testing.assert_array_equal(read[:, 0], np.arange(3000))
        np.testing.assert_array_equal(read[:, 1:], self.array(*arguments))

    def test_a_reader_that_leaves_ends_an_endless_table(self):
        with subprocess.Popen([TOOL, "sinusoidal", "--len", str(10**12), "-f", "csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.assertTrue(process.stdout.readline().startswith(b"position,0,1,"))
            process.stdout.close()
            self.assertEqual((process.stderr.read(), process.wait(timeout=60)), (b"", -signal.SIGPIPE))

    def test_what_the_system_refuses_while_many_threads_write(self):
        endless = ("sinusoidal", "--len", 10**12, "-f", "csv")
        self.refuse(SYSTEM, *endless, "-o", "/dev/full", mentions="/dev/full: No space left on device")
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([TOOL, *map(str, endless)], stdout=writer, stderr=subprocess.PIPE, timeout=60, restore_signals=False,
                              preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))
        os.close(writer)
        self.assertEqual((done.returncode, done.stderr), (SYSTEM, b"posenc-dump: stdout: Broken pipe\n"))

    def test_a_signal_while_many_threads_write_leaves_no_file(self):
        with subprocess.Popen([TOOL, "sinusoidal", "--len", str(10**12), "-o", "out.csv"], cwd=self.folder, stderr=subprocess.PIPE) as process:
            while not any(file.stat().st_size > 0 for file in self.folder.iterdir()):
                time.sleep(0.01)
            process.terminate()
            self.assertEqual((process.stderr.read(), process.wait(timeout=60)), (b"", -signal.SIGTERM))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_options_of_the_table(self):
        plain = table(40, 8)
        np.testing.assert_allclose(self.array("sinusoidal", "--len", 30, "--d-model", 8, "--offset", 10), plain[10:], atol=1e-13)
        np.testing.assert_allclose(self.array("sinusoidal", "--len", 40, "--d-model", 8, "--base", 100), table(40, 8, 100.0), atol=1e-13)
        np.testing.assert_allclose(self.array("sinusoidal", "--len", 40, "--d-model", 8, "--layout", "concatenated"),
                                   np.hstack([plain[:, 0::2], plain[:, 1::2]]), atol=1e-13)
        np.testing.assert_allclose(self.array("sinusoidal", "--len", 40, "--d-model", 8, "--denominator", "d-2")[:, 6],
                                   np.sin(np.arange(40) / 10000.0), atol=1e-15)
        np.testing.assert_allclose(self.array("sinusoidal", "--len", 40, "--d-model", 8, "--columns", "3:5"), plain[:, 3:5], atol=1e-13)
        np.testing.assert_allclose(self.array("sinusoidal", "--len", 40, "--d-model", 8, "--columns", "7,0"), plain[:, [7, 0]], atol=1e-13)

    def test_odd_widths_follow_the_named_policy(self):
        self.refuse(USAGE, "sinusoidal", "--d-model", 5, mentions="--odd")
        self.assertEqual(self.array("sinusoidal", "--len", 3, "--d-model", 5, "--odd", "extra-sin").shape, (3, 5))
        self.assertEqual(self.array("sinusoidal", "--len", 3, "--d-model", 5, "--odd", "drop").shape, (3, 4))

    def test_input_plus_positions(self):
        x = np.arange(48.0).reshape(2, 3, 8)
        np.testing.assert_allclose(self.array("sinusoidal", "--input", self.save(x), name="x_plus_p"), x + table(3, 8), atol=1e-14)
        self.refuse(INPUT, "sinusoidal", "--input", "[1,2]", mentions="(2,)")
        self.refuse(USAGE, "sinusoidal", "--input", "given.npy", "--columns", "0:2", mentions="--columns")
        for picture in (["--heatmap"], ["--curves"], ["--plot", "p.svg"], ["-f", "gnuplot"]):
            self.refuse(USAGE, "sinusoidal", "--input", "given.npy", *picture, mentions="--input")

    def test_csv_counts_positions_in_every_matrix(self):
        self.save(np.zeros((2, 3, 4)))
        lines = self.output("sinusoidal", "--input", "given.npy", "--offset", 5, "-f", "csv").splitlines()
        self.assertEqual(lines[0], "B,position,0,1,2,3")
        self.assertEqual([line.split(",")[:2] for line in lines[1:]], [["0", "5"], ["0", "6"], ["0", "7"], ["1", "5"], ["1", "6"], ["1", "7"]])
        lines = self.output("rope", "--input", "ones:1x2x2x4", "--offset", 7, "-f", "csv").splitlines()
        self.assertEqual(lines[0], "B,H,position,0,1,2,3")
        self.assertEqual([line.split(",")[:3] for line in lines[1:]], [["0", "0", "7"], ["0", "0", "8"], ["0", "1", "7"], ["0", "1", "8"]])

    def test_one_cell_is_written_out(self):
        text = self.output("sinusoidal", "--cell", "p[2,3]")
        self.assertIn("p[2,3] = cos(2 / 10000^(2/32))", text)
        self.assertIn("sin(5 / 10000^(0/32))", self.output("sinusoidal", "--cell", "5,0"))
        self.refuse(USAGE, "sinusoidal", "--cell", "p[60,0]", mentions="60")

    def test_formats(self):
        arguments = ("sinusoidal", "--len", 2, "--d-model", 4)
        report = json.loads(self.output(*arguments, "-f", "json"))
        np.testing.assert_allclose(report["steps"][0]["values"], table(2, 4))
        self.assertEqual(report["layout"], "interleaved")
        self.assertIn("0.8415", self.output(*arguments))
        self.assertIn("bmatrix", self.output(*arguments, "-f", "latex"))
        self.assertIn("|", self.output(*arguments, "-f", "markdown"))
        self.assertIn("位置", self.output(*arguments, "--lang", "zh"))
        self.assertNotIn("shuffle", self.output(*arguments, "--no-notes"))
        self.assertIn("0.84 ", self.output(*arguments, "--precision", 2, "--no-notes"))
        self.output(*arguments, "-o", "t.npy")
        np.testing.assert_allclose(np.load(self.folder / "t.npy"), table(2, 4))
        self.refuse(USAGE, *arguments, "-o", "t.npy", mentions="t.npy")

    def test_its_own_csv_reads_back(self):
        table_of = ["sinusoidal", "--len", 8, "--d-model", 8]
        for arguments in (table_of, ["sinusoidal", "--len", 4, "--columns", "6:10", "--offset", 3]):
            self.output(*arguments, "-o", "own.csv", "--force")
            back = self.array("learned", "--weights", "own.csv", name="pos_encoding")
            np.testing.assert_array_equal(back, self.array(*arguments))
        self.output(*table_of, "-o", "own.csv", "--force")
        self.output(*table_of, "--verify", "own.csv")
        alibi = ["alibi", "--heads", 2, "--len", 3]
        self.output(*alibi, "-o", "own.csv", "--force")
        self.output(*alibi, "--verify", "own.csv")

    def test_what_holds_no_table_is_not_identified(self):
        self.refuse(INPUT, "identify", "--kind", "alibi", self.save(np.zeros((0, 4, 4))), mentions="(0, 4, 4)")
        self.refuse(INPUT, "identify", "3", "--input", "3", mentions="single number")

    def test_refusals(self):
        self.refuse(USAGE, "sinusoidal", "--base", "0.5", mentions="--base")
        self.refuse(USAGE, "sinusoidal", "--layout", "interleavd", mentions="did you mean 'interleaved'")
        self.refuse(USAGE, "sinusoidal", "--colums", "1", mentions="--columns")
        self.refuse(USAGE, "sinusoidal", "--columns", "30:40", mentions="32")
        self.refuse(LIMIT, "sinusoidal", "--len", 10**6, "--d-model", 512, "-f", "npy", "--max-memory", "1MiB", mentions="1.0 MiB")
        self.refuse(USAGE, "sinusodal", mentions="sinusoidal")


class OtherSubcommandsTest(PosencTest):
    def test_binary(self):
        rows = self.rows("binary")
        self.assertEqual([row["binary"] for row in rows], [format(i, "03b") for i in range(8)])
        self.assertEqual(rows[2]["signs"], "+-++++")
        columns = [line for line in self.output("binary", "--layout", "concatenated").splitlines() if "cos(" in line]
        self.assertTrue(columns[0].split()[0] == "3", columns)

    def test_rotation(self):
        rows = self.rows("rotation", "--delta", "-3", "--d-model", 4)
        np.testing.assert_allclose([float(rows[1][key]) for key in ("omega", "cos", "sin")], [0.01, np.cos(0.03), -np.sin(0.03)], rtol=1e-14)
        self.assertLess(max(float(row["largest_error"]) for row in rows), 1e-15)
        self.assertIn("+δ", self.output("rotation"))
        self.refuse(USAGE, "rotation", "--delta", "x", mentions="--delta")
        self.refuse(LIMIT, "rotation", "--offset", 1 << 62, "--delta", 1 << 62, mentions="beyond position 9223372036854775807")

    def test_frequencies(self):
        rows = self.rows("frequencies", "--d-model", 8)
        np.testing.assert_allclose([float(row["omega"]) for row in rows], [1, 0.1, 0.01, 0.001], rtol=1e-15)
        self.assertEqual([row["first_repeat"] for row in rows], ["6", "63", "628", "6283"])

    def test_similarity(self):
        p = table(20, 16)
        np.testing.assert_allclose(self.array("similarity", "--len", 20, "--d-model", 16), p @ p.T, atol=1e-12)
        report = json.loads(self.output("similarity", "--len", 20, "--d-model", 16, "-f", "json"))
        self.assertLess(report["spread_on_diagonals"], 1e-13)

    def test_learned(self):
        # torch 1.13.1: torch.manual_seed(0); torch.nn.Embedding(2, 3).weight
        torch = [[1.5409961, -0.2934289, -2.1787894], [0.5684313, -1.0845224, -1.3985955]]
        np.testing.assert_allclose(self.array("learned", "--len", 2, "--d-model", 3, name="pos_encoding"), torch, atol=1e-7)
        np.testing.assert_array_equal(self.array("learned", "--len", 10, "--d-model", 8, "--seed", 7, name="pos_encoding"), np.load(REFERENCE / "embedding.npy"))
        given = np.arange(6.0).reshape(2, 3)
        np.testing.assert_array_equal(self.array("learned", "--weights", self.save(given), name="pos_encoding"), given)
        self.assertFalse(np.array_equal(self.array("learned", "--len", 2, "--d-model", 3, "--seed", 1, name="pos_encoding"), torch))

    def test_fit_lowers_the_loss(self):
        loss = self.array("learned", "--fit", "--len", 6, "--d-model", 8, "--fit-steps", 50, name="loss")
        self.assertEqual(loss.shape, (51, 2))
        self.assertLess(loss[-1, 0], loss[0, 0] / 2)
        self.assertLess(loss[-1, 1], loss[0, 1])
        slower = self.array("learned", "--fit", "--len", 6, "--d-model", 8, "--fit-steps", 50, "--rate", "0.01", name="loss")
        self.assertGreater(slower[-1, 0], loss[-1, 0])

    def test_rope(self):
        angles = np.arange(5.0)[:, None] * np.array([1, 0.01])
        np.testing.assert_allclose(self.array("rope", "--len", 5, "--head-dim", 4, name="rope_cos"), np.cos(np.hstack([angles, angles])), atol=1e-15)
        x = np.arange(20.0).reshape(5, 4) + 1
        c, s = np.cos(angles), np.sin(angles)
        half = np.hstack([x[:, :2] * c - x[:, 2:] * s, x[:, :2] * s + x[:, 2:] * c])
        np.testing.assert_allclose(self.array("rope", "--input", self.save(x), name="rope_rotated"), half, rtol=1e-13)
        pairs = np.stack([x[:, 0::2] * c - x[:, 1::2] * s, x[:, 0::2] * s + x[:, 1::2] * c], -1).reshape(5, 4)
        np.testing.assert_allclose(self.array("rope", "--input", "given.npy", "--pairing", "interleaved", name="rope_rotated"), pairs, rtol=1e-13)
        partial = self.array("rope", "--input", "given.npy", "--rotary-dim", 2, name="rope_rotated")
        np.testing.assert_array_equal(partial[:, 2:], x[:, 2:])
        self.assertAlmostEqual(self.array("rope", "--len", 2, "--scaling", "linear", "--factor", 4, name="rope_sin")[1, 0], np.sin(0.25))
        self.assertAlmostEqual(self.array("rope", "--len", 2, "--base", 100, "--head-dim", 4, name="rope_sin")[1, 1], np.sin(0.1))
        self.assertAlmostEqual(self.array("rope", "--len", 2, "--offset", 6, name="rope_sin")[1, 0], np.sin(7))
        by_head = self.array("rope", "--len", 2, "--rotary-dim", 4, "--frequencies-of", "head-dim", name="rope_sin")
        self.assertAlmostEqual(by_head[1, 1], np.sin(0.1))
        self.refuse(USAGE, "rope", "--rotary-dim", 3, mentions="3")
        self.refuse(USAGE, "rope", "--factor", 2, mentions="--scaling")

    def test_alibi(self):
        bias = self.array("alibi", "--heads", 2, "--len", 3)
        np.testing.assert_array_equal(bias[0], [[0, -np.inf, -np.inf], [-0.0625, 0, -np.inf], [-0.125, -0.0625, 0]])
        self.assertEqual(self.array("alibi", "--heads", 2, "--len", 3, "--future", "symmetric")[0, 0, 2], -0.125)
        np.testing.assert_array_equal(self.array("alibi", "--heads", 3, "--slopes"), [2.0**-4, 2.0**-8, 2.0**-2])
        self.assertEqual(self.array("alibi", "--query-len", 1, "--key-len", 4).shape, (8, 1, 4))
        self.refuse(USAGE, "alibi", "--query-len", 3, "--key-len", 2, mentions="--key-len")

    def test_precision(self):
        rows = self.rows("precision", "--len", 3000, "--d-model", 4, "--tolerance", "0.01")
        beyond = {row["method"]: row["beyond_tolerance_from"] for row in rows}
        self.assertEqual(beyond["float64"], "")
        self.assertEqual(beyond["float32-angle"], "")
        self.assertNotEqual(beyond["bfloat16-angle"], "")
        self.refuse(USAGE, "precision", "--tolerance", "-1", mentions="--tolerance")


class IdentifyTest(PosencTest):
    def ids(self, values, *arguments, code=DIFFERENT):
        rows = self.rows("identify", self.save(values, "theirs.npy"), *arguments, code=code)
        return [row["ids"] for row in rows if row["status"] in ("explains", "consistent")]

    def test_tables(self):
        plain = table(8, 8)
        self.assertEqual(self.ids(plain, code=DONE), [""])
        self.assertEqual(self.ids(np.hstack([plain[:, 0::2], plain[:, 1::2]])), ["E2"])
        self.assertEqual(self.ids(table(9, 8)[1:]), ["E7"])
        self.assertEqual(self.ids(np.random.RandomState(0).randn(8, 8)), [])

    def test_what_was_added_to_an_input(self):
        x = np.random.RandomState(0).randn(8, 8)
        np.save(self.folder / "x.npy", x)
        self.assertEqual(self.ids(x + table(8, 8), "--input", "x.npy", code=DONE), [""])

    def test_rope_and_alibi(self):
        self.output("rope", "--input", self.save(np.random.RandomState(1).randn(8, 8)), "--pairing", "interleaved", "--dtype", "float64", "-o", "r.npy")
        rows = self.rows("identify", "r.npy", "--kind", "rope", "--input", "given.npy", code=DIFFERENT)
        self.assertEqual(rows[0]["ids"], "R1")
        self.assertEqual(self.ids([2.0**(-8 * (h + 1) / 12) for h in range(12)], "--kind", "alibi"), ["AL1"])
        self.refuse(USAGE, "identify", "r.npy", "--kind", "rope", mentions="--input")
        self.refuse(USAGE, "identify", "r.npy", "--heads", 2, mentions="--heads")
        self.refuse(SYSTEM, "identify", "missing.npy", mentions="missing.npy")


class HelpTest(PosencTest):
    def test_every_subcommand_explains_itself_with_examples_first(self):
        listing = self.output("--help")
        for name in ("sinusoidal", "binary", "rotation", "frequencies", "similarity", "learned", "rope", "alibi", "precision", "identify"):
            self.assertIn(name, listing)
            text = self.output(name, "--help")
            self.assertLess(text.index("Examples:"), text.index("Usage:"))


if __name__ == "__main__":
    unittest.main()
