"""The page of text is as wide as the terminal; what goes into a pipe or a file does not depend on one."""
import fcntl
import os
import pty
import struct
import subprocess
import termios
import unicodedata
import unittest

from tool import SUBCOMMANDS, ToolTest, USAGE, clean_environment, tool_path


def columns_of(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)


class WidthTest(ToolTest):
    def on_a_terminal(self, columns, *arguments, **env):
        """What a run prints on a terminal of so many columns; it must succeed."""
        code, printed, errors = self.run_on_a_terminal(columns, *arguments, **env)
        self.assertEqual((code, errors), (0, b""), arguments)
        return printed.decode().replace("\r\n", "\n")

    def run_on_a_terminal(self, columns, *arguments, **env):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([tool_path(), *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE,
                                   env=clean_environment(**env), cwd=self.folder)
        os.close(slave)
        printed = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not piece:
                break
            printed += piece
        os.close(master)
        errors = process.communicate(timeout=60)[1]
        return process.returncode, printed, errors

    def check_width(self, text, width, message):
        for line in text.splitlines():
            self.assertLessEqual(columns_of(line), width, f"{message}: {line!r}")

    def test_no_line_is_wider_than_the_terminal(self):
        for command in SUBCOMMANDS:
            for language in ("en", "zh"):
                for width in (60, 80, 120):
                    text = self.on_a_terminal(width, command, "--color", "never", "--lang", language)
                    self.check_width(text, width, f"{command} {language} {width}")
                    self.assertIn("═" * width, text)

    def test_no_line_of_a_verification_is_wider_than_the_terminal(self):
        run = ("mha", "--d-model", "12", "--heads", "3", "--len", "40")
        self.succeed(*run, "--mistake", "C1,M7", "--causal", "-o", "wrong.npz")
        self.succeed(*run, "--mistake", "C1", "--steps", "output,weights", "-o", "few.npz")
        for submissions, widths in ((["wrong.npz"], (40, 60, 80, 120)), (["few.npz", "wrong.npz"], (60, 80, 120))):
            for language in ("en", "zh"):
                for width in widths:
                    code, printed, errors = self.run_on_a_terminal(width, *run, "--causal", "--verify", *submissions, "--color", "never", "--lang", language)
                    self.assertEqual((code, errors), (1, b""))
                    text = printed.decode().replace("\r\n", "\n")
                    self.check_width(text, width, f"{submissions} {language} {width}")
                    self.assertIn("scores_scaled", text)

    def test_a_narrow_page_says_which_columns_of_a_verification_it_lacks(self):
        self.succeed("mha", "--mistake", "C1", "-o", "wrong.npz")
        wide = self.differ("mha", "--verify", "wrong.npz", "--width", 120)
        self.assertNotIn("narrow", wide)
        self.assertRegex(wide, r"relative +at +ours +theirs\n")
        narrow = self.differ("mha", "--verify", "wrong.npz", "--width", 70)
        self.assertRegex(" ".join(narrow.split()), r"On a page this narrow without: relative, ours, theirs\.")
        self.assertRegex(narrow, r"step +end to end +locally +differ +largest +at\n")

    def test_a_page_is_neither_too_narrow_nor_too_wide_to_read(self):
        for columns, width in ((10, 40), (300, 160)):
            text = self.on_a_terminal(columns, "dot", "--color", "never")
            self.assertEqual(max(columns_of(line) for line in text.splitlines()), width)
            self.assertIn("═" * width + "\n", text)

    def test_the_size_of_the_terminal_goes_before_the_variable(self):
        self.assertIn("═" * 70 + "\n", self.on_a_terminal(70, "dot", "--no-notes", "--color", "never", COLUMNS="130"))

    def test_a_pipe_has_the_width_of_the_variable_or_a_hundred_columns(self):
        usual = self.succeed("dot")
        self.assertIn("═" * 100 + "\n", usual)
        for nonsense in ("", "0", "-80", "eighty", "80x", "99999999999999999999999"):
            self.assertEqual(self.succeed("dot", env={"COLUMNS": nonsense}), usual, nonsense)
        text = self.succeed("dot", env={"COLUMNS": "80"})
        self.assertIn("═" * 80 + "\n", text)
        self.check_width(text, 80, "COLUMNS=80")

    def test_a_file_does_not_depend_on_the_terminal(self):
        self.succeed("dot", "-o", "a.txt")
        self.on_a_terminal(60, "dot", "-o", "b.txt", COLUMNS="60")
        self.assertEqual((self.folder / "b.txt").read_text(), (self.folder / "a.txt").read_text())

    def test_the_option_goes_before_everything(self):
        text = self.succeed("dot", "--width", 50, env={"COLUMNS": "80"})
        self.assertIn("═" * 50 + "\n", text)
        self.check_width(text, 50, "--width 50")
        self.assertEqual(self.on_a_terminal(80, "dot", "--width", "50", "--color", "never"), text)
        for bad in ("39", "1001", "wide", "-1"):
            self.refuse(USAGE, "dot", f"--width={bad}", mentions=["--width", "from 40 to 1000"])

    def test_the_catalogue_and_the_help_fit_the_terminal(self):
        self.check_width(self.on_a_terminal(60, "mistakes", "--lang", "zh"), 60, "mistakes")
        sentences = self.on_a_terminal(70, "dot", "--help").split("Exit codes")[0].split("Tensors:")[1]
        self.check_width(sentences, 70, "--help")

    def test_bytes_are_not_written_to_a_terminal_unasked(self):
        for name in ("npz", "npy", "safetensors"):
            code, printed, errors = self.run_on_a_terminal(80, "dot", "--steps", "weights", "-f", name)
            self.assertEqual((code, printed), (USAGE, b""), name)
            self.assertIn(f"--format {name}: is not text, and standard output is a terminal", errors.decode())
            code, printed, errors = self.run_on_a_terminal(80, "dot", "--steps", "weights", "-f", name, "-o", "-")
            self.assertEqual((code, errors), (0, b""), name)
            self.assertTrue(printed, name)
            self.on_a_terminal(80, "dot", "--steps", "weights", "-f", name, "-o", f"a.{name}")

    def test_a_dumb_terminal_gets_no_colour(self):
        self.assertIn("\033[", self.on_a_terminal(80, "dot", TERM="xterm"))
        self.assertNotIn("\033[", self.on_a_terminal(80, "dot", TERM="dumb"))


if __name__ == "__main__":
    unittest.main()
