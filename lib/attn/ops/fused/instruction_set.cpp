#include <attn/ops/fused/instruction_set.hpp>

namespace attn::fused {

std::string_view name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::generic:
      return "generic";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::avx512:
      return "avx512";
  }
  return "";
}

bool available(InstructionSet set) {
#if defined(__x86_64__)
  // Also asks whether the system saves the wide registers.
  switch (set) {
    case InstructionSet::generic:
      return true;
    case InstructionSet::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case InstructionSet::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
  }
  return false;
#else
  return set == InstructionSet::generic;
#endif
}

std::vector<InstructionSet> available_sets() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set : {InstructionSet::generic, InstructionSet::avx2, InstructionSet::avx512}) {
    if (available(set)) sets.push_back(set);
  }
  return sets;
}

InstructionSet widest_set() {
  static const InstructionSet widest = available_sets().back();
  return widest;
}

}  // namespace attn::fused
