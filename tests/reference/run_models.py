"""attn-compute transformer against PyTorch: every model of models/, step by step and token by token.

Usage: run_models.py ATTN_COMPUTE [--live]   with models made now, by the PyTorch that is installed; exit code 77
(skipped) says that there is none
"""
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).parent / "models"
MAPS = pathlib.Path(__file__).parents[2] / "data" / "models" / "names"
CASES = ["bert", "encoder-decoder", "gpt2", "llama", "llama-pairs", "mingpt"]
SKIPPED = 77
TOOL = ""


def run(case, *more):
    folder = ROOT / case
    argv = json.loads((folder / "case.json").read_text())["argv"]
    done = subprocess.run([TOOL, "transformer", "--model", folder, "--names", folder / "names.json", *argv, *more],
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b"", done.stderr.decode()
    return done.stdout


def steps_of(case, *more):
    return np.load(io.BytesIO(run(case, "-f", "npz", *more)))


class Models(unittest.TestCase):
    def test_there_is_a_model_of_every_family(self):
        self.assertEqual(CASES, sorted(folder.name for folder in ROOT.iterdir() if folder.is_dir()))

    def test_the_maps_of_data_are_those_that_are_tested(self):
        for case in CASES:
            tested = json.loads((ROOT / case / "names.json").read_text())
            tested.pop("config")
            self.assertEqual(json.loads((MAPS / f"{case}.json").read_text()), tested, case)

    def test_every_step_agrees_in_float64(self):
        for case in CASES:
            ours, theirs = steps_of(case), np.load(ROOT / case / "steps.npz")
            self.assertGreater(len(theirs.files), 15)
            for path in theirs.files:
                with self.subTest(case=case, step=path):
                    np.testing.assert_allclose(ours[path], theirs[path], rtol=1e-9, atol=1e-12)

    def test_float32_is_close(self):
        for case in CASES:
            last = "encoder.output" if case == "bert" else "logits"
            with self.subTest(case=case):
                found = steps_of(case, "--dtype", "float32")[last]
                np.testing.assert_allclose(found, np.load(ROOT / case / "steps.npz")[last], rtol=0, atol=1e-5)

    def test_greedy_decoding_writes_the_same_tokens(self):
        for case in CASES:
            expected = json.loads((ROOT / case / "case.json").read_text())["greedy"]
            for cache in ([], ["--no-cache"]):
                with self.subTest(case=case, cache=cache):
                    sequences = json.loads(run(case, "-f", "json", *cache))["sequences"]
                    self.assertEqual([each["written_tokens"] for each in sequences if "written_tokens" in each], expected)

    def test_with_and_without_a_cache_every_number_is_the_same(self):
        for case in CASES:
            if case == "bert":
                continue
            for seed in range(3):
                with self.subTest(case=case, seed=seed):
                    drawn = ["-f", "json", "--steps", "logits", "--temperature", "2", "--seed", str(seed)]
                    cached, plain = (json.loads(run(case, *drawn, *cache)) for cache in ([], ["--no-cache"]))
                    # Probabilities are written with all their digits: equal texts are equal bits.
                    self.assertEqual(cached["sequences"], plain["sequences"])

    def test_the_formula_of_the_logits_has_a_bias_where_the_model_has_one(self):
        for case in CASES:
            if case == "bert":
                continue
            steps = json.loads(run(case, "-f", "json", "--steps", "logits"))["steps"]
            mapped = {ours for row in json.loads((ROOT / case / "names.json").read_text())["tensors"].values() for ours in str(row).split("'")}
            with self.subTest(case=case):
                self.assertEqual("b_out" in steps[-1]["formula"], any(name.endswith("b_out") for name in mapped))

    def test_a_map_of_another_orientation_is_refused_by_shape(self):
        names = json.loads((ROOT / "gpt2" / "names.json").read_text())
        names["tensors"]["h.{i}.mlp.c_fc.weight"]["stored"] = "out,in"
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "names.json"
            path.write_text(json.dumps(names))
            done = subprocess.run([TOOL, "transformer", "--model", ROOT / "gpt2", "--names", path, "--tokens", "1"],
                                  capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn("tensor 'h.0.mlp.c_fc.weight' has shape (8, 32), expected (32, 8)", done.stderr.decode())


def run_live():
    global ROOT
    try:
        import make_models
    except ImportError as missing:
        print(f"skipped: {missing}")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        ROOT = pathlib.Path(folder) / "models"
        make_models.make(ROOT)
        unittest.main()


if __name__ == "__main__":
    TOOL = sys.argv.pop(1)
    if sys.argv[1:] == ["--live"]:
        sys.argv.pop()
        run_live()
    unittest.main()
