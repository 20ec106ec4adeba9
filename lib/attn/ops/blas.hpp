// Products by BLAS, through xtensor-blas, in a module that is loaded on the first call: loading
// OpenBLAS takes longer than everything a small example computes.
#pragma once

#include <cstddef>
#include <string>

namespace attn {

/// C = A·B for contiguous row-major matrices, in one thread unless set otherwise; as `multiply`, in BLAS's
/// own order of summation. Throws SystemError when the module cannot be loaded.
void blas_multiply(const float* a, const float* b, float* c, std::size_t rows, std::size_t inner,
                   std::size_t columns);
void blas_multiply(const double* a, const double* b, double* c, std::size_t rows, std::size_t inner,
                   std::size_t columns);

/// How many threads later products use. Does nothing for a BLAS that cannot be told.
void set_blas_threads(int threads);

/// The library's own description: "OpenBLAS 0.3.21 … Zen"; "BLAS" for one that has none.
std::string blas_description();

/// What the module offers; one object of it lives in the module.
struct BlasModule {
  void (*multiply_float)(const float*, const float*, float*, std::size_t, std::size_t, std::size_t);
  void (*multiply_double)(const double*, const double*, double*, std::size_t, std::size_t, std::size_t);
  void (*set_threads)(int threads);
  std::string (*description)();
};

}  // namespace attn
