// What narrower number types and other ways of computing make of sin(iω) and cos(iω).
#pragma once

#include <attn/ops/position.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace attn {

/// x rounded to the nearest float16 or bfloat16 (ties to even), as a float.
float rounded_to_float16(double x);
float rounded_to_bfloat16(double x);

/// A pair of columns, whose angle at position i is i · base^-exponent.
struct PairAngle {
  Frequency frequency;  ///< the exact one
  Exponent exponent;
  double base;
};

/// One way to compute a pair's angle and its sine.
struct AngleMethod {
  std::string_view name;  ///< "float32-angle"; its formula in words is the note posenc.method_<name>
  double result_unit;     ///< how far a result is off when the angle is right
  double angle_unit;      ///< how far an angle is off, relative to itself; 0: exact; infinite: no bound is known
  SinCos<double> (*at)(std::uint64_t position, const PairAngle& pair);
};

/// Every way, from the best to the worst: this library's float64 and float32; float64 and float32 with a
/// rounded angle, by division and by multiplication with a rounded frequency; a float16 and a bfloat16
/// result; a float16 and a bfloat16 angle.
const std::vector<AngleMethod>& angle_methods();

struct MethodError {
  std::size_t method = 0;                 ///< place in angle_methods()
  std::vector<double> largest_error;      ///< at each sampled position, over all pairs
  bool exceeds = false;
  std::uint64_t first_beyond = 0;         ///< the first position at all, from the first sampled one to the last, with an error above the tolerance
};

/// The largest error of every method at each of the positions, against the long double reference.
std::vector<MethodError> precision_errors(const std::vector<std::uint64_t>& positions, const SinusoidalOptions& options, double tolerance);

/// About `count` positions from 0 to `last`: every small one, then ever sparser ones.
std::vector<std::uint64_t> sampled_positions(std::uint64_t last, std::size_t count);

}  // namespace attn
