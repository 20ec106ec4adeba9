"""What the tests of posenc-dump share: running it, reading what it writes, and the document's table."""
import csv
import io
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np

TOOL = os.path.abspath(os.environ["POSENC_DUMP"])
REFERENCE = pathlib.Path(__file__).resolve().parents[2] / "reference" / "posenc"  # made by make_posenc.py
DONE, DIFFERENT, USAGE, INPUT, SYSTEM, LIMIT = range(6)


def table(length, width, base=10000.0):
    """The table of Dive into Deep Learning 10.6."""
    positions = np.arange(length, dtype=np.float64).reshape(-1, 1)
    angles = positions / np.power(base, np.arange(0, width, 2, dtype=np.float64) / width)
    result = np.zeros((length, width))
    result[:, 0::2] = np.sin(angles)
    result[:, 1::2] = np.cos(angles)
    return result


class PosencTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="attnscope-posenc-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def run_tool(self, *arguments, path=None):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
        if path is not None:
            environment["PATH"] = path
        return subprocess.run([TOOL, *map(str, arguments)], cwd=self.folder, env=environment, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def output(self, *arguments, code=DONE):
        run = self.run_tool(*arguments)
        self.assertEqual((run.returncode, run.stderr.decode()), (code, ""), arguments)
        return run.stdout.decode()

    def refuse(self, code, *arguments, mentions="", path=None):
        run = self.run_tool(*arguments, path=path)
        message = run.stderr.decode()
        self.assertEqual(run.returncode, code, message)
        self.assertEqual(run.stdout, b"")
        self.assertEqual(message.count("\n"), 1, message)
        self.assertTrue(message.startswith("posenc-dump: "), message)
        self.assertIn(mentions, message)

    def array(self, *arguments, name=None):
        self.output(*arguments, "-o", "result.npz", "--force")
        with np.load(self.folder / "result.npz", allow_pickle=False) as archive:
            return archive[name or archive.files[0]]

    def rows(self, *arguments, code=DONE):
        return list(csv.DictReader(io.StringIO(self.output(*arguments, "-f", "csv", code=code))))

    def save(self, values, name="given.npy"):
        np.save(self.folder / name, np.asarray(values))
        return name
