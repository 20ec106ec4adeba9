#include "random_case.hpp"

#include <attn/error.hpp>
#include <attn/ops/fused/online_softmax_trace.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;
using namespace attn::fused;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double difference(double a, double b) { return std::isnan(a) && std::isnan(b) ? 0 : std::abs(a - b); }

// Scores 0, ln 2, ln 8, ln 4 for the one query 1, and values 1, 2, 3, 4: weights 1 : 2 : 8 : 4.
struct Worked {
  Tensor<double> q = filled<double>({1, 1, 1, 1}, 1.0);
  Tensor<double> k = empty<double>({1, 1, 4, 1});
  Tensor<double> v = empty<double>({1, 1, 4, 1});

  Worked() {
    const double weights[] = {1, 2, 8, 4};
    for (std::size_t j = 0; j < 4; ++j) {
      k.data()[j] = std::log(weights[j]);
      v.data()[j] = static_cast<double>(j + 1);
    }
  }
};

// A word a panel, a letter a tile: # computed, c causal, p padding, w window, s several.
std::string map_of(const OnlineSoftmaxTrace<double>& trace) {
  std::string map;
  for (const OnlinePanel<double>& panel : trace.panels) {
    if (!map.empty()) map += ' ';
    for (const OnlineTile<double>& tile : panel.tiles) map += "#cpws"[static_cast<std::size_t>(tile.left_out)];
  }
  return map;
}

std::string map_for(const MaskRules<double>& rules, std::size_t queries, std::size_t keys, TileSizes tile,
                    double fill = -infinity) {
  AttentionOptions<double> options;
  options.mask = rules;
  options.mask_fill = fill;
  const std::size_t batch = std::max<std::size_t>(rules.valid_lens.size(), 1);
  const auto q = naive::numbers<double>({batch, 1, queries, 2}, 1), k = naive::numbers<double>({batch, 1, keys, 2}, 2);
  return map_of(online_softmax_trace(q, k, k, options, tile));
}

}  // namespace

TEST_CASE("two tiles worked by hand: a larger maximum scales down what was summed before") {
  const Worked w;
  const OnlineSoftmaxTrace<double> trace = online_softmax_trace(w.q, w.k, w.v, {}, {1, 2});
  REQUIRE(trace.panels.size() == 1);
  REQUIRE(trace.panels[0].tiles.size() == 2);

  // Tile 1: s = (0, ln 2), m' = ln 2, weights exp(s − m') = (1/2, 1), l = 3/2, o = 1·1/2 + 2·1 = 5/2.
  const OnlineRow<double>& first = trace.panels[0].tiles[0].rows[0];
  CHECK(first.max_before == -infinity);
  CHECK(first.max == doctest::Approx(std::log(2.0)));
  CHECK(first.factor == 0);
  CHECK(first.weights[0] == doctest::Approx(0.5));
  CHECK(first.weights[1] == 1);
  CHECK(first.sum == doctest::Approx(1.5));
  CHECK(first.values[0] == doctest::Approx(2.5));

  // Tile 2: s = (ln 8, ln 4), m' = ln 8, factor exp(ln 2 − ln 8) = 1/4, weights (1, 1/2),
  // l = 3/2·1/4 + 3/2 = 15/8, o = 5/2·1/4 + 3·1 + 4·1/2 = 45/8; at the end o/l = 3.
  const OnlineRow<double>& second = trace.panels[0].tiles[1].rows[0];
  CHECK(second.max_before == first.max);
  CHECK(second.max == doctest::Approx(std::log(8.0)));
  CHECK(second.factor == doctest::Approx(0.25));
  CHECK(second.weights[0] == 1);
  CHECK(second.weights[1] == doctest::Approx(0.5));
  CHECK(second.sum_before == first.sum);
  CHECK(second.sum == doctest::Approx(1.875));
  CHECK(second.values[0] == doctest::Approx(5.625));
  CHECK(trace.heads.data()[0] == doctest::Approx(3));
  CHECK(trace.panels[0].last[0].sum == second.sum);
}

TEST_CASE("a tile without a larger score leaves what was summed before as it is") {
  Worked w;
  std::swap(w.k.data()[0], w.k.data()[2]);  // ln 8 first
  const OnlineSoftmaxTrace<double> trace = online_softmax_trace(w.q, w.k, w.v, {}, {1, 2});
  CHECK(trace.panels[0].tiles[1].rows[0].max == std::log(8.0));
  CHECK(trace.panels[0].tiles[1].rows[0].factor == 1);
}

TEST_CASE("whatever the rules and the tiles, the end is that of the whole softmax") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const RandomCase c = random_case(seed);
    CAPTURE(c.text);
    const Tensor<double> whole = attention<double>(c.q, c.k, c.v, c.options).heads;
    const Tensor<double> online = online_softmax_trace(c.q, c.k, c.v, c.options, {1 + seed % 5, 3 + seed % 7}).heads;
    REQUIRE(shape_of(online) == shape_of(whole));
    double largest = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const double error = difference(online.data()[i], whole.data()[i]);
      if (!(error <= largest)) largest = error;
    }
    CHECK(largest <= 3e-13);
  }
}

TEST_CASE("no tile is left out in which a query sees a key, or in which a forbidden key counts") {
  std::size_t left_out = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    const RandomCase c = random_case(seed);
    CAPTURE(c.text);
    const OnlineSoftmaxTrace<double> trace = online_softmax_trace(c.q, c.k, c.v, c.options, {3, 4});
    for (const OnlinePanel<double>& panel : trace.panels) {
      for (const OnlineTile<double>& tile : panel.tiles) {
        if (tile.left_out == LeftOut::no) continue;
        ++left_out;
        CHECK(tile.rows.empty());
        CHECK(c.options.mask_fill == -infinity);
        for (std::size_t i = panel.queries.begin; i < panel.queries.end; ++i) {
          for (std::size_t j = tile.keys.begin; j < tile.keys.end; ++j) {
            const auto verdict = mask_verdict(c.options.mask, trace.sizes, panel.batch, panel.head, i, j);
            REQUIRE((verdict.causal || verdict.padding || verdict.window));
          }
        }
      }
    }
  }
  CHECK(left_out > 1000);
}

TEST_CASE("tiles in the future, padding and tiles outside the window are left out, each for its reason") {
  MaskRules<double> rules;
  rules.causal = true;
  CHECK(map_for(rules, 6, 6, {2, 2}) == "#cc ##c ###");
  CHECK(map_for(rules, 4, 4, {2, 3}) == "#c ##");  // a tile that one query sees in part is computed
  rules.window.left = 1;
  CHECK(map_for(rules, 6, 6, {2, 2}) == "#cc ##c w##");
  MaskRules<double> padded;
  padded.valid_lens = {4, 1, 0};
  CHECK(map_for(padded, 2, 6, {2, 2}) == "##p #pp ppp");
  padded.valid_lens = {3};
  padded.causal = true;
  CHECK(map_for(padded, 2, 6, {2, 3}) == "#c");  // future and padding: the first of the rules is named
}

TEST_CASE("a tile that rules forbid only together is left out for several reasons") {
  MaskRules<double> rules;  // query 2 does not see key 0, left of its window, nor key 1, which is padding
  rules.valid_lens = {1};
  rules.window.left = 1;
  CHECK(map_for(rules, 3, 3, {1, 2}) == "#p #p sp");
}

TEST_CASE("a finite fill leaves no tile out, for every forbidden key counts") {
  MaskRules<double> rules;
  rules.causal = true;
  CHECK(map_for(rules, 4, 4, {2, 2}, -1e9) == "## ##");
}

TEST_CASE("a given mask is not searched for tiles: one that it forbids whole changes nothing") {
  const Worked w;
  AttentionOptions<double> options;
  options.mask.given = Tensor<double>{0, 0, -infinity, -infinity};
  const OnlineSoftmaxTrace<double> trace = online_softmax_trace(w.q, w.k, w.v, options, {1, 2});
  const OnlineRow<double>& before = trace.panels[0].tiles[0].rows[0];
  const OnlineRow<double>& after = trace.panels[0].tiles[1].rows[0];
  CHECK(after.factor == 1);
  CHECK(after.weights == std::vector<double>{0, 0});
  CHECK(after.sum == before.sum);
  CHECK(after.values == before.values);
}

TEST_CASE("a query without a visible key keeps m = −inf and l = 0, and follows the policy") {
  const Worked w;
  AttentionOptions<double> options;
  options.mask.given = filled<double>({4}, -infinity);
  for (const MaskedRows policy : {MaskedRows::zero, MaskedRows::nan, MaskedRows::uniform}) {
    options.masked_rows = policy;
    const OnlineSoftmaxTrace<double> trace = online_softmax_trace(w.q, w.k, w.v, options, {1, 3});
    const OnlineRow<double>& last = trace.panels[0].last[0];
    CHECK(last.max == -infinity);
    CHECK(last.sum == 0);
    CHECK_FALSE(last.seen);
    const double result = trace.heads.data()[0];
    if (policy == MaskedRows::zero) CHECK(result == 0);
    if (policy == MaskedRows::nan) CHECK(std::isnan(result));
    if (policy == MaskedRows::uniform) CHECK(result == 2.5);  // (1 + 2 + 3 + 4) / 4
  }
}

TEST_CASE("a soft cap bounds the scores before the mask") {
  const Worked w;
  AttentionOptions<double> options;
  options.softcap = 1;
  options.mask.given = Tensor<double>{0, 0, 5, -infinity};
  const OnlineRow<double> row = online_softmax_trace(w.q, w.k, w.v, options, {1, 4}).panels[0].tiles[0].rows[0];
  CHECK(row.scores[0] == 0);
  CHECK(row.scores[1] == doctest::Approx(0.6));          // tanh(ln 2) = (2 − 1/2)/(2 + 1/2)
  CHECK(row.scores[2] == doctest::Approx(63.0 / 65 + 5));  // tanh(ln 8) = (8 − 1/8)/(8 + 1/8)
  CHECK(row.scores[3] == -infinity);
}

TEST_CASE("heads of a group meet the same keys") {
  const auto q = naive::numbers<double>({1, 4, 2, 3}, 1), k = naive::numbers<double>({1, 2, 3, 3}, 2);
  const auto v = naive::numbers<double>({1, 2, 3, 2}, 3);
  const OnlineSoftmaxTrace<double> trace = online_softmax_trace(q, k, v, {}, {2, 2});
  naive::Rule rule;
  rule.scale = 1 / std::sqrt(3.0L);
  for (std::size_t h = 0; h < 4; ++h) {
    CHECK(trace.panels[h].head == h);
    const naive::Query expected = naive::query(q, k, v, rule, 0, h, 1);
    const OnlineRow<double>& row = trace.panels[h].tiles[0].rows[1];
    CHECK(row.scores[0] == doctest::Approx(static_cast<double>(expected.raw[0] * rule.scale)));
    for (std::size_t d = 0; d < 2; ++d) {
      const auto found = static_cast<double>(naive::at(trace.heads, {0, h, 1, d}));
      CHECK(found == doctest::Approx(static_cast<double>(expected.head[d])));
    }
  }
}

TEST_CASE("cached keys come first, and positions turn the new ones on") {
  const auto q = naive::numbers<double>({1, 1, 3, 4}, 1), k = naive::numbers<double>({1, 1, 3, 4}, 2);
  const auto v = naive::numbers<double>({1, 1, 3, 2}, 3);
  AttentionOptions<double> options;
  options.rotary = RotaryPositions<double>{};
  options.past_key = naive::numbers<double>({1, 1, 2, 4}, 4);
  options.past_value = naive::numbers<double>({1, 1, 2, 2}, 5);
  options.mask.causal = true;
  const OnlineSoftmaxTrace<double> trace = online_softmax_trace(q, k, v, options, {2, 2});
  const AttentionSteps<double> whole = attention(q, k, v, options);
  CHECK(map_of(trace) == "##c ###");
  CHECK(trace.panels[0].tiles[0].rows[0].scores[1] == doctest::Approx(whole.scores_masked.data()[1]));
  for (std::size_t i = 0; i < whole.heads.size(); ++i) CHECK(trace.heads.data()[i] == doctest::Approx(whole.heads.data()[i]));
}

TEST_CASE("a cache that does not fit is refused as by the reference") {
  const auto x = naive::numbers<float>({1, 1, 2, 2}, 1);
  AttentionOptions<float> options;
  options.past_key = naive::numbers<float>({1, 1, 3, 2}, 1);
  options.past_value = naive::numbers<float>({1, 1, 4, 2}, 1);
  CHECK_THROWS_WITH_AS(online_softmax_trace(x, x, x, options),
                       "attention: past keys (1, 1, 3, 2) and past values (1, 1, 4, 2) differ in length", ShapeError);
}

TEST_CASE("no keys give zeros, and no queries no panels") {
  const auto q = naive::numbers<float>({1, 1, 2, 4}, 1);
  const auto none = online_softmax_trace(q, empty<float>({1, 1, 0, 4}), empty<float>({1, 1, 0, 3}), {});
  CHECK(none.heads == filled<float>({1, 1, 2, 3}, 0.0f));
  CHECK(online_softmax_trace(empty<float>({1, 1, 0, 4}), q, q, {}).panels.empty());
}

TEST_CASE("a score that is NaN or +inf makes its row NaN") {
  auto q = naive::numbers<double>({1, 1, 3, 2}, 1);
  const auto k = naive::numbers<double>({1, 1, 9, 2}, 2);
  q.data()[0] = std::numeric_limits<double>::quiet_NaN();
  q.data()[2] = infinity;
  const Tensor<double> heads = online_softmax_trace(q, k, k, {}).heads;
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::isnan(heads.data()[i]));
  CHECK(std::isfinite(heads.data()[4]));
}

TEST_CASE("dropout and an empty tile are refused") {
  const auto x = naive::numbers<double>({1, 1, 2, 2}, 1);
  AttentionOptions<double> options;
  CHECK_THROWS_WITH_AS(online_softmax_trace(x, x, x, options, {0, 2}),
                       "online softmax: a tile needs at least one query and one key", UsageError);
  CHECK_THROWS_AS(online_softmax_trace(x, x, x, options, {2, 0}), UsageError);
  options.dropout_keep = filled<double>({1, 1, 2, 2}, 1.0);
  CHECK_THROWS_WITH_AS(online_softmax_trace(x, x, x, options),
                       "online softmax: keeps no weights that dropout could drop", UsageError);
}
