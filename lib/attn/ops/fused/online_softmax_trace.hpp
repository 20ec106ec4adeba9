// The online softmax written out: every number of the loop over tiles, kept so that it can be read.
//
// The same computation as fused_attention, one query after the other in plain loops, on tiles as small as one
// likes. For every tile of keys a query goes through three moves:
//
//   1. scores   s = scale·q·kᵀ, capped and masked; only those of this tile
//   2. weights  m' = max(m, max s),  factor = exp(m − m'),  w = exp(s − m'),  l' = factor·l + Σ w
//   3. values   o' = factor·o + Σ w·v
//
// and at the end o/l is what the whole softmax would have given. Milakov and Gimelshein 2018 (arXiv:1805.02867);
// with the values, Rabe and Staats 2021 (arXiv:2112.05682) and Dao et al. 2022 (FlashAttention, arXiv:2205.14135).
#pragma once

#include <attn/ops/attention.hpp>
#include <attn/ops/fused/visibility.hpp>

#include <cstddef>
#include <limits>
#include <vector>

namespace attn {

struct TileSizes {
  std::size_t queries = 2;  ///< of a panel, at least 1
  std::size_t keys = 2;     ///< of a tile, at least 1
};

/// Why a tile is left out: what forbids every key of it to every query of the panel.
enum class LeftOut {
  no,       ///< it is computed; a given mask is not searched for tiles that it forbids whole
  causal,   ///< its keys lie in the future
  padding,  ///< its keys are padding
  window,   ///< its keys lie outside the window
  several,  ///< more than one of these, for different keys or queries
};

/// One query after it has met one tile.
template <class T>
struct OnlineRow {
  std::vector<T> scores;                                        ///< s, of the keys of the tile
  T max_before = -std::numeric_limits<T>::infinity();           ///< m
  T max = -std::numeric_limits<T>::infinity();                  ///< m'
  T factor = 0;                                                 ///< exp(m − m'); 0 for a first tile
  std::vector<T> weights;                                       ///< w, of the keys of the tile
  T sum_before = 0;                                             ///< l
  T sum = 0;                                                    ///< l'
  std::vector<T> values;                                        ///< o' [Dv]
  bool seen = false;                                            ///< whether a key so far was visible
};

template <class T>
struct OnlineTile {
  fused::Range keys;
  LeftOut left_out = LeftOut::no;
  std::vector<OnlineRow<T>> rows;  ///< one for each query of the panel; none if the tile is left out
};

/// The queries that meet their tiles together, in one head of one sample.
template <class T>
struct OnlinePanel {
  std::size_t batch = 0;
  std::size_t head = 0;
  fused::Range queries;
  std::vector<OnlineTile<T>> tiles;  ///< all keys in order
  std::vector<OnlineRow<T>> last;    ///< each query at the end; without scores and weights if it met no tile
};

template <class T>
struct OnlineSoftmaxTrace {
  Sizes sizes;
  T scale;
  std::vector<OnlinePanel<T>> panels;  ///< sample by sample, head by head
  Tensor<T> heads;                     ///< [B, H, Lq, Dv]: o/l, or what the policy for masked rows says
};

/// q [B, H, Lq, D], k [B, Hk, Ln, D], v [B, Hk, Ln, Dv] and options as for fused_attention, with the same
/// results but for rounding and the same answers in degenerate cases. Memory is that of all scores, and Dv + 7
/// numbers for each query and tile. Throws as `attention`; UsageError with dropout or an empty tile.
template <class T>
OnlineSoftmaxTrace<T> online_softmax_trace(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                           const AttentionOptions<T>& options, TileSizes tile = {});

}  // namespace attn
