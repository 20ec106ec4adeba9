// What there is to say about all tiles of a run together.
#pragma once

#include <attn/ops/fused/online_softmax_trace.hpp>

#include <cstddef>
#include <vector>

namespace attn::tools {

/// How many tiles there are, and how many of them are left out.
struct TileCount {
  std::size_t all = 0;
  std::size_t left_out = 0;
};

template <class T>
TileCount count_tiles(const std::vector<OnlinePanel<T>>& panels);

/// The largest |o/ℓ − whole| of all heads: 0 where both are NaN, NaN where one of them is.
template <class T>
double largest_difference(const OnlineSoftmaxTrace<T>& trace, const Tensor<T>& whole);

/// Whether that difference is no more than rounding explains.
template <class T>
bool agrees(const OnlineSoftmaxTrace<T>& trace, const Tensor<T>& whole);

/// "causal", "padding", "window", "several": what a tile is left out for, in files; empty for a tile that is not.
const char* name_of(LeftOut reason);

}  // namespace attn::tools
