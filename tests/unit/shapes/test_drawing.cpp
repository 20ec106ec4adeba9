#include <attn/shapes/drawing.hpp>

#include <doctest/doctest.h>

using namespace attn::shapes;

TEST_CASE("heads own neighbouring columns, and many heads are drawn with a gap") {
  CHECK(head_ranges(2, 3) == std::vector<std::string>{"0–2", "3–5"});
  CHECK(head_ranges(2, 1) == std::vector<std::string>{"0", "1"});
  CHECK(head_ranges(12, 64) == std::vector<std::string>{"0–63", "64–127", "128–191", "", "704–767"});
}

TEST_CASE("the drawing of two heads of width 2 over three positions") {
  const std::string drawn = split_drawing(2, 2, 3, {"row of", "cut", "turn", "merge", "head"});
  CHECK(drawn ==
        "┌─────────────────┐\n│    row of 4     │\n└─────────────────┘\n  ↓ cut\n"
        "┌────────┬────────┐\n│  0–1   │  2–3   │\n└────────┴────────┘\n  ↓ turn\n"
        "┌──────┐ ┌──────┐\n│head 0│ │head 1│\n│(3, 2)│ │(3, 2)│\n└──────┘ └──────┘\n  ↓ merge\n"
        "┌─────────────────┐\n│    row of 4     │\n└─────────────────┘\n");
}
