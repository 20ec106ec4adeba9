#include <attn/render/panel.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::render;
using Places = std::vector<std::size_t>;

TEST_CASE("an excerpt keeps both edges and leaves out the middle") {
  CHECK(places(excerpt(5, 5)) == Places{0, 1, 2, 3, 4});
  CHECK(places(excerpt(100, 5)) == Places{0, 1, 2, gap, 98, 99});
  CHECK(places(excerpt(3, 1)) == Places{0, gap});
  CHECK(places(excerpt(3, 0)) == Places{0, gap});
  CHECK(places(excerpt(0, 4)).empty());
}

TEST_CASE("a shape is written beside its letters") {
  CHECK(shape_line({"B", "Lq", "H*D"}, {2, 3, 8}) == "(B, Lq, H·D) = (2, 3, 8)");
  CHECK(shape_line({"E"}, {4}) == "(E,) = (4,)");
  CHECK(shape_line({"B", "E"}, {2, 3, 4}) == "(2, 3, 4)");
}

TEST_CASE("leading axes become one matrix each, named by their letters") {
  const Tensor<double> tensor = filled<double>({2, 3, 4, 5}, 0.0);
  const Panel panel{tensor, {"B", "H", "Lq", "Lk"}};
  const Words words;
  const Matrices matrices(panel, words);
  CHECK(matrices.count() == 6);
  CHECK(matrices.rows() == 4);
  CHECK(matrices.columns() == 5);
  CHECK(matrices.group_size() == 3);
  CHECK(matrices.caption(0) == "batch 0, head 0");
  CHECK(matrices.caption(5) == "batch 1, head 2");
  CHECK(matrices.row_label(3) == "Lq 3");
  CHECK(matrices.column_label(4) == "Lk 4");
  CHECK(matrices.flat(5, 3, 4) == 119);  // the last of 2·3·4·5
}

TEST_CASE("axes of size one are not worth a caption, and vectors have no row label") {
  const Words words;
  const Tensor<double> tensor = filled<double>({1, 2, 3, 1}, 0.0);
  const Panel panel{tensor, {"B", "H", "Lq", "1"}};
  const Matrices matrices(panel, words);
  CHECK(matrices.caption(1) == "head 1");
  CHECK(matrices.column_label(0).empty());

  const Tensor<double> vector = filled<double>({6}, 0.0);
  const Panel bias{vector, {"H*D"}};
  CHECK(Matrices(bias, words).row_label(0).empty());
  CHECK(Matrices(bias, words).column_label(2) == "H·D 2");
}

TEST_CASE("axes are matched from the right when there are too few letters") {
  const Words words;
  const Tensor<double> tensor = filled<double>({2, 3, 4}, 0.0);
  const Panel panel{tensor, {"Lk"}};
  const Matrices matrices(panel, words);
  CHECK(matrices.column_label(1) == "Lk 1");
  CHECK(matrices.row_label(1) == "1");
}

TEST_CASE("the remark names only what was left out") {
  const Tensor<double> tensor = filled<double>({2, 40, 3}, 0.0);
  const Panel panel{tensor, {"B", "Lq", "E"}};
  const Words words;
  const PanelExcerpt again(panel, Extent{}, 4, words);
  CHECK(again.remark(3) == "shown in part: 12 of 40 rows");
  CHECK(again.remark(2) == "shown in part: 12 of 40 rows, 2 of 3 columns");
  Words way = words;
  way.way_to_show_all = "--full shows all";
  CHECK(PanelExcerpt(panel, Extent{}, 4, way).remark(3) == "shown in part: 12 of 40 rows, --full shows all");
  CHECK(PanelExcerpt(panel, Extent{true}, 4, way).remark(3).empty());
  const PanelExcerpt all(panel, Extent{true}, 4, words);
  CHECK(all.remark(3).empty());
}
