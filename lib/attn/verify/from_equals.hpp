// What the verdicts end to end say of a step by itself: nothing has to be computed where all that it reads is ours.
#pragma once

#include <attn/verify/padding.hpp>
#include <attn/verify/verification.hpp>

#include <vector>

namespace attn {

/// Whether a step of theirs before this one is not ours, end to end.
bool differs_before(const std::vector<StepVerdict>& verdicts, Step step);

/// Equal results of equal operands: our operation gives theirs, or what counts of them where padding is left out. What it
/// reads and was not handed in comes from what was.
bool follows_from_equals(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, const StepVerdict& verdict, Padding padding = Padding::counts);

/// A result of equal operands that is far from ours: our operation does not give theirs.
bool departs_from_equals(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, const StepVerdict& verdict);

}  // namespace attn
