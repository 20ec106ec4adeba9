// Two tensors of one shape, held against each other: where NaN and infinities stand first, then values.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>
#include <string>

namespace attn {

/// |ours − theirs| ≤ atol + rtol·|ours| passes. NaN never passes unless both are NaN and `equal_nan`;
/// an infinity passes against itself only.
struct Tolerance {
  double rtol = 0;
  double atol = 0;
  bool equal_nan = false;
};

enum class Status { match, mismatch, missing, shape, nonfinite };

/// "match", "mismatch", …
const char* to_string(Status status);

/// What a comparison found. Differences are those of finite values; `at` is the worst cell: the one that
/// exceeds its tolerance most, or the first whose NaN or infinity is only on one side.
struct Difference {
  Status status = Status::missing;
  std::size_t total = 0;
  std::size_t mismatched = 0;
  std::size_t nonfinite = 0;       ///< cells where NaN or an infinity stands on one side only
  double max_abs = 0;
  double max_rel = 0;              ///< |ours − theirs| / |ours|, over cells where ours is not 0
  std::size_t at = 0;              ///< row-major position of the worst cell
  double ours = 0, theirs = 0;     ///< the values there
  double cosine = 1;               ///< of the two tensors as vectors, finite cells only
  double within_1_permille = 1;    ///< share of cells with |ours − theirs| ≤ 0.001·|ours|
  double within_5_permille = 1;
  double passing_atol = 0;         ///< the atol that would let everything pass at this rtol; inf if none
  double root_mean_square = 0;     ///< of ours − theirs, finite cells only
};

/// Shapes must be equal; otherwise the status is `shape` and nothing else is set. One pass over both.
Difference compare(const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance);

/// Whether compare() would say `match`, given up at the first cell that does not pass.
bool agree(const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance);

/// Row-major position -> index along every axis.
Shape unravel(std::size_t flat, const Shape& shape);

}  // namespace attn
