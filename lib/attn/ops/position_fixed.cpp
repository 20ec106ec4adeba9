#include <attn/ops/position_fixed.hpp>

#include <cmath>

namespace attn::fixed {
namespace {

constexpr UInt128 ln2 = join(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af);  // · 2^-128
constexpr UInt128 one = UInt128{1} << 127;                             // of a mantissa

std::uint64_t high_half(UInt128 x) { return static_cast<std::uint64_t>(x >> 64); }
std::uint64_t low_half(UInt128 x) { return static_cast<std::uint64_t>(x); }

// 2^x for x = fraction / 2^128, as a mantissa: the series of e^y at y = x·ln 2.
UInt128 exp2_mantissa(UInt128 fraction) {
  const UInt128 y = multiply(fraction, ln2).high;
  UInt128 sum = 0, term = y;
  for (unsigned n = 2; term != 0; ++n) {
    sum += term;
    term = multiply(term, y).high / n;
  }
  return one + (sum >> 1);
}

}  // namespace

Product multiply(UInt128 a, UInt128 b) {
  const UInt128 low = UInt128{low_half(a)} * low_half(b);
  const UInt128 cross1 = UInt128{high_half(a)} * low_half(b) + high_half(low);
  const UInt128 cross2 = UInt128{low_half(a)} * high_half(b) + low_half(cross1);
  return {UInt128{high_half(a)} * high_half(b) + high_half(cross1) + high_half(cross2),
          join(low_half(cross2), low_half(low))};
}

Number operator+(const Number& a, const Number& b) {
  const UInt128 fraction = a.fraction + b.fraction;
  return {a.whole + b.whole + (fraction < a.fraction ? 1 : 0), fraction};
}

Number times_ratio(const Number& number, std::uint64_t numerator, std::uint64_t denominator) {
  std::uint64_t words[4] = {low_half(number.fraction), high_half(number.fraction), number.whole, 0};
  std::uint64_t carry = 0;
  for (std::uint64_t& word : words) {
    const UInt128 product = UInt128{word} * numerator + carry;
    word = low_half(product);
    carry = high_half(product);
  }
  std::uint64_t remainder = 0;
  for (int i = 3; i >= 0; --i) {
    const UInt128 dividend = join(remainder, words[i]);
    words[i] = static_cast<std::uint64_t>(dividend / denominator);
    remainder = static_cast<std::uint64_t>(dividend % denominator);
  }
  return {words[2], join(words[1], words[0])};
}

namespace {

Number log2_by_squaring(double value) {
  int exponent = 0;
  const double half_to_one = std::frexp(value, &exponent);
  UInt128 mantissa = UInt128{static_cast<std::uint64_t>(std::ldexp(half_to_one, 64))} << 64;
  // Squaring doubles the logarithm: its next binary digit is whether the square reached 2.
  UInt128 digits = 0;
  for (int i = 0; i < 128; ++i) {
    const Product square = multiply(mantissa, mantissa);  // 2 + 126 bits of fraction in `high`
    const bool reached_two = (square.high >> 127) != 0;
    mantissa = reached_two ? square.high : (square.high << 1) | (square.low >> 127);
    digits = (digits << 1) | (reached_two ? 1 : 0);
  }
  return {static_cast<std::uint64_t>(exponent - 1), digits};
}

}  // namespace

Number log2(double value) {
  if (value == 1) return {0, 0};
  // The frequencies of a table come from one base, one after the other.
  thread_local double last_value = 1;
  thread_local Number last{0, 0};
  if (value != last_value) {
    last = log2_by_squaring(value);
    last_value = value;
  }
  return last;
}

Power exp2_of_minus(const Number& number) {
  if (number.fraction == 0) return {one, number.whole};
  // 2^-(w + f) = 2^-(w + 1) · 2^(1 - f)
  return {exp2_mantissa(-number.fraction), number.whole + 1};
}

double to_double(const Power& power) {
  return std::ldexp(static_cast<double>(power.mantissa), -127 - static_cast<int>(power.exponent));
}

}  // namespace attn::fixed
