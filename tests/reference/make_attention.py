"""Writes attention/<case>/: what `attn-compute` is to be run with, and every step it should show,
computed with PyTorch in float64.

The steps are plain tensor operations on the state_dict of a real module (nn.MultiheadAttention, or a
document's module from attention_modules.py); before anything is written, the output of those operations
is checked against the output of the module itself. Nothing here reads this project's C++ code.

Each folder has
  case.json    name, argv ("{dir}" stands for the folder), seed, steps, versions, the module that was asked
  steps.npz    every step by name, float64
  x.npy, memory.npy, mask.npy, weights.npz, …   the inputs, where argv names them

Seed-driven cases draw as attn-compute does: the module's parameters in constructor order, then generator
tensors in the order of argv, then the dropout mask.

Run: /usr/bin/python3 make_attention.py [FOLDER]   (default: attention, beside this script)
Needs torch built without MKL, on a CPU with AVX2.
"""
import json
import math
import pathlib
import shutil
import sys

import numpy
import torch
from torch import nn

from attention_modules import D2l, Linear, SharedHead, SingleHead
from make_random import capability

ROOT = pathlib.Path(__file__).parent / "attention"
TOLERANCE = 1e-12


def canonical(module):
    """Weights (in, out) and biases of q, k, v, o, from the names in the state_dict."""
    p = {name: tensor.double() for name, tensor in module.state_dict().items()}
    if isinstance(module, nn.MultiheadAttention):
        packed = p.get("in_proj_weight")
        maps = packed.chunk(3) if packed is not None else [p[f"{s}_proj_weight"] for s in "qkv"]
        biases = p["in_proj_bias"].chunk(3) if "in_proj_bias" in p else [None] * 3
        return ([m.T for m in maps] + [p["out_proj.weight"].T], [*biases, p.get("out_proj.bias")],
                p.get("bias_k"), p.get("bias_v"))
    names = {D2l: ["W_q", "W_k", "W_v", "W_o"], Linear: ["Wq", "Wk", "Wv", "fc"],
             SharedHead: ["queries", "keys", "values", "fc_out"], SingleHead: ["W_q", "W_k", "W_v"]}[type(module)]
    maps = [p[name + ".weight"].T for name in names]
    if isinstance(module, SharedHead):
        maps[:3] = [torch.block_diag(*[m] * module.heads) for m in maps[:3]]
    return maps, [p.get(name + ".bias") for name in names], None, None


def additive_mask(rules, batch, heads, queries, keys):
    """All mask rules as one tensor to add; None without a rule."""
    if not rules:
        return None
    mask = torch.zeros(batch, heads, queries, keys, dtype=torch.float64)
    if "add" in rules:
        mask = mask + rules["add"]
    if "drop" in rules:
        mask = mask.masked_fill(rules["drop"], -math.inf)
    if "valid_lens" in rules:
        beyond = torch.arange(keys) >= torch.tensor(rules["valid_lens"])[:, None, None, None]
        mask = mask.masked_fill(beyond, -math.inf)
    if rules.get("causal"):
        mask = mask.masked_fill(torch.ones(queries, keys).triu(1).bool(), -math.inf)
    return mask


def attend(steps, q, k, v, scale, mask, fill, dropout):
    """From heads to heads; records the steps between. Key/value heads are repeated for grouped queries."""
    steps.update(q=q, k=k, v=v)
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    scores = steps["scores_raw"] = q @ k.transpose(-2, -1)
    scores = steps["scores_scaled"] = scores * scale
    if mask is not None:
        steps["mask"] = mask
        scores = torch.where(mask == -math.inf, torch.full_like(mask, fill), scores + mask)
    steps["scores_masked"] = scores
    weights = steps["weights"] = scores.softmax(-1)
    if dropout:
        keep = torch.empty_like(weights).bernoulli_(1 - dropout)
        weights = steps["weights_dropped"] = weights * keep / (1 - dropout)
    steps["heads"] = weights @ v
    return weights


def module_steps(case):
    """Every step of a case, by plain operations on the weights of its module."""
    maps, biases, bias_k, bias_v = canonical(case["module"])
    inputs = {name: t.double() if t.dim() == 3 else t.double()[None] for name, t in case["inputs"].items()}
    memory = inputs.get("memory", inputs["x"])
    sources = [inputs["x"], memory, inputs.get("memory_value", memory)]
    steps = dict(inputs)
    heads = case["heads"]
    kv_heads = case.get("kv_heads", heads)
    split = []
    for letter, source, w, b, n in zip("qkv", sources, maps, biases, [heads, kv_heads, kv_heads]):
        mapped = steps[letter + "_proj"] = source @ w + (0 if b is None else b)
        split.append(mapped.unflatten(-1, (n, -1)).transpose(1, 2))
    q, k, v = split
    batch, keys = k.shape[0], k.shape[2]
    mask = additive_mask(case.get("rules"), batch, heads, q.shape[2], keys)
    if bias_k is not None:
        k = torch.cat([k, bias_k.view(1, heads, 1, -1).expand(batch, -1, -1, -1)], dim=2)
        v = torch.cat([v, bias_v.view(1, heads, 1, -1).expand(batch, -1, -1, -1)], dim=2)
    if case.get("add_zero_attn"):
        k, v = (nn.functional.pad(t, (0, 0, 0, 1)) for t in (k, v))
    if mask is not None:  # the appended keys are always visible
        mask = nn.functional.pad(mask, (0, k.shape[2] - keys))
    scale = case.get("scale", 1 / math.sqrt(q.shape[-1]))
    weights = attend(steps, q, k, v, scale, mask, case.get("fill", -math.inf), case.get("dropout"))
    if case.get("average"):
        steps["weights_averaged"] = weights.mean(1)
    steps["merged"] = steps["heads"].transpose(1, 2).flatten(2)
    output = steps["merged"] if len(maps) == 3 else steps["merged"] @ maps[3] + (0 if biases[3] is None else biases[3])
    steps["output"] = output if case["inputs"]["x"].dim() == 3 else output[0]
    return steps


def ask_module(case):
    """Output of the module itself, and its averaged weights if it returns any."""
    module = case["module"].double()
    x = case["inputs"]["x"].double()
    memory = case["inputs"].get("memory", x).double()
    value = case["inputs"].get("memory_value", memory).double()
    rules = case.get("rules", {})
    keys, queries = memory.shape[-2], x.shape[-2]
    if not isinstance(module, nn.MultiheadAttention):
        mask = additive_mask(rules, x.shape[0], case["heads"], queries, keys)
        return module(x, memory, value, None if mask is None else mask == 0), None
    padding, attn_mask = None, None
    if "valid_lens" in rules:
        padding = torch.arange(keys) >= torch.tensor(rules["valid_lens"])[:, None]
    others = {name: rule for name, rule in rules.items() if name != "valid_lens"}
    if others:
        batch = x.shape[0] if x.dim() == 3 else 1
        attn_mask = additive_mask(others, batch, case["heads"], queries, keys).flatten(0, 1)
        if "add" not in others:
            attn_mask = attn_mask == -math.inf
    module.add_zero_attn = bool(case.get("add_zero_attn"))
    module.dropout = case.get("dropout") or 0.0
    module.train(bool(module.dropout))
    return module(x, memory, value, key_padding_mask=padding, attn_mask=attn_mask,
                  average_attn_weights=bool(case.get("average")))


def check(case, steps):
    """Plain operations and module must agree; both draw their dropout masks from the same state."""
    state = case["state"]
    torch.set_rng_state(state)
    with torch.enable_grad():  # without gradients torch 1.13 takes a fused path, which fails without biases
        output, weights = ask_module(case)
    difference = (output - steps["output"]).abs().max().item()
    assert difference <= TOLERANCE, (case["name"], difference)
    if weights is not None:
        ours = steps["weights_averaged"] if case.get("average") else steps.get("weights_dropped", steps["weights"])
        assert (weights - ours).abs().max().item() <= TOLERANCE, case["name"]


def write(root, case, steps):
    folder = root / case["name"]
    folder.mkdir(parents=True)
    for name, tensor in case.get("files", {}).items():
        numpy.save(folder / f"{name}.npy", tensor.numpy())
    if case.get("weights_file"):
        numpy.savez(folder / "weights.npz", **{n: t.float().numpy() for n, t in case["module"].state_dict().items()})
    wanted = case.get("only", list(steps))
    numpy.savez_compressed(folder / "steps.npz", **{name: steps[name].numpy() for name in wanted})
    asked = type(case["module"]).__name__ if case.get("module") is not None else "torch.matmul and torch.softmax"
    description = {"name": case["name"], "argv": case["argv"], "seed": case["seed"], "steps": wanted,
                   "module": asked, "torch": torch.__version__, "numpy": numpy.__version__}
    (folder / "case.json").write_text(json.dumps(description, indent=1) + "\n")


def obstacle():
    """Why this machine's PyTorch cannot make the cases; None when it can."""
    if torch.backends.mkl.is_available():
        return "this torch has MKL: dropout would draw another stream"
    if capability() != "AVX2":
        return f"torch uses {capability()}: seeded numbers would be rounded differently"
    return None


def make(root):
    from attention_cases import dot_case, module_cases

    torch.set_grad_enabled(False)
    shutil.rmtree(root, ignore_errors=True)
    for case in module_cases():
        case["state"] = torch.get_rng_state()
        steps = module_steps(case)
        check(case, steps)
        write(root, case, steps)
    write(root, *dot_case())


if __name__ == "__main__":
    if obstacle():
        sys.exit(obstacle())
    make(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
