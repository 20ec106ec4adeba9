"""--path: attention without its steps, for the output alone."""
import json
import unittest

import numpy as np

from tool import ToolTest, USAGE

RUNS = {
    "sdpa": ["--batch", 2, "--heads", 4, "--kv-heads", 2, "--query-len", 70, "--key-len", 150, "--causal", "--softcap", 4],
    "self": ["--len", 70, "--d-model", 8, "--head-dim", 4, "--window", "5,0"],
    "cross": ["--query-len", 3, "--key-len", 140, "--d-model", 8, "--valid-lens", "130,2"],
    "mha": ["--d-model", 8, "--heads", 2, "--len", 66, "--bias-kv", "--add-zero-attn", "--causal"],
}


class PathTest(ToolTest):
    def report(self, *arguments):
        return json.loads(self.succeed(*arguments, "-f", "json", "--steps", "output"))

    def test_the_output_alone_takes_the_fused_path_and_says_so(self):
        for command, arguments in RUNS.items():
            with self.subTest(command):
                self.assertEqual(self.report(command, *arguments)["path"], "fused")
                self.assertEqual(self.report(command, *arguments, "--path", "fused")["path"], "fused")
                self.assertEqual(self.report(command, *arguments, "--path", "reference")["path"], "reference")
                self.assertEqual(json.loads(self.succeed(command, "-f", "json"))["path"], "reference")

    def test_the_two_paths_report_the_same_but_for_rounding(self):
        for command, arguments in RUNS.items():
            with self.subTest(command):
                fused, reference = (self.report(command, *arguments, "--path", path) for path in ("fused", "reference"))
                self.assertEqual({**fused, "path": "", "steps": 0}, {**reference, "path": "", "steps": 0})
                both = (self.step("output", command, *arguments, "--path", path) for path in ("fused", "reference"))
                self.assert_close(*both)

    def test_the_number_of_threads_changes_no_bit(self):
        for command, arguments in RUNS.items():
            for dtype in ("float64", "float32"):
                with self.subTest(command, dtype=dtype):
                    written = set()
                    for threads in (1, 2, 3, 0):
                        self.succeed(command, *arguments, "--dtype", dtype, "--steps", "output", "--threads", threads, "-o", "y.npy", "--force")
                        written.add((self.folder / "y.npy").read_bytes())
                    self.assertEqual(len(written), 1)

    def test_a_layer_takes_the_fused_path_for_its_output_and_reports_the_same(self):
        layers = {"encoder": ["--len", 70, "--causal", "--rope", "half"],
                  "decoder": ["--kind", "decoder", "--query-len", 5, "--key-len", 66, "--norm", "pre", "--memory-valid-lens", "66,3"],
                  "float32": ["--len", 9, "--dtype", "float32", "--softcap", 2]}
        for name, arguments in layers.items():
            with self.subTest(name):
                self.assertEqual(self.report("layer", *arguments)["path"], "fused")
                fused, reference = (self.report("layer", *arguments, "--path", path) for path in ("fused", "reference"))
                self.assertEqual((fused["path"], reference["path"]), ("fused", "reference"))
                both = [np.array(report["steps"][0].pop("values")) for report in (fused, reference)]
                self.assertEqual({**fused, "path": ""}, {**reference, "path": ""})
                np.testing.assert_allclose(*both, rtol=1e-5 if name == "float32" else 1e-11, atol=1e-5 if name == "float32" else 1e-11)
                texts = [self.succeed("layer", *arguments, "--path", path, "--steps", "output") for path in ("fused", "reference")]
                self.assertEqual(*([line for line in text.splitlines() if "Lq" not in line] for text in texts))
        self.assertEqual(json.loads(self.succeed("layer", "-f", "json"))["path"], "reference")
        self.refuse(USAGE, "layer", "--path", "fused", "--steps", "output", "--detail", mentions=("--path fused", "--detail"))
        self.refuse(USAGE, "layer", "--path", "fused", mentions=("--path fused", "--steps output"))

    def test_a_long_layer_needs_no_matrix_of_scores(self):
        long = ["layer", "--kind", "decoder", "--len", 20000, "--batch", 1, "--d-model", 4, "--heads", 1, "--dtype", "float32", "--steps", "output"]
        self.succeed(*long, "--causal", "--window", "10,0", "--memory-valid-lens", 20, "--max-memory", "256MiB", "-o", "y.npy")
        self.assertEqual(np.load(self.folder / "y.npy").shape, (1, 20000, 4))

    def test_a_run_that_needs_a_step_takes_the_reference_path(self):
        for more in (["--dropout", 0.5], ["--detail"], ["--causal", "--mistake", "M7"]):
            self.assertEqual(self.report("sdpa", *more)["path"], "reference", more)

    def test_the_fused_path_is_refused_where_a_step_is_needed(self):
        self.refuse(USAGE, "sdpa", "--path", "fused", "--steps", "output", "--dropout", 0.5, mentions=("--path fused", "--dropout"))
        self.refuse(USAGE, "mha", "--path", "fused", mentions=("--path fused", "--steps output"))
        self.refuse(USAGE, "mha", "--path", "fused", "--steps", "weights", mentions=("--path fused", "--steps output"))

    def test_long_sequences_need_no_matrix_of_scores(self):
        long = ["sdpa", "--len", 20000, "--head-dim", 2, "--dtype", "float32", "--steps", "output", "--max-memory", "64MiB"]
        run = self.run_tool(*long, "--causal", "--window", "10,0", "-o", self.folder / "y.npy")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(np.load(self.folder / "y.npy").shape, (1, 1, 20000, 2))


if __name__ == "__main__":
    unittest.main()
