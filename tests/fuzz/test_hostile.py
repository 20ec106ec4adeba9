"""Runs every hostile case of make_hostile.py, each in a folder of its own.

Whatever the input: the documented exit code, one line on standard error that names the tool and the file
or option, nothing on standard output, nothing left in the folder, no signal, and an end within seconds.
"""
import os
import subprocess
import tempfile
import unittest

import make_hostile
import tool

SECONDS = 60  # what takes longer hangs, also under the sanitizers of a busy machine


class HostileTest(tool.ToolTest):
    def run_case(self, case, folder):
        command = [tool.tool_path(), *[os.fsencode(a) for a in case.arguments]]
        return subprocess.run(command, cwd=folder, input=case.stdin if case.stdin is not None else b"", stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS, env=tool.clean_environment())

    def check(self, case):
        with tempfile.TemporaryDirectory(prefix="attnscope-hostile-") as folder:
            for name, content in case.files.items():
                with open(os.path.join(os.fsencode(folder), name), "wb") as file:
                    file.write(content)
            run = self.run_case(case, folder)
            self.assertEqual(sorted(os.listdir(os.fsencode(folder))), sorted(case.files), "nothing is left behind")
        if case.code == make_hostile.DONE:
            self.assertEqual((run.returncode, run.stderr), (0, b""))
        else:
            try:
                run.stderr.decode("utf-8")
            except UnicodeDecodeError:
                self.fail(f"a message is UTF-8, whatever a name holds: {run.stderr!r}")
            message = self.check_refusal(run, case.code, case.name, case.mentions)
            self.assertLess(len(message), 1000, "a line for people")


def _add_group(group):
    def test(self):
        seen = 0
        for case in group():
            seen += 1
            with self.subTest(case=case.name):
                self.check(case)
        self.assertGreater(seen, 0)
    name = group.__name__[:-len("_cases")]
    test.__doc__ = f"hostile cases: {name}"
    setattr(HostileTest, f"test_{name}", test)


for _group in (make_hostile.npy_cases, make_hostile.npz_cases, make_hostile.safetensors_cases, make_hostile.json_cases, make_hostile.csv_cases,
               make_hostile.unnamed_cases, make_hostile.number_cases, make_hostile.size_cases, make_hostile.shape_cases,
               make_hostile.contradiction_cases, make_hostile.file_name_cases, make_hostile.verify_cases):
    _add_group(_group)


class CollectionTest(unittest.TestCase):
    def test_the_collection_is_large_and_always_the_same(self):
        first, second = (list(make_hostile.cases()) for _ in range(2))
        self.assertEqual(first, second)
        self.assertGreaterEqual(len(first), 150)


if __name__ == "__main__":
    unittest.main()
