// The kernels that were compiled, one a file. On processors other than x86-64 only the generic ones exist.
#pragma once

#include <attn/ops/fused/kernel.hpp>

namespace attn::fused {

extern const Kernel<float> generic_float;
extern const Kernel<double> generic_double;
extern const Kernel<float> avx2_float;
extern const Kernel<double> avx2_double;
extern const Kernel<float> avx512_float;
extern const Kernel<double> avx512_double;

}  // namespace attn::fused
