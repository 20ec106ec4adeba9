// The instruction sets the fused path is compiled for, and which of them this machine has.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace attn::fused {

/// From the one that runs everywhere to the widest.
enum class InstructionSet {
  generic,  ///< what every processor of the family has
  avx2,     ///< AVX2 and FMA: registers of 32 bytes
  avx512,   ///< AVX-512 F, DQ and VL: registers of 64 bytes
};

/// "generic", "avx2", "avx512".
std::string_view name_of(InstructionSet set);

/// Whether this machine can run it (and the library was compiled with it).
bool available(InstructionSet set);

/// All that are available, the widest last.
std::vector<InstructionSet> available_sets();

/// The widest that is available.
InstructionSet widest_set();

}  // namespace attn::fused
