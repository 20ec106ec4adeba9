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

Exponent exponent_of(const Place& place, bool cosine, const SinusoidalVariant& v) {
  const std::size_t pairs = v.width / 2, pair = place.pair;
  switch (v.exponents) {
    case Exponents::published: break;
    case Exponents::width_minus_2: return {2 * pair, pairs > 1 ? 2 * pairs - 2 : 1};
    case Exponents::doubled: return {4 * pair, v.width};
    case Exponents::own_cosine: return {2 * pair + (cosine ? 1 : 0), v.width};
    case Exponents::by_column: return {2 * (2 * pair + (place.second ? 1 : 0)), v.width};
  }
  return {2 * pair, v.width};
}

Deviation odd_width(const SinusoidalVariant& v, std::size_t columns) {
  if (v.zero_last) return {"E1", "odd_zero", "zero", "sine"};
  if (v.width > columns && columns % 2 == 0) return {"E1", "odd_dropped", std::to_string(v.width), std::to_string(columns)};
  return {"E1", "odd_sine", std::to_string(v.width), std::to_string(columns)};
}

}  // namespace

RoundedFrequency rounded_frequency(double base, Exponent exponent, const Angle& angle) {
  const auto round = [&angle](double x) { return static_cast<double>(angle.type->round(x)); };
  const double numerator = static_cast<double>(exponent.numerator), denominator = static_cast<double>(exponent.denominator);
  const double power = std::pow(base, numerator / denominator);
  switch (angle.rounded) {
    case Rounded::quotient: return {round(power), true};
    case Rounded::power_quotient: return {round(std::pow(round(base), round(numerator / denominator))), true};
    case Rounded::exponential: return {round(std::exp(round(numerator * round(-std::log(base) / denominator)))), false};
    case Rounded::frequency:
    case Rounded::operands:
    case Rounded::everything: return {round(1 / power), false};
    default: return {1 / power, false};
  }
}

double rounded_angle(const RoundedFrequency& frequency, double position, const Angle& angle) {
  const Rounded what = angle.rounded;
  const auto round = [&angle](double x) { return static_cast<double>(angle.type->round(x)); };
  const double at = what == Rounded::product || what == Rounded::frequency ? position : round(position);
  const double exact = frequency.divides ? at / frequency.value : at * frequency.value;
  return what == Rounded::position || what == Rounded::frequency || what == Rounded::operands ? exact : round(exact);
}

Deviation half_precision(const std::string& id, const Angle& angle) {
  return {id, angle.rounded == Rounded::position ? "half_positions" : "half_angle", angle.type->name, "float32"};
}

SinusoidalVariant variant_of(const SinusoidalOptions& options) {
  SinusoidalVariant v;
  v.order = options.order;
  v.exponents = options.denominator == Denominator::width ? Exponents::published : Exponents::width_minus_2;
  v.width = options.d_model;
  v.base = options.base;
  v.offset = static_cast<std::int64_t>(options.offset);
  return v;
}

std::vector<Deviation> deviations_of(const SinusoidalVariant& v, std::size_t columns) {
  std::vector<Deviation> found;
  if (columns > 1 && (columns % 2 == 1 || v.width != columns)) found.push_back(odd_width(v, columns));
  if (v.order == PairOrder::concatenated) found.push_back({"E2", "concatenated"});
  if (v.exponents == Exponents::width_minus_2) found.push_back({"E3", "width_minus_2"});
  if (v.exponents == Exponents::doubled || v.exponents == Exponents::by_column) found.push_back({"E4", "doubled"});
  if (v.exponents == Exponents::own_cosine || v.exponents == Exponents::by_column) found.push_back({"E5", "own_cosine"});
  if (v.base != 10000) {
    found.push_back({"E6", "base", short_number(v.base), "10000", is_round(v.base) ? Freedom::round_number : Freedom::number, false, v.base_is_approximate});
  }
  if (v.offset != 0) found.push_back({v.offset == 1 ? "E7" : "", "offset", std::to_string(v.offset), "0", v.offset == 1 ? Freedom::none : Freedom::number});
  if (v.scale != 1) found.push_back({"E10", "scaled", factor_text(v.scale, columns), "1", Freedom::number, false, v.scale_is_approximate});
  if (v.angle.rounded != Rounded::nothing) found.push_back(half_precision("E11", v.angle));
  if (v.cosine_first) found.push_back({"E12", "cosine_first"});
  return found;
}

VariantRows::VariantRows(const SinusoidalVariant& variant, std::size_t columns) : variant_(variant) {
  columns_.reserve(columns);
  const std::size_t filled = variant.zero_last && columns > 1 ? columns - 1 : columns;  // zeros are padding behind whole pairs
  for (std::size_t c = 0; c < columns; ++c) {
    const Place place = place_of(std::min(c, filled - 1), filled, variant.order);
    const bool cosine = place.second != variant.cosine_first;
    const Exponent exponent = exponent_of(place, cosine, variant);
    const bool exact = variant.angle.rounded == Rounded::nothing;
    const double power = static_cast<double>(exponent.numerator) / static_cast<double>(exponent.denominator);
    columns_.push_back({cosine, exponent, power, std::pow(variant.base, -power),
                        exact ? RoundedFrequency{0, false} : rounded_frequency(variant.base, exponent, variant.angle), {}});
  }
}

const Frequency& VariantRows::frequency(std::size_t c) const {
  const Column& column = columns_[c];
  if (!column.frequency) column.frequency.emplace(variant_.base, column.fraction.numerator, column.fraction.denominator);
  return *column.frequency;
}

double VariantRows::at(std::int64_t position, std::size_t c) const {
  const Column& column = columns_[c];
  double value = 0;
  if (is_zero(c)) return 0;
  if (variant_.angle.rounded == Rounded::nothing) {
    const SinCos<double> both = frequency(c).at<double>(position);
    value = column.cosine ? both.cos : both.sin;
  } else {
    const double angle = rounded_angle(column.rounded, static_cast<double>(position), variant_.angle);
    value = column.cosine ? std::cos(angle) : std::sin(angle);
  }
  value *= variant_.scale;
  return variant_.stored ? static_cast<double>(variant_.stored->round(value)) : value;
}

double VariantRows::roughly_at(std::int64_t position, std::size_t c) const {
  const Column& column = columns_[c];
  if (is_zero(c) || variant_.angle.rounded != Rounded::nothing || variant_.stored) return at(position, c);
  const double angle = static_cast<double>(position) * column.rough_omega;
  return variant_.scale * (column.cosine ? std::cos(angle) : std::sin(angle));
}

// The exponent and its power are rounded, which for the largest base and exponent is 6e-15 of the angle.
double VariantRows::rough_error(std::int64_t position) const {
  return std::abs(variant_.scale) * (1e-14 * std::abs(static_cast<double>(position)) + 1e-12);
}

Tensor<double> variant_table(const SinusoidalVariant& variant, std::size_t len, std::size_t columns) {
  const VariantRows rows(variant, columns);
  Tensor<double> table = empty<double>({len, columns});
  for (std::size_t i = 0; i < len; ++i) {
    for (std::size_t c = 0; c < columns; ++c) table(i, c) = rows.at(variant.offset + static_cast<std::int64_t>(i), c);
  }
  return table;
}

}  // namespace attn::posenc
