#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/ops/multihead.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <set>

using namespace attn;

namespace {

MultiheadWeights<double> full_weights() {
  MultiheadWeights<double> w;
  w.w_q = naive::numbers<double>({6, 8}, 1);
  w.b_q = naive::numbers<double>({8}, 2);
  w.w_k = naive::numbers<double>({5, 4}, 3);  // Ek = 5, two key heads of 2
  w.b_k = naive::numbers<double>({4}, 4);
  w.w_v = naive::numbers<double>({7, 6}, 5);  // Ev = 7, two value heads of 3
  w.b_v = naive::numbers<double>({6}, 6);
  w.w_o = naive::numbers<double>({12, 6}, 7);
  w.b_o = naive::numbers<double>({6}, 8);
  return w;
}

// row·W[:, column] + b[column], in long double.
long double mapped(const Tensor<double>& source, std::size_t b, std::size_t l, const Tensor<double>& w,
                   const Tensor<double>& bias, std::size_t column) {
  long double sum = bias(column);
  for (std::size_t e = 0; e < w.shape(0); ++e) sum += naive::at(source, {b, l, e}) * naive::at(w, {e, column});
  return sum;
}

}  // namespace

TEST_CASE("cross-attention with grouped heads and three different widths agrees with plain loops") {
  const auto x = naive::numbers<double>({2, 3, 6}, 11), memory = naive::numbers<double>({2, 4, 5}, 12),
             memory_value = naive::numbers<double>({2, 4, 7}, 13);
  const auto w = full_weights();
  MultiheadOptions<double> options;
  options.heads = 4;
  options.kv_heads = 2;
  options.average_weights = true;
  const auto steps = multihead<double>({x, memory, memory_value}, w, options);
  REQUIRE(steps.q_proj);
  CHECK(shape_of(*steps.q_proj) == Shape{2, 3, 8});
  CHECK(std::abs(mapped(x, 1, 2, *w.w_q, *w.b_q, 7) - naive::at(*steps.q_proj, {1, 2, 7})) < 1e-14L);
  CHECK(std::abs(mapped(memory, 0, 3, *w.w_k, *w.b_k, 2) - naive::at(*steps.k_proj, {0, 3, 2})) < 1e-14L);
  CHECK(std::abs(mapped(memory_value, 1, 0, *w.w_v, *w.b_v, 5) - naive::at(*steps.v_proj, {1, 0, 5})) < 1e-14L);
  naive::Rule rule;
  rule.scale = 1 / std::sqrt(2.0L);
  for (std::size_t h = 0; h < 4; ++h) {
    const naive::Query expected = naive::query(steps.attention.q, steps.attention.k, steps.attention.v, rule, 1, h, 2);
    for (std::size_t c = 0; c < 3; ++c) {
      CHECK(std::abs(expected.head[c] - naive::at(steps.merged, {1, 2, h * 3 + c})) < 1e-14L);
    }
  }
  CHECK(shape_of(steps.output) == Shape{2, 3, 6});
  CHECK(std::abs(mapped(steps.merged, 1, 1, *w.w_o, *w.b_o, 4) - naive::at(steps.output, {1, 1, 4})) < 1e-14L);
  const auto& a = steps.attention.softmax.weights;
  const double mean = (a(0, 0, 1, 2) + a(0, 1, 1, 2) + a(0, 2, 1, 2) + a(0, 3, 1, 2)) / 4;
  CHECK((*steps.weights_averaged)(0, 1, 2) == mean);
}

TEST_CASE("without weights the maps are the identity and leave no step") {
  const auto x = naive::numbers<double>({1, 3, 4}, 1);
  const auto steps = multihead<double>({x, std::nullopt, std::nullopt}, {}, {});
  CHECK_FALSE(steps.q_proj);
  CHECK_FALSE(steps.memory);
  CHECK(reshaped(steps.attention.q, {1, 3, 4}) == x);
  CHECK(reshaped(steps.attention.v, {1, 3, 4}) == x);
  CHECK(steps.output == steps.merged);
}

TEST_CASE("an input without a batch axis gives an output without one, and the same numbers") {
  const auto x = naive::numbers<double>({3, 6}, 1);
  MultiheadWeights<double> w;
  w.w_q = w.w_k = w.w_v = naive::numbers<double>({6, 4}, 2);
  const auto flat = multihead<double>({x, std::nullopt, std::nullopt}, w, {});
  const auto batched = multihead<double>({reshaped(x, {1, 3, 6}), std::nullopt, std::nullopt}, w, {});
  CHECK(shape_of(flat.output) == Shape{3, 4});
  CHECK(flat.output == reshaped(batched.output, {3, 4}));
}

TEST_CASE("appended keys: a learned one, then one of zeros, visible whatever the mask says") {
  const auto x = naive::numbers<double>({2, 3, 4}, 1);
  MultiheadWeights<double> w;
  w.bias_k = naive::numbers<double>({4}, 2);
  w.bias_v = naive::numbers<double>({4}, 3);
  MultiheadOptions<double> options;
  options.heads = options.kv_heads = 2;
  options.add_zero_attn = true;
  options.attention.mask.valid_lens = {0, 0};
  const auto steps = multihead<double>({x, std::nullopt, std::nullopt}, w, options);
  CHECK(shape_of(steps.attention.k) == Shape{2, 2, 5, 2});
  CHECK(steps.attention.k(1, 1, 3, 0) == (*w.bias_k)(2));
  CHECK(steps.attention.v(0, 0, 3, 1) == (*w.bias_v)(1));
  CHECK(steps.attention.k(1, 0, 4, 1) == 0);
  const auto& weights = steps.attention.softmax.weights;
  CHECK(weights(0, 1, 2, 0) == 0);
  CHECK(weights(0, 1, 2, 3) + weights(0, 1, 2, 4) == doctest::Approx(1).epsilon(1e-15));
}

TEST_CASE("visit meets every step once, in the order of the step table") {
  const auto x = naive::numbers<double>({2, 3, 6}, 11), memory = naive::numbers<double>({2, 4, 5}, 12),
             memory_value = naive::numbers<double>({2, 4, 7}, 13);
  MultiheadOptions<double> options;
  options.heads = 4;
  options.kv_heads = 2;
  options.average_weights = true;
  int last = -1;
  visit(multihead<double>({x, memory, memory_value}, full_weights(), options), [&last](Step step, const Tensor<double>&) {
    CHECK(static_cast<int>(step) > last);
    last = static_cast<int>(step);
  });
  CHECK(last == static_cast<int>(Step::output));
}

TEST_CASE("maps and biases that do not fit are refused by name") {
  const auto x = naive::numbers<double>({1, 3, 4}, 1);
  MultiheadWeights<double> w;
  w.w_q = empty<double>({5, 4});
  CHECK_THROWS_WITH_AS(multihead<double>({x, std::nullopt, std::nullopt}, w, {}),
                       "q_proj: a map of shape (5, 4) cannot be applied to rows of width 4", ShapeError);
  w.w_q.reset();
  w.b_v = empty<double>({3});
  CHECK_THROWS_WITH_AS(multihead<double>({x, std::nullopt, std::nullopt}, w, {}),
                       "v_proj: a bias of shape (3,) cannot be added to rows of width 4", ShapeError);
  CHECK_THROWS_AS(multihead<double>({empty<double>({4}), std::nullopt, std::nullopt}, {}, {}), ShapeError);
}

TEST_CASE("the fused run has the sources, the sizes and, but for rounding, the output of the run with its steps") {
  const auto x = naive::numbers<double>({2, 70, 6}, 11), memory = naive::numbers<double>({2, 140, 5}, 12),
             memory_value = naive::numbers<double>({2, 140, 7}, 13);
  MultiheadOptions<double> options;
  options.heads = 4;
  options.kv_heads = 2;
  options.add_zero_attn = true;
  options.attention.mask.causal = true;
  const auto steps = multihead<double>({x, memory, memory_value}, full_weights(), options);
  const auto ends = fused_multihead<double>({x, memory, memory_value}, full_weights(), options);
  CHECK(ends.x == x);
  CHECK(ends.memory == memory);
  CHECK(ends.memory_value == memory_value);
  CHECK(ends.sizes.key_width == 5);
  CHECK(ends.sizes.value_width == 7);
  CHECK(ends.sizes.key_len == 141);
  REQUIRE(shape_of(ends.output) == shape_of(steps.output));
  for (std::size_t i = 0; i < ends.output.size(); ++i) CHECK(std::abs(ends.output.data()[i] - steps.output.data()[i]) < 1e-13);
  options.average_weights = true;
  CHECK_THROWS_WITH_AS((fused_multihead<double>({x, memory, memory_value}, full_weights(), options)),
                       "fused attention: keeps no weights that could be averaged", UsageError);
}

TEST_CASE("a fused run on one sample without a batch axis has an output without one") {
  const auto ends = fused_multihead<double>({naive::numbers<double>({3, 4}, 1), std::nullopt, std::nullopt}, {}, {});
  CHECK(shape_of(ends.output) == Shape{3, 4});
}
