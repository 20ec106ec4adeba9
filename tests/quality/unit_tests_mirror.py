"""Every lib/attn/**/X.cpp has its tests/unit/**/test_X.cpp."""

import tree

# Sources without a test file of their own: what tests them, or why nothing has to.
EXCEPTIONS = {
    "io/npz_module.cpp": "tests/unit/io/test_npz.cpp reads through the module",
    "ops/blas_module.cpp": "loaded by ops/blas.cpp, whose tests call it",
    "weights/foreign_layouts.cpp": "a table; tests/unit/weights/test_layouts.cpp and test_convert.cpp walk its rows",
}


def main():
    root = tree.root()
    sources = tree.files_under(root / "lib" / "attn", ".cpp")
    findings = []
    for source in sources:
        path = source.relative_to(root / "lib" / "attn")
        test = root / "tests" / "unit" / path.parent / f"test_{path.name}"
        if not test.exists() and path.as_posix() not in EXCEPTIONS:
            findings.append(f"lib/attn/{path.as_posix()}: has no {test.relative_to(root).as_posix()}")
    for path in EXCEPTIONS:
        if root == tree.REPOSITORY and not (root / "lib" / "attn" / path).exists():
            findings.append(f"tests/quality/unit_tests_mirror.py: excuses {path}, which does not exist")
    tree.finish(findings, len(sources))


main()
