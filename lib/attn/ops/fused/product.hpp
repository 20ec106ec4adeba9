// The tile kernel: the one matrix product that attention needs, blocked for registers.
//
//   C[m, i] = factor[i]·C[m, i] + Σ_k A[m, k]·B[k, i]
//
// Lane i is a query: B and C are contiguous along i, and a register holds the same number of several queries.
// Scoresᵀ are this product with A = keys [keys, D] and B = queriesᵀ [D, queries]; the weighted values,
// transposed, are the same product with A = valuesᵀ and B = weightsᵀ [keys, queries]. So keys and values are
// read one number at a time where they lie, and nothing but the few queries of a panel is ever transposed.
//
// A block of rows × vectors sums stays in registers while k runs. Each k loads `vectors` registers of B and
// `rows` numbers of A for rows·vectors fused multiply-adds: 8 loads for 16 in a block of 4 × 4.
#pragma once

#include <attn/ops/fused/lanes.hpp>

namespace attn::fused {
namespace {  // NOLINT: private to each file, see lanes.hpp

/// How A[m, k] lies in memory.
enum class Order {
  rows,     ///< a[m·stride + k]
  columns,  ///< a[k·stride + m]
};

template <class L>
struct LeftFactor {
  const Number<L>* a;
  std::size_t stride;
};

/// B [inner, columns], C [·, columns] and factor [columns]; without a factor C starts at zero.
template <class L>
struct Columns {
  const Number<L>* b;
  Number<L>* c;
  const Number<L>* factor;
  std::size_t columns;
};

template <class L, Order order, int rows, int vectors>
void multiply_block(const LeftFactor<L>& left, const Columns<L>& right, std::size_t inner) {
  const auto& [a, stride] = left;
  const auto& [b, c, factor, columns] = right;
  Vector<L> sum[rows][vectors];
  for (int m = 0; m < rows; ++m) {
    for (int v = 0; v < vectors; ++v) {
      sum[m][v] =
          factor ? L::load(factor + v * L::count) * L::load(c + m * columns + v * L::count) : Vector<L>{};
    }
  }
  for (std::size_t k = 0; k < inner; ++k) {
    Vector<L> b_k[vectors];
    for (int v = 0; v < vectors; ++v) b_k[v] = L::load(b + k * columns + v * L::count);
    for (int m = 0; m < rows; ++m) {
      const Number<L> a_mk = order == Order::rows ? a[m * stride + k] : a[k * stride + m];
      for (int v = 0; v < vectors; ++v) sum[m][v] += a_mk * b_k[v];
    }
  }
  for (int m = 0; m < rows; ++m) {
    for (int v = 0; v < vectors; ++v) L::store(c + m * columns + v * L::count, sum[m][v]);
  }
}

/// `count` rows of C in blocks of `rows`, and what remains in blocks half as high.
template <class L, Order order, int rows, int vectors>
void multiply_strip(LeftFactor<L> left, Columns<L> right, std::size_t count, std::size_t inner) {
  for (; count >= rows; count -= rows) {
    multiply_block<L, order, rows, vectors>(left, right, inner);
    left.a += order == Order::rows ? rows * left.stride : rows;
    right.c += rows * right.columns;
  }
  if constexpr (rows > 1) {
    if (count > 0) multiply_strip<L, order, rows / 2, vectors>(left, right, count, inner);
  }
}

/// All of C [count, columns]: strips `vectors` registers wide, then one wide. L::count divides `columns`.
template <class L, Order order, int rows, int vectors>
void multiply_tile(const LeftFactor<L>& left, const Columns<L>& right, std::size_t count, std::size_t inner) {
  const auto from = [&right](std::size_t i) {
    return Columns<L>{right.b + i, right.c + i, right.factor ? right.factor + i : nullptr, right.columns};
  };
  std::size_t i = 0;
  for (; i + vectors * L::count <= right.columns; i += vectors * L::count) {
    multiply_strip<L, order, rows, vectors>(left, from(i), count, inner);
  }
  for (; i < right.columns; i += L::count) multiply_strip<L, order, rows, 1>(left, from(i), count, inner);
}

}  // namespace
}  // namespace attn::fused
