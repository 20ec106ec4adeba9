"""Every option of every subcommand does what its help says.

The options are read from `--help`; each has a check below, which runs for every subcommand that offers it
and fails if the option does nothing. An option without a check fails too, and so does a check whose
option is gone. Expected values are formulas on earlier steps of the same run.
"""
import csv
import io
import json
import re
import unittest

import numpy as np

import formulas
from tool import SUBCOMMANDS, ToolTest, LIMIT, NON_FINITE, USAGE

CHECKS = {}  # option: function(test, subcommand)

MODULES = ("self", "cross", "mha")
FIRST_TENSOR = {"dot": "--query", "sdpa": "--query", "self": "--input", "cross": "--input", "mha": "--input"}


def covers(*options):
    def register(check):
        for option in options:
            CHECKS[option] = check
        return check
    return register


def options_in(help_text):
    """The long names that a help text offers, and short names where they stand alone."""
    found = []
    for line in help_text.splitlines():
        head = re.match(r" {1,6}(-\S.*?)(?:  |$)", line)
        if head:
            found += re.findall(r"(?<![\w-])--[a-z][a-z-]*", head[1])
    return found


@covers("--help")
def _(t, command):
    text = t.succeed(command, "-h")
    t.assertEqual(text, t.succeed(command, "--help"))
    t.assertLess(text.index("Examples:"), text.index("--scale"))


@covers("--version")
def _(t, command):
    t.assertEqual(t.succeed(command, "--version"), t.succeed("--version"))


# Tensors --------------------------------------------------------------------------------------------

@covers("--query")
def _(t, command):
    q = np.array([[[1.0, 2], [3, 4]]])
    others = ["--key", "ones:1x3x2"] + (["--value", "ones:1x3x2"] if command == "sdpa" else [])
    t.assert_equal(t.step("q", command, "--query", q.tolist(), *others), q[:, None])


@covers("--key")
def _(t, command):
    key = np.arange(24.0).reshape(2, 3, 4) / 7
    if command == "mha":
        t.assert_equal(t.step("memory", command, "--heads", "2", "--input", "ones:2x2x4", "--key", t.save("k", key)), key)
        return
    others = ["--query", "ones:2x2x4"] + (["--value", "ones:2x3x4"] if command == "sdpa" else [])
    t.assert_equal(t.step("k", command, "--key", t.save("k", key), *others)[:, 0], key)


@covers("--value")
def _(t, command):
    value = np.arange(24.0).reshape(2, 3, 4) / 7
    path = t.save("v", value)
    if command == "mha":
        t.assert_equal(t.step("memory_value", command, "--heads", "2", "--input", "ones:2x2x4", "--key", "zeros:2x3x4",
                              "--value", path), value)
        return
    steps = t.steps(command, "--query", "ones:2x2x4", "--key", "zeros:2x3x4", "--value", path)
    t.assert_equal(steps["v"][:, 0], value)
    # Keys of zeros: every weight is 1/3.
    t.assert_close(steps["output"], np.repeat(value.mean(1, keepdims=True), 2, axis=1))


def _check_map(option, projection, source):
    @covers(option)
    def _(t, command):
        w = np.arange(8.0).reshape(4, 2) - 3
        others = [f for f in ("--wq", "--wk", "--wv") if f != option] if command != "dot" else []
        tensors = [word for other in others for word in (other, "ones:4x2")]
        if command == "dot" and option == "--wq":
            tensors += ["--wk", "ones:4x2"]
        if command == "dot" and option == "--wk":
            tensors += ["--wq", "ones:4x2"]
        if command == "cross":
            tensors += ["--memory", "randn:2x5x4"]
        if command != "dot":
            tensors += ["--input", "randn:2x3x4"]
        steps = t.steps(command, option, w.tolist(), *tensors)
        t.assert_close(steps[projection], steps[source if source in steps else "x"] @ w)


_check_map("--wq", "q_proj", "x")
_check_map("--wk", "k_proj", "memory")
_check_map("--wv", "v_proj", "memory")


@covers("--input")
def _(t, command):
    x = np.arange(16.0).reshape(1, 2, 8)
    heads = ["--heads", "2"] if command == "mha" else []
    t.assert_equal(t.step("x", command, "--input", t.save("x", x), *heads), x)


@covers("--memory")
def _(t, command):
    memory = np.arange(24.0).reshape(1, 3, 8)
    heads = ["--heads", "2"] if command == "mha" else []
    steps = t.steps(command, "--input", "ones:1x2x8", "--memory", t.save("m", memory), *heads)
    t.assert_equal(steps["memory"], memory)
    t.assertEqual(steps["weights"].shape[-2:], (2, 3))


@covers("--weights")
def _(t, command):
    w = {f"W_{name}.weight": np.arange(64.0).reshape(8, 8) % k for name, k in (("q", 3), ("k", 4), ("v", 5), ("o", 7))}
    extra = ["--layout", "d2l", "--heads", "2"] if command == "mha" else []
    if command != "mha":
        del w["W_o.weight"]
    np.savez(t.folder / "w.npz", **w)
    steps = t.steps(command, "--weights", "w.npz", *extra)
    t.assert_close(steps["q_proj"], steps["x"] @ w["W_q.weight"].T)


# Scores ---------------------------------------------------------------------------------------------

@covers("--scale")
def _(t, command):
    for text, factor in (("0.75", 0.75), ("-2", -2), ("none", 1)):
        steps = t.steps(command, "--scale", text)
        t.assert_close(steps["scores_scaled"], steps["scores_raw"] * factor)
    steps = t.steps(command, "--scale", "auto")
    t.assert_close(steps["scores_scaled"], steps["scores_raw"] / np.sqrt(steps["q"].shape[-1]))


@covers("--softcap")
def _(t, command):
    steps = t.steps(command, "--softcap", "0.5")
    t.assert_close(steps["scores_capped"], 0.5 * np.tanh(steps["scores_scaled"] / 0.5))
    t.assert_close(steps["weights"], formulas.softmax(steps["scores_capped"]))


@covers("--dropout")
def _(t, command):
    steps = t.steps(command, "--dropout", "0.5")
    kept = steps["weights_dropped"] != 0
    t.assertTrue(0 < kept.mean() < 1)
    t.assert_close(steps["weights_dropped"][kept], steps["weights"][kept] * 2)
    t.assertNotIn("weights_dropped", t.steps(command, "--dropout", "0"))


@covers("--past-key", "--past-value")
def _(t, command):
    plain = t.steps(command)
    batch, heads, _, width = plain["k"].shape
    past_key = np.arange(2.0 * batch * heads * width).reshape(batch, heads, 2, width) / 10
    past_value = past_key - 1
    steps = t.steps(command, "--past-key", t.save("pk", past_key), "--past-value", t.save("pv", past_value))
    t.assert_equal(steps["present_key"], np.concatenate([past_key, steps["k"]], axis=2))
    t.assert_equal(steps["present_value"], np.concatenate([past_value, steps["v"]], axis=2))
    t.assertEqual(steps["weights"].shape[-1], plain["weights"].shape[-1] + 2)
    t.assert_close(steps["heads"], steps["weights"] @ steps["present_value"])
    t.refuse(USAGE, command, "--past-key", t.save("pk", past_key), mentions="--past-value")
    t.refuse(USAGE, command, "--past-value", t.save("pv", past_value), mentions="--past-key")


# Masks ----------------------------------------------------------------------------------------------

def visible(t, command, *arguments):
    """Which keys a run may see: booleans [B, H, Lq, Lk]."""
    return ~np.isneginf(t.step("mask", command, *arguments))


@covers("--causal")
def _(t, command):
    seen = visible(t, command, "--causal")
    t.assert_equal(seen, np.broadcast_to(formulas.causal(*seen.shape[-2:]), seen.shape))


@covers("--causal-align")
def _(t, command):
    # A window to the left leaves a difference where both lengths are equal, too: valid lengths shift it.
    seen = visible(t, command, "--causal", "--causal-align", "bottom-right", "--valid-lens",
                   ",".join(["3"] * t.step("q", command).shape[0]))
    queries, keys = seen.shape[-2:]
    expected = formulas.causal(queries, keys, 3 - queries) & (np.arange(keys) < 3)
    t.assert_equal(seen, np.broadcast_to(expected, seen.shape))
    other = visible(t, command, "--causal", "--causal-align", "top-left")
    t.assert_equal(other, np.broadcast_to(formulas.causal(queries, keys), seen.shape))


@covers("--valid-lens")
def _(t, command):
    lengths = np.array([3, 1])[:t.step("q", command).shape[0]]
    seen = visible(t, command, "--valid-lens", ",".join(map(str, lengths)))
    expected = np.arange(seen.shape[-1]) < lengths[:, None, None, None]
    t.assert_equal(seen, np.broadcast_to(expected, seen.shape))


@covers("--window")
def _(t, command):
    seen = visible(t, command, "--window", "1,0")
    i, j = np.indices(seen.shape[-2:])
    t.assert_equal(seen, np.broadcast_to((j >= i - 1) & (j <= i), seen.shape))


@covers("--mask")
def _(t, command):
    keys = t.step("weights", command).shape[-1]
    mask = np.where(np.arange(keys) == 1, -np.inf, np.arange(keys) / 4.0)
    steps = t.steps(command, "--mask", t.save("m", mask))
    t.assert_equal(steps["mask"], np.broadcast_to(mask, steps["mask"].shape))
    t.assert_close(steps["scores_masked"], steps["scores_scaled"] + mask)


@covers("--mask-means")
def _(t, command):
    keys = t.step("weights", command).shape[-1]
    bits = (np.arange(keys) % 2).tolist()
    for word, expected in (("keep", np.arange(keys) % 2 == 1), ("drop", np.arange(keys) % 2 == 0)):
        seen = visible(t, command, "--mask", bits, "--mask-means", word)
        t.assert_equal(seen, np.broadcast_to(expected, seen.shape), word)
    steps = t.steps(command, "--mask", bits, "--mask-means", "add")
    t.assert_close(steps["scores_masked"], steps["scores_scaled"] + np.array(bits, float))
    t.refuse(USAGE, command, "--mask", bits, mentions="--mask-means")


@covers("--mask-short")
def _(t, command):
    seen = visible(t, command, "--mask", "[true,false,true]", "--mask-short", "drop")
    expected = np.isin(np.arange(seen.shape[-1]), [0, 2])
    t.assert_equal(seen, np.broadcast_to(expected, seen.shape))
    t.refuse(3, command, "--mask", "[true,false,true]", "--mask-short", "error", mentions="mask")


@covers("--mask-fill")
def _(t, command):
    steps = t.steps(command, "--causal", "--mask-fill", "-7.5")
    hidden = np.isneginf(steps["mask"])
    t.assertTrue(hidden.any())
    t.assertTrue((steps["scores_masked"][hidden] == -7.5).all())
    t.assertTrue(np.isneginf(t.step("scores_masked", command, "--causal", "--mask-fill", "-inf")[hidden]).all())


@covers("--masked-rows")
def _(t, command):
    nobody = np.zeros(t.step("weights", command).shape[-1], bool)
    path = t.save("nobody", nobody)
    for word, weight in (("zero", 0), ("nan", np.nan), ("uniform", 1 / nobody.size)):
        weights = t.step("weights", command, "--mask", path, "--masked-rows", word)
        t.assert_equal(weights, np.full(weights.shape, weight), word)


# Numbers --------------------------------------------------------------------------------------------

@covers("--seed")
def _(t, command):
    default, zero, one = (t.step("output", command, *seed) for seed in ((), ("--seed", "0"), ("--seed", "1")))
    t.assert_equal(default, zero)
    t.assertFalse(np.isclose(zero, one).any())
    t.assert_equal(one, t.step("output", command, "--seed", "1"))


@covers("--dtype")
def _(t, command):
    for word in ("float32", "float64"):
        for name, array in t.steps(command, "--dtype", word).items():
            t.assertEqual(array.dtype, word, name)
    t.assert_close(t.step("output", command, "--dtype", "float32"), t.step("output", command), 1e-5)


@covers("--max-memory")
def _(t, command):
    t.refuse(LIMIT, command, "--max-memory", "100", mentions="100 bytes")
    t.refuse(LIMIT, command, "--max-memory", "1KiB")
    t.assert_equal(t.step("output", command, "--max-memory", "64MiB"), t.step("output", command))


@covers("--strict")
def _(t, command):
    hidden = ["--mask", t.save("m", np.zeros(t.step("weights", command).shape[-1], bool)), "--masked-rows", "nan"]
    t.succeed(command, *hidden)
    t.refuse(NON_FINITE, command, *hidden, "--strict", "-o", "out.npz", mentions="weights")
    t.succeed(command, "--causal", "--strict")


@covers("--path")
def _(t, command):
    for path, steps in (("reference", []), ("reference", ["--steps", "output"]), ("fused", ["--steps", "output"])):
        t.assertEqual(json.loads(t.succeed(command, "--path", path, *steps, "-f", "json"))["path"], path)
    t.refuse(USAGE, command, "--path", "fused", mentions=("--path fused", "--steps output"))


@covers("--threads")
def _(t, command):
    one = t.step("output", command)
    for threads in (0, 1, 3):
        t.assert_equal(t.step("output", command, "--path", "fused", "--threads", threads), t.step("output", command, "--path", "fused"))
    t.assert_close(t.step("output", command, "--threads", 2), one)
    t.refuse(USAGE, command, "--threads", 2, mentions=("--threads", "--steps output"))
    t.refuse(USAGE, command, "--threads", -1, "--steps", "output", mentions="--threads")


@covers("--tile")
def _(t, command):
    view = [command, "--path", "fused", "--detail", "-f", "json"]
    t.assertEqual(json.loads(t.succeed(*view))["tile"], {"queries": 2, "keys": 2})
    t.assertEqual(json.loads(t.succeed(*view, "--tile", "3,1"))["tile"], {"queries": 3, "keys": 1})
    t.refuse(USAGE, command, "--tile", "2,2", mentions=("--tile", "--path fused --detail"))
    for wrong in ("2", "2,2,2", "0,2", "2,x"):
        t.refuse(USAGE, *view, "--tile", wrong, mentions="--tile")


# Verification ---------------------------------------------------------------------------------------

@covers("--verify")
def _(t, command):
    t.succeed(command, "-o", "ours.npz")
    t.assertEqual(json.loads(t.succeed(command, "--verify", "ours.npz", "-f", "json"))["verdict"], "match")
    t.assertEqual(json.loads(t.differ(command, "--seed", "1", "--verify", "ours.npz", "-f", "json"))["verdict"], "mismatch")


@covers("--map")
def _(t, command):
    # Other score tensors have this shape too: without a name nobody can tell which one it is.
    np.savez(t.folder / "theirs.npz", mystery=t.step("scores_raw", command))
    t.assertEqual(json.loads(t.differ(command, "--verify", "theirs.npz", "-f", "json"))["verdict"], "incomparable")
    report = json.loads(t.succeed(command, "--verify", "theirs.npz", "--map", "mystery=scores_raw", "-f", "json"))
    t.assertEqual([s["step"] for s in report["steps"] if s["status"] == "match"], ["scores_raw"])
    for wrong in ("mystery", "=scores_raw", "mystery=", "mystery=scores_rwa", ""):
        t.refuse(USAGE, command, "--verify", "theirs.npz", f"--map={wrong}", mentions="--map")


@covers("--rtol", "--atol")
def _(t, command):
    np.savez(t.folder / "theirs.npz", output=t.step("output", command) * 1.001)
    verify = [command, "--verify", "theirs.npz"]
    t.differ(*verify)
    t.succeed(*verify, "--rtol", "0.01", "--atol", "0")
    t.succeed(*verify, "--rtol", "0", "--atol", "0.1")
    t.differ(*verify, "--rtol", "1e-5", "--atol", "0")
    t.differ(*verify, "--rtol", "0", "--atol", "1e-9")
    t.refuse(USAGE, *verify, "--rtol", "0.1", mentions="--atol")
    t.refuse(USAGE, *verify, "--atol", "0.1", mentions="--rtol")
    for option, other in (("--rtol", "--atol"), ("--atol", "--rtol")):
        t.refuse(USAGE, *verify, f"{option}=-1", other, "0", mentions=option)


@covers("--equal-nan")
def _(t, command):
    nobody = t.save("nobody", np.zeros(t.step("weights", command).shape[-1], bool))
    hidden = [command, "--mask", nobody, "--masked-rows", "nan"]
    np.savez(t.folder / "theirs.npz", weights=t.step("weights", *hidden))
    t.differ(*hidden, "--verify", "theirs.npz")
    t.succeed(*hidden, "--verify", "theirs.npz", "--equal-nan")


@covers("--mistake")
def _(t, command):
    # C2: the scores are not scaled.
    steps = t.steps(command, "--scale", "auto", "--mistake", "C2")
    t.assert_equal(steps["scores_scaled"], steps["scores_raw"])
    np.savez(t.folder / "theirs.npz", **steps)
    report = json.loads(t.differ(command, "--scale", "auto", "--verify", "theirs.npz", "-f", "json"))
    t.assertEqual(report["first_divergent_step"], "scores_scaled")
    t.assertIn("C2", [d["id"] for d in report["diagnosis"]])
    t.refuse(USAGE, command, "--mistake", "nope", mentions="--mistake")


@covers("--blank")
def _(t, command):
    blank = list(csv.DictReader(io.StringIO(t.succeed(command, "--blank", "weights", "-f", "csv"))))
    right = list(csv.DictReader(io.StringIO(t.succeed(command, "-f", "csv"))))
    t.assertEqual(blank, [{**row, "value": "" if row["step"] == "weights" else row["value"]} for row in right])
    t.assertIn("______", t.succeed(command, "--blank", "weights"))
    t.refuse(USAGE, command, "--blank", "wieghts", mentions=("--blank", "weights"))


@covers("--decimals")
def _(t, command):
    steps = {name: array.round(3) for name, array in t.steps(command).items()}
    np.savez(t.folder / "rounded.npz", weights=steps["weights"])
    t.differ(command, "--verify", "rounded.npz")
    t.succeed(command, "--verify", "rounded.npz", "--decimals", "3")
    t.differ(command, "--verify", "rounded.npz", "--decimals", "5")
    t.refuse(USAGE, command, "--decimals", "3", mentions="--decimals")


@covers("--hint")
def _(t, command):
    t.succeed(command, "--mistake", "W7", "-o", "hinted.npz")
    verify = [command, "--verify", "hinted.npz", "-f", "json"]
    hints = [json.loads(t.differ(*verify, "--hint", level)) for level in "123"]
    t.assertEqual([h["first_divergent_step"] for h in hints], [None, "weights", "weights"])
    t.assertEqual([len(h["diagnosis"]) > 0 for h in hints], [False, False, True])
    t.refuse(USAGE, command, "--hint", "1", mentions="--hint")
    t.refuse(USAGE, *verify, "--hint", "0", mentions="--hint")


# Output ---------------------------------------------------------------------------------------------

@covers("--format")
def _(t, command):
    t.assertEqual(t.succeed(command, "-f", "csv"), t.succeed(command, "--format", "csv"))
    t.assertEqual(t.succeed(command, "-f", "csv").splitlines()[0], "step,batch,head,row,col,value")
    t.assertEqual(json.loads(t.succeed(command, "-f", "json"))["command"], command)


@covers("--output")
def _(t, command):
    t.assertEqual(t.succeed(command, "-o", "a.csv"), "")
    t.assertEqual(t.succeed(command, "--output", "b.json"), "")
    t.assertEqual((t.folder / "a.csv").read_text(), t.succeed(command, "-f", "csv", "-o", "-"))
    t.assertEqual((t.folder / "b.json").read_text(), t.succeed(command, "-f", "json"))


@covers("--force")
def _(t, command):
    (t.folder / "a.csv").write_text("mine")
    t.refuse(USAGE, command, "-o", "a.csv", mentions="a.csv")
    t.assertEqual((t.folder / "a.csv").read_text(), "mine")
    t.succeed(command, "-o", "a.csv", "--force")
    t.assertTrue((t.folder / "a.csv").read_text().startswith("step,"))


@covers("--steps")
def _(t, command):
    t.assertEqual(list(t.steps(command, "--steps", "output,weights")), ["weights", "output"])
    t.assertEqual(list(t.steps(command, "--steps", "scores_*")), ["scores_raw", "scores_scaled", "scores_masked"])


@covers("--list-steps")
def _(t, command):
    rows = list(csv.DictReader(io.StringIO(t.succeed(command, "--list-steps", "-f", "csv"))))
    listed = [row["step"] for row in rows]
    t.assertEqual(len(listed), len(set(listed)))
    for step in t.steps(command):
        t.assertIn(step, listed)
    t.assertIn("softmax", next(row["formula"] for row in rows if row["step"] == "weights"))


@covers("--width")
def _(t, command):
    for width in (50, 120):
        t.assertIn("\n" + "═" * width + "\n", t.succeed(command, "--width", width))
    t.assertEqual(t.succeed(command, "-f", "csv", "--width", 50), t.succeed(command, "-f", "csv"))


@covers("--precision")
def _(t, command):
    value = t.step("output", command).flat[0]
    for digits in (0, 2, 9):
        rounded = f"{value:.{digits}f}"
        first = t.succeed(command, "-f", "csv", "--steps", "output", "--precision", digits).splitlines()[1]
        t.assertEqual(first.split(",")[-1], rounded)
        t.assertIn(rounded, t.succeed(command, "--steps", "output", "--precision", digits))


@covers("--detail")
def _(t, command):
    steps = t.steps(command, "--detail")
    t.assert_equal(steps["row_max"], steps["scores_masked"].max(-1, keepdims=True))
    t.assert_close(steps["exp"], np.exp(steps["scores_masked"] - steps["row_max"]))
    t.assert_close(steps["row_sum"], steps["exp"].sum(-1, keepdims=True))
    t.assert_close(steps["weights"], steps["exp"] / steps["row_sum"])
    t.assertNotIn("exp", t.steps(command))


@covers("--cell")
def _(t, command):
    weight = t.step("weights", command)[0, 0, 1, 2]
    text = t.succeed(command, "--cell", "weights[0,0,1,2]")
    t.assertTrue(text.startswith(f"weights[0,0,1,2] = {weight!r}\n"), text)


@covers("--notes", "--no-notes")
def _(t, command):
    plain, without = t.succeed(command), t.succeed(command, "--no-notes")
    t.assertEqual(plain, t.succeed(command, "--notes"))
    t.assertGreater(len(plain), len(without))
    t.assertIn("[1/", without)


@covers("--lang")
def _(t, command):
    english, chinese = t.succeed(command, "--lang", "en"), t.succeed(command, "--lang", "zh")
    t.assertFalse(re.search("[\u4e00-\u9fff]", english))
    t.assertTrue(re.search("[\u4e00-\u9fff]", chinese))


@covers("--color")
def _(t, command):
    coloured = t.succeed(command, "--color", "always")
    t.assertIn("\x1b[", coloured)
    for word in ("never", "auto"):  # standard output is a pipe
        t.assertEqual(t.succeed(command, "--color", word), re.sub("\x1b\\[[0-9;]*m", "", coloured))


@covers("--matrix")
def _(t, command):
    weights = t.step("weights", command)
    text = t.succeed(command, "-f", "csv", "--steps", "weights", "--matrix")
    t.assert_equal(np.loadtxt(io.StringIO(text), delimiter=","), weights.reshape(-1, weights.shape[-1]))
    t.refuse(USAGE, command, "-f", "csv", "--matrix", mentions="--steps")
    t.refuse(USAGE, command, "-f", "json", "--steps", "weights", "--matrix", mentions="--matrix")


@covers("--labels")
def _(t, command):
    plain = t.succeed(command, "-f", "latex", "--steps", "weights")
    labelled = t.succeed(command, "-f", "latex", "--steps", "weights", "--labels")
    t.assertIn("Lk", labelled[labelled.index("softmax"):])
    t.assertNotEqual(plain, labelled)
    t.refuse(USAGE, command, "-f", "csv", "--labels", mentions="--labels")


@covers("--full")
def _(t, command):
    sizes = ["--query-len", "40", "--key-len", "40"] if command != "self" else ["--len", "40"]
    short = t.succeed(command, *sizes, "--steps", "weights", "--no-notes")
    whole = t.succeed(command, *sizes, "--steps", "weights", "--no-notes", "--full")
    count = len(re.findall(r"\d\.\d{4}", whole))
    t.assertGreaterEqual(count, t.step("weights", command, *sizes).size)
    t.assertLess(len(re.findall(r"\d\.\d{4}", short)), count)


@covers("--show-recipe")
def _(t, command):
    recipe = t.succeed(command, "--seed", "7", "--show-recipe")
    t.assertIn("torch.manual_seed(7)", recipe)
    t.assertIn("torch.randn", recipe)
    t.assertNotIn("[1/", recipe)
    compile(recipe, "recipe", "exec")


# Verification ---------------------------------------------------------------------------------------

def judged(t, command, tensors, *options):
    """(exit code, JSON report) of --verify on a file with these tensors."""
    path = t.folder / "theirs.npz"
    np.savez(path, **tensors)
    run = t.run_tool(command, "--verify", path, "-f", "json", *options)
    return run.returncode, json.loads(run.stdout)


@covers("--verify")
def _(t, command):
    right = t.steps(command)
    code, report = judged(t, command, right)
    t.assertEqual((code, report["verdict"], report["first_divergent_step"]), (0, "match", None))
    unscaled = dict(right, output=right["output"] + 1)
    code, report = judged(t, command, unscaled)
    t.assertEqual((code, report["verdict"], report["first_divergent_step"]), (1, "mismatch", "output"))
    code, report = judged(t, command, {"nothing_like_it": np.zeros((9, 9))})
    t.assertEqual((code, report["verdict"]), (1, "incomparable"))


@covers("--map")
def _(t, command):
    weights = t.step("weights", command)
    t.assertEqual(judged(t, command, {"mine": weights + 1, "other": weights})[1]["verdict"], "incomparable")
    code, report = judged(t, command, {"mine": weights, "other": weights}, "--map", "mine=weights")
    t.assertEqual((code, report["aligned"][0]["by"]), (0, "map"))
    t.refuse(USAGE, command, "--verify", t.save("w", weights), "--map", "mine=wieghts", mentions="--map")


@covers("--rtol", "--atol")
def _(t, command):
    near = {"output": t.step("output", command) * (1 + 1e-3)}
    t.assertEqual(judged(t, command, near)[0], 1)
    t.assertEqual(judged(t, command, near, "--rtol", "2e-3", "--atol", "0")[0], 0)
    t.assertEqual(judged(t, command, near, "--rtol", "0", "--atol", "1e-12")[0], 1)
    t.assertEqual(judged(t, command, near, "--rtol", "0", "--atol", "10")[0], 0)
    for alone in ("--rtol", "--atol"):
        t.refuse(USAGE, command, "--verify", "x.npz", alone, "1", mentions=alone)


@covers("--equal-nan")
def _(t, command):
    first = FIRST_TENSOR[command]
    given = [first, t.save("nan", np.full((1, 2, 4), np.nan))]
    if command == "dot":
        given += ["--key", "ones:1x3x4"]
    if command == "sdpa":
        given += ["--key", "ones:1x3x4", "--value", "ones:1x3x4"]
    if command == "mha":
        given += ["--heads", 2]
    theirs = {"output": t.step("output", command, *given)}
    t.assertTrue(np.isnan(theirs["output"]).all())
    t.assertEqual(judged(t, command, theirs, *given)[0], 1)
    t.assertEqual(judged(t, command, theirs, *given, "--equal-nan")[0], 0)


@covers("--mistake")
def _(t, command):
    wrong = t.steps(command, "--mistake", "W7")  # softmax over an axis of size 1: every weight is 1
    t.assert_equal(wrong["weights"], np.ones_like(wrong["weights"]))
    t.assert_close(wrong["heads"], np.repeat(wrong["v"].sum(axis=2, keepdims=True), wrong["heads"].shape[2], axis=2))
    code, report = judged(t, command, wrong)
    t.assertEqual((code, report["first_divergent_step"]), (1, "weights"))
    t.assertIn("W7", [found["id"] for found in report["diagnosis"]])  # with one head or sample, W1 or W2 tie
    t.refuse(USAGE, command, "--mistake", "W77", mentions=("--mistake", "did you mean 'W7"))


# Sizes ----------------------------------------------------------------------------------------------

def json_sizes(t, command, *arguments):
    return json.loads(t.succeed(command, "-f", "json", "--steps", "output", *arguments))["sizes"]


def _check_size(option, letters, value, extra=()):
    @covers(option)
    def _(t, command):
        sizes = json_sizes(t, command, option, value, *(extra(command) if callable(extra) else extra))
        t.assertEqual([sizes[letter] for letter in letters], [value] * len(letters))
        for wrong in ("0", "-1", "1.5", "010", "x", "1e2"):
            t.refuse(USAGE, command, f"{option}={wrong}", mentions=option)


_check_size("--batch", ["B"], 3)
_check_size("--len", ["Lq", "Lk"], 6)
_check_size("--query-len", ["Lq"], 6)
_check_size("--key-len", ["Lk"], 7)
_check_size("--d-model", ["E"], 12, lambda command: ["--heads", 3] if command == "mha" else [])
_check_size("--heads", ["H"], 4)
_check_size("--kv-heads", ["Hk"], 2, lambda command: ["--heads", 4] + (["--layout", "d2l", "--d-model", 8] if command == "mha" else []))
_check_size("--head-dim", ["D"], 3, lambda command: ["--layout", "d2l"] if command == "mha" else [])
_check_size("--value-dim", ["Dv"], 3, lambda command: ["--layout", "d2l"] if command == "mha" else [])


# Weights --------------------------------------------------------------------------------------------

def parameters(t, command, *arguments):
    every = t.steps(command, "--steps", "*", *arguments)
    return {name: every[name] for name in every if re.match("[wb]_|bias_", name)}


@covers("--bias", "--no-bias")
def _(t, command):
    t.assertIn("b_q", parameters(t, command, "--bias"))
    t.assertNotIn("b_q", parameters(t, command, "--no-bias"))
    steps = t.steps(command, "--bias", "--steps", "*")
    t.assert_close(steps["q_proj"], steps["x"] @ steps["w_q"] + steps["b_q"])
    t.refuse(USAGE, command, "--bias", "--no-bias", mentions="--no-bias")


@covers("--layout")
def _(t, command):
    outputs = {layout: t.step("output", command, "--layout", layout) for layout in ("torch", "d2l", "linear", "shared-head")}
    for one in outputs:
        for other in outputs:
            if one < other:
                t.assertFalse(np.allclose(outputs[one], outputs[other]), f"{one} and {other} start from different weights")
    t.assertNotIn("b_q", parameters(t, command, "--layout", "d2l"))
    t.assertIn("b_q", parameters(t, command, "--layout", "linear"))


@covers("--bias-kv")
def _(t, command):
    steps = t.steps(command, "--bias-kv", "--steps", "*")
    batch, heads, keys, width = steps["k"].shape
    t.assertEqual(keys, t.step("k", command).shape[2] + 1)
    t.assert_equal(steps["k"][:, :, -1], np.broadcast_to(steps["bias_k"].reshape(heads, width), (batch, heads, width)))
    t.assert_equal(steps["v"][:, :, -1], np.broadcast_to(steps["bias_v"].reshape(heads, width), (batch, heads, width)))


@covers("--add-zero-attn")
def _(t, command):
    steps = t.steps(command, "--add-zero-attn", "--causal")
    t.assertEqual(steps["k"].shape[2], t.step("k", command).shape[2] + 1)
    t.assertFalse(steps["k"][:, :, -1].any() or steps["v"][:, :, -1].any())
    t.assertTrue((steps["weights"][..., -1] > 0).all(), "no rule hides the key of zeros")


@covers("--average-weights")
def _(t, command):
    steps = t.steps(command, "--average-weights")
    t.assert_close(steps["weights_averaged"], steps["weights"].mean(1))
    t.assertNotIn("weights_averaged", t.steps(command))


class OptionTest(ToolTest):
    """One test a subcommand; one subtest an option."""


def _add_test(command):
    def test(self):
        for option in options_in(self.succeed(command, "--help")):
            with self.subTest(option=option):
                self.assertTrue(option in CHECKS, f"{command} {option} has no check in this file")
                OptionTest.seen.add(option)
                CHECKS[option](self, command)
    test.__doc__ = f"every option of {command} does what its help says"
    setattr(OptionTest, f"test_{command}", test)


OptionTest.seen = set()
for _command in SUBCOMMANDS:
    _add_test(_command)


class TableTest(ToolTest):
    def test_no_check_is_for_an_option_that_no_subcommand_has(self):
        offered = {option for command in SUBCOMMANDS for option in options_in(self.succeed(command, "--help"))}
        self.assertEqual(sorted(set(CHECKS) - offered), [])

    def test_the_help_texts_offer_the_options_of_the_design(self):
        shared = ("--scale --softcap --dropout --past-key --past-value --causal --causal-align --valid-lens --window --mask "
                  "--mask-means --mask-short --mask-fill --masked-rows --seed --dtype --format --output --force --steps "
                  "--list-steps --precision --detail --cell --notes --no-notes --lang --color --show-recipe").split()
        for command in SUBCOMMANDS:
            offered = options_in(self.succeed(command, "--help"))
            self.assertEqual([o for o in shared if o not in offered], [], command)


if __name__ == "__main__":
    unittest.main()
