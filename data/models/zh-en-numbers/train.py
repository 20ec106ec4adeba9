#!/usr/bin/env python3
"""Trains the model of this folder and writes model.safetensors, config.json, the vocabularies and results.json.

    nice /usr/bin/python3 train.py [--steps N] [--folder DIR]

Needs PyTorch (the committed files: Debian's 1.13.1, CPU, one thread, four to nine minutes). numerals.py holds the task and the
split, model.py the network. The same seed and PyTorch version on the same kind of processor repeat the files.
"""
import argparse
import json
import pathlib
import random
import struct
import time

import torch
from torch import nn

import model as network
import numerals
from model import BOS, EOS, PAD

SEED, BATCH, PEAK_RATE, WARM_UP, WEIGHT_DECAY = 2017, 256, 3e-3, 200, 0.01
HERE = pathlib.Path(__file__).parent
SOURCE_ID = {token: index for index, token in enumerate(numerals.SOURCE_TOKENS)}
TARGET_ID = {token: index for index, token in enumerate(numerals.TARGET_TOKENS)}


def source_row(text):
    return [SOURCE_ID[character] for character in text]


def target_row(number):
    return [TARGET_ID[word] for word in numerals.english_tokens(number)]


def draw_batch(numbers, generator):
    """Random numbers of the training set, each in one of its written forms."""
    chosen = [generator.choice(numbers) for _ in range(BATCH)]
    source = network.batch([source_row(generator.choice(numerals.chinese_forms(number))) for number in chosen])
    rows = [target_row(number) for number in chosen]
    return source, network.batch([[BOS] + row for row in rows]), network.batch([row + [EOS] for row in rows])


def rate(step, steps):
    """Linear warm-up, then a straight line down to zero."""
    return min((step + 1) / WARM_UP, (steps - step) / (steps - WARM_UP))


def train(steps):
    torch.manual_seed(SEED)
    generator = random.Random(SEED)
    numbers = [number for number in range(numerals.LIMIT) if not numerals.held_out(number)]
    numbers += 20 * list(range(100))  # the irregular words stand in few numbers
    module = network.Translator(len(SOURCE_ID), len(TARGET_ID))
    for parameter in module.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
    optimiser = torch.optim.AdamW(module.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, steps))
    loss_of = nn.CrossEntropyLoss(ignore_index=PAD)
    for step in range(steps):
        source, target, wanted = draw_batch(numbers, generator)
        loss = loss_of(module(source, target).flatten(0, 1), wanted.flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 500 == 499:
            print(f"step {step + 1}: loss {loss.item():.5f}", flush=True)
    return module.eval(), loss.item()


def exact_matches(module, pairs):
    """How many of the (text, number) pairs are translated without any error."""
    right = 0
    for start in range(0, len(pairs), 1000):
        part = pairs[start : start + 1000]
        answers = module.greedy(network.batch([source_row(text) for text, _ in part])).tolist()
        right += sum(answer[: answer.index(EOS)] == target_row(number) if EOS in answer else False
                     for answer, (_, number) in zip(answers, part))
    return right


def accuracy(module):
    result = {}
    for name, kept in (("held_out", True), ("trained_on", False)):
        numbers = [number for number in range(numerals.LIMIT) if numerals.held_out(number) is kept]
        for form, forms in (("standard_form", lambda n: [numerals.chinese(n)]), ("every_form", numerals.chinese_forms)):
            pairs = [(text, number) for number in numbers for text in forms(number)]
            right = exact_matches(module, pairs)
            result[f"{name}_{form}"] = {"right": right, "of": len(pairs), "accuracy": right / len(pairs)}
    return result


def save_safetensors(path, tensors, metadata):
    """The safetensors format: header length, JSON header, then the data in the header's order."""
    header, offset = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * 4
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(tensor.detach().contiguous().numpy().astype("<f4").tobytes() for tensor in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def config():
    """What attn-compute has to know beside the numbers."""
    return {
        "family": "encoder-decoder",
        "sizes": {"width": network.WIDTH, "heads": network.HEADS, "feed_forward": network.FEED_FORWARD,
                  "encoder_layers": network.LAYERS, "decoder_layers": network.LAYERS,
                  "source_vocabulary": len(SOURCE_ID), "vocabulary": len(TARGET_ID), "max_length": network.MAX_LENGTH},
        "norm": {"kind": "layer", "place": "post", "final": False},
        "eps": 1e-5,
        "activation": "relu",
        "positions": "learned",
        "scale": {"attention": "auto", "embedding": 1},
        "bias": True,
        "tie": False,
        "tokenizer": {"source": {"kind": "characters", "file": "source.txt"},
                      "target": {"kind": "words", "file": "target.txt"}, "pad": PAD, "bos": BOS, "eos": EOS},
    }


def write_folder(folder, module):
    save_safetensors(folder / "model.safetensors", module.state_dict(),
                     {"made_by": f"data/models/zh-en-numbers/train.py, PyTorch {torch.__version__}, seed {SEED}"})
    (folder / "config.json").write_text(json.dumps(config(), indent=2) + "\n")
    for name, tokens in (("source.txt", numerals.SOURCE_TOKENS), ("target.txt", numerals.TARGET_TOKENS)):
        (folder / name).write_text("".join(token + "\n" for token in tokens), encoding="utf-8")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--steps", type=int, default=2500)
    options.add_argument("--folder", type=pathlib.Path, default=HERE, help="where the files go")
    options = options.parse_args()
    torch.set_num_threads(1)
    start = time.time()
    module, loss = train(options.steps)
    seconds = time.time() - start
    results = {
        "task": "Chinese numerals of 0 … 9999 into English words; exact match of the whole answer, greedy decoding",
        "split": "held out: 100 <= n < 10000 and crc32(decimal digits of n) % 5 == "
                 f"{numerals.HELD_OUT_REMAINDER}; the rest is trained on",
        "accuracy": accuracy(module),
        "training": {"torch": torch.__version__, "seed": SEED, "steps": options.steps, "batch": BATCH,
                     "threads": 1, "seconds": round(seconds), "last_loss": round(loss, 6)},
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
    }
    write_folder(options.folder, module)
    (options.folder / "results.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(results["accuracy"], indent=2))


if __name__ == "__main__":
    main()
