// ALiBi (Press et al. 2022): no encoding at all, but a penalty on each score that grows with the distance,
// bias[h, i, j] = -m_h · (i - j), with a slope m_h for every head.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>
#include <vector>

namespace attn {

/// m_h for heads 0 … heads - 1. For a power of two: 2^(-8(h + 1) / heads). Otherwise those of the next lower
/// power of two n, followed by every other slope of 2n, from its first, as the paper's own code has it.
/// Throws UsageError for 0 heads.
std::vector<double> alibi_slopes(std::size_t heads);

/// The mistake for counts that are no power of two: 2^(-8(h + 1) / heads) all the same.
std::vector<double> alibi_slopes_without_rule(std::size_t heads);

enum class AlibiFuture {
  masked,     ///< -inf for keys after the query: causal attention
  symmetric,  ///< -m_h · |i - j|
};

/// [H, Lq, Lk], with query i at position i + Lk - Lq, so that the last query meets the last key. Lk ≥ Lq.
template <class T>
Tensor<T> alibi_bias(const std::vector<double>& slopes, std::size_t query_len, std::size_t key_len, AlibiFuture future);

}  // namespace attn
