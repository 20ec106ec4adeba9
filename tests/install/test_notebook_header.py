"""The first cell of a notebook, one include, makes an installed attnscope usable in a C++ interpreter: nothing else
has to be named.

    python3 test_notebook_header.py BUILD MOVED_PREFIX COMPILER

BUILD is installed here, into a folder of its own; MOVED_PREFIX was installed elsewhere and moved. Exit status 77
(skipped) without clang-repl-19."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "notebooks"))
import interpreter  # noqa: E402
import notebooks  # noqa: E402

BUILD, MOVED, COMPILER = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
HEADER = "attn/notebook/attnscope.hpp"
# What a cell of xeus-cpp sees of CppInterOp, reduced to the one call: it prints the folder that it is given.
CPPINTEROP = '#pragma once\n#include <cstdio>\nnamespace Cpp { inline void AddIncludePath(const char* folder) { std::puts(folder); } }\n'


class Installed(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="attnscope-installed-")
        cls.prefix = pathlib.Path(cls.folder.name, "prefix")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], check=True, stdout=subprocess.DEVNULL)
        cls.include = cls.prefix / "include"

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def pragmas(self, include):
        """The pragmas that cling meets in the first cell, in order: [(command, argument)]."""
        seen = subprocess.run([COMPILER, "-E", "-P", "-D__CLING__", "-x", "c++", include / HEADER],
                              check=True, capture_output=True, text=True).stdout
        self.assertEqual(re.sub(r"#pragma cling .*|\s", "", seen), "", "cling would read more than pragmas")
        return re.findall(r'#pragma cling (\w+)\("([^"]*)"\)', seen)

    def test_a_whole_notebook_runs_with_the_installed_folder_of_headers_alone(self):
        source = notebooks.sources()[0]
        stored = notebooks.outputs_of(json.loads(notebooks.path_of(source, "en").read_text(encoding="utf-8")))
        self.assertEqual(interpreter.run_cells(notebooks.code_of(source), self.include, None), stored)

    def test_the_library_is_found_after_the_tree_was_moved(self):
        cells = [f"#include <{HEADER}>", "#include <attn/shape.hpp>", "std::puts(attn::to_string({2, 3}).c_str());"]
        self.assertEqual(interpreter.run_cells(cells, MOVED / "include", None)[2], "(2, 3)\n")

    def test_the_library_is_found_where_it_was_installed_when_the_headers_lie_elsewhere(self):
        elsewhere = pathlib.Path(self.folder.name, "elsewhere", "include")
        shutil.copytree(self.include, elsewhere)
        cells = [f"#include <{HEADER}>", "#include <attn/shape.hpp>", "std::puts(attn::to_string({2, 3}).c_str());"]
        self.assertEqual(interpreter.run_cells(cells, elsewhere, None)[2], "(2, 3)\n")

    def test_cling_is_told_the_folders_before_it_loads_the_library(self):
        pragmas = self.pragmas(self.include)
        self.assertEqual(pragmas[0], ("add_include_path", str(self.include)))
        self.assertEqual([command for command, _ in pragmas[-2:]], ["add_library_path", "load"])
        self.assertEqual(pragmas[-1][1], "libattnscope")
        self.assertTrue(pathlib.Path(pragmas[-2][1], "libattnscope.so").exists())
        for command, folder in pragmas[:-2]:
            self.assertEqual(command, "add_include_path")
            self.assertTrue(pathlib.Path(folder).is_dir(), folder)

    def test_xeus_cpp_is_told_the_folder_that_the_header_lies_in_and_those_of_the_install(self):
        for place in ("CppInterOp", "clang/Interpreter"):
            with self.subTest(place), tempfile.TemporaryDirectory(prefix="attnscope-interop-") as folder:
                stub = pathlib.Path(folder, place, "CppInterOp.h")
                stub.parent.mkdir(parents=True)
                stub.write_text(CPPINTEROP, encoding="utf-8")
                with mock.patch.dict(os.environ, CPLUS_INCLUDE_PATH=folder):
                    told = interpreter.run_cells([f'#include "{self.include / HEADER}"'], self.include, None)[0].splitlines()
                installed = [argument for command, argument in self.pragmas(self.include) if command == "add_include_path"]
                self.assertEqual(told, [str(self.include)] + installed)


if __name__ == "__main__":
    if interpreter.CLANG_REPL is None:
        print("skipped: clang-repl-19 is not installed (Debian: clang-tools-19)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
