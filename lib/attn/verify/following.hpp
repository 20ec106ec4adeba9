// Whether each step of theirs follows from their own tensors before it, part by part: few of them are in memory at once.
#pragma once

#include <attn/verify/verification.hpp>

#include <map>
#include <set>
#include <vector>

namespace attn {

/// Of these steps, all of which were computed here and handed in, whether our operation on their upstream tensors gives
/// theirs in every part of the run. The verdicts are on all steps, end to end.
std::map<Step, Local> judged_locally(const Problem<double>& problem, const Submission& theirs, const std::vector<StepVerdict>& verdicts,
                                     const VerifyOptions& options, const std::set<Step>& steps);

}  // namespace attn
