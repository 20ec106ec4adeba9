#include <attn/render/text.hpp>

#include <attn/render/display_width.hpp>

#include <doctest/doctest.h>

#include <sstream>

using namespace attn;
using namespace attn::render;

namespace {

std::string text_of(const Document& document, const TextStyle& style = {}) {
  StringOutput output;
  write_text(output, document, style);
  return output.text();
}

}  // namespace

TEST_CASE("a section shows heading, meaning, shapes, notes, numbers and checks, in this order") {
  const Tensor<double> weights = filled<double>({1, 2}, 0.5);
  Section section;
  section.number = 3;
  section.name = "weights";
  section.symbol = "A";
  section.formula = "softmax(S)";
  section.meaning = "how much each query takes";
  section.instance = "(1, 2) → (1, 2)";
  section.panel = Panel{weights, {"Lq", "Lk"}};
  section.notes = {"Every row sums to one."};
  section.checks = {{"rows sum to one", true}, {"shape kept", false}};
  StringOutput output;
  write_text(output, section, 8);
  CHECK(output.text() ==
        "[3/8] weights   A = softmax(S)   (Lq, Lk) = (1, 2)\n"
        "      how much each query takes\n"
        "      (1, 2) → (1, 2)\n"
        "\n"
        "      Every row sums to one.\n"
        "\n"
        "               Lk 0    Lk 1\n"
        "      Lq 0 [ 0.5000  0.5000 ]\n"
        "\n"
        "      ✓ rows sum to one\n"
        "      ✗ shape kept\n"
        "\n");
}

TEST_CASE("a stand-in replaces the numbers") {
  const Tensor<double> tensor = filled<double>({1, 2}, 0.5);
  Section section;
  section.name = "scores_scaled";
  section.panel = Panel{tensor, {"Lq", "Lk"}};
  section.stand_in = "equal to scores_raw, element for element";
  StringOutput output;
  write_text(output, section, 0);
  CHECK(output.text() ==
        "scores_scaled   (Lq, Lk) = (1, 2)\n"
        "\n"
        "      = equal to scores_raw, element for element\n"
        "\n");
}

TEST_CASE("a formula in words that holds an equals sign follows a colon") {
  Section section;
  section.name = "mask";
  section.symbol = "M";
  section.formula = "0 = may attend";
  StringOutput output;
  write_text(output, section, 0);
  CHECK(output.text() == "mask   M: 0 = may attend\n\n");
}

TEST_CASE("steps are counted by the sections unless the document says how many there are") {
  Document document;
  document.sections.resize(1);
  document.sections[0].number = 1;
  document.sections[0].name = "x";
  CHECK(text_of(document) == "[1/1] x\n\n");
  document.section_count = 8;
  CHECK(text_of(document) == "[1/8] x\n\n");
}

TEST_CASE("a heading too long for the page continues on the next line") {
  const Tensor<double> tensor = filled<double>({1, 2}, 0.5);
  Section section;
  section.name = "decoder.1.cross.weights";
  section.symbol = "A";
  section.formula = "softmax(S)";
  section.panel = Panel{tensor, {"Lq", "Lk"}};
  section.stand_in = "as before";
  TextStyle style;
  style.width = 45;
  StringOutput output;
  write_text(output, section, 0, style);
  CHECK(output.text() ==
        "decoder.1.cross.weights   A = softmax(S)\n"
        "      (Lq, Lk) = (1, 2)\n"
        "\n"
        "      = as before\n"
        "\n");
}

TEST_CASE("notes in two languages are wrapped to the page") {
  Document document;
  document.title = "注意力";
  document.introduction = {std::string(300, 'x') + " and some more words"};
  Section section;
  section.name = "x";
  for (int i = 0; i < 20; ++i) section.meaning += "every row sums to one, 每行之和为一，";
  section.notes = {section.meaning};
  section.checks = {{section.meaning, true}};
  document.sections = {section};
  for (const std::size_t width : {std::size_t{40}, std::size_t{100}}) {
    TextStyle style;
    style.width = width;
    std::istringstream lines(text_of(document, style));
    for (std::string line; std::getline(lines, line);) CHECK(display_width(line) <= width);
  }
}
