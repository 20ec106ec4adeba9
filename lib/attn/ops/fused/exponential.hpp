// eˣ and tanh x of a whole register, without branches or tables.
//
// eˣ is 2^(x·log₂e), and 2ʸ with y = n + r, n whole and |r| ≤ ½, is 2ⁿ·(1 + p(r)): p(r) = 2ʳ − 1 is a
// polynomial, and 2ⁿ is made from the bits of n. The coefficients interpolate (2ʳ − 1)/r at the Chebyshev
// points of [−½, ½]; the relative error of 2ʸ is 5·10⁻⁹ (float, 6 terms) and 8·10⁻¹⁸ (double, 11 terms)
// before rounding.
#pragma once

#include <attn/ops/fused/lanes.hpp>

namespace attn::fused {
namespace {  // NOLINT: private to each file, see lanes.hpp

template <class T>
struct PowerOfTwo;

template <>
struct PowerOfTwo<float> {
  static constexpr int mantissa_bits = 23, bias = 127;
  static constexpr float coefficients[] = {0.69314718802622877f,   0.24022650760568126f,
                                           0.055503571142190782f,  0.0096180825572778524f,
                                           0.0013390863364671234f, 0.00015453162945120691f};
};

template <>
struct PowerOfTwo<double> {
  static constexpr int mantissa_bits = 52, bias = 1023;
  static constexpr double coefficients[] = {
      0.69314718055994529,    0.24022650695910097,    0.055504108664821597,   0.0096181291076068882,
      0.0013333558146416936,  0.0001540353044173605,  1.5252733829836119e-05, 1.3215442587921689e-06,
      1.0178062445845774e-07, 7.0725859492692234e-09, 4.4549605981865186e-10};
};

/// 2ˣ in two parts: power = 2ⁿ and p = 2ʳ − 1.
template <class L>
struct Split {
  Vector<L> power, p;
};

/// For −bias ≤ x ≤ bias + ½; 2^−bias becomes 0. NaN gives NaN in p.
template <class L>
Split<L> split_power(const Vector<L>& x) {
  using Table = PowerOfTwo<Number<L>>;
  // Adding 1.5·2^mantissa_bits leaves no bits for fractions, so that x is rounded to n; adding the bias as
  // well puts the exponent of 2ⁿ into the last bits.
  constexpr auto magic = Number<L>(typename L::Integer{3} << (Table::mantissa_bits - 1)) + Table::bias;
  const Vector<L> shifted = x + magic;
  const Vector<L> r = x - (shifted - magic);
  constexpr int terms = sizeof Table::coefficients / sizeof(Number<L>);
  Vector<L> p = L::all(Table::coefficients[terms - 1]);
  for (int i = terms - 2; i >= 0; --i) p = p * r + Table::coefficients[i];
  const auto exponent = reinterpret_cast<typename L::Bits>(shifted) << Table::mantissa_bits;
  return {reinterpret_cast<Vector<L>>(exponent), p * r};
}

/// eˣ for x ≤ 0. Below 2^−bias, where numbers would lose their precision, 0; NaN stays NaN.
template <class L>
Vector<L> exponential(const Vector<L>& x) {
  constexpr auto log2_e = Number<L>(1.4426950408889634);
  const Split<L> split = split_power<L>(L::larger(L::all(-PowerOfTwo<Number<L>>::bias), x * log2_e));
  return split.power + split.power * split.p;
}

/// tanh x = e/(e + 2) with e = exp(2|x|) − 1 = (2ⁿ − 1) + 2ⁿ·p, which keeps its relative precision near 0.
template <class L>
Vector<L> hyperbolic_tangent(const Vector<L>& x) {
  constexpr auto log2_e = Number<L>(1.4426950408889634);
  const Vector<L> magnitude = x < 0 ? -x : x;
  // Beyond 2⁶⁰ the quotient is 1 in both precisions.
  const Vector<L> y = magnitude * (2 * log2_e);
  const Split<L> split = split_power<L>(y > 60 ? L::all(60) : y);
  const Vector<L> e = (split.power - 1) + split.power * split.p;
  // Beyond tanh x = ⅓ from the other side, 1 − 2/(e + 2): near 1 the rounding of e then hardly counts.
  const Vector<L> quotient = (e > 1 ? L::all(2) : e) / (e + 2);
  const Vector<L> result = e > 1 ? 1 - quotient : quotient;
  return x < 0 ? -result : result;
}

}  // namespace
}  // namespace attn::fused
