"""The cases of make_attention.py, each a dictionary:

name, argv, seed      as in case.json
module, heads, …      the PyTorch module and what it does not know about itself
inputs                x, memory, memory_value, as the steps name them
rules                 mask rules: causal, valid_lens, drop (bool, True = forbidden), add (floats)
files, weights_file   what to save beside case.json
"""
import math

import torch
from torch import nn

from attention_modules import D2l, Linear, SharedHead, SingleHead


def mha(e, heads, **options):
    return nn.MultiheadAttention(e, heads, batch_first=True, **options)


def from_files(name, seed, make, argv, inputs, heads, masks=None, **rest):
    """A case that reads everything from files. Inputs: {step name: shape}; masks: {file stem: tensor}."""
    torch.manual_seed(seed)
    module = make()
    for parameter_name, parameter in module.named_parameters():
        if parameter_name in ("in_proj_bias", "out_proj.bias"):  # fresh ones are zero and would test nothing
            parameter.uniform_(-0.5, 0.5)
    tensors = {step: torch.randn(shape, dtype=torch.float64) for step, shape in inputs.items()}
    options = {"x": "--input", "memory": "--memory"}
    if "memory_value" in inputs:
        options = {"x": "--input", "memory": "--key", "memory_value": "--value"}
    placed = [word for step in inputs for word in (options[step], f"{{dir}}/{step}.npy")]
    return {"name": name, "seed": seed, "module": module, "heads": heads, "inputs": tensors,
            "files": {**tensors, **(masks or {})}, "weights_file": True,
            "argv": [*argv, "--weights", "{dir}/weights.npz", *placed, *rest.pop("options", [])], **rest}


def from_seed(name, seed, make, argv, draw, heads, **rest):
    """A case driven by its seed alone. `draw` makes the inputs, after the parameters."""
    torch.manual_seed(seed)
    module = make()
    return {"name": name, "seed": seed, "module": module, "heads": heads, "inputs": draw(), "argv": argv, **rest}


def layout(name, heads):
    return ["mha", "--layout", name, "--heads", str(heads)]


X, MEMORY = (2, 3, 8), (2, 5, 8)


def torch_cases():
    torch_2 = layout("torch", 2)
    self_inputs, cross = {"x": X}, {"x": X, "memory": MEMORY}
    yield from_files("torch-self", 0, lambda: mha(8, 2), torch_2, self_inputs, 2)
    yield from_files("torch-no-bias", 1, lambda: mha(8, 4, bias=False), layout("torch", 4), self_inputs, 4)
    yield from_files("torch-cross", 2, lambda: mha(8, 2), torch_2, cross, 2)
    yield from_files("torch-kdim-vdim", 3, lambda: mha(8, 2, kdim=6, vdim=5), torch_2,
                     {"x": X, "memory": (2, 5, 6), "memory_value": (2, 5, 5)}, 2)
    yield from_files("torch-padding-causal", 4, lambda: mha(8, 2), torch_2, {"x": (2, 4, 8)}, 2,
                     rules={"causal": True, "valid_lens": [4, 2]}, options=["--causal", "--valid-lens", "4,2"])
    generator = torch.Generator().manual_seed(5)
    drop = torch.rand(3, 5, generator=generator) < 0.4
    drop[:, 0] = False  # no row without a key
    yield from_files("torch-bool-mask-drop", 5, lambda: mha(8, 2), torch_2, cross, 2, masks={"mask": drop},
                     rules={"drop": drop}, options=["--mask", "{dir}/mask.npy", "--mask-means", "drop"])
    per_head = torch.rand(2, 2, 3, 5, generator=generator) < 0.4
    per_head[..., 2] = False
    yield from_files("torch-bool-mask-keep-per-head", 6, lambda: mha(8, 2), torch_2, cross, 2,
                     masks={"mask": ~per_head}, rules={"drop": per_head},
                     options=["--mask", "{dir}/mask.npy", "--mask-means", "keep"])
    added = torch.randn(3, 5, dtype=torch.float64, generator=generator).masked_fill(drop, -math.inf)
    yield from_files("torch-float-mask", 7, lambda: mha(8, 2), torch_2, cross, 2, masks={"mask": added},
                     rules={"add": added}, options=["--mask", "{dir}/mask.npy", "--mask-means", "add"])
    yield from_files("torch-bias-kv", 8, lambda: mha(8, 2, add_bias_kv=True), torch_2, cross, 2,
                     rules={"valid_lens": [5, 2]}, options=["--valid-lens", "5,2"])
    yield from_files("torch-zero-attn", 9, lambda: mha(8, 2), torch_2, cross, 2, add_zero_attn=True,
                     masks={"mask": added}, rules={"add": added},
                     options=["--add-zero-attn", "--mask", "{dir}/mask.npy"])
    yield from_files("torch-bias-kv-zero-attn-causal", 10, lambda: mha(8, 2, add_bias_kv=True), torch_2,
                     self_inputs, 2, add_zero_attn=True, rules={"causal": True},
                     options=["--add-zero-attn", "--causal"])
    yield from_files("torch-average-weights", 11, lambda: mha(8, 4), layout("torch", 4), self_inputs, 4,
                     average=True, options=["--average-weights"])
    yield from_files("torch-unbatched", 12, lambda: mha(8, 2), torch_2, {"x": (3, 8), "memory": (5, 8)}, 2)


def document_cases():
    self_inputs, cross = {"x": X}, {"x": X, "memory": MEMORY}
    yield from_files("d2l-self", 20, lambda: D2l(8, 2), layout("d2l", 2), self_inputs, 2)
    yield from_files("d2l-valid-lens", 21, lambda: D2l(8, 4), layout("d2l", 4), cross, 4, fill=-1e6,
                     rules={"valid_lens": [3, 2]}, options=["--valid-lens", "3,2", "--mask-fill", "-1e6"])
    yield from_files("d2l-nothing-valid", 22, lambda: D2l(8, 2), layout("d2l", 2), cross, 2, fill=-1e6,
                     rules={"valid_lens": [0, 2]}, options=["--valid-lens", "0,2", "--mask-fill", "-1e6"])
    yield from_files("d2l-grouped-bias", 23, lambda: D2l(8, 4, kv_heads=1, bias=True), layout("d2l", 4), cross, 4,
                     kv_heads=1)
    yield from_files("linear-self", 24, lambda: Linear(8, 2), layout("linear", 2), self_inputs, 2)
    yield from_files("linear-causal", 25, lambda: Linear(8, 2), layout("linear", 2), {"x": (2, 4, 8)}, 2, fill=-1e9,
                     rules={"causal": True}, options=["--causal", "--mask-fill", "-1e9"])
    yield from_files("linear-grouped", 26, lambda: Linear(8, 4, kv_heads=2), layout("linear", 4), cross, 4,
                     kv_heads=2)
    by_width = {"scale": 1 / math.sqrt(8)}
    scale = ["--scale", repr(by_width["scale"])]
    yield from_files("shared-head-self", 27, lambda: SharedHead(8, 2), layout("shared-head", 2), self_inputs, 2,
                     **by_width, options=scale)
    yield from_files("shared-head-causal", 28, lambda: SharedHead(8, 4), layout("shared-head", 4), {"x": (2, 4, 8)},
                     4, **by_width, rules={"causal": True}, options=[*scale, "--causal"])
    yield from_files("single-self", 29, lambda: SingleHead(6, 4), ["self"], {"x": (2, 3, 6)}, 1)
    yield from_files("single-cross", 30, lambda: SingleHead(6, 4, source_width=5, bias=True), ["cross"],
                     {"x": (2, 3, 6), "memory": (2, 5, 5)}, 1, rules={"valid_lens": [5, 3]},
                     options=["--valid-lens", "5,3"])


def seed_cases():
    def draw(**shapes):
        return lambda: {step: torch.randn(shape) for step, shape in shapes.items()}

    sized = ["--d-model", "8"]
    yield from_seed("seed-torch", 0, lambda: mha(8, 2), [*layout("torch", 2), "--seed", "0", *sized,
                    "--input", "randn:2x3x8"], draw(x=X), 2)
    yield from_seed("seed-torch-cross-dropout", 1, lambda: mha(8, 2, kdim=6, vdim=5),
                    [*layout("torch", 2), "--seed", "1", *sized, "--input", "randn:2x3x8", "--key", "randn:2x5x6",
                     "--value", "randn:2x5x5", "--dropout", "0.3"],
                    draw(x=X, memory=(2, 5, 6), memory_value=(2, 5, 5)), 2, dropout=0.3)
    yield from_seed("seed-torch-bias-kv", 42, lambda: mha(8, 2, add_bias_kv=True),
                    [*layout("torch", 2), "--bias-kv", "--seed", "42", *sized, "--input", "rand:2x3x8"],
                    lambda: {"x": torch.rand(X)}, 2)
    yield from_seed("seed-d2l-document", 0, lambda: D2l(100, 5),
                    [*layout("d2l", 5), "--seed", "0", "--d-model", "100", "--input", "ones:2x4x100",
                     "--valid-lens", "3,2"],
                    lambda: {"x": torch.ones(2, 4, 100)}, 5, rules={"valid_lens": [3, 2]},
                    only=["scores_scaled", "mask", "weights", "output"])
    yield from_seed("seed-linear-grouped", 2, lambda: Linear(8, 4, kv_heads=2),
                    [*layout("linear", 4), "--kv-heads", "2", "--seed", "2", *sized, "--input", "randn:2x3x8"],
                    draw(x=X), 4, kv_heads=2)
    scale = 1 / math.sqrt(8)
    yield from_seed("seed-shared-head", 3, lambda: SharedHead(8, 2),
                    [*layout("shared-head", 2), "--seed", "3", *sized, "--input", "randn:2x3x8", "--scale",
                     repr(scale)], draw(x=X), 2, scale=scale)

    def memory_first():
        memory = torch.randn(MEMORY)
        return {"x": torch.randn(X), "memory": memory}

    yield from_seed("seed-order-of-options", 2**32 + 5, lambda: mha(8, 2),
                    [*layout("torch", 2), "--seed", str(2**32 + 5), *sized, "--memory", "randn:2x5x8",
                     "--input", "randn:2x3x8"], memory_first, 2)
    yield from_seed("seed-single-self", 4, lambda: SingleHead(6, 4),
                    ["self", "--seed", "4", "--d-model", "6", "--head-dim", "4", "--input", "randn:2x3x6"],
                    draw(x=(2, 3, 6)), 1)


def module_cases():
    yield from torch_cases()
    yield from document_cases()
    yield from seed_cases()


def dot_case():
    """The run of the dot-product document: unscaled, values are the keys."""
    torch.manual_seed(0)
    x1, x2 = torch.randn(2, 3, 4).double(), torch.randn(2, 5, 4).double()
    weights = (x1 @ x2.transpose(1, 2)).softmax(-1)
    steps = {"q": x1[:, None], "k": x2[:, None], "v": x2[:, None], "scores_raw": (x1 @ x2.transpose(1, 2))[:, None],
             "weights": weights[:, None], "output": weights @ x2}
    return {"name": "seed-dot-document", "seed": 0,
            "argv": ["dot", "--query", "randn:2x3x4", "--key", "randn:2x5x4", "--seed", "0"]}, steps
