// A run with mistakes in it, held against theirs at a step where they part from ours.
#pragma once

#include <attn/verify/divergence.hpp>
#include <attn/verify/mistakes.hpp>

#include <mutex>
#include <optional>
#include <vector>

namespace attn {

/// A problem moved as far as float32 rounding goes, made when it is first asked for, by whichever thread. The problem
/// must outlive it.
class MovedProblem {
 public:
  explicit MovedProblem(const Problem<double>& problem) : problem_(problem) {}

  const Problem<double>& get();

 private:
  const Problem<double>& problem_;
  std::once_flag made_;
  std::optional<Problem<double>> moved_;
};

/// Knows their tensors before the step to explain, but not the step; and ours before anything differs, so that a mistake
/// far down is not paid for with the whole way to it.
class Hypothesis {
 public:
  /// `difference`: the first_difference() of the divergence. Both it and the moved problem must outlive this.
  Hypothesis(const Divergence& divergence, const std::vector<const Mistake*>& mistakes, Step difference, MovedProblem& moved);

  /// The step as this run shows it, until the next call; nullptr where the mistakes change nothing or cannot be made here.
  const Tensor<double>* shown(Step step);

  /// Whether the step is theirs as far as rounding can tell; then how far it is from theirs at most.
  std::optional<double> residual(Step step, Tolerance tolerance);

  /// Whether every step of theirs after the one to explain follows, too.
  bool gives_the_rest();

 private:
  bool agrees_in_float32(Step step, const Tensor<double>& shown, const Tensor<double>& handed_in);

  const Divergence& divergence_;
  MistakenRun run_;
  MovedProblem& moved_;
};

}  // namespace attn
