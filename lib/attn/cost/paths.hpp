// The column "maximum path length", found by search instead of by formula.
//
// A stack of equal layers is a graph: a node is one position of the input or of a layer's output, an edge
// leads from what is read to what is computed from it (for a recurrence also from one step to the next).
// The number sought is the longest of the shortest paths from an input position to an output position that
// may depend on it: later ones for layers that look back (convolution, recurrence, window), all for the
// others.
#pragma once

#include <attn/cost/complexity.hpp>

#include <cstddef>
#include <optional>

namespace attn::cost {

struct PathSearch {
  std::size_t layers = 0;            ///< of the stack that was searched
  std::size_t pairs = 0;             ///< of an input and an output that may depend on it
  std::size_t connected = 0;         ///< those with a path
  std::optional<std::size_t> longest;  ///< edges on the longest shortest path; empty: nothing is connected
};

/// The smallest stack in which every pair is connected, and its longest shortest path. Empty when there is
/// none: taps that leave gaps (a > k), a kernel or window of 1.
/// Throws LimitError when the search would follow more than 2·10⁹ edges.
std::optional<PathSearch> search_paths(Layer layer, const Values& values);

/// The same in a stack of `layers` layers, whether or not it connects everything.
PathSearch search_paths(Layer layer, const Values& values, std::size_t layers);

}  // namespace attn::cost
