// The kernel of one instruction set, put together from its parts. Included by the one file that is compiled
// for that instruction set.
#pragma once

#include <attn/ops/fused/kernel.hpp>
#include <attn/ops/fused/product.hpp>
#include <attn/ops/fused/softmax.hpp>

namespace attn::fused {
namespace {  // NOLINT: private to each file, see lanes.hpp

/// L: a register; `vectors`: how many of them a block of sums is wide.
template <class L, int vectors>
struct KernelOf {
  using T = Number<L>;
  static constexpr int rows = 4;

  static void scores(const T* keys, std::size_t key_count, std::size_t head_dim, const T* queries,
                     std::size_t columns, T* scores) {
    multiply_tile<L, Order::rows, rows, vectors>({keys, head_dim}, {queries, scores, nullptr, columns},
                                                 key_count, head_dim);
  }
  static void cap(T* scores, std::size_t count, T cap) {
    for (std::size_t i = 0; i < count; i += L::count) {
      L::store(scores + i, cap * hyperbolic_tangent<L>(L::load(scores + i) / cap));
    }
  }
  static void values(const T* values, std::size_t key_count, std::size_t value_dim, const T* weights,
                     std::size_t columns, const T* factor, T* sums) {
    multiply_tile<L, Order::columns, rows, vectors>({values, value_dim}, {weights, sums, factor, columns},
                                                    value_dim, key_count);
  }
  static constexpr Kernel<T> kernel = {L::count, scores, cap, softmax_tile<L, vectors>, values};
};

}  // namespace
}  // namespace attn::fused
