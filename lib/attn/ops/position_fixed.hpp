// 128-bit fixed-point numbers, and the two functions a frequency needs of them: log2 and exp2.
//
// A rotation counted in turns only ever needs its fraction, and unsigned integers drop whole turns by
// overflowing. That is why positional encodings are computed in fixed point: no reduction modulo 2π is
// left to lose digits in.
#pragma once

#include <cstdint>

namespace attn::fixed {

__extension__ typedef unsigned __int128 UInt128;

constexpr UInt128 join(std::uint64_t high, std::uint64_t low) { return (UInt128{high} << 64) | low; }

/// The high 128 bits of the 256-bit product, and the low ones.
struct Product {
  UInt128 high, low;
};
Product multiply(UInt128 a, UInt128 b);

/// whole + fraction / 2^128.
struct Number {
  std::uint64_t whole = 0;
  UInt128 fraction = 0;
};

/// The sum; the whole part must not overflow.
Number operator+(const Number& a, const Number& b);

/// number · numerator / denominator, rounded down. The whole part must fit; denominator > 0.
Number times_ratio(const Number& number, std::uint64_t numerator, std::uint64_t denominator);

/// log2 of a finite value ≥ 1, to about 2^-120.
Number log2(double value);

/// log2(2π).
constexpr Number log2_of_turn = {2, join(0xa6c873498ddf75b0, 0xdb2e4f080a88e274)};

/// mantissa / 2^127 · 2^-exponent, the mantissa in [2^127, 2^128).
struct Power {
  UInt128 mantissa;
  std::uint64_t exponent;
};

/// 2^-number, to about 2^-120 of itself.
Power exp2_of_minus(const Number& number);

/// The nearest double.
double to_double(const Power& power);

}  // namespace attn::fixed
