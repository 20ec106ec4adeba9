"""What the checks of this folder share: the files of a tree, C++ without its comments, and the report.

Every check is a script `NAME.py [ROOT]` that prints one line per finding, path:line: what is wrong, and
exits 1 if there is any. ROOT is the repository unless the self-test gives a tree of its own."""

import os
import pathlib
import re
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def root():
    return pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY


def files_under(folder, *suffixes):
    """The files below a folder with one of these suffixes, sorted."""
    return sorted(p for p in folder.rglob("*") if p.suffix in suffixes and p.is_file())


def all_files(folder):
    """What belongs to the repository: everything but what git ignores, where there is a git to ask."""
    command = ["git", "-C", str(folder), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True) if (folder / ".git").exists() else None
    if listed is not None and listed.returncode == 0:
        paths = [folder / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    else:
        skipped = {".git", "build", "__pycache__"}
        paths = [p for p in folder.rglob("*") if not skipped.intersection(p.relative_to(folder).parts)]
    return sorted(p for p in paths if p.is_file())


_TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|R"(?P<mark>[^()\s\\]{0,16})\((?P<raw>.*?)\)(?P=mark)"'
    r'|"(?P<string>(?:\\.|[^"\\\n])*)"'
    r"|'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def without_comments(code):
    """The code with comments blanked out; lines and columns stay what they were."""
    def blank(match):
        text = match.group()
        return re.sub(r"[^\n]", " ", text) if match.group("comment") is not None else text

    return _TOKEN.sub(blank, code)


def without_comments_and_strings(code):
    """As above, with string and character literals blanked out too."""
    return _TOKEN.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), code)


def string_literals(code):
    """(line, text) of every string literal that is not in a comment."""
    for match in _TOKEN.finditer(code):
        text = match.group("string") if match.group("string") is not None else match.group("raw")
        if text is not None:
            yield code.count("\n", 0, match.start()) + 1, text


def finish(findings, checked):
    """Prints the findings and ends the process. Nothing checked is a failure too: a check that no longer
    finds its files must not pass."""
    for finding in findings:
        print(finding)
    if checked == 0:
        print(f"nothing to check under {root()}")
    print(f"{checked} checked, {len(findings)} findings")
    sys.exit(1 if findings or checked == 0 else 0)
