// Worksheets that were handed in with cells left empty: what is there is judged, what is not is counted.
#pragma once

#include <attn/verify/verification.hpp>

namespace attn {

/// The submission with every empty cell filled by what follows from the numbers that were handed in, so
/// that it can never be the first thing that is wrong. A step without any number is left out.
Submission completed(const Problem<double>& problem, const Submission& theirs);

/// Takes the empty cells out of the verdict on a completed submission: differences are those of the cells
/// that were filled in, and a sheet that is right so far, but not complete, is `incomparable`.
void leave_out_unfilled(Verification& verification, const Submission& theirs,
                        const std::map<Step, Tensor<double>>& ours, const VerifyOptions& options);

}  // namespace attn
