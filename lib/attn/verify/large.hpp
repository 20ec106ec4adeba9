// Verification of a run too large to be held in memory several times over.
#pragma once

#include <attn/verify/verification.hpp>

namespace attn {

/// Numbers in all steps of a run above which it is verified in parts.
constexpr std::size_t most_cells_at_once = 300000;

/// Whether all the steps of a run of attention together hold more than that; never for a layer.
bool is_large(const Problem<double>& problem);

/// The findings of a walk, from passes that hold few tensors at a time:
/// 1. Every step is computed part by part, held against theirs, and dropped when nothing later reads it. If all
///    agree, that is the verdict.
/// 2. Otherwise the first step that differs where it counts is explained on a slice around its worst cell: a few heads of one
///    sample, or one sample, or some queries of either or of all. What explains the slice has to give theirs in every part, or
///    in the whole. What differs in padding alone before it is told from the verdicts.
///    What slices cannot tell, because it mixes what they keep apart or gives another shape, is made in the whole.
/// 3. Unless this explains everything after it, too, every step is judged by itself, part by part, and the next that does
///    not follow from theirs is explained.
/// Mistakes are tried in pairs where a slice is small enough for it.
Verification verify_in_parts(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options);

}  // namespace attn
