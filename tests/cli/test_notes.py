"""The explanations in the text output are true of the run they stand beside."""
import json
import os
import subprocess
import unittest

TOOL = os.environ["ATTN_COMPUTE"]


def text_of(command):
    done = subprocess.run([TOOL, *command.split(), "--lang", "en"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())  # the page folds lines


class Notes(unittest.TestCase):
    def check(self, command, *, says=(), not_says=()):
        text = text_of(command)
        for sentence in says:
            self.assertIn(sentence, text, command)
        for sentence in not_says:
            self.assertNotIn(sentence, text, command)

    def test_one_head_is_not_several(self):
        self.check("mha --d-model 8 --heads 1", says=["with a single head", "The last linear map returns to width 8"],
                   not_says=["1 smaller attentions", "The 1 heads"])

    def test_merged_heads_need_not_be_as_wide_as_the_input(self):
        self.check("mha --layout d2l --d-model 8 --heads 4 --head-dim 3 --value-dim 5",
                   says=["H·Dv = 4·5 wide", "returns to width 8"], not_says=["as wide as before"])
        self.check("self --d-model 8 --head-dim 3", says=["3 numbers wide instead of 8"], not_says=["(the residual connection)"])
        self.check("self --d-model 8", says=["(the residual connection)"])

    def test_formulas_name_the_source_and_only_the_biases_that_are_there(self):
        self.check("self", says=["K∥ = X·W_k (B"], not_says=["X_m", "b_k"])
        self.check("cross --bias", says=["Q∥ = X·W_q + b_q", "K∥ = X_m·W_k + b_k"])
        self.check("mha --no-bias", says=["Y = Z∥·W_o (B"])
        self.check("mha --heads 2 --input randn:2x3x8 --key randn:2x5x8 --value randn:2x5x6", says=["X_v·W_v + b_v", "memory_value (2, 5, 6), w_v"])

    def test_a_fill_that_is_too_close_is_said_to_leak(self):
        self.check("sdpa --causal --mask-fill -1", says=["forbidden keys keep a share"], not_says=["same as with −inf", "have weight 0"])
        self.check("sdpa --causal --mask-fill -1e9", says=["same as with −inf", "have weight 0"], not_says=["keep a share"])

    def test_what_a_module_appends_is_no_padding_and_moves_no_diagonal(self):
        self.check("mha --len 4 --bias-kv --add-zero-attn --valid-lens 2,4", says=["exempt from every rule"], not_says=["padded to 6"])
        self.check("mha --len 4 --key-len 6 --bias-kv --causal --causal-align bottom-right", says=["shifted by 2"])

    def test_each_sample_has_its_own_diagonal_when_lengths_differ(self):
        self.check("sdpa --batch 2 --len 4 --causal --causal-align bottom-right --valid-lens 4,3",
                   says=["in each sample by its own"], not_says=["shifted by 0"])

    def test_equal_inputs_force_even_weights_only_when_the_keys_are_made_from_them(self):
        even = ["must share its attention evenly"]
        self.check("self --input ones:2x3x4", says=even)
        self.check("cross --input ones:2x3x4 --memory randn:2x5x4", not_says=even)

    def test_the_scale_is_not_announced_where_there_is_none(self):
        self.check("sdpa --scale none", says=["No scale, so these are the raw scores"], not_says=["divided by √"])
        self.check("mha --layout shared-head --scale 0.35", not_says=["This run follows the explanation"])

    def test_heads_without_output_map_are_merged_in_rank_three(self):
        rank_3 = "sdpa --query randn:2x3x8 --key randn:2x3x8 --value randn:2x3x8"
        self.check(rank_3 + " --heads 2", says=["Y = the heads of Z side by side"])
        self.check(rank_3, says=["Y = Z as it is"])

    def test_nothing_is_called_a_mixture_where_a_row_is_none(self):
        self.check("sdpa --len 3", says=["a mixture of the values"])
        self.check("sdpa --len 3 --valid-lens 0", not_says=["a mixture of the values"])
        self.check("""dot --query [[["NaN",1]]] --key [[[1,2]]]""", says=["weights[0,0,0] holds NaN"], not_says=["it does not invent"])

    def test_rows_that_see_nothing_are_counted_apart(self):
        self.check("sdpa --batch 2 --len 2 --valid-lens 0,2", says=["every row that sees a key sums to one", "2 rows see none"])

    def test_a_mask_of_numbers_is_a_preference(self):
        self.check("sdpa --len 2 --mask [[0.5,0],[0,-1]]", says=["M = the numbers that were given", "The mask forbids no key here"],
                   not_says=["0 = may attend", "no forbidden key"])

    def test_a_run_with_a_mistake_says_so_and_explains_nothing(self):
        for subcommand in ("dot", "sdpa", "self", "cross", "mha --heads 2"):
            self.check(subcommand + " --mistake C3", says=["This run is wrong on purpose. Mistake C3"], not_says=["Each row was divided by its own sum"])

    def test_a_mistake_that_changes_no_number_is_said_so_on_standard_error(self):
        for command, changes in (("dot --mistake C2", False), ("sdpa --mistake C2", True), ("sdpa --causal --mistake M8", True), ("self --causal --mistake M8", False)):
            done = subprocess.run([TOOL, *command.split(), "-f", "json"], capture_output=True, text=True, check=True, timeout=60)
            self.assertEqual("changes no number in this run" in done.stderr, not changes, command)
            self.assertEqual(done.stderr.count("\n"), 0 if changes else 1)

    def test_formulas_in_json_are_those_of_the_run(self):
        def formulas(command):
            done = subprocess.run([TOOL, *command.split(), "-f", "json"], capture_output=True, text=True, check=True, timeout=60)
            return {step["step"]: (step["symbol"], step["formula"]) for step in json.loads(done.stdout)["steps"]}
        cross = formulas("cross")
        self.assertEqual(cross["k_proj"], ("K∥", "X_m·W_k"))
        self.assertEqual(cross["scores_masked"], ("S‴", "S′ as it is"))
        self.assertEqual(formulas("self --bias")["k_proj"], ("K∥", "X·W_k + b_k"))
        self.assertEqual(formulas("self --causal --softcap 2")["scores_masked"][1], "S″ + M")
        self.assertEqual(formulas("mha --bias-kv")["k"][1], "K∥ split into heads, then the appended keys")

    def test_a_query_without_keys_is_no_average(self):
        self.check("sdpa --batch 2 --len 3 --valid-lens 0,3", says=["That is no average"])

    def test_a_bare_zero_is_explained_once_where_there_are_fractions(self):
        words = "A bare 0 in a table is exactly zero; 0.0000 is a number so small that it rounds to that."
        for command in ("dot --causal", "mha --causal"):
            self.assertEqual(text_of(command).count(words), 1, command)
        self.check("dot", not_says=[words])
        self.check("dot --causal --no-notes", not_says=["A bare 0"])
        self.check("dot --causal --precision 0", says=["a 0 in a table is zero or a number that rounds to it"], not_says=["A bare 0"])
        self.check("dot --causal --precision 2", says=["0.00 is a number"])

    def test_what_is_left_out_can_be_seen_with_an_option(self):
        self.check("mha --d-model 64 --heads 2", says=["columns, --full shows all)"])
        self.check("mha --d-model 64 --heads 2 --full", not_says=["shows all"])

    def test_dropping_everything_is_not_made_up_for(self):
        self.check("dot --dropout 1", says=["With p = 1 every weight is set to 0"], not_says=["divided by 1 − 1"])
        self.check("dot --dropout 0.5", says=["divided by 1 − 0.5"])

    def test_the_small_maps_of_shared_head_are_told_from_the_matrices_shown(self):
        self.check("mha --layout shared-head --heads 2", says=["Below, each small map stands 2 times on the diagonal"])

    def test_sources_are_named(self):
        for command in ("mha --layout d2l --heads 2", "mha --layout linear --heads 2", "mha --layout shared-head --heads 2"):
            self.check(command, not_says=["in the document", "The book"])
        self.check("mha --layout d2l --heads 2", says=["Dive into Deep Learning"])


if __name__ == "__main__":
    unittest.main()
