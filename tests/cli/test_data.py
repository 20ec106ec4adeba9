"""The files of data/: worked examples against arithmetic on paper, the trained module against PyTorch, the demo.

The arithmetic is in data/README.md.
"""
import io
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import numpy as np

TOOL = os.environ["ATTN_COMPUTE"]
DATA = pathlib.Path(__file__).resolve().parents[2] / "data"
EXAMPLES = DATA / "examples"


def steps_of(*arguments):
    done = subprocess.run([TOOL, *map(str, arguments), "-f", "npz"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return np.load(io.BytesIO(done.stdout))


def tensors_of(file):
    return [word for name in ("query", "key", "value") for word in ("--" + name, f"{EXAMPLES / file}:{name}")]


class Examples(unittest.TestCase):
    def close(self, found, expected):
        np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0)

    def test_two_by_two_from_csv_and_json(self):
        csv = [word for name in ("query", "key", "value") for word in ("--" + name, EXAMPLES / f"{name}.csv")]
        for tensors in (csv, tensors_of("two-by-two.json")):
            steps = steps_of("dot", *tensors)
            self.close(steps["weights"], [[[[1 / 4, 3 / 4], [1 / 2, 1 / 2]]]])
            self.close(steps["output"], [[7, 3], [6, 2]])

    def test_a_causal_mask_over_equal_scores_is_a_running_average(self):
        steps = steps_of("sdpa", *tensors_of("running-average.json"), "--causal")
        self.close(steps["weights"], [[[[1, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]]]])
        self.close(steps["output"], [[6], [3], [3]])

    def test_padding_does_not_reach_the_output(self):
        self.close(steps_of("sdpa", *tensors_of("padding.json"), "--valid-lens", "2,3")["output"], [[[3]], [[3]]])

    def test_each_head_attends_by_itself(self):
        steps = steps_of("sdpa", *tensors_of("two-heads.json"), "--heads", 2, "--scale", "none")
        self.close(steps["weights"], [[[[1 / 4, 3 / 4]], [[3 / 4, 1 / 4]]]])
        self.close(steps["output"], [[[3, 6, 1, 2]]])


class TrainedModule(unittest.TestCase):
    def test_the_tool_returns_what_the_module_returned_in_pytorch(self):
        folder = DATA / "torch-mha"
        expected = np.load(folder / "expected.npz")
        for dtype in ("float64", "float32"):
            steps = steps_of("mha", "--weights", folder / "module.safetensors", "--heads", 4, "--input", folder / "x.npy",
                             "--valid-lens", "6,4", "--dtype", dtype)
            for name in ("weights", "output"):
                # The module computed in float32: 24 bits, and sums of 16 terms.
                np.testing.assert_allclose(steps[name], expected[name], rtol=0, atol=1e-6 * np.abs(expected[name]).max())


class Readme(unittest.TestCase):
    def test_its_program_is_the_example_that_is_compiled(self):
        source = (DATA.parent / "tests/examples/attention.cpp").read_text().split("\n", 1)[1]
        for name in ("README.md", "README.zh.md"):
            self.assertIn(f"```cpp\n{source}```", (DATA.parent / name).read_text(encoding="utf-8"))

    def test_its_commands_print_what_it_shows(self):
        """Each `$ attn-compute …` in a console block, and the lines beneath it, in order, up to each "…"."""
        environment = {**os.environ, "PATH": f"{pathlib.Path(TOOL).parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        for name in ("README.md", "README.zh.md"):
            text = (DATA.parent / name).read_text(encoding="utf-8")
            with tempfile.TemporaryDirectory() as folder:  # some commands write a file, and the next reads it
                os.symlink(DATA, pathlib.Path(folder, "data"))
                for block in re.findall(r"```console\n(.*?)```", text, re.S):
                    for command, shown in re.findall(r"^\$ (attn-compute .*)\n((?:(?!\$ ).*\n)*)", block, re.M):
                        done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
                        self.assertEqual(done.stderr, "", command)
                        if command == "attn-compute dot":  # of the demo, which is held against the whole block below
                            continue
                        for part in shown.split("…\n"):
                            self.assertIn(part.strip("\n"), done.stdout, command)


class Demo(unittest.TestCase):
    def test_it_runs_from_any_folder_and_finds_the_left_neighbours(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["sh", DATA / "demo.sh"], cwd=folder, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("<- its left neighbour\n"), 5)
        self.assertEqual(done.stdout.count(": 1.000000000000"), 6)
        self.assertIn("\nthree hundred twenty-one\n", done.stdout)
        for name in ("README.md", "README.zh.md"):
            text = (DATA.parent / name).read_text(encoding="utf-8")
            shown = re.search(r"```console\n\$ make demo\n(.*?)```", text, re.S)[1]
            at = 0
            for part in shown.split("…\n"):  # in their order
                at = done.stdout.find(part.strip("\n"), at)
                self.assertGreaterEqual(at, 0, part)
        self.assertEqual(re.findall(r"head (\d): character (\d)", done.stdout), [(str(head), "3") for head in range(4)])


if __name__ == "__main__":
    unittest.main()
