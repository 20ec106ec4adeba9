"""Arrows between the parts of the code point down only.

The table names the parts, from the top down, and what each may include of the others. A part may always
include itself and the base."""

import re

import tree

BASE = "base"  # the files directly in lib/attn: tensor, shape, steps, trace, error, random, …

MAY_INCLUDE = {
    "tools":    {"render", "verify", "io", "cost", "lessons", "shapes", "model", "grad", "experiments", "weights", "ops"},
    "notebook": {"render", "verify", "lessons", "weights", "ops"},
    "grad":     {"verify", "weights", "ops"},  # a run taken apart, backwards
    "experiments": {"grad", "verify", "weights", "ops"},
    "verify":   {"io", "weights", "ops"},
    "lessons":  {"render", "ops"},
    "shapes":   {"render"},    # arithmetic of shapes, and the drawing of a split
    "cost":     {"weights", "ops"},
    "model":    {"io", "weights", "ops"},
    "ops":      {"weights"},   # the parameters are operands
    "weights":  set(),
    "render":   set(),         # knows nothing of attention
    "io":       set(),         # nor does it
    BASE:       set(),
}

# Of the base, the files that know what attention is; these two parts do not see them.
STEPS = {"attn/steps.hpp", "attn/trace.hpp"}
WITHOUT_STEPS = {"io", "render"}

# Parts that only compute: no files, no printing, no text.
PURE = {"ops", "weights", BASE}
TEXT_AND_FILES = re.compile(r"(fmt/.*|iostream|ostream|istream|fstream|sstream|cstdio|stdio\.h|filesystem|"
                            r"CLI/.*|nlohmann/.*|zip\.h)")
# What a header must not bring to whoever includes it.
HEAVY = re.compile(r"(fmt/.*|iostream|CLI/.*|nlohmann/.*|zip\.h)")
# Forward declarations: of a package still, but no weight. Headers that are not installed may have them.
FORWARD = re.compile(r"nlohmann/json_fwd\.hpp")
NOT_INSTALLED = re.compile(r'PATTERN "([\w/]+\.hpp)" EXCLUDE')
XTENSOR = re.compile(r"(xtensor.*|xtl/.*|xsimd/.*)")

# (file, include): why this one is right.
EXCEPTIONS = {
    ("lib/attn/module.cpp", "filesystem"): "finds the folder that a module is loaded from",
    ("lib/attn/ops/blas_module.cpp", "xtensor-blas/xlinalg.hpp"): "the module that links BLAS",
    ("lib/attn/ops/blas_module.cpp", "xtensor/xadapt.hpp"): "the module that links BLAS",
    ("lib/attn/notebook/display.hpp", "nlohmann/json.hpp"): "what Jupyter takes a result as; the one installed header that needs the package",
    ("lib/attn/tensor.hpp", "xtensor/containers/xarray.hpp"): "the one place that includes xtensor",
    ("lib/attn/tensor.hpp", "xtensor/xarray.hpp"): "the one place that includes xtensor",
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)


def part_of(path):
    """The part that a path inside the repository, such as lib/attn/io/npy.hpp, belongs to."""
    folders = path.split("/")[:-1]
    if folders[:2] != ["lib", "attn"]:
        return "tools"
    return folders[2] if len(folders) > 2 else BASE


def private_headers(root):
    """The headers that lib/CMakeLists.txt does not install, by their names: no user of the library sees them."""
    rules = root / "lib" / "CMakeLists.txt"
    return set(NOT_INSTALLED.findall(rules.read_text(encoding="utf-8"))) if rules.exists() else set()


def problem(path, included, private):
    """What is wrong with `path` including `included`; empty if nothing."""
    is_header, is_private = path.endswith(".hpp"), path.split("/")[-1] in private
    part = part_of(path)
    if part not in MAY_INCLUDE:
        return f"lib/attn/{part} is no part that tests/quality/layering.py knows; add its row"
    if included.startswith("attn/"):
        other = part_of("lib/" + included)
        if other not in MAY_INCLUDE[part] | {part, BASE}:
            return f"{part} may not include {other} ({included})"
        if part in WITHOUT_STEPS and included in STEPS:
            return f"{part} knows nothing of attention ({included})"
        if included.endswith("_module.hpp") and part_of(path) != other:
            return f"{included} is between a module and the file that loads it"
    if part == "tools" and included.startswith("../") and not included.startswith("../common/"):
        return f"a tool includes its own folder and tools/common, not another tool ({included})"
    if XTENSOR.fullmatch(included):
        return f"xtensor is included in lib/attn/tensor.hpp only ({included})"
    if part in PURE and TEXT_AND_FILES.fullmatch(included):
        return f"{part} knows nothing of text and files ({included})"
    if is_header and not is_private and included.split("/")[-1] in private and path.startswith("lib/"):
        return f"an installed header cannot include one that is not installed ({included})"
    if is_private and FORWARD.fullmatch(included):
        return ""
    if is_header and HEAVY.fullmatch(included):
        return f"headers stay light ({included})"
    return ""


def main():
    root = tree.root()
    private = private_headers(root)
    findings = []
    paths = tree.files_under(root / "lib" / "attn", ".hpp", ".cpp") + tree.files_under(root / "tools", ".hpp", ".cpp")
    for file in paths:
        path = file.relative_to(root).as_posix()
        code = tree.without_comments(file.read_text(encoding="utf-8"))
        for match in INCLUDE.finditer(code):
            found = problem(path, match.group(1), private)
            if found and (path, match.group(1)) not in EXCEPTIONS:
                line = code.count("\n", 0, match.start()) + 1
                findings.append(f"{path}:{line}: {found}")
    tree.finish(findings, len(paths))


main()
