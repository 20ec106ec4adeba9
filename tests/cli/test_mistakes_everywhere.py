"""Every mistake of the catalogue that is about attention, in every subcommand: made, or refused with the reason."""
import json

import numpy as np

import tool

# As much as each subcommand can have at once, so that a mistake finds what it is about.
PLAIN = {
    "dot": ["dot", "--query", "randn:2x5x4", "--key", "randn:2x5x4", "--wq", "randn:4x4", "--wk", "randn:4x4", "--wv", "randn:4x4"],
    "sdpa": ["sdpa", "--query", "randn:3x6x5x4", "--key", "randn:3x2x5x4", "--value", "randn:3x2x5x4"],
    "self": ["self", "--input", "randn:2x5x6"],
    "cross": ["cross", "--input", "randn:2x5x6", "--memory", "randn:2x5x6"],
    "mha": ["mha", "--heads", "3", "--input", "randn:2x5x6", "--bias"],
}
MASKED = ["--causal", "--window", "2,1", "--mask", "[[true,true,false,true,true]]"]
LENS = {"dot": "3,5", "sdpa": "3,5,4", "self": "3,5", "cross": "3,5", "mha": "3,5"}
# Ids that need more: what to add, or what else to run.
EXTRA = {"X1": ["--softcap", "2"], "X2": ["--softcap", "2"], "W3": ["--scale", "3000"], "C7": ["--scale", "0.3"],
         "M11": ["--valid-lens", "EMPTY"], "M10": ["--valid-lens", "EMPTY"], "M14": ["--mask-fill", "-100"]}
# What no attention run can be wrong in.
NEVER = {"S1", "S2"}
# About several heads, groups of heads, or maps.
NEEDS_HEADS = {"H1", "H3", "H4", "H5", "W5", "M12"}
ONLY_GROUPED = {"G1", "G2"}
ONLY_MAPPED = {"P1", "P2", "P4", "P9"}


class MistakesEverywhereTest(tool.ToolTest):
    def ids(self):
        run = self.run_tool("mistakes", "-f", "json")
        self.assertEqual(run.returncode, 0, run.stderr)
        listed = json.loads(run.stdout)
        rows = listed["rows"] if isinstance(listed, dict) and "rows" in listed else listed if isinstance(listed, list) else listed["mistakes"]
        return [row["id"] for row in rows]

    def arguments(self, name, mistake):
        words = list(PLAIN[name])
        extra = EXTRA.get(mistake, [])
        if mistake not in ("G2", "W7"):
            words += MASKED
            lens = "0," + LENS[name].split(",", 1)[1] if "EMPTY" in extra else LENS[name]
            words += ["--valid-lens", lens]
        return words + [word for word in extra if word not in ("--valid-lens", "EMPTY")]

    def outcome(self, name, mistake):
        run = self.run_tool(*self.arguments(name, mistake), "--mistake", mistake, "-o", "wrong.npz", "--force")
        if run.returncode == tool.DONE:
            return None
        self.assertEqual(run.returncode, tool.USAGE, (name, mistake, run.stderr))
        message = self.check_refusal(run, tool.USAGE, mistake, ("--mistake",))
        self.assertIn(mistake, message)
        return message

    def test_every_attention_id_is_made_somewhere_and_refused_clearly_elsewhere(self):
        about_attention = [i for i in self.ids() if i[0] in "SPHGCMWXT"]
        self.assertGreater(len(about_attention), 45)
        for mistake in about_attention:
            made = [name for name in PLAIN if self.outcome(name, mistake) is None]
            with self.subTest(mistake=mistake):
                if mistake in NEVER:
                    self.assertEqual(made, [])
                elif mistake in ONLY_GROUPED:
                    self.assertEqual(made, ["sdpa"])
                elif mistake in NEEDS_HEADS:
                    self.assertIn("mha", made)
                    self.assertNotIn("self", made)
                elif mistake in ONLY_MAPPED:
                    self.assertEqual(set(made) & {"self", "cross", "mha"}, {"self", "cross", "mha"})
                    self.assertNotIn("sdpa", made)
                elif mistake[0] in "CMWX" or mistake in ("P5", "P7", "T1", "T2", "T3", "S5"):
                    self.assertEqual(set(made), set(PLAIN))

    def test_an_id_about_something_else_says_what(self):
        for mistake, word in (("E4", "positions"), ("R1", "positions"), ("AL2", "positions"), ("S1", "shapes"), ("Z9", "Z9")):
            message = self.outcome("sdpa", mistake)
            self.assertIn(word, message)

    def test_a_mistake_changes_what_it_is_about(self):
        self.run_tool(*PLAIN["sdpa"], "-o", "right.npz")
        self.run_tool(*PLAIN["sdpa"], "--mistake", "C2", "-o", "wrong.npz")
        right, wrong = np.load(self.folder / "right.npz"), np.load(self.folder / "wrong.npz")
        np.testing.assert_allclose(wrong["scores_scaled"], right["scores_raw"])
        np.testing.assert_array_equal(wrong["q"], right["q"])


if __name__ == "__main__":
    tool.unittest.main()
