"""posenc-dump --verify and --mistake: somebody's tensors held against each subcommand, and the mistake named."""
import json
import unittest

import numpy as np

from posenc_tool import DIFFERENT, DONE, INPUT, REFERENCE, SYSTEM, USAGE, PosencTest, table


def alibi(heads, length, slope=lambda h, n: 2.0 ** (-8 * (h + 1) / n)):
    distance = np.arange(length)[:, None] - np.arange(length)[None, :]
    bias = np.where(distance < 0, -np.inf, -np.array([slope(h, heads) for h in range(heads)])[:, None, None] * distance)
    return bias


class VerifyTest(PosencTest):
    def judge(self, subcommand, tensors, *arguments, code):
        """The JSON report on an npz of these tensors."""
        np.savez(self.folder / "theirs.npz", **tensors)
        return json.loads(self.output(subcommand, *arguments, "--verify", "theirs.npz", "-f", "json", code=code))

    def named(self, subcommand, tensors, *arguments):
        report = self.judge(subcommand, tensors, *arguments, code=DIFFERENT)
        self.assertEqual(report["verdict"], "mismatch")
        return report["first_divergent_step"], [one["id"] for one in report["diagnosis"]]

    def test_pytorchs_tables_match_in_float32(self):
        np.save(self.folder / "d2l.npy", np.load(REFERENCE / "d2l.npy"))
        self.assertIn("match", self.output("sinusoidal", "--verify", "d2l.npy"))
        np.save(self.folder / "embedding.npy", np.load(REFERENCE / "embedding.npy"))
        self.output("learned", "--len", 10, "--d-model", 8, "--seed", 7, "--verify", "embedding.npy")
        self.output("learned", "--len", 10, "--d-model", 8, "--seed", 6, "--verify", "embedding.npy", code=DIFFERENT)

    def test_a_wrong_table_is_named_by_the_hypotheses_of_identify(self):
        p = table(12, 10)
        halves = np.hstack([p[:, 0::2], p[:, 1::2]])
        arguments = ("--len", 12, "--d-model", 10)
        self.assertEqual(self.named("sinusoidal", {"pe": halves}, *arguments), ("pos_encoding", ["E2"]))
        self.assertEqual(self.named("sinusoidal", {"P": table(13, 10)[1:]}, *arguments), ("pos_encoding", ["E7"]))
        self.assertEqual(self.named("sinusoidal", {"pos_encoding": p}, *arguments, "--layout", "concatenated")[1], ["E2"])
        self.assertEqual(self.named("similarity", {"pos_encoding": table(12, 10, 500.0)}, *arguments)[1], ["E6"])
        report = self.judge("sinusoidal", {"pe": table(12, 10, 500.0)}, *arguments, "--base", 300, code=DIFFERENT)
        self.assertIn("500 instead of 300", report["diagnosis"][0]["message"])
        self.judge("sinusoidal", {"pe": table(12, 10, 500.0)}, *arguments, "--base", 500, code=DONE)

    def test_the_sum_shows_what_was_multiplied(self):
        x = np.random.RandomState(3).randn(2, 9, 8)
        self.save(x, "x.npy")
        p = table(9, 8)
        self.judge("sinusoidal", {"x_plus_p": x + p}, "--input", "x.npy", code=DONE)
        self.assertEqual(self.named("sinusoidal", {"x_plus_p": x * np.sqrt(8) + p}, "--input", "x.npy"), ("x_plus_p", ["E10"]))
        report = self.judge("sinusoidal", {"x": x, "pos_encoding": table(9, 8, 99.0), "x_plus_p": x + table(9, 8, 99.0)},
                            "--input", "x.npy", code=DIFFERENT)
        self.assertEqual((report["first_divergent_step"], report["steps"][2]["local"]), ("pos_encoding", "match"))

    def test_frequencies_rotations_and_dot_products(self):
        omega = 10000.0 ** (-np.arange(0, 8, 2) / 8)
        self.judge("frequencies", {"inv_freq": omega}, "--d-model", 8, code=DONE)
        self.assertEqual(self.named("frequencies", {"inv_freq": 500.0 ** (-np.arange(0, 8, 2) / 8)}, "--d-model", 8), ("pair_omega", ["E6"]))
        turned = np.array([[[np.cos(3 * w), np.sin(3 * w)], [-np.sin(3 * w), np.cos(3 * w)]] for w in omega])
        self.judge("rotation", {"R": turned}, "--delta", 3, code=DONE)
        self.assertEqual(self.named("rotation", {"R": turned.transpose(0, 2, 1)}, "--delta", 3), ("pair_rotation", ["R2"]))
        p = table(12, 10)
        self.judge("similarity", {"similarity": p @ p.T}, "--len", 12, "--d-model", 10, code=DONE)

    def test_rotary_tables_and_queries(self):
        angles = np.arange(7.0)[:, None] * 10000.0 ** (-np.arange(4) / 4)
        c, s = np.cos(angles), np.sin(angles)
        x = np.random.RandomState(4).randn(7, 8)
        self.save(x, "q.npy")
        rotated = np.hstack([x[:, :4] * c - x[:, 4:] * s, x[:, :4] * s + x[:, 4:] * c])
        both = {"cos": np.hstack([c, c]), "sin": np.hstack([s, s])}
        self.judge("rope", {**both, "rotated": rotated}, "--input", "q.npy", code=DONE)
        pairs = {"cos": np.repeat(c, 2, 1), "sin": np.repeat(s, 2, 1)}
        self.assertEqual(self.named("rope", pairs, "--len", 7), ("rope_cos", ["R1"]))
        back = np.hstack([x[:, :4] * c + x[:, 4:] * s, -x[:, :4] * s + x[:, 4:] * c])
        self.assertEqual(self.named("rope", {**both, "rotated": back}, "--input", "q.npy"), ("rope_rotated", ["R2"]))
        self.assertEqual(self.named("rope", {"rotated": x}, "--input", "q.npy"), ("rope_rotated", ["R7"]))

    def test_alibi(self):
        self.judge("alibi", {"bias": alibi(8, 9)}, "--len", 9, code=DONE)
        self.assertEqual(self.named("alibi", {"alibi": alibi(8, 9, lambda h, n: 2.0 ** (-8 * h / n))}, "--len", 9),
                         ("alibi_bias", ["AL2", "AL3"]))  # for 8 heads, one head on is a factor of 2: a tie
        slopes = np.array([2.0 ** (-8 * (h + 1) / 6) for h in range(6)])
        self.assertEqual(self.named("alibi", {"slopes": slopes}, "--heads", 6), ("alibi_slopes", ["AL1"]))
        shifted = alibi(8, 9) + np.arange(9)[None, :, None] * np.array([2.0 ** -(h + 1) for h in range(8)])[:, None, None]
        report = self.judge("alibi", {"bias": shifted}, "--len", 9, code=DONE)  # m·j: softmax cancels the difference
        self.assertTrue(report["diagnosis"][0]["equivalent"])

    def test_options_of_verification(self):
        theirs = {"table": table(12, 10), "other": np.zeros((3, 3))}
        arguments = ("--len", 12, "--d-model", 10)
        report = self.judge("sinusoidal", theirs, *arguments, "--map", "table=pos_encoding", code=DONE)
        self.assertEqual((report["aligned"][0]["by"], report["unmatched"]), ("map", ["other"]))
        off = {"pe": table(12, 10) + 1e-9}
        self.judge("sinusoidal", off, *arguments, code=DONE)
        report = self.judge("sinusoidal", off, *arguments, "--rtol", 0, "--atol", "1e-12", code=DIFFERENT)
        self.assertEqual(report["diagnosis"][0]["id"], "T1")
        with_nan = {"bias": np.where(np.isinf(alibi(8, 9)), np.nan, alibi(8, 9))}
        self.judge("alibi", with_nan, "--len", 9, "--equal-nan", code=DIFFERENT)
        self.judge("sinusoidal", {"nothing": np.zeros(3)}, *arguments, code=DIFFERENT)
        self.refuse(USAGE, "sinusoidal", "--rtol", "1e-3", mentions="--atol")
        self.refuse(USAGE, "sinusoidal", "--equal-nan", mentions="--verify")
        self.refuse(USAGE, "sinusoidal", "--verify", "theirs.npz", "--columns", "0:2", mentions="--columns")
        self.refuse(USAGE, "sinusoidal", "--verify", "theirs.npz", "--curves", mentions="--curves")
        self.refuse(USAGE, "learned", "--fit", "--verify", "theirs.npz", mentions="--fit")
        self.refuse(USAGE, "rope", "--verify", "theirs.npz", "--dtype", "float32", mentions="--dtype")
        self.refuse(USAGE, "sinusoidal", "--verify", "theirs.npz", "--map", "absent=pos_encoding", mentions="absent")
        self.refuse(SYSTEM, "sinusoidal", "--verify", "missing.npz", mentions="missing.npz")
        (self.folder / "broken.npz").write_bytes(b"PK\x03\x04 and no more")
        self.refuse(INPUT, "sinusoidal", "--verify", "broken.npz", mentions="broken.npz")

    def test_what_would_have_shown_is_no_blind_spot(self):
        """Angles in half precision are off from row 1 on; rounded positions alone would not have been."""
        self.save(table(60, 32), "right.npy")
        report = json.loads(self.output("sinusoidal", "--verify", "right.npy", "-f", "json"))
        self.assertNotIn("E11", [spot["id"] for spot in report["blind_spots"]])
        self.output("sinusoidal", "--mistake", "E11", "-o", "wrong.npy")
        self.output("sinusoidal", "--verify", "wrong.npy", code=DIFFERENT)

    def test_several_files_in_text_and_in_chinese(self):
        self.save(table(60, 32), "right.npy")
        self.save(table(61, 32)[1:], "wrong.npy")
        text = self.output("sinusoidal", "--verify", "right.npy", "wrong.npy", code=DIFFERENT)
        self.assertIn("E7", text)
        self.assertIn("Positions start at 1", text)
        self.assertIn("位置从 1 开始", self.output("sinusoidal", "--verify", "wrong.npy", "--lang", "zh", code=DIFFERENT))
        report = json.loads(self.output("sinusoidal", "--verify", "right.npy", "wrong.npy", "-f", "json", code=DIFFERENT))
        self.assertEqual([one["verdict"] for one in report["reports"]], ["match", "mismatch"])


class IdentifiedTest(PosencTest):
    """identify X --verify Y: what Y does differently from X, whatever X is."""

    def judge(self, ours, theirs, *arguments, code):
        self.save(ours, "ours.npy")
        self.save(theirs, "theirs.npy")
        return json.loads(self.output("identify", "ours.npy", *arguments, "--verify", "theirs.npy", "-f", "json", code=code))

    def named(self, ours, theirs, *arguments):
        return [one["id"] for one in self.judge(ours, theirs, *arguments, code=DIFFERENT)["diagnosis"]]

    def test_the_same_variant_agrees(self):
        other = table(30, 16, 500.0)
        self.assertEqual(self.judge(other, other.astype(np.float32), code=DONE)["verdict"], "match")
        angles = (np.arange(20)[:, None] + 90000.0) / np.power(10000.0, np.arange(0, 16, 2) / 16)
        late = np.stack([np.sin(angles), np.cos(angles)], -1).reshape(20, 16)
        float32_angles = np.stack([np.sin(angles.astype(np.float32)), np.cos(angles.astype(np.float32))], -1).reshape(20, 16)
        self.judge(late, float32_angles, code=DONE)

    def test_a_difference_is_one_between_the_two_variants(self):
        p = table(12, 10)
        halves = np.hstack([p[:, 0::2], p[:, 1::2]])
        self.assertEqual(self.named(p, halves), ["E2"])
        self.assertEqual(self.named(halves, p), ["E2"])
        # What is unusual is ours: theirs is not told that it is.
        said = self.judge(p, halves, code=DIFFERENT)["diagnosis"][0]["message"]
        self.assertIn("sines were put in the first half", said)
        said = self.judge(halves, p, code=DIFFERENT)["diagnosis"][0]
        self.assertNotIn("sines", said["message"] + said["fix"])
        self.assertIn("the reference is not the usual one", said["message"])
        report = self.judge(table(12, 10, 500.0), p, code=DIFFERENT)
        self.assertEqual(report["first_divergent_step"], "pos_encoding")
        self.assertIn("10000 instead of 500", report["diagnosis"][0]["message"])
        self.assertEqual(self.named(table(12, 10, 500.0), table(13, 10, 500.0)[1:]), ["E7"])
        report = self.judge(table(13, 10)[1:], table(12, 10), code=DIFFERENT)
        self.assertIn("start at 0 instead of 1", report["diagnosis"][0]["message"])
        report = self.judge(table(12, 10), table(89, 10)[77:], code=DIFFERENT)
        self.assertIn("start at 77 instead of 0", report["diagnosis"][0]["message"])

    def test_sums_rotations_and_biases(self):
        x = np.random.RandomState(0).randn(12, 10)
        self.save(x, "x.npy")
        self.assertEqual(self.named(x + table(12, 10), np.sqrt(10) * x + table(12, 10), "--input", "x.npy"), ["E10"])
        for pairing, name in (("half-split", "first.npy"), ("interleaved", "second.npy")):
            self.output("rope", "--input", "x.npy", "--pairing", pairing, "-o", name)
        rotated = [np.load(self.folder / name) for name in ("first.npy", "second.npy")]
        rope = ("--kind", "rope", "--input", "x.npy")
        self.assertEqual(self.named(*rotated, *rope), ["R1"])
        self.judge(rotated[1], rotated[1], *rope, code=DONE)
        paper = alibi(6, 5, lambda h, n: [2.0 ** -2, 2.0 ** -4, 2.0 ** -6, 2.0 ** -8, 2.0 ** -1, 2.0 ** -3][h])
        self.assertEqual(self.named(paper, alibi(6, 5), "--kind", "alibi"), ["AL1"])
        self.judge(alibi(8, 6), alibi(8, 6), "--kind", "alibi", code=DONE)

    def test_a_table_that_nothing_explains_is_still_compared(self):
        learned = np.random.RandomState(0).randn(12, 10)
        self.judge(learned, learned, code=DONE)
        self.assertEqual(self.named(learned, 2 * learned), [])

    def test_words_and_refusals(self):
        self.save(table(12, 10), "ours.npy")
        self.save(table(13, 10)[1:], "theirs.npy")
        self.assertIn("Positions start at 1", self.output("identify", "ours.npy", "--verify", "theirs.npy", code=DIFFERENT))
        self.assertIn("位置从 1 开始", self.output("identify", "ours.npy", "--verify", "theirs.npy", "--lang", "zh", code=DIFFERENT))
        self.refuse(USAGE, "identify", "ours.npy", "--map", "a=pos_encoding", mentions="--verify")
        self.refuse(SYSTEM, "identify", "ours.npy", "--verify", "missing.npy", mentions="missing.npy")


class MistakeTest(PosencTest):
    def test_what_is_made_wrong_is_named(self):
        for identifier in ("E2", "E5", "E6", "E7", "E9", "E11", "E12"):
            self.output("sinusoidal", "--len", 12, "--d-model", 10, "--mistake", identifier, "-o", "wrong.npy", "--force")
            ids = [row["ids"] for row in self.rows("identify", "wrong.npy", code=DIFFERENT)]
            self.assertEqual(ids[0], identifier)
        for identifier in ("R1", "R2", "R3", "R5", "R6"):
            self.save(np.random.RandomState(5).randn(9, 8), "q.npy")
            wrong = self.array("rope", "--input", "q.npy", "--mistake", identifier, name="rope_rotated")
            self.save(wrong, "wrong.npy")
            rows = self.rows("identify", "wrong.npy", "--kind", "rope", "--input", "q.npy", code=DIFFERENT)
            self.assertEqual(rows[0]["ids"], identifier)
        self.save(self.array("alibi", "--mistake", "AL3", "--len", 8), "wrong.npy")
        self.assertEqual(self.rows("identify", "wrong.npy", "--kind", "alibi", code=DIFFERENT)[0]["ids"], "AL3")

    def test_a_wrong_similarity_differs_and_csv_has_the_mistake_too(self):
        right = self.array("similarity", "--len", 9, "--d-model", 8)
        self.assertFalse(np.allclose(right, self.array("similarity", "--len", 9, "--d-model", 8, "--mistake", "E6")))
        lines = self.output("sinusoidal", "--len", 2, "--d-model", 4, "--mistake", "E12", "-f", "csv").splitlines()
        self.assertEqual(lines[1], "0,1,0,1,0")
        report = json.loads(self.output("sinusoidal", "--len", 2, "--d-model", 4, "--mistake", "E12", "-f", "json"))
        self.assertEqual(report["mistakes"], ["E12"])

    def test_refusals(self):
        self.refuse(USAGE, "sinusoidal", "--mistake", "E99", mentions="E99")
        self.refuse(USAGE, "sinusoidal", "--mistake", "E1", mentions="odd")
        self.refuse(USAGE, "rope", "--mistake", "R4", mentions="--rotary-dim")
        self.refuse(USAGE, "alibi", "--mistake", "AL1", "--heads", 8, mentions="power of two")


if __name__ == "__main__":
    unittest.main()
