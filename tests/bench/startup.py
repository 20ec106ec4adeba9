"""How long a command takes from start to end, beside /bin/true, which does nothing."""

from contest import Figure, in_turn, median_and_spread, run_process

ROUNDS = 60
LIMIT_MS = 10  # for the first command a student runs

COMMANDS = {
    "attn-compute dot": ["dot"],
    "attn-compute sdpa": ["sdpa"],
    "attn-compute self": ["self"],
    "attn-compute cross": ["cross"],
    "attn-compute mha, d2l's example": ["mha", "--layout", "d2l", "--d-model", "100", "--heads", "5",
                                        "--input", "ones:2x4x100", "--valid-lens", "3,2"],
    "posenc-dump sinusoidal": ["sinusoidal"],
    "complexity-compare table": ["table"],
    "mha-shapes trace": ["trace"],
}


def figures(bench):
    contenders = {"true": lambda: run_process(["/bin/true"]).seconds}
    for name, arguments in COMMANDS.items():
        command = [bench.tool(name.split()[0]), *arguments]
        contenders[name] = lambda command=command: run_process(command).seconds
    seconds = in_turn(contenders, ROUNDS)
    nothing, _ = median_and_spread(seconds.pop("true"))
    for name, values in seconds.items():
        middle, spread = median_and_spread(values)
        yield Figure(f"{name}: start to end", "ms", 1e3 * middle, spread, "/bin/true", 1e3 * nothing, middle / nothing,
                     f"under {LIMIT_MS} ms", 1e3 * middle < LIMIT_MS)
