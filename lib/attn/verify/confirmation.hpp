// What explains a slice of a large run has to give every tensor of theirs: the run with the mistakes in it.
#pragma once

#include <attn/verify/mistakes.hpp>
#include <attn/verify/padding.hpp>
#include <attn/verify/parts.hpp>
#include <attn/verify/small_run.hpp>
#include <attn/verify/verification.hpp>

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace attn {

/// How much of theirs a run with mistakes gives.
enum class Extent { nothing, step, rest };

/// Of one step that differs: what gives this step of theirs from their tensors before it, and perhaps every later one.
/// What it is made of must outlive it.
class Confirmation {
 public:
  /// `small`: like the whole run. `before_whole` is called before anything is made in the whole. It makes the verdicts say
  /// of every step whether it follows from theirs by our operation, in every part; without it none is known to.
  Confirmation(const SmallRun& small, const Submission& theirs, const std::vector<StepVerdict>& verdicts, Step step,
               Padding padding = Padding::counts, std::function<void()> before_whole = {});
  Confirmation(const Confirmation&) = delete;
  Confirmation& operator=(const Confirmation&) = delete;

  /// How far the run with these mistakes is theirs; nothing where the mistakes change nothing in it. Made in every part
  /// by itself, which only mistakes can be that mix neither samples nor heads nor queries, with no number read off
  /// theirs but cell by cell; any others give nothing.
  Extent in_parts(const std::vector<const Mistake*>& mistakes) const;

  /// The same of any mistakes, made in the whole. A step that they do not act on, and that follows from theirs, is not
  /// computed.
  Extent in_whole(const std::vector<const Mistake*>& mistakes) const;

  /// Whether parts that give nothing say nothing of the whole: the mistakes mix what parts keep apart, or read a number off
  /// theirs.
  bool only_whole_can_tell(const std::vector<const Mistake*>& mistakes) const;

  /// Single mistakes, no conventions, that were made in the whole run, and how far they give theirs, all of them alike. Of
  /// mistakes with a free number only those that no definite one stands beside.
  struct Held {
    std::vector<const Mistake*> mistakes;
    Extent extent = Extent::nothing;
  };

  /// Those that could not be told in any of these slices, which were walked: they mix what slices keep apart. They act on
  /// no step of theirs before this one.
  Held of_the_whole_alone(const std::vector<Slice>& walked) const;

  /// Those that give the step another shape, as far as a small run shows.
  Held of_another_shape() const;

  /// Whether other mistakes give the same numbers as some that give the rest in parts, bit for bit: then they give it,
  /// too. Only what either computes differently is computed for it. False where it cannot be told in parts, and where a
  /// mistake shows what it does not compute with.
  bool are_one(const std::vector<const Mistake*>& held, const std::vector<const Mistake*>& others) const;

  /// Whether the result of the run with these mistakes, which gives all of theirs, is ours all the same.
  bool keep_result(const std::vector<const Mistake*>& mistakes) const;

 private:
  Extent in_padding_alone() const;
  Extent reached_in(const std::vector<std::optional<Slice>>& parts, const std::vector<const Mistake*>& mistakes) const;
  struct Reached {
    Extent extent;
    bool applied;
  };
  Reached reached(const Part& part, const std::vector<const Mistake*>& mistakes, bool whole, JoinedHeads<double>& joined) const;
  Reached reached_joined(const JoinedHeads<double>& joined, const std::vector<const Mistake*>& mistakes) const;
  bool is_compared(Step step) const;
  bool reaches(const Mistake& mistake) const;
  bool gives_another_shape(MistakenRun& small_run) const;
  bool gives_nan_for_numbers(MistakenRun& small_run) const;
  Held made(const std::function<bool(MistakenRun& small_run)>& is_worth_it) const;
  std::optional<bool> equal(const Part& part, const std::vector<const Mistake*>& held, const std::vector<const Mistake*>& others) const;
  const Tensor<double>* their_tensor(Step step, const Part& part, std::map<Step, Tensor<double>>& copies) const;
  bool may_be_ours_in_padding(const StepVerdict& verdict) const;
  void know_their(MistakenRun& run, Step step, const Part& part, Evaluator<double>& right) const;
  void know_theirs(MistakenRun& run, const Part& part, Evaluator<double>& right) const;
  bool is_known(Step step) const;
  bool follows_from_theirs(const std::vector<const Mistake*>& mistakes, Step step, bool whole) const;
  bool has_to_be_joined(const std::vector<const Mistake*>& mistakes, const JoinedHeads<double>& joined) const;
  bool agrees(MistakenRun& run, const StepVerdict& verdict, const Part& part) const;

  const SmallRun& small_;
  const Problem<double>& problem_;  // the whole
  const std::map<Step, StoredTensor>& theirs_;
  const std::vector<StepVerdict>& verdicts_;
  const Step step_;
  const Padding padding_;
  const std::function<void()> before_whole_;
  const std::vector<std::optional<Slice>> parts_;
};

}  // namespace attn
