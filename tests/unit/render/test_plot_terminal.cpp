// Expected drawings by hand from the Unicode chart of Braille patterns.
#include <attn/render/plot.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::render;

TEST_CASE("a rising line fills the diagonal of Braille dots") {
  Plot plot{"t", "x", "y"};
  plot.curves = {{"one", {0, 3}, {0, 3}}};
  // 4 × 4 dots: (0,3) (1,2) | (2,1) (3,0) are dots 7 and 6, then 2 and 4.
  const std::string drawing = terminal_curves(plot, 2, 1, false);
  CHECK(drawing.find("t\n⡠⠊\n") == 0);
  CHECK(drawing.find("x 0 … 3    y 0 … 3") != std::string::npos);
  CHECK(drawing.find("── one") != std::string::npos);
  CHECK(terminal_curves(plot, 2, 1, true).find("\x1b[") != std::string::npos);
  CHECK(terminal_curves({"t", "x", "y"}, 2, 1, false).empty());
}

TEST_CASE("a matrix is drawn from light to dark, averaged where it is too large") {
  const Tensor<double> matrix = {{0, 1, 2, 3, 4}};
  CHECK(terminal_heatmap(matrix, 10, 5, false).find(" ░▒▓█\n") == 0);
  const Tensor<double> wide = {{0, 0, 4, 4}};
  CHECK(terminal_heatmap(wide, 2, 5, false).find(" █\n") == 0);
  CHECK(terminal_heatmap(matrix, 10, 5, true).find("\x1b[") != std::string::npos);
}
