#include "random_case.hpp"

#include <attn/ops/fused/visibility.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace attn;
using namespace attn::fused;

namespace {

constexpr double minus_inf = -std::numeric_limits<double>::infinity();

bool contains(const std::array<Range, 2>& ranges, std::size_t key) {
  for (const Range& range : ranges) {
    if (range.begin <= key && key < range.end) return true;
  }
  return false;
}

// One tile of one head against the verdict of the rules on every cell.
void check_tile(const RandomCase& c, const Sizes& sizes, const Range& keys, const Range& queries) {
  const MaskRules<double>& rules = c.options.mask;
  const Visibility<double> visibility(rules, sizes, minus_inf, sizes.batch - 1, sizes.heads - 1);
  const std::array<Range, 2> needed = visibility.keys_for(queries);
  Tensor<double> scores = filled<double>({keys.size(), queries.size()}, 0.5);
  bool seen[64] = {};
  visibility.apply({scores.data(), queries.size(), keys, queries}, seen);
  bool clear = true;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    bool any = false;
    for (std::size_t j = 0; j < keys.size(); ++j) {
      const auto verdict = mask_verdict(rules, sizes, sizes.batch - 1, sizes.heads - 1, queries.begin + i, keys.begin + j);
      CHECK(scores.data()[j * queries.size() + i] == (verdict.forbidden() ? minus_inf : 0.5 + verdict.added));
      if (!verdict.forbidden()) CHECK(contains(needed, keys.begin + j));
      any = any || !verdict.forbidden();
      clear = clear && !verdict.forbidden() && verdict.added == 0;
    }
    CHECK(seen[i] == any);
  }
  if (visibility.all_clear(keys, queries)) CHECK(clear);
}

}  // namespace

TEST_CASE("a tile is masked cell by cell as the rules say, and no key that counts is left out") {
  for (unsigned seed = 0; seed < 600; ++seed) {
    const RandomCase c = random_case(seed);
    const Sizes sizes = attention_sizes(c.q, c.k, c.v, c.options);
    if (sizes.key_len == 0) continue;
    CAPTURE(c.text);
    Dice dice(seed);
    const std::size_t query = dice.between(0, sizes.query_len - 1), key = dice.between(0, sizes.key_len - 1);
    check_tile(c, sizes, {key, std::min(key + dice.between(1, 20), sizes.key_len)},
               {query, std::min(query + dice.between(1, 20), sizes.query_len)});
  }
}

// Causal, 100 queries and keys: queries 10 … 19 see keys 0 … 19; with a window of 5 to the left, 5 … 19.
TEST_CASE("keys that no query of the panel sees are left out, on both sides of a window") {
  MaskRules<double> rules;
  rules.causal = true;
  const Sizes sizes = attention_sizes<double>(empty<double>({1, 1, 100, 1}), empty<double>({1, 1, 100, 1}),
                                              empty<double>({1, 1, 100, 1}), {});
  const Visibility<double> causal(rules, sizes, minus_inf, 0, 0);
  CHECK(causal.keys_for({10, 20})[0].begin == 0);
  CHECK(causal.keys_for({10, 20})[0].end == 20);
  CHECK(causal.all_clear({0, 11}, {10, 20}));
  CHECK_FALSE(causal.all_clear({0, 12}, {10, 20}));
  rules.window.left = 5;
  const Visibility<double> windowed(rules, sizes, minus_inf, 0, 0);
  CHECK(windowed.keys_for({10, 20})[0].begin == 5);
}

TEST_CASE("a finite fill leaves no key out: forbidden keys count in the softmax") {
  MaskRules<double> rules;
  rules.causal = true;
  const Tensor<double> x = empty<double>({1, 1, 100, 1});
  const Visibility<double> visibility(rules, attention_sizes<double>(x, x, x, {}), -1e9, 0, 0);
  CHECK(visibility.keys_for({10, 20})[0].end == 100);
}
