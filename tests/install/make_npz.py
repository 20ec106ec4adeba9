"""Writes the npz file that the consumer reads: one float64 array v = [[2], [6]], by Python's standard
library alone, so that the file does not come from the code under test."""

import struct
import sys
import zipfile


def npy(values, shape):
    header = repr({"descr": "<f8", "fortran_order": False, "shape": shape})
    padded = header + " " * (-(10 + len(header) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode() + struct.pack(f"<{len(values)}d", *values)


with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("v.npy", npy([2.0, 6.0], (2, 1)))
