"""Pictures of posenc-dump: files drawn by gnuplot, its scripts, drawings on a terminal, and the progress bar."""
import io
import os
import pty
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

import numpy as np

from posenc_tool import DONE, SYSTEM, TOOL, USAGE, PosencTest, table


class PictureTest(PosencTest):
    def drawn(self, script):
        """The numbers of the data blocks."""
        blocks = [part.split("EOD")[0] for part in script.split("<< EOD\n")[1:]]
        return [np.loadtxt(io.StringIO(block), ndmin=2) for block in blocks]

    def test_the_documents_figures_draw_its_numbers(self):
        curves = self.drawn(self.output("sinusoidal", "--columns", "6:10", "-f", "gnuplot"))
        self.assertEqual(len(curves), 4)
        for column, curve in zip(range(6, 10), curves):
            np.testing.assert_array_equal(curve[:, 0], np.arange(60))
            np.testing.assert_allclose(curve[:, 1], table(60, 32)[:, column], atol=1e-14)
        heatmap, = self.drawn(self.output("sinusoidal", "-f", "gnuplot"))
        np.testing.assert_allclose(heatmap, table(60, 32), atol=1e-14)

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_gnuplot_draws_files(self):
        self.assertEqual(self.output("sinusoidal", "--columns", "6:10", "--plot", "a.svg"), "")
        root = xml.etree.ElementTree.parse(self.folder / "a.svg").getroot()
        self.assertTrue(root.tag.endswith("svg"))
        self.assertGreater(len([e for e in root.iter() if e.tag.endswith("path")]), 4)
        for arguments, name, magic in ((("sinusoidal",), "b.png", b"\x89PNG"), (("similarity",), "c.pdf", b"%PDF"),
                                       (("frequencies",), "d.svg", b"<?xml"), (("precision", "--len", 100), "e.svg", b"<?xml"),
                                       (("learned", "--fit", "--fit-steps", 5), "f.svg", b"<?xml")):
            self.output(*arguments, "--plot", name)
            self.assertTrue((self.folder / name).read_bytes().startswith(magic), name)
        self.refuse(USAGE, "sinusoidal", "--plot", "a.svg", mentions="a.svg")
        self.output("sinusoidal", "--plot", "a.svg", "--force")

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_the_printed_script_draws_the_same_picture(self):
        terminal = 'set terminal svg size 800,600 noenhanced background "white"\n'
        for arguments in (("sinusoidal", "--columns", "6:10"), ("sinusoidal",), ("similarity",), ("frequencies",), ("precision", "--len", 100),
                          ("learned", "--fit", "--fit-steps", 5)):
            self.output(*arguments, "--plot", "a.svg", "--force")
            script = terminal + self.output(*arguments, "-f", "gnuplot")
            drawn = subprocess.run(["gnuplot"], input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=True)
            self.assertEqual(drawn.stdout, (self.folder / "a.svg").read_bytes(), arguments)

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_the_lines_of_the_first_figure_are_its_columns(self):
        self.output("sinusoidal", "--columns", "6:10", "--plot", "a.svg")
        root = xml.etree.ElementTree.parse(self.folder / "a.svg").getroot()
        lines = []
        for element in root.iter():
            # A curve is "M x,y L x,y …" after the short line of the legend, in one path.
            for piece in element.get("d", "").split("M"):
                points = re.findall(r"(-?[0-9.]+),(-?[0-9.]+)", piece)
                if len(points) == 60:
                    lines.append(np.array(points, dtype=float))
        self.assertEqual(len(lines), 4)
        values = table(60, 32)
        # One scale for both axes of all curves: pixels = slope · number + shift.
        for axis, numbers in ((0, [np.arange(60.0)] * 4), (1, [values[:, column] for column in range(6, 10)])):
            pixels, numbers = np.concatenate([line[:, axis] for line in lines]), np.concatenate(numbers)
            slope, shift = np.polyfit(numbers, pixels, 1)
            self.assertLess(np.abs(slope * numbers + shift - pixels).max(), 0.1)
        text = "".join(root.itertext())
        for word in ("position", "value", "column 6", "column 9", "d = 32"):
            self.assertIn(word, text)

    def test_words_in_pictures_follow_the_language(self):
        for arguments in (("sinusoidal", "--columns", "6:10"), ("sinusoidal",), ("similarity",), ("frequencies",), ("precision", "--len", 100),
                          ("learned", "--fit", "--fit-steps", 5)):
            script = self.output(*arguments, "-f", "gnuplot", "--lang", "zh")
            for line in script.splitlines():
                if line.startswith(("set title", "set xlabel", "set ylabel")):
                    self.assertTrue(any("\u4e00" <= c <= "\u9fff" for c in line), line)

    def test_refusals(self):
        self.refuse(USAGE, "sinusoidal", "--plot", "a.gif", mentions=".svg, .png or .pdf")
        self.refuse(USAGE, "sinusoidal", "--plot", "a.svg", "-f", "gnuplot", mentions="--plot")
        self.refuse(SYSTEM, "sinusoidal", "--plot", "a.svg", path=str(self.folder), mentions="apt install")

    def test_terminal_drawings(self):
        self.assertIn("█", self.output("similarity", "--heatmap"))
        for arguments in (("sinusoidal", "--columns", "6:8"), ("similarity",), ("frequencies",), ("precision", "--len", 100),
                          ("learned", "--fit", "--fit-steps", 5)):
            plain = self.output(*arguments)
            drawn = self.output(*arguments, "--curves")
            self.assertFalse(any("\u2800" < c <= "\u28ff" for c in plain), arguments)
            self.assertTrue(any("\u2800" < c <= "\u28ff" for c in drawn), arguments)
        self.assertIn("\x1b[", self.output("frequencies", "--curves", "--color", "always"))
        self.assertNotIn("\x1b[", self.output("frequencies", "--curves", "--color", "never"))


class ProgressTest(PosencTest):
    ARGUMENTS = [TOOL, "learned", "--fit", "--len", "6", "--d-model", "8", "--fit-steps", "200", "-f", "csv"]

    def test_a_bar_on_a_terminal(self):
        ours, theirs = pty.openpty()
        with subprocess.Popen(self.ARGUMENTS, stdout=subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL) as process:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # the other side is closed
                    part = b""
                if not part:
                    break
                shown += part
            result = process.stdout.read()
        os.close(ours)
        self.assertEqual(process.returncode, DONE)
        self.assertTrue(result.startswith(b"position,"))
        bars = re.findall(rb"\[(#*)\.*\] (\d+)/400", shown)  # the learned table, then the one beside it
        self.assertGreater(len(bars), 20)
        self.assertEqual([int(step) for _, step in bars], sorted(int(step) for _, step in bars))
        self.assertEqual([len(bar) for bar, _ in bars], sorted(len(bar) for bar, _ in bars))
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-80:])  # wiped at the end

    def test_what_cannot_be_written_is_refused_before_the_training(self):
        endless = ("learned", "--fit", "--fit-steps", 1000000, "--len", 64, "--d-model", 64)
        self.refuse(USAGE, *endless, "--plot", "p.gif", mentions=".svg")
        self.refuse(USAGE, *endless, "-o", "p.xyz", mentions=".xyz")
        self.refuse(SYSTEM, *endless, "-o", "no/such/folder.csv")
        (self.folder / "old.csv").write_text("old")
        self.refuse(USAGE, *endless, "-o", "old.csv", mentions="--force")

    def test_none_without_a_terminal(self):
        done = subprocess.run(self.ARGUMENTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=True)
        self.assertEqual(done.stderr, b"")


if __name__ == "__main__":
    unittest.main()
