// What the loop over tiles asks of an instruction set: four operations on one tile.
//
// A tile is transposed: keys are its rows, queries its columns. Every query is one lane of a vector, so that
// no operation ever crosses lanes, and what a query gets does not depend on its neighbours.
#pragma once

#include <attn/ops/fused/instruction_set.hpp>

#include <cstddef>

namespace attn::fused {

/// What every query of a panel remembers from tile to tile: [columns] each.
template <class T>
struct RunningRows {
  T* max;     ///< the largest score so far; −inf at the start
  T* sum;     ///< Σ exp(score − max); 0 at the start
  T* factor;  ///< of the last tile: what the sums so far had to be multiplied by
};

template <class T>
struct Kernel {
  std::size_t lanes;  ///< divides the columns of every panel

  /// scores [keys, columns] = keys [keys, D] · queries [D, columns]
  void (*scores)(const T* keys, std::size_t key_count, std::size_t head_dim, const T* queries,
                 std::size_t columns, T* scores);
  /// score = cap·tanh(score / cap), for `count` scores, a multiple of `lanes`
  void (*cap)(T* scores, std::size_t count, T cap);
  /// scores [keys, columns] become weights exp(score − max), and the rows go on
  void (*softmax)(T* scores, std::size_t key_count, std::size_t columns, const RunningRows<T>& rows);
  /// sums [Dv, columns] = factor · sums + values [keys, Dv]ᵀ · weights [keys, columns]
  void (*values)(const T* values, std::size_t key_count, std::size_t value_dim, const T* weights,
                 std::size_t columns, const T* factor, T* sums);
};

/// The kernel compiled for that instruction set. Run it only where `available(set)`.
template <class T>
const Kernel<T>& kernel_for(InstructionSet set);

}  // namespace attn::fused
