"""Writes trained_model/: what PyTorch computes, in float32 and float64, with the model of data/models/zh-en-numbers.

  steps.npz    for three inputs at once, padded to the longest: the logits of a pass over source and translation in
               both precisions, and some steps by path in float64
  case.json    the inputs, versions

Run: /usr/bin/python3 make_trained_model.py   PyTorch 1.13.
"""
import json
import pathlib
import struct
import sys

import numpy
import torch

HERE = pathlib.Path(__file__).parent
FOLDER = HERE.parents[1] / "data" / "models" / "zh-en-numbers"
sys.path.insert(0, str(FOLDER))
import model as network  # noqa: E402  (the folder of the model is no package)
import numerals  # noqa: E402

NUMBERS = [321, 2015, 7000]


def load():
    data = (FOLDER / "model.safetensors").read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__")
    state = {}
    for name, entry in header.items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        state[name] = torch.from_numpy(numpy.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).copy())
    module = network.Translator(len(numerals.SOURCE_TOKENS), len(numerals.TARGET_TOKENS))
    module.load_state_dict(state)
    return module.eval()


def make(folder):
    texts = [numerals.chinese(number) for number in NUMBERS]
    source = network.batch([[numerals.SOURCE_TOKENS.index(character) for character in text] for text in texts])
    target = network.batch([[network.BOS] + [numerals.TARGET_TOKENS.index(word) for word in numerals.english_tokens(number)]
                            for number in NUMBERS])
    module = load()
    steps = {"float32": module(source, target).detach().numpy()}
    module = module.double()
    hooks = {"encoder.output": module.encoder, "decoder.0.output": module.decoder.layers[0],
             "decoder.1.ffn_up": module.decoder.layers[1].linear1, "decoder.1.cross.norm": module.decoder.layers[1].norm2}
    for path, part in hooks.items():
        part.register_forward_hook(lambda _, inputs, output, path=path: steps.__setitem__(path, output.detach().numpy()))
    steps["logits"] = module(source, target).detach().numpy()
    folder.mkdir(exist_ok=True)
    numpy.savez_compressed(folder / "steps.npz", **steps)
    case = {"texts": texts, "translations": [numerals.english(number) for number in NUMBERS], "torch": torch.__version__}
    (folder / "case.json").write_text(json.dumps(case, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    make(HERE / "trained_model")
