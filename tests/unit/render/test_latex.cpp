#include <attn/render/latex.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;
using namespace attn::render;

namespace {

std::string latex_of(const Panel& panel, const LatexStyle& style) {
  Document document;
  Section section;
  section.name = "scores_raw";
  section.symbol = "S";
  section.latex = "Q K^{\\top}";
  section.panel = panel;
  document.sections = {section};
  StringOutput output;
  write_latex(output, document, style);
  return output.text();
}

std::size_t occurrences(const std::string& text, const std::string& wanted) {
  std::size_t count = 0;
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a matrix is a bmatrix under its formula") {
  Tensor<double> tensor = filled<double>({1, 2}, 0.5);
  tensor.data()[1] = -std::numeric_limits<double>::infinity();
  CHECK(latex_of({tensor, {"Lq", "Lk"}}, {2}) ==
        "% needs \\usepackage{amsmath}\n"
        "\\section*{\\texttt{scores\\_raw}}\n\n"
        "\\begin{equation*}\nS = Q K^{\\top}\n\\end{equation*}\n\n"
        "(Lq, Lk) = (1, 2)\n\n"
        "\\[\n\\begin{bmatrix}\n0.50 & -\\infty\n\\end{bmatrix}\n\\]\n");
}

TEST_CASE("with labels the matrix is an array that needs nothing but amsmath") {
  const Tensor<double> tensor = filled<double>({2, 1}, 0.5);
  Panel panel{tensor, {"Lq", "Lk"}};
  panel.row_labels = {"a_b", "c"};
  LatexStyle style{1};
  style.labels = true;
  CHECK(latex_of(panel, style)
            .find("\\begin{array}{r|r}\n & \\text{Lk 0} \\\\\n\\hline\n"
                  "\\text{Lq 0 a\\_b} & 0.5 \\\\\n\\text{Lq 1 c} & 0.5\n\\end{array}") != std::string::npos);
}

TEST_CASE("a matrix too wide for the page is set smaller, then left out in part") {
  // 6 digits of 5 points and 10 around them: 40 a column, and 30 beside them. 345 points hold 7 columns; 8 need
  // 350, which \\small (0.9) makes 315; in \\scriptsize (0.7) there is room for 492, 11 columns and a gap at most.
  const auto written = [](std::size_t columns) {
    const Tensor<double> tensor = filled<double>({1, columns}, 0.1234);
    return latex_of({tensor, {"Lq", "Lk"}}, {4});
  };
  CHECK(written(7).find("\\small") == std::string::npos);
  CHECK(written(8).find("{\\small\n\\[\n") != std::string::npos);
  CHECK(written(11).find("{\\scriptsize\n") != std::string::npos);
  CHECK(written(11).find("\\cdots") == std::string::npos);
  CHECK(occurrences(written(40), "0.1234") == 10);
  CHECK(written(40).find("shown in part: 10 of 40 columns") != std::string::npos);
}

TEST_CASE("a piece of Chinese names the package and the engine it needs") {
  Document document;
  document.title = "注意力";
  StringOutput output;
  write_latex(output, document);
  CHECK(output.text().find("% needs \\usepackage{amsmath} and \\usepackage{ctex}, compiled with xelatex\n") == 0);
}

TEST_CASE("numbers with an exponent are written as powers of ten") {
  Tensor<double> tensor = filled<double>({1, 3}, 1.25e-8);
  tensor.data()[1] = -1e9;
  tensor.data()[2] = std::nan("");
  CHECK(latex_of({tensor, {"Lq", "Lk"}}, {2}).find("1.25 \\times 10^{-8} & -10^{9} & \\mathrm{nan}") !=
        std::string::npos);
}

TEST_CASE("more than ten columns raise amsmath's limit") {
  const Tensor<double> tensor = filled<double>({1, 11}, 0.5);
  CHECK(latex_of({tensor, {"Lq", "Lk"}}, {}).find("\\setcounter{MaxMatrixCols}{11}") != std::string::npos);
}

TEST_CASE("a standalone file opens and closes everything it begins") {
  const Tensor<double> tensor = filled<double>({2, 3, 4}, 0.5);
  LatexStyle style;
  style.standalone = true;
  const std::string text = latex_of({tensor, {"B", "Lq", "Lk"}}, style);
  CHECK(text.rfind("\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}", 0) == 0);
  for (const char* environment : {"document", "equation*", "bmatrix"}) {
    CHECK(occurrences(text, std::string("\\begin{") + environment + "}") ==
          occurrences(text, std::string("\\end{") + environment + "}"));
  }
  CHECK(occurrences(text, "\\[") == occurrences(text, "\\]"));
  CHECK(text.find("ctex") == std::string::npos);
}

TEST_CASE("Chinese text asks for a Chinese typesetting package") {
  Document document;
  document.title = "注意力";
  LatexStyle style;
  style.standalone = true;
  StringOutput output;
  write_latex(output, document, style);
  CHECK(output.text().find("\\usepackage{ctex}") != std::string::npos);
}
