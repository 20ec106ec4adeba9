"""--decimals and --hint with --verify, in every subcommand that has it: tables filled in by hand, rounded, are right
as far as they were written; and a hint says no more than it should. The right tables are NumPy's."""
import json
import unittest

import numpy as np

from posenc_tool import DIFFERENT, DONE, REFERENCE, PosencTest, table

LENGTH, WIDTH, HEADS = 7, 10, 6
OMEGA = 10000.0 ** (-np.arange(0, WIDTH, 2) / WIDTH)
QUERIES = np.random.RandomState(4).randn(LENGTH, WIDTH)


def turned(angle):
    """Rows (cos, sin), (−sin, cos): what takes a pair of the table to the position `angle / omega` further on."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)


def rotary(sign):
    angles = np.arange(LENGTH)[:, None] * OMEGA
    c, s = np.cos(angles), sign * np.sin(angles)
    first, second = QUERIES[:, :WIDTH // 2], QUERIES[:, WIDTH // 2:]
    return np.hstack([first * c - second * s, first * s + second * c])


def slopes(rule):
    return np.array([rule(h) for h in range(HEADS)])


# The paper's rule for 6 heads: those of 4, then every other one of 8.
ALIBI = np.array([2.0 ** -2, 2.0 ** -4, 2.0 ** -6, 2.0 ** -8, 2.0 ** -1, 2.0 ** -3])

# subcommand: (arguments, step, right table, wrong table, the mistake in it)
CASES = {
    "sinusoidal": (("--len", LENGTH, "--d-model", WIDTH), "pos_encoding", table(LENGTH, WIDTH), table(LENGTH, WIDTH, 500.0), "E6"),
    "similarity": (("--len", LENGTH, "--d-model", WIDTH), "pos_encoding", table(LENGTH, WIDTH), table(LENGTH, WIDTH, 500.0), "E6"),
    "frequencies": (("--d-model", WIDTH), "pair_omega", OMEGA, 500.0 ** (-np.arange(0, WIDTH, 2) / WIDTH), "E6"),
    "rotation": (("--delta", 3, "--d-model", WIDTH), "pair_rotation", turned(3 * OMEGA), turned(-3 * OMEGA), "R2"),
    "rope": (("--input", "q.npy"), "rope_rotated", rotary(1), rotary(-1), "R2"),
    "alibi": (("--len", LENGTH, "--heads", HEADS), "alibi_slopes", ALIBI, slopes(lambda h: 2.0 ** (-8 * (h + 1) / HEADS)), "AL1"),
    "identify": (("p.npy",), "pos_encoding", table(LENGTH, WIDTH), table(LENGTH, WIDTH, 500.0), "E6"),
    "learned": (("--len", 10, "--d-model", 8, "--seed", 7), "pos_encoding", np.load(REFERENCE / "embedding.npy"), None, None),
}


class WorksheetTest(PosencTest):
    def setUp(self):
        super().setUp()
        np.save(self.folder / "q.npy", QUERIES)
        np.save(self.folder / "p.npy", table(LENGTH, WIDTH))

    def judge(self, name, values, *options, code):
        arguments, step = CASES[name][:2]
        np.savez(self.folder / "theirs.npz", **{step: values})
        return json.loads(self.output(name, *arguments, "--verify", "theirs.npz", "-f", "json", *options, code=code))

    def test_every_subcommand_with_verify_is_here(self):
        listed = self.output("--help")
        with_verify = {name for name in ("sinusoidal", "binary", "rotation", "frequencies", "similarity", "learned", "rope", "alibi", "precision", "identify")
                       if name in listed and "--verify FILE" in self.output(name, "--help")}
        self.assertEqual(with_verify, set(CASES))

    def test_rounded_tables_are_right_to_their_decimals_and_no_further(self):
        for name, (_, step, right, _, _) in CASES.items():
            with self.subTest(name):
                rounded = np.round(right, 3)
                report = self.judge(name, rounded, "--decimals", 3, code=DONE)
                self.assertEqual(report["verdict"], "match")
                self.assertEqual([one["status"] for one in report["steps"] if one["step"] == step], ["match"])
                self.judge(name, rounded, "--decimals", 2, code=DONE)
                self.judge(name, rounded, "--decimals", 6, code=DIFFERENT)

    def test_a_number_that_was_rounded_wrongly_is_found(self):
        for name, (_, step, right, _, _) in CASES.items():
            with self.subTest(name):
                off = np.round(right, 3)
                at = (-1,) * off.ndim
                off[at] += 0.002
                report = self.judge(name, off, "--decimals", 3, code=DIFFERENT)
                self.assertEqual(report["first_divergent_step"], step)
                [judged] = [one for one in report["steps"] if one["step"] == step]
                self.assertEqual(judged["mismatched"], 1)
                self.assertEqual(judged["at"], [size - 1 for size in right.shape])
                self.assertEqual({one["id"] for one in report["diagnosis"]} & {"T2", "R6", "E11"}, set())

    def test_hints_say_that_where_and_why(self):
        for name, (_, step, _, wrong, mistake) in CASES.items():
            if wrong is None:
                continue
            for rounding in ((), ("--decimals", 6)):
                with self.subTest(name, rounding=rounding):
                    values = np.round(wrong, 6) if rounding else wrong
                    that, where, why = (self.judge(name, values, "--hint", level, *rounding, code=DIFFERENT) for level in (1, 2, 3))
                    self.assertEqual([one["first_divergent_step"] for one in (that, where, why)], [None, step, step])
                    self.assertEqual((that["steps"], that["diagnosis"], where["diagnosis"]), ([], [], []))
                    self.assertEqual([one["id"] for one in why["diagnosis"]], [mistake])
                    for report in (that, where, why):
                        self.assertEqual(report["verdict"], "mismatch")
                        self.assertEqual({judged["ours"] for judged in report["steps"]} - {None}, set())

    def test_no_hint_prints_a_right_number(self):
        for name, (arguments, step, right, _, _) in CASES.items():
            with self.subTest(name):
                off = right.copy()
                at = (-1,) * off.ndim
                off[at] += 4
                np.savez(self.folder / "theirs.npz", **{step: off})
                whole = self.output(name, *arguments, "--verify", "theirs.npz", code=DIFFERENT)
                self.assertIn(f"{right[at]:.4g}"[:4], whole)
                self.assertIn("ours", whole)
                for level in (1, 2, 3):
                    text = self.output(name, *arguments, "--verify", "theirs.npz", "--hint", level, code=DIFFERENT)
                    self.assertNotIn("ours", text)
                    self.assertEqual(step in text, level > 1)


if __name__ == "__main__":
    unittest.main()
