#include <attn/error.hpp>
#include <attn/weights/convert.hpp>
#include <attn/weights/init.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace attn;

namespace {

// first, first + 1, first + 2, … in row-major order.
Tensor<double> counting(const Shape& shape, double first) {
  Tensor<double> tensor = empty<double>(shape);
  for (double& element : tensor.storage()) element = first++;
  return tensor;
}

Tensor<double> matrix(std::size_t rows, std::size_t columns, const std::vector<double>& values) {
  Tensor<double> tensor = empty<double>({rows, columns});
  std::copy(values.begin(), values.end(), tensor.begin());
  return tensor;
}

MultiheadShape make(std::size_t d_model, std::size_t heads) {
  MultiheadShape shape;
  shape.d_model = d_model;
  shape.heads = heads;
  return shape;
}

const LayoutInfo& layout(const char* name) { return *find_layout(name); }

}  // namespace

TEST_CASE("packed weights of torch are taken apart and transposed") {
  // in_proj_weight (6, 2) holds 1 … 12: rows 0-1 are q, rows 2-3 k, rows 4-5 v, each (out, in).
  const std::vector<NamedTensor<double>> tensors = {{"in_proj_weight", counting({6, 2}, 1)},
                                                    {"in_proj_bias", counting({6}, 1)},
                                                    {"out_proj.weight", counting({2, 2}, 1)},
                                                    {"out_proj.bias", counting({2}, 7)}};
  const MultiheadWeights<double> weights = to_canonical(layout("torch"), make(2, 1), tensors, "w");
  CHECK(*weights.w_q == matrix(2, 2, {1, 3, 2, 4}));
  CHECK(*weights.w_k == matrix(2, 2, {5, 7, 6, 8}));
  CHECK(*weights.w_v == matrix(2, 2, {9, 11, 10, 12}));
  CHECK(*weights.w_o == matrix(2, 2, {1, 3, 2, 4}));
  CHECK(*weights.b_q == counting({2}, 1));
  CHECK(*weights.b_k == counting({2}, 3));
  CHECK(*weights.b_v == counting({2}, 5));
  CHECK(*weights.b_o == counting({2}, 7));
  CHECK_FALSE(weights.bias_k.has_value());
}

TEST_CASE("a map shared by heads becomes its block once for every head") {
  const std::vector<NamedTensor<double>> tensors = {{"values.weight", counting({2, 2}, 1)},
                                                    {"keys.weight", counting({2, 2}, 5)},
                                                    {"queries.weight", counting({2, 2}, 9)},
                                                    {"fc_out.weight", counting({4, 4}, 1)},
                                                    {"fc_out.bias", counting({4}, 1)}};
  const MultiheadWeights<double> weights = to_canonical(layout("shared-head"), make(4, 2), tensors, "w");
  // (out, in) [[9, 10], [11, 12]] transposed, twice along the diagonal.
  CHECK(*weights.w_q == matrix(4, 4, {9, 11, 0, 0, 10, 12, 0, 0, 0, 0, 9, 11, 0, 0, 10, 12}));
  CHECK((*weights.w_v)(3, 2) == 2);
  CHECK_FALSE(weights.b_q.has_value());
}

TEST_CASE("every layout comes back from the canonical form exactly, square or not, with and without bias") {
  std::vector<std::pair<const LayoutInfo*, MultiheadShape>> cases;
  for (const LayoutInfo& each : layout_table()) {
    for (const bool bias : {true, false}) {
      for (const std::size_t heads : {1, 2, 8}) {
        MultiheadShape shape = make(8, heads);
        shape.bias = bias;
        cases.emplace_back(&each, shape);
      }
    }
  }
  MultiheadShape widths = make(8, 2);
  widths.key_width = 6;
  widths.value_width = 5;
  widths.bias_kv = true;
  cases.emplace_back(&layout("torch"), widths);
  MultiheadShape grouped = make(8, 4);
  grouped.kv_heads = 2;
  grouped.head_dim = 3;
  grouped.value_dim = 5;
  cases.emplace_back(&layout("d2l"), grouped);
  cases.emplace_back(&layout("linear"), grouped);
  MultiheadShape one = make(6, 1);
  one.head_dim = 4;
  one.value_width = 7;
  one.bias = true;
  cases.emplace_back(&single_head_layout(), one);

  TorchGenerator generator(11);
  for (const auto& [each, shape] : cases) {
    CAPTURE(each->name);
    const auto tensors = initialise(*each, shape, generator);
    const auto back = from_canonical(*each, shape, to_canonical(*each, shape, tensors, "w"), "w");
    REQUIRE(back.size() == tensors.size());
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      CHECK(back[i].name == tensors[i].name);
      CHECK(back[i].tensor == tensors[i].tensor);
    }
  }
}

TEST_CASE("the canonical parameters have the shapes of the step table") {
  MultiheadShape shape = make(8, 4);
  shape.kv_heads = 2;
  shape.value_dim = 3;
  shape.bias = true;
  const MultiheadShape full = resolved(layout("linear"), shape);
  TorchGenerator generator(0);
  const auto weights =
      to_canonical(layout("linear"), full, initialise(layout("linear"), full, generator), "w");
  int parameters = 0;
  visit(weights, [&](Step step, const Tensor<float>& tensor) {
    CAPTURE(name_of(step));
    CHECK(shape_of(tensor) == shape_of_axes(step_info(step).axes, sizes_of(full)));
    ++parameters;
  });
  CHECK(parameters == 8);
}

TEST_CASE("a wrongly shaped tensor is named with both shapes") {
  const std::vector<NamedTensor<double>> tensors = {{"W_q.weight", counting({8, 8}, 0)},
                                                    {"W_k.weight", counting({8, 6}, 0)},
                                                    {"W_v.weight", counting({8, 8}, 0)},
                                                    {"W_o.weight", counting({8, 8}, 0)}};
  CHECK_THROWS_WITH_AS(
      to_canonical(layout("d2l"), make(8, 2), tensors, "w.npz"),
      "w.npz: tensor W_k.weight has shape (8, 6), layout d2l with d_model 8 and 2 heads expects "
      "(8, 8) = (Hk*D, Ek)",
      InputError);
}

TEST_CASE("weights that differ from head to head have no shared-head form") {
  TorchGenerator generator(3);
  MultiheadShape shape = make(4, 2);
  shape.bias = false;
  const auto tensors = initialise(layout("d2l"), shape, generator);
  const MultiheadWeights<float> dense = to_canonical(layout("d2l"), shape, tensors, "w");
  CHECK_THROWS_WITH_AS(
      from_canonical(layout("shared-head"), shape, dense, "w"),
      "w: parameter w_v is not one block repeated for every head, as layout shared-head needs it",
      InputError);
  // Two different blocks, with nothing beside them, will not do either.
  MultiheadWeights<float> blocks = dense;
  const Tensor<float> diagonal = [] {
    Tensor<float> m = filled({4, 4}, 0.0f);
    for (std::size_t i = 0; i < 4; ++i) m(i, i) = static_cast<float>(i);
    return m;
  }();
  blocks.w_q = blocks.w_k = blocks.w_v = diagonal;
  CHECK_THROWS_AS(from_canonical(layout("shared-head"), shape, blocks, "w"), InputError);
}

TEST_CASE("a parameter without a place, and a place without a parameter, are refused") {
  TorchGenerator generator(3);
  MultiheadShape shape = make(4, 2);
  shape.bias = true;
  const auto with_bias = to_canonical(layout("d2l"), shape, initialise(layout("d2l"), shape, generator), "w");
  shape.bias = false;
  CHECK_THROWS_WITH_AS(from_canonical(layout("d2l"), shape, with_bias, "w"),
                       "w: parameter b_q has no place in a module of layout d2l of this shape", InputError);
  auto without = with_bias;
  without.b_k.reset();
  shape.bias = true;
  CHECK_THROWS_WITH_AS(from_canonical(layout("d2l"), shape, without, "w"),
                       "w: parameter b_k is absent, layout d2l needs it", InputError);
  without.b_k = filled({5}, 0.0f);
  CHECK_THROWS_WITH_AS(from_canonical(layout("d2l"), shape, without, "w"),
                       "w: parameter b_k has shape (5,), expected (4,)", InputError);
}

TEST_CASE("one module converts between layouts through the canonical form") {
  TorchGenerator generator(9);
  const MultiheadShape shape = [] {
    MultiheadShape s = make(6, 3);
    s.bias = true;
    return s;
  }();
  const auto torch = initialise(layout("torch"), shape, generator);
  const auto canonical = to_canonical(layout("torch"), shape, torch, "w");
  const auto d2l = from_canonical(layout("d2l"), shape, canonical, "w");
  CHECK(d2l[0].name == "W_q.weight");
  // Rows 0 … E − 1 of in_proj_weight are W_q.weight.
  const Tensor<float>& packed = torch[2].tensor;
  REQUIRE(torch[2].name == "in_proj_weight");
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) CHECK(d2l[0].tensor(i, j) == packed(i, j));
  }
}

TEST_CASE("weights of another system come back exactly through the canonical form") {
  for (const LayoutInfo& foreign : foreign_layout_table()) {
    CAPTURE(foreign.name);
    MultiheadShape shape = make(8, 4);
    shape.bias = true;
    TorchGenerator generator(3);
    const auto torch = initialise(layout("torch"), shape, generator);
    const auto weights = to_canonical(layout("torch"), shape, torch, "w");
    const auto tensors = from_canonical(foreign, shape, weights, "w");
    const auto back = from_canonical(layout("torch"), shape, to_canonical(foreign, shape, tensors, "w"), "w");
    REQUIRE(back.size() == torch.size());
    for (std::size_t i = 0; i < torch.size(); ++i) CHECK(back[i].tensor == torch[i].tensor);
  }
}

TEST_CASE("packings by hand: two heads of width 1 in a width of 2") {
  MultiheadWeights<double> weights;
  weights.w_q = matrix(2, 2, {1, 2, 3, 4});  // (in, out); head 0 owns the first column
  weights.w_k = matrix(2, 2, {5, 6, 7, 8});
  weights.w_v = matrix(2, 2, {9, 10, 11, 12});
  weights.w_o = matrix(2, 2, {13, 14, 15, 16});
  MultiheadShape shape = make(2, 2);
  shape.bias = false;
  const auto gpt2 = from_canonical(layout("gpt2"), shape, weights, "w");
  CHECK(gpt2[0].tensor == matrix(2, 6, {1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12}));
  CHECK(gpt2[1].tensor == matrix(2, 2, {13, 14, 15, 16}));
  const auto lens = from_canonical(layout("transformer-lens"), shape, weights, "w");
  // (H, E, D): the column of head 0, then that of head 1.
  CHECK(lens[0].tensor == reshaped(matrix(2, 2, {1, 3, 2, 4}), {2, 2, 1}));
  const auto llama = from_canonical(layout("llama"), shape, weights, "w");
  CHECK(llama[0].tensor == matrix(2, 2, {1, 3, 2, 4}));  // (out, in)
}
