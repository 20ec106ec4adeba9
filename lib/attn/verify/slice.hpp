// One sample of a run, or a few heads of one sample, or some queries of either or of all, as a run of its own: every step
// that mixes neither samples nor heads nor queries has there the numbers that it has in the whole.
#pragma once

#include <attn/verify/align.hpp>
#include <attn/verify/problem.hpp>

#include <cstddef>
#include <functional>
#include <optional>

namespace attn {

/// Queries first … first + count.
struct QueryRange {
  std::size_t first = 0, count = 0;
  bool operator==(const QueryRange& other) const { return first == other.first && count == other.count; }
};

struct Slice {
  /// Only this sample; empty: all samples.
  std::optional<std::size_t> sample = {};
  /// Only this key/value head, with the query heads that read it; empty: all heads.
  std::optional<std::size_t> kv_head = {};
  /// Only these queries, and all keys; empty: all queries.
  std::optional<QueryRange> queries = {};
  bool operator==(const Slice& other) const { return sample == other.sample && kv_head == other.kv_head && queries == other.queries; }
  bool operator!=(const Slice& other) const { return !(*this == other); }
};

/// The slice that the cell `at` (row-major) of a step lies in. With `of_heads`, one key/value head of it,
/// where the step has heads.
Slice slice_around(const Problem<double>& problem, Step step, std::size_t at, bool of_heads);

/// The slice with fewer queries, around the same cell, so that its steps hold about so many numbers together. A step
/// without queries gets the last ones, which see the most keys under a causal mask. A run without queries is not cut.
Slice with_queries_around(const Problem<double>& problem, Slice slice, Step step, std::size_t at, std::size_t cells);

/// Numbers in all steps of the slice's run; of a run of attention, all that verification sees of it.
std::size_t cells_of_slice(const Problem<double>& problem, const Slice& slice);

/// The run of the slice. Of a module's heads there is no output: it needs them all. Of some queries of self-attention
/// the keys and values come from all positions: there the input is the memory of its own queries.
Problem<double> problem_of_slice(const Problem<double>& problem, const Slice& slice);

/// What the slice holds of tensors handed in, which must outlive it. A tensor of another shape than the step's is left as it is, and
/// one that the slice's run does not have is left out.
Submission submission_of_slice(const Submission& theirs, const Problem<double>& problem, const Slice& slice);

/// Whether a step has heads, or the columns of heads, among its axes.
bool has_heads(const Problem<double>& problem, Step step);

/// Whether a step has a row for every query.
bool has_queries(const Problem<double>& problem, Step step);

/// What the slice holds of a step's tensor, which has the shape of the whole and must outlive it: cells that stand
/// side by side are not copied.
StoredTensor cut_to_slice(const StoredTensor& tensor, const Problem<double>& problem, Step step, const Slice& slice);

/// Puts what the slice holds of a step's tensor where it stands in the whole.
template <class T>
void put_slice(Tensor<T>& tensor, const Problem<double>& problem, Step step, const Slice& slice, const Tensor<T>& part);

/// The row-major position in the step's tensor that a position in the slice's has.
std::function<std::size_t(std::size_t)> places_in_whole(const Problem<double>& problem, Step step, const Slice& slice);

}  // namespace attn
