"""How long a command takes from start to end, beside /bin/true, which does nothing."""

import pathlib
import tempfile

from contest import Figure, in_turn, median_and_spread, run_process

DATA = pathlib.Path(__file__).resolve().parents[2] / "data"
MODULE = DATA / "torch-mha" / "module.safetensors"
ROUNDS = 60

# A process that does nothing takes one unit, in whatever state the machine is; finding and relocating the C library,
# the mathematics and a program of our size two more; and what the user asked for may take this long on top.
PROCESSES, OWN_MS = 3, 2

# Every subcommand that is meant to answer at once, on the examples of the documents. Not among them, because what they do
# is what takes the time: scaling, residual and depth draw at random until a law shows; gradient computes every cell of
# every gradient anew from finite differences (its inputs alone decide how long, so only the shortest is here); precision
# compares thousands of positions in four number types; paths searches graphs for the longest shortest path; measure
# measures; learned --fit trains.
COMMANDS = {
    "attn-compute dot": ["dot"],
    "attn-compute sdpa": ["sdpa"],
    "attn-compute self": ["self"],
    "attn-compute cross": ["cross"],
    "attn-compute mha": ["mha", "--d-model", "8", "--heads", "2", "--len", "4", "--causal"],
    "attn-compute mha, d2l's example": ["mha", "--layout", "d2l", "--d-model", "100", "--heads", "5",
                                        "--input", "ones:2x4x100", "--valid-lens", "3,2"],
    "attn-compute layer": ["layer"],
    "attn-compute layer, decoder": ["layer", "--kind", "decoder"],
    "attn-compute transformer": ["transformer", "--model", str(DATA / "models" / "zh-en-numbers"), "--text", "三百二十一"],
    "attn-compute gradient": ["gradient"],
    "attn-compute mistakes": ["mistakes"],
    "attn-compute mistakes C1": ["mistakes", "C1"],
    "attn-compute probe": ["probe"],
    "posenc-dump sinusoidal": ["sinusoidal"],
    "posenc-dump binary": ["binary"],
    "posenc-dump rotation": ["rotation"],
    "posenc-dump frequencies": ["frequencies"],
    "posenc-dump similarity": ["similarity"],
    "posenc-dump learned": ["learned"],
    "posenc-dump rope": ["rope"],
    "posenc-dump alibi": ["alibi"],
    "posenc-dump identify": ["identify", "[[0,1,0,1],[0.8414709848,0.5403023059,0.0099998333,0.9999500004]]"],
    "complexity-compare table": ["table"],
    "complexity-compare sweep": ["sweep"],
    "complexity-compare crossover": ["crossover"],
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
    "attn-compute --help": ["--help"],
    "attn-compute mha --help": ["mha", "--help"],
}


def figures(bench):
    contenders = {"true": lambda: run_process(["/bin/true"]).seconds}
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in COMMANDS.items():
            command = [bench.tool(name.split()[0]), *(argument.replace("{folder}", folder) for argument in arguments)]
            contenders[name] = lambda command=command: run_process(command).seconds
        seconds = in_turn(contenders, ROUNDS)
    nothing, _ = median_and_spread(seconds.pop("true"))
    limit_ms = PROCESSES * 1e3 * nothing + OWN_MS
    for name, values in seconds.items():
        middle, spread = median_and_spread(values)
        yield Figure(f"{name}: start to end", "ms", 1e3 * middle, spread, "/bin/true", 1e3 * nothing, middle / nothing,
                     f"under {limit_ms:.2f} ms", 1e3 * middle < limit_ms)
