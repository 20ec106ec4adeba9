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


if __name__ == "__main__":
    unittest.main()
