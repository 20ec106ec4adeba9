"""Runs complexity-compare (the environment variable COMPLEXITY_COMPARE) the way a user would."""
import csv
import io
import json
import os
import subprocess
import tempfile
import unittest

TOOL = os.environ.get("COMPLEXITY_COMPARE", "complexity-compare")
DONE, DIFFERENT, USAGE, SYSTEM, LIMIT = 0, 1, 2, 4, 5


class ComplexityTest(unittest.TestCase):
    def run_tool(self, *arguments, **options):
        environment = {k: v for k, v in os.environ.items() if k not in ("LANG", "LANGUAGE") and not k.startswith("LC_")}
        with tempfile.TemporaryDirectory() as folder:
            return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                                  env=environment, stdin=subprocess.DEVNULL, cwd=options.get("cwd", folder))

    def succeed(self, *arguments, code=DONE, **options):
        run = self.run_tool(*arguments, **options)
        self.assertEqual((run.returncode, run.stderr), (code, ""), arguments)
        return run.stdout

    def rows(self, *arguments, code=DONE):
        """The CSV of a run, a dictionary a row."""
        return list(csv.DictReader(io.StringIO(self.succeed(*arguments, "-f", "csv", code=code))))

    def json(self, *arguments, code=DONE):
        return json.loads(self.succeed(*arguments, "-f", "json", code=code))

    def refuse(self, code, *arguments, mentions=()):
        run = self.run_tool(*arguments)
        self.assertEqual((run.returncode, run.stdout), (code, ""), f"{arguments}: {run.stderr}")
        self.assertTrue(run.stderr.startswith("complexity-compare: "), run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        for word in mentions:
            self.assertIn(word, run.stderr)
