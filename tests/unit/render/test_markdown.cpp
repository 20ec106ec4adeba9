#include <attn/render/markdown.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::render;

TEST_CASE("a document becomes headings, formulas and a table for every matrix") {
  Tensor<double> scores = empty<double>({2, 1, 2});
  for (std::size_t i = 0; i < 4; ++i) scores.data()[i] = 0.25 * static_cast<double>(i + 1);
  Document document;
  document.title = "Attention";
  document.introduction = {"Three moves."};
  Section section;
  section.number = 1;
  section.name = "scores_raw";
  section.symbol = "S";
  section.latex = "Q K^{\\top}";
  section.meaning = "dot products";
  section.panel = Panel{scores, {"B", "Lq", "Lk"}};
  section.panel->column_labels = {"a|b", "c"};
  section.checks = {{"fine", true}};
  document.sections = {section};
  StringOutput output;
  write_markdown(output, document, {2});
  CHECK(output.text() ==
        "# Attention\n\nThree moves.\n\n"
        "## 1. `scores_raw`\n\n"
        "$S = Q K^{\\top}$ — (B, Lq, Lk) = (2, 1, 2)\n\n"
        "dot products\n\n"
        "**batch 0**\n\n"
        "| | Lk 0 a\\|b | Lk 1 c |\n|:---|---:|---:|\n| Lq 0 | 0.25 | 0.50 |\n\n"
        "**batch 1**\n\n"
        "| | Lk 0 a\\|b | Lk 1 c |\n|:---|---:|---:|\n| Lq 0 | 0.75 | 1.00 |\n\n"
        "- ✓ fine\n\n");
}

TEST_CASE("a large matrix is shown in part") {
  const Tensor<double> tensor = filled<double>({50, 2}, 0.5);
  Document document;
  Section section;
  section.name = "x";
  section.panel = Panel{tensor, {"Lq", "E"}};
  document.sections = {section};
  MarkdownStyle style;
  style.extent.rows = 2;
  StringOutput output;
  write_markdown(output, document, style);
  CHECK(output.text().find("| ⋮ | ⋮ | ⋮ |\n| Lq 49 | 0.5000 | 0.5000 |") != std::string::npos);
  CHECK(output.text().find("*shown in part: 2 of 50 rows*") != std::string::npos);
}
