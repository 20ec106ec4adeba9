"""LaTeX output is accepted by plain pdflatex: run when it is installed, and read character by character when not."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOOLS = pathlib.Path(os.environ["ATTN_COMPUTE"]).parent
CHECK = "nn.MultiheadAttention(d_model=10, nhead=4)"
COMMANDS = [
    ["attn-compute", "dot"], ["attn-compute", "mha", "--causal", "--softcap", 3, "--detail"], ["attn-compute", "mistakes"],
    ["attn-compute", "sdpa", "--causal", "--softcap", 3, "--path", "fused", "--detail"],
    ["complexity-compare", "table"], ["complexity-compare", "sweep"], ["complexity-compare", "crossover"],
    ["complexity-compare", "paths"], ["mha-shapes", "trace"], ["mha-shapes", "layouts"], ["mha-shapes", "masks"],
    ["mha-shapes", "check", CHECK, "--input", "5,3"], ["posenc-dump", "sinusoidal"], ["posenc-dump", "binary"],
    ["posenc-dump", "rotation"], ["posenc-dump", "frequencies"], ["posenc-dump", "similarity"], ["posenc-dump", "rope"],
    ["posenc-dump", "alibi"],
]
# What LaTeX's own UTF-8 table knows beside ASCII: dashes and quotes.
ACCEPTED = re.compile("[\\x00-\\x7f\u2013\u2014\u2018\u2019\u201c\u201d]*")


def latex_of(command):
    name, *arguments = command
    done = subprocess.run([TOOLS / name, *map(str, arguments), "-f", "latex", "--lang", "en"], capture_output=True, timeout=60)
    assert done.returncode in (0, 1) and not done.stderr, done.stderr
    return done.stdout.decode()


class LatexTest(unittest.TestCase):
    def test_no_character_is_left_that_pdflatex_does_not_know(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                text = latex_of(command)
                known = ACCEPTED.match(text).end()
                self.assertEqual(text[known:known + 1], "", text[max(0, known - 40):known + 20])

    @unittest.skipUnless(shutil.which("pdflatex"), "pdflatex is not installed; the characters were read instead")
    def test_pdflatex_compiles_it(self):
        for command in COMMANDS:
            with self.subTest(command=command), tempfile.TemporaryDirectory() as folder:
                body = latex_of(command)
                if "\\begin{document}" not in body:
                    body = "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n" + body + "\\end{document}\n"
                pathlib.Path(folder, "a.tex").write_text(body, encoding="utf-8")
                done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"], cwd=folder,
                                      capture_output=True, timeout=120)
                self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace")[-1500:])

    def test_the_packages_are_named_first(self):
        self.assertEqual(latex_of(["attn-compute", "dot"]).splitlines()[0], "% needs \\usepackage{amsmath}")
        chinese = subprocess.run([TOOLS / "attn-compute", "dot", "-f", "latex", "--lang", "zh"], capture_output=True, timeout=60).stdout.decode()
        self.assertEqual(chinese.splitlines()[0], "% needs \\usepackage{amsmath} and \\usepackage{ctex}, compiled with xelatex")
        helped = subprocess.run([TOOLS / "attn-compute", "dot", "--help"], capture_output=True, timeout=60).stdout.decode()
        self.assertIn("amsmath", helped)

    def test_one_number_and_tables_name_the_packages_too(self):
        chinese = "% needs \\usepackage{amsmath} and \\usepackage{ctex}, compiled with xelatex\n"
        for words in (["attn-compute", "dot", "--cell", "weights[0,0,0,1]"], ["attn-compute", "dot", "--list-steps"], ["mha-shapes", "trace"],
                      ["complexity-compare", "table"]):
            done = subprocess.run([TOOLS / words[0], *words[1:], "-f", "latex", "--lang", "zh"], capture_output=True, timeout=60)
            self.assertTrue(done.stdout.decode().startswith(chinese), words)
            self.assertTrue(latex_of(words).startswith("% needs \\usepackage{amsmath}\n"), words)

    def test_quotes_are_those_of_latex(self):
        self.assertIn("``torch''", latex_of(["attn-compute", "mha"]))


if __name__ == "__main__":
    unittest.main()
