// Backward through the rearrangements around attention: heads, appended keys, a cache, rotary positions.
#pragma once

#include <attn/ops/attention.hpp>
#include <attn/tensor.hpp>

#include <cstddef>

namespace attn {

/// Rows first … first + count − 1 of the third axis of d [B, H, L, D]: what belongs to one part of a
/// concatenation. Throws ShapeError if there are no such rows.
Tensor<double> key_rows(const Tensor<double>& d, std::size_t first, std::size_t count);

/// The gradient of one row [H·D] that was appended to the keys of every sample, from d [B, H, 1, D].
Tensor<double> appended_row_backward(const Tensor<double>& d);

/// d [B, H, L, D] turned back by the positions that its rows were turned by.
Tensor<double> rotated_backward(const Tensor<double>& d, const RotaryPositions<double>& rotary, std::size_t past);

}  // namespace attn
