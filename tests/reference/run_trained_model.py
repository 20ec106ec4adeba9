"""The trained model of data/ in attn-compute: PyTorch's numbers, and its accuracy on every held-out number.

Usage: run_trained_model.py ATTN_COMPUTE [--live]   with the numbers of the PyTorch that is installed; exit code 77
(skipped) says that there is none
"""
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parents[1] / "data" / "models" / "zh-en-numbers"
sys.path.insert(0, str(FOLDER))
import numerals  # noqa: E402

EXPECTED = HERE / "trained_model"
SKIPPED = 77
TOOL = ""


def run(*arguments, stdin=None):
    done = subprocess.run([TOOL, "transformer", "--model", FOLDER, *arguments], input=stdin, capture_output=True, timeout=110)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class TrainedModel(unittest.TestCase):
    def setUp(self):
        self.case = json.loads((EXPECTED / "case.json").read_text(encoding="utf-8"))
        self.texts = [word for text in self.case["texts"] for word in ("--text", text)]

    def test_the_steps_are_those_of_pytorch(self):
        expected = np.load(EXPECTED / "steps.npz")
        found = np.load(io.BytesIO(run(*self.texts, "-f", "npz")))
        for path in set(expected.files) - {"float32"}:
            with self.subTest(step=path):
                np.testing.assert_allclose(found[path], expected[path], rtol=1e-9, atol=1e-10)

    def test_the_logits_in_float32_are_those_of_pytorch_to_1e_minus_5(self):
        expected = np.load(EXPECTED / "steps.npz")["float32"]
        found = np.load(io.BytesIO(run(*self.texts, "-f", "npz", "--steps", "logits", "--dtype", "float32")))["logits"]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)

    def test_several_texts_are_translated_line_by_line(self):
        self.assertEqual(run(*self.texts).decode().splitlines(), self.case["translations"])

    def test_every_accepted_form_of_every_held_out_number_is_translated_exactly(self):
        pairs = [(text, numerals.english(number)) for number in range(numerals.LIMIT) if numerals.held_out(number)
                 for text in numerals.chinese_forms(number)]
        answers = run("--text-file", "-", stdin="".join(text + "\n" for text, _ in pairs).encode()).decode().splitlines()
        self.assertEqual(len(answers), len(pairs))
        right = sum(answer == wanted for answer, (_, wanted) in zip(answers, pairs))
        recorded = json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))["accuracy"]["held_out_every_form"]
        self.assertEqual((right, len(pairs)), (recorded["right"], recorded["of"]))
        self.assertGreaterEqual(right / len(pairs), 0.99)


def run_live():
    global EXPECTED
    try:
        import make_trained_model
    except ImportError as missing:
        print(f"skipped: {missing}")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        EXPECTED = pathlib.Path(folder) / "trained_model"
        make_trained_model.make(EXPECTED)
        unittest.main()


if __name__ == "__main__":
    TOOL = sys.argv.pop(1)
    if sys.argv[1:] == ["--live"]:
        sys.argv.pop()
        run_live()
    unittest.main()
