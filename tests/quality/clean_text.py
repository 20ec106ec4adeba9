"""No path of one particular machine, and no reminder of work not done, anywhere in the repository."""

import re

import tree

# Folders that exist on one machine only. The look-behind leaves alone the middle of a longer path or URL.
MACHINE_PATH = re.compile(r"(?<![\w.$}\])*/-])/(?:home|root|Users|work|workspace|tmp/w|nix/store)/[\w.-]")
# Spelled with brackets so that this file does not find itself.
REMINDER = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X)\b")


def main():
    root = tree.root()
    findings = []
    checked = 0
    for file in tree.all_files(root):
        data = file.read_bytes()
        if b"\0" in data:
            continue  # not text
        checked += 1
        path = file.relative_to(root).as_posix()
        for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
            for pattern, problem in ((MACHINE_PATH, "names a path of one machine"), (REMINDER, "holds a reminder")):
                match = pattern.search(line)
                if match:
                    findings.append(f"{path}:{number}: {problem}: {match.group()}")
    tree.finish(findings, checked)


main()
