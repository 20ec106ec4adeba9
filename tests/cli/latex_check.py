"""LaTeX that is well formed, as far as that can be said without TeX."""
import re


def check(test, text, which):
    """Fails `test` unless braces, environments and mathematics are closed, special characters are escaped, and
    the rows of a table have as many cells as it has columns."""
    bare = re.sub(r"\\[\\{}&%$#_]|\\textbackslash\{\}|\\textasciitilde\{\}|\\textasciicircum\{\}", "", text)
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        test.assertGreaterEqual(depth, 0, which)
    test.assertEqual(depth, 0, which)
    opened = re.findall(r"\\begin\{(\w+\*?)\}", text)
    test.assertEqual(sorted(opened), sorted(re.findall(r"\\end\{(\w+\*?)\}", text)), which)
    test.assertEqual(bare.count("$") % 2, 0, which)
    outside = re.sub(r"\$[^$]*\$|\\\[.*?\\\]", "", bare, flags=re.DOTALL)  # not mathematics
    test.assertNotRegex(outside, r"[%#_^~]", which)
    for columns, body in re.findall(r"\\begin\{tabular\}\{([^}]*)\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        expected = len(re.sub(r"[^lrcp]", "", columns))
        for line in body.split("\n"):
            if line.rstrip().endswith(r"\\"):
                test.assertEqual(len(re.findall(r"(?<!\\)&", line)) + 1, expected, line)
