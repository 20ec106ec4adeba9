"""Every notebook of notebooks-cpp, executed cell by cell in a real C++ interpreter; what its cells print must be
what is stored. test_jupyter.py executes them in Jupyter.

    python3 test_notebooks.py INCLUDE_FOLDER LIBRARY

Exit status 77 (skipped) without clang-repl-19."""

import json
import pathlib
import re
import sys
import tempfile
import unittest

import interpreter
import notebooks

INCLUDE_FOLDER, LIBRARY = sys.argv[1:3]


class Stored(unittest.TestCase):
    def test_every_document_has_a_notebook_in_both_languages(self):
        stems = [source.stem for source in notebooks.sources()]
        for start in ("d0", "d1", "d2", "d3", "d4", "verification", "trained-transformer"):
            self.assertEqual(sum(stem.startswith(start) for stem in stems), 1, start)

    def test_the_notebooks_are_those_of_their_sources(self):
        for source in notebooks.sources():
            for language in notebooks.LANGUAGES:
                path = notebooks.path_of(source, language)
                text = path.read_text(encoding="utf-8")
                made = notebooks.text_of(notebooks.notebook_of(source, language, notebooks.outputs_of(json.loads(text))))
                self.assertEqual(text, made, f"{path.name} is not what its source says; run notebooks.py")

    def test_the_first_cell_is_one_include(self):
        for source in notebooks.sources():
            self.assertEqual(notebooks.code_of(source)[0], "#include <attn/notebook/attnscope.hpp>", source.name)

    def test_definitions_and_statements_have_cells_of_their_own(self):
        for source in notebooks.sources():
            for cell in notebooks.code_of(source):
                if notebooks.defines_a_function(cell):
                    self.assertEqual(re.findall(r"^\S.*;$", cell, re.MULTILINE), [], f"{source.name}:\n{cell}")

    def test_cells_are_short(self):
        for source in notebooks.sources():
            for cell in notebooks.code_of(source):
                self.assertLessEqual(cell.count("\n") + 1, 16, f"{source.name}:\n{cell}")

    def test_binder_has_the_same_environment(self):
        of_notebooks = (notebooks.FOLDER / "environment.yml").read_text(encoding="utf-8")
        of_binder = (notebooks.FOLDER.parent / "binder" / "environment.yml").read_text(encoding="utf-8")
        self.assertEqual(of_binder[of_binder.index("name:"):], of_notebooks[of_notebooks.index("name:"):])

    def test_the_environment_has_both_kernels_and_what_the_library_is_built_with(self):
        text = (notebooks.FOLDER / "environment.yml").read_text(encoding="utf-8")
        named = set(re.findall(r"^  - ([\w-]+)", text, re.MULTILINE))
        wanted = {"conda-forge", "xeus-cling", "xeus-cpp", "nbclient", "xtensor", "xtensor-blas", "cli11", "fmt", "doctest", "nlohmann_json", "libzip"}
        self.assertEqual(wanted - named, set())

    def test_binder_installs_the_library_beside_the_kernels(self):
        script = (notebooks.FOLDER.parent / "binder" / "postBuild").read_text(encoding="utf-8")
        self.assertIn('cmake --install build/binder --prefix "$CONDA_PREFIX"', script)

    def test_every_notebook_ends_with_an_exercise_and_its_check(self):
        for source in notebooks.sources():
            self.assertIn("check(", notebooks.code_of(source)[-1], source.name)


class Executed(unittest.TestCase):
    maxDiff = None

    def test_in_clang_repl(self):
        for source in notebooks.sources():
            with self.subTest(source.stem):
                printed = interpreter.run_cells(notebooks.code_of(source), INCLUDE_FOLDER, LIBRARY)
                stored = notebooks.outputs_of(json.loads(notebooks.path_of(source, "en").read_text(encoding="utf-8")))
                self.assertEqual(printed, stored)

    def test_the_first_cell_finds_the_library_beside_its_headers(self):
        with tempfile.TemporaryDirectory(prefix="attnscope-prefix-") as folder:
            prefix = pathlib.Path(folder)
            for place, target in (("include/attn", pathlib.Path(INCLUDE_FOLDER, "attn")), ("lib/libattnscope.so", pathlib.Path(LIBRARY))):
                (prefix / place).parent.mkdir()
                (prefix / place).symlink_to(target.resolve())
            cells = ["#include <attn/notebook/attnscope.hpp>", "#include <attn/shape.hpp>", 'std::puts(attn::to_string({2, 3}).c_str());']
            self.assertEqual(interpreter.run_cells(cells, prefix / "include", None)[2], "(2, 3)\n")

    def test_a_cell_that_does_not_compile_is_a_failure(self):
        with self.assertRaisesRegex(interpreter.CellFailed, "cell 1"):
            interpreter.run_cells(["int fine = 1;", "int broken = nothing;"], INCLUDE_FOLDER, LIBRARY)

    def test_a_cell_that_ends_the_program_is_a_failure(self):
        with self.assertRaisesRegex(interpreter.CellFailed, "cell 1"):
            interpreter.run_cells(["#include <cstdlib>", "std::exit(0);", "int after = 1;"], INCLUDE_FOLDER, LIBRARY)


if __name__ == "__main__":
    if interpreter.CLANG_REPL is None:
        print("skipped: clang-repl-19 is not installed (Debian: clang-tools-19)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
