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
