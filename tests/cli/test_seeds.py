"""What is drawn, and in which order."""
import pathlib
import struct
import unittest

import numpy as np

from tool import SUBCOMMANDS, ToolTest, USAGE

REFERENCE = pathlib.Path(__file__).parents[1] / "reference"


def first_rand_of_seed_42():
    """torch.manual_seed(42); torch.rand(1), as tests/reference/make_random.py wrote it: the bits of a float32."""
    lines = (REFERENCE / "random.txt").read_text().splitlines()
    kind, count, _, _, bits = lines[lines.index("seed 42") + 1].split()
    assert (kind, count) == ("rand", "1")
    return struct.unpack(">f", bytes.fromhex(bits))[0]


class SeedTest(ToolTest):
    def test_a_seed_gives_the_numbers_of_pytorch(self):
        drawn = self.step("q", "dot", "--query", "randn:2x3x4", "--key", "ones:2x3x4")
        self.assert_close(drawn, np.load(REFERENCE / "attention/seed-dot-document/steps.npz")["q"], 3e-7)
        drawn = self.step("q", "dot", "--seed", 42, "--query", "rand:1x1", "--key", "ones:1x1")
        self.assertEqual(drawn.item(), first_rand_of_seed_42())

    def test_generators_draw_in_the_order_of_the_command_line(self):
        first = self.steps("dot", "--query", "randn:1x2x3", "--key", "randn:1x2x3")
        swapped = self.steps("dot", "--key", "randn:1x2x3", "--query", "randn:1x2x3")
        self.assert_equal(first["q"], swapped["k"])
        self.assert_equal(first["k"], swapped["q"])
        self.assertFalse((first["q"] == first["k"]).any())

    def test_what_draws_nothing_moves_nothing(self):
        q = self.step("q", "dot", "--query", "randn:1x2x3", "--key", "ones:1x2x3")
        for key in ("zeros:1x2x3", "arange:1x2x3", "[[[1,2,3]]]"):
            self.assert_equal(self.step("q", "dot", "--key", key, "--query", "randn:1x2x3"), q, key)

    def test_parameters_are_drawn_before_tensors_wherever_they_stand(self):
        every = ["--steps", "*"]
        fresh = self.steps("self", "--d-model", 8, "--input", "ones:1x2x8", *every)
        drawn = self.steps("self", "--d-model", 8, "--input", "randn:1x2x8", *every)
        self.assert_equal(fresh["w_q"], drawn["w_q"])
        self.assertFalse(np.isin(drawn["x"], self.step("x", "self", "--wq", "ones:8x8", "--wk", "ones:8x8", "--wv", "ones:8x8",
                                                       "--input", "randn:1x2x8")).any())

    def test_every_subcommand_is_reproducible_and_changed_by_the_seed(self):
        for command in SUBCOMMANDS:
            one, again, other = (self.succeed(command, "--seed", s, "-f", "json", "--dropout", 0.5) for s in (3, 3, 4))
            self.assertEqual(one, again)
            self.assertNotEqual(one, other)

    def test_only_the_low_32_bits_of_a_seed_count(self):
        # As in PyTorch, whose engine is seeded with 32 bits.
        self.assert_equal(self.step("q", "dot", "--seed", 2 ** 32 + 5), self.step("q", "dot", "--seed", 5))

    def test_seeds_are_whole_numbers_up_to_64_bits(self):
        self.succeed("dot", "--seed", 2 ** 64 - 1)
        for wrong in ("-1", "1.0", "18446744073709551616", "0x10", "010", "", "abc", " 1", "1 ", "+1", "١"):
            with self.subTest(seed=wrong):
                self.refuse(USAGE, "dot", f"--seed={wrong}", mentions="--seed")

    def test_float32_runs_start_from_the_same_numbers(self):
        self.assert_equal(self.step("q", "dot", "--dtype", "float32"), self.step("q", "dot"))


if __name__ == "__main__":
    unittest.main()
