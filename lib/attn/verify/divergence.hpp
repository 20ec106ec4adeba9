// A step where somebody's tensors part from ours, and what is known around it.
#pragma once

#include <attn/verify/padding.hpp>
#include <attn/verify/verification.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace attn {

/// Numbers in all steps of a run below which one thread is done before others have begun.
constexpr std::size_t fewest_cells_for_threads = 20000;

/// What the walk hands to the diagnosis.
struct Divergence {
  const Problem<double>& problem;
  const std::map<Step, Tensor<double>>& theirs;
  /// What a correct run has, and how far rounding may be from it, for every step of theirs.
  const std::map<Step, Tensor<double>>& ours;
  const std::map<Step, Tolerance>& tolerances;
  Step step;                 ///< the step to explain
  Tolerance tolerance;       ///< of our operation on their upstream tensors
  const std::vector<StepVerdict>& verdicts;  ///< on every step, end to end and locally
  Padding padding = Padding::counts;  ///< left out: theirs have ours there
};

/// What of a tensor that a run has for the step is held against theirs: itself, or, with padding left out, a copy made in `room`.
const Tensor<double>& counting(const Divergence& divergence, Step step, const Tensor<double>& tensor, std::optional<Tensor<double>>& room);

/// Whether a tensor of theirs can stand upstream of other steps: it has the shape that ours has.
bool fits(const Divergence& divergence, Step step, const Tensor<double>& tensor);

/// Whether theirs of the step was handed in and can stand upstream of other steps.
bool is_known(const Divergence& divergence, Step step);

/// The first step of theirs that is not ours, or the step to explain; everything before it a run has as we have.
Step first_difference(const Divergence& divergence);

}  // namespace attn
