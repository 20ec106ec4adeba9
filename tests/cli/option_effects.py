"""Every option that a tool's help names does something: a table of runs, held against the help texts.

A row says how to see the option: (subcommand, option) -> (arguments, the option with its value). The same
run without and with the option must differ in what it prints, writes or exits with. An option of the help
without a row fails, and so does a row whose option is gone."""
import pathlib
import re
import subprocess
import tempfile

OPTION = re.compile(r"^  (?:-\w, )?(--[\w-]+)(?:, (--[\w-]+))?", re.MULTILINE)


def options_of(tool, subcommand, environment):
    """The long options of a subcommand's help, each once."""
    run = subprocess.run([tool, subcommand, "--help"], capture_output=True, text=True, env=environment, timeout=60)
    text = run.stdout.split("\nUsage:", 1)[1]
    return {name for match in OPTION.finditer(text) for name in match.groups() if name and name != "--help"}


def outcome(tool, arguments, environment, files):
    """Exit code, both streams, and every file that appeared."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (pathlib.Path(folder) / name).write_bytes(content)
        run = subprocess.run([tool, *map(str, arguments)], capture_output=True, cwd=folder, env=environment, timeout=120,
                             stdin=subprocess.DEVNULL)
        made = {p.name: p.read_bytes() for p in pathlib.Path(folder).iterdir()}
        return run.returncode, run.stdout, run.stderr, made


def check(test, tool, subcommands, rows, environment, files):
    """Fails `test` for an option without a row, a row without an option, and an option without an effect."""
    known = {(name, option) for name in subcommands for option in options_of(tool, name, environment)}
    test.assertEqual(known - set(rows), set(), "options of the help without a row")
    test.assertEqual(set(rows) - known, set(), "rows without an option in the help")
    for (subcommand, option), (base, words) in rows.items():
        with test.subTest(subcommand=subcommand, option=option):
            without = outcome(tool, [subcommand, *base], environment, files)
            with_it = outcome(tool, [subcommand, *base, option, *words], environment, files)
            test.assertFalse(without == with_it, "has no effect")
            test.assertNotEqual(with_it[0], 2, with_it[2].decode("utf-8", "replace"))  # accepted, not refused
