// Splitting an embedding into heads, and merging heads back.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>

namespace attn {

/// [B, L, H·D] -> [B, H, L, D]: view as (B, L, H, D), then exchange the middle axes. Reading the flat
/// data as (B, H, L, D) without the exchange mixes positions with heads.
/// Throws ShapeError if the rank is not 3 or H does not divide the last axis.
template <class T>
Tensor<T> split_heads(const Tensor<T>& projected, std::size_t heads);

/// [B, H, L, D] -> [B, L, H·D], the inverse of split_heads. Throws ShapeError if the rank is not 4.
template <class T>
Tensor<T> merge_heads(const Tensor<T>& heads);

/// Throws ShapeError unless past keys (or values) [B, Hk, P, D] and new ones [B, Hk, Ln, D] differ in their third
/// axis only.
template <class T>
void require_cache(const Tensor<T>& past, const Tensor<T>& now);

/// Past keys (or values) [B, Hk, P, D] followed by new ones [B, Hk, Ln, D]: [B, Hk, P + Ln, D].
/// Throws as require_cache.
template <class T>
Tensor<T> concatenate_keys(const Tensor<T>& past, const Tensor<T>& now);

}  // namespace attn
