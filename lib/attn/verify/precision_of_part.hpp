// Whether a step of theirs lost precision in a part of a large run, told from what the step reads there alone.
#pragma once

#include <attn/verify/padding.hpp>
#include <attn/verify/parts.hpp>
#include <attn/verify/verification.hpp>

#include <optional>

namespace attn {

struct PrecisionOfPart {
  bool differs = false;           ///< from our operation on what it reads of theirs
  std::optional<Diagnosis> loss;  ///< where it differs
};

/// Whether the part has the loss that was `suspected` elsewhere, at its step: W6 or T2, the latter in any format. The step
/// must have been handed in, in the shape that it has.
PrecisionOfPart precision_of_part(const Part& part, const Submission& theirs, const Diagnosis& suspected, const VerifyOptions& options,
                                  Padding padding = Padding::counts);

/// The same of the whole run: the loss, if every part that differs has it, in the precision that most of them are said to
/// have.
std::optional<Diagnosis> lost_in_every_part(const Problem<double>& problem, const Submission& theirs, const Diagnosis& suspected,
                                            const VerifyOptions& options, Padding padding = Padding::counts);

}  // namespace attn
