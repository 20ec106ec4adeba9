// Whether queries, keys or values are ours in another basis: what other weights of the same module would make of them.
#pragma once

#include <attn/verify/problem.hpp>

namespace attn {

/// Of a step q_proj, k_proj, v_proj [B, L, H·D] or q, k, v [B, H, L, D]: whether every head of theirs is, but for rounding,
/// a linear image of a head of ours and a constant, the same for all rows. Rows of padding do not count. True where there
/// are no more rows than a head has columns: then any numbers are.
bool are_linear_images(const Problem<double>& problem, Step step, const Tensor<double>& ours, const Tensor<double>& theirs);

}  // namespace attn
