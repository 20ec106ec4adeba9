"""Writes models/<case>/: a tiny random model as another system saves it, the map that reads it, and what
PyTorch computes with it in float64.

Each folder has
  model.safetensors   the parameters, under the other system's names, float32
  names.json          the map for --names, with the configuration; without it the same map is data/models/names/<case>.json
  steps.npz           every step by path, float64
  case.json           what the tool is run with, the tokens PyTorch writes greedily, versions, seed

Run: /usr/bin/python3 make_models.py [FOLDER]   (default: models, beside this script). PyTorch 1.13.
"""
import json
import pathlib
import re
import struct
import sys

import numpy
import torch
from torch import nn

import foreign_models as models

# Chosen so that the greedy continuations are not one token for ever.
SEEDS = {"gpt2": 2017, "mingpt": 2018, "llama": 1, "llama-pairs": 2020, "bert": 2021, "encoder-decoder": 30}
ROOT = pathlib.Path(__file__).parent / "models"
MAPS = pathlib.Path(__file__).parents[2] / "data" / "models" / "names"


def save_safetensors(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * 4
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(tensor.detach().contiguous().numpy().astype("<f4").tobytes() for tensor in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def renamed(module, rules):
    """The state_dict under names of another system; `rules` are (pattern, replacement), the first that fits."""
    result = {}
    for name, tensor in module.state_dict().items():
        for pattern, replacement in rules:
            if re.fullmatch(pattern, name):
                name = re.sub(pattern, replacement, name)
                break
        result[name] = tensor.float()
    return result


def write(case, module, tensors, names, argv, steps, greedy):
    folder = ROOT / case
    folder.mkdir(parents=True, exist_ok=True)
    save_safetensors(folder / "model.safetensors", tensors)
    (folder / "names.json").write_text(json.dumps(names, indent=1) + "\n")
    MAPS.mkdir(parents=True, exist_ok=True)
    shared = {key: value for key, value in names.items() if key != "config"}
    (MAPS / f"{case}.json").write_text(json.dumps(shared, indent=2) + "\n")
    numpy.savez_compressed(folder / "steps.npz", **{path: tensor.detach().double().numpy() for path, tensor in steps.items()})
    record = {"argv": argv, "greedy": greedy, "seed": SEEDS[case], "torch": torch.__version__, "made_by": "tests/reference/make_models.py"}
    (folder / "case.json").write_text(json.dumps(record, indent=1) + "\n")


def as_float32(module):
    """Weights that float32 holds exactly, computed with in float64."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)  # no bias is zero, no gain one
    return module.eval().float().double()


def continue_greedily(module, prompt, count, **more):
    tokens = list(prompt)
    for _ in range(count):
        tokens.append(int(module(torch.tensor([tokens]), models.Record(), **more)[0, -1].argmax()))
    return tokens[len(prompt):]


def commas(tokens):
    return ",".join(map(str, tokens))


def write_decoder(case, module, tensors, names, prompt, count):
    """The steps are those of one pass over the prompt and what was written, but for the last token."""
    greedy = continue_greedily(module, prompt, count)
    record = models.Record()
    module(torch.tensor([prompt + greedy[:-1]]), record)
    write(case, module, tensors, names, ["--tokens", commas(prompt), "--max-tokens", str(count)], record, [greedy])


def norm(path, name):
    return {name + ".weight": path + ".gamma", name + ".bias": path + ".beta"}


def linear(path, name, letter):
    return {name + ".weight": f"{path}.w_{letter}", name + ".bias": f"{path}.b_{letter}"}


def gpt_names(stored, tied):
    layer = "decoder.{i}."

    def row(feeds):
        return {"feeds": feeds, "stored": stored}

    tensors = {
        "wte.weight": "decoder.token_table", "wpe.weight": "decoder.position_table",
        **norm(layer + "self", "h.{i}.ln_1"), **norm(layer + "ffn", "h.{i}.ln_2"), **norm("decoder.final", "ln_f"),
        "h.{i}.attn.c_attn.weight": row([layer + "self.w_" + letter for letter in "qkv"]),
        "h.{i}.attn.c_attn.bias": [layer + "self.b_" + letter for letter in "qkv"],
        "h.{i}.attn.c_proj.weight": row(layer + "self.w_o"), "h.{i}.attn.c_proj.bias": layer + "self.b_o",
        "h.{i}.mlp.c_fc.weight": row(layer + "ffn.w_1"), "h.{i}.mlp.c_fc.bias": layer + "ffn.b_1",
        "h.{i}.mlp.c_proj.weight": row(layer + "ffn.w_2"), "h.{i}.mlp.c_proj.bias": layer + "ffn.b_2",
    }
    if not tied:
        tensors["lm_head.weight"] = "w_out"
    return {
        "about": "GPT-2 as published: Conv1D, tied" if tied else "minGPT: Linear, q, k and v packed, with lm_head",
        "prefix": "" if tied else "transformer.",
        "ignore": ["h.*.attn.bias"],
        "config": {"family": "decoder", "sizes": {"width": 8, "heads": 2, "feed_forward": 32, "decoder_layers": 2,
                                                  "vocabulary": 13, "max_length": 10},
                   "norm": {"place": "pre"}, "activation": "gelu-tanh", "positions": "learned", "tie": tied},
        "tensors": tensors}


def make_gpt2():
    torch.manual_seed(SEEDS["gpt2"])
    module = as_float32(models.Gpt(13, 8, 2, 2, 10, models.Conv1D, tied=True))
    tensors = dict(renamed(module, []))
    for i in range(2):  # the published files hold their causal masks as well
        tensors[f"h.{i}.attn.bias"] = torch.ones(1, 1, 10, 10).tril()
    write_decoder("gpt2", module, tensors, gpt_names("in,out", True), [3, 1, 4], 5)


def make_mingpt():
    torch.manual_seed(SEEDS["mingpt"])
    module = as_float32(models.Gpt(13, 8, 2, 2, 10, lambda outputs, inputs: nn.Linear(inputs, outputs), tied=False))
    tensors = renamed(module, [(r"(?!lm_head)(.+)", r"transformer.\1")])
    write_decoder("mingpt", module, tensors, gpt_names("out,in", False), [2, 7], 6)


def llama_names(names, positions, base):
    part = dict(zip(("embedding", "wq", "wk", "wv", "wo", "gate", "up", "down", "norm_1", "norm_2", "norm", "output"), names))
    layer = "decoder.{i}."
    places = {"wq": "self.w_q", "wk": "self.w_k", "wv": "self.w_v", "wo": "self.w_o", "norm_1": "self.gamma",
              "gate": "ffn.w_gate", "up": "ffn.w_1", "down": "ffn.w_2", "norm_2": "ffn.gamma"}
    tensors = {part[name] + ".weight": layer + place for name, place in places.items()}
    tensors.update({part["embedding"] + ".weight": "decoder.token_table", part["norm"] + ".weight": "decoder.final.gamma",
                    part["output"] + ".weight": "w_out"})
    return {
        "about": "LLaMA, grouped heads, " + positions,
        "ignore": ["*rotary_emb.inv_freq"],
        "config": {"family": "decoder", "sizes": {"width": 16, "heads": 4, "kv_heads": 2, "feed_forward": 24,
                                                  "decoder_layers": 2, "vocabulary": 11, "max_length": 12},
                   "norm": {"kind": "rms", "place": "pre"}, "eps": 1e-6, "activation": "swiglu",
                   "positions": positions, "rope_base": base, "bias": False},
        "tensors": tensors}


HUGGING_FACE = ["model.embed_tokens", *("model.layers.{i}.self_attn." + p + "_proj" for p in "qkvo"),
                *("model.layers.{i}.mlp." + p + "_proj" for p in ("gate", "up", "down")),
                "model.layers.{i}.input_layernorm", "model.layers.{i}.post_attention_layernorm", "model.norm", "lm_head"]
PUBLISHED = ["tok_embeddings", *("layers.{i}.attention.w" + p for p in "qkvo"), "layers.{i}.feed_forward.w1",
             "layers.{i}.feed_forward.w3", "layers.{i}.feed_forward.w2", "layers.{i}.attention_norm",
             "layers.{i}.ffn_norm", "norm", "output"]


def make_llama(case, names, positions, rotate, base):
    torch.manual_seed(SEEDS[case])
    module = as_float32(models.Llama(11, 16, 4, 2, 24, 2, 1e-6, base, rotate))
    ours = ["embedding", *("layers.{i}." + part for part in ("wq", "wk", "wv", "wo", "gate", "up", "down", "norm_1", "norm_2")),
            "norm", "output"]
    rules = []
    for mine, theirs in zip(ours, names):
        pattern = re.escape(mine + ".weight").replace(re.escape("{i}"), r"(\d+)")
        rules.append((pattern, (theirs + ".weight").replace("{i}", r"\1")))
    tensors = renamed(module, rules)
    if positions == "rope-half":
        tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(2)
    write_decoder(case, module, tensors, llama_names(names, positions, base), [5, 0, 9, 2], 6)


def bert_names():
    layer = "encoder.{i}."
    file = "encoder.layer.{i}."
    embeddings = {f"embeddings.{name}_embeddings.weight": f"encoder.{table}_table"
                  for name, table in (("word", "token"), ("position", "position"), ("token_type", "segment"))}
    tensors = {**embeddings, **norm("encoder.embedding", "embeddings.LayerNorm"),
               **norm(layer + "self", file + "attention.output.LayerNorm"), **norm(layer + "ffn", file + "output.LayerNorm"),
               **linear(layer + "self", file + "attention.output.dense", "o"),
               **linear(layer + "ffn", file + "intermediate.dense", "1"), **linear(layer + "ffn", file + "output.dense", "2")}
    for name in ("query", "key", "value"):
        tensors.update(linear(layer + "self", file + "attention.self." + name, name[0]))
    return {
        "about": "BERT's encoder",
        "prefix": "bert.",
        "ignore": ["pooler.*"],
        "config": {"family": "encoder", "sizes": {"width": 8, "heads": 2, "feed_forward": 16, "encoder_layers": 2,
                                                  "vocabulary": 13, "max_length": 10, "segments": 2},
                   "norm": {"place": "post", "final": False, "embedding": True}, "eps": 1e-12, "activation": "gelu"},
        "tensors": tensors}


BERT_RULES = [
    (r"words\.(.*)", r"bert.embeddings.word_embeddings.\1"), (r"positions\.(.*)", r"bert.embeddings.position_embeddings.\1"),
    (r"types\.(.*)", r"bert.embeddings.token_type_embeddings.\1"), (r"norm\.(.*)", r"bert.embeddings.LayerNorm.\1"),
    (r"layers\.(\d+)\.(query|key|value)\.(.*)", r"bert.encoder.layer.\1.attention.self.\2.\3"),
    (r"layers\.(\d+)\.dense\.(.*)", r"bert.encoder.layer.\1.attention.output.dense.\2"),
    (r"layers\.(\d+)\.attention_norm\.(.*)", r"bert.encoder.layer.\1.attention.output.LayerNorm.\2"),
    (r"layers\.(\d+)\.output_norm\.(.*)", r"bert.encoder.layer.\1.output.LayerNorm.\2"),
    (r"layers\.(\d+)\.(intermediate|output)\.(.*)", r"bert.encoder.layer.\1.\2.dense.\3"), (r"(pooler\..*)", r"bert.\1")]


def make_bert():
    torch.manual_seed(SEEDS["bert"])
    module = as_float32(models.Bert(13, 8, 2, 16, 2, 10, 1e-12))
    record, rows = models.Record(), [[2, 5, 7, 1, 3], [2, 9, 3]]
    tokens = torch.tensor([rows[0], rows[1] + [0, 0]])
    padding = torch.arange(5) >= torch.tensor([5, 3])[:, None]
    module(tokens, padding, record)
    argv = [word for row in rows for word in ("--tokens", commas(row))]
    write("bert", module, renamed(module, BERT_RULES), bert_names(), argv, record, [])


def encoder_decoder_names():
    tensors = {"shared.weight": {"feeds": ["encoder.token_table", "decoder.token_table"], "parts": "shared"}}
    for stack, blocks in (("encoder", ("self",)), ("decoder", ("self", "cross"))):
        file, layer = f"transformer.{stack}.layers.{{i}}.", stack + ".{i}."
        for number, block in enumerate((*blocks, "ffn"), 1):
            tensors.update(norm(layer + block, f"{file}norm{number}"))
        for block in blocks:
            name = file + {"self": "self_attn.", "cross": "multihead_attn."}[block]
            tensors.update({name + "in_proj_weight": [f"{layer}{block}.w_{letter}" for letter in "qkv"],
                            name + "in_proj_bias": [f"{layer}{block}.b_{letter}" for letter in "qkv"],
                            **linear(layer + block, name + "out_proj", "o")})
        tensors.update({**linear(layer + "ffn", file + "linear1", "1"), **linear(layer + "ffn", file + "linear2", "2"),
                        **norm(stack + ".final", f"transformer.{stack}.norm")})
    return {
        "about": "nn.Transformer, pre-norm, one table for source, target and output",
        "config": {"family": "encoder-decoder", "sizes": {"width": 8, "heads": 2, "feed_forward": 16, "encoder_layers": 2,
                                                          "decoder_layers": 2, "vocabulary": 13, "max_length": 12},
                   "norm": {"place": "pre"}, "activation": "gelu", "positions": "sinusoidal",
                   "scale": {"embedding": "sqrt"}, "tie": True, "tokenizer": {"pad": 0, "bos": 1}},
        "tensors": tensors}


def make_encoder_decoder():
    torch.manual_seed(SEEDS["encoder-decoder"])
    module = models.EncoderDecoder(13, 8, 2, 16, 2)
    with torch.no_grad():  # else the residual path repeats the last token for ever
        module.shared.weight.mul_(0.3)
        for parameter in module.transformer.parameters():
            parameter.mul_(2 if parameter.dim() > 1 else 1)
    module = as_float32(module)
    rows, count = [[4, 6, 2, 9], [8, 3]], 6

    def run(source, target, padding):
        record = models.Record()
        logits = module(torch.tensor(source), torch.tensor(target), torch.tensor(padding), record)
        return logits, record

    greedy = []
    for row in rows:
        target = [1]
        for _ in range(count):
            target.append(int(run([row], [target], [[False] * len(row)])[0][0, -1].argmax()))
        greedy.append(target[1:])
    padding = [[False] * len(row) + [True] * (4 - len(row)) for row in rows]
    _, record = run([row + [0] * (4 - len(row)) for row in rows], [[1] + row[:-1] for row in greedy], padding)
    argv = [word for row in rows for word in ("--tokens", commas(row))] + ["--max-tokens", str(count)]
    write("encoder-decoder", module, renamed(module, []), encoder_decoder_names(), argv, record, greedy)


def make(root):
    """Every model into a folder of its own; the maps beside them unless the folder is this project's."""
    global ROOT, MAPS
    if root != ROOT:
        ROOT, MAPS = root, root.with_name("names")
    torch.set_grad_enabled(False)
    make_gpt2()
    make_mingpt()
    make_llama("llama", HUGGING_FACE, "rope-half", models.rotate_halves, 10000.0)
    make_llama("llama-pairs", PUBLISHED, "rope-interleaved", models.rotate_pairs, 500.0)
    make_bert()
    make_encoder_decoder()


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
