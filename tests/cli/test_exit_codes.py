"""Every subcommand with every exit code that can occur.

0 done · 1 compared and different, or nothing to compare · 2 usage · 3 an input was refused ·
4 the system refused · 5 a limit would be passed · 6 non-finite result under --strict.
"""
import json
import os
import signal
import subprocess
import unittest

import numpy as np

from tool import DONE, INPUT, LIMIT, NON_FINITE, SUBCOMMANDS, SYSTEM, ToolTest, USAGE, clean_environment, tool_path

TENSOR = {"dot": "--query", "sdpa": "--query", "self": "--input", "cross": "--input", "mha": "--input"}
OTHERS = {"dot": [], "sdpa": ["--key", "ones:1x2x3", "--value", "ones:1x2x3"], "self": [], "cross": [], "mha": ["--heads", "1"]}
# One input that holds a NaN, and what else the run then needs.
NAN = '[[[1,"NaN",2],[3,4,5]]]'
CASES = {
    DONE: lambda c: [[], ["--help"], ["--list-steps"], ["-f", "json"], ["--strict"], ["--strict", "--causal"]],
    USAGE: lambda c: [["--nope"], ["--scale", "x"], ["--batch", "0"], ["--steps", "nope"], ["-f", "nope"], ["-o", "x.nope"],
                      ["--cell", "x"], ["surplus"], ["--past-key", "ones:1x1x1x1"], ["-f", "npy"], ["--precision", "99"],
                      [TENSOR[c], "randn:0x1x1"], ["--valid-lens", "1,2,3,4,5"]],
    INPUT: lambda c: [[TENSOR[c], "[[1,2],[3]]", *OTHERS[c]], [TENSOR[c], "bad.npy", *OTHERS[c]], [TENSOR[c], "ones:1x1x1x1x1", *OTHERS[c]],
                      ["--mask", "ones:7x7x7"], ["--past-key", "ones:9x9", "--past-value", "ones:9x9"]],
    SYSTEM: lambda c: [[TENSOR[c], "missing.npy", *OTHERS[c]], [TENSOR[c], ".", *OTHERS[c]], ["-o", "nowhere/x.csv"], ["-f", "csv", "-o", "."],
                       ["-f", "csv", "-o", "/dev/full"]],
    LIMIT: lambda c: [["--max-memory", "64"], [TENSOR[c], "randn:99999999x99999999x3", *OTHERS[c]], [TENSOR[c], "randn:99999999x99999999", *OTHERS[c]],
                      ["--max-memory", "1KiB", "-f", "csv"],
                      ["--len", "99999999"]],
    NON_FINITE: lambda c: [["--strict", TENSOR[c], NAN, "-o", "strict.npz", "--force",
                            *{"dot": ["--key", "ones:1x2x3"], "sdpa": OTHERS["sdpa"], "self": [], "cross": [], "mha": ["--heads", "1"]}[c]]],
}


class ExitCodeTest(ToolTest):
    def setUp(self):
        super().setUp()
        (self.folder / "bad.npy").write_bytes(b"\x93NUMPY but nothing else")

    def test_every_pair_of_subcommand_and_code(self):
        for code, cases in CASES.items():
            for command in SUBCOMMANDS:
                for arguments in cases(command):
                    with self.subTest(code=code, command=command, arguments=arguments):
                        if code == DONE:
                            self.succeed(command, *arguments)
                        else:
                            self.refuse(code, command, *arguments)

    def test_every_subcommand_ends_with_1_when_results_differ_or_nothing_is_comparable(self):
        for command in SUBCOMMANDS:
            self.succeed(command, "-o", f"{command}.npz")
            self.succeed(command, "--verify", f"{command}.npz")
            self.differ(command, "--seed", 1, "--verify", f"{command}.npz")
            for name in ("json", "csv", "markdown", "latex", "html"):
                self.differ(command, "--seed", 1, "--verify", f"{command}.npz", "-f", name)
        np.savez(self.folder / "strange.npz", nothing_we_know=np.zeros((7, 7, 7)))
        self.differ("dot", "--verify", "strange.npz")
        self.differ("dot", "--verify", "dot.npz", "strange.npz")
        self.refuse(SYSTEM, "dot", "--verify", "missing.npz", mentions="missing.npz")
        self.refuse(INPUT, "dot", "--verify", "bad.npy", mentions="bad.npy")

    def test_without_strict_a_nan_is_a_result(self):
        for command in SUBCOMMANDS:
            arguments = [a for a in CASES[NON_FINITE](command)[0] if a not in ("--strict",)]
            self.succeed(command, *arguments)

    def test_strict_results_are_shown_before_they_are_judged(self):
        run = self.run_tool("dot", "--query", "[[[1,\"NaN\"]]]", "--key", "ones:1x1x2", "--strict", "-f", "json")
        self.check_refusal(run, NON_FINITE, "dot --strict", mentions="nan", output="shown")
        self.assertEqual(json.loads(run.stdout)["command"], "dot")

    def test_infinite_results_are_not_finite(self):
        # 1e200 · 1e200 is beyond float64; 1e30 · 1e30 beyond float32.
        self.refuse(NON_FINITE, "dot", "--query", "[[1e200]]", "--key", "[[1e200]]", "--strict", "-o", "a.npz", mentions="scores_raw")
        self.refuse(NON_FINITE, "dot", "--query", "[[1e30]]", "--key", "[[1e30]]", "--strict", "--dtype", "float32", "-o", "b.npz")
        self.succeed("dot", "--query", "[[1e30]]", "--key", "[[1e30]]", "--strict")

    def test_limits_hold_before_anything_is_allocated(self):
        """Runs that would need far more than there is end with code 5, inside a small address space."""
        if "asan" in os.environ.get("ASAN_OPTIONS", "") or self.sanitized():
            self.skipTest("sanitizers need a large address space")
        import resource
        small = 512 << 20
        for arguments in (["dot", "--query", "randn:99999999x99999999"], ["sdpa", "--len", "200000"], ["mha", "--len", "100000", "--heads", "2"],
                          ["self", "--d-model", "268435456"], ["cross", "--key-len", "99999999999"], ["sdpa", "--batch", "9223372036854775807"],
                          ["sdpa", "--len", "3037000500"], ["mha", "--d-model", "100000", "--heads", "2"]):
            with self.subTest(arguments=arguments):
                self.refuse(LIMIT, *arguments, mentions="memory",
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (small, small)))

    def sanitized(self):
        with open(tool_path(), "rb") as binary:
            return b"__asan_init" in binary.read()

    def test_limits_count_files_and_weights_too(self):
        self.succeed("mha", "--steps", "*", "-o", "w.npz")
        self.succeed("dot", "-o", "steps.npz")
        self.refuse(LIMIT, "dot", "--query", "steps.npz:q", "--max-memory", "100")

    def test_a_limit_that_suffices_changes_nothing(self):
        self.assertEqual(self.succeed("dot", "--max-memory", "1GiB"), self.succeed("dot"))

    def test_signals_end_the_process_as_signals_do(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([tool_path(), "dot", "--query", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=clean_environment())
            while not self.is_reading(process.pid):
                pass
            process.send_signal(number)
            out, err = process.communicate()
            self.assertEqual((process.returncode, out, err), (-number, b"", b""))

    def test_a_signal_that_was_ignored_stays_so(self):
        """As under nohup, and for jobs in the background."""
        for number in (signal.SIGINT, signal.SIGHUP):
            process = subprocess.Popen([tool_path(), "dot", "--query", "-", "--key", "[[1,2]]"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=clean_environment(), preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
            while not self.is_reading(process.pid, signal.SIGTERM):
                pass
            process.send_signal(number)
            _, err = process.communicate(b"[[3,4]]")
            self.assertEqual((process.returncode, err), (DONE, b""))

    def is_reading(self, pid, caught=signal.SIGINT):
        """Whether the process catches that signal and sleeps: it waits for its standard input."""
        with open(f"/proc/{pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        return bool(int(fields["SigCgt"], 16) & 1 << (caught - 1)) and fields["State"].split()[0] == "S"


if __name__ == "__main__":
    unittest.main()
