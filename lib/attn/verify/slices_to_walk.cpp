#include <attn/verify/parts.hpp>
#include <attn/verify/slices_to_walk.hpp>

namespace attn {
namespace {

// Numbers that some queries have in all steps, beside the keys and values that they read.
constexpr std::size_t most_cells_of_some_queries = 100000;

// Numbers in all steps of a slice that is walked: the keys and values of some queries are those of all positions.
constexpr std::size_t most_cells_of_a_walk = 3 * most_cells_of_a_part;

}  // namespace

std::vector<std::optional<Slice>> slices_to_walk(const Problem<double>& problem, const StepVerdict& verdict) {
  const std::size_t at = verdict.in_padding_alone ? verdict.difference.at : verdict.worst_that_counts;
  const auto is_small = [&](const Slice& slice) { return cells_of_slice(problem, slice) <= most_cells_of_a_part; };
  const auto some_queries = [&](const Slice& slice) { return with_queries_around(problem, slice, verdict.step, at, most_cells_of_some_queries); };
  const bool heads_apart = problem.sizes.kv_heads > 1 && (verdict.step != Step::output || !problem.has(Step::merged));
  const Slice head = slice_around(problem, verdict.step, at, true), sample = slice_around(problem, verdict.step, at, false);
  std::vector<std::optional<Slice>> slices;
  if (heads_apart) slices.push_back(is_small(head) ? head : some_queries(head));
  if (problem.sizes.batch > 1 && is_small(sample)) slices.push_back(sample);
  const std::optional<Slice> wide = is_small({}) ? std::nullopt : std::optional(some_queries({}));
  // A step without queries is as large there as in the whole, in which what mixes its heads is made next.
  const bool is_worth_it = wide && has_queries(problem, verdict.step) && cells_of_slice(problem, *wide) <= most_cells_of_a_walk;
  if (slices.empty() || !wide || is_worth_it) slices.push_back(wide);
  return slices;
}

}  // namespace attn
