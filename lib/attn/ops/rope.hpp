// Rotary position embedding (Su et al. 2021): every pair of a query or key is rotated by position · ω_j,
// so that the dot product of a query and a key depends on the distance of their positions only.
#pragma once

#include <attn/ops/position_frequency.hpp>
#include <attn/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace attn {

/// Which two coordinates make a pair. The two are permutations of each other; weights trained for one give
/// nonsense under the other.
enum class RotaryPairing {
  half_split,   ///< j and j + r/2: GPT-NeoX, LLaMA in Hugging Face's layout
  interleaved,  ///< 2j and 2j + 1: the paper, GPT-J, LLaMA as published
};

/// How a model trained on short texts is stretched to longer ones by a factor.
enum class RotaryScaling {
  none,
  linear,  ///< positions divided by the factor (position interpolation)
  ntk,     ///< base · factor^(r / (r - 2)): the slowest pair is stretched by the factor, the fastest not at all
};

/// What the exponents 2j are divided by when only a part of the head is rotated.
enum class RotaryExponent { rotary_dim, head_dim };

struct RopeOptions {
  std::size_t head_dim = 0;    ///< D
  std::size_t rotary_dim = 0;  ///< r, even, at most D: the first r coordinates are rotated; 0 means D
  double base = 10000;
  std::uint64_t offset = 0;  ///< the position of the first row
  RotaryPairing pairing = RotaryPairing::half_split;
  RotaryScaling scaling = RotaryScaling::none;
  double factor = 1;  ///< of the scaling, ≥ 1
  RotaryExponent exponent = RotaryExponent::rotary_dim;
  bool clockwise = false;  ///< rotate by -position · ω_j: the sign mistake, for comparison
};

/// The options with rotary_dim filled in. Throws UsageError for an odd or too large rotary_dim.
RopeOptions checked(RopeOptions options);

/// ω_j of the r/2 pairs, scaling included.
std::vector<Frequency> rope_frequencies(const RopeOptions& options);

template <class T>
struct RopeTables {
  Tensor<T> cos;  ///< [L, r]: each ω_j twice, where its two coordinates stand
  Tensor<T> sin;  ///< [L, r]
};
template <class T>
RopeTables<T> rope_tables(std::size_t len, const RopeOptions& options);

/// x [..., L, D] with row l rotated by row first + l of the tables, which belong to position
/// offset + first + l; so that a decoder computes its tables once. Throws ShapeError unless the rank is at
/// least 2, the last axis D, and the tables have those rows.
template <class T>
Tensor<T> rope_rotated(const Tensor<T>& x, const RopeOptions& options, const RopeTables<T>& tables, std::size_t first);

/// x [..., L, D] with every row rotated by its position; coordinates from r on are copied. The sines and
/// cosines are those of rope_tables. Throws ShapeError unless the rank is at least 2 and the last axis D.
template <class T>
Tensor<T> rope_rotated(const Tensor<T>& x, const RopeOptions& options);

/// How far scores are from depending on the distance only: the largest
/// difference between two scores of equal distance, when one query and one key are put at every pair of
/// positions 0 … len - 1. Rounding only.
double rope_shift_error(const RopeOptions& options, std::size_t len);

}  // namespace attn
