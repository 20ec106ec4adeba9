#!/usr/bin/env python3
"""Makes the files of this folder: a real torch.nn.MultiheadAttention, its input, and what it returns.

    /usr/bin/python3 make.py

Needs PyTorch and NumPy. The committed files were made with PyTorch 1.13 and seed 2017. The module is
trained for some seconds on a small copying task (each position is to return its left neighbour), so that
its attention shows a pattern instead of noise.
"""
import json
import pathlib
import struct

import numpy as np
import torch
from torch import nn

SEED, LENGTH, WIDTH, HEADS = 2017, 6, 16, 4
FOLDER = pathlib.Path(__file__).parent


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


def positions():
    """Sinusoidal positions, larger than the content, so that a query can ask for a place."""
    angle = torch.arange(LENGTH)[:, None] / 100 ** (torch.arange(0, WIDTH, 2) / WIDTH)
    return 2 * torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(LENGTH, WIDTH)


def main():
    torch.manual_seed(SEED)
    module = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    optimiser = torch.optim.Adam(module.parameters(), lr=5e-3)
    for _ in range(4000):
        content = torch.randn(32, LENGTH, WIDTH) * 0.5
        x = content + positions()
        output, _ = module(x, x, x)
        loss = (output[:, 1:] - content[:, :-1]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    module.eval()
    x = torch.randn(2, LENGTH, WIDTH) * 0.5 + positions()
    padding = torch.arange(LENGTH) >= torch.tensor([LENGTH, 4])[:, None]
    with torch.no_grad():
        output, weights = module(x, x, x, key_padding_mask=padding, average_attn_weights=False)
    metadata = {"made_by": f"data/torch-mha/make.py, PyTorch {torch.__version__}, seed {SEED}", "loss": f"{loss.item():.4f}"}
    save_safetensors(FOLDER / "module.safetensors", module.state_dict(), metadata)
    np.save(FOLDER / "x.npy", x.numpy())
    np.savez(FOLDER / "expected.npz", output=output.numpy(), weights=weights.numpy())
    print(metadata)


if __name__ == "__main__":
    main()
