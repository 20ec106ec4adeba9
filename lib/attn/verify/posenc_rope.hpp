// The hypotheses about rotated queries and keys, shared by the parts of their identification.
#pragma once

#include <attn/ops/rope.hpp>
#include <attn/verify/posenc_identify.hpp>
#include <attn/verify/posenc_variant.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace attn::posenc {

/// Rows of `heads` heads side by side, `width` coordinates in all, before and after rotation.
struct RotaryPairs {
  const Tensor<double>& rotated;
  const Tensor<double>& before;
  std::size_t len, width, rows, heads;
};

/// One way to rotate. The offset of the options is not used: `first` may also be negative.
struct RotaryVariant {
  RopeOptions options{};
  std::int64_t first = 0;        ///< the position of the first row
  bool identity = false;         ///< not rotated at all
  bool unsplit = false;          ///< rotated as one vector although it holds several heads
  Angle angle{};                ///< what is rounded before the sine is taken
  const HalfType* tables = nullptr;  ///< the type of the tables of cosines and sines, if it is a narrow one
};

/// The largest difference from the variant in the first `rows` rows, or infinity as soon as one is beyond the
/// tolerance. `frequencies` are rope_frequencies() of its options.
double rotation_residual(const RotaryPairs& pairs, const RotaryVariant& variant, const std::vector<Frequency>& frequencies,
                         const TypeTolerance& tolerance, std::size_t rows);

/// How a variant, or a rotation by these options, differs from the usual rotation.
std::vector<Deviation> deviations_of(const RotaryVariant& variant);
std::vector<Deviation> deviations_of(const RopeOptions& options);

/// The variants with half precision in their angles or tables that are tried for this one (R6).
std::vector<RotaryVariant> half_precision_variants(const RotaryVariant& variant);

/// For queries that are also normalised (QK-norm): before the rotation, as it should be, or after it (R7).
/// With weights that are all equal the two orders are one. No explanation where neither fits, or where there
/// are too few rows to know the weights.
Identification identify_normalised_rope(const RotaryPairs& pairs);

}  // namespace attn::posenc
