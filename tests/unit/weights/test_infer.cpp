#include <attn/error.hpp>
#include <attn/weights/infer.hpp>

#include <doctest/doctest.h>

using namespace attn;

namespace {

std::vector<NamedTensor<double>> tensors_of(const LayoutInfo& layout, const MultiheadShape& shape) {
  std::vector<NamedTensor<double>> tensors;
  for (const ExpectedTensor& expected : expected_tensors(layout, resolved(layout, shape))) {
    tensors.push_back({std::string(expected.row->name), filled(expected.shape, 0.5)});
  }
  return tensors;
}

void check_same(const MultiheadShape& a, const MultiheadShape& b) {
  CHECK(a.d_model == b.d_model);
  CHECK(a.heads == b.heads);
  CHECK(a.kv_heads == b.kv_heads);
  CHECK(a.head_dim == b.head_dim);
  CHECK(a.value_dim == b.value_dim);
  CHECK(a.key_width == b.key_width);
  CHECK(a.value_width == b.value_width);
  CHECK(a.bias == b.bias);
  CHECK(a.bias_kv == b.bias_kv);
}

MultiheadShape make(std::size_t d_model, std::size_t heads) {
  MultiheadShape shape;
  shape.d_model = d_model;
  shape.heads = heads;
  return shape;
}

const LayoutInfo& layout(const char* name) { return *find_layout(name); }

}  // namespace

TEST_CASE("the shape of a module is read back from its tensors and the number of heads") {
  std::vector<std::pair<const char*, MultiheadShape>> cases;
  for (const char* name : {"torch", "d2l", "linear", "shared-head"}) cases.push_back({name, make(12, 3)});
  MultiheadShape widths = make(8, 2);
  widths.key_width = 6;
  widths.value_width = 5;
  widths.bias = false;
  widths.bias_kv = true;
  cases.push_back({"torch", widths});
  MultiheadShape grouped = make(8, 4);
  grouped.kv_heads = 2;
  grouped.head_dim = 3;
  grouped.value_dim = 5;
  grouped.key_width = 7;
  grouped.value_width = 9;
  grouped.bias = true;
  cases.push_back({"d2l", grouped});
  cases.push_back({"linear", grouped});
  for (const auto& [name, shape] : cases) {
    CAPTURE(name);
    const std::vector<NamedTensor<double>> tensors = tensors_of(layout(name), shape);
    check_same(infer_shape(layout(name), tensors, shape.heads, "w"), resolved(layout(name), shape));
  }
}

TEST_CASE("shared-head and single-head tell their number of heads; the others have to be told") {
  CHECK(infer_shape(layout("shared-head"), tensors_of(layout("shared-head"), make(12, 3)), 0, "w").heads ==
        3);
  MultiheadShape one;
  one.d_model = 6;
  one.head_dim = 4;
  one.value_dim = 3;
  const MultiheadShape read =
      infer_shape(single_head_layout(), tensors_of(single_head_layout(), one), 0, "w");
  check_same(read, resolved(single_head_layout(), one));
  for (const char* name : {"torch", "d2l", "linear"}) {
    CHECK_THROWS_AS(infer_shape(layout(name), tensors_of(layout(name), make(12, 3)), 0, "w"), UsageError);
  }
}

TEST_CASE("a number of heads that the weights contradict is the caller's error") {
  const auto refused = [](const char* name, std::size_t heads) {
    try {
      infer_shape(layout(name), tensors_of(layout(name), make(12, 3)), heads, "w.npz");
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refused("d2l", 5) ==
        "w.npz: tensor W_q.weight: axis H*D has size 12, which 5 heads do not divide; possible numbers of "
        "heads "
        "are 1, 2, 3, 4, 6, 12");
  CHECK(refused("torch", 5).find("d_model 12 is not divisible by 5 heads") != std::string::npos);
  CHECK(refused("shared-head", 4).find("4 · 4 = 16, not 12") != std::string::npos);
}

TEST_CASE("tensors that contradict the layout are refused with what was found") {
  std::vector<NamedTensor<double>> tensors = tensors_of(layout("d2l"), make(8, 2));
  tensors[1].tensor = filled<double>({7, 8}, 0.0);  // W_k: 7 is no multiple of D = 4
  CHECK_THROWS_WITH_AS(infer_shape(layout("d2l"), tensors, 2, "w.npz"),
                       "w.npz: tensor W_k.weight: axis Hk*D has size 7, expected a positive multiple of 4",
                       InputError);
  tensors = tensors_of(layout("d2l"), make(8, 2));
  tensors[0].tensor = filled<double>({8}, 0.0);
  CHECK_THROWS_WITH_AS(infer_shape(layout("d2l"), tensors, 2, "w.npz"),
                       "w.npz: tensor W_q.weight: expected the axes (H*D, E), found shape (8,)", InputError);
  tensors[0].tensor = filled<double>({0, 8}, 0.0);
  CHECK_THROWS_AS(infer_shape(layout("d2l"), tensors, 2, "w.npz"), InputError);
  CHECK_THROWS_AS(infer_shape(layout("linear"), tensors, 2, "w.npz"), InputError);  // other names
}
