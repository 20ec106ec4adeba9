// What explains a slice of a large run has to give every tensor of theirs: the run with the mistakes in it.
#pragma once

#include <attn/verify/mistakes.hpp>
#include <attn/verify/parts.hpp>
#include <attn/verify/verification.hpp>

#include <map>
#include <optional>
#include <vector>

namespace attn {

/// From the first step that differs on; before it theirs are ours, and the slice has seen to it that the mistakes
/// change none. The problem, the submission and the verdicts must outlive it.
class Confirmation {
 public:
  Confirmation(const Problem<double>& problem, const Submission& theirs, const std::vector<StepVerdict>& verdicts, Step first);

  /// Whether the run with these mistakes gives every tensor of theirs, and the mistakes change anything in it: made in
  /// every part by itself, which only mistakes can be that mix neither samples nor heads nor queries, with no number read
  /// off theirs.
  bool holds_in_parts(const std::vector<const Mistake*>& mistakes) const;

  /// The same of any mistakes, made in the whole.
  bool holds_in_whole(const std::vector<const Mistake*>& mistakes) const;

  /// Whether either is true.
  bool holds(const std::vector<const Mistake*>& mistakes) const { return holds_in_parts(mistakes) || holds_in_whole(mistakes); }

  /// The single mistakes, no conventions, that hold in the whole and cannot be told in parts: those that mix what parts
  /// keep apart. They act on no step of theirs before the first that differs. Of mistakes with a free number only those
  /// that no definite one stands beside.
  std::vector<const Mistake*> of_the_whole_alone() const;

  /// Whether other mistakes give the same numbers as some that hold in parts, bit for bit: then they hold, too. Only what
  /// either computes differently is computed for it. False where it cannot be told in parts, and where a mistake shows
  /// what it does not compute with.
  bool are_one(const std::vector<const Mistake*>& held, const std::vector<const Mistake*>& others) const;

 private:
  bool can_be_told_in_parts(const std::vector<const Mistake*>& mistakes) const;
  bool holds_in(const std::vector<std::optional<Slice>>& parts, const std::vector<const Mistake*>& mistakes) const;
  std::optional<bool> explained(const Part& part, const std::vector<const Mistake*>& mistakes, bool whole) const;
  std::optional<bool> equal(const Part& part, const std::vector<const Mistake*>& held, const std::vector<const Mistake*>& others) const;
  void know_theirs(MistakenRun& run, const Part& part) const;
  bool is_known(Step step) const;
  bool agrees(const Tensor<double>& shown, const StepVerdict& verdict, const Part& part) const;

  const Problem<double>& problem_;
  const std::map<Step, StoredTensor>& theirs_;
  const std::vector<StepVerdict>& verdicts_;
  const Step first_;
  const std::vector<std::optional<Slice>> parts_;
};

}  // namespace attn
