#include <attn/render/html_matrix.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace attn;
using namespace attn::render;

namespace {

bool holds(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

const Words english{};

std::string html_of(const Panel& panel, const HtmlPanelStyle& style = {}) { return html_panel({{"en", &panel, &english}}, style); }

}  // namespace

TEST_CASE("a cell has its shade, its text, and all digits where the text has fewer") {
  // Of the largest magnitude 4 they are 4/4, 1/4 and 0: levels 10, round(2.5) and none.
  const Tensor<double> tensor = {{-4.0, 1.00005, 0.0}};
  const std::string html = html_of({tensor, {"Lq", "Lk"}, {}, {}, Shading::diverging}, {2});
  CHECK(holds(html, "<td class=n10 data-v=-4>-4.00"));
  CHECK(holds(html, "<td class=p3 data-v=1.00005>1.00"));
  CHECK(holds(html, "<td>0"));
}

TEST_CASE("weights are shaded on a scale of one sign, whatever is the largest") {
  const Tensor<double> tensor = {{0.25, 0.5}};
  const std::string html = html_of({tensor, {"Lq", "Lk"}, {}, {}, Shading::unit}, {2});
  CHECK(holds(html, "<td class=u3>0.25"));  // round(2.5), and the text is exact
  CHECK(holds(html, "<td class=u5 data-v=0.5>0.50"));
}

TEST_CASE("numbers that are not finite are marked and have no shade") {
  const Tensor<double> tensor = {{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(), 1.0}};
  const std::string html = html_of({tensor, {"Lq", "Lk"}, {}, {}, Shading::diverging});
  CHECK(holds(html, "<td class=q data-v=-Infinity>-inf"));
  CHECK(holds(html, "<td class=q data-v=NaN>nan"));
}

TEST_CASE("every matrix says where it is") {
  const Tensor<double> tensor = filled<double>({2, 3, 1, 1}, 0.5);
  const std::string html = html_of({tensor, {"B", "H", "Lq", "Lk"}});
  CHECK(count_of(html, "<figure") == 6);
  CHECK(holds(html, "data-at=\"B=1 H=2\""));
  CHECK(holds(html, "<figcaption>batch 1, head 2</figcaption>"));
  CHECK(holds(html_of({tensor, {}}), "data-at=\"0=1 1=2\""));
}

TEST_CASE("a large tensor is shown in part, and says so") {
  const Tensor<double> tensor = filled<double>({50, 40}, 0.5);
  HtmlPanelStyle style;
  style.extent.rows = style.extent.columns = 4;
  const std::string html = html_of({tensor, {"Lq", "Lk"}}, style);
  CHECK(count_of(html, "<td data-v=0.5") == 16);
  CHECK(holds(html, "<tr class=gap>"));
  CHECK(holds(html, "shown in part: 4 of 50 rows, 4 of 40 columns"));
  CHECK(holds(html, "<tr data-i=49>"));
}

TEST_CASE("many columns leave room for colours only") {
  const Tensor<double> tensor = filled<double>({1, 17}, 0.25);
  HtmlPanelStyle style;
  style.extent.columns = 17;
  CHECK(holds(html_of({tensor, {"Lq", "Lk"}}, style), "attn-panel attn-dense"));
  CHECK(holds(html_of({tensor, {"Lq", "Lk"}}, style), "<td data-v=0.25><td"));
}

TEST_CASE("names, tokens and axes are escaped") {
  const Tensor<double> tensor = filled<double>({1, 1}, 1.0);
  HtmlPanelStyle style;
  style.name = "<script>\"'&";
  const std::string html = html_of({tensor, {"<b>", "x"}, {"<i>"}, {"&"}}, style);
  CHECK(holds(html, "data-name=\"&lt;script&gt;&quot;&#39;&amp;\""));
  CHECK(holds(html, "<b>&lt;i&gt;</b>"));
  CHECK(holds(html, "<b>&amp;</b>"));
  CHECK_FALSE(holds(html, "<script"));
}

TEST_CASE("words that differ are given in every language, the others once") {
  CHECK(html_in_languages({"en", "zh"}, {"same", "same"}) == "same");
  CHECK(html_in_languages({"en", "zh"}, {"head", "头"}) == "<span lang=\"en\">head</span><span lang=\"zh\">头</span>");
  CHECK(html_in_languages({"en", "zh"}, {"", ""}) == "");
  CHECK(html_in_languages({"en", "zh"}, {"a", "a"}, "div") == "<div>a</div>");
}

TEST_CASE("a worksheet has empty cells, and a tensor without elements says so") {
  const Tensor<double> tensor = filled<double>({1, 1}, 0.123), nothing = empty<double>({0, 3});
  Panel blank{tensor, {"Lq", "Lk"}};
  blank.blank = true;
  CHECK_FALSE(holds(html_of(blank), "0.1"));
  CHECK(holds(html_of({nothing, {"Lq", "Lk"}}), "no elements"));
}

TEST_CASE("the extent fits the number of cells asked for") {
  const std::vector<Shape> shapes = {{2, 16, 400, 400}, {2, 16, 400, 64}};
  const Extent extent = fitting_extent(shapes, 20000);
  std::size_t cells = 0;
  for (const Shape& shape : shapes) cells += std::min(extent.matrices, shape[0] * shape[1]) * std::min(extent.rows, shape[2]) * std::min(extent.columns, shape[3]);
  CHECK(cells <= 20000);
  CHECK(cells > 5000);
  CHECK(fitting_extent({{3, 4}}, 100).rows == 128);
}
