// Which mistakes of the table, alone or two of them, give a step of theirs that parts from ours.
#pragma once

#include <attn/verify/hypothesis.hpp>

#include <vector>

namespace attn {

/// Mistakes that give the step to rounding, and contradict no step of theirs before it.
struct Fit {
  std::vector<const Mistake*> mistakes;
  double residual = 0;  ///< how far the step is from theirs at most
  bool rest = false;    ///< every later step of theirs follows, too
};

/// Of a divergence that outlives it.
class Fitting {
 public:
  explicit Fitting(const Divergence& divergence);

  /// Every mistake that can change the step, made alone.
  std::vector<Fit> singles();

  /// Two mistakes of different ids that, asked for before, changed the step when they were made alone. Of two that act on
  /// the step and on nothing else that leads to it one would hide the other. None where the run is too large for them.
  std::vector<Fit> pairs();

  /// Whether the run is too large for pairs that there are.
  bool pairs_left_out() const;

 private:
  bool pairs_are_too_many() const;
  std::vector<std::vector<const Mistake*>> candidate_pairs() const;
  std::vector<Fit> fits_of(const std::vector<std::vector<const Mistake*>>& candidates);

  const Divergence& divergence_;
  const Step difference_;
  MovedProblem moved_;
  std::vector<const Mistake*> changing_;  // the step, made alone
};

/// Whether the result of a whole run with this mistake is ours all the same.
bool keeps_result(const Divergence& divergence, const Mistake& mistake);

}  // namespace attn
