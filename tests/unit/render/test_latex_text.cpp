#include <attn/render/latex_text.hpp>

#include <doctest/doctest.h>

using namespace attn::render;

TEST_CASE("LaTeX text escapes the ten special characters and spells mathematical ones as commands") {
  CHECK(latex_text("50% & {x} $#_^~\\") ==
        "50\\% \\& \\{x\\} \\$\\#\\_\\textasciicircum{}\\textasciitilde{}\\textbackslash{}");
  CHECK(latex_text("Q·Kᵀ → √D") == "Q$\\cdot$K$^\\top$ $\\to$ $\\surd$D");
}

TEST_CASE("an equation gets its left side from the symbol, unless it says enough by itself") {
  CHECK(latex_equation("S", "Q K^{\\top}") == "S = Q K^{\\top}");
  CHECK(latex_equation("S″", "c \\tanh(S' / c)") == "S'' = c \\tanh(S' / c)");
  CHECK(latex_equation("Z", "Z = A V") == "Z = A V");
  CHECK(latex_equation("X", "X") == "X");
  CHECK(latex_equation("XW_q", "X W_q + b_q") == "X W_q + b_q");
  CHECK(latex_equation("S", "") == "");
}
