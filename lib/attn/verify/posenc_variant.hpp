// The hypotheses about a sinusoidal table: every way of computing it that identification knows.
#pragma once

#include <attn/ops/position.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace attn::posenc {

/// The exponents of pair j, columns 2j and 2j + 1.
enum class Exponents {
  published,      ///< 2j/d
  width_minus_2,  ///< 2j/(d - 2)
  doubled,        ///< 4j/d
  own_cosine,     ///< 2j/d, and (2j + 1)/d for the cosine
  by_column,      ///< 2c/d in column c: doubled, with one of its own for the cosine
};

/// What is rounded to half precision before the sine is taken.
enum class Angle {
  exact,
  float16, bfloat16,                    ///< position, frequency and their product
  float16_product, bfloat16_product,    ///< the product only
  float16_position, bfloat16_position,  ///< the position only
};

/// The angle position · ω with this rounding, which must not be Angle::exact; "float16" or "bfloat16".
double rounded_angle(double omega, double position, Angle angle);
std::string half_type(Angle angle);

/// One way to compute every element of a table.
struct SinusoidalVariant {
  PairOrder order = PairOrder::interleaved;
  bool cosine_first = false;
  Exponents exponents = Exponents::published;
  std::size_t width = 0;  ///< d, which exponents are divided by; where d is odd, not always the columns
  bool zero_last = false;  ///< whole pairs, and a column of zeros behind them
  double base = 10000;
  std::uint64_t offset = 0;
  double scale = 1;
  Angle angle = Angle::exact;
  float (*rounded_result)(double) = nullptr;  ///< the type in which the table was stored
};

/// The variant that these options ask for.
SinusoidalVariant variant_of(const SinusoidalOptions& options);

/// How a variant of `columns` columns differs from the usual encoding.
std::vector<Deviation> deviations_of(const SinusoidalVariant& variant, std::size_t columns);

/// Computes the rows of a variant, one after the other.
class VariantRows {
 public:
  VariantRows(const SinusoidalVariant& variant, std::size_t columns);

  /// Element c of the row of a position, which the variant's offset is already part of.
  double at(std::uint64_t position, std::size_t c) const;
  /// ω of column c, which errors of rounded angles are proportional to.
  double omega(std::size_t c) const { return columns_[c].frequency.radians(); }
  bool is_cosine(std::size_t c) const { return columns_[c].cosine; }

 private:
  struct Column {
    bool cosine;
    Frequency frequency;
  };
  SinusoidalVariant variant_;
  std::vector<Column> columns_;
};

/// The whole table [len, columns] of a variant.
Tensor<double> variant_table(const SinusoidalVariant& variant, std::size_t len, std::size_t columns);

}  // namespace attn::posenc
