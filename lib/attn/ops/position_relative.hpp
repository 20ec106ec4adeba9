// What the sinusoidal encoding knows about relative position.
//
// Moving δ positions on rotates every pair by δω_j, wherever it starts:
//
//     [ cos δω_j   sin δω_j ] [ p[i, 2j]     ]   [ p[i + δ, 2j]     ]
//     [-sin δω_j   cos δω_j ] [ p[i, 2j + 1] ] = [ p[i + δ, 2j + 1] ]
//
// and so the dot product of two rows depends on their distance only: p_i · p_k = Σ_j cos((i - k)ω_j).
#pragma once

#include <attn/ops/position.hpp>

#include <cstdint>
#include <vector>

namespace attn {

struct PairRotation {
  double omega;
  SinCos<double> angle;      ///< of δω_j: the matrix is [[cos, sin], [-sin, cos]]
  double largest_error = 0;  ///< of the rotated pair against the pair δ further on, over all rows
  std::uint64_t worst_row = 0;
};

/// The rotation of every whole pair, applied to rows 0 … len - 1 in float64 and held against the rows
/// delta further on (or back: delta may be negative). Throws LimitError for a row beyond position 2^63 - 1.
std::vector<PairRotation> rotations(std::int64_t delta, std::size_t len, const SinusoidalOptions& options);

/// The larger deviation of a rotated pair from the pair it should meet, halves given as {sin, cos}.
double rotation_error(const SinCos<double>& rotation, const SinCos<double>& from, const SinCos<double>& to);

template <class T>
struct Similarity {
  Tensor<T> dots;               ///< [L, L]: P·Pᵀ, or any table's
  double spread = 0;            ///< largest difference between two entries on one diagonal
  std::size_t monotone_to = 0;  ///< the mean over a diagonal falls strictly up to this distance
  std::vector<double> by_distance;  ///< mean over each diagonal, distance 0 … L - 1
};

/// Of a table [L, d]; throws ShapeError for another rank.
template <class T>
Similarity<T> similarity(const Tensor<T>& table);

}  // namespace attn
