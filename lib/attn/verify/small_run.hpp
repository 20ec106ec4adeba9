// Before a mistake is made in a large run it is made in a small one like it, which shows what it needs of the run.
#pragma once

#include <attn/verify/small_parts.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace attn {

/// A small run like a large one, which must outlive it. Several threads may ask it.
class SmallRun {
 public:
  explicit SmallRun(const Problem<double>& whole);
  SmallRun(const SmallRun&) = delete;
  SmallRun& operator=(const SmallRun&) = delete;

  const Problem<double>& whole() const { return whole_; }
  const Problem<double>& problem() const { return small_; }

  /// Every input and step of the small run.
  const std::map<Step, Tensor<double>>& right() const { return right_; }

  /// Whether the mistakes can be made in every part of the whole by itself, as far as they read no number off theirs: they
  /// mix neither samples nor heads nor queries that parts keep apart.
  bool can_be_told_in_parts(const std::vector<const Mistake*>& mistakes) const;

  /// Whether they make another run of it when they are told what to be like.
  bool read_theirs(const std::vector<const Mistake*>& mistakes) const;

  /// Whether what they make of it depends, where it counts, on what stands in padding of the steps before them, or on
  /// theirs.
  bool read_padding(const std::vector<const Mistake*>& mistakes) const;

 private:
  const Problem<double>& whole_;
  const Problem<double> small_;
  const std::map<Step, Tensor<double>> right_;
  std::optional<SmallParts> parts_;  // of the kind of the parts of the whole; empty where it is one
  using Answers = std::map<std::vector<const Mistake*>, bool>;
  mutable std::mutex asking_;
  mutable Answers told_in_parts_, reading_padding_;  // as far as they were asked for
};

}  // namespace attn
