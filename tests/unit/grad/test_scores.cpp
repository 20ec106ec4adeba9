// Expected values by hand, with the arithmetic shown.
#include <attn/error.hpp>
#include <attn/grad/scores.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace attn;

namespace {

// One sample, one head, rows of two numbers.
Tensor<double> one_head(const Tensor<double>& numbers) { return reshaped(numbers, {1, 1, numbers.size() / 2, 2}); }

}  // namespace

TEST_CASE("scores send d·k to the queries and dᵀ·q to the keys") {
  const Tensor<double> q = {1, 2}, k = {3, 4, 5, 6}, d = {10, 1};
  const FactorGradients gradients = raw_scores_backward(one_head(q), one_head(k), one_head(d));
  CHECK(gradients.left == one_head(Tensor<double>{35, 46}));             // 10·(3 4) + 1·(5 6)
  CHECK(gradients.right == one_head(Tensor<double>{10, 20, 1, 2}));    // 10·(1 2), 1·(1 2)
}

TEST_CASE("query heads that share a key add up in its gradient") {
  const Tensor<double> q = reshaped(Tensor<double>{1, 0, 0, 1}, {1, 2, 1, 2}), k = one_head(Tensor<double>{2, 3});
  const Tensor<double> d = reshaped(Tensor<double>{5, 7}, {1, 2, 1, 1});
  const FactorGradients gradients = raw_scores_backward(q, k, d);
  CHECK(gradients.right == one_head(Tensor<double>{5, 7}));  // 5·(1 0) + 7·(0 1)
  CHECK(gradients.left == reshaped(Tensor<double>{10, 15, 14, 21}, {1, 2, 1, 2}));
}

TEST_CASE("weighted values send d·vᵀ to the weights and weightsᵀ·d to the values") {
  const Tensor<double> weights = {0.25, 0.75}, v = {1, 2, 3, 4}, d = {4, 8};
  const FactorGradients gradients = weighted_values_backward(one_head(weights), one_head(v), one_head(d));
  CHECK(gradients.left == one_head(Tensor<double>{20, 44}));             // 4·1 + 8·2, 4·3 + 8·4
  CHECK(gradients.right == one_head(Tensor<double>{1, 2, 3, 6}));
}

TEST_CASE("the softmax takes the weighted mean off: rows of its gradient sum to zero") {
  // p = (¼, ¾), d = (8, 4): mean 2 + 3 = 5; ¼·3 = 0.75, ¾·(−1) = −0.75. A row that was set has none.
  const Tensor<double> weights = {{0.25, 0.75}, {0, 0}}, d = {{8, 4}, {8, 4}};
  CHECK(softmax_backward(weights, {false, true}, d) == Tensor<double>{{0.75, -0.75}, {0, 0}});
  CHECK(softmax_backward(Tensor<double>{1, 0}, {}, Tensor<double>{3, 9}) == Tensor<double>{0, 0});  // saturated
}

TEST_CASE("a forbidden key sends nothing back, and an added mask lets through") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(masked_scores_backward(Tensor<double>{0, -inf, -2}, Tensor<double>{1, 2, 3}) == Tensor<double>{1, 0, 3});
}

TEST_CASE("the soft cap lets through 1 − tanh²") {
  // capped = 1 at cap 2: 1 − (1/2)² = 0.75
  CHECK(capped_scores_backward(Tensor<double>{1, 0}, 2, Tensor<double>{4, 4}) == Tensor<double>{3, 4});
}

TEST_CASE("dropout multiplies gradients as it multiplied weights") {
  CHECK(dropped_weights_backward(Tensor<double>{1, 0}, 0.5, Tensor<double>{3, 3}) == Tensor<double>{6, 0});
}

TEST_CASE("gradients of other shapes are refused") {
  const Tensor<double> a = {1, 2, 3, 4}, b = {1, 2};
  CHECK_THROWS_AS(softmax_backward(a, {}, b), ShapeError);
  CHECK_THROWS_AS(masked_scores_backward(a, b), ShapeError);
  CHECK_THROWS_AS(capped_scores_backward(a, 1, b), ShapeError);
  CHECK_THROWS_AS(raw_scores_backward(one_head(a), one_head(a), one_head(b)), ShapeError);
  CHECK_THROWS_AS(weighted_values_backward(one_head(a), one_head(a), one_head(Tensor<double>{1, 2, 3, 4, 5, 6})), ShapeError);
}
