// What a table that nothing explains is nearest to.
#pragma once

#include <attn/verify/posenc_table.hpp>

namespace attn::posenc {

/// The form, at the usual base and from position 0 or 1, with the smallest median difference, and the cells
/// that are farthest from it by more than rounding. Of a table that is zero, or not all numbers, only that is said.
Nearest nearest_variant(const RowTable& table, const TypeTolerance& tolerance);

}  // namespace attn::posenc
