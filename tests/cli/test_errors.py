"""What a refused run says: one line, which option or file, what was found, what was meant."""
import re
import unittest

import numpy as np

from test_options import options_in
from tool import INPUT, LIMIT, NON_FINITE, SUBCOMMANDS, SYSTEM, ToolTest, USAGE


def swapped(word):
    """The word with its last two different neighbouring letters swapped."""
    for i in range(len(word) - 2, 0, -1):
        if word[i] != word[i + 1] and "-" not in word[i:i + 2]:
            return word[:i] + word[i + 1] + word[i] + word[i + 2:]
    return word + "x"


class ErrorTest(ToolTest):
    def test_a_mistyped_option_is_met_with_the_nearest_one(self):
        for command in SUBCOMMANDS:
            offered = options_in(self.succeed(command, "--help"))
            for option in offered:
                typo = swapped(option)
                if typo in offered:
                    continue
                message = self.refuse(USAGE, command, typo, "1", mentions=(f"'{typo}'", "did you mean '--"))
                meant = re.search("did you mean '(.*?)'", message)[1]
                self.assertIn(meant, offered)

    def test_mistyped_words_are_met_with_the_nearest_one(self):
        for arguments, meant in ((["spda"], "sdpa"), (["slef"], "self"), (["crss"], "cross"), (["dto"], "dot"),
                                 (["dot", "-f", "jsno"], "json"), (["dot", "-f", "markdwon"], "markdown"),
                                 (["mha", "--layout", "trch"], "torch"), (["mha", "--layout", "shared_head"], "shared-head"),
                                 (["dot", "--steps", "wieghts"], "weights"), (["dot", "--steps", "scores"], "scores_"),
                                 (["dot", "--cell", "ouptut[0,0,0]"], "output"), (["dot", "--causal-align", "topleft"], "top-left"),
                                 (["dot", "--masked-rows", "zeros"], "zero"), (["dot", "--mask-means", "kepe"], "keep"),
                                 (["dot", "--mask-short", "erorr"], "error"), (["dot", "--dtype", "float46"], "float64"),
                                 (["dot", "--color", "allways"], "always")):
            with self.subTest(arguments=arguments):
                self.refuse(USAGE, *arguments, mentions=f"did you mean '{meant}")

    def test_words_that_resemble_nothing_get_the_whole_list(self):
        self.assertNotIn("did you mean", self.refuse(USAGE, "zzzzzz", mentions=SUBCOMMANDS))
        self.assertNotIn("did you mean", self.refuse(USAGE, "dot", "-f", "zzzzzz", mentions=("text", "latex")))
        self.assertNotIn("did you mean", self.refuse(USAGE, "mha", "--layout", "zzzzzz", mentions=("torch", "shared-head")))

    def test_choices_are_not_abbreviated_or_folded(self):
        for option, words in (("--dtype", ("Float64", "float", "f4")), ("--lang", ("EN", "english", "zh_CN")),
                              ("--color", ("Auto", "yes", "")), ("-f", ("JSON", "js", ""))):
            for word in words:
                self.refuse(USAGE, "dot", option, word)

    def test_options_are_not_abbreviated(self):
        for word in ("--caus", "--forma", "--out", "-c", "-O", "--Causal", "--CAUSAL"):
            self.refuse(USAGE, "dot", word, mentions=word)

    def test_values_that_are_missing(self):
        for command in SUBCOMMANDS:
            help_text = self.succeed(command, "--help")
            for line in help_text.splitlines():
                head = re.match(r" {1,6}(?:-\w,)?(--[a-z-]+) \S", line)
                if head:
                    self.refuse(USAGE, command, head[1], mentions=head[1])

    def test_values_given_twice(self):
        for option, value in (("--scale", "1"), ("--seed", "1"), ("--query", "ones:1x2"), ("-f", "csv"), ("-o", "x.csv"),
                              ("--steps", "q"), ("--lang", "en"), ("--window", "1,1"), ("--valid-lens", "1,1"), ("--batch", "1")):
            self.refuse(USAGE, "dot", option, value, option, value, mentions=option if option.startswith("--") else "")

    def test_a_flag_takes_no_value(self):
        for flag in ("--causal", "--detail", "--force", "--list-steps", "--strict", "--full", "--notes", "--no-notes"):
            for value in ("3", "maybe", ""):
                with self.subTest(flag=flag, value=value):
                    self.refuse(USAGE, "dot", f"{flag}={value}", mentions=flag)

    def test_numbers_are_read_whole_in_one_spelling(self):
        wrong = ("", "x", "1x", "0x10", " 1", "1 ", "+1", "1,5", "١", "1e400", "nan", "inf", "--1", "1_000", "1e", ".", "-")
        for option in ("--scale", "--softcap", "--dropout", "--mask-fill"):
            for value in wrong:
                with self.subTest(option=option, value=value):
                    self.refuse(USAGE, "sdpa", "--causal", f"{option}={value}", mentions=option)
        for option, values in (("--softcap", ("0", "-1", "-0")), ("--dropout", ("-0.1", "1.1", "2", "-1e-300"))):
            for value in values:
                self.refuse(USAGE, "sdpa", f"{option}={value}", mentions=(option, value))

    def test_negative_numbers_need_no_equals_sign(self):
        for arguments in (["--scale", "-1"], ["--causal", "--mask-fill", "-1e9"], ["--scale", "-1e-3"], ["--window", "-1,0"]):
            self.succeed("sdpa", *arguments)

    def test_precision_and_memory_have_ranges(self):
        for value in ("-1", "31", "1000", "x", "1.5"):
            self.refuse(USAGE, "dot", f"--precision={value}", mentions="--precision")
        for value in ("0", "-1", "1MB", "1 MiB", "MiB", "1.5GiB", "99999999999GiB", "x", "1mib"):
            self.refuse(USAGE, "dot", f"--max-memory={value}", mentions="--max-memory")

    def test_arguments_beyond_the_options(self):
        self.refuse(USAGE, "dot", "surplus", mentions="surplus")
        self.refuse(USAGE, "dot", "--", "surplus", mentions="surplus")
        self.refuse(USAGE, "dot", "--causal", "true", mentions="true")
        self.refuse(USAGE)
        self.refuse(USAGE, "")
        self.refuse(USAGE, "--causal", mentions="--causal")
        self.refuse(USAGE, "dot", "sdpa", mentions="sdpa")

    def test_steps_that_this_run_does_not_compute(self):
        self.refuse(USAGE, "dot", "--steps", "scores_capped", mentions=("scores_capped", "not computed"))
        self.refuse(USAGE, "dot", "--steps", "q,,k", mentions="--steps")
        self.refuse(USAGE, "dot", "--steps", "", mentions="--steps")
        self.refuse(USAGE, "dot", "--steps", "weights,nope", mentions="nope")

    def test_a_missing_file_of_a_weights_archive_names_the_file(self):
        self.refuse(SYSTEM, "self", "--weights", "none.npz", mentions="none.npz")
        np.save(self.folder / "w.npy", np.ones((2, 2)))
        self.refuse(INPUT, "self", "--weights", "w.npy", mentions="w.npy")
        self.refuse(INPUT, "self", "--weights", "w.npy:layer", mentions="w.npy")

    def test_control_characters_of_the_user_do_not_reach_the_terminal(self):
        evil = "\x1b[31m\x07\rx\ny\x7f\u009b"
        for arguments in ([evil], ["dot", evil], ["dot", "--" + evil], ["dot", "--query", evil], ["dot", "--query", evil + ".npy:" + evil],
                          ["dot", "--scale", evil], ["dot", "--steps", evil], ["dot", "--cell", evil], ["dot", "--cell", f"{evil}[0]"],
                          ["dot", "-f", evil], ["dot", "-o", f"no{evil}/x.csv"], ["dot", "-o", f"x.{evil}"], ["mha", "--layout", evil],
                          ["dot", "--window", evil], ["dot", "--valid-lens", evil], ["dot", "--max-memory", evil], ["dot", "--lang", evil],
                          ["mha", "--weights", evil], ["dot", "--query", "randn:" + evil], ["dot", "--query", f'["{evil}"]'],
                          ["dot", f"--causal={evil}"], ["--" + evil], ["dot", "--seed", evil]):
            with self.subTest(arguments=arguments):
                run = self.run_tool(*arguments)
                self.assertIn(run.returncode, (USAGE, INPUT, SYSTEM))
                self.check_refusal(run, run.returncode, arguments)

    def test_a_file_with_control_characters_in_its_name_stays_on_one_line(self):
        name = "\x1b[31mred\nline.npy"
        (self.folder / name).write_bytes(b"not an array")
        self.refuse(INPUT, "dot", "--query", name, mentions="--query")
        (self.folder / "exists\n\x1b[2J.csv").write_text("mine")
        self.refuse(USAGE, "dot", "-o", "exists\n\x1b[2J.csv", mentions="--force")

    def test_a_step_that_was_not_computed_names_what_brings_it(self):
        for step, needs in (("mask", "--causal"), ("row_max", "--detail"), ("exp", "--detail"), ("row_sum", "--detail"), ("scores_capped", "--softcap"),
                            ("weights_dropped", "--dropout"), ("past_key", "--past-key"), ("weights_averaged", "--average-weights"),
                            ("memory", "--memory"), ("q_proj", "--wq")):
            self.refuse(USAGE, "dot", "--steps", step, mentions=[f"'{step}' is not computed in this run; it needs", needs])
            self.refuse(USAGE, "dot", "--cell", f"{step}[0,0,0,0]", mentions=["--cell", f"'{step}' is not computed in this run; it needs", needs])
        self.refuse(USAGE, "mha", "--steps", "row_*", mentions="it needs --detail")

    def test_one_number_and_something_else_are_not_shown_at_once(self):
        self.refuse(USAGE, "dot", "--cell", "", mentions="--cell: expected STEP[INDEX,…]")
        for other in (["--show-recipe"], ["--list-steps"], ["--steps", "weights"]):
            self.refuse(USAGE, "dot", "--cell", "weights[0,0,0,0]", *other, mentions=["--cell", other[0]])
        self.refuse(USAGE, "dot", "--show-recipe", "--list-steps", mentions=["--show-recipe", "--list-steps"])

    def test_options_about_a_mask_need_one(self):
        for option in (["--masked-rows", "nan"], ["--mask-fill", "-1e9"], ["--mask-short", "drop"], ["--mask-means", "keep"]):
            for command in SUBCOMMANDS:
                self.refuse(USAGE, command, *option, mentions=[option[0], "has no effect without"])
        self.succeed("dot", "--masked-rows", "nan", "--causal")
        self.succeed("layer", "--kind", "decoder", "--memory-valid-lens", "3,2", "--masked-rows", "uniform")

    def test_what_was_typed_wrong_is_a_mistake_of_the_command_line(self):
        self.refuse(USAGE, "sdpa", "--heads", 2, "--kv-heads", 3, mentions="--kv-heads: 3 does not divide 2 heads")
        self.refuse(USAGE, "sdpa", *[w for o in ("--query", "--key", "--value") for w in (o, "ones:2x3x12")], "--heads", 4, "--kv-heads", 3,
                    mentions="--kv-heads: 3 does not divide 4 heads")
        self.refuse(USAGE, "mha", "--d-model", 10, "--heads", 4)
        self.refuse(USAGE, "mha", "--valid-lens", 3, mentions="--valid-lens")

    def test_messages_name_a_way_out(self):
        for arguments, words in ((["mha", "--d-model", 8], "--heads: is missing: with --d-model or --input, say into how many heads"),
                                 (["dot", "--window", "-2,0"], "expected a whole number from 0, or -1 for no bound, found '-2'"),
                                 (["dot", "--batch", 0], "expected a whole number, at least 1, found '0'"),
                                 (["dot", "--max-memory", "1KB"], "expected a number of bytes such as 4096, 512KiB, 64MiB or 4GiB, found '1KB'"),
                                 (["dot", "--head-dim", 8, "--query", "ones:2x3x4", "--key", "ones:2x3x4"], "--head-dim: 8 contradicts the queries, where it is 4"),
                                 (["dot", "--batch"], "--batch: expected a value behind it, found nothing"),
                                 (["dot", "--batch", 1, "--batch", 2], "--batch: is given more than once"),
                                 (["dot", "--mistake", "ZZ"], "no mistake 'ZZ' that can be made (attn-compute mistakes lists them)")):
            self.refuse(USAGE, *arguments, mentions=words)
        self.refuse(LIMIT, "dot", "--len", 300, "--max-memory", "64KiB", mentions=" needed for ")

    def test_a_number_that_is_not_finite_is_named_as_cell_takes_it(self):
        self.refuse(NON_FINITE, "dot", "--query", '[[[1,2,3,4],[5,"NaN",7,8],[1,1,1,1]]]', "--key", "ones:1x5x4", "--strict", "-o", "a.npz",
                    mentions="q[0,0,1,1]: is nan")


if __name__ == "__main__":
    unittest.main()
