// The parts that a run falls into: every sample, or every key/value head of one, or some of the queries of either, is a
// run of its own, small enough to be held against somebody's tensors in the processor's caches, and one beside the other.
// What a module computes from all its heads is computed once they are joined.
#pragma once

#include <attn/verify/slice.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace attn {

/// Numbers in all steps above which a part is made of fewer queries.
constexpr std::size_t most_cells_of_a_part = 1000000;

/// A run, or a slice of it that is a run of its own. The whole run must outlive it.
class Part {
 public:
  /// Without a slice: the whole run itself, of which nothing is copied.
  Part(const Problem<double>& whole, std::optional<Slice> slice);

  const Problem<double>& problem() const { return own_ ? *own_ : whole_; }
  const std::optional<Slice>& slice() const { return slice_; }

  /// Whether the step is judged in this part: what all heads of a sample, or all queries, have in common is judged with
  /// the first, and what needs all heads in no part of some.
  bool judges(Step step) const;

  /// What this part holds of a step's tensor; made in `room` where it is a copy. A tensor of another shape than the
  /// step's is left as it is.
  const StoredTensor& cut(Step step, const StoredTensor& whole, StoredTensor& room) const;

  /// The row-major position in the step's tensor that a position in the part's has.
  std::function<std::size_t(std::size_t)> places(Step step) const;

 private:
  const Problem<double>& whole_;
  std::optional<Slice> slice_;
  std::optional<Problem<double>> own_;
};

/// The parts that together have every cell of every step of a run: one for each key/value head of each sample, one for
/// each sample, several of either with some queries each, or the run itself, empty. Parts are worth their making. Heads
/// that are mapped to an output are parts of a large sample only, without the output; heads that are averaged never.
std::vector<std::optional<Slice>> parts_of(const Problem<double>& problem);

/// The same, with all heads in every part.
std::vector<std::optional<Slice>> parts_with_all_heads(const Problem<double>& problem);

/// Calls work(part, index) once for every part, on as many threads as there are processors; throws what a call threw.
void for_each_part(const Problem<double>& problem, const std::vector<std::optional<Slice>>& parts,
                   const std::function<void(const Part& part, std::size_t index)>& work);

/// The heads of a module whose parts are heads, side by side as its output is mapped from them.
template <class T>
class JoinedHeads {
 public:
  /// Without room where the parts have the output themselves.
  JoinedHeads(const Problem<double>& problem, const std::vector<std::optional<Slice>>& parts);

  /// Whether there is anything to join.
  bool needed() const { return needed_; }

  /// Takes the `merged` of a part. Parts may be put at the same time.
  void put(const Part& part, const Tensor<T>& merged);

  const Tensor<T>& merged() const { return merged_; }

 private:
  const Problem<double>& problem_;
  bool needed_;
  Tensor<T> merged_;
};

}  // namespace attn
