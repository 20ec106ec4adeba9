// For functions whose inner loop is compiled for several widths of vectors. No version fuses multiplication and addition,
// so all give the same bits.
// ATTNSCOPE_WIDE_VECTORS: with and without AVX2; the CPU chooses when the library is loaded. (A sanitizer is not ready that
// early.) ATTNSCOPE_WIDEST_VECTORS: with AVX-512, for a caller who asked has_widest_vectors().
#pragma once

#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && defined(__GNUC__) && !defined(__clang__)
#define ATTNSCOPE_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define ATTNSCOPE_WIDE_VECTORS
#endif

#if defined(__x86_64__) && defined(__GNUC__)
#define ATTNSCOPE_WIDEST_VECTORS __attribute__((target("avx512f")))
#else
#define ATTNSCOPE_WIDEST_VECTORS
#endif

namespace attn {

/// Whether the processor has registers of 64 bytes.
inline bool has_widest_vectors() {
#if defined(__x86_64__) && defined(__GNUC__)
  static const bool has = __builtin_cpu_supports("avx512f");
  return has;
#else
  return false;
#endif
}

}  // namespace attn
