// For functions whose inner loop is compiled twice, with and without AVX2; the CPU chooses when the library is
// loaded. Neither version fuses multiplication and addition, so both give the same bits. (A sanitizer is not
// ready that early.)
#pragma once

#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && defined(__GNUC__) && !defined(__clang__)
#define ATTNSCOPE_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define ATTNSCOPE_WIDE_VECTORS
#endif
