#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/ops/attention.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

using namespace attn;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

template <class T>
struct Inputs {
  Tensor<T> q = naive::numbers<T>({2, 6, 3, 4}, 1);
  Tensor<T> k = naive::numbers<T>({2, 3, 5, 4}, 2);
  Tensor<T> v = naive::numbers<T>({2, 3, 5, 7}, 3);
};

// Every score, weight and head value of a run against plain loops.
template <class T>
void check_against_loops(const AttentionSteps<T>& steps, const Tensor<T>& keys, const Tensor<T>& values,
                         const naive::Rule& rule, long double tolerance) {
  const Sizes& s = steps.sizes;
  for (std::size_t b = 0; b < s.batch; ++b) {
    for (std::size_t h = 0; h < s.heads; ++h) {
      for (std::size_t i = 0; i < s.query_len; ++i) {
        const naive::Query expected = naive::query(steps.q, keys, values, rule, b, h, i);
        for (std::size_t j = 0; j < s.key_len; ++j) {
          CHECK(std::abs(naive::at(steps.scores_raw, {b, h, i, j}) - expected.raw[j]) <= tolerance);
          CHECK(std::abs(naive::at(steps.softmax.weights, {b, h, i, j}) - expected.weights[j]) <= tolerance);
        }
        for (std::size_t c = 0; c < s.value_dim; ++c) {
          CHECK(std::abs(naive::at(steps.heads, {b, h, i, c}) - expected.head[c]) <= tolerance);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("grouped heads, unequal lengths and sizes agree with plain loops") {
  Inputs<double> in;
  const auto steps = attention<double>(in.q, in.k, in.v, {});
  naive::Rule rule;
  rule.scale = 0.5L;  // 1/√4
  check_against_loops(steps, in.k, in.v, rule, 1e-14L);
  CHECK(steps.scores_masked == steps.scores_scaled);
  CHECK_FALSE(steps.mask);
  CHECK_FALSE(steps.scores_capped);
}

TEST_CASE("float32 runs in float32: close to the loops, and different from float64") {
  Inputs<float> in;
  const auto steps = attention<float>(in.q, in.k, in.v, {});
  naive::Rule rule;
  rule.scale = 0.5L;
  check_against_loops(steps, in.k, in.v, rule, 1e-6L);
}

TEST_CASE("every mask rule at once, with a soft cap before the mask and a given scale") {
  Inputs<double> in;
  AttentionOptions<double> options;
  options.scale = 1.75;
  options.softcap = 0.8;
  options.mask.causal = true;
  options.mask.valid_lens = {5, 2};
  options.mask.window = {1, std::nullopt};
  options.mask.given = naive::numbers<double>({6, 1, 5}, 8);
  const Tensor<double> given = *options.mask.given;
  const auto steps = attention<double>(in.q, in.k, in.v, options);
  naive::Rule rule;
  rule.scale = 1.75L;
  rule.softcap = 0.8L;
  rule.visible = [](std::size_t b, std::size_t, std::size_t i, std::size_t j) {
    return j <= i && j + 1 >= i && j < (b == 0 ? 5u : 2u);
  };
  rule.added = [&](std::size_t, std::size_t h, std::size_t, std::size_t j) { return naive::at(given, {h, 0, j}); };
  check_against_loops(steps, in.k, in.v, rule, 1e-14L);
  REQUIRE(steps.scores_capped);
  for (const double score : steps.scores_capped->storage()) CHECK(std::abs(score) < 0.8);
}

TEST_CASE("a cache is put before the new keys, and the causal diagonal follows it") {
  Inputs<double> in;
  AttentionOptions<double> options;
  options.past_key = naive::numbers<double>({2, 3, 4, 4}, 11);
  options.past_value = naive::numbers<double>({2, 3, 4, 7}, 12);
  options.mask.causal = true;
  const auto steps = attention<double>(in.q, in.k, in.v, options);
  REQUIRE(steps.present_key);
  CHECK(shape_of(*steps.present_key) == Shape{2, 3, 9, 4});
  naive::Rule rule;
  rule.scale = 0.5L;
  rule.visible = [](std::size_t, std::size_t, std::size_t i, std::size_t j) { return j <= i + 4; };
  check_against_loops(steps, *steps.present_key, *steps.present_value, rule, 1e-14L);
}

TEST_CASE("decoding token by token with a cache gives the rows of the whole run") {
  const auto q = naive::numbers<double>({1, 2, 6, 4}, 21), k = naive::numbers<double>({1, 2, 6, 4}, 22),
             v = naive::numbers<double>({1, 2, 6, 3}, 23);
  AttentionOptions<double> causal;
  causal.mask.causal = true;
  const auto whole = attention<double>(q, k, v, causal);
  const auto rows = [](const Tensor<double>& t, std::size_t from, std::size_t count) {
    Tensor<double> part = empty<double>({1, 2, count, t.shape(3)});
    for (std::size_t h = 0; h < 2; ++h) {
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t d = 0; d < t.shape(3); ++d) part(0, h, i, d) = t(0, h, from + i, d);
      }
    }
    return part;
  };
  for (std::size_t token = 1; token < 6; ++token) {
    AttentionOptions<double> options = causal;
    options.past_key = rows(k, 0, token);
    options.past_value = rows(v, 0, token);
    const auto step = attention<double>(rows(q, token, 1), rows(k, token, 1), rows(v, token, 1), options);
    CHECK(step.heads == rows(whole.heads, token, 1));
  }
}

TEST_CASE("the fill value replaces the score of a forbidden key, also where the score is NaN") {
  Inputs<double> in;
  in.k(0, 0, 4, 0) = std::numeric_limits<double>::quiet_NaN();
  AttentionOptions<double> options;
  options.mask.valid_lens = {4, 4};
  options.mask_fill = -1e6;
  const auto steps = attention<double>(in.q, in.k, in.v, options);
  CHECK(steps.scores_masked(0, 0, 0, 4) == -1e6);
  CHECK((*steps.mask)(0, 0, 0, 4) == -inf);
  CHECK(steps.softmax.weights(0, 0, 0, 4) == 0);  // exp(-1e6) underflows
}

TEST_CASE("rows without a visible key: zero by default, uniform under a finite fill, or as asked") {
  Inputs<double> in;
  AttentionOptions<double> options;
  options.mask.valid_lens = {0, 5};
  const auto by_default = attention<double>(in.q, in.k, in.v, options);
  CHECK(by_default.softmax.weights(0, 0, 0, 0) == 0);
  CHECK(by_default.heads(0, 5, 2, 6) == 0);
  options.mask_fill = -1e6;
  CHECK(attention<double>(in.q, in.k, in.v, options).softmax.weights(0, 0, 0, 0) == 0.2);
  options.masked_rows = MaskedRows::zero;
  CHECK(attention<double>(in.q, in.k, in.v, options).softmax.weights(0, 0, 0, 0) == 0);
  options.masked_rows = MaskedRows::nan;
  CHECK(std::isnan(attention<double>(in.q, in.k, in.v, options).heads(0, 0, 0, 0)));
}

TEST_CASE("dropout divides kept weights by 1 - p; with p = 1 nothing is left") {
  Inputs<double> in;
  AttentionOptions<double> options;
  options.dropout_p = 0.5;
  options.dropout_keep = filled<double>({2, 6, 3, 5}, 1.0);
  (*options.dropout_keep)(0, 0, 0, 0) = 0;
  const auto steps = attention<double>(in.q, in.k, in.v, options);
  REQUIRE(steps.weights_dropped);
  CHECK((*steps.weights_dropped)(0, 0, 0, 0) == 0);
  CHECK((*steps.weights_dropped)(1, 2, 1, 3) == 2 * steps.softmax.weights(1, 2, 1, 3));
  options.dropout_p = 1;
  options.dropout_keep = filled<double>({2, 6, 3, 5}, 0.0);
  const auto nothing = attention<double>(in.q, in.k, in.v, options);
  for (const double value : nothing.heads.storage()) CHECK(value == 0);
}

TEST_CASE("visit meets the steps in the order of the step table") {
  Inputs<double> in;
  AttentionOptions<double> options;
  options.detail = Detail::yes;
  options.softcap = 2;
  options.mask.causal = true;
  const auto steps = attention<double>(in.q, in.k, in.v, options);
  int last = -1;
  visit(steps, [&last](Step step, const Tensor<double>&) {
    CHECK(static_cast<int>(step) > last);
    last = static_cast<int>(step);
  });
  CHECK(last == static_cast<int>(Step::heads));
}

TEST_CASE("tensors that do not fit are refused with their shapes") {
  const auto refuse = [](const Shape& q, const Shape& k, const Shape& v) {
    CHECK_THROWS_AS(attention<double>(empty<double>(q), empty<double>(k), empty<double>(v), {}), ShapeError);
  };
  refuse({2, 6, 3, 4}, {2, 4, 5, 4}, {2, 4, 5, 7});  // 6 is no multiple of 4
  refuse({2, 6, 3, 4}, {2, 3, 5, 8}, {2, 3, 5, 7});  // head sizes differ
  refuse({2, 6, 3, 4}, {2, 3, 5, 4}, {2, 3, 6, 7});  // a value without a key
  refuse({2, 6, 3, 4}, {1, 3, 5, 4}, {1, 3, 5, 7});  // batch sizes differ
  refuse({2, 6, 3, 4}, {2, 3, 5, 4}, {2, 1, 5, 7});  // heads of k and v differ
  refuse({6, 3, 4}, {3, 5, 4}, {3, 5, 7});           // rank
  Inputs<double> in;
  AttentionOptions<double> options;
  options.past_key = empty<double>({2, 3, 4, 4});
  CHECK_THROWS_AS(attention<double>(in.q, in.k, in.v, options), ShapeError);  // keys without values
  options.past_value = empty<double>({2, 3, 3, 7});
  CHECK_THROWS_AS(attention<double>(in.q, in.k, in.v, options), ShapeError);  // of another length
  options.past_key = empty<double>({4});
  CHECK_THROWS_AS(attention<double>(in.q, in.k, in.v, options), ShapeError);  // of another rank
}

TEST_CASE("no keys give heads of zeros, and the scale of a head of width 0 is 1") {
  const auto steps = attention<double>(empty<double>({1, 1, 2, 4}), empty<double>({1, 1, 0, 4}),
                                       empty<double>({1, 1, 0, 3}), {});
  for (const double value : steps.heads.storage()) CHECK(value == 0);
  CHECK(effective_scale<double>({}, 0) == 1);
  CHECK(effective_scale<double>({}, 16) == 0.25);
}
