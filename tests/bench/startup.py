"""How long a command takes from start to end, beside /bin/true, which does nothing."""

import pathlib
import tempfile

from contest import Figure, in_turn, median_and_spread, run_process

MODULE = pathlib.Path(__file__).resolve().parents[2] / "data" / "torch-mha" / "module.safetensors"
ROUNDS = 60
LIMIT_MS = 10  # what feels like an answer at once

COMMANDS = {
    "attn-compute dot": ["dot"],
    "attn-compute sdpa": ["sdpa"],
    "attn-compute self": ["self"],
    "attn-compute cross": ["cross"],
    "attn-compute mha, d2l's example": ["mha", "--layout", "d2l", "--d-model", "100", "--heads", "5",
                                        "--input", "ones:2x4x100", "--valid-lens", "3,2"],
    "posenc-dump sinusoidal": ["sinusoidal"],
    "complexity-compare table": ["table"],
    "posenc-dump identify": ["identify", "[[0,1,0,1],[0.8414709848,0.5403023059,0.0099998333,0.9999500004]]"],
    "complexity-compare reconcile": ["reconcile", "--claimed", "301989888", "--for", "torch"],
    "mha-shapes trace": ["trace"],
    "mha-shapes trace of a transformer": ["trace", "--impl", "transformer"],
    "mha-shapes check": ["check", "nn.MultiheadAttention(8, 2, dropout=0.1)", "--input", "5,3,8", "--output", "5,3,8"],
    "mha-shapes layouts": ["layouts"],
    "mha-shapes layouts --inspect": ["layouts", "--inspect", str(MODULE)],
    "mha-shapes layouts --from --to": ["layouts", "--from", "torch", "--to", "d2l", "--heads", "4", str(MODULE), "{folder}/d2l.safetensors", "--force"],
    "mha-shapes masks": ["masks"],
    "mha-shapes masks --from --to": ["masks", "--from", "transformers", "--to", "torch-padding", "--mask", "[[1,1,0],[1,0,0]]"],
    "mha-shapes why": ["why", "mat1 and mat2 shapes cannot be multiplied (15x3 and 10x30)"],
    "mha-shapes why --list": ["why", "--list"],
    "mha-shapes quiz": ["quiz"],
}


def figures(bench):
    contenders = {"true": lambda: run_process(["/bin/true"]).seconds}
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in COMMANDS.items():
            command = [bench.tool(name.split()[0]), *(argument.replace("{folder}", folder) for argument in arguments)]
            contenders[name] = lambda command=command: run_process(command).seconds
        seconds = in_turn(contenders, ROUNDS)
    nothing, _ = median_and_spread(seconds.pop("true"))
    for name, values in seconds.items():
        middle, spread = median_and_spread(values)
        yield Figure(f"{name}: start to end", "ms", 1e3 * middle, spread, "/bin/true", 1e3 * nothing, middle / nothing,
                     f"under {LIMIT_MS} ms", 1e3 * middle < LIMIT_MS)
