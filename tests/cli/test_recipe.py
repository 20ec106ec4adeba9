#!/usr/bin/env python3
"""--show-recipe: the printed program makes the tensors that the tool shows.

    test_recipe.py torch    runs every command of recipe_cases.py and its recipe, and compares all steps;
                            exit code 77 (skipped) where torch is missing
    test_recipe.py          what can be said of recipes without PyTorch

The tool is the environment variable ATTN_COMPUTE. float64 steps must agree to 1e-12 of the largest magnitude in the tensor, float32 steps to 1e-6.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from recipe_cases import commands, make_files

TOOL = os.environ["ATTN_COMPUTE"]


def run(*arguments, code=0, stdin=None):
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=60, input=stdin)
    assert done.returncode == code, f"exit {done.returncode}, expected {code}: {arguments}: {done.stderr}"
    return done.stdout if code == 0 else done.stderr


def difference(have, want):
    """A sentence on how two arrays differ; None when they agree."""
    import numpy as np

    if have.shape != want.shape or have.dtype != want.dtype:
        return f"{have.dtype} {have.shape}, expected {want.dtype} {want.shape}"
    finite = np.isfinite(want)
    if not np.array_equal(have[~finite], want[~finite], equal_nan=True):
        return "differs in its infinities or NaN"
    tolerance = 1e-12 if want.dtype == np.float64 else 1e-6
    largest = np.abs(want[finite]).max(initial=0)
    worst = np.abs(have[finite] - want[finite]).max(initial=0)
    return None if worst <= tolerance * largest else f"off by {worst} where the largest number is {largest}"


class Torch(unittest.TestCase):
    def test_recipes_reproduce_every_step(self):
        import numpy as np

        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            make_files(folder)
            for number, command in enumerate(commands()):
                arguments = [word.replace("{dir}", name) for word in command]
                with self.subTest(" ".join(command)):
                    run(*arguments, "--force", "-o", folder / "steps.npz")
                    recipe = run(*arguments, "--show-recipe")
                    variables = {}
                    exec(compile(recipe, f"recipe {number}", "exec"), variables)
                    steps = np.load(folder / "steps.npz")
                    for step in steps.files:
                        named = variables.get("steps", variables)
                        self.assertIn(step, named, recipe)
                        problem = difference(named[step].numpy(), steps[step])
                        self.assertIsNone(problem, f"{step} {problem}\n{recipe}")
            print(f"{len(commands())} recipes compared")

    def test_numbers_from_standard_input_are_written_out(self):
        import numpy as np

        words = ["dot", "--query", "-", "--key", "[[1,0],[0,1]]"]
        variables = {}
        exec(run(*words, "--show-recipe", stdin="[[0.1, 1e-320], [3, -0.0]]"), variables)
        self.assertTrue(np.array_equal(variables["q"].numpy()[0, 0], [[0.1, 1e-320], [3, 0]]))
        self.assertTrue(np.signbit(variables["q"].numpy()[0, 0, 1, 1]))


class Text(unittest.TestCase):
    def test_a_recipe_is_valid_python(self):
        for command in commands():
            if "{dir}" not in " ".join(command):
                compile(run(*command, "--show-recipe"), " ".join(command), "exec")

    def test_only_the_lines_that_the_run_needs(self):
        plain = run("dot", "--show-recipe")
        for absent in ("mask = ", "numpy", "math", "module", "present_key", "row_max", "keep", "hidden"):
            self.assertNotIn(absent, plain)
        self.assertNotIn("manual_seed", run("dot", "--query", "[[1]]", "--key", "[[1]]", "--show-recipe"))
        self.assertNotIn("hidden", run("sdpa", "--causal", "--show-recipe"))
        self.assertIn("hidden", run("sdpa", "--window", "0,0", "--show-recipe"))

    def test_parameters_come_first_and_generators_in_the_order_of_the_command_line(self):
        recipe = run("mha", "--seed", 5, "--d-model", 8, "--heads", 2, "--memory", "rand:2x5x8", "--input", "randn:2x3x8",
                     "--dropout", "0.1", "--show-recipe")
        places = [recipe.index(text) for text in ("torch.manual_seed(5)", "nn.MultiheadAttention(8, 2", "memory = torch.rand(2, 5, 8)",
                                                  "x = torch.randn(2, 3, 8)", "bernoulli_(1 - 0.1)")]
        self.assertEqual(places, sorted(places))

    def test_the_real_module_is_called_when_it_can_express_the_run(self):
        self.assertIn("module(x, x, x, attn_mask=mask.flatten(0, 1))", run("mha", "--causal", "--show-recipe"))
        self.assertNotIn("module(x", run("mha", "--softcap", 3, "--show-recipe"))
        self.assertNotIn("module(x", run("mha", "--scale", 3, "--show-recipe"))

    def test_a_recipe_goes_to_the_output_file(self):
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "run.py"
            self.assertEqual(run("sdpa", "--show-recipe", "-o", path), "")
            self.assertEqual(path.read_text(), run("sdpa", "--show-recipe"))
            run("dot", "--show-recipe", "-o", path, code=2)
            run("dot", "--show-recipe", "-o", path, "--force")
            self.assertEqual(path.read_text(), run("dot", "--show-recipe"))

    def test_paths_are_quoted(self):
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / 'a "b"\\c.csv'
            path.write_text("1,2\n")
            tree = run("dot", "--query", path, "--key", "[[1,2]]", "--show-recipe")
            self.assertIn(r'a \"b\"\\c.csv', tree)
            compile(tree, "recipe", "exec")

    def test_a_format_is_refused(self):
        self.assertIn("--format", run("dot", "--show-recipe", "-f", "json", code=2))


if __name__ == "__main__":
    with_torch = sys.argv[1:] == ["torch"]
    if with_torch:
        try:
            import torch
        except ImportError:
            print("skipped: this Python has no torch")
            sys.exit(77)
        print(f"torch {torch.__version__}")
    unittest.main(argv=sys.argv[:1], defaultTest="Torch" if with_torch else "Text")
