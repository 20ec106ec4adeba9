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
  CHECK(latex_equation("X_s", "X W_s") == "X_s = X W_s");
  CHECK(latex_equation("X + P", "X + P") == "X + P");
  CHECK(latex_equation("σ²", "\\tfrac1E") == "\\sigma^2 = \\tfrac1E");
  CHECK(latex_equation("Q∥", "X W_q") == "Q^{\\|} = X W_q");
  CHECK(latex_equation("S", "") == "");
}
