"""mha-shapes: every option of every help text has an effect; every LaTeX output is well formed; the drawings align."""
import os
import pathlib
import subprocess
import unicodedata
import unittest

import latex_check
import option_effects

TOOL = os.environ["MHA_SHAPES"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("LANG", "NO_COLOR") and not k.startswith("LC_")}
SUBCOMMANDS = ("trace", "check", "layouts", "masks", "why", "quiz")
FILES = {"module.safetensors": (ROOT / "data" / "torch-mha" / "module.safetensors").read_bytes(),
         "old.txt": b"old", "code.py": b"nn.MultiheadAttention(8, 3)\n", "error.txt": b"embed_dim must be divisible by num_heads\n",
         "answers.txt": b"1\n" * 6, "mask.json": b"[[true, false]]"}
MODULE = ("nn.MultiheadAttention(8, 2)", "--input", "5,2,8")
ERROR = ("index out of range in self",)
MASK = ("--from", "transformers", "--to", "torch-padding", "--mask", "[[1,0]]")
CONVERT = ("--from", "torch", "--to", "gpt2", "--heads", "4", "module.safetensors")


def output_rows(subcommand, base, file_option="--output"):
    """The options that every subcommand shares."""
    return {(subcommand, "--format"): (base, ["csv"]), (subcommand, file_option): (base, ["new.txt"]),
            (subcommand, "--force"): ([*base, file_option, "old.txt"], []), (subcommand, "--notes"): ([*base, "--no-notes"], []),
            (subcommand, "--no-notes"): (base, []), (subcommand, "--lang"): (base, ["zh"]),
            (subcommand, "--color"): (base, ["always"])}


SMALL = ("--d-model", "8", "--heads", "2")
ROWS = {
    **output_rows("trace", []), **output_rows("check", ["nn.MultiheadAttention(8, 3)"], "--save"), **output_rows("layouts", []),
    **output_rows("masks", []), **output_rows("why", ERROR), **output_rows("quiz", []),
    # trace
    ("trace", "--batch"): ([], ["3"]), ("trace", "--len"): ([], ["7"]), ("trace", "--query-len"): ([], ["7"]),
    ("trace", "--key-len"): ([], ["7"]), ("trace", "--d-model"): (["--heads", "2"], ["8"]), ("trace", "--heads"): ([], ["4"]),
    ("trace", "--kv-heads"): (["--impl", "linear", *SMALL], ["1"]), ("trace", "--head-dim"): (["--impl", "linear", *SMALL], ["3"]),
    ("trace", "--value-dim"): (["--impl", "linear", *SMALL], ["3"]), ("trace", "--kdim"): (SMALL, ["5"]), ("trace", "--vdim"): (SMALL, ["5"]),
    ("trace", "--ffn"): (["--impl", "encoder-layer"], ["16"]), ("trace", "--layers"): (["--impl", "transformer"], ["2"]),
    ("trace", "--vocab"): (["--impl", "transformer"], ["50"]), ("trace", "--impl"): ([], ["d2l"]),
    ("trace", "--batch-first"): (["--seq-first"], []), ("trace", "--seq-first"): ([], []), ("trace", "--unbatched"): ([], []),
    ("trace", "--bias"): (["--impl", "d2l"], []), ("trace", "--no-bias"): ([], []), ("trace", "--bias-kv"): ([], []),
    ("trace", "--add-zero-attn"): ([], []), ("trace", "--dtype"): ([], ["float64"]),
    # check
    ("check", "--input"): (MODULE[:1], ["5,2,9"]), ("check", "--key"): (MODULE, ["6,3,8"]), ("check", "--value"): (MODULE, ["6,2,8"]),
    ("check", "--output"): (MODULE, ["5,2,9"]), ("check", "--attn-mask"): (MODULE, ["5,6"]), ("check", "--key-padding-mask"): (MODULE, ["5,2"]),
    ("check", "--batch-first-input"): (MODULE, []), ("check", "--impl"): ([*SMALL, "--kv-heads", "1"], ["linear"]),
    ("check", "--d-model"): (["--heads", "3"], ["8"]), ("check", "--heads"): (["--d-model", "8"], ["3"]),
    ("check", "--kv-heads"): (SMALL, ["1"]), ("check", "--kdim"): ([*SMALL, "--input", "5,2,8"], ["3"]),
    ("check", "--vdim"): ([*SMALL, "--input", "5,2,8"], ["3"]), ("check", "--head-dim"): (SMALL, ["3"]),
    ("check", "--batch-first"): ([*SMALL, "--input", "5,2,8", "--batch-first-input"], []), ("check", "--file"): ([], ["code.py"]),
    # layouts
    ("layouts", "--d-model"): ([], ["8"]), ("layouts", "--heads"): (["--layout", "keras", "--d-model", "8"], ["2"]),
    ("layouts", "--kv-heads"): (["--layout", "llama", *SMALL], ["1"]), ("layouts", "--layout"): ([], ["gpt2"]),
    ("layouts", "--from"): (["--to", "gpt2", "--heads", "4", "module.safetensors", "out.npz"], ["torch"]),
    ("layouts", "--to"): (["--from", "torch", "--heads", "4", "module.safetensors", "out.npz"], ["gpt2"]),
    ("layouts", "--inspect"): ([], ["module.safetensors"]),
    ("layouts", "--verify"): (CONVERT, ["module.safetensors"]),
    ("layouts", "--rtol"): (["--from", "torch", "--to", "torch", "--heads", "4", "module.safetensors", "--verify", "module.safetensors", "--atol", "0"], ["0"]),
    ("layouts", "--atol"): (["--from", "torch", "--to", "torch", "--heads", "4", "module.safetensors", "--verify", "module.safetensors", "--rtol", "0"], ["0"]),
    # masks
    ("masks", "--from"): (MASK[2:], ["transformers"]), ("masks", "--to"): ([*MASK[:2], *MASK[4:]], ["torch-padding"]),
    ("masks", "--mask"): (MASK[:4], ["[[1,0]]"]), ("masks", "--batch"): (["--from", "torch", "--to", "torch-3d", "--mask", "[[0,1],[0,0]]"], ["2"]),
    ("masks", "--query-len"): (["--from", "transformers", "--to", "keras", "--mask", "[[1,0]]"], ["3"]),
    ("masks", "--key-len"): (["--from", "d2l", "--to", "transformers", "--mask", "[1,2]"], ["4"]),
    ("masks", "--heads"): (["--from", "transformers", "--to", "sdpa", "--mask", "[[1,0]]"], ["3"]),
    ("masks", "--max-memory"): (["--from", "d2l", "--to", "transformers", "--mask", "[1,2000]"], ["1KiB"]),
    ("masks", "--verify"): (MASK, ["mask.json"]),
    ("masks", "--rtol"): ([*MASK, "--verify", "mask.json", "--atol", "2"], ["0"]),
    ("masks", "--atol"): ([*MASK, "--verify", "mask.json", "--rtol", "0"], ["2"]),
    # why, quiz
    ("why", "--file"): ([], ["error.txt"]), ("why", "--list"): ([], []),
    ("quiz", "--seed"): ([], ["3"]), ("quiz", "--count"): ([], ["2"]), ("quiz", "--answers"): ([], ["answers.txt"]),
}


def run(*arguments):
    result = subprocess.run([TOOL, *arguments], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, stdin=subprocess.DEVNULL)
    return result.stdout


def display_width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


class Options(unittest.TestCase):
    def test_every_option_of_every_help_has_an_effect(self):
        option_effects.check(self, TOOL, SUBCOMMANDS, ROWS, ENVIRONMENT, FILES)


class Latex(unittest.TestCase):
    RUNS = [("trace",), ("trace", "--impl", "transformer", "--vocab", "50"), ("check", "nn.MultiheadAttention(d_model=10, n_head=4)", "--input", "5,3"),
            ("layouts",), ("masks",), ("masks", *MASK), ("why", "required positional argument: 'embed_dim' & 100% of $x_1 #2"), ("why", "--list"), ("quiz",)]

    def test_every_subcommand_in_both_languages(self):
        for arguments in self.RUNS:
            for language in ("en", "zh"):
                text = run(*arguments, "-f", "latex", "--lang", language)
                self.assertTrue(text, arguments)
                latex_check.check(self, text, (arguments, language))


class Drawings(unittest.TestCase):
    def test_boxes_align_in_both_languages_for_few_and_many_heads(self):
        for language in ("en", "zh"):
            for sizes in (("--d-model", "8", "--heads", "1"), ("--d-model", "12", "--heads", "6"), ("--d-model", "4096", "--heads", "32", "--len", "2048")):
                text = run("trace", *sizes, "--lang", language)
                boxes = [line for line in text.split("\n") if line and line[0] in "┌│└"]
                self.assertGreaterEqual(len(boxes), 13)
                blocks, widths = [], []
                for line in boxes:
                    if line[0] == "┌":
                        blocks.append([])
                    blocks[-1].append(display_width(line))
                for block in blocks:
                    self.assertEqual(len(set(block)), 1, (language, sizes, block))


if __name__ == "__main__":
    unittest.main()
