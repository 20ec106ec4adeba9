"""complexity-compare: every option of every help text has an effect, and the progress bar."""
import os
import pathlib
import pty
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import latex_check  # noqa: E402
import option_effects  # noqa: E402
from complexity_tool import TOOL  # noqa: E402

ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("LANG", "NO_COLOR") and not k.startswith("LC_")}
SUBCOMMANDS = ("table", "sweep", "crossover", "paths", "reconcile")
CLAIM = ("--claimed", "150994944")


def output_rows(subcommand, base):
    return {(subcommand, "--format"): (base, ["csv"]), (subcommand, "--output"): (base, ["new.txt"]),
            (subcommand, "--force"): ([*base, "--output", "old.txt"], []), (subcommand, "--notes"): ([*base, "--no-notes"], []),
            (subcommand, "--no-notes"): (base, []), (subcommand, "--lang"): (base, ["zh"])}


ROWS = {
    **output_rows("table", []), **output_rows("crossover", []), **output_rows("paths", ["--len", "8"]),
    **output_rows("sweep", ["--len", "8,16"]), **output_rows("reconcile", CLAIM),
    ("table", "--len"): ([], ["64"]), ("table", "--d-model"): ([], ["64"]), ("table", "--kernel"): ([], ["5"]), ("table", "--heads"): ([], ["4"]),
    ("table", "--window"): ([], ["4"]), ("table", "--dilation"): ([], ["2"]), ("table", "--memory-len"): ([], ["7"]),
    ("table", "--dtype"): ([], ["float16"]), ("table", "--layers"): ([], ["rnn"]),
    ("sweep", "--len"): ([], ["64:256:x2"]), ("sweep", "--d-model"): ([], ["64"]), ("sweep", "--kernel"): ([], ["5"]),
    ("sweep", "--heads"): ([], ["4"]), ("sweep", "--window"): ([], ["4"]), ("sweep", "--dilation"): (["--quantity", "cache_bytes"], ["2"]),
    ("sweep", "--memory-len"): ([], ["7"]), ("sweep", "--dtype"): (["--quantity", "cache_bytes"], ["float16"]), ("sweep", "--layers"): ([], ["rnn"]),
    ("sweep", "--quantity"): ([], ["parameters"]), ("sweep", "--plot"): (["--len", "8,16"], ["plot.svg"]),
    ("crossover", "--len"): (["-f", "csv"], ["64"]), ("crossover", "--d-model"): ([], ["64"]), ("crossover", "--kernel"): ([], ["5"]),
    ("crossover", "--heads"): ([], ["4"]), ("crossover", "--window"): ([], ["4"]), ("crossover", "--layers"): ([], ["rnn"]),
    ("paths", "--len"): ([], ["9"]), ("paths", "--kernel"): ([], ["5"]), ("paths", "--window"): ([], ["4"]), ("paths", "--dilation"): ([], ["2"]),
    ("paths", "--memory-len"): (["-f", "csv"], ["7"]), ("paths", "--layers"): ([], ["rnn"]), ("paths", "--stack"): ([], ["2"]),
    ("reconcile", "--claimed"): ([], ["5"]), ("reconcile", "--for"): (CLAIM, ["torch"]), ("reconcile", "--limit"): (CLAIM, ["1"]),
    ("reconcile", "--len"): (CLAIM, ["64"]), ("reconcile", "--d-model"): (CLAIM, ["64"]), ("reconcile", "--batch"): (CLAIM, ["2"]),
    ("reconcile", "--heads"): (CLAIM, ["4"]), ("reconcile", "--memory-len"): (CLAIM, ["7"]),
    ("reconcile", "--precision"): (["--claimed", "5"], ["0"]),
}
# The numbers of measure differ from run to run; what its options do is tested by test_complexity.py (structure) and
# tests/unit/cost/test_measure.cpp (rounds and warm-ups), the rest here.
MEASURED = {"--len", "--d-model", "--kernel", "--layers", "--threads", "--repetitions", "--warm-ups", "--max-memory", "--plot", "--format",
            "--output", "--force", "--precision", "--notes", "--no-notes", "--lang"}
TINY = ("--len", "8,16", "--d-model", "4", "--layers", "rnn,convolution", "--threads", "1", "--repetitions", "2", "--warm-ups", "1")


def run(*arguments):
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True, env=ENVIRONMENT, timeout=120, stdin=subprocess.DEVNULL)


class Options(unittest.TestCase):
    def test_every_option_of_every_help_has_an_effect(self):
        option_effects.check(self, TOOL, SUBCOMMANDS, ROWS, ENVIRONMENT, {"old.txt": b"old"})

    def test_the_options_of_measure_are_the_tested_ones(self):
        self.assertEqual(option_effects.options_of(TOOL, "measure", ENVIRONMENT), MEASURED)

    def test_precision_sets_the_digits_of_times_and_exponents(self):
        times = run("measure", *TINY, "--precision", "1").stdout
        exponents = re.findall(r"(-?\d+\.\d+)", times.split("Exponents")[1].split("The machine")[0])
        self.assertTrue(exponents)
        self.assertEqual({len(number.split(".")[1]) for number in exponents}, {1})
        self.assertRegex(run("measure", *TINY, "--precision", "5").stdout, r"\d+\.\d{5} µs")

    def test_whole_numbers_have_no_digits_to_choose(self):
        for subcommand in ("table", "sweep", "crossover", "paths"):
            self.assertEqual(run(subcommand, "--precision", "2").returncode, 2)


class Latex(unittest.TestCase):
    def test_every_subcommand_in_both_languages(self):
        for arguments in (("table",), ("sweep", "--len", "8,16"), ("crossover",), ("paths", "--len", "8"), ("reconcile", *CLAIM), ("measure", *TINY)):
            for language in ("en", "zh"):
                latex_check.check(self, run(*arguments, "-f", "latex", "--lang", language).stdout, (arguments, language))


class ProgressBar(unittest.TestCase):
    def test_a_terminal_shows_a_bar_that_grows_and_is_wiped_away(self):
        master, terminal = pty.openpty()
        with subprocess.Popen([TOOL, "measure", *TINY], stdout=subprocess.PIPE, stderr=terminal, env=ENVIRONMENT) as process:
            os.close(terminal)
            shown = b""
            while True:
                try:
                    part = os.read(master, 4096)
                except OSError:  # the other end is closed
                    break
                if not part:
                    break
                shown += part
            printed = process.stdout.read().decode()
        os.close(master)
        text = shown.decode()
        # Two layers of two lengths: four cases, each warmed up and then timed in two rounds.
        self.assertEqual([int(n) for n in re.findall(r"(\d+)/12 ", text)], list(range(1, 13)))
        bars = [bar.count("#") for bar in re.findall(r"\[([#.]{24})\]", text)]
        self.assertEqual(bars, sorted(bars))
        self.assertEqual((bars[0], bars[-1]), (0, 22))  # 11 of 12 done when the last begins
        self.assertTrue(text.endswith("\r\033[K"))
        self.assertIn("rnn n = 8, d = 4", text)
        self.assertEqual(process.returncode, 0)
        self.assertIn("Exponents", printed)
        self.assertNotIn("\033", printed)

    def test_without_a_terminal_there_is_none(self):
        self.assertEqual(run("measure", *TINY).stderr, "")


if __name__ == "__main__":
    unittest.main()
