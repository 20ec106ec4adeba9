// Differences that are no mistake of the table, but those of a stage computed in few bits.
#pragma once

#include <attn/verify/diagnose.hpp>

#include <optional>

namespace attn {

/// T2 with the format as its variant: theirs is off as our operation is in bfloat16, TF32 or float16, cell by cell, or has
/// numbers of that format alone and is off as much; and it has no pattern of its own. `expected` is our operation on their upstream tensors.
std::optional<Diagnosis> reduced_precision(const Divergence& divergence, const Tensor<double>& expected);

}  // namespace attn
