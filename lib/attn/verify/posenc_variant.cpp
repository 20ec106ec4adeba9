#include <attn/ops/position_precision.hpp>
#include <attn/verify/posenc_variant.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {
namespace {

struct Place {
  std::size_t pair;
  bool second;  // of the pair, whatever function it has
};

Place place_of(std::size_t column, std::size_t width, PairOrder order) {
  if (order == PairOrder::interleaved) return {column / 2, column % 2 == 1};
  const std::size_t first = (width + 1) / 2;
  return column < first ? Place{column, false} : Place{column - first, true};
}

Frequency frequency_of(const Place& place, bool cosine, const SinusoidalVariant& v) {
  const std::size_t pairs = v.width / 2, pair = place.pair;
  switch (v.exponents) {
    case Exponents::published: break;
    case Exponents::width_minus_2: return {v.base, 2 * pair, pairs > 1 ? 2 * pairs - 2 : 1};
    case Exponents::doubled: return {v.base, 4 * pair, v.width};
    case Exponents::own_cosine: return {v.base, 2 * pair + (cosine ? 1 : 0), v.width};
    case Exponents::by_column: return {v.base, 2 * (2 * pair + (place.second ? 1 : 0)), v.width};
  }
  return {v.base, 2 * pair, v.width};
}

Deviation odd_width(const SinusoidalVariant& v, std::size_t columns) {
  if (v.zero_last) return {"E1", "odd_zero", "zero", "sine"};
  if (v.width > columns && columns % 2 == 0) return {"E1", "odd_dropped", std::to_string(v.width), std::to_string(columns)};
  return {"E1", "odd_sine", std::to_string(v.width), std::to_string(columns)};
}

}  // namespace

double rounded_angle(double omega, double position, Angle angle) {
  switch (angle) {
    case Angle::float16: return rounded_to_float16(rounded_to_float16(position) * static_cast<double>(rounded_to_float16(omega)));
    case Angle::bfloat16: return rounded_to_bfloat16(rounded_to_bfloat16(position) * static_cast<double>(rounded_to_bfloat16(omega)));
    case Angle::float16_product: return rounded_to_float16(position * omega);
    case Angle::bfloat16_product: return rounded_to_bfloat16(position * omega);
    case Angle::float16_position: return static_cast<double>(rounded_to_float16(position)) * omega;
    default: return static_cast<double>(rounded_to_bfloat16(position)) * omega;
  }
}

std::string half_type(Angle angle) {
  return angle == Angle::float16 || angle == Angle::float16_product || angle == Angle::float16_position ? "float16" : "bfloat16";
}

SinusoidalVariant variant_of(const SinusoidalOptions& options) {
  SinusoidalVariant v;
  v.order = options.order;
  v.exponents = options.denominator == Denominator::width ? Exponents::published : Exponents::width_minus_2;
  v.width = options.d_model;
  v.base = options.base;
  v.offset = options.offset;
  return v;
}

std::vector<Deviation> deviations_of(const SinusoidalVariant& v, std::size_t columns) {
  std::vector<Deviation> found;
  if (columns % 2 == 1 || v.width != columns) found.push_back(odd_width(v, columns));
  if (v.order == PairOrder::concatenated) found.push_back({"E2", "concatenated"});
  if (v.exponents == Exponents::width_minus_2) found.push_back({"E3", "width_minus_2"});
  if (v.exponents == Exponents::doubled || v.exponents == Exponents::by_column) found.push_back({"E4", "doubled"});
  if (v.exponents == Exponents::own_cosine || v.exponents == Exponents::by_column) found.push_back({"E5", "own_cosine"});
  if (v.base != 10000) found.push_back({"E6", "base", short_number(v.base), "10000", true});
  if (v.offset > 0) found.push_back({v.offset == 1 ? "E7" : "", "offset", std::to_string(v.offset), "0", v.offset > 1});
  if (v.scale != 1) found.push_back({"E10", "scaled", factor_text(v.scale, columns), "1", true});
  if (v.angle == Angle::float16_position || v.angle == Angle::bfloat16_position) {
    found.push_back({"E11", "half_positions", half_type(v.angle), "float32"});
  } else if (v.angle != Angle::exact) {
    found.push_back({"E11", "half_angle", half_type(v.angle), "float32"});
  }
  if (v.cosine_first) found.push_back({"E12", "cosine_first"});
  return found;
}

VariantRows::VariantRows(const SinusoidalVariant& variant, std::size_t columns) : variant_(variant) {
  const std::size_t filled = variant.zero_last && columns > 1 ? columns - 1 : columns;  // zeros are padding behind whole pairs
  for (std::size_t c = 0; c < columns; ++c) {
    const Place place = place_of(std::min(c, filled - 1), filled, variant.order);
    const bool cosine = place.second != variant.cosine_first;
    columns_.push_back({cosine, frequency_of(place, cosine, variant)});
  }
}

double VariantRows::at(std::uint64_t position, std::size_t c) const {
  const Column& column = columns_[c];
  double value = 0;
  if (variant_.zero_last && c + 1 == columns_.size()) return 0;
  if (variant_.angle == Angle::exact) {
    const SinCos<double> both = column.frequency.at<double>(static_cast<std::int64_t>(position));
    value = column.cosine ? both.cos : both.sin;
  } else {
    const double angle = rounded_angle(column.frequency.radians(), static_cast<double>(position), variant_.angle);
    value = column.cosine ? std::cos(angle) : std::sin(angle);
  }
  value *= variant_.scale;
  return variant_.rounded_result ? static_cast<double>(variant_.rounded_result(value)) : value;
}

Tensor<double> variant_table(const SinusoidalVariant& variant, std::size_t len, std::size_t columns) {
  const VariantRows rows(variant, columns);
  Tensor<double> table = empty<double>({len, columns});
  for (std::size_t i = 0; i < len; ++i) {
    for (std::size_t c = 0; c < columns; ++c) table(i, c) = rows.at(variant.offset + i, c);
  }
  return table;
}

}  // namespace attn::posenc
