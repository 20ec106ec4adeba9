#include <attn/verify/precision.hpp>

#include <cmath>
#include <limits>

namespace attn {
namespace {

double rounded(double value, int bits, int least_exponent, double largest) {
  if (value == 0 || !std::isfinite(value)) return value;
  int exponent = 0;
  std::frexp(value, &exponent);  // |value| = m·2^exponent with m in [0.5, 1)
  const int unit = std::max(exponent, least_exponent) - bits;
  const double result = std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
  return std::abs(result) > largest ? std::copysign(std::numeric_limits<double>::infinity(), value) : result;
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
  const int bits = half ? 11 : static_cast<int>(mantissa);
  const int least_exponent = half ? -13 : -125;
  const double largest = half ? 65504.0 : static_cast<double>(std::numeric_limits<float>::max());
  Tensor<double> result = tensor;
  for (double& value : result.storage()) value = rounded(value, bits, least_exponent, largest);
  return result;
}

}  // namespace attn
