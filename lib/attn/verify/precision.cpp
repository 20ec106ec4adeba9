#include <attn/verify/precision.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace attn {
namespace {

// To the nearest number of so many significant bits, ties to even: on the bits of the number itself. The carry of a
// mantissa of ones goes into the exponent, as it should.
double rounded_bits(double value, int bits) {
  std::uint64_t all = 0;
  std::memcpy(&all, &value, sizeof all);
  const int dropped = 53 - bits;
  const std::uint64_t unit = std::uint64_t{1} << dropped;
  all += unit / 2 - 1 + (all >> dropped & 1);
  all &= ~(unit - 1);
  std::memcpy(&value, &all, sizeof all);
  return value;
}

struct Format {
  int bits;
  int least_exponent;  // of the least number that is not subnormal, as frexp() has it
  double largest;
};

double rounded(double value, const Format& format) {
  if (value == 0 || !std::isfinite(value)) return value;
  int exponent = 0;
  std::frexp(value, &exponent);  // |value| = m·2^exponent with m in [0.5, 1)
  const int unit = std::max(exponent, format.least_exponent) - format.bits;
  const double result = std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
  return std::abs(result) > format.largest ? std::copysign(std::numeric_limits<double>::infinity(), value) : result;
}

}  // namespace

const char* to_string(Mantissa mantissa) {
  switch (mantissa) {
    case Mantissa::bfloat16: return "bfloat16";
    case Mantissa::tensorfloat32: return "TF32";
    case Mantissa::float16: return "float16";
    case Mantissa::float32: return "float32";
  }
  return "";
}

Tensor<double> rounded_to(const Tensor<double>& tensor, Mantissa mantissa) {
  const bool half = mantissa == Mantissa::float16;
  const Format format{half ? 11 : static_cast<int>(mantissa), half ? -13 : -125, half ? 65504.0 : static_cast<double>(std::numeric_limits<float>::max())};
  const double least = std::ldexp(1.0, format.least_exponent), most = format.largest / 2;
  Tensor<double> result = tensor;
  for (double& value : result.storage()) {
    const double magnitude = std::abs(value);
    value = magnitude >= least && magnitude < most ? rounded_bits(value, format.bits) : rounded(value, format);
  }
  return result;
}

}  // namespace attn
