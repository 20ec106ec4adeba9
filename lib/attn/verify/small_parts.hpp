// Which mistakes can be made part by part, decided on a small run that falls into parts as the large one does.
#pragma once

#include <attn/verify/mistakes.hpp>
#include <attn/verify/parts.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace attn {

/// The parts of one kind of a small run. The run and its steps must outlive it.
class SmallParts {
 public:
  /// `right`: every input and step of the small run. `kind`: a slice of the large run, of which it matters whether it is
  /// one sample, one head, some queries.
  SmallParts(const Problem<double>& small, const std::map<Step, Tensor<double>>& right, const Slice& kind);

  /// Whether what mistakes make of the small run, `whole`, is in every part what they make of the part: a softmax over the
  /// samples, or over the heads, is something else in a part, which has one. A number that is read off a tensor may be the
  /// same, where theirs was `handed_in` and a part has it to read. Empty where the mistakes change nothing in the small
  /// run: it cannot tell. Steps after the last one asked for do not matter.
  std::optional<bool> stays_within(MistakenRun& whole, const std::function<bool(Step)>& handed_in, Step last = Step::output) const;

 private:
  bool changes(MistakenRun& whole, Step last) const;
  bool are_parts_of(MistakenRun& whole, const std::function<bool(Step)>& handed_in, Step last) const;

  const Problem<double>& small_;
  const std::map<Step, Tensor<double>>& right_;
  std::vector<std::unique_ptr<const Part>> parts_;
  bool are_joined_;  // to an output that no part has
};

}  // namespace attn
