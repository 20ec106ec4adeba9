// The module behind blas.hpp: the only part of the library that links BLAS.
#include <attn/ops/blas.hpp>
#include <attn/tensor.hpp>

#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xadapt.hpp>

#include <array>

namespace attn {
namespace {

template <class T>
void multiply_by_blas(const T* a, const T* b, T* c, std::size_t rows, std::size_t inner, std::size_t columns) {
  const auto a_view = xt::adapt(a, rows * inner, xt::no_ownership(), std::array<std::size_t, 2>{rows, inner});
  const auto b_view = xt::adapt(b, inner * columns, xt::no_ownership(), std::array<std::size_t, 2>{inner, columns});
  auto c_view = xt::adapt(c, rows * columns, xt::no_ownership(), std::array<std::size_t, 2>{rows, columns});
  xt::blas::gemm(a_view, b_view, c_view);
}

const BlasModule module = {&multiply_by_blas<float>, &multiply_by_blas<double>};

}  // namespace
}  // namespace attn

extern "C" const void* attnscope_blas_module() { return &attn::module; }
