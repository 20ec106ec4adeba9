"""Nothing but lib/attn/steps.cpp spells a step name: other code says Step::scores_raw and asks the table."""

import fnmatch
import re

import tree

ROW = re.compile(r'\{\s*S::\w+,\s*K::\w+,\s*"(\w+)"')

OPS_SUBJECT = "the subject of an error; name_of(Step) should give it"
PYTHON = "a variable of the Python code that is printed"

# (file, name), both of which may be patterns: what the literal means there.
EXCEPTIONS = {
    **{("lib/attn/shapes/api.cpp", name): "the name that somebody's API gives to an argument"
       for name in ("x", "memory", "mask", "heads")},
    **{("lib/attn/shapes/spoken.cpp", name): "a variable or a layer in somebody's program" for name in ("q", "k", "v", "norm")},
    **{(f"tools/attn-compute/{file}.cpp", "residual"): "the name of a subcommand" for file in ("main", "cmd_residual")},
    ("tools/mha-shapes/moved_report.cpp", "residual"): "a key of a verification's JSON",
    ("tools/mha-shapes/cmd_check.cpp", "heads"): "a key of JSON: the number of heads",
    ("tools/mha-shapes/cmd_layouts.cpp", "heads"): "the title of a column: the number of heads",
    ("lib/attn/weights/foreign_layouts.cpp", "weights"): "what a framework calls a parameter",
    ("lib/attn/cost/conventions.cpp", "mask"): "the masking that a counter counts",
    ("lib/attn/ops/alibi.cpp", "heads"): "the subject of an error",
    ("lib/attn/ops/softmax.cpp", "mask"): "the subject of an error",
    ("tools/complexity-compare/measurement_report.cpp", "memory"): "the memory of the machine",
    ("lib/attn/ops/stages.cpp", "mask"): "the subject of an error",
    ("lib/attn/ops/mask.cpp", "mask"): OPS_SUBJECT,
    **{("lib/attn/verify/problem.cpp", name): OPS_SUBJECT
       for name in ("q_proj", "k_proj", "v_proj", "bias_k", "bias_v", "output")},
    ("lib/attn/verify/mistakes_*.cpp", "*"): "the variant of a mistake, in words",
    ("lib/attn/weights/layouts.cpp", "bias_k"): "PyTorch's name of the parameter",
    ("lib/attn/weights/layouts.cpp", "bias_v"): "PyTorch's name of the parameter",
    ("lib/attn/weights/recipe.cpp", "*"): PYTHON,
    ("tools/attn-compute/recipe*.cpp", "*"): PYTHON,
    **{("lib/attn/model/config.cpp", name): "a field of config.json" for name in ("norm", "heads")},
    ("lib/attn/model/names.cpp", "norm"): "PyTorch's name of a module",
    ("lib/attn/cost/*", "k"): "the width of a convolution's kernel",
    ("tools/complexity-compare/*", "k"): "the width of a convolution's kernel",
    ("tools/attn-compute/report.cpp", "merged"): "the variant of a formula in the lesson files",
    ("tools/attn-compute/notes.cpp", "bias_k"): "the key of a note in the lesson files",
    ("tools/attn-compute/notes.cpp", "bias_v"): "the key of a note in the lesson files",
    ("tools/common/memory_budget.cpp", "memory"): "the memory of the machine",
    ("lib/attn/shapes/spoken.cpp", "norm"): "part of a module's name in somebody's program",
    ("lib/attn/shapes/trace_layers.cpp", "norm"): "the key of a sentence in the lesson files",
    ("tools/common/verify_report.cpp", "residual"): "a key of JSON: the difference that is left",
    ("tools/posenc-dump/cmd_identify.cpp", "residual"): "the difference that is left",
}


def is_excused(path, name):
    return any(fnmatch.fnmatch(path, file) and fnmatch.fnmatch(name, text) for file, text in EXCEPTIONS)


def main():
    root = tree.root()
    table = root / "lib" / "attn" / "steps.cpp"
    names = set(ROW.findall(table.read_text(encoding="utf-8")))
    findings = []
    paths = tree.files_under(root / "lib" / "attn", ".hpp", ".cpp") + tree.files_under(root / "tools", ".hpp", ".cpp")
    for file in paths:
        path = file.relative_to(root).as_posix()
        if file == table:
            continue
        for line, text in tree.string_literals(file.read_text(encoding="utf-8")):
            if text in names and not is_excused(path, text):
                findings.append(f'{path}:{line}: "{text}" is the name of a step; write name_of(Step::{text})')
    tree.finish(findings, len(paths) if names else 0)


main()
