"""mha-shapes: every subcommand, every option, every exit code that can occur."""
import csv
import io
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DONE, DIFFERENT, USAGE, INPUT, SYSTEM, LIMIT = 0, 1, 2, 3, 4, 5


class Shapes(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="attnscope-shapes-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def run_tool(self, *arguments, tool="MHA_SHAPES", stdin=None):
        environment = {k: v for k, v in os.environ.items() if k != "LANG" and not k.startswith("LC_")}
        return subprocess.run([os.environ[tool], *map(str, arguments)], input=stdin, text=True, capture_output=True,
                              cwd=self.folder, env=environment, timeout=60)

    def output(self, *arguments, code=DONE, **options):
        run = self.run_tool(*arguments, **options)
        self.assertEqual((run.returncode, run.stderr), (code, ""), arguments)
        return run.stdout

    def json(self, *arguments, **options):
        return json.loads(self.output(*arguments, "-f", "json", **options))

    def refuse(self, code, *arguments, mentions="", **options):
        run = self.run_tool(*arguments, **options)
        self.assertEqual((run.returncode, run.stdout), (code, ""), (arguments, run.stderr))
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        self.assertTrue(run.stderr.startswith("mha-shapes: "), run.stderr)
        self.assertIn(mentions, run.stderr)


class TraceTest(Shapes):
    def rows(self, *options):
        return self.json("trace", *options)["rows"]

    def shape_after(self, operation, *options):
        return next(row["shape"] for row in self.rows(*options) if row["operation"].startswith(operation))

    def output_shape(self, *options):
        return self.json("trace", *options)["output_shape"]

    def test_letters_and_numbers_stand_side_by_side(self):
        text = self.output("trace", "--impl", "d2l")
        self.assertRegex(text, r"\(B, Lq, E\) +\(2, 4, 100\)")
        self.assertIn("┌", text)

    def test_every_implementation_returns_the_shape_of_its_queries(self):
        for impl in ("torch", "d2l", "linear", "shared-head", "encoder-layer", "decoder-layer", "transformer"):
            self.assertEqual(self.output_shape("--impl", impl), [2, 4, 100], impl)
        self.assertEqual(self.output_shape("--impl", "sdpa"), [2, 5, 4, 20])

    def test_each_size_option_shows_in_the_shapes(self):
        self.assertEqual(self.output_shape("--batch", 3, "--len", 7, "--d-model", 8, "--heads", 2), [3, 7, 8])
        cross = ("--impl", "linear", "--query-len", 3, "--key-len", 6)
        self.assertEqual(self.shape_after("q · kᵀ", *cross), "(2, 5, 3, 6)")
        self.assertEqual(self.shape_after("repeat", "--impl", "linear", "--heads", 4, "--kv-heads", 2), "(2, 4, 4, 20)")
        own = ("--impl", "d2l", "--d-model", 12, "--heads", 3, "--head-dim", 5, "--value-dim", 7)
        self.assertEqual(self.shape_after("linear(E → H·D)", *own), "(2, 4, 15)")
        self.assertEqual(self.shape_after("linear(E → Hk·Dv)", *own), "(2, 4, 21)")

    def test_kdim_and_vdim_are_the_widths_of_the_sources(self):
        rows = self.rows("--kdim", 6, "--vdim", 9)
        self.assertEqual([r["shape"] for r in rows if r["step"] in ("memory", "memory_value") and r["operation"] == "input"],
                         ["(2, 4, 6)", "(2, 4, 9)"])

    def test_axes_come_in_the_order_that_is_asked_for(self):
        self.assertEqual(self.output_shape("--seq-first"), [4, 2, 100])
        self.assertEqual(self.output_shape("--batch-first"), [2, 4, 100])
        self.assertEqual(self.output_shape("--unbatched"), [4, 100])

    def test_flags_of_the_constructor_change_parameters_and_keys(self):
        def parameters(*options):
            return sum(row["parameters"] for row in self.rows("--d-model", 8, "--heads", 2, *options))
        # 4·8·8 weights; with biases 4·8 more; with a learned key and value 2·8 more.
        self.assertEqual(parameters("--no-bias"), 256)
        self.assertEqual(parameters("--bias"), 288)
        self.assertEqual(parameters("--bias-kv"), 304)
        self.assertEqual(self.shape_after("q · kᵀ", "--add-zero-attn"), "(10, 4, 5)")

    def test_sizes_of_a_transformer(self):
        options = ("--impl", "transformer", "--layers", 2, "--ffn", 16, "--vocab", 50, "--d-model", 8, "--heads", 2)
        self.assertEqual(self.output_shape(*options), [2, 4, 50])
        self.assertEqual(self.shape_after("linear(E → F)", *options), "(2, 6, 16)")
        self.assertEqual(sum(row["step"] == "encoder.1" for row in self.rows(*options)), 1)

    def test_bytes_are_counted_in_the_chosen_type(self):
        for dtype, size in (("float32", 4), ("float64", 8), ("float16", 2), ("bfloat16", 2)):
            self.assertEqual(self.rows("--dtype", dtype)[0]["bytes"], 800 * size)

    def test_notes_can_be_left_out_and_come_in_chinese(self):
        self.assertNotIn("samples", self.output("trace", "--no-notes"))
        self.assertIn("每个位置", self.output("trace", "--lang", "zh"))
        self.assertIn("\033[1m", self.output("trace", "--color", "always"))

    def test_formats_and_files(self):
        table = list(csv.DictReader(io.StringIO(self.output("trace", "-f", "csv"))))
        self.assertEqual(table[0]["axes"], "(B, Lq, E)")
        self.assertTrue(self.output("trace", "-f", "markdown").startswith("# "))
        self.assertIn("\\begin{tabular}", self.output("trace", "-f", "latex"))
        self.output("trace", "-o", "t.json")
        self.assertIn("rows", json.loads((self.folder / "t.json").read_text()))
        self.refuse(USAGE, "trace", "-o", "t.json")
        self.output("trace", "-o", "t.json", "--force")
        self.refuse(USAGE, "trace", "-f", "npz", mentions="holds tensors")
        self.refuse(SYSTEM, "trace", "-o", "no/such/folder.txt")

    def test_totals_beyond_63_bits_are_refused(self):
        # Every row fits; 4 maps of 2·L·E² = 3.07e18 operations each do not fit together.
        self.refuse(LIMIT, "trace", "--d-model", 1 << 20, "--heads", 1, "--batch", 1, "--len", 1398000, mentions="more than 2^63")

    def test_sizes_that_contradict_are_refused_with_the_repair(self):
        self.refuse(USAGE, "trace", "--d-model", 10, "--heads", 4, mentions="1, 2, 5, 10")
        self.refuse(USAGE, "trace", "--d-model", 10, mentions="--heads")
        self.refuse(USAGE, "trace", "--impl", "sdpa", "--seq-first", mentions="--seq-first")
        self.refuse(USAGE, "trace", "--impl", "lienar", mentions="did you mean 'linear'?")


class CheckTest(Shapes):
    def rules(self, *arguments, code=DIFFERENT, **options):
        return [c["rule"] for c in self.json("check", *arguments, code=code, **options)["contradictions"]]

    def test_the_example_of_the_course_yields_all_its_contradictions(self):
        arguments = ("nn.MultiheadAttention(d_model=10, nhead=4, dropout=0.1)", "--input", "5,3", "--output", "5,3,8")
        self.assertEqual(self.rules(*arguments),
                         ["keyword", "keyword", "divisible", "width", "batch_axis_missing", "output_width"])
        nearest = self.json("check", *arguments, code=DIFFERENT)["nearest"][0]
        self.assertEqual([nearest[k] for k in ("d_model", "heads", "head_dim", "input", "output")],
                         [8, 4, 2, [5, 3, 8], [5, 3, 8]])

    def test_the_whole_program_of_the_example_adds_its_transpose_and_head_size(self):
        rules = self.rules("--file", HERE / "shapes" / "d1.py")
        for rule in ("transposed_away", "head_product", "divisible", "output_width", "batch_axis_missing", "width"):
            self.assertIn(rule, rules)
        self.assertEqual(rules.count("keyword"), 2)

    def test_the_transformer_of_the_course_yields_its_three_errors(self):
        self.assertEqual(set(self.rules("--file", HERE / "shapes" / "d2.py")),
                         {"sequence_first", "tuple_added", "argument_order"})

    def test_a_consistent_call_is_accepted_with_its_output(self):
        answer = self.json("check", "nn.MultiheadAttention(8, 2, batch_first=True)", "--input", "(3, 4, 8)")
        self.assertEqual((answer["verdict"], answer["output"]), ("consistent", [3, 4, 8]))
        self.assertEqual(self.rules("nn.MultiheadAttention(8, 2)", "--input", "3,4,8", "--output", "4,3,8"), ["output_shape"])

    def test_each_shape_option_can_contradict(self):
        module = "nn.MultiheadAttention(8, 2)"
        given = ("--input", "5,2,8")
        self.assertEqual(self.rules(module, *given, "--key", "6,3,8"), ["batch"])
        self.assertEqual(self.rules(module, *given, "--value", "6,2,8"), ["key_value_length"])
        self.assertEqual(self.rules(module, *given, "--attn-mask", "2,5,5"), ["attn_mask"])
        self.assertEqual(self.rules(module, *given, "--key-padding-mask", "5,2"), ["padding_mask"])
        self.assertEqual(self.rules(module, *given, "--batch-first-input"), ["sequence_first"])
        self.assertEqual(self.rules(module, "--input", "(5, 8)", "--key-padding-mask", "(5,)", code=DONE), [])
        self.refuse(USAGE, "check", module, "--key-padding-mask", "5,")

    def test_keys_that_are_the_queries_have_the_shape_that_is_stated_for_these(self):
        call = "nn.MultiheadAttention(24, 4, batch_first=True)(x, x, x, key_padding_mask=m)"
        self.assertEqual(self.rules(call, "--input", "2,6,24", "--key-padding-mask", "6,2"), ["padding_mask"])
        self.assertIn("expected (2, 6)", self.run_tool("check", call, "--input", "2,6,24", "--key-padding-mask", "6,2", "--lang", "en").stdout)
        self.assertEqual(self.rules(call, "--input", "2,6,24", "--key-padding-mask", "2,6", code=DONE), [])

    def test_a_module_can_be_given_by_its_sizes(self):
        sizes = ("--d-model", 8, "--heads", 2)
        self.assertEqual(self.rules(*sizes, "--head-dim", 3), ["head_product"])
        self.assertEqual(self.rules(*sizes, "--kv-heads", 1), ["no_grouped_heads"])
        self.assertEqual(self.rules("--impl", "linear", *sizes, "--kv-heads", 1, code=DONE), [])
        self.assertEqual(self.rules(*sizes, "--kdim", 3, "--input", "5,2,8", "--key", "5,2,4"), ["width", "width"])
        self.assertEqual(self.rules(*sizes, "--vdim", 3, "--input", "5,2,8"), ["width"])
        self.assertEqual(self.rules(*sizes, "--batch-first", "--input", "5,2,8", "--batch-first-input", code=DONE), [])

    def test_what_would_do_nothing_is_refused(self):
        sizes = ("--d-model", 8, "--heads", 2)
        for option in (("--key", "5,3,9"), ("--value", "5,3,9"), ("--attn-mask", "5,5"), ("--key-padding-mask", "3,5"), ("--batch-first",)):
            self.refuse(USAGE, "check", *sizes, *option, mentions=option[0] + ": needs --input")
        self.refuse(USAGE, "check", "nn.MultiheadAttention(8, 2)", "--key", "5,3,9", mentions="--input")
        called = "m = nn.MultiheadAttention(8, 2)\nx = torch.zeros(5, 3, 8)\nm(x, x, x)"
        self.assertEqual(self.rules(called, "--key", "5,3,9", code=DIFFERENT), ["width"])
        for option in (("--impl", "d2l"), ("--batch-first",), ("--heads", 2)):
            self.refuse(USAGE, "check", called, *option, mentions=option[0] + ": describes a module")

    def test_one_contradiction_is_one(self):
        self.assertIn("1 contradiction:", self.output("check", "nn.MultiheadAttention(10, 4)", code=DIFFERENT))
        self.assertIn("2 contradictions:", self.output("check", "nn.MultiheadAttention(10, 4, 0.1, droput=1)", code=DIFFERENT))

    def test_a_page_that_lost_its_line_breaks(self):
        program = (HERE / "shapes" / "d1.py").read_text().split("\n", 1)[1]  # without its title
        text = program.replace("\n", " ").replace("n_head, d_k, d_v = 4, 2, 8", "n_head = 4 d_k = 2 d_v = 8")
        self.assertEqual(self.rules(text), self.rules("--file", HERE / "shapes" / "d1.py"))

    def test_a_page_of_text_with_fenced_code(self):
        program = (HERE / "shapes" / "d1.py").read_text().split("\n", 1)[1]
        page = f"A layer like nn.MultiheadAttention() needs sizes.\n\n```python\n{program}```\nIt prints its shape.\n"
        self.assertEqual(self.rules("--file", "-", stdin=page), self.rules("--file", HERE / "shapes" / "d1.py"))

    def test_unicode_order_of_keywords_slips_and_impossible_sizes(self):
        self.assertEqual(self.rules("注意力 = nn.MultiheadAttention(num_heads=5, embed_dim=12)"), ["divisible"])
        slip = self.json("check", "nn.MultiheadAttention(8, 2, droput=0.1)", code=DIFFERENT)["contradictions"][0]
        self.assertIn("Did you mean dropout?", slip["repair"])
        for size in ("0", "-8", "8.5", "99999999999999999999"):
            self.assertEqual(self.rules(f"nn.MultiheadAttention({size}, 2)"), ["positive"], size)

    def test_a_module_without_sizes_is_not_called_consistent(self):
        answer = self.json("check", "nn.MultiheadAttention(embed_dim=width, num_heads=2)", code=DIFFERENT)
        self.assertEqual((answer["verdict"], answer["unknown"]), ("incomparable", ["embed_dim = width"]))

    def test_what_the_code_leaves_open_is_listed_and_contradicts_nothing(self):
        answer = self.json("check", "nn.MultiheadAttention(8, 2, bias=b, batch_first=cfg.bf)", "--input", "5,3,8", "--batch-first-input")
        self.assertEqual((answer["verdict"], answer["unknown"]), ("consistent", ["bias = b", "batch_first = cfg.bf"]))
        answer = self.json("check", "m = nn.MultiheadAttention(8, 2, kdim=k)", "--input", "5,3,8", "--key", "5,3,6", "--value", "5,3,8")
        self.assertEqual((answer["unknown"], answer["output"]), (["kdim = k"], [5, 3, 8]))
        answer = self.json("check", "nn.MultiheadAttention(**config)", code=DIFFERENT)
        self.assertEqual((answer["verdict"], answer["unknown"]), ("incomparable", ["**config"]))

    def test_a_method_or_a_docstring_hides_no_call(self):
        call = "x = torch.randn(5, 3, 7)\ny, w = mha(x, x, x)"
        self.assertEqual(self.rules("mha = nn.MultiheadAttention(8, 2).eval()\n" + call), ["width"])
        self.assertEqual(self.rules('"""Doc (see\n"""\nmha = nn.MultiheadAttention(8, 2)\n' + call), ["width"])
        self.assertEqual(self.rules("nn.MultiheadAttention(0x40, 1_0)"), ["divisible"])

    def test_both_constructors_of_d2l_and_the_width_that_keras_reads_off_its_query(self):
        self.assertEqual(self.rules("d2l.MultiHeadAttention(100, 100, 100, 100, 5, 0.5)", code=DONE), [])
        self.assertEqual(self.rules("d2l.MultiHeadAttention(100, 5, 0.5)", code=DONE), [])
        self.assertEqual(self.rules("keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)", "--input", "2,5,16", "--output", "2,5,8"), ["output_shape"])

    def test_the_nearest_configurations_speak_the_api_s_own_words(self):
        nearest = self.json("check", "nn.Transformer(d_model=10, nhead=4)", code=DIFFERENT)["nearest"]
        self.assertEqual(nearest[0]["call"], "nn.Transformer(d_model=8, nhead=4)")

    def test_huge_programs_are_read(self):
        self.assertEqual(self.rules("--file", "-", stdin="x = 1" + " + 1" * 100000 + "\nnn.MultiheadAttention(8, 3)\n")[0], "divisible")

    def test_standard_input_and_files(self):
        code = "m = nn.MultiheadAttention(8, 3)\n"
        self.assertEqual([c["rule"] for c in self.json("check", "--file", "-", stdin=code, code=DIFFERENT)["contradictions"]], ["divisible"])
        self.output("check", "--d-model", 8, "--heads", 2, "-o", "c.json")
        self.assertEqual(json.loads((self.folder / "c.json").read_text())["verdict"], "consistent")

    def test_what_cannot_be_checked_is_refused(self):
        self.refuse(USAGE, "check")
        self.refuse(USAGE, "check", "nn.Linear(1, 2)", "--input", "5,x")
        self.refuse(INPUT, "check", "nn.Linear(1, 2)", mentions="no module of attention")
        self.refuse(SYSTEM, "check", "--file", "absent.py")
        for odd in ("((((", "'", "mha(", "x = = y", "nn.MultiheadAttention(" + "(" * 5000):
            self.assertIn(self.run_tool("check", odd).returncode, (DIFFERENT, DONE, INPUT), odd[:30])


class LayoutsTest(Shapes):
    MODULE = ROOT / "data" / "torch-mha" / "module.safetensors"

    def convert(self, source, target, name_in, name_out, *options):
        return self.json("layouts", "--from", source, "--to", target, "--heads", 4, name_in, name_out, *options)

    def test_the_table_has_every_layout_and_can_be_narrowed(self):
        rows = self.json("layouts")["tensors"]
        self.assertLessEqual({"torch", "d2l", "linear", "shared-head", "gpt2", "bert", "llama", "keras", "transformer-lens", "onnx"},
                             {row["layout"] for row in rows})
        rows = self.json("layouts", "--layout", "gpt2", "--d-model", 8, "--heads", 2)["tensors"]
        self.assertEqual([row["shape"] for row in rows], ["(8, 24)", "(24,)", "(8, 8)", "(8,)"])
        llama = self.json("layouts", "--layout", "llama", "--d-model", 8, "--heads", 4, "--kv-heads", 2)["tensors"]
        self.assertEqual(next(row["shape"] for row in llama if row["name"] == "k_proj.weight"), "(4, 8)")

    def test_every_layout_gives_the_first_one_back_bit_for_bit(self):
        self.convert("torch", "torch", self.MODULE, "first.safetensors")
        first = (self.folder / "first.safetensors").read_bytes()
        for layout in ("d2l", "linear", "gpt2", "bert", "llama", "keras", "transformer-lens", "onnx"):
            self.assertEqual(self.convert("torch", layout, self.MODULE, f"{layout}.safetensors")["numbers"], 1088)
            self.convert(layout, "torch", f"{layout}.safetensors", f"{layout}-back.safetensors")
            self.assertEqual((self.folder / f"{layout}-back.safetensors").read_bytes(), first, layout)

    def test_converted_weights_give_the_same_output_bit_for_bit(self):
        x = ROOT / "data" / "torch-mha" / "x.npy"
        outputs = []
        self.convert("torch", "d2l", self.MODULE, "d2l.npz")
        self.convert("torch", "linear", self.MODULE, "linear.safetensors")
        for layout, weights in (("torch", self.MODULE), ("d2l", "d2l.npz"), ("linear", "linear.safetensors")):
            self.output("mha", "--layout", layout, "--weights", weights, "--heads", 4, "--input", x, "--steps", "output",
                        "-o", f"{layout}.npy", tool="ATTN_COMPUTE")
            outputs.append((self.folder / f"{layout}.npy").read_bytes())
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0], outputs[2])

    def test_gpt2_stores_the_transposes_side_by_side(self):
        self.convert("torch", "gpt2", self.MODULE, "gpt2.npz")
        self.convert("torch", "torch", self.MODULE, "torch.npz")
        packed = np.load(self.folder / "torch.npz")["in_proj_weight"]
        np.testing.assert_array_equal(np.load(self.folder / "gpt2.npz")["c_attn.weight"], packed.T)

    def test_inspection_reads_the_header_only(self):
        # A header that promises 3 GiB in a file whose numbers are a hole: reading them would take seconds.
        header = json.dumps({"h.0.attn.c_attn.weight": {"dtype": "F32", "shape": [16384, 49152], "data_offsets": [0, 3 << 30]},
                             "h.0.attn.c_proj.weight": {"dtype": "F32", "shape": [16384, 16384], "data_offsets": [3 << 30, 4 << 30]}}).encode()
        with open(self.folder / "large.safetensors", "wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            file.truncate(8 + len(header) + (4 << 30))
        module, = self.json("layouts", "--inspect", "large.safetensors", "--heads", 128)["modules"]
        self.assertEqual((module["prefix"], module["layout"], module["d_model"], module["heads"], module["head_dim"]),
                         ("h.0.attn.", "gpt2", 16384, "128", 128))
        # The first bytes of an NPZ entry are enough: what follows them here fails its checksum.
        np.savez(self.folder / "broken.npz", **{"out_proj.weight": np.zeros((64, 64)), "in_proj_weight": np.zeros((192, 64))})
        content = bytearray((self.folder / "broken.npz").read_bytes())
        content[4000] ^= 1
        (self.folder / "broken.npz").write_bytes(content)
        self.assertIn("torch", [m["layout"] for m in self.json("layouts", "--inspect", "broken.npz")["modules"]])
        self.refuse(INPUT, "layouts", "--from", "torch", "--to", "d2l", "--heads", 4, "broken.npz", "x.npz")
        np.savez(self.folder / "other.npz", a=np.zeros(3))
        self.output("layouts", "--inspect", "other.npz", code=DIFFERENT)

    def test_refusals(self):
        self.refuse(USAGE, "layouts", "--from", "torch", "a", "b", mentions="--to")
        self.refuse(USAGE, "layouts", "--from", "torch", "--to", "d2l", mentions="two files")
        self.refuse(SYSTEM, "layouts", "--from", "torch", "--to", "d2l", "absent.safetensors", "b.safetensors")
        self.refuse(INPUT, "layouts", "--from", "d2l", "--to", "torch", self.MODULE, "b.safetensors", mentions="layout torch")
        for name in ("b.json", "b.npy", "b", "-", ".npz"):
            self.refuse(USAGE, "layouts", "--from", "torch", "--to", "d2l", "--heads", 4, "absent.npz", name, mentions=f"found '{name}'")
        self.assertEqual(list(self.folder.iterdir()), [])
        self.assertEqual(self.convert("torch", "d2l", self.MODULE, "b.NPZ")["numbers"], 1088)
        self.convert("torch", "d2l", self.MODULE, "b.safetensors")
        self.refuse(USAGE, "layouts", "--from", "torch", "--to", "d2l", "--heads", 4, self.MODULE, "b.safetensors")
        self.convert("torch", "d2l", self.MODULE, "b.safetensors", "--force")


    def test_options_that_would_do_nothing_are_refused(self):
        convert = ("layouts", "--from", "torch", "--to", "d2l", self.MODULE, "b.npz")
        for option in (("--layout", "torch"), ("--d-model", 16), ("--kv-heads", 2)):
            self.refuse(USAGE, *convert, *option, mentions=option[0] + ": ")
            self.refuse(USAGE, "layouts", "--inspect", self.MODULE, *option, mentions=option[0] + ": ")
        self.refuse(USAGE, *convert, "--rtol", 0, "--atol", 1, mentions="--verify")
        self.refuse(USAGE, "layouts", "--heads", 2, mentions="--d-model")
        self.refuse(USAGE, "masks", "--atol", 1, mentions="--rtol")
        self.refuse(USAGE, "masks", "--rtol", 0, "--atol", 1, mentions="--verify")
        self.refuse(USAGE, "masks", "--batch", 2, mentions="--from")


class VerifyTest(Shapes):
    MODULE = ROOT / "data" / "torch-mha" / "module.safetensors"

    def weights(self, layout="gpt2", name="right.npz"):
        self.output("layouts", "--from", "torch", "--to", layout, "--heads", 4, self.MODULE, name)
        with np.load(self.folder / name) as archive:
            return {key: archive[key] for key in archive.files}

    def verify(self, weights, layout="gpt2", code=DONE, *options):
        np.savez(self.folder / "theirs.npz", **weights)
        return self.json("layouts", "--from", "torch", "--to", layout, "--heads", 4, self.MODULE, "--verify", "theirs.npz", *options, code=code)

    def test_a_right_conversion_matches_and_says_what_it_could_not_show(self):
        report = self.verify(self.weights())
        self.assertEqual((report["verdict"], report["first_divergent_step"], report["diagnosis"]), ("match", None, []))
        self.assertEqual({step["status"] for step in report["steps"]}, {"match"})
        self.assertEqual([spot["id"] for spot in report["blind_spots"]], ["P2"])

    def test_a_transposed_weight_and_a_wrong_packing_are_named(self):
        weights = self.weights()
        weights["c_proj.weight"] = weights["c_proj.weight"].T
        report = self.verify(weights, "gpt2", DIFFERENT)
        self.assertEqual((report["verdict"], report["first_divergent_step"]), ("mismatch", "c_proj.weight"))
        self.assertEqual([(d["id"], d["step"], d["confidence"]) for d in report["diagnosis"]], [("P1", "c_proj.weight", "explains")])
        weights = self.weights(name="again.npz")
        packed = weights["c_attn.weight"]  # (E, 3·H·D) = (16, 3·4·4), as [3, H, D]; handed in as [H, 3, D]
        weights["c_attn.weight"] = packed.reshape(16, 3, 4, 4).transpose(0, 2, 1, 3).reshape(16, 48)
        report = self.verify(weights, "gpt2", DIFFERENT)
        self.assertEqual([(d["id"], d["variant"]) for d in report["diagnosis"]], [("P4", "[H, 3, D]")])
        self.assertIn("P4", self.output("layouts", "--from", "torch", "--to", "gpt2", "--heads", 4, self.MODULE, "--verify", "theirs.npz", code=DIFFERENT))

    def test_exchanged_weights_and_one_wrong_number(self):
        weights = self.weights("bert")
        names = sorted(name for name in weights if name.endswith("weight"))
        query, key = (next(n for n in names if word in n) for word in ("query", "key"))
        weights[query], weights[key] = weights[key], weights[query]
        self.assertEqual({d["id"] for d in self.verify(weights, "bert", DIFFERENT)["diagnosis"]}, {"P2"})
        weights = self.weights("bert", "b.npz")
        weights[query][2, 3] += 0.5
        step = next(s for s in self.verify(weights, "bert", DIFFERENT)["steps"] if s["step"] == query)
        self.assertEqual((step["status"], step["mismatched"], step["at"], step["local"]), ("mismatch", 1, [2, 3], "mismatch"))
        self.assertEqual(self.verify(weights, "bert", DONE, "--rtol", 0, "--atol", 1)["verdict"], "match")

    def test_another_element_type_is_rounding_not_an_error(self):
        self.assertEqual(self.verify({k: v.astype(np.float16) for k, v in self.weights().items()})["verdict"], "match")

    def test_missing_tensors_and_nothing_to_compare(self):
        weights = self.weights()
        del weights["c_proj.bias"]
        report = self.verify(weights, "gpt2", DIFFERENT)
        self.assertEqual((report["verdict"], report["first_divergent_step"]), ("mismatch", "c_proj.bias"))
        self.assertEqual(self.verify({"other": np.zeros(3)}, "gpt2", DIFFERENT)["verdict"], "incomparable")
        self.refuse(SYSTEM, "layouts", "--from", "torch", "--to", "gpt2", "--heads", 4, self.MODULE, "--verify", "absent.npz")
        self.refuse(USAGE, "layouts", "--from", "torch", "--to", "gpt2", "--verify", "absent.npz", mentions="IN")
        self.refuse(USAGE, "layouts", "--from", "torch", "--to", "gpt2", self.MODULE, "out.npz", "--verify", "x.npz", mentions="OUT")

    def test_masks(self):
        def mask(theirs, *options, code=DONE):
            np.save(self.folder / "mask.npy", np.asarray(theirs))
            return self.json("masks", *options, "--verify", "mask.npy", code=code)

        padding = ("--from", "transformers", "--to", "torch-padding", "--mask", "[[1,1,0],[1,0,0]]")
        right = np.array([[False, False, True], [False, True, True]])
        self.assertEqual(mask(right, *padding)["verdict"], "match")
        self.assertEqual([d["id"] for d in mask(~right, *padding, code=DIFFERENT)["diagnosis"]], ["M1"])
        self.assertEqual([d["id"] for d in mask(right[[0, 0]], *padding, code=DIFFERENT)["diagnosis"]], ["S4"])
        folded = ("--from", "transformers", "--to", "torch-3d", "--heads", 3, "--query-len", 1, "--mask", "[[1,1,0],[1,0,0]]")
        self.assertEqual(mask(np.repeat(right[:, None], 3, axis=0), *folded)["verdict"], "match")
        tiled = mask(np.tile(right[:, None], (3, 1, 1)), *folded, code=DIFFERENT)
        self.assertEqual([d["id"] for d in tiled["diagnosis"]], ["M12"])


class MasksTest(Shapes):
    def convert(self, source, target, mask, *options):
        return self.json_of("masks", "--from", source, "--to", target, "--mask", mask, *options)

    def json_of(self, *arguments):
        return self.json(*arguments)["steps"][0]["values"]

    def test_the_table_says_that_true_means_opposite_things(self):
        rows = {row["name"]: row for row in self.json("masks")["masks"]}
        self.assertEqual(rows["torch"]["polarity"], "may not attend")
        self.assertEqual(rows["sdpa"]["polarity"], "may attend")
        self.assertEqual(rows["torch-3d"]["axes"], "(B·H, Lq, Lk)")

    def test_conversions_by_hand(self):
        self.assertEqual(self.convert("transformers", "torch-padding", "[[1,1,0],[1,0,0]]"), [[0, 0, 1], [0, 1, 1]])
        self.assertEqual(self.convert("d2l", "transformers", "[2,3]"), [[1, 1, 0], [1, 1, 1]])
        self.assertEqual(self.convert("torch-padding", "d2l", "[[0,0,1]]"), [2])
        self.assertEqual(self.convert("torch", "sdpa-float", "[[0,1],[0,0]]"), [[[[0, "-Infinity"], [0, 0]]]])

    def test_three_axes_are_sample_by_sample(self):
        mask = self.convert("torch-padding", "torch-3d", "[[0,1],[0,0]]", "--heads", 2, "--query-len", 1)
        self.assertEqual(mask, [[[0, 1]], [[0, 1]], [[0, 0]], [[0, 0]]])
        causal = self.convert("torch", "torch-3d", "[[0,1],[0,0]]", "--heads", 1, "--batch", 2)
        self.assertEqual(causal, [[[0, 1], [0, 0]]] * 2)

    def test_a_mask_that_the_target_cannot_hold_is_refused(self):
        self.refuse(INPUT, "masks", "--from", "torch-padding", "--to", "torch", "--mask", "[[0,1],[0,0]]", mentions="no axis B")
        self.refuse(INPUT, "masks", "--from", "torch-padding", "--to", "d2l", "--mask", "[[1,0]]", mentions="gap")
        self.refuse(INPUT, "masks", "--from", "torch", "--to", "sdpa", "--mask", "[[2,0]]", mentions="0 and 1")
        self.refuse(USAGE, "masks", "--from", "torch", mentions="--to")

    def test_files_have_the_type_that_the_api_wants(self):
        expected = {"keras": (bool, [[[1, 0], [1, 0]], [[1, 1], [1, 1]]]), "torch": None, "sdpa-float": (np.float32, [[[[0, -np.inf]]], [[[0, 0]]]]),
                    "transformers": (np.int64, [[1, 0], [1, 1]])}
        for target, row in expected.items():
            if row is None:
                continue
            lengths = () if target != "keras" else ("--query-len", 2)
            for extension in ("npy", "npz"):
                self.output("masks", "--from", "d2l", "--to", target, *lengths, "--mask", "[1,2]", "-o", f"{target}.{extension}")
                loaded = np.load(self.folder / f"{target}.{extension}", allow_pickle=False)
                array = loaded if extension == "npy" else loaded["mask"]
                self.assertEqual(array.dtype, row[0])
                np.testing.assert_array_equal(array, row[1])
        self.output("masks", "--from", "d2l", "--to", "keras", "--mask", "[1,2]", "-o", "m.safetensors")
        self.assertIn(b'"dtype":"BOOL"', (self.folder / "m.safetensors").read_bytes())

    def test_a_boolean_mask_is_read_back_as_one(self):
        self.output("masks", "--from", "d2l", "--to", "sdpa", "--mask", "[1,2]", "-o", "m.json")
        mask = json.loads((self.folder / "m.json").read_text())["steps"][0]
        self.assertEqual((mask["dtype"], mask["values"]), ("bool", [[[[True, False]]], [[[True, True]]]]))
        self.assertIs(mask["values"][0][0][0][0], True)

    def test_every_format_holds_a_converted_mask(self):
        convert = ("masks", "--from", "transformers", "--to", "torch-padding", "--mask", "[[1,0]]")
        self.assertIn("(B, Lk) = (1, 2)", self.output(*convert))
        self.assertIn("mask,0,,,1,1", self.output(*convert, "-f", "csv").replace("mask,,,0,1,1", "mask,0,,,1,1"))
        self.assertTrue(self.output(*convert, "-f", "markdown").startswith("# "))
        self.assertIn("bmatrix", self.output(*convert, "-f", "latex"))
        self.refuse(USAGE, "masks", "-f", "npz", mentions="holds tensors")

    def test_lengths_have_the_sizes_that_are_asked_for(self):
        self.assertEqual(self.convert("sdpa", "d2l", "[[[[1]]],[[[1]]]]", "--key-len", 5), [5, 5])
        self.assertEqual(self.convert("torch", "d2l", "[[0,0,1]]", "--batch", 4), [2, 2, 2, 2])
        self.refuse(INPUT, "masks", "--from", "d2l", "--to", "keras", "--mask", "[2000000]", mentions="1048576 keys")

    def test_keys_beyond_the_longest_length(self):
        self.assertEqual(self.convert("d2l", "transformers", "[1,2]", "--key-len", 4), [[1, 0, 0, 0], [1, 1, 0, 0]])
        self.refuse(INPUT, "masks", "--from", "d2l", "--to", "keras", "--mask", "[1,5]", "--key-len", 4, mentions="4 keys")
        self.refuse(LIMIT, "masks", "--from", "d2l", "--to", "sdpa", "--mask", "[1,5]", "--heads", 99999, "--query-len", 99999, mentions="fit the memory")


class WhyTest(Shapes):
    def test_every_collected_error_is_explained_by_its_rule(self):
        lines = [line for name in ("pytorch.tsv", "threads.tsv")
                 for line in (HERE.parent / "reference" / "errors" / name).read_text().splitlines()]
        self.assertGreaterEqual(len(lines), 40)
        for line in lines:
            rule, _, error = line.split("\t")
            for language in ("en", "zh"):
                row, = self.json("why", error, "--lang", language)["explanations"]
                self.assertEqual(row["rule"], rule, error)
                self.assertNotIn("?", row["problem"].replace("(batch_first?)", ""), error)

    def test_a_traceback_is_read_from_standard_input_and_files(self):
        traceback = 'Traceback (most recent call last):\n  File "a.py", line 1\nAssertionError: embed_dim must be divisible by num_heads\n'
        self.assertEqual(self.json("why", "--file", "-", stdin=traceback)["explanations"][0]["rule"], "divisible")

    def test_the_numbers_of_the_error_are_in_the_explanation(self):
        self.assertIn("width 3", self.output("why", "mat1 and mat2 shapes cannot be multiplied (15x3 and 10x30)"))

    def test_an_unknown_text_is_said_to_be_unknown(self):
        self.assertFalse(self.json("why", "ValueError: the moon is full", code=DIFFERENT)["known"])
        self.refuse(USAGE, "why")
        self.refuse(SYSTEM, "why", "--file", "absent.txt")

    def test_the_rules_are_listed(self):
        self.assertGreaterEqual(len({row["rule"] for row in self.json("why", "--list")["rules"]}), 40)


class QuizTest(Shapes):
    def test_the_answers_follow_from_the_seed(self):
        first = self.output("quiz", "--seed", 3)
        self.assertEqual(first, self.output("quiz", "--seed", 3))
        self.assertNotEqual(first, self.output("quiz", "--seed", 4))
        self.assertIn("____", first)
        self.assertEqual(len(self.json("quiz", "--count", 2)["exercises"]), 2)

    def test_answers_are_checked(self):
        (self.folder / "wrong.txt").write_text("# mine\n" + "0\n" * 6)
        graded = self.json("quiz", "--answers", "wrong.txt", code=DIFFERENT)
        self.assertEqual(graded["correct"], 0)
        (self.folder / "right.txt").write_text("".join(f"{row['number']}: {row['answer']}\n" for row in graded["exercises"]))
        self.assertEqual(self.json("quiz", "--answers", "right.txt")["correct"], 6)
        (self.folder / "blank.txt").write_bytes(b"\r\n   \r\n" + (self.folder / "right.txt").read_bytes().replace(b"\n", b"\r\n\t\r\n"))
        self.assertEqual(self.json("quiz", "--answers", "blank.txt")["correct"], 6)
        (self.folder / "short.txt").write_text("1\n")
        self.refuse(INPUT, "quiz", "--answers", "short.txt", mentions="1 answers, expected 6")


if __name__ == "__main__":
    unittest.main()
