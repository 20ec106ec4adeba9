// How far every cell of somebody's tensor is off: what a map of the differences is drawn from.
#pragma once

#include <attn/verify/compare.hpp>

namespace attn {

/// 0 where a cell passes, else |ours − theirs|; infinity where NaN or an infinity stands on one side only. Two
/// NaN pass, whatever the tolerance says of them. Shapes must be equal.
Tensor<double> excess(const Tensor<double>& ours, const Tensor<double>& theirs, const Tolerance& tolerance);

}  // namespace attn
