// The kernel for the baseline of the processor family (SSE2, NEON); lib/CMakeLists.txt has the options of
// this file.
#include <attn/ops/fused/kernel_of.hpp>
#include <attn/ops/fused/kernels.hpp>

namespace attn::fused {

const Kernel<float> generic_float = KernelOf<Lanes<float, 16>, 2>::kernel;
const Kernel<double> generic_double = KernelOf<Lanes<double, 16>, 2>::kernel;

}  // namespace attn::fused
