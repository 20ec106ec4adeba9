#include <attn/render/difference_map.hpp>
#include <attn/render/display_width.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <sstream>

using namespace attn;
using namespace attn::render;

namespace {

Tensor<double> zeros(const Shape& shape) { return filled<double>(shape, 0.0); }

DifferenceMap drawn(const Tensor<double>& tensor, const std::vector<std::string>& axes, const DifferenceStyle& style = {}) {
  return draw_differences(Panel{tensor, axes}, style);
}

}  // namespace

TEST_CASE("a mark says how far a cell is from the largest difference") {
  Tensor<double> cells = zeros({2, 4});
  cells(0, 1) = 0.25;  // a quarter of the largest
  cells(0, 2) = 0.5;
  cells(0, 3) = 0.75;
  cells(1, 0) = 1;
  cells(1, 1) = std::numeric_limits<double>::infinity();
  cells(1, 2) = std::numeric_limits<double>::quiet_NaN();
  const DifferenceMap map = drawn(cells, {"Lq", "Lk"});
  CHECK(map.text == "       Lk 0  3\n  Lq 0 · ░░▒▒▓▓\n  Lq 1 ██! _ ·\n\n");
  CHECK(map.largest == 1);
  CHECK(map.any_infinite);
  CHECK(map.any_empty);
  CHECK(map.rows_per_mark * map.columns_per_mark == 1);
}

TEST_CASE("cells that stand for blocks are labelled with the first cell of the block") {
  DifferenceStyle style;
  style.rows_per_cell = 10;
  style.columns_per_cell = 7;
  const DifferenceMap map = drawn(zeros({2, 4}), {"Lq", "Lk"}, style);
  CHECK(map.text == "        Lk 0  21\n   Lq 0 · · · ·\n  Lq 10 · · · ·\n\n");
  CHECK(map.rows_per_mark == 10);
  CHECK(map.columns_per_mark == 7);
}

TEST_CASE("matrices stand side by side under their captions, as far as the page is wide") {
  const DifferenceMap map = drawn(zeros({3, 2, 2}), {"B", "Lq", "Lk"}, DifferenceStyle{40});
  CHECK(map.text ==
        "       batch 0        batch 1\n"
        "       Lk 0           Lk 0\n"
        "  Lq 0 · ·       Lq 0 · ·\n"
        "  Lq 1 · ·       Lq 1 · ·\n"
        "\n"
        "       batch 2\n"
        "       Lk 0\n"
        "  Lq 0 · ·\n"
        "  Lq 1 · ·\n\n");
  CHECK(map.shown == 3);
}

TEST_CASE("Chinese captions are aligned by their width on the page") {
  DifferenceStyle style;
  style.words.batch = "批次";
  const DifferenceMap map = drawn(zeros({2, 1, 2}), {"B", "Lq", "Lk"}, style);
  CHECK(map.text ==
        "       批次 0        批次 1\n"
        "       Lk 0          Lk 0\n"
        "  Lq 0 · ·      Lq 0 · ·\n\n");
}

TEST_CASE("a large matrix is drawn in blocks, each as bad as its worst cell") {
  Tensor<double> cells = zeros({50, 70});
  cells(49, 69) = 3;
  DifferenceStyle style;
  style.rows = 10;     // 5 rows a mark
  style.columns = 32;  // 3 columns a mark: 24 marks
  const DifferenceMap map = drawn(cells, {"Lq", "Lk"}, style);
  CHECK(map.rows_per_mark == 5);
  CHECK(map.columns_per_mark == 3);
  std::istringstream lines(map.text);
  std::string line, last;
  int count = 0;
  while (std::getline(lines, line) && !line.empty()) {
    ++count;
    last = line;
  }
  CHECK(count == 11);
  CHECK(last.substr(0, 8) == "  Lq 45 ");
  CHECK(last.substr(last.size() - 6) == "██");
  CHECK(map.text.find("░") == std::string::npos);
}

TEST_CASE("of many matrices those with the most differing cells are drawn, in their order") {
  Tensor<double> cells = zeros({5, 1, 2});
  cells(3, 0, 0) = cells(3, 0, 1) = cells(1, 0, 0) = 1;
  DifferenceStyle style;
  style.matrices = 2;
  const DifferenceMap map = drawn(cells, {"B", "Lq", "Lk"}, style);
  CHECK(map.shown == 2);
  CHECK(map.total == 5);
  const std::size_t first = map.text.find("batch 1"), second = map.text.find("batch 3");
  CHECK(first < second);
  CHECK(second != std::string::npos);
  CHECK(map.text.find("batch 0") == std::string::npos);
}

TEST_CASE("of many matrices those without a difference are not drawn, of a few they are") {
  Tensor<double> cells = zeros({5, 1, 2});
  cells(3, 0, 0) = 1;
  DifferenceStyle style;
  style.matrices = 4;
  const DifferenceMap one = drawn(cells, {"B", "Lq", "Lk"}, style);
  CHECK(one.shown == 1);
  CHECK(one.text.find("batch 3") != std::string::npos);
  style.matrices = 5;
  CHECK(drawn(cells, {"B", "Lq", "Lk"}, style).shown == 5);
}

TEST_CASE("colour adds escapes around the same marks") {
  Tensor<double> cells = zeros({1, 2});
  cells(0, 0) = 1;
  DifferenceStyle style;
  style.color = true;
  const std::string text = drawn(cells, {"Lq", "Lk"}, style).text;
  CHECK(text.find("\x1b[48;5;") != std::string::npos);
  CHECK(text.find("██") != std::string::npos);
}

TEST_CASE("a vector has no row labels, and an empty tensor no picture") {
  CHECK(drawn(zeros({3}), {"E"}).text == "   E 0 2\n   · · ·\n\n");
  CHECK(drawn(zeros({0, 3}), {"Lq", "Lk"}).text.empty());
}
