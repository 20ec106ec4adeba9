"""Records the shapes inside real modules of attention, and which calls they refuse.

Writes shapes/cases.json: for each random configuration the constructor's arguments, the shapes of the
call, and either every shape that PyTorch's dispatcher saw (in order), the output's shape and the number of
parameters, or the error. About one configuration in three is made invalid on purpose.
Run with Debian's Python:  /usr/bin/python3 make_shapes.py
"""
import json
import math
import pathlib
import random

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

SEED = 20240

class Recorder(TorchDispatchMode):
    """The shape of every tensor that an operation returns, in order."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(tensor, torch.Tensor):
                self.shapes.append(list(tensor.shape))
        return result


def attend(q, k, v, scale):
    scores = q @ k.transpose(-2, -1)
    return (scores / scale).softmax(-1) @ v


class D2l(nn.Module):
    """Heads folded into the batch axis, as in Dive into Deep Learning, section 10.5."""

    def __init__(self, c):
        super().__init__()
        e, h, hk = c["d_model"], c["heads"], c.get("kv_heads", c["heads"])
        d, dv = c.get("head_dim", e // h), c.get("value_dim", c.get("head_dim", e // h))
        bias = c.get("bias", False)
        self.h, self.hk = h, hk
        self.W_q = nn.Linear(e, h * d if "head_dim" in c else e, bias)
        self.W_k = nn.Linear(c.get("key_width", e), hk * d if "head_dim" in c or hk != h else e, bias)
        self.W_v = nn.Linear(c.get("value_width", e), hk * dv if "head_dim" in c or hk != h else e, bias)
        self.W_o = nn.Linear(h * dv if "head_dim" in c else e, e, bias)

    def fold(self, x, heads):
        x = x.reshape(x.shape[0], x.shape[1], heads, -1).permute(0, 2, 1, 3)
        if heads != self.h:
            x = x.repeat_interleave(self.h // heads, dim=1)
        return x.reshape(-1, x.shape[2], x.shape[3])

    def forward(self, query, key, value):
        q, k, v = (self.fold(m(x), n) for m, x, n in
                   ((self.W_q, query, self.h), (self.W_k, key, self.hk), (self.W_v, value, self.hk)))
        out = torch.bmm((torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.shape[-1])).softmax(-1), v)
        out = out.reshape(-1, self.h, out.shape[1], out.shape[2]).permute(0, 2, 1, 3)
        return self.W_o(out.reshape(out.shape[0], out.shape[1], -1))


class Linear(nn.Module):
    """Four linear maps with bias; heads on an axis of their own."""

    def __init__(self, c):
        super().__init__()
        e, h = c["d_model"], c["heads"]
        self.h, self.hk, self.d = h, c.get("kv_heads", h), e // h
        assert e % h == 0, f"d_model {e} is not divisible by num_heads {h}"
        assert h % self.hk == 0
        self.Wq, self.fc = nn.Linear(e, e), nn.Linear(e, e)
        self.Wk, self.Wv = nn.Linear(e, self.hk * self.d), nn.Linear(e, self.hk * self.d)

    def forward(self, query, key, value, mask=None):
        def split(x, heads):
            x = x.view(x.size(0), x.size(1), heads, self.d).transpose(1, 2)
            return x if heads == self.h else x.repeat_interleave(self.h // heads, dim=1)
        q, k, v = self.Wq(query), self.Wk(key), self.Wv(value)
        q, k, v = split(q, self.h), split(k, self.hk), split(v, self.hk)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        out = (scores.softmax(-1) @ v).transpose(1, 2).contiguous()
        return self.fc(out.view(query.size(0), query.size(1), self.h * self.d))


class SharedHead(nn.Module):
    """The input is split into heads first; one bias-free map serves all of them."""

    def __init__(self, c):
        super().__init__()
        self.e, self.h = c["d_model"], c["heads"]
        self.d = self.e // self.h
        assert self.d * self.h == self.e, "Embed size needs to be divisible by heads"
        self.values, self.keys, self.queries = (nn.Linear(self.d, self.d, bias=False) for _ in range(3))
        self.fc_out = nn.Linear(self.e, self.e)

    def forward(self, query, key, value, mask=None):
        n, lq, lk, lv = query.shape[0], query.shape[1], key.shape[1], value.shape[1]
        v = self.values(value.reshape(n, lv, self.h, self.d)).transpose(1, 2)
        k = self.keys(key.reshape(n, lk, self.h, self.d)).transpose(1, 2)
        q = self.queries(query.reshape(n, lq, self.h, self.d)).transpose(1, 2)
        scores = q @ k.transpose(-2, -1)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e20)
        out = (scores / self.e ** 0.5).softmax(-1) @ v
        return self.fc_out(out.transpose(1, 2).reshape(n, lq, self.h * self.d))


class Sdpa(nn.Module):
    """F.scaled_dot_product_attention with enable_gqa, by hand."""

    def __init__(self, c):
        super().__init__()

    def forward(self, q, k, v, mask=None):
        if q.dim() == 4 and k.size(1) != q.size(1):
            assert q.size(1) % k.size(1) == 0, "query heads are not a multiple of key/value heads"
            k, v = (x.repeat_interleave(q.size(1) // x.size(1), dim=1) for x in (k, v))
        for x in (k, v):  # the same sample everywhere: broadcasting over the batch would hide a mistake
            assert x.shape[:-2] == q.shape[:-2], "leading axes differ"
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        if mask is not None:
            scores = scores + torch.zeros(scores.shape).add_(mask)
        return scores.softmax(-1) @ v


def build(c):
    impl, e, h = c["impl"], c["d_model"], c["heads"]
    first = c.get("batch_first", False)
    if impl == "torch":
        return nn.MultiheadAttention(e, h, bias=c.get("bias", True), add_bias_kv=c.get("bias_kv", False),
                                     add_zero_attn=c.get("zero_attn", False), kdim=c.get("key_width"),
                                     vdim=c.get("value_width"), batch_first=first)
    if impl == "encoder-layer":
        return nn.TransformerEncoderLayer(e, h, c["ffn"], dropout=0.0, batch_first=first)
    if impl == "decoder-layer":
        return nn.TransformerDecoderLayer(e, h, c["ffn"], dropout=0.0, batch_first=first)
    if impl == "transformer":
        return nn.Transformer(e, h, c["encoder_layers"], c["decoder_layers"], c["ffn"], 0.0, batch_first=first)
    return {"d2l": D2l, "linear": Linear, "shared-head": SharedHead, "sdpa": Sdpa}[impl](c)


def run(case):
    c = case["config"]
    module = build(c)
    query = torch.zeros(case["query"])
    key = torch.zeros(case["key"]) if "key" in case else query
    value = torch.zeros(case["value"]) if "value" in case else key
    masks = {}
    if "attn_mask" in case:
        masks["attn_mask"] = torch.ones(case["attn_mask"], dtype=torch.bool).logical_not()
    if "key_padding_mask" in case:
        masks["key_padding_mask"] = torch.zeros(case["key_padding_mask"], dtype=torch.bool)
    with Recorder() as recorder:
        if c["impl"] == "encoder-layer":
            names = {"attn_mask": "src_mask", "key_padding_mask": "src_key_padding_mask"}
            result = module(query, **{names[k]: m for k, m in masks.items()})
        elif c["impl"] == "decoder-layer":
            names = {"attn_mask": "tgt_mask", "key_padding_mask": "tgt_key_padding_mask"}
            result = module(query, key, **{names[k]: m for k, m in masks.items()})
        elif c["impl"] == "transformer":
            names = {"attn_mask": "tgt_mask", "key_padding_mask": "tgt_key_padding_mask"}
            result = module(key, query, **{names[k]: m for k, m in masks.items()})
        elif c["impl"] == "torch":
            result = module(query, key, value, **masks)[0]
        elif "attn_mask" in case:
            result = module(query, key, value, torch.ones(case["attn_mask"]))
        else:
            result = module(query, key, value)
    parameters = sum(p.numel() for p in module.parameters())
    return {"output": list(result.shape), "parameters": parameters, "shapes": recorder.shapes}


def sample(impl, rng):
    """One configuration; sizes differ from each other so that exchanged axes show."""
    heads = rng.choice([1, 2, 3, 4])
    d = rng.choice([1, 2, 3, 5])
    b, lq, lk = rng.sample([1, 2, 3, 4, 6, 7, 9], 3)
    c = {"impl": impl, "d_model": heads * d, "heads": heads}
    case = {"config": c}
    torch_module = impl in ("torch", "encoder-layer", "decoder-layer", "transformer")
    first = not torch_module
    if torch_module and rng.random() < 0.5:
        c["batch_first"] = first = True
    unbatched = torch_module and rng.random() < 0.25
    e = ek = ev = c["d_model"]
    if impl == "torch":
        c["bias"] = rng.random() < 0.7
        c["bias_kv"], c["zero_attn"] = rng.random() < 0.3, rng.random() < 0.3
        if rng.random() < 0.3:
            ek = c["key_width"] = rng.choice([2, 5, 8])
            ev = c["value_width"] = rng.choice([3, 5, 8])
    if impl == "d2l":
        c["bias"] = rng.random() < 0.5
        if rng.random() < 0.3:
            c["head_dim"], c["value_dim"] = d + 1, d + 2
    if impl in ("linear", "d2l") and rng.random() < 0.3:
        c["kv_heads"] = rng.choice([n for n in (1, 2, 3, 4) if heads % n == 0])
    if impl in ("encoder-layer", "decoder-layer", "transformer"):
        c["ffn"] = rng.choice([3, 10])
    if impl == "transformer":
        c["encoder_layers"], c["decoder_layers"] = rng.choice([1, 2, 3]), rng.choice([1, 2])

    def shape(length, width):
        if unbatched:
            return [length, width]
        return [b, length, width] if first else [length, b, width]
    if impl == "sdpa":
        kv = rng.choice([n for n in (1, 2, 3, 4) if heads % n == 0])
        lead, kv_lead = rng.choice([([], []), ([b], [b]), ([b, heads], [b, kv])])
        case["query"], case["key"] = lead + [lq, d], kv_lead + [lk, d]
        case["value"] = kv_lead + [lk, d + 1]
        return case, (b, heads, lq, lk, unbatched)
    case["query"] = shape(lq, e)
    cross = impl in ("decoder-layer", "transformer") or ek != e or ev != e
    if cross or (impl != "encoder-layer" and rng.random() < 0.5):
        case["key"] = shape(lk, ek)
        if impl in ("torch", "d2l", "linear", "shared-head") and (ek != ev or rng.random() < 0.4):
            case["value"] = shape(lk, ev)
    else:
        lk = lq
    if impl in ("torch", "encoder-layer") and rng.random() < 0.4:
        case["attn_mask"] = rng.choice([[lq, lk], [(1 if unbatched else b) * heads, lq, lk]])
    if impl in ("torch", "encoder-layer") and rng.random() < 0.3:
        case["key_padding_mask"] = [lk] if unbatched else [b, lk]
    if impl in ("linear", "shared-head") and rng.random() < 0.4:
        case["attn_mask"] = rng.choice([[lq, lk], [b, 1, 1, lk], [b, heads, lq, lk], [1, 1, lq, 1]])
    return case, (b, heads, lq, lk, unbatched)


def spoil(case, sizes, rng):
    """One mistake out of those people make."""
    b, h, lq, lk, unbatched = sizes
    c = case["config"]
    kind = rng.choice(["heads", "width", "batch", "mask", "padding", "length", "rank", "key_rank"])
    if kind == "heads" and c["impl"] != "sdpa":
        c["d_model"] += 1
        c["heads"] = max(2, h)
        if c["d_model"] % c["heads"] == 0:
            c["d_model"] += 1
    elif kind == "width":
        case["query"][-1] += 1
    elif kind == "batch" and "key" in case and len(case["key"]) >= 3:
        axis = 1 if c["impl"] in ("torch", "decoder-layer", "transformer") and not c.get("batch_first") else 0
        case["key"][axis] += 1
    elif kind == "mask" and c["impl"] != "d2l":
        case["attn_mask"] = rng.choice([[b, lq, lk + 1], [lq + 1, lk], [b, lk + 1]])
    elif kind == "padding" and c["impl"] in ("torch", "encoder-layer"):
        case["key_padding_mask"] = [lk, b] if lk != b else [b, lk + 1]
    elif kind == "length" and "value" in case:
        case["value"][-2 if c["impl"] == "sdpa" or case["query"] == 2 else (0 if len(case["value"]) == 2 or not (c.get("batch_first") or c["impl"] != "torch") else 1)] += 1
    elif kind == "rank":
        case["query"] = case["query"] + [2] if len(case["query"]) > 2 else case["query"][:1]
    elif kind == "key_rank" and "key" in case:
        case["key"] = case["key"][1:]
    else:
        case["query"][-1] += 3


def main():
    rng = random.Random(SEED)
    torch.manual_seed(SEED)
    impls = ["torch"] * 4 + ["d2l", "linear", "shared-head", "sdpa", "encoder-layer", "decoder-layer", "transformer"]
    cases = []
    while len(cases) < 440:
        case, sizes = sample(impls[len(cases) % len(impls)], rng)
        if rng.random() < 0.35:
            spoil(case, sizes, rng)
        try:
            case.update(run(case))
        except Exception as error:  # noqa: BLE001  whatever the module throws is the record
            case["error"] = f"{type(error).__name__}: {error}".split("\n")[0]
        cases.append(case)
    refused = sum("error" in case for case in cases)
    folder = pathlib.Path(__file__).parent / "shapes"
    folder.mkdir(exist_ok=True)
    header = {"torch": torch.__version__, "seed": SEED, "count": len(cases), "refused": refused}
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    head = json.dumps(header)[1:-1]
    (folder / "cases.json").write_text("{" + head + ',\n"cases": [\n' + lines + "\n]}\n")
    print(header)


if __name__ == "__main__":
    main()
