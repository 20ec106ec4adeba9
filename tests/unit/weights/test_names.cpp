#include <attn/error.hpp>
#include <attn/weights/names.hpp>

#include <doctest/doctest.h>

using namespace attn;

namespace {

const Names d2l_names = {"W_o.weight", "W_k.weight", "W_v.weight", "W_q.weight"};

MultiheadShape small_shape(const LayoutInfo& layout) {
  MultiheadShape shape;
  shape.d_model = 8;
  shape.heads = 2;
  return resolved(layout, shape);
}

std::string refusal(const char* layout_name, const Names& names) {
  const LayoutInfo& layout = *find_layout(layout_name);
  try {
    require_exact_tensors(layout, small_shape(layout), names, "weights.npz");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the right names pass in any order") { CHECK(refusal("d2l", d2l_names).empty()); }

TEST_CASE("names of another layout are refused, and the other layout is named") {
  CHECK(refusal("linear", d2l_names) ==
        "weights.npz: lacks tensor Wq.weight of layout linear; found W_o.weight, W_k.weight, W_v.weight, "
        "W_q.weight; these are the names of layout d2l");
  CHECK(
      contains(refusal("d2l", {"out_proj.weight", "in_proj_weight"}), "these are the names of layout torch"));
  CHECK(contains(refusal("d2l", {"W_q.weight", "W_k.weight", "W_v.weight"}),
                 "these are the names of layout single-head"));
}

TEST_CASE("a missing, an unexpected and a repeated tensor are each named with the reason") {
  CHECK(contains(refusal("torch", {"out_proj.weight", "out_proj.bias", "in_proj_weight"}),
                 "lacks tensor in_proj_bias (there with bias)"));
  CHECK(contains(
      refusal("torch", {"out_proj.weight", "out_proj.bias", "in_proj_weight", "in_proj_bias", "bias_k"}),
      "has tensor bias_k (there with bias_kv), which is not one of"));
  Names twice = d2l_names;
  twice.push_back("W_q.weight");
  CHECK(contains(refusal("d2l", twice), "has tensor W_q.weight twice"));
  Names stranger = d2l_names;
  stranger.push_back("gamma");
  CHECK(contains(refusal("d2l", stranger), "has tensor gamma, which is not one of W_q.weight, W_k.weight"));
  CHECK(contains(refusal("d2l", {}), "found nothing"));
}

TEST_CASE("no layout is named when the names fit none") {
  CHECK(layout_with_names({"gamma"}) == nullptr);
  CHECK(layout_with_names({}) == nullptr);
  CHECK_FALSE(contains(refusal("d2l", {"gamma"}), "these are"));
}

TEST_CASE("the names alone tell every layout from every other") {
  for (const LayoutInfo& layout : layout_table()) {
    Names names;
    for (const ExpectedTensor& tensor : expected_tensors(layout, small_shape(layout))) {
      names.emplace_back(tensor.row->name);
    }
    CHECK(layout_with_names(names) == &layout);
  }
}
