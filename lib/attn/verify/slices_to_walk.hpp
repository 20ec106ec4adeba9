// Where in a large run a step that differs is looked at closely.
#pragma once

#include <attn/verify/slice.hpp>
#include <attn/verify/verification.hpp>

#include <optional>
#include <vector>

namespace attn {

/// Slices around the worst cell of a step, the smallest first: what a small one cannot explain, a larger one may. The last
/// has all samples and heads, unless even one query of them is much; empty: it is the whole run.
std::vector<std::optional<Slice>> slices_to_walk(const Problem<double>& problem, const StepVerdict& verdict);

}  // namespace attn
