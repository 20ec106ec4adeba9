"""The most memory a step-by-step run keeps, beside the bytes of the tensors that it shows, and what a streamed one keeps."""

import pathlib
import tempfile

from contest import Figure, run_process

ROOM = 64 << 20
RUNS = {
    "mha, 8 heads, 1024 positions": ["mha", "--batch", 1, "--heads", 8, "--d-model", 512, "--len", 1024],
    "mha, the inside of softmax": ["mha", "--batch", 2, "--heads", 8, "--d-model", 512, "--len", 512, "--detail"],
    "sdpa, causal, 2048 positions": ["sdpa", "--batch", 1, "--heads", 4, "--len", 2048, "--head-dim", 64, "--causal"],
    "dot, float32": ["dot", "--query", "randn:1x2048x64", "--key", "randn:1x2048x64", "--dtype", "float32"],
}
FORMATS = ["text", "csv", "json", "npz", "safetensors"]


def tensor_bytes(tool, arguments):
    """Of all steps shown: an npz holds them uncompressed, and its headers are a few hundred bytes each."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "steps.npz")
        run_process([tool, *arguments, "-o", file])
        return file.stat().st_size


def figures(bench):
    tool = bench.tool("attn-compute")
    for name, arguments in RUNS.items():
        shown = tensor_bytes(tool, arguments)
        for form in FORMATS:
            peak = run_process([tool, *arguments, "-f", form]).peak_bytes
            yield Figure(f"{name}, {form}: peak memory", "MiB", peak / 2**20, 0, "the tensors", shown / 2**20,
                         peak / shown, "1.5 times + 64 MiB", peak <= 1.5 * shown + ROOM)
    rows, columns = 200000, 128
    peak = run_process([bench.tool("posenc-dump"), "sinusoidal", "--len", rows, "--d-model", columns, "-f", "csv"]).peak_bytes
    yield Figure(f"posenc-dump, {rows} × {columns}, csv: peak memory", "MiB", peak / 2**20, 0, "the table", 8 * rows * columns / 2**20,
                 peak / (8 * rows * columns), f"{ROOM >> 20} MiB", peak <= ROOM)
