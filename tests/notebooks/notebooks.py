"""The notebooks of notebooks-cpp: made from their sources, one notebook in each language, and read back.

A source is a text with lines "@en", "@zh" and "@cpp", each before a piece of English, of Chinese, or of code that
both notebooks have. Run as a program it makes the notebooks again and stores what their cells print:

    python3 tests/notebooks/notebooks.py INCLUDE_FOLDER LIBRARY"""

import json
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "notebooks-cpp"
LANGUAGES = {"en": ".ipynb", "zh": ".zh.ipynb"}
KERNEL = {"display_name": "C++17", "language": "C++17", "name": "xcpp17"}
LANGUAGE_INFO = {"codemirror_mode": "text/x-c++src", "file_extension": ".cpp", "mimetype": "text/x-c++src", "name": "c++", "version": "17"}


def sources():
    return sorted((FOLDER / "sources").glob("*.txt"))


def pieces_of(source):
    """[(kind, text)] of a source."""
    pieces = []
    for line in source.read_text(encoding="utf-8").splitlines():
        if line in ("@en", "@zh", "@cpp"):
            pieces.append((line[1:], []))
        elif line.startswith("@") or not pieces:
            raise ValueError(f"{source.name}: expected @en, @zh or @cpp, found {line!r}")
        else:
            pieces[-1][1].append(line)
    return [(kind, "\n".join(lines).strip("\n")) for kind, lines in pieces]


def code_of(source):
    return [text for kind, text in pieces_of(source) if kind == "cpp"]


def as_lines(text):
    return text.splitlines(keepends=True)


def notebook_of(source, language, outputs):
    """The notebook as an object; outputs are those of its code cells, in order."""
    cells, printed = [], iter(outputs)
    for number, (kind, text) in enumerate(pieces_of(source)):
        common = {"id": f"cell-{number}", "metadata": {}, "source": as_lines(text)}
        if kind == "cpp":
            output = next(printed)
            stream = [{"name": "stdout", "output_type": "stream", "text": as_lines(output)}] if output else []
            cells.append({"cell_type": "code", "execution_count": None, **common, "outputs": stream})
        elif kind == language:
            cells.append({"cell_type": "markdown", **common})
    return {"cells": cells, "metadata": {"kernelspec": KERNEL, "language_info": LANGUAGE_INFO}, "nbformat": 4, "nbformat_minor": 5}


def text_of(notebook):
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def path_of(source, language):
    return FOLDER / (source.stem + LANGUAGES[language])


def outputs_of(notebook):
    """What is stored as printed by each code cell."""
    return ["".join("".join(output["text"]) for output in cell["outputs"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def defines_a_function(cell):
    return re.search(r"^[\w:<>&,* ]+ \w+\([^;]*\)( const)? \{$", cell, re.MULTILINE) is not None


def make_all(include_folder, library):
    from interpreter import run_cells

    for source in sources():
        outputs = run_cells(code_of(source), include_folder, library)
        for language in LANGUAGES:
            path_of(source, language).write_text(text_of(notebook_of(source, language, outputs)), encoding="utf-8")
        print(f"{source.stem}: {len(outputs)} cells")


if __name__ == "__main__":
    make_all(*sys.argv[1:3])
