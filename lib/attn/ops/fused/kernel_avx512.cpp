// The kernel for AVX-512; lib/CMakeLists.txt has the options of this file.
#include <attn/ops/fused/kernel_of.hpp>
#include <attn/ops/fused/kernels.hpp>

namespace attn::fused {

const Kernel<float> avx512_float = KernelOf<Lanes<float, 64>, 4>::kernel;
const Kernel<double> avx512_double = KernelOf<Lanes<double, 64>, 4>::kernel;

}  // namespace attn::fused
