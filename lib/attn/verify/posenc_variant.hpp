// The hypotheses about a sinusoidal table: every way of computing it that identification knows.
#pragma once

#include <attn/ops/position.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
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
enum class Rounded {
  nothing,
  position,        ///< the position only
  frequency,       ///< the frequency only
  product,         ///< their exact product only
  operands,        ///< position and frequency
  everything,      ///< position, frequency and their product
  quotient,        ///< position, divisor base^exponent and their quotient
  power_quotient,  ///< base, exponent, position, divisor and quotient
  exponential,     ///< −ln(base)/d, its product with 2j, the frequency e^…, position and angle
};

/// The steps that are rounded, and the type they are rounded to.
struct Angle {
  Rounded rounded = Rounded::nothing;
  const HalfType* type = nullptr;
};

/// What a position is multiplied with, or divided by, under a rounding.
struct RoundedFrequency {
  double value;
  bool divides;
};
/// ω = base^-(numerator/denominator), or what the rounding makes of it; angle.rounded is not `nothing`.
RoundedFrequency rounded_frequency(double base, Exponent exponent, const Angle& angle);
/// The angle at a position.
double rounded_angle(const RoundedFrequency& frequency, double position, const Angle& angle);

/// The deviation that an angle in half precision is: E11, or R6 in a rotation.
Deviation half_precision(const std::string& id, const Angle& angle);

/// One way to compute every element of a table.
struct SinusoidalVariant {
  PairOrder order = PairOrder::interleaved;
  bool cosine_first = false;
  Exponents exponents = Exponents::published;
  std::size_t width = 0;  ///< d, which exponents are divided by; where d is odd, not always the columns
  bool zero_last = false;  ///< whole pairs, and a column of zeros behind them
  double base = 10000;
  bool base_is_approximate = false;  ///< others near it fit as well
  std::int64_t offset = 0;
  double scale = 1;
  bool scale_is_approximate = false;
  Angle angle{};
  const HalfType* stored = nullptr;  ///< the type in which the table was stored, if it is to be reproduced bit by bit
};

/// The variant that these options ask for.
SinusoidalVariant variant_of(const SinusoidalOptions& options);

/// How a variant of `columns` columns differs from the usual encoding.
std::vector<Deviation> deviations_of(const SinusoidalVariant& variant, std::size_t columns);

/// Computes the rows of a variant, one after the other; each frequency when it is first asked for.
class VariantRows {
 public:
  VariantRows(const SinusoidalVariant& variant, std::size_t columns);

  /// Element c of the row of a position, which the variant's offset is already part of.
  double at(std::int64_t position, std::size_t c) const;
  /// The same in a tenth of the time, off by up to rough_error() at that position.
  double roughly_at(std::int64_t position, std::size_t c) const;
  double rough_error(std::int64_t position) const;
  /// ω of column c, which errors of rounded angles are proportional to, and what the base is raised to: ω = base^-exponent.
  double omega(std::size_t c) const { return frequency(c).radians(); }
  double rough_omega(std::size_t c) const { return columns_[c].rough_omega; }
  /// Whether ω = 1.
  bool is_fastest(std::size_t c) const { return columns_[c].exponent == 0 || variant_.base == 1; }
  double exponent(std::size_t c) const { return columns_[c].exponent; }
  bool is_cosine(std::size_t c) const { return columns_[c].cosine; }
  /// A column of zeros.
  bool is_zero(std::size_t c) const { return variant_.zero_last && c + 1 == columns_.size(); }

 private:
  struct Column {
    bool cosine;
    Exponent fraction;
    double exponent;
    double rough_omega;
    RoundedFrequency rounded;  // where the angle is rounded
    mutable std::optional<Frequency> frequency;
  };
  const Frequency& frequency(std::size_t c) const;

  SinusoidalVariant variant_;
  std::vector<Column> columns_;
};

/// The whole table [len, columns] of a variant.
Tensor<double> variant_table(const SinusoidalVariant& variant, std::size_t len, std::size_t columns);

}  // namespace attn::posenc
