"""Writes gradient/<case>/: what `attn-compute gradient` is to be run with, and every gradient it should show,
computed by PyTorch's autograd in float64.

The forward steps are those of make_attention.py and make_layer.py: plain tensor operations that are checked
against real modules. Here they run with gradients, the loss is the sum of output ⊙ upstream, and the gradient of
a step, a parameter or an input is what autograd left at its tensor.

The folders are as make_attention.py describes; steps.npz holds d_<step>. A gradient that is zero in exact
arithmetic (that of a bias of the keys, say, which moves all scores of a row alike) is only rounding, and is left
out. Nothing here reads this project's C++ code.

Run: /usr/bin/python3 make_gradient.py [FOLDER]   (default: gradient, beside this script)
Needs torch built without MKL, on a CPU with AVX2.
"""
import functools
import math
import pathlib
import shutil
import sys
from unittest import mock

import torch
from torch import nn

import make_layer
from attention_cases import module_cases
from make_attention import additive_mask, attend, module_steps, obstacle, write

ROOT = pathlib.Path(__file__).parent / "gradient"
ONLY_ROUNDING = 1e-12  # of the largest gradient of a case

LAYERS = ["encoder-post-relu", "encoder-pre-gelu", "decoder-post-masks", "decoder-pre-masks", "encoder-gelu-tanh", "encoder-silu",
          "encoder-unbiased", "encoder-causal-padding", "rms-swiglu-pre"]
ATTENTION = ["torch-self", "torch-cross", "torch-padding-causal", "torch-bias-kv-zero-attn-causal", "torch-float-mask", "torch-kdim-vdim",
             "torch-unbatched", "linear-grouped", "linear-causal", "single-cross"]


def gradient_name(step):
    block, dot, name = step.rpartition(".")
    return f"{block}{dot}d_{name}"


def attention_parameters(module):
    """Name of a parameter: what autograd left at its tensor, in the orientation x·W."""
    found = {}
    if isinstance(module, nn.MultiheadAttention):
        if module.in_proj_weight is not None:
            maps = dict(zip("qkv", module.in_proj_weight.grad.chunk(3)))
        else:
            maps = {letter: getattr(module, f"{letter}_proj_weight").grad for letter in "qkv"}
        biases = dict(zip("qkv", module.in_proj_bias.grad.chunk(3))) if module.in_proj_bias is not None else {}
        maps["o"] = module.out_proj.weight.grad
        if module.out_proj.bias is not None:
            biases["o"] = module.out_proj.bias.grad
        for name in ("bias_k", "bias_v"):
            if getattr(module, name) is not None:
                found[f"d_{name}"] = getattr(module, name).grad.flatten()
        found.update({f"d_w_{letter}": grad.T for letter, grad in maps.items()})
        found.update({f"d_b_{letter}": grad for letter, grad in biases.items()})
        return found
    for names, letter in ((("Wq", "W_q"), "q"), (("Wk", "W_k"), "k"), (("Wv", "W_v"), "v"), (("fc", "W_o"), "o")):
        for name in names:
            if hasattr(module, name):
                found[f"d_w_{letter}"] = getattr(module, name).weight.grad.T
                if getattr(module, name).bias is not None:
                    found[f"d_b_{letter}"] = getattr(module, name).bias.grad
    return found


def layer_parameters(module, decoder):
    found = {f"self.{name}": grad for name, grad in attention_parameters(module.self_attn).items()}
    if decoder:
        found.update({f"cross.{name}": grad for name, grad in attention_parameters(module.multihead_attn).items()})
    for name, map_name in (("1", "linear1"), ("2", "linear2"), ("gate", "linear_gate")):
        if hasattr(module, map_name):
            found[f"ffn.d_w_{name}"] = getattr(module, map_name).weight.grad.T
            found[f"ffn.d_b_{name}"] = getattr(module, map_name).bias.grad
    for block, number in zip(("self", "cross", "ffn") if decoder else ("self", "ffn"), "123"):
        norm = getattr(module, f"norm{number}")
        found[f"{block}.d_gamma"] = norm.weight.grad
        if hasattr(norm, "bias"):
            found[f"{block}.d_beta"] = norm.bias.grad
    return found


def gradients_of(case, forward, parameters):
    """Every gradient by name, and the upstream gradient that was used."""
    module = case["module"].double().requires_grad_(True)
    inputs = {name: tensor.double().requires_grad_(True) for name, tensor in case["inputs"].items()}
    # The plain operations read the state_dict; here it hands out the parameters themselves.
    with mock.patch.object(nn.Module, "state_dict", functools.partialmethod(nn.Module.state_dict, keep_vars=True)):
        steps = forward({**case, "inputs": inputs})
    steps = {name: tensor for name, tensor in steps.items() if tensor.requires_grad and name != "weights_averaged"}
    for tensor in steps.values():
        tensor.retain_grad()
    upstream = torch.randn(steps["output"].shape)
    (steps["output"] * upstream.double()).sum().backward()
    found = {gradient_name(name): tensor.grad for name, tensor in steps.items() if tensor.grad is not None}
    found.update(parameters(module))
    largest = max(grad.abs().max().item() for grad in found.values())
    return {name: grad for name, grad in found.items() if grad.abs().max().item() > ONLY_ROUNDING * largest}, upstream


def write_case(root, case, forward, parameters):
    files = {name: tensor.float() for name, tensor in case["inputs"].items()}
    gradients, upstream = gradients_of(case, forward, parameters)
    case["module"].requires_grad_(False)
    write(root, {**case, "only": list(gradients), "files": {**case.get("files", {}), **files, "upstream": upstream},
                 "argv": ["gradient", *case["argv"], "--upstream", "{dir}/upstream.npy", "--measure", "0"]}, gradients)


def plain_case(name, words, shapes, scale, causal):
    """Attention on given queries, keys and values: no module, no parameters."""
    torch.manual_seed(len(name))
    files = {letter: torch.randn(*shape) for letter, shape in zip(("query", "key", "value"), shapes)}
    q, k, v = leaves = [tensor.double().requires_grad_(True) for tensor in files.values()]
    steps = {}
    mask = additive_mask({"causal": True}, q.shape[0], q.shape[1], q.shape[2], k.shape[2]) if causal else None
    rank_4 = [tensor if tensor.dim() == 4 else tensor[:, None] for tensor in leaves]
    attend(steps, *rank_4, scale, mask, -math.inf, None)
    steps["output"] = steps["heads"] if q.dim() == 4 else steps["heads"][:, 0]
    steps = {name: tensor for name, tensor in steps.items() if tensor.requires_grad}
    for tensor in steps.values():
        tensor.retain_grad()
    files["upstream"] = torch.randn(steps["output"].shape)
    (steps["output"] * files["upstream"].double()).sum().backward()
    gradients = {gradient_name(step): tensor.grad for step, tensor in steps.items()}
    argv = ["gradient", *words, *(word for file in files for word in (f"--{file}", f"{{dir}}/{file}.npy")), "--measure", "0"]
    return {"name": name, "argv": argv, "seed": len(name), "files": files}, gradients


def make(root):
    shutil.rmtree(root, ignore_errors=True)
    torch.set_grad_enabled(False)  # while modules are filled with numbers
    layers, attentions = list(make_layer.cases()), list(module_cases())
    torch.set_grad_enabled(True)
    made = []
    for case in layers:
        if case["name"] in LAYERS:
            decoder = "memory" in case["inputs"]
            write_case(root, {**case, "name": "layer-" + case["name"]}, make_layer.layer_steps, functools.partial(layer_parameters, decoder=decoder))
            made.append(case["name"])
    for case in attentions:
        if case["name"] in ATTENTION:
            write_case(root, case, module_steps, attention_parameters)
            made.append(case["name"])
    write(root, *plain_case("dot", ["dot"], [(2, 3, 4), (2, 5, 4), (2, 5, 4)], 1, False))
    write(root, *plain_case("sdpa-grouped-causal", ["sdpa", "--causal"], [(2, 4, 3, 4), (2, 2, 5, 4), (2, 2, 5, 3)], 0.5, True))
    assert sorted(made) == sorted(LAYERS + ATTENTION), sorted({*LAYERS, *ATTENTION} - set(made))


if __name__ == "__main__":
    if obstacle():
        sys.exit(obstacle())
    make(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
