#include <attn/shape.hpp>
#include <attn/weights/layouts.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

using namespace attn;

namespace {

// The layouts whose weights can be drawn as a constructor does.
std::vector<const LayoutInfo*> drawn_layouts() {
  std::vector<const LayoutInfo*> layouts = {&single_head_layout()};
  for (const LayoutInfo& layout : layout_table()) layouts.push_back(&layout);
  return layouts;
}

// Every parameter that the rows present under one choice of widths feed, with repetitions.
std::multiset<Step> fed_by(const LayoutInfo& layout, Presence widths) {
  std::multiset<Step> fed;
  for (const LayoutRow& row : layout.rows) {
    const bool about_widths =
        row.presence == Presence::equal_widths || row.presence == Presence::different_widths;
    if (about_widths && row.presence != widths) continue;
    fed.insert(row.feeds.begin(), row.feeds.end());
  }
  return fed;
}

}  // namespace

TEST_CASE("a layout is found by its name, and only by its name") {
  for (const LayoutInfo* layout : drawn_layouts()) CHECK(find_layout(layout->name) == layout);
  CHECK(find_layout("Torch") == nullptr);
  CHECK(find_layout("") == nullptr);
}

TEST_CASE("the layouts of the documents are all there") {
  std::vector<std::string_view> names;
  for (const LayoutInfo& layout : layout_table()) names.push_back(layout.name);
  CHECK(names == std::vector<std::string_view>{"torch", "d2l", "linear", "shared-head"});
}

TEST_CASE("whatever the widths, no parameter is fed twice, and q, k and v always have a map") {
  for (const LayoutInfo* layout : drawn_layouts()) {
    CAPTURE(layout->name);
    for (const Presence widths : {Presence::equal_widths, Presence::different_widths}) {
      const std::multiset<Step> fed = fed_by(*layout, widths);
      CHECK(std::set<Step>(fed.begin(), fed.end()).size() == fed.size());
      for (const Step map : {Step::w_q, Step::w_k, Step::w_v}) CHECK(fed.count(map) == 1);
      CHECK(fed.count(Step::w_o) == (layout->one_head ? 0 : 1));
    }
  }
}

TEST_CASE("every row has a unique name, known letters, and a fan-in exactly where it is drawn by fan-in") {
  const Sizes sizes{2, 4, 4, 3, 5, 0, 5, 8, 8, 8, 2, 2};
  for (const LayoutInfo* layout : drawn_layouts()) {
    std::set<std::string_view> names;
    for (const LayoutRow& row : layout->rows) {
      CAPTURE(row.name);
      CHECK(names.insert(row.name).second);
      CHECK_NOTHROW(shape_of_axes(row.axes, sizes));
      const bool drawn_by_fan_in = row.initialisation == Initialisation::linear_weight ||
                                   row.initialisation == Initialisation::linear_bias ||
                                   row.initialisation == Initialisation::drawn_then_zeros;
      CHECK(row.fan_in.empty() != drawn_by_fan_in);
      if (drawn_by_fan_in) CHECK_NOTHROW(axis_size(row.fan_in, sizes));
      CHECK(row.feeds.size() == (row.packing == Packing::stacked_qkv ? 3 : 1));
    }
  }
}

TEST_CASE("the foreign axes of a whole parameter are its canonical axes turned round") {
  // E = H·D where the layout says so; the sizes here make every letter tell.
  const Sizes sizes{1, 3, 3, 1, 1, 0, 1, 6, 7, 5, 2, 2};
  for (const LayoutInfo* layout : drawn_layouts()) {
    if (layout->one_head) continue;  // H = 1 does not fit these sizes
    for (const LayoutRow& row : layout->rows) {
      if (row.packing != Packing::whole) continue;
      CAPTURE(row.name);
      Shape canonical = shape_of_axes(step_info(row.feeds.front()).axes, sizes);
      Shape foreign = shape_of_axes(row.axes, sizes);
      if (canonical.size() == 2) {
        std::reverse(canonical.begin(), canonical.end());
        CHECK(foreign == canonical);
      } else {
        CHECK(element_count(foreign) == element_count(canonical));
      }
    }
  }
}

TEST_CASE("only layout torch can append a learned key and value") {
  for (const LayoutInfo* layout : drawn_layouts()) {
    CHECK(has_rows(*layout, Presence::with_bias_kv) == (layout->name == "torch"));
  }
}
