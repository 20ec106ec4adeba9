// Cells that belong to padding: whatever a program puts there, nothing that counts is made from it.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>
#include <vector>

namespace attn {

/// Fills the rows of positions that hold no token: of sample b those from position lens[b] on. `tensor` is
/// [B, …, L, W], row 0 of L stands at position `first`. They become those of `theirs`, of the same shape, or zeros where
/// that is nullptr. False, and nothing is done, where there is no such row: without lengths, with those of another
/// number of samples, or for a tensor without samples.
bool fill_padded_rows(Tensor<double>& tensor, const std::vector<std::size_t>& lens, std::size_t first, const Tensor<double>* theirs);

/// The same of columns, [B, …, W]: column j is position j.
bool fill_padded_columns(Tensor<double>& tensor, const std::vector<std::size_t>& lens, const Tensor<double>* theirs);

}  // namespace attn
