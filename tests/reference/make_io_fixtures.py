#!/usr/bin/env python3
"""Writes tests/reference/io: small files by NumPy, and safetensors files by hand.

Run with a Python that has NumPy; the files in the repository were made by NumPy 1.24.2 on Python 3.11.
No random numbers are used, so there is no seed.
"""
import json
import pathlib
import struct

import numpy as np
from numpy.lib import format as npy_format

folder = pathlib.Path(__file__).parent / "io"
folder.mkdir(exist_ok=True)

grid = np.arange(6.0).reshape(2, 3) - 1.5  # -1.5 -0.5 0.5 / 1.5 2.5 3.5

np.save(folder / "float64.npy", grid)
np.save(folder / "float32_scalar.npy", np.float32(0.1))
np.save(folder / "float64_vector.npy", np.arange(5.0))
np.save(folder / "float32_empty.npy", np.zeros((2, 0, 3), np.float32))
np.save(folder / "fortran_big_endian.npy", np.asfortranarray(np.arange(24, dtype=">i4").reshape(2, 3, 4)))
np.save(folder / "float16.npy", np.array([0.0, -2.0, 65504.0, 2.0**-24, np.inf, np.nan], np.float16))
np.save(folder / "bool.npy", np.array([[True, False], [False, True]]))
for version in [(2, 0), (3, 0)]:
    with open(folder / f"version{version[0]}.npy", "wb") as file:
        npy_format.write_array(file, grid, version=version)

np.savez(folder / "stored.npz", q=grid, mask=np.array([True, False]), ids=np.array([3, 1, 2], np.int64))
np.savez_compressed(folder / "deflated.npz", q=grid, zeros=np.zeros((64, 64), np.float32))


def write_safetensors(name, tensors, metadata=None):
    """The format's README, literally: 8 bytes of header length, a JSON header, the data."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for key, (dtype, shape, content) in tensors.items():
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


# bfloat16 is the upper half of float32: 1.0 = 3f80, -2.0 = c000, 3.140625 = 4049.
write_safetensors("mixed.safetensors", {
    "weight": ("F32", [2, 3], grid.astype("<f4").tobytes()),
    "half": ("F16", [2], np.array([0.5, -1.0], "<f2").tobytes()),
    "brain": ("BF16", [3], struct.pack("<3H", 0x3F80, 0xC000, 0x4049)),
    "steps": ("I64", [], struct.pack("<q", 12)),
    "keep": ("BOOL", [2], b"\x01\x00"),
}, {"format": "pt"})
