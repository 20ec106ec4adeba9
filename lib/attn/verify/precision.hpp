// Rounding to the precisions that accelerators compute in.
#pragma once

#include <attn/tensor.hpp>

namespace attn {

/// Significant bits, the leading one included: what distinguishes the formats near 1.
enum class Mantissa { bfloat16 = 8, tensorfloat32 = 11, float16 = 11 + 100, float32 = 24 };

/// "bfloat16", "TF32", "float16", "float32".
const char* to_string(Mantissa mantissa);

/// Every element rounded to nearest, ties to even. float16 also overflows beyond 65504 and loses bits
/// below 2^-14, as the format does; the others keep float32's range.
Tensor<double> rounded_to(const Tensor<double>& tensor, Mantissa mantissa);

}  // namespace attn
