#include <attn/render/html_page.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::render;

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

PageEdition edition(const char* language, const char* title, const std::vector<PageBlock>& blocks) {
  PageEdition page;
  page.language = language;
  page.title = title;
  page.blocks = blocks;
  return page;
}

std::string page_of(const std::vector<PageEdition>& editions, const PageStyle& style = {}) {
  StringOutput output;
  write_page(output, editions, style);
  return output.text();
}

}  // namespace

TEST_CASE("a page is one file that asks nothing of a network") {
  const std::string page = page_of({edition("en", "Attention", {})});
  CHECK(page.rfind("<!DOCTYPE html>\n<html lang=\"en\">", 0) == 0);
  CHECK(holds(page, "<h1>Attention</h1>"));
  for (const char* elsewhere : {"http:", "https:", "//cdn", "@import", "src=", "url("}) {
    CAPTURE(elsewhere);
    CHECK_FALSE(holds(page, elsewhere));
  }
}

TEST_CASE("sections stand in order, with formula, shape, notes, numbers and checks") {
  const Tensor<double> scores = {{0.5, -1.0}};
  Document document;
  document.introduction = {"Three moves."};
  Section section;
  section.number = 1;
  section.name = "scores_raw";
  section.symbol = "S";
  section.latex = "Q K^{\\top}";
  section.meaning = "dot products";
  section.notes = {"A note."};
  section.panel = Panel{scores, {"Lq", "Lk"}};
  section.checks = {{"rows sum to one", true}, {"no NaN", false}};
  document.sections = {section};
  document.closing = {"The end."};
  const std::string page = page_of({edition("en", "T", page_blocks(document))});
  std::size_t at = 0;
  for (const char* part : {"<p>Three moves.</p>", "<code>scores_raw</code>", "<math><mi>S</mi>", "(Lq, Lk) = (1, 2)", "dot products", "<p>A note.</p>",
                           "<td data-v=0.5>0.5000", "<li class=passed>✓ rows sum to one", "<li class=failed>✗ no NaN", "<p>The end.</p>"}) {
    CAPTURE(part);
    const std::size_t found = page.find(part, at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
}

TEST_CASE("two languages share the numbers and have a switch") {
  const Tensor<double> tensor = filled<double>({1, 1}, 0.5);
  PageBlock english, chinese;
  english.paragraphs = {"hello"};
  chinese.paragraphs = {"你好"};
  Section section;
  section.name = "x";
  section.panel = Panel{tensor, {"Lq", "E"}};
  english.section = chinese.section = section;
  const std::string page = page_of({edition("en", "T", {english}), edition("zh", "题", {chinese})});
  CHECK(holds(page, "<div lang=\"en\"><p>hello</p></div><div lang=\"zh\"><p>你好</p></div>"));
  CHECK(holds(page, "data-language=\"zh\""));
  CHECK(page.find("0.5000") == page.rfind("0.5000"));
}

TEST_CASE("panels may stand beside each other, with titles, in a coloured block") {
  const Tensor<double> ours = filled<double>({1, 1}, 1.0), theirs = filled<double>({1, 1}, 2.0);
  PageBlock block;
  block.title = "weights";
  block.tone = Tone::bad;
  block.panels = {{"ours", {ours, {}}}, {"theirs", {theirs, {}}}};
  const std::string page = page_of({edition("en", "T", {block})});
  CHECK(holds(page, "<section class=\"block bad\""));
  CHECK(page.find("<h3>ours</h3>") < page.find("<h3>theirs</h3>"));
}

TEST_CASE("whatever is written is escaped") {
  PageBlock block;
  const std::string evil = "<script>alert(1)</script>";
  block.title = evil;
  block.paragraphs = {evil};
  block.drawing = evil;
  block.table = Table{{{evil}}, {{evil}}};
  Section section;
  section.name = section.symbol = section.formula = section.meaning = section.instance = section.stand_in = evil;
  section.notes = {evil};
  section.checks = {{evil, true}};
  block.section = section;
  const std::string page = page_of({edition("en", evil.c_str(), {block})});
  CHECK_FALSE(holds(page, "alert(1)</script>"));
  CHECK(holds(page, "&lt;script&gt;alert(1)&lt;/script&gt;"));
}

TEST_CASE("a page of large tensors stays below five megabytes, unless everything is asked for") {
  const Tensor<double> tensor = filled<double>({2, 8, 300, 300}, 0.1234567890123);
  Document document;
  Section section;
  section.name = "weights";
  section.panel = Panel{tensor, {"B", "H", "Lq", "Lk"}};
  document.sections = {section, section, section, section};
  const std::string page = page_of({edition("en", "T", page_blocks(document))});
  CHECK(page.size() < 5000000);
  CHECK(holds(page, "shown in part: "));
}

TEST_CASE("a table keeps its alignment and sets its formulas") {
  Table table;
  table.columns = {{"name"}, {"value", Alignment::right}};
  table.rows = {{std::string("a & b"), Formula{"n²", "n^2"}}, {true}};
  CHECK(table_html(table) ==
        "<table class=attn-words><thead><tr><th>name</th><th class=right>value</th></tr></thead><tbody>"
        "<tr><td>a &amp; b</td><td class=right><math><msup><mrow><mi>n</mi></mrow><mrow><mrow><mn>2</mn></mrow></mrow></msup></math></td></tr>"
        "<tr><td>✓</td><td class=right></td></tr></tbody></table>");
}
