"""attn-compute mha: multi-head attention with the weights of a module, in every layout."""
import json
import struct
import unittest

import numpy as np

import formulas
from tool import INPUT, ToolTest, USAGE

E, H = 6, 2


def module(layout, rng):
    """(state_dict, (w_q, b_q, w_k, b_k, w_v, b_v, w_o, b_o)): the maps in the form x·W + b."""
    w = [rng.normal(size=(E, E)) for _ in range(4)]
    b = [rng.normal(size=E) for _ in range(4)]
    if layout == "torch":
        named = {"in_proj_weight": np.concatenate([m.T for m in w[:3]]), "in_proj_bias": np.concatenate(b[:3]),
                 "out_proj.weight": w[3].T, "out_proj.bias": b[3]}
    elif layout == "d2l":
        b = [np.zeros(E)] * 4
        named = {f"W_{n}.weight": m.T for n, m in zip("qkvo", w)}
    elif layout == "linear":
        named = {}
        for n, m, bias in zip(("Wq", "Wk", "Wv", "fc"), w, b):
            named.update({f"{n}.weight": m.T, f"{n}.bias": bias})
    else:  # shared-head: one (D, D) map for all heads
        blocks = [rng.normal(size=(E // H, E // H)) for _ in range(3)]
        w[:3] = [np.kron(np.eye(H), block) for block in blocks]
        b[:3] = [np.zeros(E)] * 3
        named = {"queries.weight": blocks[0].T, "keys.weight": blocks[1].T, "values.weight": blocks[2].T,
                 "fc_out.weight": w[3].T, "fc_out.bias": b[3]}
    return named, [m for pair in zip(w, b) for m in pair]


def multihead(x, memory, maps, scale=None):
    wq, bq, wk, bk, wv, bv, wo, bo = maps
    q, k, v = (formulas.split_heads(s @ w + b, H) for s, w, b in ((x, wq, bq), (memory, wk, bk), (memory, wv, bv)))
    heads, _ = formulas.attention(q, k, v, scale)
    return formulas.merge_heads(heads) @ wo + bo


def write_safetensors(path, named):
    header, offset, body = {}, 0, b""
    for name, array in named.items():
        data = np.ascontiguousarray(array, "<f8").tobytes()
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": [offset, offset + len(data)]}
        offset, body = offset + len(data), body + data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


class MhaTest(ToolTest):
    def test_an_axis_letter_has_one_length(self):
        cache = ["--past-key", "ones:2x2x3x4", "--past-value", "ones:2x2x3x4"]
        for more in ([], ["--bias-kv"], ["--add-zero-attn"], ["--bias-kv", "--add-zero-attn"], cache, ["--bias-kv", *cache], ["--memory", "randn:2x5x8", "--heads", 2, "--bias-kv"]):
            report = json.loads(self.succeed("mha", *more, "-f", "json"))
            lengths = dict(report["sizes"])
            for step in report["steps"]:
                for axis, size in zip(step["axes"], step["shape"]):
                    self.assertEqual(lengths.setdefault(axis, size), size, f"{more} {step['step']} {axis}")

    def test_every_layout_computes_the_module_it_names(self):
        for layout in ("torch", "d2l", "linear", "shared-head"):
            with self.subTest(layout=layout):
                rng = np.random.default_rng(7)
                named, maps = module(layout, rng)
                np.savez(self.folder / f"{layout}.npz", **named)
                x, memory = rng.normal(size=(2, 3, E)), rng.normal(size=(2, 4, E))
                output = self.step("output", "mha", "--layout", layout, "--heads", H, "--weights", f"{layout}.npz",
                                   "--input", self.save("x", x), "--memory", self.save("m", memory), "--scale", 0.7)
                self.assert_close(output, multihead(x, memory, maps, 0.7))

    def test_weights_mean_the_same_in_every_file_format(self):
        rng = np.random.default_rng(8)
        named, maps = module("linear", rng)
        np.savez(self.folder / "w.npz", **named)
        np.savez_compressed(self.folder / "deflated.npz", **named)
        write_safetensors(self.folder / "w.safetensors", named)
        (self.folder / "w.json").write_text(json.dumps({n: a.tolist() for n, a in named.items()}))
        x = rng.normal(size=(2, 3, E))
        for name in ("w.npz", "deflated.npz", "w.safetensors", "w.json"):
            output = self.step("output", "mha", "--layout", "linear", "--heads", H, "--weights", name, "--input", self.save("x", x))
            self.assert_close(output, multihead(x, x, maps), message=name)

    def test_a_prefix_chooses_one_module_of_a_model(self):
        rng = np.random.default_rng(9)
        first, _ = module("torch", rng)
        second, maps = module("torch", rng)
        both = {f"layers.0.attn.{n}": a for n, a in first.items()}
        both.update({f"layers.1.attn.{n}": a for n, a in second.items()})
        np.savez(self.folder / "model.npz", **both)
        x = rng.normal(size=(1, 3, E))
        for prefix in ("layers.1.attn", "layers.1.attn."):
            output = self.step("output", "mha", "--heads", H, "--weights", f"model.npz:{prefix}", "--input", self.save("x", x))
            self.assert_close(output, multihead(x, x, maps))
        self.refuse(INPUT, "mha", "--heads", H, "--weights", "model.npz:layers.7", mentions="layers.7")

    def test_grouped_heads_read_consecutive_runs_of_key_heads(self):
        steps = self.steps("mha", "--layout", "d2l", "--d-model", 8, "--heads", 4, "--kv-heads", 2)
        k, v = (steps[n].repeat(2, axis=1) for n in "kv")
        self.assert_close(steps["heads"], formulas.attention(steps["q"], k, v)[0])
        self.refuse(USAGE, "mha", "--layout", "torch", "--d-model", 8, "--heads", 4, "--kv-heads", 2, mentions="torch")
        self.refuse(USAGE, "mha", "--layout", "d2l", "--d-model", 12, "--heads", 4, "--kv-heads", 3, mentions=("4", "3"))

    def test_fresh_weights_of_the_course_example(self):
        # The d2l document: 100 wide, 5 heads, valid lengths 3 and 2; the output is (2, 4, 100).
        steps = self.steps("mha", "--layout", "d2l", "--d-model", 100, "--heads", 5, "--input", "ones:2x4x100",
                           "--memory", "ones:2x6x100", "--valid-lens", "3,2")
        self.assertEqual(steps["output"].shape, (2, 4, 100))
        # All keys are equal, so a row is 1/3 on each valid key of sample 0 and 1/2 in sample 1.
        self.assert_close(steps["weights"][0, 0, 0], [1 / 3] * 3 + [0] * 3)
        self.assert_close(steps["weights"][1, 0, 0], [1 / 2] * 2 + [0] * 4)

    def test_keys_and_values_may_come_from_different_sources(self):
        steps = self.steps("mha", "--heads", 2, "--input", "randn:2x3x8", "--key", "randn:2x4x6", "--value", "randn:2x4x5",
                           "--steps", "*")
        self.assert_close(steps["k_proj"], steps["memory"] @ steps["w_k"] + steps["b_k"])
        self.assert_close(steps["v_proj"], steps["memory_value"] @ steps["w_v"] + steps["b_v"])
        self.refuse(USAGE, "mha", "--heads", 2, "--input", "ones:1x2x8", "--value", "ones:1x2x8", mentions="--key")
        self.refuse(USAGE, "mha", "--heads", 2, "--input", "ones:1x2x8", "--memory", "ones:1x2x8", "--key", "ones:1x2x8",
                    mentions="--memory")

    def test_the_output_is_the_merged_heads_times_the_last_map(self):
        steps = self.steps("mha", "--steps", "*")
        self.assert_equal(steps["merged"], formulas.merge_heads(steps["heads"]))
        self.assert_close(steps["output"], steps["merged"] @ steps["w_o"] + steps["b_o"])

    def test_head_counts_that_do_not_divide_are_refused_with_those_that_do(self):
        self.refuse(USAGE, "mha", "--d-model", 10, "--heads", 3, mentions=("10", "3", "1, 2, 5, 10"))
        self.refuse(USAGE, "mha", "--d-model", 8, mentions="--heads")

    def test_weights_with_a_missing_extra_or_misshapen_tensor_are_refused_by_name(self):
        named, _ = module("torch", np.random.default_rng(1))
        damages = {"missing": ({n: a for n, a in named.items() if n != "out_proj.weight"}, "out_proj.weight"),
                   "extra": ({**named, "surprise": np.zeros(3)}, "surprise"),
                   "misshapen": ({**named, "out_proj.weight": np.zeros((E, E + 1))}, "out_proj.weight"),
                   "rank": ({**named, "in_proj_weight": np.zeros(3)}, "in_proj_weight")}
        for what, (tensors, name) in damages.items():
            np.savez(self.folder / f"{what}.npz", **tensors)
            with self.subTest(what=what):
                self.refuse(INPUT, "mha", "--heads", H, "--weights", f"{what}.npz", mentions=(f"{what}.npz", name))

    def test_weights_in_another_layout_are_recognised_in_the_message(self):
        named, _ = module("d2l", np.random.default_rng(1))
        np.savez(self.folder / "w.npz", **named)
        self.refuse(INPUT, "mha", "--layout", "torch", "--heads", H, "--weights", "w.npz", mentions=("w.npz", "d2l"))

    def test_options_for_fresh_weights_are_refused_beside_a_file(self):
        named, _ = module("torch", np.random.default_rng(1))
        np.savez(self.folder / "w.npz", **named)
        for option in ("--bias", "--no-bias", "--bias-kv"):
            self.refuse(USAGE, "mha", "--heads", H, "--weights", "w.npz", option, mentions=option)

    def test_sizes_that_contradict_the_weights_are_refused(self):
        named, _ = module("torch", np.random.default_rng(1))
        np.savez(self.folder / "w.npz", **named)
        for option in ("--d-model", "--head-dim", "--value-dim", "--kv-heads"):
            self.refuse(USAGE, "mha", "--heads", H, "--weights", "w.npz", option, 5, mentions=(option, "5"))
        self.refuse(USAGE, "mha", "--heads", 4, "--weights", "w.npz", mentions=("4", "6"))


if __name__ == "__main__":
    unittest.main()
