// The kernel for AVX2 and FMA; lib/CMakeLists.txt has the options of this file.
#include <attn/ops/fused/kernel_of.hpp>
#include <attn/ops/fused/kernels.hpp>

namespace attn::fused {

const Kernel<float> avx2_float = KernelOf<Lanes<float, 32>, 2>::kernel;
const Kernel<double> avx2_double = KernelOf<Lanes<double, 32>, 2>::kernel;

}  // namespace attn::fused
