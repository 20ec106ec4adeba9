"""Every option of every subcommand changes what is printed; an option of the help text without a row here fails."""
import json
import re
import subprocess
import unittest

import numpy as np

from posenc_tool import TOOL, PosencTest, table

TABLE = {"--base": ["--base", 300], "--denominator": ["--denominator", "d-2"], "--odd": (["--d-model", 7, "--odd", "drop"], ["--d-model", 7, "--odd", "extra-sin"]),
         "--len": ["--len", 9], "--d-model": ["--d-model", 10], "--offset": ["--offset", 5], "--layout": ["--layout", "concatenated"]}
COMMON = {"--precision": ["--precision", 2], "--no-notes": ["--no-notes"], "--notes": (["--no-notes"], ["--no-notes", "--notes"]), "--lang": ["--lang", "zh"], "--width": ["--width", 50]}
PICTURES = {"--curves": ["--curves"], "--heatmap": ["--heatmap"]}

# Subcommand: arguments of every run; option: what is added, or the two runs that must differ.
ROWS = {
    "sinusoidal": ([], {**TABLE, **COMMON, **PICTURES, "--columns": ["--columns", "3:5"], "--cell": ["--cell", "p[1,1]"], "--mistake": ["--mistake", "E12"],
                        "--input": ["--input", "x.npy"], "--seed": (["--input", "randn:3x4"], ["--input", "randn:3x4", "--seed", 1]),
                        "--dtype": (["-f", "json"], ["-f", "json", "--dtype", "float32"]), "--full": ["--full"],
                        "--color": ["--color", "always"]}),
    "binary": ([], {**TABLE, **COMMON}),
    # the last sine of an odd width has no rotation: the two policies differ from the refusal only
    "rotation": ([], {**TABLE, **COMMON, "--odd": (["--d-model", 7], ["--d-model", 7, "--odd", "drop"]), "--delta": ["--delta", 4]}),
    "frequencies": ([], {**TABLE, **COMMON, **PICTURES, "--color": (["--curves"], ["--curves", "--color", "always"])}),
    "similarity": ([], {**TABLE, **COMMON, **PICTURES, "--mistake": ["--mistake", "E6"], "--full": ["--full"], "--color": ["--color", "always"],
                        "--dtype": (["-f", "json"], ["-f", "json", "--dtype", "float32"]),
                        # the same dot products: which table they are of shows where one is judged
                        "--offset": (["-f", "json"], ["-f", "json", "--offset", 5]), "--layout": (["--verify", "p.npz"], ["--verify", "p.npz", "--layout", "concatenated"])}),
    "learned": ([], {**COMMON, **PICTURES, "--len": ["--len", 5], "--d-model": ["--d-model", 6], "--weights": ["--weights", "x.npy"], "--fit": ["--fit", "--fit-steps", 3],
                     "--fit-steps": (["--fit", "--fit-steps", 3], ["--fit", "--fit-steps", 4]), "--rate": (["--fit", "--fit-steps", 3], ["--fit", "--fit-steps", 3, "--rate", 2]),
                     "--seed": ["--seed", 3], "--full": ["--full"], "--color": ["--color", "always"],
                     "--dtype": (["-f", "json"], ["-f", "json", "--dtype", "float32"])}),
    "rope": ([], {**COMMON, "--input": ["--input", "x.npy"], "--len": ["--len", 5], "--head-dim": ["--head-dim", 6], "--rotary-dim": ["--rotary-dim", 4],
                  "--base": ["--base", 300], "--factor": (["--scaling", "linear", "--factor", 2], ["--scaling", "linear", "--factor", 3]),
                  "--scaling": (["--scaling", "linear", "--factor", 2], ["--scaling", "ntk", "--factor", 2]), "--pairing": ["--pairing", "interleaved"],
                  "--frequencies-of": (["--rotary-dim", 4], ["--rotary-dim", 4, "--frequencies-of", "head-dim"]), "--offset": ["--offset", 3],
                  "--seed": (["--input", "randn:3x4"], ["--input", "randn:3x4", "--seed", 1]), "--mistake": ["--mistake", "R3"], "--full": (["--len", 99], ["--len", 99, "--full"]),
                  "--color": ["--color", "always"], "--dtype": (["-f", "json"], ["-f", "json", "--dtype", "float32"])}),
    "alibi": ([], {**COMMON, "--heads": ["--heads", 6], "--len": ["--len", 3], "--query-len": ["--query-len", 2], "--key-len": ["--key-len", 9], "--future": ["--future", "symmetric"],
                   "--slopes": ["--slopes"], "--mistake": ["--mistake", "AL2"], "--full": (["--len", 99], ["--len", 99, "--full"]), "--color": ["--color", "always"],
                   "--dtype": (["-f", "json"], ["-f", "json", "--dtype", "float32"])}),
    "precision": ([], {**TABLE, **COMMON, **PICTURES, "--tolerance": ["--tolerance", "1e-6"], "--color": (["--curves"], ["--curves", "--color", "always"])}),
    "identify": (["p.npy"], {**COMMON, "--precision": (["p32.npy"], ["p32.npy", "--precision", 2]), "--input": ["--input", "x.npy"], "--kind": ["--kind", "rope", "--input", "x.npy"],
                             "--heads": (["x.npy", "--kind", "rope", "--input", "x.npy"], ["x.npy", "--kind", "rope", "--input", "x.npy", "--heads", 2]),
                             "--role": (["x.npy", "--kind", "rope", "--input", "x.npy"], ["x.npy", "--kind", "rope", "--input", "x.npy", "--role", "value"])}),
}
# Tested with files, memory and pictures in the other scripts.
ELSEWHERE = {"--output", "--force", "--format", "--plot", "--verify", "--map", "--decimals", "--hint", "--rtol", "--atol", "--equal-nan", "--max-memory", "--help", "--version"}


class OptionTest(PosencTest):
    def setUp(self):
        super().setUp()
        self.save(np.random.RandomState(0).randn(6, 8), "x.npy")
        self.save(table(6, 8), "p.npy")
        self.save(table(6, 8).astype(np.float32), "p32.npy")
        np.savez(self.folder / "p.npz", pos_encoding=table(60, 32))

    def printed(self, *arguments):
        run = self.run_tool(*arguments)
        self.assertIn(run.returncode, (0, 1, 2), (arguments, run.stderr.decode()))
        return run.stdout.decode() + run.stderr.decode()

    def test_every_option_changes_what_is_printed(self):
        for subcommand, (always, options) in ROWS.items():
            known = set(re.findall(r"^ +(?:-\w, ?)?(--[a-z-]+)", self.printed(subcommand, "--help"), re.MULTILINE))
            for option in sorted(known - ELSEWHERE):
                with self.subTest(subcommand=subcommand, option=option):
                    self.assertIn(option, options)
                    row = options[option]
                    without, with_it = row if isinstance(row, tuple) else ([], row)
                    first = [] if subcommand == "identify" and without and str(without[0]).endswith(".npy") else always
                    self.assertNotEqual(self.printed(subcommand, *first, *without), self.printed(subcommand, *first, *with_it))

    def test_a_worksheet_is_checked_as_it_was_rounded_and_hinted_at(self):
        self.save(np.round(table(60, 32), 3), "rounded.npy")
        self.assertEqual(self.run_tool("sinusoidal", "--verify", "rounded.npy").returncode, 1)
        self.assertEqual(self.run_tool("sinusoidal", "--verify", "rounded.npy", "--decimals", 3).returncode, 0)
        self.assertEqual(self.run_tool("sinusoidal", "--verify", "rounded.npy", "--decimals", 4).returncode, 1)
        self.save(2 * table(60, 32), "wrong.npy")
        hints = [json.loads(self.run_tool("sinusoidal", "--verify", "wrong.npy", "--hint", level, "-f", "json").stdout) for level in "123"]
        self.assertEqual([hint["first_divergent_step"] for hint in hints], [None, "pos_encoding", "pos_encoding"])
        self.assertEqual([len(hint["diagnosis"]) > 0 for hint in hints], [False, False, True])

    def test_memory_is_refused_before_it_is_taken(self):
        for subcommand, arguments in (("sinusoidal", ["--len", 10**6]), ("similarity", ["--len", 10**5]), ("learned", ["--len", 10**5]),
                                      ("rope", ["--len", 10**7]), ("alibi", ["--len", 10**5])):
            self.refuse(5, subcommand, *arguments, "--max-memory", "1MiB", mentions="1.0 MiB")
        self.refuse(5, "sinusoidal", "--d-model", 2000000000, "--max-memory", "1MiB", mentions="2000000000 columns")

    def test_sizes_whose_product_cannot_be_counted_are_refused(self):
        most = 2147483632
        for subcommand in ("binary", "similarity", "learned", "alibi"):
            arguments = ["--heads", most] if subcommand == "alibi" else ["--d-model", most]
            self.refuse(5, subcommand, "--len", 2**33, *arguments, mentions="memory")
        for subcommand in ("frequencies", "rotation", "precision"):
            self.refuse(5, subcommand, "--d-model", 2**62, mentions="columns")

    def test_a_search_through_more_positions_than_it_could_finish_is_refused(self):
        for subcommand in ("rotation", "precision"):
            self.refuse(5, subcommand, "--len", 9223372036854775807, mentions="1000000000")

    def test_every_exit_code_that_can_occur(self):
        (self.folder / "broken.npy").write_bytes(b"\x93NUMPY and no more")
        verifying = [name for name in ROWS if name not in ("binary", "precision")]
        for subcommand in ROWS:
            table_of = ["p.npy"] if subcommand == "identify" else []
            self.refuse(2, subcommand, *table_of, "--no-such-option", mentions="--no-such-option")
            self.refuse(4, subcommand, *table_of, "-o", "missing/out.json", mentions="missing/out.json")
            with open("/dev/full", "wb") as full:
                done = subprocess.run([TOOL, subcommand, *table_of], cwd=self.folder, stdout=full, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (4, 1), subcommand)
            if subcommand in verifying:
                self.refuse(3, subcommand, *table_of, "--verify", "broken.npy", mentions="broken.npy")
                self.refuse(4, subcommand, *table_of, "--verify", "missing.npy", mentions="missing.npy")
                self.output(subcommand, *table_of, "--verify", "x.npy", code=1)
        for arguments in (["sinusoidal", "--input"], ["rope", "--input"], ["learned", "--weights"], ["identify"], ["identify", "p.npy", "--input"]):
            self.refuse(3, *arguments, "broken.npy", mentions="broken.npy")
        self.output("identify", "x.npy", code=1)

    def test_files_are_replaced_only_by_force(self):
        for subcommand in ROWS:
            arguments = [subcommand, *(["p.npy"] if subcommand == "identify" else []), "-o", "out.json"]
            (self.folder / "out.json").unlink(missing_ok=True)
            self.assertEqual(self.output(*arguments), "")
            self.refuse(2, *arguments, mentions="out.json")
            self.output(*arguments, "--force")


if __name__ == "__main__":
    unittest.main()
