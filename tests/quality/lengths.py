"""Files and functions that have grown long. A list to read; only a file above the hard limit fails."""

import re

import tree

FILE_LINES = 350
FUNCTION_LINES = 60
HARD_FILE_LINES = 400

# Files above the hard limit, and why they are still one file.
EXCEPTIONS = {}

# What an opening brace of a function follows: a parameter list, perhaps with qualifiers, a trailing return
# type, or member initialisers.
HEAD_OF_FUNCTION = re.compile(
    r"\)\s*(const|noexcept|override|final|&&?|\s)*(->\s*[\w:<>,&*\s]+)?(:\s*[\w:]+\s*[({].*)?$", re.DOTALL)


def functions(code):
    """(first line, number of lines) of every outermost function body in code without comments and
    strings: a brace that follows a parameter list, in namespaces and classes only."""
    depth_inside = 0  # braces open since the function began; 0 outside of functions
    head_start = 0    # where the current declaration begins
    begin = 0
    for match in re.finditer(r"[{};]", code):
        position, character = match.start(), match.group()
        if depth_inside:
            depth_inside += {"{": 1, "}": -1, ";": 0}[character]
            a_member_initialiser = depth_inside == 0 and re.match(r"\s*[,{]", code[position + 1:])
            if depth_inside == 0 and not a_member_initialiser:
                first = code.count("\n", 0, begin) + 1
                yield first, code.count("\n", begin, position) + 1
                head_start = position + 1
        elif character == "{" and HEAD_OF_FUNCTION.search(code[head_start:position]):
            head = code[head_start:position]
            begin = head_start + len(head) - len(head.lstrip())
            depth_inside = 1
        elif character != "{" or not code[head_start:position].rstrip().endswith(("=", ",", "(", "return")):
            head_start = position + 1


def main():
    root = tree.root()
    too_long = []
    paths = [p for folder in ("lib", "tools", "tests") for p in tree.files_under(root / folder, ".hpp", ".cpp")]
    for file in paths:
        path = file.relative_to(root).as_posix()
        text = file.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > HARD_FILE_LINES and path not in EXCEPTIONS:
            too_long.append(f"{path}:1: {lines} lines, more than {HARD_FILE_LINES}")
        elif lines > FILE_LINES:
            print(f"note: {path}:1: {lines} lines, more than {FILE_LINES}")
        for first, length in functions(tree.without_comments_and_strings(text)):
            if length > FUNCTION_LINES:
                print(f"note: {path}:{first}: a function of {length} lines, more than {FUNCTION_LINES}")
    tree.finish(too_long, len(paths))


main()
