// The angular frequencies ω of positional encodings, and sin(nω), cos(nω) for whole positions n.
//
// ω is kept as the fraction of a turn that one position advances, ω / 2π, with 128 significant bits. The
// angle of position n is then one whole multiplication, and what is left of it below a full turn is exact
// to 2^-100 of a turn up to position 10^6: sine and cosine come out correct also where they nearly vanish,
// which no reduction of a rounded angle can do.
#pragma once

#include <cstdint>

namespace attn {

template <class T>
struct SinCos {
  T sin;
  T cos;
};

class Frequency {
 public:
  /// ω = base^(-numerator / denominator) / slowdown, in radians a position.
  /// base and slowdown are finite and ≥ 1, numerator < 2^32, 0 < denominator < 2^32; anything else throws
  /// UsageError. An ω below about 10^-300 comes out as zero.
  Frequency(double base, std::uint64_t numerator, std::uint64_t denominator, double slowdown = 1);

  /// ω, the nearest double to within one unit in the last place.
  double radians() const { return radians_; }

  /// 2π / ω: positions until the pair repeats.
  double wavelength() const { return wavelength_; }

  /// sin(nω) and cos(nω), each within one unit in the last place of the correctly rounded value for |n| up
  /// to 2^32; beyond, the sine loses digits where it nearly vanishes. long double: the same with the digits of that type, as a reference for the others.
  template <class T>
  SinCos<T> at(std::int64_t position) const;

 private:
  // The part of an angle beyond the nearest quarter turn, in radians as a sum of two doubles.
  struct Angle {
    int quarter;
    double high, low;
  };
  Angle angle_at(std::uint64_t position) const;

  std::uint64_t mantissa_high_, mantissa_low_;  // turns a position: mantissa / 2^127 · 2^-exponent
  std::uint64_t exponent_;
  double radians_, wavelength_;
};

}  // namespace attn
