#include <attn/ops/position_precision.hpp>

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

// x rounded to `digits` significant bits (ties to even) with exponents from `least` on; above `most`, infinity.
double rounded_to(double x, int digits, int least, double most) {
  if (x == 0 || !std::isfinite(x)) return x;
  const int unit = std::max(std::ilogb(x), least) - digits + 1;
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
  return std::abs(rounded) > most ? std::copysign(INFINITY, x) : rounded;
}

double exponent(std::uint64_t numerator, std::uint64_t denominator) {
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

SinCos<double> here64(std::uint64_t i, std::uint64_t n, std::uint64_t d, double base) {
  return Frequency(base, n, d).at<double>(static_cast<std::int64_t>(i));
}
SinCos<double> here32(std::uint64_t i, std::uint64_t n, std::uint64_t d, double base) {
  const SinCos<float> both = Frequency(base, n, d).at<float>(static_cast<std::int64_t>(i));
  return {both.sin, both.cos};
}
SinCos<double> divide64(std::uint64_t i, std::uint64_t n, std::uint64_t d, double base) {
  const double angle = static_cast<double>(i) / std::pow(base, exponent(n, d));
  return {std::sin(angle), std::cos(angle)};
}
SinCos<double> divide32(std::uint64_t i, std::uint64_t n, std::uint64_t d, double base) {
  const float angle = static_cast<float>(i) / std::pow(static_cast<float>(base), static_cast<float>(exponent(n, d)));
  return {std::sin(angle), std::cos(angle)};
}
SinCos<double> exp_log32(std::uint64_t i, std::uint64_t n, std::uint64_t d, double base) {
  const float omega = std::exp(static_cast<float>(n) * (-std::log(static_cast<float>(base)) / static_cast<float>(d)));
  const float angle = static_cast<float>(i) * omega;
  return {std::sin(angle), std::cos(angle)};
}
SinCos<double> result16(std::uint64_t i, std::uint64_t n, std::uint64_t d, double base) {
  const SinCos<double> both = here64(i, n, d, base);
  return {rounded_to_float16(both.sin), rounded_to_float16(both.cos)};
}
SinCos<double> result_bf16(std::uint64_t i, std::uint64_t n, std::uint64_t d, double base) {
  const SinCos<double> both = here64(i, n, d, base);
  return {rounded_to_bfloat16(both.sin), rounded_to_bfloat16(both.cos)};
}

// The position, the frequency and their product, each rounded to the narrow type; then the result.
template <float (*round)(double)>
SinCos<double> narrow_angle(std::uint64_t i, std::uint64_t n, std::uint64_t d, double base) {
  const double omega = round(std::pow(base, -exponent(n, d)));
  const double angle = round(static_cast<double>(round(static_cast<double>(i))) * omega);
  return {round(std::sin(angle)), round(std::cos(angle))};
}

}  // namespace

float rounded_to_float16(double x) { return static_cast<float>(rounded_to(x, 11, -14, 65504)); }
float rounded_to_bfloat16(double x) { return static_cast<float>(rounded_to(x, 8, -126, 0x1.fep127)); }

const std::vector<AngleMethod>& angle_methods() {
  static const std::vector<AngleMethod> methods = {
      {"float64", here64},
      {"float32", here32},
      {"float64-angle", divide64},
      {"float32-angle", divide32},
      {"float32-exp-log", exp_log32},
      {"float16", result16},
      {"bfloat16", result_bf16},
      {"float16-angle", narrow_angle<rounded_to_float16>},
      {"bfloat16-angle", narrow_angle<rounded_to_bfloat16>},
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
  const std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
  std::vector<MethodError> errors;
  for (std::size_t m = 0; m < angle_methods().size(); ++m) {
    MethodError error;
    error.method = m;
    for (const std::uint64_t position : positions) {
      long double largest = 0;
      for (std::size_t j = 0; j < frequencies.size(); ++j) {
        const Exponent e = sinusoidal_exponent(j, options);
        const auto exact = frequencies[j].at<long double>(static_cast<std::int64_t>(position));
        const SinCos<double> have = angle_methods()[m].at(position, e.numerator, e.denominator, options.base);
        const long double sine = std::abs(have.sin - exact.sin), cosine = std::abs(have.cos - exact.cos);
        largest = std::isnan(have.sin) || std::isnan(have.cos) ? INFINITY : std::max({largest, sine, cosine});
      }
      error.largest_error.push_back(static_cast<double>(largest));
      if (!error.exceeds && error.largest_error.back() > tolerance) {
        error.exceeds = true;
        error.first_beyond = position;
      }
    }
    errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace attn
