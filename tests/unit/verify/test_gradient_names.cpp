#include "naive.hpp"

#include <attn/verify/gradient_names.hpp>

#include <doctest/doctest.h>

using namespace attn;
using Names = std::vector<std::string>;

TEST_CASE("a gradient is named after what it is the gradient of") {
  CHECK(our_gradient_names("weights.grad") == Names{"d_weights", "d_weights"});
  CHECK(our_gradient_names("self.weights.grad") == Names{"self.d_weights", "d_weights"});
}

TEST_CASE("parameters of PyTorch's modules are known under whatever they stand in") {
  CHECK(our_gradient_names("linear1.weight.grad") == Names{"ffn.d_w_1"});
  CHECK(our_gradient_names("encoder.layers.0.linear2.bias.grad") == Names{"ffn.d_b_2"});
  CHECK(our_gradient_names("self_attn.out_proj.weight.grad") == Names{"self.d_w_o", "d_w_o"});
  CHECK(our_gradient_names("multihead_attn.out_proj.weight.grad") == Names{"cross.d_w_o"});
  CHECK(our_gradient_names("norm2.weight.grad") == Names{"cross.d_gamma", "ffn.d_gamma"});
}

TEST_CASE("other names say nothing of a gradient, and the end of a word is no word") {
  CHECK(our_gradient_names("linear1.weight").empty());
  CHECK(our_gradient_names("my_linear1.weight.grad") == Names{"my_linear1.d_weight", "d_weight"});
}

TEST_CASE("a packed map is three, of queries, keys and values in this order") {
  const Tensor<double> weight = naive::numbers<double>({12, 4}, 1), bias = naive::numbers<double>({12}, 2);
  const auto apart = with_packed_maps_apart({{"attn.in_proj_weight.grad", weight}, {"in_proj_bias.grad", bias}, {"other", bias}}, {});
  REQUIRE(apart.size() == 7);
  CHECK(apart[0].name == "attn.q_proj_weight.grad");
  CHECK(apart[2].name == "attn.v_proj_weight.grad");
  CHECK(apart[1].tensor.shape() == Shape{4, 4});
  CHECK(apart[1].tensor.in<double>()(1, 2) == weight(5, 2));
  CHECK(apart[5].name == "v_proj_bias.grad");
  CHECK(apart[5].tensor.in<double>()(3) == bias(11));
  CHECK(apart[6].name == "other");
  for (const ForeignTensor& one : apart) {
    if (one.name != "other") CHECK_FALSE(our_gradient_names(one.name).empty());
  }
  CHECK(our_gradient_names("multihead_attn.k_proj_bias.grad") == Names{"cross.d_b_k"});
}

TEST_CASE("what is no packed map stays whole") {
  CHECK(with_packed_maps_apart({{"in_proj_weight.grad", naive::numbers<double>({11, 4}, 1)}}, {}).size() == 1);
  CHECK(with_packed_maps_apart({{"in_proj_weight", naive::numbers<double>({12, 4}, 1)}}, {}).size() == 1);
}

TEST_CASE("a packed map that --map names stays whole") {
  CHECK(with_packed_maps_apart({{"in_proj_weight.grad", naive::numbers<double>({12, 4}, 1)}}, {{"in_proj_weight.grad", "d_w_q"}}).size() == 1);
}
