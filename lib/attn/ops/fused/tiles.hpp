// The loop over tiles: a panel of queries meets the keys it may see, one tile after the other.
#pragma once

#include <attn/ops/fused/kernel.hpp>
#include <attn/ops/fused/visibility.hpp>
#include <attn/ops/softmax.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace attn::fused {

/// Queries of a panel, and keys of a tile. A panel's queries, scores and sums, with D = Dv = 64 in float32,
/// take 16 + 48 + 16 KiB: they stay in a second-level cache beside the 96 KiB of keys and values of the tile.
constexpr std::size_t panel_queries = 64;
constexpr std::size_t tile_keys = 192;

/// Keys that lie one after the other in memory, and their values.
template <class T>
struct Stretch {
  Range positions;  ///< among all keys of the run
  const T* keys;    ///< [positions.size(), D]
  const T* values;  ///< [positions.size(), Dv]
};

/// One query head of one sample.
template <class T>
struct Head {
  const T* queries;                     ///< [Lq, D]
  std::array<Stretch<T>, 2> stretches;  ///< the cache, which may be empty, and the new keys
  T* output;                            ///< [Lq, Dv]
  Visibility<T> visibility;
};

/// What all heads of a run share.
template <class T>
struct Rules {
  Sizes sizes;
  T scale;
  std::optional<T> softcap;
  std::optional<MaskedRows> masked_rows;  ///< for queries that see no key; empty: the softmax decides
};

/// The memory that one thread works in.
template <class T>
struct Workspace {
  explicit Workspace(const Sizes& sizes);
  Workspace(Workspace&&) = default;  // a copy's pointers would point into the original

  std::vector<T> storage;
  T* queries;                            ///< [D, columns], scaled
  T* scores;                             ///< [tile_keys, columns]; after the softmax: weights
  T* sums;                               ///< [Dv, columns]: Σ weight·value
  RunningRows<T> rows;                   ///< [columns]
  std::array<bool, panel_queries> seen;  ///< whether a query has met a key it sees
};

/// Computes the output rows of `queries`, at most panel_queries of them. At least one key must exist.
template <class T>
void attend(const Kernel<T>& kernel, const Rules<T>& rules, const Head<T>& head, const Range& queries,
            Workspace<T>& workspace);

}  // namespace attn::fused
