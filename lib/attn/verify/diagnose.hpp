// Which mistake explains a step that differs.
#pragma once

#include <attn/verify/mistakes.hpp>
#include <attn/verify/verification.hpp>

#include <cstddef>
#include <map>
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
};

/// Whether a tensor of theirs can stand upstream of other steps: it has the shape that ours has.
bool fits(const Divergence& divergence, Step step, const Tensor<double>& tensor);

/// The mistakes that make the step agree to rounding, best first; those that also explain every later
/// step of theirs come alone if there are any. Then pairs, then reduced precision; empty when nothing
/// explains it. Sets `explains_rest` when the first ones explain all that follows.
std::vector<Diagnosis> diagnose(const Divergence& divergence, bool& explains_rest);

/// A softmax in half precision (W6) is by definition a low precision in that stage (T2): the tie is added to it.
void add_precision_of_softmax(std::vector<Diagnosis>& found);

/// Whether the run is small enough for diagnose() to try mistakes in pairs.
bool pairs_are_tried(const Divergence& divergence);

}  // namespace attn
