"""Attention in NumPy and PyTorch, 8 heads of 64 in float32, one thread: answers each line "numpy|torch N causal|full"
with the processor seconds of one run, "missing" where the package cannot be imported."""

import os
import sys
import time

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np

ROWS = 128  # queries at a time: their scores stay in the cache


def numpy_in_row_blocks(x, causal):
    out = np.empty_like(x)
    scale = np.float32(x.shape[2] ** -0.5)
    for h in range(x.shape[0]):
        keys = np.ascontiguousarray(x[h].T)
        for i in range(0, x.shape[1], ROWS):
            end = min(i + ROWS, x.shape[1])
            seen = end if causal else x.shape[1]
            scores = (x[h, i:end] * scale) @ keys[:, :seen]
            if causal:
                scores[np.arange(seen) > np.arange(i, end)[:, None]] = -np.inf
            scores -= scores.max(axis=1, keepdims=True)
            np.exp(scores, out=scores)
            out[h, i:end] = scores @ x[h, :seen] / scores.sum(axis=1, keepdims=True)
    return out


def torch_eager(x, causal):
    import torch
    torch.set_num_threads(1)
    with torch.no_grad():
        x = torch.from_numpy(x)
        scores = x @ x.transpose(1, 2) * x.shape[2] ** -0.5
        if causal:
            scores.masked_fill_(torch.ones(scores.shape[1:], dtype=torch.bool).triu(1), -torch.inf)
        return scores.softmax(-1) @ x


PEERS = {"numpy": numpy_in_row_blocks, "torch": torch_eager}


def main():
    for line in sys.stdin:
        name, length, mask = line.split()
        x = np.random.default_rng(1).normal(size=(8, int(length), 64)).astype(np.float32)
        try:
            begin = time.process_time()
            PEERS[name](x, mask == "causal")
            print(time.process_time() - begin, flush=True)
        except ImportError:
            print("missing", flush=True)


main()
