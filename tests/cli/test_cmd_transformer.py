"""attn-compute transformer: what goes in, what comes out, and how a model folder is refused.

Numbers are held against PyTorch in tests/reference (run_models.py, run_trained_model.py).
"""
import csv
import io
import json
import pathlib
import shutil
import struct
import unittest

import numpy as np

from tool import DONE, INPUT, LIMIT, NON_FINITE, SYSTEM, ToolTest, USAGE

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRAINED = ROOT / "data" / "models" / "zh-en-numbers"
GPT = ROOT / "tests" / "reference" / "models" / "gpt2"
WEIGHTS = "decoder.1.cross.weights"


def read_safetensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def write_safetensors(path, header, data):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class TransformerTest(ToolTest):
    def translate(self, *arguments, **options):
        return self.succeed("transformer", "--model", TRAINED, *arguments, **options)

    def gpt(self, *arguments):
        return json.loads(self.succeed("transformer", "--model", GPT, "--names", GPT / "names.json", "-f", "json",
                                       "--steps", "logits", *arguments))

    def trained_steps(self, *arguments):
        return np.load(io.BytesIO(self.run_tool("transformer", "--model", TRAINED, "-f", "npz", *arguments).stdout))


class Translation(TransformerTest):
    def test_a_text_is_translated_and_the_alignment_shown(self):
        text = self.translate("--text", "三百二十一")
        lines = text.splitlines()
        self.assertEqual(lines[0], "three hundred twenty-one")
        header = next(line for line in lines if line.startswith("token"))
        self.assertEqual(header.split(), ["token", "probability", "三", "百", "二", "十", "一"])
        looked = {line.split()[0]: [float(cell) for cell in line.split()[2:]] for line in lines[lines.index(header) + 2 :]}
        # Each word looks most at its own character: three at 三, hundred at 百, twenty- at 二, one at 一.
        for word, place in (("three", 0), ("hundred", 1), ("twenty-", 2), ("one", 4)):
            self.assertEqual(max(range(5), key=looked[word].__getitem__), place, word)
            self.assertAlmostEqual(sum(looked[word]), 1, delta=0.03)

    def test_the_columns_of_wide_characters_stand_above_their_numbers(self):
        lines = self.translate("--text", "三百二十一").splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("token"))
        wide = sum(2 if ord(c) > 0x2E80 else 1 for c in lines[at])
        self.assertEqual(wide, len(lines[at + 2]))

    def test_without_notes_there_is_the_translation_alone(self):
        self.assertEqual(self.translate("--text", "两千〇五", "--no-notes"), "two thousand five\n")

    def test_chinese_notes(self):
        self.assertIn("解码器最后一层", self.translate("--text", "十", "--lang", "zh"))

    def test_many_texts_give_a_line_each_from_options_a_file_or_standard_input(self):
        expected = "ten\none hundred\nzero\n"
        self.assertEqual(self.translate("--text", "十", "--text", "一百", "--text", "零"), expected)
        (self.folder / "lines.txt").write_text("十\n一百\r\n零", encoding="utf-8")
        self.assertEqual(self.translate("--text-file", "lines.txt"), expected)
        self.assertEqual(self.translate("--text-file", "-", stdin="十\n一百\n零\n".encode()), expected)

    def test_tokens_say_the_same_as_text(self):
        self.assertEqual(self.translate("--tokens", "6,14", "--no-notes"), self.translate("--text", "三百", "--no-notes"))

    def test_a_given_target_is_not_continued(self):
        logits = self.trained_steps("--text", "三百", "--target", "three hundred", "--steps", "logits")["logits"]
        self.assertEqual(logits.shape, (1, 3, 41))
        written = json.loads(self.translate("--text", "三百", "--target-tokens", "1,6,39", "-f", "json", "--steps", "logits"))
        self.assertEqual(written["sequences"][0]["written_tokens"], [])
        np.testing.assert_array_equal(np.array(written["steps"][0]["values"]), logits)

    def test_at_most_so_many_tokens(self):
        self.assertEqual(self.translate("--text", "三百二十一", "--max-tokens", "2", "--no-notes"), "three hundred\n")


class FusedPath(TransformerTest):
    def test_the_logits_alone_take_the_fused_path_and_are_the_same_but_for_rounding(self):
        run = ["--text", "三百二十一", "--text", "十", "-f", "json", "--steps", "logits"]
        reports = {path: json.loads(self.translate(*run, "--path", path)) for path in ("auto", "fused", "reference")}
        self.assertEqual({path: report["path"] for path, report in reports.items()}, {"auto": "fused", "fused": "fused", "reference": "reference"})
        values = {path: np.array(report["steps"][0].pop("values")) for path, report in reports.items()}
        np.testing.assert_allclose(values["fused"], values["reference"], rtol=1e-10, atol=1e-10)
        np.testing.assert_array_equal(values["auto"], values["fused"])
        for report in reports.values():
            self.assertEqual({**report, "path": ""}, {**reports["reference"], "path": ""})
        np.testing.assert_array_equal(np.array(json.loads(self.translate(*run, "--threads", "3"))["steps"][0]["values"]), values["fused"])

    def test_rotary_and_given_targets_go_the_same_way(self):
        for more in ([], ["--tokens", "5,3"]):
            fused, reference = (self.gpt("--tokens", "5,3,2,1", *more, "--path", path)["steps"][0]["values"] for path in ("fused", "reference"))
            np.testing.assert_allclose(np.array(fused), np.array(reference), rtol=1e-10, atol=1e-10)

    def test_a_run_that_needs_a_step_takes_the_reference_path(self):
        for more in ([], ["--steps", WEIGHTS], ["--steps", "logits", "--detail"]):
            self.assertEqual(json.loads(self.translate("--text", "十", "-f", "json", *more))["path"], "reference", more)
        for more in ([], ["--steps", WEIGHTS], ["--steps", "logits", "--detail"], ["--list-steps"]):
            self.refuse(USAGE, "transformer", "--model", TRAINED, "--text", "十", "--path", "fused", *more, mentions="--path fused")
        self.refuse(USAGE, "transformer", "--model", TRAINED, "--text", "十", "--threads", 2, mentions=("--threads", "--steps logits"))


class Steps(TransformerTest):
    def test_a_step_is_shown_with_the_tokens_beside_its_rows_and_columns(self):
        text = self.translate("--text", "三百", "--steps", WEIGHTS)
        self.assertIn("三百 → three hundred", text)
        self.assertIn("[1/1] decoder.1.cross.weights", text)
        self.assertRegex(text, r"Lq 0 <bos> +⎡")
        self.assertRegex(text, r"(?m)^ +三 +百 +三 +百$")

    def test_globs_choose_steps_and_a_wrong_name_is_refused(self):
        self.assertEqual(list(self.trained_steps("--text", "十", "--steps", "encoder.*.self.weights").files),
                         ["encoder.0.self.weights", "encoder.1.self.weights"])
        self.refuse(USAGE, "transformer", "--model", TRAINED, "--text", "十", "--steps", "decoder.1.cros.weights", mentions=["--steps"])

    def test_every_step_of_a_run_is_listed(self):
        listed = [row["step"] for row in csv.DictReader(io.StringIO(self.translate("--text", "十", "--list-steps", "-f", "csv")))]
        self.assertEqual(listed, list(self.trained_steps("--text", "十").files))
        self.assertEqual((listed[0], listed[-1]), ("encoder.token_embedding", "logits"))

    def test_the_padding_of_a_shorter_source_is_not_looked_at(self):
        weights = self.trained_steps("--text", "三百二十一", "--text", "十", "--steps", "*.weights")
        for name in ("encoder.0.self.weights", WEIGHTS):
            np.testing.assert_array_equal(weights[name][1, ..., 1:], 0)
            np.testing.assert_allclose(weights[name].sum(-1), 1, atol=1e-12)
        future = np.triu(np.ones(weights["decoder.0.self.weights"].shape[-2:]), 1)
        self.assertEqual((weights["decoder.0.self.weights"] * future).sum(), 0)

    def test_json_says_what_was_read_and_written(self):
        run = json.loads(self.translate("--text", "三百", "-f", "json", "--steps", "logits"))
        self.assertEqual((run["command"], run["dtype"]), ("transformer", "float64"))
        only = run["sequences"][0]
        self.assertEqual((only["input"], only["written"]), ("三百", "three hundred"))
        self.assertEqual(only["source_tokens"], [6, 14])
        self.assertEqual(only["prompt_tokens"], [1])
        self.assertEqual(len(only["probabilities"]), len(only["written_tokens"]))


class Decoding(TransformerTest):
    def test_drawing_depends_on_the_seed(self):
        draws = [self.gpt("--tokens", "3,1", "--temperature", "3", "--seed", seed)["sequences"] for seed in (1, 1, 2, 3)]
        self.assertEqual(draws[0], draws[1])
        self.assertGreater(len({json.dumps(draw) for draw in draws}), 1)

    def test_top_1_is_greedy(self):
        greedy, drawn = (self.gpt("--tokens", "3,1", *more)["sequences"][0]["written_tokens"] for more in ([], ["--top-k", "1"]))
        self.assertEqual(greedy, drawn)

    def test_a_sequence_ends_where_the_positions_do(self):
        # Ten positions: of 2 + n tokens all but the last are read.
        self.assertEqual(len(self.gpt("--tokens", "3,1")["sequences"][0]["written_tokens"]), 9)


class Verification(TransformerTest):
    RUN = ("transformer", "--model", TRAINED, "--text", "三百二十一")

    def saved(self, **changed):
        """Their tensors in float32; of dots in names double underscores, and None for a step that is not handed in."""
        changed = {name.replace("__", "."): values for name, values in changed.items()}
        steps = {**self.trained_steps("--text", "三百二十一"), **changed}
        np.savez(self.folder / "theirs.npz", **{name: values.astype(np.float32) for name, values in steps.items() if values is not None})
        return "theirs.npz"

    def judged(self, *arguments):
        return json.loads(self.succeed(*self.RUN, "--verify", *arguments, "-f", "json"))

    def test_the_models_own_steps_match_in_float32(self):
        report = self.judged(self.saved())
        self.assertEqual(report["verdict"], "match")
        self.assertEqual([step["step"] for step in report["steps"]], list(self.trained_steps("--text", "三百二十一")))
        self.assertEqual({step["local"] for step in report["steps"]}, {"match"})
        self.assertEqual(report["diagnosis"], [])

    def test_a_mistake_in_one_layer_is_named_there_and_the_rest_is_a_consequence(self):
        steps = self.trained_steps("--text", "三百二十一")
        raw, masked = steps["decoder.1.self.scores_raw"], steps["decoder.1.self.scores_masked"]
        unscaled = np.where(np.isinf(masked), -np.inf, raw)
        weights = np.exp(unscaled - unscaled.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        names = list(steps)
        later = names[names.index("decoder.1.self.heads") + 1:]
        theirs = self.saved(**{name.replace(".", "__"): None for name in later},
                            decoder__1__self__scores_scaled=raw, decoder__1__self__scores_masked=unscaled, decoder__1__self__weights=weights,
                            decoder__1__self__heads=weights @ steps["decoder.1.self.v"])
        text = self.differ(*self.RUN, "--verify", theirs)
        self.assertIn("first wrong step: decoder.1.self.scores_scaled", text)
        self.assertRegex(text, r"C2  No scale\n +at decoder.1.self.scores_scaled; explains it\n[^→]*1/√16 = 0.25")
        self.assertRegex(text, r"decoder.1.self.weights +consequence +match")
        self.assertRegex(text, r"encoder.1.self.weights +match +match")
        self.assertIn("最先出错的一步：decoder.1.self.scores_scaled", self.differ(*self.RUN, "--verify", theirs, "--lang", "zh"))

    def test_what_no_mistake_explains_is_said_with_its_worst_cell(self):
        hidden = self.trained_steps("--text", "三百二十一")["encoder.0.ffn_hidden"].copy()
        hidden[0, 1, 5] += 3
        text = self.differ(*self.RUN, "--verify", self.saved(encoder__0__ffn_hidden=hidden))
        self.assertIn("first wrong step: encoder.0.ffn_hidden", text)
        self.assertIn("encoder.0.ffn_hidden[0,1,5]", text)
        self.assertNotIn("--cell", text)

    def test_a_step_outside_of_the_layers_is_said_to_be_one(self):
        logits = self.trained_steps("--text", "三百二十一")["logits"]
        text = self.differ(*self.RUN, "--verify", self.saved(logits=logits + 1))
        self.assertIn("first wrong step: logits", text)
        self.assertIn("this step stands outside", text)

    def test_names_under_a_module_of_theirs_are_found(self):
        steps = self.trained_steps("--text", "三百二十一")
        np.savez(self.folder / "named.npz", **{f"model.{name}": values for name, values in steps.items()})
        self.assertEqual(self.judged("named.npz")["unmatched"], [])

    def test_names_tolerances_files_and_formats_are_as_in_the_other_subcommands(self):
        logits = self.trained_steps("--text", "三百二十一")["logits"]
        np.save(self.folder / "logits.npy", logits)
        self.assertEqual([step["step"] for step in self.judged("logits.npy")["steps"] if step["status"] == "match"], ["logits"])
        np.savez(self.folder / "named.npz", mine=logits + 0.01)
        self.differ(*self.RUN, "--verify", "named.npz", "--map", "mine=logits")
        self.succeed(*self.RUN, "--verify", "named.npz", "--map", "mine=logits", "--rtol", "0", "--atol", "0.02")
        np.savez(self.folder / "wrong.npz", logits=logits + 0.01)
        self.assertRegex(self.differ(*self.RUN, "--verify", "logits.npy", "wrong.npz"), r"logits.npy +match *\n *wrong.npz +mismatch +logits")
        for form in ("csv", "markdown", "latex", "html"):
            self.assertIn("logits", self.succeed(*self.RUN, "--verify", "logits.npy", "-f", form), form)

    def test_the_steps_of_other_programs_match_and_a_wrong_one_is_found_in_its_layer(self):
        """PyTorch's, of models in the forms of GPT-2, BERT, LLaMA and others (tests/reference/make_models.py)."""
        for model in sorted(GPT.parent.iterdir()):
            with self.subTest(model=model.name):
                run = ["transformer", "--model", model, "--names", model / "names.json", *json.loads((model / "case.json").read_text())["argv"]]
                steps = {name: values.astype(np.float32) for name, values in np.load(model / "steps.npz").items()}
                np.savez(self.folder / "theirs.npz", **steps)
                report = json.loads(self.succeed(*run, "--verify", "theirs.npz", "-f", "json"))
                self.assertEqual((report["verdict"], report["unmatched"]), ("match", []))
                wrong = next(name for name in steps if name.endswith(".1.ffn_output"))
                steps[wrong] = steps[wrong] + np.float32(0.01)
                np.savez(self.folder / "theirs.npz", **steps)
                report = json.loads(self.differ(*run, "--verify", "theirs.npz", "-f", "json"))
                self.assertEqual(report["first_divergent_step"], wrong)

    def test_options_without_effect_are_refused(self):
        for option in (["--steps", "logits"], ["--list-steps"], ["--precision", "3"], ["--strict"], ["--path", "fused"], ["--dtype", "float32"]):
            self.refuse(USAGE, *self.RUN, "--verify", self.saved(), *option, mentions=option[:1])
        self.refuse(USAGE, *self.RUN, "--rtol", "1", "--atol", "1", mentions=["--verify"])


class Refusals(TransformerTest):
    def copy(self, source=TRAINED):
        folder = self.folder / "model"
        folder.mkdir()
        for name in ("config.json", "model.safetensors", "source.txt", "target.txt"):
            shutil.copy(source / name, folder / name)
        return folder

    def refuse_model(self, code, folder, *mentions):
        self.refuse(code, "transformer", "--model", folder, "--text", "十", mentions=list(mentions))

    def test_missing_files(self):
        self.refuse_model(SYSTEM, self.folder / "nowhere", "config.json")
        for name in ("model.safetensors", "source.txt"):
            folder = self.copy()
            (folder / name).unlink()
            self.refuse_model(SYSTEM, folder, name)
            shutil.rmtree(folder)

    def test_missing_and_extra_tensors_are_both_listed(self):
        folder = self.copy()
        header, data = read_safetensors(TRAINED / "model.safetensors")
        header["decoder.norm.weight"] = header.pop("output.bias")
        write_safetensors(folder / "model.safetensors", header, data)
        self.refuse_model(INPUT, folder, "lacks 1 of 66 tensors: 'output.bias'", "has 1 that this model does not read: 'decoder.norm.weight'")

    def test_a_tensor_of_another_shape(self):
        folder = self.copy()
        header, data = read_safetensors(TRAINED / "model.safetensors")
        header["output.weight"]["shape"].reverse()
        write_safetensors(folder / "model.safetensors", header, data)
        self.refuse_model(INPUT, folder, "'output.weight' has shape (64, 41), expected (41, 64)")

    def test_a_configuration_that_does_not_fit(self):
        folder = self.copy()
        config = json.loads((TRAINED / "config.json").read_text())
        for change, mention in ((("sizes", "vocabulary", 40), "target.txt"), (("sizes", "heads", 5), "sizes.heads is 5"),
                                (("norm", "plaice", "pre"), "did you mean 'place'?")):
            wrong = json.loads(json.dumps(config))
            wrong[change[0]][change[1]] = change[2]
            (folder / "config.json").write_text(json.dumps(wrong))
            self.refuse_model(INPUT, folder, mention)

    def test_a_damaged_file(self):
        folder = self.copy()
        (folder / "model.safetensors").write_bytes((TRAINED / "model.safetensors").read_bytes()[:-1])
        self.refuse_model(INPUT, folder, "model.safetensors")

    def test_texts_that_the_model_cannot_read(self):
        for words, mention in ((["--text", "一万"], "'万' at byte 3"), (["--text", ""], "no tokens"),
                               (["--text", "一" * 17], "17 tokens, but this model has 16 positions"), (["--tokens", "16"], "no token 16")):
            self.refuse(INPUT, "transformer", "--model", TRAINED, *words, mentions=[mention])

    def test_options_that_do_not_fit(self):
        for words, mention in (([], "--text, --tokens or --text-file"), (["--text", "十", "--tokens", "1"], "give one"),
                               (["--text", "十", "--temperature", "0"], "--temperature"), (["--tokens", "1,x"], "--tokens"),
                               (["--text", "十", "--target", "ten", "--target-tokens", "1"], "give one")):
            self.refuse(USAGE, "transformer", "--model", TRAINED, *words, mentions=[mention])
        self.refuse(USAGE, "transformer", "--text", "十", mentions=["--model"])
        gpt = ["transformer", "--model", GPT, "--names", GPT / "names.json"]
        self.refuse(USAGE, *gpt, "--text", "x", mentions=["--tokens"])
        self.refuse(USAGE, *gpt, "--tokens", "1", "--target-tokens", "1", mentions=["--target"])

    def test_too_little_memory_is_said_before_anything_is_read(self):
        self.refuse(LIMIT, "transformer", "--model", TRAINED, "--text", "十", "--max-memory", "1000", mentions=["model.safetensors"])

    def test_more_rotary_positions_than_memory_are_refused(self):
        config = json.loads((GPT.parent / "llama" / "names.json").read_text())
        del config["config"]["sizes"]["max_length"]
        (self.folder / "names.json").write_text(json.dumps(config))
        for count in ("2000000000000", str(2**62)):
            self.refuse(LIMIT, "transformer", "--model", GPT.parent / "llama", "--names", "names.json", "--tokens", "1", "--max-tokens", count,
                        mentions=["rotary"])

    def test_strict_refuses_what_is_not_finite(self):
        folder = self.copy()
        header, data = read_safetensors(TRAINED / "model.safetensors")
        begin = header["encoder.layers.0.linear1.bias"]["data_offsets"][0]
        write_safetensors(folder / "model.safetensors", header, data[:begin] + struct.pack("<f", float("inf")) + data[begin + 4 :])
        done = self.run_tool("transformer", "--model", folder, "--text", "十", "--target", "ten", "-f", "csv", "--strict")
        self.assertEqual(done.returncode, NON_FINITE)
        self.assertIn(b"encoder.0.ffn_up", done.stderr)


class Help(TransformerTest):
    def test_the_help_names_every_option_of_decoding(self):
        text = self.succeed("transformer", "--help")
        for option in ("--model", "--names", "--text", "--tokens", "--text-file", "--target", "--max-tokens", "--top-k", "--temperature",
                       "--no-cache", "--steps", "--seed"):
            self.assertIn(option, text)


if __name__ == "__main__":
    unittest.main()
