#include "random_case.hpp"

#include <attn/error.hpp>
#include <attn/ops/fused/fused_attention.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

using namespace attn;
using namespace attn::fused;

namespace {

constexpr unsigned cases = 2500;

double difference(double a, double b) { return std::isnan(a) && std::isnan(b) ? 0 : std::abs(a - b); }

// The largest difference; NaN where only one of the two is NaN.
template <class T>
double error_of(const Tensor<T>& result, const Tensor<double>& exact) {
  REQUIRE(shape_of(result) == shape_of(exact));
  double largest = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = difference(static_cast<double>(result.data()[i]), exact.data()[i]);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  return shape_of(a) == shape_of(b) && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
Tensor<T> fused_result(const RandomCase& c, const FusedOptions& fused) {
  return fused_attention(as<T>(c.q), as<T>(c.k), as<T>(c.v), as<T>(c.options), fused);
}

// The root of the mean squared difference: one number in a hundred that happens to be rounded the wrong way in
// every step says nothing about the other ninety-nine.
double typical_error(const Tensor<float>& result, const Tensor<double>& exact) {
  REQUIRE(shape_of(result) == shape_of(exact));
  double squares = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = difference(static_cast<double>(result.data()[i]), exact.data()[i]);
    squares += error * error;
  }
  return exact.size() == 0 ? 0 : std::sqrt(squares / static_cast<double>(exact.size()));
}

}  // namespace

// The reference in float64 is the exact result; the reference in float32 shows what float32 costs. In a run of few
// rows the plain computation may be lucky, so that a single run gets more room; all of them together do not.
TEST_CASE("in float32 the typical error of all runs together is at most twice, of each run at most four times that of the plain computation") {
  double plain_total = 0;
  std::vector<double> fused_total(available_sets().size(), 0);
  for (unsigned seed = 0; seed < cases; ++seed) {
    const RandomCase c = random_case(seed);
    CAPTURE(c.text);
    const Tensor<double> exact = attention<double>(c.q, c.k, c.v, c.options).heads;
    const double plain = typical_error(attention<float>(as<float>(c.q), as<float>(c.k), as<float>(c.v), as<float>(c.options)).heads, exact);
    plain_total += plain;
    for (const InstructionSet set : available_sets()) {
      const double error = typical_error(fused_result<float>(c, {1, set}), exact);
      CHECK(error <= 4 * plain + std::numeric_limits<float>::epsilon());
      fused_total[static_cast<std::size_t>(set)] += error;
    }
  }
  for (const double total : fused_total) {
    MESSAGE("mean error / mean error of the plain computation: ", total / plain_total);
    CHECK(total <= 2 * plain_total);
  }
}

TEST_CASE("in float64 it agrees with the reference to rounding, whatever the shapes and masks") {
  for (unsigned seed = 0; seed < cases; ++seed) {
    const RandomCase c = random_case(seed);
    CAPTURE(c.text);
    const Tensor<double> exact = attention<double>(c.q, c.k, c.v, c.options).heads;
    for (const InstructionSet set : available_sets()) CHECK(error_of(fused_result<double>(c, {1, set}), exact) <= 3e-13);
  }
}

TEST_CASE("the result has the same bits for any number of threads") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const RandomCase c = random_case(seed);
    CAPTURE(c.text);
    const Tensor<float> alone = fused_result<float>(c, {1, std::nullopt});
    for (const std::size_t threads : {0, 2, 3, 8}) CHECK(same_bits(fused_result<float>(c, {threads, std::nullopt}), alone));
  }
}

TEST_CASE("grouped heads and unequal lengths agree with plain loops") {
  const auto q = naive::numbers<double>({2, 6, 70, 4}, 1), k = naive::numbers<double>({2, 3, 150, 4}, 2);
  const auto v = naive::numbers<double>({2, 3, 150, 7}, 3);
  const Tensor<double> heads = fused_attention(q, k, v, {});
  naive::Rule rule;
  rule.scale = 0.5L;  // 1/√4
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t h = 0; h < 6; ++h) {
      for (std::size_t i = 0; i < 70; i += 23) {
        const naive::Query expected = naive::query(q, k, v, rule, b, h, i);
        for (std::size_t d = 0; d < 7; ++d) CHECK(std::abs(naive::at(heads, {b, h, i, d}) - expected.head[d]) <= 1e-14L);
      }
    }
  }
}

TEST_CASE("rotary positions turn queries and keys first, a cache moving them on") {
  RandomCase c = random_case(1);
  c.q = naive::numbers<double>({1, 2, 5, 8}, 1);
  c.k = naive::numbers<double>({1, 2, 5, 8}, 2);
  c.v = naive::numbers<double>({1, 2, 5, 3}, 3);
  AttentionOptions<double> options;
  options.rotary = RotaryPositions<double>{};
  options.past_key = naive::numbers<double>({1, 2, 4, 8}, 4);
  options.past_value = naive::numbers<double>({1, 2, 4, 3}, 5);
  CHECK(error_of(fused_attention(c.q, c.k, c.v, options), attention<double>(c.q, c.k, c.v, options).heads) <= 1e-14);
}

TEST_CASE("scores that are NaN or +inf make their row NaN, and only theirs") {
  auto q = naive::numbers<float>({1, 1, 3, 2}, 1);
  const auto k = naive::numbers<float>({1, 1, 200, 2}, 2), v = naive::numbers<float>({1, 1, 200, 2}, 3);
  q.data()[0] = std::numeric_limits<float>::quiet_NaN();
  q.data()[2] = std::numeric_limits<float>::infinity();
  for (const InstructionSet set : available_sets()) {
    const Tensor<float> heads = fused_attention(q, k, v, {}, {1, set});
    for (std::size_t i = 0; i < 4; ++i) CHECK(std::isnan(heads.data()[i]));
    CHECK(std::isfinite(heads.data()[4]));
  }
}

TEST_CASE("no keys give zeros, and no queries nothing") {
  const auto v = empty<float>({1, 1, 0, 3});
  const Tensor<float> none = fused_attention(naive::numbers<float>({1, 1, 2, 4}, 1), empty<float>({1, 1, 0, 4}), v, {});
  CHECK(none == filled<float>({1, 1, 2, 3}, 0.0f));
  const auto k = naive::numbers<float>({1, 1, 5, 4}, 2);
  CHECK(fused_attention(empty<float>({1, 1, 0, 4}), k, k, {}).size() == 0);
}

TEST_CASE("dropout is refused, because no weights are kept to drop") {
  const auto x = naive::numbers<float>({1, 1, 2, 2}, 1);
  AttentionOptions<float> options;
  options.dropout_keep = filled<float>({1, 1, 2, 2}, 1.0f);
  CHECK_THROWS_WITH_AS(fused_attention(x, x, x, options), "fused attention: keeps no weights that dropout could drop", UsageError);
}

TEST_CASE("a cache that does not fit is refused as by the reference") {
  const auto x = naive::numbers<float>({1, 1, 2, 2}, 1);
  AttentionOptions<float> options;
  options.past_key = naive::numbers<float>({1, 1, 3, 2}, 1);
  options.past_value = naive::numbers<float>({1, 1, 4, 2}, 1);
  CHECK_THROWS_WITH_AS(fused_attention(x, x, x, options),
                       "attention: past keys (1, 1, 3, 2) and past values (1, 1, 4, 2) differ in length", ShapeError);
  options.past_value = naive::numbers<float>({1, 1, 3, 5}, 1);
  CHECK_THROWS_AS(fused_attention(x, x, x, options), ShapeError);
}
