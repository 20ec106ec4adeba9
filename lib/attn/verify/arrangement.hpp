// The orders of axes that other systems keep, and ours.
#pragma once

#include <attn/shape.hpp>
#include <attn/verify/aliases.hpp>
#include <attn/verify/stored_tensor.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace attn {

enum class Change { none, swap_1_2, swap_0_1, reshape, repeat };

struct Arrangement {
  Change change = Change::none;
  const char* axes = "";  ///< what it does to their axes, in words; empty: nothing
};

/// How a tensor of their shape becomes one of ours, by one of the orders of axes in use; empty when none gives our shape.
std::optional<Arrangement> arrangement(const Shape& theirs, const Shape& ours, AxisOrder order);

/// The same of a mask, which may have one matrix for all heads, or for all samples: (Lq, Lk), (1, 1, Lq, Lk),
/// (B, 1, Lq, Lk) or (B, Lq, Lk). With as many heads as samples the matrices of (H, Lq, Lk) are those of heads: shapes are
/// matched from the right, as --mask does.
std::optional<Arrangement> arrangement_of_mask(const Shape& theirs, const Shape& ours);

/// Their tensor as one of our shape.
StoredTensor arranged(StoredTensor theirs, const Shape& ours, Change change);

/// Where cells of theirs, ascending row-major positions, stand in it.
std::vector<std::size_t> places_after(const Shape& theirs, const std::vector<std::size_t>& cells, const Shape& ours, Change change);

}  // namespace attn
