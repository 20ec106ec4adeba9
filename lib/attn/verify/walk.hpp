// The walk over a run that is held in memory whole: every step judged end to end and by itself, the first that diverges
// explained, then the next one that this does not explain.
#pragma once

#include <attn/verify/diagnose.hpp>
#include <attn/verify/verification.hpp>

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace attn {

/// Whether anything that was computed, not given, was handed in: agreeing on the input is not agreeing on anything else.
bool anything_compared(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts);

/// Explains the steps that diverge, in order, until one explanation covers the rest: the diagnosis, the first divergent
/// step and the verdict of a verification whose steps are judged. An explanation may judge later steps anew.
void explain(Verification& verification, const std::function<Explained(const StepVerdict&)>& explanation_of);

/// Of a problem, a submission and options that outlive it; nothing in the submission is left unfilled. It goes up to the
/// `last` step, or to the end.
class Walk {
 public:
  Walk(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options, std::optional<Step> last = {});

  /// Every input and step of the run, in order.
  const std::vector<StepVerdict>& verdicts() const { return verdicts_; }

  /// What is to be explained at a step of theirs.
  Divergence divergence_at(Step step, Padding padding = Padding::counts) const;

  /// What explains it, and perhaps the rest.
  Explained diagnosed(const StepVerdict& verdict) const;

  /// The findings, without blind spots.
  Verification findings() const;

 private:
  Tolerance tolerance_at(Step step) const;
  StepVerdict compared(Step step) const;
  void leave_out_padding();
  void judge_locally();
  void know_before(Step step, bool with_their_padding, Evaluator<double>& run, Evaluator<float>& single) const;
  bool padding_follows(const StepVerdict& verdict) const;
  std::optional<Tolerance> judge_locally(StepVerdict& verdict) const;
  bool after_divergence(Step step) const;
  Explained explained(const StepVerdict& verdict) const;
  bool only_nan(const StepVerdict& verdict) const;
  bool rounding_only(const StepVerdict& verdict) const;
  std::optional<Tensor<double>> excess_at(Step step) const;

  const Problem<double>& problem_;
  const Problem<float> single_;
  const std::map<Step, Tensor<double>> theirs_;
  const VerifyOptions options_;
  const std::map<Step, Tensor<double>> ours_;
  std::map<Step, Tensor<double>> counting_;  // theirs with our padding, of steps that differ and have any
  mutable std::map<Step, Tensor<double>> without_padding_;  // all of theirs, with these; made when it is asked for
  std::map<Step, Tolerance> rounding_, local_tolerance_;
  std::vector<StepVerdict> verdicts_;
};

}  // namespace attn
