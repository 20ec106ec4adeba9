// Every step of a run against theirs, end to end, part by part: each of our tensors is held only as long as it is
// needed.
#pragma once

#include <attn/verify/excess.hpp>
#include <attn/verify/parts.hpp>
#include <attn/verify/verification.hpp>

#include <map>
#include <optional>
#include <vector>

namespace attn {

/// The problem and the submission must outlive it.
class Judging {
 public:
  Judging(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options);

  /// A verdict on every input and step of the run, in order; whether it differs locally is left open. Each part is
  /// judged by what float32 rounding explains in that part, which is never more than what it explains somewhere in the
  /// whole. The tolerance that is told is that of the part with the worst cell, or the widest where every cell passes.
  const std::vector<StepVerdict>& verdicts() const { return verdicts_; }

  /// The first step that differs; nullptr when none does.
  const StepVerdict* first() const;

  /// The first that does not differ in padding alone; nullptr when none does.
  const StepVerdict* first_that_counts() const;

  /// How far the cells of a step are off, block by block: of the first step that differs, or the first that does not in
  /// padding alone. Nothing for any other, or where its shape is another.
  struct Map {
    BlockGrid grid;
    Tensor<double> worst;
  };
  std::optional<Map> map_of(Step step) const;

 private:
  struct Found {
    Comparison cells;
    Tolerance tolerance;
    Comparison counting = {};   // the cells that are not padding
    bool same_but_for_nan = true;  // NaN stands on both sides
    std::vector<BlockWorst> blocks = {};  // of the first step of a part that differs there, and the first that counts
  };
  using FoundSteps = std::map<Step, Found>;

  using Parts = std::vector<std::optional<Slice>>;
  struct Joined;

  FoundSteps found_in(const Part& part, std::size_t index, Joined& joined) const;
  Found found_of_joined(Joined& joined, const Parts& parts) const;
  Tolerance rounding_of_joined(const Tensor<double>& output, Joined& joined, const Parts& parts) const;
  const StepVerdict* first_that(bool (*is_it)(const StepVerdict&)) const;
  bool is_comparable(Step step) const;
  Found by(Tolerance tolerance, const Problem<double>& problem, Step step, const Tensor<double>& ours, const TensorView& theirs) const;
  void add(Found& all, const Found& found, Step step, const std::optional<Slice>& slice) const;
  StepVerdict verdict_of(Step step, const Shape& shape) const;

  const Problem<double>& problem_;
  const std::map<Step, StoredTensor>& theirs_;
  const VerifyOptions options_;
  const std::map<Step, Shape> shapes_;
  FoundSteps found_;
  std::vector<StepVerdict> verdicts_;
};

}  // namespace attn
