#include <attn/ops/fused/kernels.hpp>

#include <type_traits>

namespace attn::fused {

template <class T>
const Kernel<T>& kernel_for(InstructionSet set) {
  const auto choose = [](const Kernel<float>& single, const Kernel<double>& twice) -> const Kernel<T>& {
    if constexpr (std::is_same_v<T, float>) {
      return single;
    } else {
      return twice;
    }
  };
#if defined(__x86_64__)
  if (set == InstructionSet::avx512) return choose(avx512_float, avx512_double);
  if (set == InstructionSet::avx2) return choose(avx2_float, avx2_double);
#endif
  return choose(generic_float, generic_double);
}

template const Kernel<float>& kernel_for(InstructionSet);
template const Kernel<double>& kernel_for(InstructionSet);

}  // namespace attn::fused
