// A table that is to be identified, with what is known of the rounding in each of its cells.
#pragma once

#include <attn/tensor.hpp>
#include <attn/verify/posenc_rounding.hpp>
#include <attn/verify/posenc_variant.hpp>

#include <cstddef>
#include <cstdint>

namespace attn::posenc {

/// One matrix [len, width] a sample. Where it is what is left of a sum, the sum and X with its factor are kept:
/// the table carries the rounding of each.
struct RowTable {
  const double* values;
  std::size_t batch, len, width;
  std::size_t step = 1;         ///< from one row to the next, in rows
  const double* sum = nullptr;  ///< X · factor + P
  const double* x = nullptr;
  double factor = 1;
  double magnitude = 0;  ///< the largest number that was subtracted

  /// Rows of all samples are counted through.
  double at(std::size_t row, std::size_t c) const { return values[row * step * width + c]; }
  /// What storing may have moved a cell by that should be `want`, `scale` times a stored number.
  double storing(std::size_t row, std::size_t c, double want, double scale, const TypeTolerance& tolerance) const;
  /// What arithmetic may have: a part of 1, and of an angle.
  double computing(double angle, const TypeTolerance& tolerance) const;
};

/// The largest difference in the first `rows` rows of every sample from a variant, or infinity as soon as one
/// is beyond what rounding explains.
double table_residual(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& variant, const TypeTolerance& tolerance, std::size_t rows);

/// Whether a rough computation of the first `rows` rows leaves it open that they agree; much sooner done than
/// table_residual(), which says no wherever this does.
bool may_agree(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& variant, const TypeTolerance& tolerance, std::size_t rows);

/// Whether the rows of every sample are, to rounding, its first one.
bool rows_are_equal(const RowTable& table, const TypeTolerance& tolerance);

}  // namespace attn::posenc
