"""--list-steps: what a subcommand can show, to read and to process."""
import csv
import io
import re
import unittest

from tool import SUBCOMMANDS, ToolTest, USAGE


class ListStepsTest(ToolTest):
    def names(self, *arguments):
        return [row["step"] for row in csv.DictReader(io.StringIO(self.succeed(*arguments, "--list-steps", "-f", "csv")))]

    def test_no_name_is_broken_however_narrow_the_page(self):
        for command in SUBCOMMANDS:
            names = self.names(command)
            for width in (40, 80, 100):
                text = self.succeed(command, "--list-steps", "--width", width)
                self.assertEqual(re.findall(r"(?m)^([a-z][\w.]*)   ", text), names, f"{command} {width}")

    def test_the_list_is_short_and_has_the_other_names_on_a_line_of_their_own(self):
        text = self.succeed("sdpa", "--list-steps")
        self.assertLessEqual(len(text.splitlines()), 4 * len(self.names("sdpa")))
        block = text[text.index("\nweights   "):].splitlines()[1:4]
        self.assertIn("A = softmax", block[0])
        self.assertTrue(any(line.startswith("      PyTorch: ") for line in block), block)

    def test_steps_selects_from_the_list(self):
        self.assertEqual(self.names("mha", "--steps", "weights"), ["weights"])
        self.assertEqual(self.names("mha", "--steps", "output,scores_*"),
                         ["scores_raw", "scores_scaled", "scores_capped", "scores_masked", "output"])
        self.refuse(USAGE, "mha", "--list-steps", "--steps", "wieghts", mentions=["--steps", "did you mean 'weights'"])

    def test_what_a_step_needs_is_said_beside_it(self):
        text = self.succeed("mha", "--list-steps")
        for step, needs in (("mask", "needs a mask option"), ("row_max", "needs --detail"), ("scores_capped", "needs --softcap")):
            block = text[text.index(f"\n{step}   "):].splitlines()[1:5]
            self.assertTrue(any(needs in line for line in block), block)
        block = text[text.index("\nscores_raw   "):].splitlines()[1:4]
        self.assertFalse(any("needs" in line for line in block), block)

    def test_what_dot_has_only_with_linear_maps_says_so(self):
        text = "\n" + self.succeed("dot", "--list-steps", "--width", "160")
        for step in ("x", "q_proj", "k_proj", "v_proj", "merged"):
            self.assertRegex(text, rf"\n{step}   .*\n.*\n      needs a?.*linear map", step)
        self.assertNotIn("needs a linear map", self.succeed("mha", "--list-steps"))
        self.assertIn("needs --memory", self.succeed("mha", "--list-steps"))
        self.assertNotIn("needs --memory", self.succeed("cross", "--list-steps"))

    def test_parameters_are_listed_with_the_way_to_see_them(self):
        text = self.succeed("mha", "--list-steps")
        self.assertIn("--steps 'w_*'", text)
        listed = set(self.names("mha"))
        for step in self.steps("mha", "--bias-kv", "--steps", "*"):
            self.assertIn(step, listed)
        self.assertIn("w_o", listed)
        self.assertNotIn("w_q", self.names("sdpa"))


if __name__ == "__main__":
    unittest.main()
