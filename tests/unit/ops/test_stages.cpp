#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/ops/stages.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Tensor<double> cells(const Shape& shape, const std::vector<double>& values) {
  Tensor<double> tensor = empty<double>(shape);
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

}  // namespace

TEST_CASE("a query head reads the keys and the values of its group") {
  const auto q = naive::numbers<double>({2, 4, 3, 5}, 1), k = naive::numbers<double>({2, 2, 6, 5}, 2), v = naive::numbers<double>({2, 2, 6, 7}, 3);
  const auto scores = raw_scores(q, k);
  const auto heads = weighted_values(scores, v);
  REQUIRE(shape_of(scores) == Shape{2, 4, 3, 6});
  REQUIRE(shape_of(heads) == Shape{2, 4, 3, 7});
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t h = 0; h < 4; ++h) {
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 6; ++j) {
          double sum = 0;
          for (std::size_t d = 0; d < 5; ++d) sum += q(b, h, i, d) * k(b, h / 2, j, d);
          CHECK(scores(b, h, i, j) == sum);
        }
        for (std::size_t c = 0; c < 7; ++c) {
          double sum = 0;
          for (std::size_t j = 0; j < 6; ++j) sum += scores(b, h, i, j) * v(b, h / 2, j, c);
          CHECK(heads(b, h, i, c) == sum);
        }
      }
    }
  }
}

TEST_CASE("products over nothing are zero") {
  CHECK(raw_scores(empty<double>({1, 1, 2, 0}), empty<double>({1, 1, 3, 0})) == filled<double>({1, 1, 2, 3}, 0.0));
  CHECK(weighted_values(empty<double>({1, 1, 2, 0}), empty<double>({1, 1, 0, 3})) == filled<double>({1, 1, 2, 3}, 0.0));
}

TEST_CASE("scores are multiplied by the scale, infinities and NaN as in arithmetic") {
  const auto scaled = scaled_scores(cells({4}, {2, -3, inf, std::nan("")}), 0.5);
  CHECK(scaled(0) == 1);
  CHECK(scaled(1) == -1.5);
  CHECK(scaled(2) == inf);
  CHECK(std::isnan(scaled(3)));
}

TEST_CASE("a soft cap leaves small scores, and large ones end at the cap") {
  const auto capped = capped_scores(cells({4}, {1e-9, 2, inf, -inf}), 2.0);
  CHECK(capped(0) == doctest::Approx(1e-9).epsilon(1e-12));
  CHECK(capped(1) == 2 * std::tanh(1.0));
  CHECK(capped(2) == 2);
  CHECK(capped(3) == -2);
}

TEST_CASE("a forbidden score is overwritten, whatever stood there; others get the mask's number") {
  const auto masked = masked_scores(cells({4}, {1, std::nan(""), inf, 5}), cells({4}, {0.5, -inf, -inf, -inf}), -1e4);
  CHECK(masked(0) == 1.5);
  CHECK(masked(1) == -1e4);
  CHECK(masked(2) == -1e4);
  CHECK(masked(3) == -1e4);
}

TEST_CASE("the policy for hidden rows holds without a finite fill, or where it was asked for") {
  const std::optional<Tensor<double>> mask = cells({1, 1, 2, 2}, {-inf, -inf, 0, -inf});
  const std::vector<bool> first = {true, false};
  AttentionOptions<double> options;
  CHECK(rows_under_policy(options, &*mask) == first);
  options.mask_fill = -1e9;
  CHECK(rows_under_policy(options, &*mask).empty());
  options.masked_rows = MaskedRows::uniform;
  CHECK(rows_under_policy(options, &*mask) == first);
  CHECK(rows_under_policy<double>(options, nullptr).empty());
}

TEST_CASE("kept weights grow by 1 / (1 − p), dropped ones are zero") {
  const auto dropped = dropped_weights(cells({3}, {0.5, 0.25, 0.25}), cells({3}, {1, 0, 1}), 0.75);
  CHECK(dropped == cells({3}, {2, 0, 1}));
  CHECK(dropped_weights(cells({2}, {0.5, 0.5}), cells({2}, {0, 0}), 1) == cells({2}, {0, 0}));
  CHECK_THROWS_WITH_AS(dropped_weights(cells({2}, {1, 1}), cells({3}, {1, 1, 1}), 0.5), "dropout: mask (3,) and weights (2,) differ", ShapeError);
}

TEST_CASE("an appended key stands last in every sample: a learned row, head by head, or zeros") {
  const auto keys = naive::numbers<double>({2, 2, 3, 2}, 1);
  const std::optional<Tensor<double>> row = cells({4}, {1, 2, 3, 4});
  const auto learned = append_key(keys, row, "bias_k");
  REQUIRE(shape_of(learned) == Shape{2, 2, 4, 2});
  for (std::size_t b = 0; b < 2; ++b) {
    CHECK(learned(b, 0, 3, 0) == 1);
    CHECK(learned(b, 0, 3, 1) == 2);
    CHECK(learned(b, 1, 3, 0) == 3);
    CHECK(learned(b, 1, 3, 1) == 4);
    CHECK(learned(b, 1, 2, 1) == keys(b, 1, 2, 1));
  }
  CHECK(append_key(keys, std::optional<Tensor<double>>(), "zero key")(1, 1, 3, 1) == 0);
  const std::optional<Tensor<double>> short_row = cells({3}, {1, 2, 3});
  CHECK_THROWS_WITH_AS(append_key(keys, short_row, "bias_k"), "bias_k: found 3 numbers, expected Hk·D = 4", ShapeError);
}

TEST_CASE("the mean over heads is taken cell by cell") {
  const auto mean = mean_over_heads(cells({1, 2, 1, 2}, {0.25, 0.75, 0.5, 0.5}));
  CHECK(mean == cells({1, 1, 2}, {0.375, 0.625}));
}

TEST_CASE("tensors that do not fit each other are refused, not read beyond their end") {
  const auto make = [](const Shape& shape) { return filled<double>(shape, 0.5); };
  CHECK_THROWS_AS(raw_scores(make({2, 1, 3, 4}), make({1, 1, 3, 4})), ShapeError);
  CHECK_THROWS_AS(raw_scores(make({1, 1, 3, 8}), make({1, 1, 3, 4})), ShapeError);
  CHECK_THROWS_AS(weighted_values(make({1, 1, 3, 8}), make({1, 1, 3, 4})), ShapeError);
  CHECK_THROWS_AS(masked_scores(make({1, 1, 3, 4}), make({3, 4}), 0.0), ShapeError);
}
