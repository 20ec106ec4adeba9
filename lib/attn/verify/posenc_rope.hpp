// The hypotheses about rotated queries and keys, shared by the parts of their identification.
#pragma once

#include <attn/ops/rope.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <cstddef>
#include <vector>

namespace attn::posenc {

/// Rows of `heads` heads side by side, `width` coordinates in all, before and after rotation.
struct RotaryPairs {
  const Tensor<double>& rotated;
  const Tensor<double>& before;
  std::size_t len, width, rows, heads;
};

/// One way to rotate.
struct RotaryVariant {
  RopeOptions options{};
  bool identity = false;  ///< not rotated at all
  bool unsplit = false;   ///< rotated as one vector although it holds several heads
};

/// How a variant, or a rotation by these options, differs from the usual rotation.
std::vector<Deviation> deviations_of(const RotaryVariant& variant);
std::vector<Deviation> deviations_of(const RopeOptions& options);

/// For queries that are also normalised (QK-norm): before the rotation, as it should be, or after it (R7).
/// With weights that are all equal the two orders are one. No explanation where neither fits, or where there
/// are too few rows to know the weights.
Identification identify_normalised_rope(const RotaryPairs& pairs);

}  // namespace attn::posenc
