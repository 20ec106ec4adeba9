#include <attn/shapes/python_lines.hpp>

#include <doctest/doctest.h>

using namespace attn::shapes::python;

TEST_CASE("brackets continue a line, a semicolon ends a statement, and a comment stands apart") {
  const auto lines = logical_lines("a = f(1,\n      2)  # two\nb = 3; c = '#;'\n\n# alone\n");
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].code == "a = f(1,       2)  ");
  CHECK(lines[0].comment == " two");
  CHECK(lines[1].code == "b = 3");
  CHECK(lines[1].number == 3);
  CHECK(lines[2].code == " c = '#;'");
  CHECK(lines[3].comment == " alone");
}

TEST_CASE("a text of three quotation marks goes on over lines; one of a single mark ends with its line") {
  const auto lines = logical_lines("def f():\n  \"\"\"Doc (\n  # not a comment; it's text\n  \"\"\"\n  a = 1\nb = 'open\nc = 2");
  REQUIRE(lines.size() == 5);
  CHECK(lines[1].code == "  \"\"\"Doc (\n  # not a comment; it's text\n  \"\"\"");
  CHECK(lines[2].code == "  a = 1");
  CHECK(lines[2].number == 5);
  CHECK(lines[3].code == "b = 'open");
  CHECK(lines[4].code == "c = 2");
}

TEST_CASE("two operands side by side begin a statement") {
  CHECK(with_line_breaks("a = 4 b = f(2) c = 'x' d = [1] e") == "a = 4 \nb = f(2) \nc = 'x' \nd = [1] \ne");
  CHECK(with_line_breaks("def f(self, x): return x y = 1") == "def f(self, x): \nreturn x \ny = 1");
}

TEST_CASE("words that join operands, begin statements or stand in brackets break nothing") {
  for (const char* whole : {"a = x if c is not None else y", "import torch.nn as nn", "z = [f(i) for i in range(3)]", "assert a and not b",
                            "return x", "y = m(a, b=2)", ""}) {
    CAPTURE(whole);
    CHECK(with_line_breaks(whole) == whole);
  }
}

TEST_CASE("a comment ends where its second word begins, so that what follows it is read") {
  CHECK(with_line_breaks("x = 1 # 定义 d_k = 2") == "x = 1 # 定义 \nd_k = 2");
  CHECK(with_line_breaks("print(y.shape) # (5, 3, 8) z = 1") == "print(y.shape) # (5, 3, 8) \nz = 1");
}

TEST_CASE("code between fences is what a page says; the word behind a fence is its language") {
  CHECK(fenced_code("x = 1\n") == "x = 1\n");
  CHECK(fenced_code("") == "");
  CHECK(fenced_code("Text.\n```python\nx = 1\n```\nMore of it: ``` y = 2``` end") == "\nx = 1\n\n y = 2\n");
  CHECK(fenced_code("```python x = 1") == " x = 1\n");  // the page was cut
  CHECK(fenced_code("```") == "\n");
}
