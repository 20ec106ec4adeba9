#include <attn/render/table.hpp>

#include <attn/render/display_width.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <limits>

using namespace attn::render;

namespace {

Table example() {
  Table table;
  table.columns = {
      {"step", Alignment::left}, {"elements", Alignment::right}, {"share", Alignment::right, "", {2}}};
  table.rows = {{std::string("weights"), std::int64_t{30}, 1.0 / 3.0}, {std::string("头"), std::int64_t{5}}};
  return table;
}

}  // namespace

TEST_CASE("text is aligned by display width, and an empty cell is blank") {
  CHECK(table_text(example()) ==
        "step     elements  share\n"
        "───────  ────────  ─────\n"
        "weights        30   0.33\n"
        "头              5\n");
}

TEST_CASE("a table wider than the page wraps its widest column of words") {
  Table table;
  table.columns = {{"step"}, {"meaning"}};
  table.rows = {{std::string("weights"), std::string("how much each query takes from each key")}};
  CHECK(table_text(table, 30) ==
        "step     meaning\n"
        "───────  ─────────────────────\n"
        "weights  how much each query\n"
        "         takes from each key\n");
}

TEST_CASE("words are not broken to make a table narrower, unless they are wider than half the page") {
  Table table;
  table.columns = {{"term"}, {"of"}};
  table.rows = {{std::string("weights[0,0,1,2] · v"), std::string("a b c d e f g h i j")}};
  CHECK(table_text(table, 32) ==
        "term              of\n"
        "────────────────  ──────────────\n"
        "weights[0,0,1,2]  a b c d e f g\n"
        "· v               h i j\n");
  table.rows = {{std::string(40, 'x'), std::string("y")}};
  CHECK(table_text(table, 20).find(std::string(10, 'x') + "  y\n") != std::string::npos);
}

TEST_CASE("CSV and JSON keep all digits, whatever people are shown") {
  CHECK(table_csv(example()) == "step,elements,share\nweights,30,0.3333333333333333\n头,5,\n");
  const auto parsed = nlohmann::json::parse(table_json(example()));
  CHECK(parsed[0]["share"].get<double>() == 1.0 / 3.0);
  CHECK(parsed[0]["elements"] == 30);
  CHECK(parsed[1]["share"].is_null());
}

TEST_CASE("JSON has true and false, and names for what is not finite") {
  Table table;
  table.columns = {{"Passed?", Alignment::left, "passed"}, {"x"}};
  table.rows = {{true, std::numeric_limits<double>::infinity()}};
  CHECK(nlohmann::json::parse(table_json(table)) ==
        nlohmann::json::parse(R"([{"passed": true, "x": "Infinity"}])"));
  table.rows.clear();
  CHECK(table_json(table) == "[]\n");
}

TEST_CASE("Markdown and LaTeX escape what would end a cell") {
  Table table;
  table.columns = {{"a|b"}, {"n", Alignment::right}};
  table.rows = {{std::string("x & y_1 | z"), std::int64_t{2}}};
  CHECK(table_markdown(table) == "| a\\|b | n |\n| :--- | ---: |\n| x & y\\_1 \\| z | 2 |\n");
  CHECK(table_latex(table) ==
        "\\begin{tabular}{lr}\n\\hline\na$|$b & n \\\\\n\\hline\nx \\& y\\_1 $|$ z & 2 "
        "\\\\\n\\hline\n\\end{tabular}\n");
}

TEST_CASE("a formula is mathematics in LaTeX and Markdown, and text elsewhere") {
  Table table;
  table.columns = {{"operations", Alignment::left, "operations"}};
  table.rows = {{Formula{"n²·d", "n^{2} d"}}};
  CHECK(table_latex(table) ==
        "\\begin{tabular}{l}\n\\hline\noperations \\\\\n\\hline\n$n^{2} d$ \\\\\n\\hline\n\\end{tabular}\n");
  CHECK(table_markdown(table) == "| operations |\n| :--- |\n| $n^{2} d$ |\n");
  CHECK(table_csv(table) == "operations\nn²·d\n");
  CHECK(table_json(table) == "[\n  {\"operations\": \"n²·d\"}\n]\n");
  CHECK(table_text(table) == "operations\n──────────\nn²·d\n");
}

TEST_CASE("the width of a table is known before it is printed") {
  Table table;
  table.columns = {{"step"}, {"what it is"}, {"ours", Alignment::right}};
  table.rows = {{"scores_raw", "every query against every key", 0.5}};
  // 10 + 2 + 29 + 2 + 4; on 30 columns the words wrap: 10 + 2 + 12 + 2 + 4. A column of words keeps 8.
  CHECK(table_width(table, 100) == 47);
  CHECK(table_width(table, 30) == 30);
  CHECK(table_width(table, 20) == 10 + 2 + 8 + 2 + 4);
}
