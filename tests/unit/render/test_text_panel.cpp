#include <attn/render/text_panel.hpp>

#include <attn/render/display_width.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <sstream>

using namespace attn;
using namespace attn::render;

namespace {

std::string text_of(const Panel& panel, const TextStyle& style = {}) {
  StringOutput output;
  Buffer buffer(output);
  write_text_panel(buffer, panel, style, 2);
  buffer.flush();
  return output.text();
}

/// Halves: 0, 0.5, 1, 1.5, …
Tensor<double> halves(const Shape& shape) {
  Tensor<double> tensor = empty<double>(shape);
  double next = 0;
  for (double& element : tensor.storage()) element = 0.5 * next++;
  return tensor;
}

std::string without_escapes(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      while (text[i] != 'm') ++i;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

TEST_CASE("a matrix stands between brackets, its rows and columns named") {
  const Tensor<double> tensor = halves({2, 3});
  CHECK(text_of({tensor, {"Lq", "Lk"}}, {100, 2}) ==
        "         Lk 0  Lk 1  Lk 2\n"
        "  Lq 0 ⎡ 0     0.50  1.00 ⎤\n"
        "  Lq 1 ⎣ 1.50  2.00  2.50 ⎦\n"
        "\n");
}

TEST_CASE("heads stand side by side, batches below each other") {
  const Tensor<double> tensor = halves({2, 2, 1, 2});
  CHECK(text_of({tensor, {"B", "H", "Lq", "Lk"}}, {100, 1}) ==
        "         batch 0, head 0          batch 0, head 1\n"
        "         Lk 0  Lk 1               Lk 0  Lk 1\n"
        "  Lq 0 [  0     0.5 ]      Lq 0 [  1.0   1.5 ]\n"
        "\n"
        "         batch 1, head 0          batch 1, head 1\n"
        "         Lk 0  Lk 1               Lk 0  Lk 1\n"
        "  Lq 0 [  2.0   2.5 ]      Lq 0 [  3.0   3.5 ]\n"
        "\n");
}

TEST_CASE("tokens stand beside rows and above columns, long ones cut") {
  const Tensor<double> tensor = halves({2, 2});
  Panel panel{tensor, {"Lq", "Lk"}};
  panel.row_labels = {"注意", "incomprehensible"};
  panel.column_labels = {"a", "注意"};
  CHECK(text_of(panel, {100, 1}) ==
        "                      Lk 0  Lk 1\n"
        "                         a  注意\n"
        "  Lq 0 注意         ⎡  0     0.5 ⎤\n"
        "  Lq 1 incomprehen… ⎣  1.0   1.5 ⎦\n"
        "\n");
}

TEST_CASE("a vector is one row without a name, a scalar one number") {
  const Tensor<double> vector = halves({2});
  CHECK(text_of({vector, {"E"}}, {100, 1}) == "    E 0  E 1\n  [ 0    0.5 ]\n\n");
  const Tensor<double> scalar = filled<double>({}, 2.5);
  CHECK(text_of({scalar, {}}, {100, 1}) == "  [ 2.5 ]\n\n");
}

TEST_CASE("rows and columns beyond the limits leave a gap in the middle, and the page says so") {
  const Tensor<double> tensor = halves({5, 5});
  TextStyle style{100, 1};
  style.extent.rows = 2;
  style.extent.columns = 3;
  CHECK(text_of({tensor, {"Lq", "Lk"}}, style) ==
        "         Lk 0  Lk 1     Lk 4\n"
        "  Lq 0 ⎡  0     0.5  …   2.0 ⎤\n"
        "       ⎢  ⋮     ⋮        ⋮   ⎥\n"
        "  Lq 4 ⎣ 10.0  10.5  …  12.0 ⎦\n"
        "\n"
        "  (shown in part: 2 of 5 rows, 3 of 5 columns)\n"
        "\n");
}

TEST_CASE("with everything shown, columns that do not fit follow in blocks") {
  const Tensor<double> tensor = halves({1, 4});
  TextStyle style{24, 1};
  style.extent.all = true;
  CHECK(text_of({tensor, {"Lq", "Lk"}}, style) ==
        "         Lk 0  Lk 1\n"
        "  Lq 0 [  0     0.5 ]\n"
        "\n"
        "         Lk 2  Lk 3\n"
        "  Lq 0 [  1.0   1.5 ]\n"
        "\n");
}

TEST_CASE("no line is wider than the page, with and without colour, and colour changes no character") {
  for (const Shape& shape :
       {Shape{2, 8, 40, 70}, Shape{2, 3, 5}, Shape{200}, Shape{3, 1}, Shape{1, 2, 3, 4}}) {
    const Tensor<double> tensor = halves(shape);
    for (const bool all : {false, true}) {
      Panel panel{tensor, {"B", "H", "Lq", "Lk"}};
      panel.shading = Shading::diverging;
      TextStyle style;
      style.extent.all = all;
      const std::string plain = text_of(panel, style);
      std::istringstream lines(plain);
      for (std::string line; std::getline(lines, line);) {
        CHECK(display_width(line) <= style.width);
        CHECK((line.empty() || line.back() != ' '));
      }
      style.color = true;
      CHECK(without_escapes(text_of(panel, style)) == plain);
    }
  }
}

TEST_CASE("weights are shaded, forbidden scores are dimmed, NaN is red") {
  Tensor<double> tensor = empty<double>({1, 3});
  tensor.data()[0] = 1;
  tensor.data()[1] = -std::numeric_limits<double>::infinity();
  tensor.data()[2] = std::nan("");
  Panel panel{tensor, {"Lq", "Lk"}};
  panel.shading = Shading::unit;
  TextStyle style;
  style.color = true;
  const std::string text = text_of(panel, style);
  CHECK(text.find("\x1b[48;5;19;38;5;231m    1 \x1b[0m") != std::string::npos);
  CHECK(text.find("\x1b[38;5;244m -inf \x1b[0m") != std::string::npos);
  CHECK(text.find("\x1b[38;5;160m  nan \x1b[0m") != std::string::npos);
}

TEST_CASE("a worksheet has blanks of one width, whatever the numbers") {
  const Tensor<double> small = filled<double>({1, 2}, 0.5), large = filled<double>({1, 2}, -12345.678);
  Panel first{small, {"Lq", "Lk"}}, second{large, {"Lq", "Lk"}};
  first.blank = second.blank = true;
  CHECK(text_of(first) == text_of(second));
  CHECK(text_of(first) == "           Lk 0    Lk 1\n  Lq 0 [ ______  ______ ]\n\n");
}

TEST_CASE("a tensor without elements says so") {
  const Tensor<double> nothing = empty<double>({2, 0});
  CHECK(text_of({nothing, {"Lq", "Lk"}}) == "  (no elements: an axis has size 0)\n\n");
}
