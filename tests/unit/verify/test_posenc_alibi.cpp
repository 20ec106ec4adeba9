// Slopes and biases written out by their rules.
#include <attn/verify/posenc_identify.hpp>

#include <attn/error.hpp>

#include "posenc_testing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace attn;
using namespace attn::posenc;
using posenc_testing::ids;

namespace {

// head h: 2^-(h + 1); element (i, j): rule(slope, i - j, j), -inf after the query.
template <class Rule>
Tensor<double> biases(Rule rule) {
  Tensor<double> bias = empty<double>({8, 5, 5});
  for (int h = 0; h < 8; ++h) {
    for (int i = 0; i < 5; ++i) {
      for (int j = 0; j < 5; ++j) bias(h, i, j) = j > i ? -INFINITY : rule(std::ldexp(1.0, -h - 1), i - j, j);
    }
  }
  return bias;
}

}  // namespace

TEST_CASE("slopes: the usual ones, without the rule for odd counts, and shifted by one head") {
  const double root = std::sqrt(0.5);
  const Tensor<double> six = {0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125};
  CHECK(ids(identify_alibi(six)) == "plain");
  Tensor<double> without = empty<double>({6}), shifted = {1, 0.25, 0.0625, 0.015625, 0.00390625, 0.5};
  for (int h = 0; h < 6; ++h) without(h) = std::pow(2.0, -8.0 * (h + 1) / 6);
  CHECK(ids(identify_alibi(without)) == "AL1");
  CHECK(ids(identify_alibi(shifted)) == "AL2");
  // The four slopes for 4 heads, then the first of those for 8 instead of every other: 1/2, 1/4.
  const Tensor<double> consecutive = {0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.25};
  CHECK(posenc_testing::kinds(identify_alibi(consecutive)) == "consecutive_slopes");
  CHECK(ids(identify_alibi(Tensor<double>{root, 7, 7})) == "");
}

TEST_CASE("biases: the usual ones, the wrong sign, and a form that softmax cannot see") {
  CHECK(ids(identify_alibi(biases([](double m, int distance, int) { return -m * distance; }))) == "plain");
  CHECK(ids(identify_alibi(biases([](double m, int distance, int) { return m * distance; }))) == "AL3");
  CHECK(ids(identify_alibi(biases([](double m, int, int key) { return m * key; }))) == "AL3");
  CHECK(identify_alibi(biases([](double m, int, int key) { return m * key; })).explanations.front().deviations.front().equivalent);
  const Identification scaled = identify_alibi(biases([](double m, int distance, int) { return -m * distance / 8; }));
  CHECK(ids(scaled) == "AL3");
  CHECK(posenc_testing::has_blind_spot(scaled, "AL1"));  // 8 heads are a power of two
  CHECK_THROWS_AS(identify_alibi(filled<double>({2, 2}, 0)), ShapeError);
}

TEST_CASE("the distance without its sign, added: further keys count more") {
  Tensor<double> bias = empty<double>({8, 5, 5});
  for (int h = 0; h < 8; ++h) {
    for (int i = 0; i < 5; ++i) {
      for (int j = 0; j < 5; ++j) bias(h, i, j) = std::ldexp(1.0, -h - 1) * std::abs(i - j);
    }
  }
  CHECK(posenc_testing::kinds(identify_alibi(bias)) == "sign symmetric");
}

TEST_CASE("leading axes of 1 belong to the batch, and keys of the future that were not compared are spoken of") {
  const Tensor<double> usual = biases([](double m, int distance, int) { return -m * distance; });
  Tensor<double> batch = empty<double>({1, 8, 5, 5}), open = usual;
  std::copy_n(usual.data(), usual.size(), batch.data());
  CHECK(ids(identify_alibi(batch)) == "plain");
  const auto last_unseen = [](const Tensor<double>& bias) { return identify_alibi(bias).cannot_tell.back().deviation.kind; };
  CHECK(last_unseen(usual) == "future_forbidden");
  for (double& one : open.storage()) one = one < -1e4 ? 0 : one;
  CHECK(last_unseen(open) == "future_zero");
  open(0, 0, 4) = -1e9;
  CHECK(last_unseen(open) == "future_mixed");
}

TEST_CASE("a bias rounded to three decimals is no rounding of a type") {
  Tensor<double> bias = biases([](double m, int distance, int) { return -m * distance; });
  for (double& one : bias.storage()) one = std::round(one * 1000) / 1000;
  CHECK(identify_alibi(bias).explanations.empty());
}
