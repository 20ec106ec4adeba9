#include <attn/cost/paths.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <vector>

using namespace attn::cost;

namespace {

Values sizes(Count n, Count k = 3, Count a = 3, Count r = 4, Count m = 5) {
  Values values;
  values[Letter::n] = n;
  values[Letter::k] = k;
  values[Letter::a] = a;
  values[Letter::r] = r;
  values[Letter::m] = m;
  return values;
}

/// Longest shortest path by Floyd and Warshall's relaxation of every pair: no queue, no layers, no rules
/// of the library. `reads(l, i, j)`: output j of layer l + 1 reads position i; `next`: each reads the one
/// before it in its own layer.
template <class Reads>
std::size_t longest_by_relaxation(std::size_t n, std::size_t layers, bool next, bool forward_only, Reads&& reads) {
  constexpr std::size_t far = 1000000;
  const std::size_t nodes = (layers + 1) * n;
  std::vector<std::size_t> distance(nodes * nodes, far);
  for (std::size_t v = 0; v < nodes; ++v) distance[v * nodes + v] = 0;
  for (std::size_t l = 0; l <= layers; ++l) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n && l < layers; ++j) {
        if (reads(l, i, j)) distance[(l * n + i) * nodes + (l + 1) * n + j] = 1;
      }
      if (next && l > 0 && i + 1 < n) distance[(l * n + i) * nodes + l * n + i + 1] = 1;
    }
  }
  for (std::size_t via = 0; via < nodes; ++via) {
    for (std::size_t u = 0; u < nodes; ++u) {
      for (std::size_t v = 0; v < nodes; ++v) {
        const std::size_t detour = distance[u * nodes + via] + distance[via * nodes + v];
        if (detour < distance[u * nodes + v]) distance[u * nodes + v] = detour;
      }
    }
  }
  std::size_t longest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = forward_only ? i : 0; j < n; ++j) {
      longest = std::max(longest, distance[i * nodes + layers * n + j]);
    }
  }
  return longest;
}

}  // namespace

TEST_CASE("the longest shortest path found is the formula's, for growing sequences") {
  for (const Layer layer : {Layer::convolution, Layer::dilated_convolution, Layer::rnn, Layer::gru, Layer::lstm,
                            Layer::self_attention, Layer::restricted_attention, Layer::cross_attention,
                            Layer::linear_attention}) {
    for (const Count k : {2, 3, 5}) {
      for (const Count n : {1, 2, 3, 5, 9, 10, 27, 28, 40}) {
        const Values values = sizes(n, k, k, 4);
        CAPTURE(static_cast<int>(layer));
        CAPTURE(to_string(n));
        const std::optional<PathSearch> found = search_paths(layer, values);
        REQUIRE(found.has_value());
        CHECK(found->connected == found->pairs);
        CHECK(static_cast<Count>(found->longest.value()) == layer_info(layer).path.length(values).value());
      }
    }
  }
}

TEST_CASE("an independent search over all pairs finds the same paths") {
  const auto convolution = [](std::size_t, std::size_t i, std::size_t j) { return i <= j && j - i <= 2; };
  CHECK(search_paths(Layer::convolution, sizes(7), 3).longest == longest_by_relaxation(7, 3, false, true, convolution));
  const auto dilated = [](std::size_t l, std::size_t i, std::size_t j) {
    const std::size_t step = l == 0 ? 1 : 3;
    return i <= j && (j - i) % step == 0 && (j - i) / step <= 2;
  };
  CHECK(search_paths(Layer::dilated_convolution, sizes(9), 2).longest == longest_by_relaxation(9, 2, false, true, dilated));
  const auto same = [](std::size_t, std::size_t i, std::size_t j) { return i == j; };
  CHECK(search_paths(Layer::rnn, sizes(6), 2).longest == longest_by_relaxation(6, 2, true, true, same));
  const auto all = [](std::size_t, std::size_t, std::size_t) { return true; };
  CHECK(search_paths(Layer::self_attention, sizes(4), 2).longest == longest_by_relaxation(4, 2, false, false, all));
}

TEST_CASE("a stack that is too shallow leaves pairs unconnected") {
  // One layer of kernel 3 over 5 positions: distances 0, 1 and 2 are connected, 5 + 4 + 3 of 15 pairs.
  const PathSearch found = search_paths(Layer::convolution, sizes(5), 1);
  CHECK(found.pairs == 15);
  CHECK(found.connected == 12);
  CHECK(found.longest == 1);
}

TEST_CASE("stacked recurrences add a step a layer, stacked attention a layer a layer") {
  CHECK(search_paths(Layer::rnn, sizes(6), 4).longest == 9);  // 6 + 3
  CHECK(search_paths(Layer::self_attention, sizes(6), 4).longest == 4);
  CHECK(search_paths(Layer::cross_attention, sizes(6), 4).longest == 1);  // every layer reads the memory
}

TEST_CASE("taps that leave gaps and windows of one never connect everything") {
  CHECK_FALSE(search_paths(Layer::convolution, sizes(5, 1)).has_value());
  CHECK_FALSE(search_paths(Layer::restricted_attention, sizes(5, 3, 3, 1)).has_value());
  // Kernel 2 with steps 1, 3, 9: distance 2 is no sum of different powers of 3.
  CHECK_FALSE(search_paths(Layer::dilated_convolution, sizes(5, 2, 3)).has_value());
}

TEST_CASE("a search that would not end in reasonable time is refused before it starts") {
  CHECK_THROWS_AS(search_paths(Layer::self_attention, sizes(100000), 1), attn::LimitError);
  // About 2^189 edges, which no whole number here can hold: n inputs, and n² edges for each.
  CHECK_THROWS_WITH_AS(search_paths(Layer::self_attention, sizes(std::numeric_limits<std::int64_t>::max()), 1),
                       "paths: the search would follow 7.85e+56 edges, more than 2e+09; choose a shorter sequence", attn::LimitError);
}
