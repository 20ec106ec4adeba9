"""--help and --version."""
import re
import shlex
import unittest

import numpy as np

from test_cmd_mha import write_safetensors
from test_options import options_in
from tool import NAME, WITH_LAYERS as SUBCOMMANDS, ToolTest


class HelpTest(ToolTest):
    def test_the_tool_lists_its_subcommands_after_examples(self):
        text = self.succeed("--help")
        self.assertLess(text.index("Examples:"), text.index("Subcommands"))
        listed = re.findall(r"^  ([a-z]+)  ", text[text.index("Subcommands"):], re.M)
        self.assertEqual(sorted(listed), sorted([*SUBCOMMANDS, "depth", "gradient", "mistakes", "probe", "residual", "scaling", "transformer"]), "SUBCOMMANDS in tool.py names all that run attention")
        self.assertEqual(text, self.succeed("-h"))

    def test_help_can_be_asked_for_beside_other_options(self):
        for command in SUBCOMMANDS:
            text = self.succeed(command, "--help")
            self.assertEqual(self.succeed(command, "--causal", "--help"), text)
            self.assertIn(f"{NAME} {command} ", text)

    def test_every_example_runs(self):
        """Files that the examples name are made first, in the shapes that fit each other."""
        x = np.arange(24.0).reshape(1, 3, 8) / 24
        for name in ("q", "k", "v", "x", "target"):
            np.save(self.folder / f"{name}.npy", x)
        np.save(self.folder / "source.npy", np.ones((2, 4, 8)))
        np.save(self.folder / "target.npy", np.ones((2, 3, 8)))
        (self.folder / "x.csv").write_text("1,2\n3,4\n")
        rng = np.random.default_rng(0)
        write_safetensors(self.folder / "module.safetensors", {
            "in_proj_weight": rng.normal(size=(24, 8)), "in_proj_bias": np.zeros(24), "out_proj.weight": np.eye(8),
            "out_proj.bias": np.zeros(8)})
        for text in [self.succeed("--help"), *(self.succeed(c, "--help") for c in SUBCOMMANDS)]:
            for line in re.findall(rf"^  ({NAME} (?:{'|'.join(SUBCOMMANDS)})\b.*)$", text[:text.index("--help")], re.M):
                command = re.split(r" {3,}| \| ", line)[0]
                with self.subTest(example=command):
                    self.succeed(*shlex.split(command)[1:], "--force")

    def test_lines_hold_no_markers_of_the_parser(self):
        for command in SUBCOMMANDS:
            text = self.succeed(command, "--help")
            for internal in ("{false}", "{true}", "[OPTIONS]:", "REQUIRED:", "TEXT"):
                self.assertNotIn(internal, text, command)

    def test_every_option_has_a_sentence(self):
        for command in SUBCOMMANDS:
            lines = self.succeed(command, "--help").splitlines()
            for option in options_in("\n".join(lines)):
                # where the option has a line of its own, not where another one mentions it
                at = next(i for i, line in enumerate(lines) if re.match(rf"  (-\w, )?{option}(?![\w-])", line))
                sentence = re.split(r" {2,}", lines[at].strip(), maxsplit=1)[1:] or [lines[at + 1].strip()]
                self.assertGreater(len(sentence[0]), 8, f"{command} {option}")

    def test_the_choices_of_an_option_are_in_its_help(self):
        for command in SUBCOMMANDS:
            text = self.succeed(command, "--help")
            for words in ("top-left|bottom-right", "keep|drop|add", "error|drop", "zero|nan|uniform", "float64|float32",
                          "en|zh", "auto|always|never"):
                self.assertIn(words, text)
            for name in ("text", "csv", "json", "npz", "npy", "safetensors", "markdown", "latex", "html"):
                self.assertRegex(text, rf"(?m)^ +{name}: ")

    def test_the_version_can_be_asked_for_anywhere(self):
        version = self.succeed("--version")
        for command in SUBCOMMANDS:
            self.assertEqual(self.succeed(command, "--version"), version)
        self.assertEqual(self.succeed("dot", "--causal", "--version"), version)

    def test_the_lines_of_a_list_hang_below_their_item(self):
        lines = self.succeed("mha", "--help").splitlines()
        for item in ("csv: ", "d2l: "):
            at = next(i for i, line in enumerate(lines) if line.strip().startswith(item))
            margin = len(lines[at]) - len(lines[at].lstrip())
            self.assertGreater(len(lines[at + 1]) - len(lines[at + 1].lstrip()) + (": " in lines[at + 1].strip()[:14]), margin, lines[at + 1])

    def test_the_names_of_the_weights_are_in_the_help(self):
        for command, names in (("self", ["W_q.weight", "W_k.weight", "W_v.weight"]), ("cross", ["W_q.weight"]),
                               ("mha", ["in_proj_weight", "out_proj.bias", "W_o.weight", "fc.weight"])):
            for name in names:
                self.assertIn(name, self.succeed(command, "--help"), command)
        self.assertIn("with biases also W_q.bias", " ".join(self.succeed("self", "--help").split()))


if __name__ == "__main__":
    unittest.main()
