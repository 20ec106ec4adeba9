// Online softmax: the softmax of a row of which only one tile is there at a time.
//
// A row keeps its largest score m so far and the sum l = Σ exp(s − m) of what it has met. A tile with a
// larger score moves the maximum to m'; everything summed under the old one is then too large by exp(m' − m),
// and one factor puts it right:
//
//   m' = max(m, max s),   factor = exp(m − m'),   w = exp(s − m'),   l' = factor·l + Σ w
//
// The weighted values are sums of the same kind and take the same factor. At the end values/l is what the
// whole softmax would have given. Milakov and Gimelshein 2018 (arXiv:1805.02867).
#pragma once

#include <attn/ops/fused/exponential.hpp>
#include <attn/ops/fused/kernel.hpp>

namespace attn::fused {
namespace {  // NOLINT: private to each file, see lanes.hpp

/// Scores [keys, columns] become weights, for `vectors` registers of queries from column i on.
template <class L, int vectors>
void softmax_strip(Number<L>* scores, std::size_t keys, std::size_t columns,
                   const RunningRows<Number<L>>& rows, std::size_t i) {
  const Vector<L> nothing = L::all(-__builtin_inf());
  Vector<L> largest[vectors], shift[vectors], sum[vectors];
  for (int v = 0; v < vectors; ++v) largest[v] = nothing;
  for (std::size_t j = 0; j < keys; ++j) {
    for (int v = 0; v < vectors; ++v) {
      largest[v] = L::larger(L::load(scores + j * columns + i + v * L::count), largest[v]);
    }
  }
  for (int v = 0; v < vectors; ++v) {
    Number<L>* const max = rows.max + i + v * L::count;
    const Vector<L> before = L::load(max), after = L::larger(largest[v], before);
    L::store(max, after);
    // A row that has met only −inf: its weights are 0, not exp(−inf − −inf).
    shift[v] = after == nothing ? Vector<L>{} : after;
    const Vector<L> factor = exponential<L>(before - shift[v]);
    L::store(rows.factor + i + v * L::count, factor);
    sum[v] = factor * L::load(rows.sum + i + v * L::count);
  }
  for (std::size_t j = 0; j < keys; ++j) {
    for (int v = 0; v < vectors; ++v) {
      Number<L>* const score = scores + j * columns + i + v * L::count;
      const Vector<L> weight = exponential<L>(L::load(score) - shift[v]);
      sum[v] += weight;
      L::store(score, weight);
    }
  }
  for (int v = 0; v < vectors; ++v) L::store(rows.sum + i + v * L::count, sum[v]);
}

template <class L, int vectors>
void softmax_tile(Number<L>* scores, std::size_t keys, std::size_t columns,
                  const RunningRows<Number<L>>& rows) {
  std::size_t i = 0;
  for (; i + vectors * L::count <= columns; i += vectors * L::count) {
    softmax_strip<L, vectors>(scores, keys, columns, rows, i);
  }
  for (; i < columns; i += L::count) softmax_strip<L, 1>(scores, keys, columns, rows, i);
}

}  // namespace
}  // namespace attn::fused
