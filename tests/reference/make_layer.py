"""Writes layer/<case>/: what `attn-compute layer` is to be run with, and every step it should show,
computed with PyTorch in float64; and layer_initialisation.txt: what new layers hold.

The steps are plain tensor operations on the state_dict of a real nn.TransformerEncoderLayer or
nn.TransformerDecoderLayer. Before anything is written, their output is checked against the module's own, in
evaluation mode: with gradients, which takes the ordinary path, and without, where PyTorch may take its fused
one. What those classes cannot express (RMSNorm, SwiGLU, an unbiased variance) is checked against modules
written here.

The folders are as make_attention.py describes. Nothing here reads this project's C++ code.

Run: /usr/bin/python3 make_layer.py [FOLDER]   (default: layer, beside this script)
Needs torch built without MKL, on a CPU with AVX2.
"""
import math
import pathlib
import shutil
import sys

import torch
from torch import nn
from torch.nn import functional as F

from make_attention import TOLERANCE, additive_mask, attend, canonical, obstacle, write
from make_random import bits, header

HERE = pathlib.Path(__file__).parent
ROOT = HERE / "layer"

ACTIVATIONS = {
    "relu": torch.relu,
    "gelu": F.gelu,
    "gelu-tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "swiglu": F.silu,
}


class GatedEncoderLayer(nn.Module):
    """Self-attention and a gated feed-forward, pre-norm with RMSNorm, written from their definitions."""

    def __init__(self, e, heads, f, eps):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(e, heads, batch_first=True)
        self.linear1, self.linear_gate, self.linear2 = nn.Linear(e, f), nn.Linear(e, f), nn.Linear(f, e)
        self.eps = eps
        for name in ("norm1", "norm2"):
            norm = nn.Module()
            norm.weight = nn.Parameter(torch.ones(e))
            setattr(self, name, norm)

    def rms(self, x, norm):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * norm.weight

    def forward(self, x, src_mask=None, src_key_padding_mask=None):
        read = self.rms(x, self.norm1)
        x = x + self.self_attn(read, read, read, attn_mask=src_mask, key_padding_mask=src_key_padding_mask)[0]
        read = self.rms(x, self.norm2)
        return x + self.linear2(F.silu(self.linear_gate(read)) * self.linear1(read))


def normalise(steps, block, x, p, name, case):
    """Records the steps of one normalisation; returns its result."""
    eps = case.get("eps", 1e-5)
    if case.get("norm_type") == "rms":
        square = steps[f"{block}.norm_mean_square"] = (x * x).mean(-1, keepdim=True)
        y = x / torch.sqrt(square + eps) * p[f"{name}.weight"]
    else:
        mean = steps[f"{block}.norm_mean"] = x.mean(-1, keepdim=True)
        variance = steps[f"{block}.norm_var"] = x.var(-1, unbiased=bool(case.get("unbiased")), keepdim=True)
        y = (x - mean) / torch.sqrt(variance + eps) * p[f"{name}.weight"] + p[f"{name}.bias"]
    steps[f"{block}.norm"] = y
    return y


def attention(steps, block, module, heads, x, source, rules):
    """Records every step of one attention; returns its output."""
    maps, biases, _, _ = canonical(module)
    inner = {}
    split = []
    for letter, rows, w, b in zip("qkv", (x, source, source), maps, biases):
        mapped = inner[letter + "_proj"] = rows @ w + b
        split.append(mapped.unflatten(-1, (heads, -1)).transpose(1, 2))
    q, k, v = split
    mask = additive_mask(rules, q.shape[0], heads, q.shape[2], k.shape[2])
    attend(inner, q, k, v, 1 / math.sqrt(q.shape[-1]), mask, -math.inf, None)
    inner["merged"] = inner["heads"].transpose(1, 2).flatten(2)
    inner["output"] = inner["merged"] @ maps[3] + biases[3]
    steps.update({f"{block}.{name}": tensor for name, tensor in inner.items()})
    return inner["output"]


def feed_forward(steps, x, p, activation):
    up = steps["ffn_up"] = x @ p["linear1.weight"].T + p["linear1.bias"]
    if activation == "swiglu":
        gate = steps["ffn_gate"] = x @ p["linear_gate.weight"].T + p["linear_gate.bias"]
        hidden = steps["ffn_hidden"] = F.silu(gate) * up
    else:
        hidden = steps["ffn_hidden"] = ACTIVATIONS[activation](up)
    steps["ffn_output"] = hidden @ p["linear2.weight"].T + p["linear2.bias"]
    return steps["ffn_output"]


def layer_steps(case):
    """Every step of a layer, by plain operations on the weights of its module."""
    module = case["module"]
    p = {name: tensor.double() for name, tensor in module.state_dict().items()}
    inputs = {name: tensor.double() for name, tensor in case["inputs"].items()}
    steps = dict(inputs)
    decoder = "memory" in inputs
    sublayers = [("self", "norm1", lambda x: attention(steps, "self", module.self_attn, case["heads"], x, x, case.get("rules")))]
    if decoder:
        sublayers.append(("cross", "norm2", lambda x: attention(
            steps, "cross", module.multihead_attn, case["heads"], x, inputs["memory"], case.get("memory_rules"))))
    sublayers.append(("ffn", "norm3" if decoder else "norm2",
                      lambda x: feed_forward(steps, x, p, case.get("activation", "relu"))))
    x = inputs["x"]
    for block, norm, sublayer in sublayers:
        if case.get("norm_first"):
            x = steps[f"{block}.residual"] = x + sublayer(normalise(steps, block, x, p, norm, case))
        else:
            total = steps[f"{block}.residual"] = x + sublayer(x)
            x = normalise(steps, block, total, p, norm, case)
    steps["output"] = x
    return steps


def padding(rules, length):
    lengths = (rules or {}).get("valid_lens")
    return None if lengths is None else torch.arange(length) >= torch.tensor(lengths)[:, None]


def causal(rules, length):
    return torch.ones(length, length).triu(1).bool() if (rules or {}).get("causal") else None


def ask_module(case):
    module = case["module"].double().eval()
    x = case["inputs"]["x"].double()
    rules, length = case.get("rules"), x.shape[1]
    if "memory" not in case["inputs"]:
        return module(x, src_mask=causal(rules, length), src_key_padding_mask=padding(rules, length))
    memory = case["inputs"]["memory"].double()
    return module(x, memory, tgt_mask=causal(rules, length), tgt_key_padding_mask=padding(rules, length),
                  memory_key_padding_mask=padding(case.get("memory_rules"), memory.shape[1]))


def check(case, steps):
    """Plain operations, the module's ordinary path and, where PyTorch takes it, its fused path must agree."""
    if case.get("unbiased"):
        return  # no module of PyTorch's does this; the one line that differs is Tensor.var's own argument
    with torch.enable_grad():
        ordinary = ask_module(case)
    difference = (ordinary - steps["output"]).abs().max().item()
    assert difference <= TOLERANCE, (case["name"], difference)
    with torch.no_grad():
        quick = ask_module(case)
    # The fused path writes zeros where a position is padding; the others must be the same.
    lengths = (case.get("rules") or {}).get("valid_lens", [quick.shape[1]] * quick.shape[0])
    for sample, length in enumerate(lengths):
        assert (quick - ordinary)[sample, :length].abs().max().item() <= TOLERANCE, case["name"]


def encoder(e, heads, f, **options):
    return nn.TransformerEncoderLayer(e, heads, f, batch_first=True, **options)


def decoder(e, heads, f, **options):
    return nn.TransformerDecoderLayer(e, heads, f, batch_first=True, **options)


def trained(module):
    """Gains, shifts and biases that a constructor leaves at one and zero, moved as training moves them."""
    for name, parameter in module.named_parameters():
        if parameter.dim() == 1:
            parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return module


def case(name, make, inputs, heads, argv, **facts):
    """A case with the module's weights in a file, or, for a seed, drawn by the tool itself."""
    torch.manual_seed(facts.get("seed", 0))
    seeded = "seed" in facts
    module = make() if seeded else trained(make())
    shapes = inputs
    inputs = {key: torch.randn(*shape) for key, shape in shapes.items()}
    words = ["layer", "--heads", str(heads), *argv]
    if facts.get("norm_first"):
        words += ["--norm", "pre"]
    if "memory" in inputs:
        words += ["--kind", "decoder"]
    if seeded:
        words += ["--seed", str(facts["seed"])]
        for option, key in [("--input", "x"), ("--memory", "memory")]:
            if key in shapes:
                words += [option, "randn:" + "x".join(map(str, shapes[key]))]
    else:
        words += ["--weights", "{dir}/weights.npz", "--input", "{dir}/x.npy"]
        if "memory" in inputs:
            words += ["--memory", "{dir}/memory.npy"]
    return {"name": name, "module": module, "inputs": inputs, "heads": heads, "argv": words, "seed": facts.get("seed", 0),
            "files": {} if seeded else inputs, "weights_file": not seeded, **{k: v for k, v in facts.items() if k != "seed"}}


def cases():
    x, memory = {"x": (2, 4, 8)}, {"x": (2, 4, 8), "memory": (2, 5, 8)}
    for norm_first in (False, True):
        word = "pre" if norm_first else "post"
        for activation in ("relu", "gelu"):
            yield case(f"encoder-{word}-{activation}", lambda: encoder(8, 2, 12, norm_first=norm_first, activation=activation),
                       x, 2, ["--activation", activation], norm_first=norm_first, activation=activation)
        yield case(f"decoder-{word}", lambda: decoder(8, 4, 16, norm_first=norm_first), memory, 4, [], norm_first=norm_first)
        yield case(f"decoder-{word}-masks", lambda: decoder(8, 2, 10, norm_first=norm_first, activation="gelu"), memory, 2,
                   ["--activation", "gelu", "--causal", "--memory-valid-lens", "5,2"],
                   norm_first=norm_first, activation="gelu", rules={"causal": True}, memory_rules={"valid_lens": [5, 2]})
        yield case(f"encoder-{word}-padding", lambda: encoder(6, 3, 24, norm_first=norm_first), {"x": (2, 5, 6)}, 3,
                   ["--valid-lens", "5,3"], norm_first=norm_first, rules={"valid_lens": [5, 3]})
    yield case("encoder-eps", lambda: encoder(8, 2, 12, layer_norm_eps=0.1), x, 2, ["--eps", "0.1"], eps=0.1)
    yield case("encoder-gelu-tanh", lambda: encoder(8, 2, 12, activation=ACTIVATIONS["gelu-tanh"]), x, 2,
               ["--activation", "gelu-tanh"], activation="gelu-tanh")
    yield case("encoder-silu", lambda: encoder(8, 2, 12, activation=F.silu), x, 2, ["--activation", "silu"], activation="silu")
    yield case("encoder-unbiased", lambda: encoder(8, 2, 12), x, 2, ["--unbiased"], unbiased=True)
    yield case("encoder-causal-padding", lambda: encoder(8, 4, 12), x, 4, ["--causal", "--valid-lens", "4,2"],
               rules={"causal": True, "valid_lens": [4, 2]})
    yield case("decoder-causal-padding", lambda: decoder(8, 4, 12), memory, 4,
               ["--causal", "--valid-lens", "4,2", "--memory-valid-lens", "3,5"],
               rules={"causal": True, "valid_lens": [4, 2]}, memory_rules={"valid_lens": [3, 5]})
    yield case("rms-swiglu-pre", lambda: GatedEncoderLayer(8, 2, 12, 1e-6), x, 2,
               ["--norm-type", "rms", "--activation", "swiglu", "--eps", "1e-6", "--causal"],
               norm_first=True, activation="swiglu", norm_type="rms", eps=1e-6, rules={"causal": True})
    yield case("seed-encoder", lambda: encoder(8, 2, 32), x, 2, [], seed=3)
    yield case("seed-encoder-pre-gelu", lambda: encoder(12, 3, 20, norm_first=True, activation="gelu"), {"x": (2, 3, 12)}, 3,
               ["--ffn-size", "20", "--activation", "gelu"], seed=7, norm_first=True, activation="gelu")
    yield case("seed-decoder", lambda: decoder(8, 2, 16), memory, 2, ["--ffn-size", "16", "--causal"], seed=11, rules={"causal": True})
    yield case("seed-decoder-pre", lambda: decoder(8, 4, 32, norm_first=True), memory, 4, [], seed=4294967301, norm_first=True)


def make(root):
    torch.set_grad_enabled(False)
    shutil.rmtree(root, ignore_errors=True)
    for each in cases():
        steps = layer_steps(each)
        check(each, steps)
        write(root, each, steps)


# d_model, heads, F, decoder, seed
NEW_LAYERS = [(8, 2, 12, 0, 0), (6, 3, 24, 0, 1), (8, 4, 16, 1, 42)]


def new_layers():
    """Every tensor of a new layer, then one more number to show where the generator stands."""
    for e, heads, f, is_decoder, seed in NEW_LAYERS:
        torch.manual_seed(seed)
        module = decoder(e, heads, f) if is_decoder else encoder(e, heads, f)
        yield f"layer {e} {heads} {f} {is_decoder} {seed}"
        for name, tensor in module.state_dict().items():
            yield f"tensor {name} {'x'.join(str(size) for size in tensor.shape)} {bits(tensor)}"
        yield f"next {bits(torch.rand(1))}"


if __name__ == "__main__":
    if obstacle():
        sys.exit(obstacle())
    make(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    if len(sys.argv) == 1:
        (HERE / "layer_initialisation.txt").write_text("\n".join([header().replace("make_random", "make_layer"), *new_layers()]) + "\n")
