#include <attn/ops/position_frequency.hpp>

#include <attn/error.hpp>
#include <attn/ops/position_fixed.hpp>

#include <cmath>
#include <string>
#include <type_traits>

namespace attn {
namespace {

using fixed::UInt128;

struct TwoDoubles {
  double high, low;
};

// a·b without rounding, after Dekker (1971): each factor is split into halves whose products are exact.
TwoDoubles exact_product(double a, double b) {
  constexpr double splitter = 134217729;  // 2^27 + 1
  const double a_high = a * splitter - (a * splitter - a), a_low = a - a_high;
  const double b_high = b * splitter - (b * splitter - b), b_low = b - b_high;
  const double product = a * b;
  return {product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

// 2π·bits, for bits < 2^127.
TwoDoubles radians_of(UInt128 bits) {
  constexpr TwoDoubles turn = {0x1.921fb54442d18p+2, 0x1.1a62633145c07p-52};
  const std::int64_t upper = static_cast<std::int64_t>(bits >> 64);
  const double leading = static_cast<double>(upper);
  const double high = leading * 0x1p64;
  const double low = static_cast<double>(upper - static_cast<std::int64_t>(leading)) * 0x1p64 +
                     static_cast<double>(static_cast<std::uint64_t>(bits));
  const TwoDoubles product = exact_product(high, turn.high);
  const double rest = product.low + (high * turn.low + low * turn.high);
  const double sum = product.high + rest;
  return {sum, rest - (sum - product.high)};
}

// Taylor series on |x| ≤ π/4; the angle is x + tail. The leading terms are added last, so that each result
// carries little more than one rounding.
SinCos<double> sin_cos_near_zero(double x, double tail) {
  const double z = x * x;
  const double odd =
      -1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880 + z * (-1.0 / 39916800 +
      z * (1.0 / 6227020800 + z * (-1.0 / 1307674368000 + z * (1.0 / 355687428096000)))))));
  const double even =
      1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 + z * (1.0 / 479001600 +
      z * (-1.0 / 87178291200 + z * (1.0 / 20922789888000))))));
  const double sine = x + (x * z * odd + tail * (1 - z / 2));
  const double first = 1 - z / 2;
  const double lost = (1 - first) - z / 2;
  return {sine, first + (lost + (z * z * even - x * tail))};
}

template <class T>
SinCos<T> sin_cos_near_zero_as(double x, double tail) {
  if constexpr (std::is_same_v<T, long double>) {
    const long double angle = static_cast<long double>(x) + tail;
    return {std::sin(angle), std::cos(angle)};
  } else {
    const SinCos<double> both = sin_cos_near_zero(x, tail);
    return {static_cast<T>(both.sin), static_cast<T>(both.cos)};
  }
}

template <class T>
SinCos<T> turned(const SinCos<T>& angle, int quarters) {
  switch (quarters & 3) {
    case 0: return angle;
    case 1: return {angle.cos, -angle.sin};
    case 2: return {-angle.sin, -angle.cos};
    default: return {-angle.cos, angle.sin};
  }
}

void require_at_least_one(const char* what, double value) {
  if (!(value >= 1) || std::isinf(value)) {
    throw UsageError(what, "expected a finite number of at least 1, found " + std::to_string(value));
  }
}

}  // namespace

Frequency::Frequency(double base, std::uint64_t numerator, std::uint64_t denominator, double slowdown) {
  require_at_least_one("base", base);
  require_at_least_one("slowdown", slowdown);
  if (denominator == 0 || denominator >> 32 != 0 || numerator >> 32 != 0) {
    throw UsageError("exponent", "expected whole numbers below 2^32 and no zero below the line, found " +
                                     std::to_string(numerator) + "/" + std::to_string(denominator));
  }
  const fixed::Number log2_omega = fixed::times_ratio(fixed::log2(base), numerator, denominator) + fixed::log2(slowdown);
  const fixed::Power turns = fixed::exp2_of_minus(log2_omega + fixed::log2_of_turn);
  mantissa_high_ = static_cast<std::uint64_t>(turns.mantissa >> 64);
  mantissa_low_ = static_cast<std::uint64_t>(turns.mantissa);
  exponent_ = turns.exponent;
  radians_ = fixed::to_double(fixed::exp2_of_minus(log2_omega));
  wavelength_ = 1 / fixed::to_double(turns);
}

Frequency::Angle Frequency::angle_at(std::uint64_t position) const {
  // The product P has 192 bits: upper · 2^64 + lowest. It counts turns of 2^(127 + exponent).
  const UInt128 low_product = UInt128{mantissa_low_} * position;
  const UInt128 upper = UInt128{mantissa_high_} * position + (low_product >> 64);
  const std::uint64_t lowest = static_cast<std::uint64_t>(low_product);
  const int exponent = static_cast<int>(exponent_);
  const auto shifted_right = [&](int by) {  // the low 128 bits of P / 2^by
    if (by >= 64) return upper >> (by - 64);
    return (upper << (64 - by)) | (lowest >> by);
  };
  if (exponent >= 68 || upper >> (60 + exponent) == 0) {  // below an eighth of a turn: keep the leading bits
    const std::uint64_t top = static_cast<std::uint64_t>(upper >> 64);
    const int shift = top == 0 ? static_cast<int>(upper >> 63) : 65 - __builtin_clzll(top);
    const TwoDoubles radians = radians_of(shifted_right(shift));
    const int scale = shift - 127 - exponent;
    return {0, std::ldexp(radians.high, scale), std::ldexp(radians.low, scale)};
  }
  // Units of 2^-128 of a turn; whole turns are above the top bit and gone.
  const UInt128 turn = shifted_right(exponent - 1);
  const int quarter = static_cast<int>((turn + (UInt128{1} << 125)) >> 126);
  const UInt128 rest = turn - (UInt128(quarter) << 126);
  const bool negative = rest >> 127 != 0;
  const TwoDoubles radians = radians_of(negative ? -rest : rest);
  const double scale = negative ? -0x1p-128 : 0x1p-128;
  return {quarter, radians.high * scale, radians.low * scale};
}

template <class T>
SinCos<T> Frequency::at(std::int64_t position) const {
  const bool negative = position < 0;
  const Angle angle = angle_at(negative ? -static_cast<std::uint64_t>(position) : static_cast<std::uint64_t>(position));
  const SinCos<T> both = turned(sin_cos_near_zero_as<T>(angle.high, angle.low), angle.quarter);
  return negative ? SinCos<T>{-both.sin, both.cos} : both;
}

template SinCos<float> Frequency::at(std::int64_t) const;
template SinCos<double> Frequency::at(std::int64_t) const;
template SinCos<long double> Frequency::at(std::int64_t) const;

}  // namespace attn
