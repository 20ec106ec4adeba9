// The machine that measurements were made on, as they must be read together.
#pragma once

#include <cstddef>
#include <string>

namespace attn::cost {

struct Machine {
  std::string processor;        ///< "AMD EPYC 9354"; empty where the system does not say
  std::size_t cores = 1;        ///< that this process may use
  std::size_t memory = 0;       ///< bytes; 0: unknown
  std::size_t cache = 0;        ///< bytes of the largest cache; 0: unknown
  std::string system;           ///< "Linux 6.1.0 x86_64"
  std::string compiler;         ///< "GCC 12.2.0"
  std::string blas;
  double load = 0;              ///< runnable processes, mean over the last minute; negative: unknown
  /// Others are computing: more than a tenth of the cores' time was taken in the last minute.
  bool busy() const { return load > 0.1 * static_cast<double>(cores); }
};

/// Bytes of the largest cache; 0 where the system does not say.
std::size_t cache_size();

/// Loads the BLAS module to ask it.
Machine describe_machine();

}  // namespace attn::cost
