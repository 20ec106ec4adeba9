// The module behind blas.hpp: the only part of the library that links BLAS.
#include <attn/ops/blas.hpp>
#include <attn/tensor.hpp>

#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xadapt.hpp>

#include <array>
#include <string>

// OpenBLAS's own functions; null with another BLAS.
extern "C" {
void openblas_set_num_threads(int threads) __attribute__((weak));
char* openblas_get_config() __attribute__((weak));
}

namespace attn {
namespace {

template <class T>
void multiply_by_blas(const T* a, const T* b, T* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  const auto a_view = xt::adapt(a, rows * inner, xt::no_ownership(), std::array<std::size_t, 2>{rows, inner});
  const auto b_view = xt::adapt(b, inner * columns, xt::no_ownership(), std::array<std::size_t, 2>{inner, columns});
  if (rows == 1) {
    // A product of matrices would first copy B into its own order, which costs more than one row's work.
    const auto row = xt::adapt(a, inner, xt::no_ownership(), std::array<std::size_t, 1>{inner});
    auto result = xt::adapt(c, columns, xt::no_ownership(), std::array<std::size_t, 1>{columns});
    xt::blas::gemv(b_view, row, result, true);
    return;
  }
  auto c_view = xt::adapt(c, rows * columns, xt::no_ownership(), std::array<std::size_t, 2>{rows, columns});
  xt::blas::gemm(a_view, b_view, c_view);
}

void set_threads(int threads) {
  if (openblas_set_num_threads) openblas_set_num_threads(threads);
}

std::string description() {
  std::string text = openblas_get_config ? openblas_get_config() : "BLAS";
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

const BlasModule module = {&multiply_by_blas<float>, &multiply_by_blas<double>, &set_threads, &description};

}  // namespace
}  // namespace attn

extern "C" const void* attnscope_blas_module() { return &attn::module; }
