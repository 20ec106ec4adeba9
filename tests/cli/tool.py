"""Runs a command-line tool the way a user would, and holds every run to the rules they all share.

A run that succeeds says nothing on standard error. A run that is refused prints nothing on standard
output and exactly one line on standard error, which begins with the tool's name. Anything else there
(a second line, a stack trace, a sanitizer's report, a control character) fails the test.

The binary is the environment variable ATTN_COMPUTE, so that the tests of every build use the same files.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

NAME = "attn-compute"
SUBCOMMANDS = ("dot", "sdpa", "self", "cross", "mha")  # attention by itself
WITH_LAYERS = (*SUBCOMMANDS, "layer")
DONE, DIFFERENT, USAGE, INPUT, SYSTEM, LIMIT, NON_FINITE = 0, 1, 2, 3, 4, 5, 6
TIMEOUT = 60  # seconds; only to end a run that hangs


def tool_path():
    path = os.environ.get("ATTN_COMPUTE")
    if not path or not os.access(path, os.X_OK):
        sys.exit(f"set ATTN_COMPUTE to the {NAME} to test (it is {path!r})")
    return os.path.abspath(path)


def clean_environment(**changes):
    """The caller's environment without what the tool reads from it, then `changes`."""
    kept = {key: value for key, value in os.environ.items()
            if key not in ("LANG", "LANGUAGE", "NO_COLOR", "TERM") and not key.startswith("LC_")}
    kept.update(changes)
    return kept


def control_characters(text):
    """Characters that would move the cursor or colour the terminal."""
    return [c for c in text if c != "\n" and (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0)]


class ToolTest(unittest.TestCase):
    """A test with a temporary folder of its own, in which the tool is run."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="attnscope-cli-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def run_tool(self, *arguments, stdin=None, env=None, **options):
        """A finished run; what it wrote is bytes. `stdin` is bytes, nothing to read when None."""
        command = [tool_path(), *[os.fsencode(str(a)) for a in arguments]]
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        options.setdefault("cwd", self.folder)
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(command, stderr=subprocess.PIPE, timeout=TIMEOUT,
                              env=clean_environment(**(env or {})), **given, **options)

    def succeed(self, *arguments, **options):
        """What a run that must succeed printed, as text."""
        run = self.run_tool(*arguments, **options)
        errors = run.stderr.decode("utf-8", "backslashreplace")
        self.assertEqual(run.returncode, DONE, f"{arguments}: {errors}")
        self.assertEqual(errors, "", f"{arguments}: a run that succeeds is silent on stderr")
        return (run.stdout or b"").decode("utf-8")

    def differ(self, *arguments, **options):
        """The report of a --verify run that must find a difference, or nothing to compare, as text."""
        run = self.run_tool(*arguments, **options)
        self.assertEqual((run.returncode, run.stderr), (DIFFERENT, b""), f"{arguments}")
        return run.stdout.decode("utf-8")

    def refuse(self, code, *arguments, mentions=(), output=None, **options):
        """The line that a run which must be refused with `code` printed, without the tool's name."""
        run = self.run_tool(*arguments, **options)
        return self.check_refusal(run, code, arguments, mentions, output)

    def check_refusal(self, run, code, arguments, mentions=(), output=None):
        errors = run.stderr.decode("utf-8", "backslashreplace")
        self.assertEqual(run.returncode, code, f"{arguments}: {errors!r}")
        if output is None:
            self.assertEqual(run.stdout or b"", b"", f"{arguments}: a refused run prints no results")
        self.assertTrue(errors.startswith(NAME + ": "), f"{arguments}: {errors!r}")
        self.assertEqual(errors.count("\n"), 1, f"{arguments}: one line, found {errors!r}")
        self.assertTrue(errors.endswith("\n"), f"{arguments}: {errors!r}")
        self.assertEqual(control_characters(errors), [], f"{arguments}: {errors!r}")
        message = errors[len(NAME) + 2:-1]
        for word in [mentions] if isinstance(mentions, str) else mentions:
            self.assertIn(word, message, f"{arguments}")
        return message

    def steps(self, *arguments, **options):
        """{step: array} of a run, read by NumPy from an NPZ file."""
        path = self.folder / "steps-of-a-run.npz"
        self.succeed(*arguments, "-o", path, "--force", **options)
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}

    def step(self, name, *arguments, **options):
        return self.steps(*arguments, "--steps", name, **options)[name]

    def save(self, name, array):
        """The path of a NPY file that holds the array."""
        path = self.folder / f"{name}.npy"
        np.save(path, np.asarray(array))
        return path

    def assertIn(self, member, container, msg=None):
        """As unittest's, but a long output is quoted in part only."""
        if isinstance(container, str) and member not in container:
            self.fail(f"{member!r} is not in {container[:400]!r}" + (f": {msg}" if msg else ""))
        super().assertIn(member, container, msg)

    def assert_close(self, have, want, tolerance=1e-12, message=None):
        """Equal shapes, equal non-finite elements, and |have − want| ≤ tolerance · (1 + |want|)."""
        have, want = np.asarray(have), np.asarray(want)
        self.assertEqual(have.shape, want.shape, message)
        np.testing.assert_allclose(have, want, rtol=tolerance, atol=tolerance, err_msg=message or "")

    def assert_equal(self, have, want, message=None):
        """Equal shapes and bit-equal numbers; NaN equals NaN."""
        self.assertEqual(np.shape(have), np.shape(want), message)
        np.testing.assert_array_equal(have, want, err_msg=message or "")
