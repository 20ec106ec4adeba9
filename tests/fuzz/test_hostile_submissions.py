"""Hostile submissions to --verify: whatever stands in them, no crash, no false pass, and a documented exit code.

A right submission is spoilt one tensor at a time. Each spoilt one must be judged with exit code 1 and a report
that fits its schema, or refused with exit code 3 and one line on standard error that names the file.
"""
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

import numpy as np

import tool

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "planted"))
import json_schema  # noqa: E402  (beside the planted cases)

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[2] / "data" / "verify.schema.json").read_text())
RUNS = {"sdpa": ["sdpa", "--batch", "2", "--heads", "2", "--len", "4", "--causal"],
        "mha": ["mha", "--heads", "2", "--d-model", "8", "--valid-lens", "3,4"],
        "dot": ["dot"], "self": ["self"], "cross": ["cross"]}
SECONDS = 60  # what takes longer hangs, also under the sanitizers of a busy machine


def everywhere(value):
    return lambda right: np.full_like(right, value)


def at_one_place(value):
    def spoil(right):
        spoilt = right.copy()
        spoilt.flat[spoilt.size // 2] = value
        return spoilt
    return spoil


# What becomes of one tensor. Each of these differs from any right tensor of the runs above.
SPOILT = {
    "NaN everywhere": everywhere(np.nan), "one NaN": at_one_place(np.nan), "infinity everywhere": everywhere(np.inf),
    "one infinity": at_one_place(np.inf), "1e308 everywhere": everywhere(1e308), "one -1e308": at_one_place(-1e308),
    "largest number": everywhere(np.finfo(float).max), "denormals": everywhere(5e-324), "-7 everywhere": everywhere(-7.0),
    "no element": lambda right: right[..., :0], "no sample": lambda right: right[:0], "empty": lambda right: np.zeros(0),
    "rank 0": lambda right: np.float64(1.5), "rank 1": lambda right: right.ravel(), "rank 9": lambda right: right.reshape((1,) * 8 + (-1,)),
    "one column more": lambda right: np.concatenate([right, right[..., :1]], axis=-1), "twice": lambda right: np.stack([right, right]),
    "whole numbers": lambda right: np.full(right.shape, 3, np.int64), "bytes": lambda right: np.full(right.shape, 200, np.uint8),
    "booleans": lambda right: np.ones(right.shape, bool), "float16": lambda right: np.full(right.shape, 60000, np.float16),
    "Fortran order": lambda right: np.asfortranarray(right + 1), "big-endian": lambda right: (right + 1).astype(">f8"),
}
# Types that no tensor can have.
REFUSED = {"complex": lambda right: right.astype(complex), "text": lambda right: np.full(right.shape, "x"),
           "dates": lambda right: np.zeros(right.shape, "M8[s]"), "records": lambda right: np.zeros(right.shape, [("a", "f8")]),
           "objects": lambda right: np.full(right.shape, None), "beyond 2^53": lambda right: np.full(right.shape, 2 ** 53 + 1)}


class Submissions(tool.ToolTest):
    """The right submission of every run."""

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory(prefix="attnscope-submissions-")
        cls.right = {}
        for name, arguments in RUNS.items():
            path = pathlib.Path(cls.home.name) / f"{name}.npz"
            subprocess.run([tool.tool_path(), *arguments, "-o", str(path)], check=True, env=tool.clean_environment())
            with np.load(path) as file:
                cls.right[name] = {step: file[step] for step in file.files}

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()


class SubmissionTest(Submissions):
    def judge(self, arguments, tensors, code=1):
        path = self.folder / "theirs.npz"
        if isinstance(tensors, bytes):
            path.write_bytes(tensors)
        else:
            np.savez(path, **tensors)
        run = subprocess.run([tool.tool_path(), *arguments, "--verify", str(path), "-f", "json"], capture_output=True,
                             timeout=SECONDS, env=tool.clean_environment(), check=False)
        self.assertEqual(run.returncode, code, run.stderr.decode())
        if code == 3:
            self.check_refusal(run, 3, "hostile submission", ("theirs.npz",))
            return None
        self.assertEqual(run.stderr, b"")
        report = json.loads(run.stdout)
        self.assertEqual(json_schema.problems(report, SCHEMA), [])
        self.assertEqual(report["verdict"] == "match", code == 0)
        return report

    def steps_of(self, name):
        parameters = {"w_q", "w_k", "w_v", "w_o", "b_q", "b_k", "b_v", "b_o"}
        return [step for step in self.right[name] if step not in parameters]

    def test_one_tensor_spoilt(self):
        for name in ("sdpa", "mha"):
            for step in self.steps_of(name):
                for how, spoil in SPOILT.items():
                    with self.subTest(run=name, step=step, how=how):
                        self.judge(RUNS[name], {**self.right[name], step: spoil(self.right[name][step])})

    def test_the_output_alone_spoilt(self):
        for name, arguments in RUNS.items():
            for how, spoil in SPOILT.items():
                with self.subTest(run=name, how=how):
                    self.judge(arguments, {"output": spoil(self.right[name]["output"])})

    def test_types_that_no_tensor_has(self):
        for how, spoil in REFUSED.items():
            with self.subTest(how=how):
                self.judge(RUNS["sdpa"], {**self.right["sdpa"], "weights": spoil(self.right["sdpa"]["weights"])}, code=3)

    def test_everything_spoilt_alike(self):
        for name, arguments in RUNS.items():
            for how, spoil in SPOILT.items():
                with self.subTest(run=name, how=how):
                    self.judge(arguments, {step: spoil(tensor) for step, tensor in self.right[name].items()})

    def test_nothing_but_inputs_is_no_success(self):
        right = self.right
        for name, inputs in (("sdpa", ("q", "k", "v")), ("mha", ("x",))):
            with self.subTest(run=name, inputs=inputs):
                report = self.judge(RUNS[name], {step: right[name][step] for step in inputs})
                self.assertEqual(report["verdict"], "incomparable")

    def test_names_exchanged(self):
        right = self.right["sdpa"]
        for a, b in (("weights", "scores_raw"), ("q", "v"), ("scores_scaled", "scores_masked"), ("weights", "mask")):
            with self.subTest(a=a, b=b):
                self.judge(RUNS["sdpa"], {**right, a: right[b], b: right[a]})

    def test_names_that_mean_nothing(self):
        report = self.judge(RUNS["sdpa"], {"": np.zeros(3), "../../x": np.ones((5, 5)), "a" * 3000: np.ones(2)})
        self.assertEqual(report["verdict"], "incomparable")

    def test_an_archive_without_arrays_is_no_success(self):
        stream = io.BytesIO()
        zipfile.ZipFile(stream, "w").close()
        self.judge(RUNS["sdpa"], stream.getvalue(), code=1)

    def test_the_same_name_twice(self):
        stream, array = io.BytesIO(), io.BytesIO()
        np.save(array, self.right["sdpa"]["weights"])
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("weights.npy", array.getvalue())
            archive.writestr("wEights.npy", array.getvalue())
        self.judge(RUNS["sdpa"], stream.getvalue().replace(b"wEights", b"weights"), code=3)

    def test_two_names_for_one_step(self):
        right = self.right["sdpa"]
        report = self.judge(RUNS["sdpa"], {**right, "layer.0.weights": right["weights"] + 1}, code=0)
        self.assertEqual(report["unmatched"], ["layer.0.weights"])

    def test_what_is_right_still_passes(self):
        for name, arguments in RUNS.items():
            with self.subTest(run=name):
                self.judge(arguments, self.right[name], code=0)
                self.judge(arguments, {step: tensor.astype(np.float32) for step, tensor in self.right[name].items()}, code=0)


class SeveralFilesTest(Submissions):
    """A broken file among several, and a large one, lose nothing of the others."""

    def several(self, files, *options):
        run = subprocess.run([tool.tool_path(), *RUNS["sdpa"], "--verify", *files, *options], capture_output=True,
                             timeout=60, env=tool.clean_environment(), cwd=self.folder, check=False)
        return run, run.stdout.decode()

    def setUp(self):
        super().setUp()
        right = self.right["sdpa"]
        np.savez(self.folder / "right.npz", **right)
        np.savez(self.folder / "wrong.npz", **{**right, "weights": right["weights"] * 1.5})
        (self.folder / "broken.npz").write_bytes(b"PK\3\4 and nothing more")
        np.savez(self.folder / "huge.npz", output=right["output"], rubbish=np.zeros(4_000_000))

    def test_the_table_is_complete_and_the_worst_code_counts(self):
        files = ["right.npz", "broken.npz", "huge.npz", "missing.npz", "wrong.npz"]
        run, _ = self.several(files, "-f", "csv")
        self.assertEqual(run.returncode, 4)  # missing.npz: the system refused it
        rows = run.stdout.decode().splitlines()
        self.assertEqual([row.split(",")[0] for row in rows[1:]], files)
        self.assertEqual([row.split(",")[1] for row in rows[1:]], ["match", "refused", "match", "refused", "mismatch"])
        for order in (["broken.npz", "right.npz"], ["right.npz", "broken.npz"]):
            self.assertEqual(self.several(order)[0].returncode, 3)
        self.assertEqual(self.several(["right.npz", "wrong.npz"])[0].returncode, 1)
        self.assertEqual(self.several(["right.npz", "huge.npz"])[0].returncode, 0)

    def test_text_and_json_hold_every_file(self):
        run, text = self.several(["broken.npz", "wrong.npz", "right.npz"])
        for word in ("broken.npz", "refused", "not a sound ZIP archive", "wrong.npz", "weights", "right.npz"):
            self.assertIn(word, text)
        run, text = self.several(["broken.npz", "wrong.npz", "right.npz"], "-f", "json")
        reports = json.loads(text)["reports"]
        self.assertEqual([report["verdict"] for report in reports], ["incomparable", "mismatch", "match"])
        self.assertIn("ZIP", reports[0]["error"])
        for report in reports:
            self.assertEqual(json_schema.problems(report, SCHEMA), [])
        self.assertEqual(run.returncode, 3)

    def test_too_large_for_the_limit_is_a_line_like_any_other(self):
        run, _ = self.several(["huge.npz", "right.npz"], "--max-memory", "16MiB", "-f", "csv")
        self.assertEqual(run.returncode, 5)
        self.assertEqual([row.split(",")[1] for row in run.stdout.decode().splitlines()[1:]], ["refused", "match"])


if __name__ == "__main__":
    unittest.main()
