"""identify names every mistake of the catalogue from tables of 8 × 8 that NumPy makes, in both languages."""
import json
import unittest

import numpy as np

from posenc_tool import DIFFERENT, PosencTest

LEN = WIDTH = 8
ROOT = np.sqrt(WIDTH)
X = np.random.RandomState(17).randn(LEN, WIDTH)


def half(values):
    return values.astype(np.float16).astype(np.float64)


def sinusoidal(length=LEN, width=WIDTH, first=0, base=10000.0, exponent=lambda c, d: c // 2 * 2 / d, angle=lambda a: a, cosine=lambda c: c % 2 == 1):
    positions = np.arange(first, first + length)
    columns = [angle(positions * base ** -exponent(c, width)) for c in range(width)]
    return np.stack([np.cos(a) if cosine(c) else np.sin(a) for c, a in enumerate(columns)], axis=1)


def rotated(x=X, first=0, sign=1, base=10000.0, part=WIDTH, divisor=None, interleaved=False, angle=lambda a: a):
    angles = angle(sign * (first + np.arange(len(x)))[:, None] * base ** (-2 * np.arange(part // 2) / (divisor or part)))
    a = slice(0, part, 2) if interleaved else slice(0, part // 2)
    b = slice(1, part, 2) if interleaved else slice(part // 2, part)
    y = x.copy()
    y[:, a] = x[:, a] * np.cos(angles) - x[:, b] * np.sin(angles)
    y[:, b] = x[:, a] * np.sin(angles) + x[:, b] * np.cos(angles)
    return y


def normed(x):
    return np.linspace(0.5, 1.5, WIDTH) * x / np.sqrt((x * x).mean(axis=1, keepdims=True))


def alibi(slopes, bias=lambda i, j: j - i):
    i, j = np.mgrid[:LEN, :LEN]
    return np.array(slopes)[:, None, None] * bias(i, j)


P = sinusoidal()
HALVES = np.hstack([P[:, 0::2], P[:, 1::2]])
EIGHT = 2.0 ** -np.arange(1, 9)  # slopes of eight heads

# The mistake, the tensor, and the options with the tensor before it.
PLANTED = {
    "E1": (np.hstack([sinusoidal(width=9)[:, :8], np.zeros((LEN, 1))]), ()),
    "E2": (HALVES, ()),
    "E3": (sinusoidal(exponent=lambda c, d: c // 2 * 2 / (d - 2)), ()),
    "E4": (sinusoidal(exponent=lambda c, d: c // 2 * 4 / d), ()),
    "E5": (sinusoidal(exponent=lambda c, d: c / d), ()),
    "E6": (sinusoidal(base=700.0), ()),
    "E7": (sinusoidal(first=1), ()),
    "E8": (np.repeat(P[:3, None], LEN, axis=1), ()),
    "E9": (np.repeat(P[5:6], LEN, axis=0), ()),
    "E10": (ROOT * X + P, ("--input",)),
    "E11": (sinusoidal(angle=half), ()),
    "E12": (sinusoidal(cosine=lambda c: c % 2 == 0), ()),
    "R1": (rotated(interleaved=True), ("--kind", "rope", "--input")),
    "R2": (rotated(sign=-1), ("--kind", "rope", "--input")),
    "R3": (rotated(base=500000.0), ("--kind", "rope", "--input")),
    "R4": (rotated(part=6, divisor=8), ("--kind", "rope", "--input")),
    "R5": (rotated(first=4), ("--kind", "rope", "--input")),
    "R6": (rotated(angle=half), ("--kind", "rope", "--input")),
    "R7": (normed(rotated()), ("--kind", "rope", "--input")),
    "AL1": (2.0 ** (-8 * np.arange(1, 7) / 6), ("--kind", "alibi")),
    "AL2": (alibi(2.0 ** -np.arange(8)), ("--kind", "alibi")),
    "AL3": (alibi(-EIGHT), ("--kind", "alibi")),
}


class IdentifyEveryMistakeTest(PosencTest):
    def identify(self, tensor, arguments, language):
        np.save(self.folder / "theirs.npy", tensor)
        np.save(self.folder / "x.npy", X)
        before = ["x.npy"] if "--input" in arguments else []
        report = json.loads(self.output("identify", "theirs.npy", *arguments, *before, "--lang", language, "-f", "json", code=DIFFERENT))
        return [row for row in report["rows"] if row["status"] != "cannot_tell"]

    def test_each_is_named_in_both_languages(self):
        self.assertEqual(len(PLANTED), 12 + 7 + 3)
        for identifier, (tensor, arguments) in PLANTED.items():
            with self.subTest(identifier):
                english, chinese = (self.identify(tensor, arguments, language) for language in ("en", "zh"))
                self.assertIn(identifier, english[0]["ids"].split())
                self.assertEqual([row["ids"] for row in english], [row["ids"] for row in chinese])
                self.assertTrue(any("\u4e00" <= c <= "\u9fff" for c in chinese[0]["explanation"]), chinese[0])
                self.assertTrue(english[0]["explanation"].isascii() or "√" in english[0]["explanation"] or "−" in english[0]["explanation"]
                                or "·" in english[0]["explanation"], english[0])

    def test_a_smaller_table_says_what_it_cannot_tell(self):
        np.save(self.folder / "theirs.npy", P[:, :2])
        report = json.loads(self.output("identify", "theirs.npy", "-f", "json"))
        unseen = {row["ids"] for row in report["rows"] if row["status"] == "cannot_tell"}
        self.assertLessEqual({"E2", "E3", "E4", "E6"}, unseen)

    def explain(self, table, *arguments, code=DIFFERENT):
        """(ids, explanation) of every line that explains the table."""
        np.save(self.folder / "theirs.npy", table)
        report = json.loads(self.output("identify", "theirs.npy", *arguments, "-f", "json", code=code))
        self.rounding = report["rounding"]
        self.other = [row for row in report["rows"] if row["status"] not in ("explains", "consistent")]
        return [(row["ids"], row["explanation"]) for row in report["rows"] if row["status"] in ("explains", "consistent")]

    def test_a_type_that_does_not_hold_the_numbers_did_not_round_them(self):
        self.assertEqual(self.explain(P + 1e-3 * X), [])
        self.assertEqual(self.explain(np.round(P, 3), code=0), [("", "the usual encoding")])
        self.assertEqual(self.rounding, "3 decimals")
        self.assertEqual(self.explain(P.astype(np.float16), code=0), [("", "the usual encoding")])
        self.assertEqual(self.rounding, "float16")

    def test_the_course_formula_in_half_precision_is_named(self):
        for length, width in ((8, 8), (16, 16), (300, 64)):
            divisors = np.power(10000, np.arange(0, width, 2) / width).astype(np.float16)
            angles = np.arange(length).astype(np.float16)[:, None] / divisors
            table = np.zeros((length, width), np.float16)
            table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
            self.assertIn("E11", [ids for ids, _ in self.explain(table)], (length, width))

    def test_one_column(self):
        self.assertEqual(self.explain(P[:, :1], code=0), [("", "the usual encoding")])
        self.assertEqual(self.explain(X[:, :1]), [])

    def test_own_combinations_of_mistakes_are_named(self):
        self.output("sinusoidal", "--len", 8, "--d-model", 8, "--mistake", "E5,E6", "-o", "own.npy")
        self.assertEqual([ids for ids, _ in self.explain(np.load(self.folder / "own.npy"))], ["E5 E6"])

    def test_a_base_that_half_precision_blurs_is_about_right(self):
        self.assertIn("base about", self.explain(sinusoidal(base=1234.5).astype(np.float16))[0][1])

    def test_the_norm_before_and_after_is_told_in_half_precision(self):
        for length, width in ((8, 8), (300, 64)):
            x = np.random.RandomState(3).randn(length, width).astype(np.float16).astype(float)
            angles = np.arange(length)[:, None] * 10000.0 ** (-2 * np.arange(width // 2) / width)
            a, b = x[:, :width // 2], x[:, width // 2:]
            y = np.hstack([a * np.cos(angles) - b * np.sin(angles), a * np.sin(angles) + b * np.cos(angles)])
            y *= np.linspace(0.5, 1.5, width) / np.sqrt((y * y).mean(axis=1, keepdims=True))
            np.save(self.folder / "x.npy", x)
            found = self.explain(y.astype(np.float16), "--kind", "rope", "--input", "x.npy")
            self.assertEqual([ids for ids, _ in found], ["R7"], (length, width))
            self.assertEqual(self.rounding, "float16")

    def test_where_nothing_fits_the_nearest_variant_is_shown_or_what_is_missing(self):
        wrong = P.copy()
        wrong[3, 4] += 0.01
        self.assertEqual(self.explain(wrong), [])
        self.assertEqual([row["status"] for row in self.other], ["nearest", "cell"])
        self.assertIn("1 of 64 numbers differs", self.other[0]["explanation"])
        self.assertIn("[3, 4]", self.other[1]["explanation"])
        self.assertEqual(self.explain(0 * P), [])
        self.assertIn("0", self.other[0]["explanation"])
        np.save(self.folder / "x.npy", X)
        self.assertEqual(self.explain(X, "--input", "x.npy"), [])
        self.assertIn("no positions were added", self.other[0]["explanation"])

    def test_a_tensor_of_values_is_as_it_should_be_when_it_is_not_rotated(self):
        np.save(self.folder / "x.npy", X)
        self.assertEqual(self.explain(X, "--kind", "rope", "--role", "value", "--input", "x.npy", code=0), [("", "not rotated, as it should be")])

    def test_an_identifier_stands_once_and_a_generator_is_a_table(self):
        self.assertFalse(self.explain(sinusoidal(exponent=lambda c, d: c // 2 * 4 / d))[0][1].startswith("E4"))
        self.assertIn("nearest", self.output("identify", "randn:8x8", "-f", "json", code=DIFFERENT))


if __name__ == "__main__":
    unittest.main()
