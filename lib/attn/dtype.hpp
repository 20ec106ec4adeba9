// The element types that files hold. The mathematics computes with two of them (`Precision`, tensor.hpp).
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace attn {

enum class DType {
  float64,
  float32,
  float16,
  bfloat16,
  int64,
  int32,
  int16,
  int8,
  uint64,
  uint32,
  uint16,
  uint8,
  boolean,
};

/// Bytes of one element; a boolean takes one.
std::size_t size_of(DType dtype);

/// "float64", "bfloat16", "int8", "bool": as NumPy and PyTorch spell them.
std::string_view name_of(DType dtype);

/// float64, float32, float16 and bfloat16.
bool is_floating(DType dtype);

constexpr DType dtype_of(Precision precision) {
  return precision == Precision::float64 ? DType::float64 : DType::float32;
}

/// The value of an IEEE 754 binary16 bit pattern: exact, and a NaN stays a NaN.
float float16_to_float(std::uint16_t bits);

/// The value of a bfloat16 bit pattern, which is the upper half of a float32: exact.
float bfloat16_to_float(std::uint16_t bits);

}  // namespace attn
