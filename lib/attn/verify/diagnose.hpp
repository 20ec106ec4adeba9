// Which mistake explains a step that differs.
#pragma once

#include <attn/verify/divergence.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace attn {

/// What explains a step that diverges.
struct Explained {
  std::vector<Diagnosis> diagnosis;  ///< best first; empty when nothing does
  bool rest = false;                 ///< every later step of theirs follows from it, too
  bool pairs_left_out = false;       ///< nothing does, and the run is too large to try mistakes in pairs
  std::vector<Diagnosis> last_resort = {};  ///< "some other factor" and its like, which fit whatever the diagnosis fits
  Padding padding = Padding::counts;  ///< left out: it explains what counts; cells of padding are something else
};

/// Whether it is a mistake in making the mask.
bool is_of_mask(const Diagnosis& diagnosis);

/// That a linear map of what was given, or its heads, differs in padding alone (M17), which needs no mistake to be tried:
/// none of the table shows in such rows and in no other. Empty where other cells differ, or another step.
std::optional<Explained> explained_by_padding_alone(const std::vector<StepVerdict>& verdicts, const StepVerdict& verdict);

/// What explains a step, with its padding or, where that leaves something open that other cells than padding may tell
/// (`others_may_tell`), without it. One mistake of what counts stands before two that account for padding, too; and a mask
/// that shuts queries of padding, too, beside what explains the rest of their numbers alone.
Explained with_or_without_padding(bool others_may_tell, const std::function<Explained(Padding)>& explained);

/// The mistakes that make the step agree to rounding, best first; those that also explain every later
/// step of theirs come alone if there are any. Then other weights for the same function, a loss of precision, pairs.
Explained diagnose(const Divergence& divergence);

/// Queries, keys or values differ, the results do not, and everything between follows from theirs: other
/// weights for the same function (P9), if theirs are linear images of ours.
std::optional<Diagnosis> reparametrised(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, Step step);

/// What no mistake of the table does exactly: a softmax with another exponential, or a stage in low precision.
std::optional<Diagnosis> loss_of_precision(const Divergence& divergence);

/// A softmax in half precision (W6) is by definition a low precision in that stage (T2): the tie is added to it.
void add_precision_of_softmax(std::vector<Diagnosis>& found);

}  // namespace attn
