// A small run that is like a large one in everything that decides which mistakes show.
#pragma once

#include <attn/verify/problem.hpp>

namespace attn {

/// A run of the same kind on the first rows of two samples: the same maps, mask rules, scale and cache, and
/// lengths that stand to each other as those of the whole do (queries and keys equal or not, which of them is
/// longer, padding or none, a window inside the keys or not). Of given queries and keys two key/value heads
/// are kept with the query heads that read them; a module keeps all its heads, which its maps mix. What is
/// already small stays as it is.
Problem<double> cut_down(const Problem<double>& problem);

}  // namespace attn
