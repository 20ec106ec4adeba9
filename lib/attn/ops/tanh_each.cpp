#include <attn/ops/tanh_each.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace attn {
namespace {

// Added to a float of at most 2^22, it leaves a whole number in the lowest bits: rounding without a branch.
constexpr float whole_in_low_bits = 12582912.0f;  // 1.5·2^23, whose bits are:
constexpr std::uint32_t bits_of_it = 0x4B400000u;

/// tanh x = 1 − 2/(e^(2x) + 1), with e^(2x) = 2^k·e^f, |f| ≤ ln 2 / 2, and the series of e^f up to f⁷/7!.
inline float tanh_of(float x) {
  constexpr float log2_e = 1.44269504f, ln_2 = 0.69314718f, most = 26.3f;
  float y = 2 * log2_e * x;
  y = y > most ? most : y;
  y = y < -most ? -most : y;
  const float shifted = y + whole_in_low_bits;
  const float f = (y - (shifted - whole_in_low_bits)) * ln_2;
  float series = 1 + f / 7;
  series = 1 + f * (1.0f / 6) * series;
  series = 1 + f * (1.0f / 5) * series;
  series = 1 + f * (1.0f / 4) * series;
  series = 1 + f * (1.0f / 3) * series;
  series = 1 + f * (1.0f / 2) * series;
  series = 1 + f * series;
  std::uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - bits_of_it + 127u) << 23;  // 2^k
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return 1 - 2 / (series * power + 1);
}

}  // namespace

void tanh_each(float* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) values[i] = tanh_of(values[i]);
}

void tanh_each(double* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) values[i] = std::tanh(values[i]);
}

}  // namespace attn
