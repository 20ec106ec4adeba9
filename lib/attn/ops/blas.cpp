#include <attn/module.hpp>
#include <attn/ops/blas.hpp>

#include <cstdlib>

namespace attn {
namespace {

const BlasModule& blas_module() {
  static const BlasModule& module = []() -> const BlasModule& {
    // Results of OpenBLAS depend on its number of threads; one thread unless the user says otherwise.
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
    void* const entry = module_symbol(load_module("attnscope_blas"), "attnscope_blas_module");
    return *static_cast<const BlasModule*>(reinterpret_cast<const void* (*)()>(entry)());
  }();
  return module;
}

}  // namespace

void blas_multiply(const float* a, const float* b, float* c, std::size_t rows, std::size_t inner,
                   std::size_t columns) {
  blas_module().multiply_float(a, b, c, rows, inner, columns);
}

void blas_multiply(const double* a, const double* b, double* c, std::size_t rows, std::size_t inner,
                   std::size_t columns) {
  blas_module().multiply_double(a, b, c, rows, inner, columns);
}

void set_blas_threads(int threads) { blas_module().set_threads(threads); }

std::string blas_description() { return blas_module().description(); }

}  // namespace attn
