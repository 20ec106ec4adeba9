"""Writes tests/reference/posenc: PyTorch's own positional tables.

d2l.npy        the table P of Dive into Deep Learning 10.6 (PyTorch tab): max_len 60, num_hiddens 32
embedding.npy  torch.nn.Embedding(10, 8).weight after torch.manual_seed(7)

Made with torch 1.13.1 and NumPy 1.24.2: /usr/bin/python3 tests/reference/make_posenc.py
"""
import pathlib

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).parent / "posenc"


def d2l_table(max_len, num_hiddens):
    positions = torch.arange(max_len, dtype=torch.float32).reshape(-1, 1)
    angles = positions / torch.pow(10000, torch.arange(0, num_hiddens, 2, dtype=torch.float32) / num_hiddens)
    table = torch.zeros((1, max_len, num_hiddens))
    table[:, :, 0::2] = torch.sin(angles)
    table[:, :, 1::2] = torch.cos(angles)
    return table[0]


def main():
    FOLDER.mkdir(exist_ok=True)
    np.save(FOLDER / "d2l.npy", d2l_table(60, 32).numpy())
    torch.manual_seed(7)
    np.save(FOLDER / "embedding.npy", torch.nn.Embedding(10, 8).weight.detach().numpy())


if __name__ == "__main__":
    main()
