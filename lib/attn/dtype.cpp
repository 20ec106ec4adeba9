#include <attn/dtype.hpp>

#include <cstring>

namespace attn {
namespace {

struct Row {
  std::string_view name;
  std::size_t size;
};

// In the order of the enumeration.
constexpr Row rows[] = {
    {"float64", 8}, {"float32", 4}, {"float16", 2}, {"bfloat16", 2}, {"int64", 8}, {"int32", 4}, {"int16", 2},
    {"int8", 1},    {"uint64", 8},  {"uint32", 4},  {"uint16", 2},   {"uint8", 1}, {"bool", 1},
};
static_assert(sizeof(rows) / sizeof(rows[0]) == static_cast<std::size_t>(DType::boolean) + 1);

float float_of_bits(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

std::size_t size_of(DType dtype) { return rows[static_cast<std::size_t>(dtype)].size; }

std::string_view name_of(DType dtype) { return rows[static_cast<std::size_t>(dtype)].name; }

bool is_floating(DType dtype) { return dtype <= DType::bfloat16; }

float float16_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0) {
    // Zero and the subnormals, fraction · 2⁻²⁴, are normal numbers in float32.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  // The exponent bias is 15 here and 127 there; all ones means infinity or NaN in both.
  const std::uint32_t wide_exponent = exponent == 0x1fu ? 0xffu : exponent + 127 - 15;
  return float_of_bits(sign | wide_exponent << 23 | fraction << 13);
}

float bfloat16_to_float(std::uint16_t bits) { return float_of_bits(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace attn
