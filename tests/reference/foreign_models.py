"""Small models in PyTorch under the names, packings and orientations of other systems, for make_models.py.

Each is written as its system writes it (GPT-2's Conv1D, minGPT's packed Linear, LLaMA's rotary halves or
pairs, BERT's blocks), in plain PyTorch, and records every step it computes under attnscope's path of it.
Nothing here reads this project's C++ code.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Record(dict):
    """Steps by path. `at` is the block that is being computed: "decoder.0.self."."""

    at = ""

    def keep(self, name, tensor):
        self[self.at + name] = tensor.detach().clone()
        return tensor


def heads_of(x, heads):
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


def attend(record, q, k, v, forbidden):
    """Scaled dot-product attention; q, k, v [B, H, L, D], forbidden broadcasts to [B, H, Lq, Lk] or is None."""
    group = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
    scores = record.keep("scores_raw", q @ k.transpose(-1, -2))
    scores = record.keep("scores_scaled", scores / math.sqrt(q.shape[-1]))
    if forbidden is not None:
        scores = scores.masked_fill(forbidden, -math.inf)
    record.keep("scores_masked", scores)
    weights = record.keep("weights", torch.softmax(scores, -1))
    z = record.keep("heads", weights @ v)
    return record.keep("merged", z.transpose(1, 2).flatten(2))


def future(length):
    return torch.ones(length, length).triu(1).bool()


class Conv1D(nn.Module):
    """GPT-2's linear map: the weight is [in, out]."""

    def __init__(self, outputs, inputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) * 0.3)
        self.bias = nn.Parameter(torch.randn(outputs) * 0.1)

    def forward(self, x):
        return x @ self.weight + self.bias


class GptAttention(nn.Module):
    def __init__(self, width, heads, linear):
        super().__init__()
        self.heads = heads
        self.c_attn, self.c_proj = linear(3 * width, width), linear(width, width)

    def forward(self, x, record):
        q, k, v = self.c_attn(x).chunk(3, -1)
        for name, tensor in zip("qkv", (q, k, v)):
            record.keep(name + "_proj", tensor)
        q, k, v = (record.keep(name, heads_of(t, self.heads)) for name, t in zip("qkv", (q, k, v)))
        return record.keep("output", self.c_proj(attend(record, q, k, v, future(x.shape[1]))))


class GptMlp(nn.Module):
    def __init__(self, width, linear):
        super().__init__()
        self.c_fc, self.c_proj = linear(4 * width, width), linear(width, 4 * width)

    def forward(self, x, record):
        hidden = F.gelu(record.keep("ffn_up", self.c_fc(x)), approximate="tanh")
        return record.keep("ffn_output", self.c_proj(record.keep("ffn_hidden", hidden)))


class GptBlock(nn.Module):
    def __init__(self, width, heads, linear):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width), GptAttention(width, heads, linear)
        self.ln_2, self.mlp = nn.LayerNorm(width), GptMlp(width, linear)

    def forward(self, x, record, path):
        record.at = path + "self."
        x = record.keep("residual", x + self.attn(record.keep("norm", self.ln_1(x)), record))
        record.at = path + "ffn."
        normed = record.keep("norm", self.ln_2(x))
        record.at = path
        added = self.mlp(normed, record)
        record.at = path + "ffn."
        return record.keep("residual", x + added)


class Gpt(nn.Module):
    """GPT-2 with Conv1D and tied output, or minGPT with Linear and lm_head."""

    def __init__(self, vocabulary, width, heads, layers, longest, linear, tied):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(longest, width)
        self.h = nn.ModuleList(GptBlock(width, heads, linear) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        self.lm_head = None if tied else nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens, record):
        record.at = "decoder."
        x = record.keep("token_embedding", self.wte(tokens))
        x = record.keep("x", x + record.keep("position_embedding", self.wpe(torch.arange(tokens.shape[1]))))
        for i, block in enumerate(self.h):
            x = block(x, record, f"decoder.{i}.")
        record.at = "decoder.final."
        x = record.keep("norm", self.ln_f(x))
        record.at = ""
        return record.keep("logits", x @ self.wte.weight.T if self.lm_head is None else self.lm_head(x))


class RmsNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(1 + 0.1 * torch.randn(width)), eps

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


def rotate_halves(x, base):
    """Hugging Face's LLaMA: coordinate j is turned together with j + D/2."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[-2])[:, None] * base ** (-torch.arange(half, dtype=torch.float64) / half)
    cos, sin = angle.cos().repeat(1, 2).to(x.dtype), angle.sin().repeat(1, 2).to(x.dtype)
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


def rotate_pairs(x, base):
    """LLaMA as published: coordinates 2j and 2j + 1 are one complex number."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[-2])[:, None] * base ** (-torch.arange(half, dtype=torch.float64) / half)
    turn = torch.polar(torch.ones_like(angle), angle)
    pairs = torch.view_as_complex(x.double().reshape(*x.shape[:-1], half, 2))
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)


class LlamaLayer(nn.Module):
    """The names are the caller's: a dictionary of this class's parts."""

    def __init__(self, width, heads, kv_heads, middle, eps, base, rotate):
        super().__init__()
        size = width // heads
        self.heads, self.kv_heads, self.base, self.rotate = heads, kv_heads, base, rotate
        self.wq, self.wo = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.wk, self.wv = (nn.Linear(width, kv_heads * size, bias=False) for _ in range(2))
        self.gate, self.up = (nn.Linear(width, middle, bias=False) for _ in range(2))
        self.down = nn.Linear(middle, width, bias=False)
        self.norm_1, self.norm_2 = RmsNorm(width, eps), RmsNorm(width, eps)

    def forward(self, x, record, path):
        record.at = path + "self."
        y = record.keep("norm", self.norm_1(x))
        q = record.keep("q", heads_of(self.wq(y), self.heads))
        k = record.keep("k", heads_of(self.wk(y), self.kv_heads))
        v = record.keep("v", heads_of(self.wv(y), self.kv_heads))
        q, k = record.keep("q_rot", self.rotate(q, self.base)), record.keep("k_rot", self.rotate(k, self.base))
        y = record.keep("output", self.wo(attend(record, q, k, v, future(x.shape[1]))))
        x = record.keep("residual", x + y)
        record.at = path + "ffn."
        y = record.keep("norm", self.norm_2(x))
        record.at = path
        hidden = F.silu(record.keep("ffn_gate", self.gate(y))) * record.keep("ffn_up", self.up(y))
        y = record.keep("ffn_output", self.down(record.keep("ffn_hidden", hidden)))
        record.at = path + "ffn."
        return record.keep("residual", x + y)


class Llama(nn.Module):
    def __init__(self, vocabulary, width, heads, kv_heads, middle, layers, eps, base, rotate):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(LlamaLayer(width, heads, kv_heads, middle, eps, base, rotate) for _ in range(layers))
        self.norm, self.output = RmsNorm(width, eps), nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens, record):
        record.at = "decoder."
        x = record.keep("token_embedding", self.embedding(tokens))
        for i, layer in enumerate(self.layers):
            x = layer(x, record, f"decoder.{i}.")
        record.at = "decoder.final."
        x = record.keep("norm", self.norm(x))
        record.at = ""
        return record.keep("logits", self.output(x))


class BertLayer(nn.Module):
    def __init__(self, width, heads, middle, eps):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.dense = (nn.Linear(width, width) for _ in range(4))
        self.attention_norm, self.output_norm = nn.LayerNorm(width, eps), nn.LayerNorm(width, eps)
        self.intermediate, self.output = nn.Linear(width, middle), nn.Linear(middle, width)

    def forward(self, x, padding, record, path):
        record.at = path + "self."
        q, k, v = (record.keep(name, heads_of(part(x), self.heads))
                   for name, part in zip("qkv", (self.query, self.key, self.value)))
        y = record.keep("output", self.dense(attend(record, q, k, v, padding[:, None, None, :])))
        x = record.keep("norm", self.attention_norm(record.keep("residual", x + y)))
        record.at = path
        hidden = record.keep("ffn_hidden", F.gelu(record.keep("ffn_up", self.intermediate(x))))
        y = record.keep("ffn_output", self.output(hidden))
        record.at = path + "ffn."
        return record.keep("norm", self.output_norm(record.keep("residual", x + y)))


class Bert(nn.Module):
    def __init__(self, vocabulary, width, heads, middle, layers, longest, eps):
        super().__init__()
        self.words, self.positions, self.types = (nn.Embedding(n, width) for n in (vocabulary, longest, 2))
        self.norm = nn.LayerNorm(width, eps)
        self.layers = nn.ModuleList(BertLayer(width, heads, middle, eps) for _ in range(layers))
        self.pooler = nn.Linear(width, width)

    def forward(self, tokens, padding, record):
        record.at = "encoder."
        x = record.keep("token_embedding", self.words(tokens))
        x = x + record.keep("position_embedding", self.positions(torch.arange(tokens.shape[1])))
        x = record.keep("x", x + self.types.weight[0])
        record.at = "encoder.embedding."
        x = record.keep("norm", self.norm(x))
        for i, layer in enumerate(self.layers):
            x = layer(x, padding, record, f"encoder.{i}.")
        record.at = "encoder."
        return record.keep("output", x)


def sinusoidal(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


class EncoderDecoder(nn.Module):
    """nn.Transformer itself, pre-norm with its final norms, one table for both sides and for the output."""

    def __init__(self, vocabulary, width, heads, middle, layers):
        super().__init__()
        self.shared = nn.Embedding(vocabulary, width)
        self.transformer = nn.Transformer(width, heads, layers, layers, middle, 0.0, "gelu", batch_first=True, norm_first=True)

    def embed(self, tokens):
        table = sinusoidal(tokens.shape[1], self.shared.weight.shape[1]).to(self.shared.weight.dtype)
        return self.shared(tokens) * math.sqrt(self.shared.weight.shape[1]) + table

    def forward(self, source, target, padding, record):
        """The steps of blocks are taken where nn.Transformer computes them: at the inputs and outputs of its parts."""
        handles = []
        for stack in ("encoder", "decoder"):
            part = getattr(self.transformer, stack)
            handles.append(part.norm.register_forward_hook(self.keeper(record, f"{stack}.final.norm")))
            for i, layer in enumerate(part.layers):
                blocks = ("self", "ffn") if stack == "encoder" else ("self", "cross", "ffn")
                for number, block in enumerate(blocks, 1):
                    handles.append(getattr(layer, f"norm{number}").register_forward_hook(
                        self.keeper(record, f"{stack}.{i}.{block}.norm")))
                handles.append(layer.linear1.register_forward_hook(self.keeper(record, f"{stack}.{i}.ffn_up")))
                handles.append(layer.linear2.register_forward_hook(self.keeper(record, f"{stack}.{i}.ffn_output")))
                handles.append(layer.register_forward_hook(self.keeper(record, f"{stack}.{i}.output")))
                for block, name in (("self", "self_attn"), ("cross", "multihead_attn")):
                    if hasattr(layer, name):
                        handles.append(getattr(layer, name).register_forward_hook(self.attention_keeper(record, f"{stack}.{i}.{block}.")))
        record["encoder.x"], record["decoder.x"] = self.embed(source), self.embed(target)
        with torch.enable_grad():  # without gradients nn.Transformer takes a path that calls none of its parts
            y = self.transformer(record["encoder.x"], record["decoder.x"], tgt_mask=future(target.shape[1]),
                                 src_key_padding_mask=padding, memory_key_padding_mask=padding).detach()
        for handle in handles:
            handle.remove()
        record["logits"] = y @ self.shared.weight.T
        return record["logits"]

    @staticmethod
    def keeper(record, path):
        return lambda module, inputs, output: record.__setitem__(path, output.detach().clone())

    @staticmethod
    def attention_keeper(record, path):
        def keep(module, inputs, output):
            """The weights of every head, from the module's own parameters and inputs."""
            record[path + "output"] = output[0].detach().clone()
            w, b = module.in_proj_weight.chunk(3), module.in_proj_bias.chunk(3)
            for name, x, weight, bias in zip("qkv", inputs, w, b):
                record[path + name] = heads_of(F.linear(x, weight, bias), module.num_heads).detach()
        return keep
