// Verification of a run too large to be held in memory several times over.
#pragma once

#include <attn/verify/verification.hpp>

#include <optional>

namespace attn {

/// Numbers in all steps of a run above which it is verified in slices.
constexpr std::size_t most_cells_at_once = 300000;

/// Whether all the steps of a run of attention together hold more than that; never for a layer.
bool is_large(const Problem<double>& problem);

/// The same findings as of a whole walk, from three passes that hold few tensors at a time:
/// 1. Every step is computed part by part, held against theirs, and dropped when nothing later reads it. If all
///    agree, that is the verdict.
/// 2. Otherwise the walk is taken on a slice around the worst cell of the first step that differs: a few heads
///    of one sample, or one sample, or some queries of either.
/// 3. What explains the slice is made in every part, or in the whole run, and has to give every tensor of theirs.
/// 4. Of a run that is larger than a part, mistakes that mix what parts keep apart are made in the whole, and every part
///    is walked: what all of them say is said of the whole.
/// Empty when none of this is certain: then only a walk over the whole can tell.
std::optional<Verification> verify_in_slices(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options);

}  // namespace attn
