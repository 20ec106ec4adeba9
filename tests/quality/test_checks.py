"""Each check of this folder finds a violation that is put into a small tree of its own, and passes the
same tree without it. Run with python3 -m unittest."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent

STEPS_TABLE = """std::vector<StepInfo> make_table() {
  return {
      {S::scores_raw, K::step, "scores_raw", "S"},
      {S::weights, K::step, "weights", "A"},
  };
}
"""


class CheckTest(unittest.TestCase):
    def run_check(self, name, files):
        """(exit status, output) of the check on a tree with these files, {path: text}."""
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            run = subprocess.run([sys.executable, HERE / f"{name}.py", folder], capture_output=True, text=True)
            self.assertEqual(run.stderr, "")
            return run.returncode, run.stdout

    def assert_passes(self, name, files):
        status, output = self.run_check(name, files)
        self.assertEqual(status, 0, output)

    def assert_finds(self, name, files, finding):
        status, output = self.run_check(name, files)
        self.assertEqual(status, 1, output)
        self.assertIn(finding, output)

    def test_nothing_to_check_is_a_failure(self):
        for name in ("layering", "unit_tests_mirror", "lengths", "clean_text"):
            self.assert_finds(name, {}, "nothing to check")
        self.assert_finds("step_names", {"lib/attn/steps.cpp": "no table\n"}, "nothing to check")


class Layering(CheckTest):
    def assert_include(self, path, include, finding):
        self.assert_finds("layering", {path: f"#pragma once\n#include <{include}>\n"}, f"{path}:2: {finding}")

    def test_arrows_down_pass(self):
        self.assert_passes("layering", {
            "tools/attn-compute/cmd_dot.cpp": '#include "../common/numbers.hpp"\n#include <fmt/format.h>\n'
                                              "#include <attn/ops/mask.hpp>\n#include <attn/io/npy.hpp>\n",
            "lib/attn/ops/multihead.hpp": "#include <attn/weights/mha_weights.hpp>\n#include <attn/steps.hpp>\n",
            "lib/attn/io/npy.cpp": "#include <fmt/format.h>\n#include <fstream>\n",
            "lib/attn/tensor.hpp": "#include <xtensor/xarray.hpp>\n",
        })

    def test_an_include_in_a_comment_is_none(self):
        self.assert_passes("layering", {"lib/attn/ops/mask.cpp": "// #include <cstdio>\n/*\n#include <cstdio>\n*/\n"})

    def test_arrows_up(self):
        self.assert_include("lib/attn/ops/mask.hpp", "attn/render/text.hpp", "ops may not include render")
        self.assert_include("lib/attn/weights/init.cpp", "attn/ops/mask.hpp", "weights may not include ops")
        self.assert_include("lib/attn/shape.cpp", "attn/weights/init.hpp", "base may not include weights")
        self.assert_include("lib/attn/io/npy.cpp", "attn/ops/mask.hpp", "io may not include ops")
        self.assert_include("lib/attn/render/text.cpp", "attn/lessons/lesson.hpp", "render may not include lessons")

    def test_files_and_drawing_know_no_steps(self):
        self.assert_include("lib/attn/io/npy.cpp", "attn/steps.hpp", "io knows nothing of attention")
        self.assert_include("lib/attn/render/text.cpp", "attn/trace.hpp", "render knows nothing of attention")

    def test_mathematics_neither_prints_nor_reads(self):
        for include in ("fmt/format.h", "iostream", "fstream", "cstdio", "CLI/CLI.hpp", "nlohmann/json.hpp"):
            self.assert_include("lib/attn/ops/mask.cpp", include, "ops knows nothing of text and files")

    def test_installed_headers_do_not_name_nlohmann_json(self):
        rules = 'install(DIRECTORY attn FILES_MATCHING PATTERN "*.hpp" PATTERN "strict.hpp" EXCLUDE)\n'
        forward = "#include <nlohmann/json_fwd.hpp>\n"
        self.assert_finds("layering", {"lib/CMakeLists.txt": rules, "lib/attn/io/other.hpp": forward}, "headers stay light")
        self.assert_passes("layering", {"lib/CMakeLists.txt": rules, "lib/attn/io/strict.hpp": forward})
        self.assert_finds("layering", {"lib/CMakeLists.txt": rules, "lib/attn/io/strict.hpp": "#include <nlohmann/json.hpp>\n"}, "headers stay light")
        self.assert_finds("layering", {"lib/CMakeLists.txt": rules, "lib/attn/io/other.hpp": "#include <attn/io/strict.hpp>\n"},
                          "an installed header cannot include one that is not installed")

    def test_xtensor_has_one_place(self):
        self.assert_include("lib/attn/ops/mask.cpp", "xtensor/xview.hpp", "xtensor is included in")
        self.assert_include("tools/common/numbers.cpp", "xtensor-blas/xlinalg.hpp", "xtensor is included in")

    def test_headers_stay_light(self):
        self.assert_include("lib/attn/io/json.hpp", "nlohmann/json.hpp", "headers stay light")
        self.assert_include("tools/common/numbers.hpp", "CLI/CLI.hpp", "headers stay light")

    def test_what_is_behind_a_module_stays_there(self):
        self.assert_include("tools/common/formats.cpp", "attn/io/npz_module.hpp", "attn/io/npz_module.hpp is between")

    def test_one_tool_does_not_include_another(self):
        self.assert_finds("layering", {"tools/mha-shapes/main.cpp": '#include "../attn-compute/report.hpp"\n'},
                          "not another tool")

    def test_a_new_part_needs_a_row(self):
        self.assert_include("lib/attn/newpart/a.cpp", "attn/shape.hpp", "lib/attn/newpart is no part")


class UnitTestsMirror(CheckTest):
    def test_a_source_with_its_test_passes(self):
        self.assert_passes("unit_tests_mirror", {"lib/attn/ops/mask.cpp": "", "tests/unit/ops/test_mask.cpp": ""})

    def test_a_source_without_its_test(self):
        self.assert_finds("unit_tests_mirror", {"lib/attn/ops/mask.cpp": "", "tests/unit/test_mask.cpp": ""},
                          "lib/attn/ops/mask.cpp: has no tests/unit/ops/test_mask.cpp")


class StepNames(CheckTest):
    def check(self, code):
        return "step_names", {"lib/attn/steps.cpp": STEPS_TABLE, "tools/common/a.cpp": code}

    def test_other_text_passes(self):
        self.assert_passes(*self.check('// "weights"\nf("weights of a module", "scores", Step::weights);\n'))

    def test_a_step_name(self):
        self.assert_finds(*self.check('\nf("weights");\n'), 'tools/common/a.cpp:2: "weights" is the name of a step')

    def test_a_step_name_in_a_raw_string(self):
        self.assert_finds(*self.check('f(R"(scores_raw)");\n'), 'tools/common/a.cpp:1: "scores_raw"')


class Lengths(CheckTest):
    def test_a_short_file_passes(self):
        self.assert_passes("lengths", {"lib/attn/a.cpp": "int a;\n" * 400})

    def test_a_long_file(self):
        self.assert_finds("lengths", {"lib/attn/a.cpp": "int a;\n" * 401}, "lib/attn/a.cpp:1: 401 lines")

    def test_a_long_function_is_listed(self):
        body = "  if (a) { a(); }  // {\n" * 70
        for head in ("int f(int a)", "A::A(int a) : a_(a), b_{a}", "auto f() const -> std::vector<int>"):
            code = f"namespace attn {{\nstruct B {{ int a = 0; }};\n\n{head} {{\n{body}}}\n}}\n"
            status, output = self.run_check("lengths", {"lib/attn/a.cpp": code})
            self.assertEqual(status, 0)
            self.assertIn("lib/attn/a.cpp:4: a function of 72 lines", output)


class CleanText(CheckTest):
    def test_ordinary_text_passes(self):
        self.assert_passes("clean_text", {"a.md": "see lib/work/x, /tmp/x, https://example.org/home/x and mkstemp XXXXXX\n"})

    def test_a_path_of_one_machine(self):
        for folder in ("home", "root", "work", "Users"):
            path = f"/{folder}/someone"
            self.assert_finds("clean_text", {"a.sh": f"\ncd {path}\n"}, "a.sh:2: names a path of one machine: /")

    def test_a_reminder(self):
        for word in ("TO" "DO", "FIX" "ME", "X" "XX"):
            self.assert_finds("clean_text", {"a.hpp": f"// {word}: later\n"}, f"a.hpp:1: holds a reminder: {word}")


if __name__ == "__main__":
    unittest.main()
