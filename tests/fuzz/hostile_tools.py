"""Hostile command lines and files for posenc-dump, complexity-compare and mha-shapes.

The options come from the help texts, so that a new one is tried without being named here: every option that
takes a count, a number, a shape, a range, a size of memory or one of several words gets what is none. The
files are those of make_hostile.py that their formats do not allow.
"""
import dataclasses
import os
import re
import subprocess
import typing

import make_hostile
from make_hostile import DONE, ESCAPE, INPUT, LIMIT, SYSTEM, USAGE

DIFFERENT = 1
TOOLS = ("posenc-dump", "complexity-compare", "mha-shapes")
OPTION = re.compile(r"^  (?:-\w, )?(--[\w-]+)(?: (\S+))?", re.MULTILINE)
SUBCOMMAND = re.compile(r"^  ([a-z]+) ", re.MULTILINE)

NO_COUNT = ("", " ", "0", "-0", "-1", "010", "1.0", "1e2", "0x10", "18446744073709551616", "9" * 60, "\u0662", "1;2", "two", "\x1b[1m", "NaN")
NO_NUMBER = ("", " ", "1e400", "0x10", "1_000", "1,000", "NaN", "inf", "-", "--", "1 ", " 1", "1\n", "\u0661", "1e", ".", "1.2.3", "\x1b[1m", "1" * 500 + "x")
NO_SHAPE = ("", ",", "x", "1,x", "-1,2", "1.5", "1,,2", "18446744073709551616", "\u0663", "0x2", "(", "1;2", ESCAPE)
NO_RANGE = ("", ",", ":", "1:", ":2", "1:2:3:4", "8:4", "1:9:x1", "1:9:x0", "1:9:+0", "1:9:-1", "0:8:x2", "x", "1,,2", "-1", "18446744073709551616", "1:x:x2", ESCAPE)
NO_WORD = ("", " ", "nope", "\x1b[31m", "a" * 10000, "\udcff")
NO_SIZE = ("", "-1", "1.5x", "1e3", "0x1", "9" * 40, "1XiB")
BY_TYPE = {"N": NO_COUNT, "NUMBER": NO_NUMBER, "X": NO_NUMBER, "SHAPE": NO_SHAPE, "N|RANGE": NO_RANGE, "SIZE": NO_SIZE,
           "NAME,…": NO_WORD, "N,…": NO_WORD, "FORMAT": NO_WORD, "COLUMNS": NO_WORD, "CELL": NO_WORD}

# Counts that may be 0, and one that may be negative.
MAY_BE_ZERO = {"--offset", "--seed", "--precision", "--fit-steps", "--delta"}
MAY_BE_NEGATIVE = {"--delta"}

# What a subcommand needs before it looks at its options.
NEEDED = {"identify": ["t.npy"], "check": ["nn.MultiheadAttention(8, 2)"], "why": ["x"], "reconcile": ["--claimed", "100"]}


@dataclasses.dataclass
class Case:
    tool: str
    name: str
    arguments: list
    codes: typing.Tuple[int, ...]
    mentions: str = ""
    files: typing.Dict[bytes, bytes] = dataclasses.field(default_factory=dict)


def help_of(tool, *arguments):
    return subprocess.run([tool, *arguments, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout


def wrong_values(option, kind):
    if kind and "|" in kind and kind not in BY_TYPE:
        return NO_WORD
    values = BY_TYPE.get(kind, ())
    if kind == "N" and option in MAY_BE_ZERO:
        values = [v for v in values if v != "0"]
    if kind == "N" and option in MAY_BE_NEGATIVE:
        values = [v for v in values if v not in ("-0", "-1")]
    return values


def option_cases(tool, path):
    """Every wrong value where an option is first seen, and two of them in each further subcommand."""
    seen = set()
    listing = help_of(path).split("Subcommands")[1].split("--help     print")[0]
    for subcommand in SUBCOMMAND.findall(listing):
        for option, kind in OPTION.findall(help_of(path, subcommand).split("\nUsage:", 1)[1]):
            needed = NEEDED.get(subcommand, [])
            values = wrong_values(option, kind)
            for value in values[:2] if option in seen else values:
                before = [] if option in needed else needed
                yield Case(tool, f"{subcommand} {option}={value[:20]!r}", [subcommand, *before, f"{option}={value}"], (USAGE,), option)
            seen.add(option)


def refused_files():
    for group in (make_hostile.npy_cases, make_hostile.npz_cases, make_hostile.safetensors_cases, make_hostile.json_cases,
                  make_hostile.csv_cases, make_hostile.unnamed_cases):
        for case in group():
            if case.files and case.code == INPUT and "no step" not in case.name and "beyond 2^53" not in case.name:
                yield case.name, case.arguments[2], case.files


def file_cases():
    for name, selector, files in refused_files():
        path = os.fsencode(selector)
        yield Case("posenc-dump", f"identify {name}", ["identify", path], (INPUT,), "", files)
        yield Case("mha-shapes", f"masks {name}", ["masks", "--from", "torch", "--to", "sdpa", "--mask", path], (INPUT,), "", files)
        (file,) = files
        if file.endswith((b".npz", b".safetensors")):
            yield Case("mha-shapes", f"inspect {name}", ["layouts", "--inspect", b"./" + file], (DIFFERENT, INPUT), "", files)
            yield Case("mha-shapes", f"convert {name}", ["layouts", "--from", "torch", "--to", "d2l", "--heads", "1", b"./" + file, "o.npz"], (INPUT,), "", files)
            yield Case("posenc-dump", f"verify {name}", ["sinusoidal", "--verify", b"./" + file], (DIFFERENT, INPUT), "", files)


PROGRAMS = {
    "random bytes": bytes((i * 73 + 41) % 256 for i in range(9999)), "zeros": bytes(9999), "200000 brackets": b"(" * 200000, "quotes": b"'" * 100000,
    "escapes": ESCAPE.encode() * 50, "not UTF-8": b"\xff\xfe" * 100, "ten million letters": b"a" * 10**7, "a million lines": b"\n" * 10**6,
    "nested calls": b"nn.MultiheadAttention(" * 20000, "bytes in a call": b"nn.MultiheadAttention(\xff\xfe, \x1b[31m)",
    "escape in a keyword": b"nn.MultiheadAttention(8, 2, \x1b[31mfoo=3)", "a long keyword": b"nn.MultiheadAttention(8, 2, " + b"a" * 100000 + b"=3)",
    "nothing": b"", "NUL": b"\0nn.MultiheadAttention(8,3)\0", "UTF-16": "m = nn.MultiheadAttention(8, 3)".encode("utf-16"),
    "digits": b"nn.MultiheadAttention(" + b"9" * 10000 + b", 2)", "a tower of powers": b"nn.MultiheadAttention(9**9**9, 2)", "a shift": b"nn.MultiheadAttention(1<<1000, 2)",
    "division by zero": b"d = 8 // 0\nnn.MultiheadAttention(d, 2 % 0)", "the quotient that overflows": b"d=(-9223372036854775808)//(-1)\nnn.MultiheadAttention(d,2)",
    "a product that overflows": b"d=9223372036854775807*9223372036854775807\nnn.MultiheadAttention(d,2)\nx=torch.randn(9223372036854775807,9223372036854775807,d)\n",
    "axes that are not there": b"m=nn.MultiheadAttention(8,2)\nx=torch.randn(5,3,8).transpose(99,-99)\nm(x,x,x)",
    "an axis three times": b"m=nn.MultiheadAttention(8,2)\nx=torch.randn(5,3,8).permute(0,0,0)\nm(x,x,x)",
    "two inferred axes": b"m=nn.MultiheadAttention(8,2)\nx=torch.randn(5,3,8).view(-1,-1,0)\nm(x,x,x)",
}


def program_cases():
    for name, content in PROGRAMS.items():
        files = {b"f.txt": content}
        for arguments in (["check", "--file", "f.txt"], ["why", "--file", "f.txt"]):
            yield Case("mha-shapes", f"{arguments[0]} {name}", arguments, (DONE, DIFFERENT, INPUT), "", files)
        yield Case("mha-shapes", f"quiz {name}", ["quiz", "--answers", "f.txt"], (INPUT,), "", files)


def size_cases():
    huge = "9223372036854775807"
    for tool, arguments in (
            ("posenc-dump", ["sinusoidal", "--len", huge]), ("posenc-dump", ["sinusoidal", "--d-model", "9223372036854775806"]),
            ("posenc-dump", ["similarity", "--len", "4294967296"]), ("posenc-dump", ["learned", "--len", huge]),
            ("posenc-dump", ["learned", "--fit", "--len", huge]), ("posenc-dump", ["rope", "--len", huge]),
            ("posenc-dump", ["alibi", "--heads", huge]), ("posenc-dump", ["alibi", "--len", "4294967296"]),
            ("posenc-dump", ["binary", "--len", huge]), ("posenc-dump", ["frequencies", "--d-model", "9223372036854775806"]),
            ("complexity-compare", ["sweep", "--len", f"1:{huge}:+1"]), ("complexity-compare", ["paths", "--len", huge]),
            ("complexity-compare", ["paths", "--stack", huge]), ("complexity-compare", ["measure", "--len", huge]),
            ("complexity-compare", ["measure", "--d-model", huge, "--len", "8"]), ("mha-shapes", ["quiz", "--count", huge]),
            ("mha-shapes", ["trace", "--impl", "transformer", "--ffn", huge]), ("mha-shapes", ["check", "--d-model", huge, "--heads", "2"]),
            ("mha-shapes", ["trace", "--batch", huge, "--len", huge, "--d-model", huge, "--heads", huge]),
            ("mha-shapes", ["masks", "--from", "d2l", "--to", "sdpa", "--mask", "[1]", "--heads", huge, "--query-len", huge])):
        yield Case(tool, " ".join(arguments)[:60], arguments, (DIFFERENT, USAGE, INPUT, LIMIT))
    for arguments in (["table", "--len", huge, "--d-model", huge, "--heads", "1"], ["reconcile", "--claimed", "1e300"]):
        yield Case("complexity-compare", " ".join(arguments)[:60], arguments, (DONE, DIFFERENT, LIMIT))
    for tool, arguments in (("posenc-dump", ["identify", ESCAPE]), ("mha-shapes", ["check", "--file", ESCAPE]), ("mha-shapes", ["why", "--file", "no\nfile"]),
                            ("mha-shapes", ["layouts", "--inspect", ESCAPE]), ("mha-shapes", ["quiz", "--answers", "."])):
        yield Case(tool, f"missing file {arguments[:2]}", arguments, (SYSTEM,))
