"""Where results go: files, pipes, terminals, and what happens when writing fails."""
import os
import pty
import re
import signal
import subprocess
import time
import unittest

from tool import NAME, WITH_LAYERS as SUBCOMMANDS, SYSTEM, ToolTest, USAGE, clean_environment, tool_path

FORMATS = ("text", "csv", "json", "npz", "npy", "safetensors", "markdown", "latex")
COLOUR = re.compile("\x1b\\[[0-9;]*m")
BIG = ["dot", "--query", "randn:1x600x4", "--key", "randn:1x600x4", "-f", "csv"]  # a million lines


class OutputTest(ToolTest):
    def left_in_folder(self):
        return sorted(os.listdir(self.folder))

    def on_terminal(self, *arguments, env=None):
        """What a run prints when standard output is a terminal."""
        master, slave = pty.openpty()
        process = subprocess.Popen([tool_path(), *arguments], stdout=slave, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                   env=clean_environment(TERM="xterm-256color", **(env or {})), cwd=self.folder)
        os.close(slave)
        content = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the last writer has closed the terminal
                break
            if not piece:
                break
            content += piece
        os.close(master)
        self.assertEqual(process.communicate()[1], b"")
        self.assertEqual(process.returncode, 0)
        return content.decode().replace("\r\n", "\n")

    def test_a_terminal_changes_nothing_but_colour(self):
        for name in ("text", "csv", "json", "markdown", "latex"):
            piped, shown = self.succeed("mha", "-f", name), self.on_terminal("mha", "-f", name)
            self.assertEqual(COLOUR.sub("", shown), piped, name)
            self.assertEqual(bool(COLOUR.search(shown)), name == "text", name)

    def test_no_color_and_color_never_leave_a_terminal_plain(self):
        plain = self.succeed("mha")
        self.assertEqual(self.on_terminal("mha", env={"NO_COLOR": "1"}), plain)
        self.assertEqual(self.on_terminal("mha", "--color", "never"), plain)
        self.assertNotEqual(self.on_terminal("mha", env={"NO_COLOR": ""}), plain, "an empty NO_COLOR does not count")

    def test_color_always_beats_no_color_and_pipes(self):
        coloured = self.succeed("mha", "--color", "always", env={"NO_COLOR": "1"})
        self.assertRegex(coloured, COLOUR)
        self.assertEqual(COLOUR.sub("", coloured), self.succeed("mha"))

    def test_files_are_plain_unless_colour_is_asked_for(self):
        self.on_terminal("mha", "-o", "a.txt")
        self.assertNotRegex((self.folder / "a.txt").read_text(), COLOUR)

    def test_a_reader_that_leaves_ends_the_run_quietly(self):
        process = subprocess.Popen([tool_path(), *BIG], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment())
        self.assertEqual(process.stdout.readline(), b"step,batch,head,row,col,value\n")
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertEqual(process.wait(), -signal.SIGPIPE)

    def test_with_sigpipe_ignored_a_lost_reader_is_a_system_error(self):
        reader, writer = os.pipe()
        os.close(reader)
        run = self.run_tool("dot", stdout=writer, restore_signals=False,
                            preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))
        os.close(writer)
        self.check_refusal(run, SYSTEM, "dot | (nobody)", output="lost")

    def test_a_full_disk_is_a_system_error(self):
        for arguments in ([], ["--help"], ["--list-steps"], ["--cell", "weights[0,0,0,0]"], ["-f", "npz"], BIG[1:]):
            with open("/dev/full", "wb") as full:
                self.refuse(SYSTEM, "dot", *arguments, stdout=full, mentions="No space left", output="lost")
        for first in ("--help", "--version"):
            with open("/dev/full", "wb") as full:
                self.refuse(SYSTEM, first, stdout=full, output="lost")
        self.refuse(SYSTEM, "dot", "-f", "csv", "-o", "/dev/full", mentions="/dev/full")

    def test_a_closed_standard_output_is_a_system_error(self):
        for command in SUBCOMMANDS:
            self.refuse(SYSTEM, command, preexec_fn=lambda: os.close(1), mentions="stdout", output="lost")
        self.refuse(SYSTEM, "--help", preexec_fn=lambda: os.close(1), output="lost")
        self.refuse(SYSTEM, "dot", "-o", "-", preexec_fn=lambda: os.close(1), output="lost")

    def test_a_closed_standard_output_does_not_matter_for_a_file(self):
        self.succeed("dot", "-o", "a.csv", preexec_fn=lambda: os.close(1))
        self.assertEqual((self.folder / "a.csv").read_text(), self.succeed("dot", "-f", "csv"))

    def test_a_standard_output_open_for_reading_is_a_system_error(self):
        with open("/dev/null", "rb") as null:
            self.refuse(SYSTEM, "dot", stdout=null, output="lost")

    def test_closed_standard_error_does_not_put_messages_into_results(self):
        run = self.run_tool("dot", "-o", "a.csv", "--scale", "x", preexec_fn=lambda: os.close(2))
        self.assertEqual(run.returncode, USAGE)
        self.assertEqual(self.left_in_folder(), [])

    def test_an_existing_file_is_kept_without_force(self):
        for name in FORMATS:
            (self.folder / "a.out").write_bytes(b"mine")
            self.refuse(USAGE, "dot", "-f", name, "--steps", "output", "-o", "a.out", mentions=("a.out", "--force"))
            self.assertEqual((self.folder / "a.out").read_bytes(), b"mine")
            self.assertEqual(self.left_in_folder(), ["a.out"])

    def test_force_replaces_the_file_in_one_move(self):
        path = self.folder / "a.csv"
        path.write_text("mine")
        with open(path) as before:
            self.succeed("dot", "-o", "a.csv", "--force")
            self.assertEqual(before.read(), "mine", "who had the old file open still reads the old file")
        self.assertEqual(path.read_text(), self.succeed("dot", "-f", "csv"))
        self.assertEqual(self.left_in_folder(), ["a.csv"])

    def test_a_refused_run_leaves_the_file_as_it_was(self):
        (self.folder / "a.csv").write_text("mine")
        for wrong in (["--steps", "nope"], ["--query", "ones:1x1x3"], ["--max-memory", "9"], ["--query", "missing.npy"]):
            self.assertNotEqual(self.run_tool("dot", "-o", "a.csv", "--force", *wrong).returncode, 0)
            self.assertEqual((self.folder / "a.csv").read_text(), "mine")
            self.assertEqual(self.left_in_folder(), ["a.csv"])

    def test_a_link_is_followed_and_stays_a_link(self):
        (self.folder / "target.csv").write_text("mine")
        (self.folder / "link.csv").symlink_to("target.csv")
        self.succeed("dot", "-o", "link.csv", "--force")
        self.assertTrue((self.folder / "link.csv").is_symlink())
        self.assertTrue((self.folder / "target.csv").read_text().startswith("step,"))

    def test_folders_that_refuse(self):
        (self.folder / "sub").mkdir()
        self.refuse(SYSTEM, "dot", "-o", "sub", mentions="sub")
        self.refuse(SYSTEM, "dot", "-f", "csv", "-o", "nowhere/a.csv", mentions="nowhere/a.csv")
        self.refuse(SYSTEM, "dot", "-f", "csv", "-o", "x" * 300 + ".csv")
        self.refuse(SYSTEM, "dot", "-f", "csv", "-o", "/proc/a.csv", mentions="/proc/a.csv")  # nobody may write there, not even root

    def test_a_read_only_folder_is_a_system_error(self):
        (self.folder / "sub").mkdir(mode=0o500)
        options = {}
        if os.geteuid() == 0:  # root may write everywhere: be nobody
            os.chmod(self.folder, 0o755)
            os.chown(self.folder / "sub", 65534, 65534)
            options["user"] = 65534
            try:
                self.succeed("--version", **options)
            except (PermissionError, AssertionError):
                self.skipTest("nobody may not run the tool, and root may write into every folder")
        self.refuse(SYSTEM, "dot", "-o", "sub/a.csv", mentions="sub/a.csv", **options)
        self.assertEqual(os.listdir(self.folder / "sub"), [])

    def test_an_empty_output_path_is_a_usage_error(self):
        self.refuse(USAGE, "dot", "-o", "", mentions="--output")

    def test_an_interrupted_run_leaves_nothing_behind_and_ends_by_the_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = subprocess.Popen([tool_path(), "dot", "--query", "randn:1x1500x4", "--key", "randn:1x1500x4", "-o", "a.csv"],
                                       cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment())
            while process.poll() is None and not self.left_in_folder():
                time.sleep(0.001)
            process.send_signal(number)
            errors = process.communicate()[1]
            self.assertEqual(process.returncode, -number)
            self.assertEqual(errors, b"")
            self.assertEqual(self.left_in_folder(), [])

    def test_devices_and_descriptors_are_written_directly(self):
        text = self.succeed("dot", "-f", "csv")
        self.assertEqual(self.succeed("dot", "-f", "csv", "-o", "/dev/stdout"), text)
        self.succeed("dot", "-f", "csv", "-o", "/dev/null")

    def test_the_parts_of_a_pipeline_fit(self):
        with open(self.folder / "out.csv", "wb") as out:
            first = subprocess.Popen([tool_path(), "dot", "-f", "npz"], stdout=subprocess.PIPE, env=clean_environment())
            second = subprocess.run([tool_path(), "sdpa", "--query", "-:q", "--key", "ones:2x1x5x4", "--value", "ones:2x1x5x4",
                                     "-f", "csv"], stdin=first.stdout, stdout=out, stderr=subprocess.PIPE, env=clean_environment())
            first.stdout.close()
        self.assertEqual((first.wait(), second.returncode, second.stderr), (0, 0, b""))

    def test_version_names_tool_and_number(self):
        self.assertRegex(self.succeed("--version"), rf"\A{NAME} \d+\.\d+\.\d+\n\Z")


if __name__ == "__main__":
    unittest.main()
