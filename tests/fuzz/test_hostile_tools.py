"""Runs every case of hostile_tools.py, each in a folder of its own: a documented exit code, one line on standard
error that names the tool, nothing half printed, nothing left in the folder, no signal, an end within seconds.
"""
import os
import subprocess
import tempfile
import unittest

import hostile_tools
import tool

SECONDS = 60  # what takes longer hangs, also under the sanitizers of a busy machine


def path_of(name):
    return os.path.abspath(os.environ[name.upper().replace("-", "_")])


class HostileToolsTest(unittest.TestCase):
    def check(self, case):
        with tempfile.TemporaryDirectory(prefix="attnscope-hostile-") as folder:
            for name, content in case.files.items():
                with open(os.path.join(os.fsencode(folder), name), "wb") as file:
                    file.write(content)
            run = subprocess.run([path_of(case.tool), *[os.fsencode(a) for a in case.arguments]], cwd=folder, timeout=SECONDS, capture_output=True,
                                 stdin=subprocess.DEVNULL, env=tool.clean_environment())
            self.assertEqual(sorted(os.listdir(os.fsencode(folder))), sorted(case.files), "nothing is left behind")
        self.assertIn(run.returncode, case.codes, run.stderr[:300])
        message = run.stderr.decode("utf-8")  # whatever a name holds
        if run.returncode in (hostile_tools.DONE, hostile_tools.DIFFERENT):
            self.assertEqual(message, "")
            return
        self.assertEqual(run.stdout, b"")
        self.assertTrue(message.startswith(case.tool + ": "), message[:300])
        self.assertEqual((message.count("\n"), message[-1:]), (1, "\n"), message[:300])
        self.assertEqual(tool.control_characters(message), [], message[:300])
        self.assertIn(case.mentions, message)
        self.assertLess(len(message), 1000, "a line for people")

    def check_all(self, cases, at_least):
        count = 0
        for case in cases:
            count += 1
            with self.subTest(tool=case.tool, case=case.name):
                self.check(case)
        self.assertGreaterEqual(count, at_least)

    def test_values_of_options(self):
        for name in hostile_tools.TOOLS:
            self.check_all(hostile_tools.option_cases(name, path_of(name)), 200)

    def test_files(self):
        self.check_all(hostile_tools.file_cases(), 500)

    def test_programs(self):
        self.check_all(hostile_tools.program_cases(), 60)

    def test_sizes(self):
        self.check_all(hostile_tools.size_cases(), 20)


if __name__ == "__main__":
    unittest.main()
