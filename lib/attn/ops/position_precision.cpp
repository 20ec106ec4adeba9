#include <attn/ops/position_precision.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace attn {
namespace {

// x rounded to `digits` significant bits (ties to even) with exponents from `least` on; above `most`, infinity.
double rounded_to(double x, int digits, int least, double most) {
  if (x == 0 || !std::isfinite(x)) return x;
  const int unit = std::max(std::ilogb(x), least) - digits + 1;
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
  return std::abs(rounded) > most ? std::copysign(INFINITY, x) : rounded;
}

double exponent_of(const PairAngle& pair) {
  return static_cast<double>(pair.exponent.numerator) / static_cast<double>(pair.exponent.denominator);
}

SinCos<double> here64(std::uint64_t i, const PairAngle& pair) { return pair.frequency.at<double>(static_cast<std::int64_t>(i)); }
SinCos<double> here32(std::uint64_t i, const PairAngle& pair) {
  const SinCos<float> both = pair.frequency.at<float>(static_cast<std::int64_t>(i));
  return {both.sin, both.cos};
}
SinCos<double> divide64(std::uint64_t i, const PairAngle& pair) {
  const double angle = static_cast<double>(i) / std::pow(pair.base, exponent_of(pair));
  return {std::sin(angle), std::cos(angle)};
}
SinCos<double> divide32(std::uint64_t i, const PairAngle& pair) {
  const float angle = static_cast<float>(i) / std::pow(static_cast<float>(pair.base), static_cast<float>(exponent_of(pair)));
  return {std::sin(angle), std::cos(angle)};
}
SinCos<double> exp_log32(std::uint64_t i, const PairAngle& pair) {
  const float omega = std::exp(static_cast<float>(pair.exponent.numerator) * (-std::log(static_cast<float>(pair.base)) / static_cast<float>(pair.exponent.denominator)));
  const float angle = static_cast<float>(i) * omega;
  return {std::sin(angle), std::cos(angle)};
}
SinCos<double> result16(std::uint64_t i, const PairAngle& pair) {
  const SinCos<double> both = here64(i, pair);
  return {rounded_to_float16(both.sin), rounded_to_float16(both.cos)};
}
SinCos<double> result_bf16(std::uint64_t i, const PairAngle& pair) {
  const SinCos<double> both = here64(i, pair);
  return {rounded_to_bfloat16(both.sin), rounded_to_bfloat16(both.cos)};
}

// The position, the frequency and their product, each rounded to the narrow type; then the result.
template <float (*round)(double)>
SinCos<double> narrow_angle(std::uint64_t i, const PairAngle& pair) {
  const double omega = round(std::pow(pair.base, -exponent_of(pair)));
  const double angle = round(static_cast<double>(round(static_cast<double>(i))) * omega);
  return {round(std::sin(angle)), round(std::cos(angle))};
}

std::vector<PairAngle> pairs_of(const SinusoidalOptions& options) {
  const std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
  std::vector<PairAngle> pairs;
  for (std::size_t j = 0; j < frequencies.size(); ++j) pairs.push_back({frequencies[j], sinusoidal_exponent(j, options), options.base});
  return pairs;
}

// The larger deviation from the long double reference; infinity for NaN.
double error_at(const AngleMethod& method, std::uint64_t position, const PairAngle& pair) {
  const auto exact = pair.frequency.at<long double>(static_cast<std::int64_t>(position));
  const SinCos<double> have = method.at(position, pair);
  if (std::isnan(have.sin) || std::isnan(have.cos)) return INFINITY;
  return static_cast<double>(std::max(std::abs(have.sin - exact.sin), std::abs(have.cos - exact.cos)));
}

// No error of the method is larger: that of the result, and that of an angle whose position, exponent and
// frequency were each rounded.
double largest_possible(const AngleMethod& method, std::uint64_t last, const PairAngle& pair) {
  if (method.angle_unit == 0) return method.result_unit;
  const double angle = static_cast<double>(last) * pair.frequency.radians();
  return method.result_unit + method.angle_unit * (4 + 3 * std::log(pair.base)) * angle;
}

// Every position is tried, with those pairs that can be off by so much at all.
std::optional<std::uint64_t> first_beyond(const AngleMethod& method, std::uint64_t first, std::uint64_t last, const std::vector<PairAngle>& pairs,
                                          double tolerance) {
  std::vector<PairAngle> able;
  for (const PairAngle& pair : pairs) {
    if (!(largest_possible(method, last, pair) <= tolerance)) able.push_back(pair);
  }
  if (able.empty()) return std::nullopt;
  for (std::uint64_t position = first; position <= last; ++position) {
    for (const PairAngle& pair : able) {
      if (error_at(method, position, pair) > tolerance) return position;
    }
  }
  return std::nullopt;
}

}  // namespace

float rounded_to_float16(double x) { return static_cast<float>(rounded_to(x, 11, -14, 65504)); }
float rounded_to_bfloat16(double x) { return static_cast<float>(rounded_to(x, 8, -126, 0x1.fep127)); }

const std::vector<AngleMethod>& angle_methods() {
  static const std::vector<AngleMethod> methods = {
      {"float64", 0x1p-53, 0, here64},
      {"float32", 0x1p-24, 0, here32},
      {"float64-angle", 0x1p-53, 0x1p-53, divide64},
      {"float32-angle", 0x1p-24, 0x1p-24, divide32},
      {"float32-exp-log", 0x1p-24, 0x1p-24, exp_log32},
      {"float16", 0x1p-12, 0, result16},
      {"bfloat16", 0x1p-9, 0, result_bf16},
      {"float16-angle", 0x1p-12, INFINITY, narrow_angle<rounded_to_float16>},
      {"bfloat16-angle", 0x1p-9, INFINITY, narrow_angle<rounded_to_bfloat16>},
  };
  return methods;
}

std::vector<std::uint64_t> sampled_positions(std::uint64_t last, std::size_t count) {
  std::vector<std::uint64_t> positions;
  const double growth = 1 + 16.0 / static_cast<double>(std::max<std::size_t>(count, 16));
  for (std::uint64_t i = 0; i < last; i = std::max(i + 1, static_cast<std::uint64_t>(static_cast<double>(i) * growth))) positions.push_back(i);
  positions.push_back(last);
  return positions;
}

std::vector<MethodError> precision_errors(const std::vector<std::uint64_t>& positions, const SinusoidalOptions& options, double tolerance) {
  const std::vector<PairAngle> pairs = pairs_of(options);
  std::vector<MethodError> errors;
  for (std::size_t m = 0; m < angle_methods().size(); ++m) {
    const AngleMethod& method = angle_methods()[m];
    MethodError error;
    error.method = m;
    for (const std::uint64_t position : positions) {
      double largest = 0;
      for (const PairAngle& pair : pairs) largest = std::max(largest, error_at(method, position, pair));
      error.largest_error.push_back(largest);
    }
    if (const auto first = first_beyond(method, positions.front(), positions.back(), pairs, tolerance)) {
      error.exceeds = true;
      error.first_beyond = *first;
    }
    errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace attn
