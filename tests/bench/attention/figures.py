"""Attention without a matrix of scores, beside NumPy, PyTorch, ONNX Runtime and what the processor can do.

8 heads of 64 in float32, one thread, in GFLOP/s: 4·n²·64·8 operations, half of them under a causal mask. Times of
one thread are processor times. ONNX Runtime takes part where `npm` can install onnxruntime-node, oneDNN's matrix
products in a loop over tiles where libdnnl-dev is installed."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from contest import Contender, Figure, in_turn, median_and_spread

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from onnx_model import attention_model  # noqa: E402

LENGTHS = [512, 1024, 2048, 4096, 8192]
ONNX_PACKAGE = "onnxruntime-node"
ROOM = 32 << 20


def onnx_contender(bench, folder):
    """None where there is no Node.js or the package cannot be had."""
    modules = bench.build / "node"
    if not shutil.which("npm"):
        return None
    if not (modules / "node_modules" / ONNX_PACKAGE).exists():
        modules.mkdir(exist_ok=True)
        install = ["npm", "install", "--prefix", str(modules), "--no-audit", "--no-fund", "--ignore-scripts", ONNX_PACKAGE]
        if subprocess.run(install, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
            return None
    for mask in ("causal", "full"):
        (folder / f"{mask}.onnx").write_bytes(attention_model(8, 512, mask == "causal"))
    return Contender(["node", HERE / "peer_onnx.js"], env={**os.environ, "NODE_PATH": str(modules / "node_modules")})


def onednn_contender(bench):
    """None where it was not built."""
    program = bench.program("peer_onednn")
    return Contender([program], env={**os.environ, "OMP_NUM_THREADS": "1"}) if program.exists() else None


def operations(length, mask):
    return 4 * length**2 * 64 * 8 / (2 if mask == "causal" else 1)


def contest(ours, python, onnx, onednn, folder, length, mask):
    """{name: GFLOP/s of every round}; the first round warms up and does not count."""
    runs = {"fused": lambda: ours.ask(f"fused {length} {mask} 1"), "numpy": lambda: python.ask(f"numpy {length} {mask}")}
    if length <= 4096 and python.ask(f"torch 64 {mask}"):
        runs["PyTorch"] = lambda: python.ask(f"torch {length} {mask}")
    if onednn:
        runs["oneDNN products"] = lambda: onednn.ask(f"{length} {mask}")
    if onnx:
        runs["ONNX Runtime"] = lambda: onnx.ask(f"{folder / mask}.onnx {length}")
    results = in_turn({**runs, "peak": lambda: ours.ask("peak")}, 8 if length <= 2048 else 4)
    speeds = {name: [operations(length, mask) / seconds / 1e9 for seconds in values[1:]]
              for name, values in results.items() if name != "peak"}
    return {**speeds, "FMA peak": [flops / 1e9 for flops in results["peak"][1:]]}


def target_of(peer, length, mask):
    if peer == "FMA peak" and length >= 1024 and mask == "full":
        return 0.65
    return {"full": 1.25, "causal": 4}[mask] if peer == "ONNX Runtime" else None


def figures_of(speeds, length, mask):
    middle, spread = median_and_spread(speeds.pop("fused"))
    peak, _ = median_and_spread(speeds["FMA peak"])
    for peer, values in speeds.items():
        theirs, _ = median_and_spread(values)
        target = target_of(peer, length, mask)
        wanted = f"at least × {target}" if target else ""
        if target and peer != "FMA peak":  # what a peer leaves of the processor is all that there is
            wanted += f", {100 * target * theirs / peak:.0f} % of the peak"
        yield Figure(f"n = {length}{', causal' if mask == 'causal' else ''}", "GFLOP/s", middle, spread, peer, theirs,
                     middle / theirs, wanted, not target or middle / theirs >= target)


def two_threads(ours, length):
    runs = {threads: lambda threads=threads: ours.ask(f"fused {length} full {threads}") for threads in (1, 2)}
    seconds = in_turn(runs, 8)
    alone, _ = median_and_spread(seconds[1][1:])
    both, spread = median_and_spread(seconds[2][1:])
    rate = operations(length, "full") / 1e9
    return Figure(f"n = {length}, two threads", "GFLOP/s", rate / both, spread, "one thread", rate / alone, alone / both,
                  "at least × 1.9", alone / both >= 1.9)


def memory(bench, length):
    """Beside the bytes of the input (one tensor stands for all three) and of the output."""
    program = Contender([bench.program("bench_attention")])
    program.ask("memory 64")
    idle = program.end()
    program = Contender([bench.program("bench_attention")])
    program.ask(f"memory {length}")
    peak, tensors = program.end(), 2 * length * 64 * 4
    return Figure(f"n = {length}, one head: peak memory", "MiB", peak / 2**20, 0, "input and output", tensors / 2**20,
                  peak / tensors, "32 MiB more", peak <= max(tensors, idle) + ROOM)


def figures(bench):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ours = Contender([bench.program("bench_attention")])
        python = Contender([sys.executable, HERE / "peer_python.py"])
        onnx = onnx_contender(bench, folder)
        onednn = onednn_contender(bench)
        copied = ours.ask("copy") / 1e9
        yield Figure("memory bandwidth of a copy", "GB/s", copied, 0, "", copied, 1, "", True)
        for length in LENGTHS[:2] if bench.quick else LENGTHS:
            for mask in ("full", "causal"):
                yield from figures_of(contest(ours, python, onnx, onednn, folder, length, mask), length, mask)
        yield two_threads(ours, 1024 if bench.quick else 4096)
        for contender in filter(None, (ours, python, onnx, onednn)):
            contender.end()
    yield memory(bench, 8192 if bench.quick else 65536)
