#include <attn/error.hpp>
#include <attn/weights/multihead_shape.hpp>

#include <doctest/doctest.h>

using namespace attn;

namespace {

MultiheadShape shape_of_module(std::size_t d_model, std::size_t heads) {
  MultiheadShape shape;
  shape.d_model = d_model;
  shape.heads = heads;
  return shape;
}

std::string refusal(const LayoutInfo& layout, const MultiheadShape& shape) {
  try {
    resolved(layout, shape);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

const LayoutInfo& layout(const char* name) { return *find_layout(name); }

std::string names_of_tensors(const LayoutInfo& of, const MultiheadShape& shape) {
  std::string list;
  for (const ExpectedTensor& tensor : expected_tensors(of, resolved(of, shape))) {
    list += std::string(tensor.row->name) + to_string(tensor.shape) + " ";
  }
  return list;
}

}  // namespace

TEST_CASE("what is not given follows from d_model and heads") {
  const MultiheadShape full = resolved(layout("torch"), shape_of_module(12, 3));
  CHECK(full.kv_heads == 3);
  CHECK(full.head_dim == 4);  // 12 / 3
  CHECK(full.value_dim == 4);
  CHECK(full.key_width == 12);
  CHECK(full.value_width == 12);
  CHECK(full.bias == true);
  CHECK(resolved(layout("d2l"), shape_of_module(12, 3)).bias == false);
}

TEST_CASE("resolving twice changes nothing") {
  for (const LayoutInfo& each : layout_table()) {
    const MultiheadShape once = resolved(each, shape_of_module(8, 2));
    const MultiheadShape twice = resolved(each, once);
    CHECK(twice.head_dim == once.head_dim);
    CHECK(twice.bias == once.bias);
    CHECK(names_of_tensors(each, once) == names_of_tensors(each, twice));
  }
}

TEST_CASE("a width that the heads do not divide is refused, with the numbers of heads that would do") {
  CHECK(refusal(layout("torch"), shape_of_module(10, 4)) ==
        "layout torch: d_model 10 is not divisible by 4 heads; possible numbers of heads are 1, 2, 5, 10");
  CHECK(possible_heads(12) == "1, 2, 3, 4, 6, 12");
}

TEST_CASE("a head size that contradicts the width is refused where the layout has no room for it") {
  MultiheadShape shape = shape_of_module(10, 2);
  shape.head_dim = 4;
  CHECK(refusal(layout("torch"), shape) ==
        "layout torch: heads · head_dim must be d_model, but 2 · 4 = 8, not 10");
  CHECK(refusal(layout("d2l"), shape).empty());
  shape = shape_of_module(10, 2);
  shape.value_dim = 3;
  CHECK(refusal(layout("shared-head"), shape).find("value_dim must be 5, not 3") != std::string::npos);
}

TEST_CASE("grouped heads need a layout with a tensor of their own for keys, and divisible numbers") {
  MultiheadShape shape = shape_of_module(8, 4);
  shape.kv_heads = 2;
  CHECK(refusal(layout("torch"), shape).find("kv_heads must be 4, not 2") != std::string::npos);
  CHECK(refusal(layout("shared-head"), shape).find("kv_heads must be 4, not 2") != std::string::npos);
  CHECK(refusal(layout("d2l"), shape).empty());
  CHECK(refusal(layout("linear"), shape).empty());
  shape.kv_heads = 3;
  CHECK(refusal(layout("linear"), shape).find("4 query heads cannot be shared out over 3") !=
        std::string::npos);
  shape.kv_heads = 8;
  CHECK(refusal(layout("linear"), shape).find("4 query heads cannot be shared out over 8") !=
        std::string::npos);
}

TEST_CASE("what only one layout can do is refused by the others") {
  MultiheadShape shape = shape_of_module(8, 2);
  shape.bias_kv = true;
  CHECK(refusal(layout("torch"), shape).empty());
  CHECK(refusal(layout("d2l"), shape).find("no place for a learned key") != std::string::npos);
  shape = shape_of_module(8, 2);
  shape.key_width = 6;
  CHECK(refusal(layout("torch"), shape).empty());
  CHECK(refusal(layout("shared-head"), shape).find("as wide as the queries, 8, not 6 and 8") !=
        std::string::npos);
  CHECK(refusal(single_head_layout(), shape_of_module(8, 2)).find("has one head, not 2") !=
        std::string::npos);
}

TEST_CASE("missing sizes and unaddressable ones are refused before anything is made") {
  CHECK(refusal(layout("torch"), shape_of_module(0, 2)).find("d_model is missing") != std::string::npos);
  CHECK(refusal(layout("torch"), shape_of_module(8, 0)).find("number of heads is missing") !=
        std::string::npos);
  CHECK_THROWS_AS(resolved(layout("torch"), shape_of_module(std::size_t{1} << 40, 2)), LimitError);
  MultiheadShape wide = shape_of_module(8, std::size_t{1} << 20);
  wide.head_dim = std::size_t{1} << 20;
  CHECK_THROWS_AS(resolved(layout("d2l"), wide), LimitError);
}

TEST_CASE("the tensors of a module are those of PyTorch's constructor") {
  MultiheadShape shape = shape_of_module(8, 2);
  CHECK(names_of_tensors(layout("torch"), shape) ==
        "out_proj.weight(8, 8) out_proj.bias(8,) in_proj_weight(24, 8) in_proj_bias(24,) ");
  shape.bias = false;
  shape.bias_kv = true;
  shape.key_width = 6;
  CHECK(names_of_tensors(layout("torch"), shape) ==
        "out_proj.weight(8, 8) q_proj_weight(8, 8) k_proj_weight(8, 6) v_proj_weight(8, 8) bias_k(1, 1, 8) "
        "bias_v(1, 1, 8) ");
  MultiheadShape grouped = shape_of_module(8, 4);
  grouped.kv_heads = 2;
  grouped.value_dim = 3;
  CHECK(names_of_tensors(layout("d2l"), grouped) ==
        "W_q.weight(8, 8) W_k.weight(4, 8) W_v.weight(6, 8) W_o.weight(8, 12) ");
  CHECK(names_of_tensors(layout("shared-head"), shape_of_module(8, 2)) ==
        "values.weight(4, 4) keys.weight(4, 4) queries.weight(4, 4) fc_out.weight(8, 8) fc_out.bias(8,) ");
}
