// Sinusoidal positional encoding (Vaswani et al. 2017, section 3.5; Dive into Deep Learning, section 10.6):
//
//     p[i, 2j]     = sin(i · ω_j)          ω_j = base^(-2j / d)
//     p[i, 2j + 1] = cos(i · ω_j)          i = position, j = pair
#pragma once

#include <attn/ops/position_frequency.hpp>
#include <attn/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace attn {

/// Where the two halves of a pair stand.
enum class PairOrder {
  interleaved,   ///< sin, cos, sin, cos, … as in the paper's formula
  concatenated,  ///< all sines, then all cosines, as in the paper's own code
};

/// What the exponent 2j is divided by. Both are published.
enum class Denominator {
  width,          ///< d: the formula
  width_minus_2,  ///< d - 2, so that the last pair reaches 1/base exactly: tensor2tensor; 1 pair has ω = 1
};

/// What an odd width means. Exponents are divided by the width that was asked for, d.
enum class OddWidth {
  refuse,      ///< it is an error
  extra_sine,  ///< d columns: the last pair has its sine only
  drop,        ///< d - 1 columns: the pair that is not whole is left out
};

struct SinusoidalOptions {
  std::size_t d_model = 0;   ///< 1 … 2^31
  double base = 10000;       ///< finite, ≥ 1
  std::uint64_t offset = 0;  ///< the position of the first row
  PairOrder order = PairOrder::interleaved;
  Denominator denominator = Denominator::width;
  OddWidth odd = OddWidth::refuse;
};

/// One column of the table: which pair, and which half of it.
struct SinusoidalColumn {
  std::size_t pair;
  bool is_cosine;
};

/// The columns of the table, from left to right. Throws UsageError for a width of 0, and for an odd one
/// unless the options say what it means.
std::vector<SinusoidalColumn> sinusoidal_columns(const SinusoidalOptions& options);

/// ω_j for every pair that has a column.
std::vector<Frequency> sinusoidal_frequencies(const SinusoidalOptions& options);

/// The exponent of pair j as it is written: {2j, d} or {2j, d - 2}.
struct Exponent {
  std::uint64_t numerator, denominator;
};
Exponent sinusoidal_exponent(std::size_t pair, const SinusoidalOptions& options);

/// Makes the rows of the table piece by piece, in memory that does not grow with their number. Every value
/// is within one unit in the last place of the correctly rounded one (see Frequency::at).
template <class T>
class SinusoidalRows {
 public:
  /// All columns, or those that `columns` lists (places in the table, each below its width).
  explicit SinusoidalRows(const SinusoidalOptions& options);
  SinusoidalRows(const SinusoidalOptions& options, const std::vector<std::size_t>& columns);

  std::size_t width() const { return columns_.size(); }

  /// Rows first … first + count - 1, row-major, into `rows`, which has count · width() places.
  void fill(std::uint64_t first, std::size_t count, T* rows) const;

 private:
  void recompute_small(std::int64_t position, T* row) const;

  std::vector<Frequency> frequencies_;     // of the pairs that have a column here
  std::vector<SinusoidalColumn> columns_;  // `pair` counts in frequencies_
  std::uint64_t offset_;
  // float only: cos(δω) and ±sin(δω) by column for small δ, for the addition theorem.
  std::vector<double> step_same_, step_other_;
};

/// The table P [len, d].
template <class T>
Tensor<T> sinusoidal(std::size_t len, const SinusoidalOptions& options);

}  // namespace attn
