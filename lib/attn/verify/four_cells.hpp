// Four numbers that are computed with at once, cell by cell as alone: for loops of which the compiler would make no
// vectors by itself.
#pragma once

#include <attn/inlined.hpp>
#include <attn/tensor.hpp>

#include <cstddef>
#include <cstring>

// How a vector is passed depends on the target. None is: everything here is inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace attn {

constexpr std::size_t cells_at_once = 4;
using FourCells = double __attribute__((vector_size(cells_at_once * sizeof(double))));

/// The numbers at an address, which need not be aligned; a float32 is widened.
ATTNSCOPE_INLINED FourCells cells_at(const UnalignedNumber<double>* numbers) {
  FourCells result;
  std::memcpy(&result, numbers, sizeof result);
  return result;
}
ATTNSCOPE_INLINED FourCells cells_at(const UnalignedNumber<float>* numbers) {
  float __attribute__((vector_size(cells_at_once * sizeof(float)))) narrow;
  std::memcpy(&narrow, numbers, sizeof narrow);
  return __builtin_convertvector(narrow, FourCells);
}
template <class T>
ATTNSCOPE_INLINED FourCells cells_at(const T* numbers) {
  return cells_at(reinterpret_cast<const UnalignedNumber<T>*>(numbers));
}

/// Calls f(i, ours, theirs) with the cells from i on; where there are not four any more, zeros fill up both.
template <class T, class U, class F>
ATTNSCOPE_INLINED void for_four_cells(const T* ours, const U* theirs, std::size_t count, F&& f) {
  std::size_t i = 0;
  for (; i + cells_at_once <= count; i += cells_at_once) f(i, cells_at(ours + i), cells_at(theirs + i));
  if (i == count) return;
  FourCells our = {}, their = {};
  for (std::size_t cell = 0; i + cell < count; ++cell) {
    our[cell] = static_cast<double>(ours[i + cell]);
    their[cell] = static_cast<double>(theirs[i + cell]);
  }
  f(i, our, their);
}

ATTNSCOPE_INLINED FourCells magnitude(const FourCells& x) { return x < 0 ? -x : x; }

/// `maximum`, or `value` where that is larger; a NaN is not.
ATTNSCOPE_INLINED void raise(FourCells& maximum, const FourCells& value) { maximum = value > maximum ? value : maximum; }

ATTNSCOPE_INLINED double largest(const FourCells& x) {
  double result = x[0];
  for (std::size_t cell = 1; cell < cells_at_once; ++cell) result = x[cell] > result ? x[cell] : result;
  return result;
}

ATTNSCOPE_INLINED double total(const FourCells& x) {
  double sum = 0;
  for (std::size_t cell = 0; cell < cells_at_once; ++cell) sum += x[cell];
  return sum;
}

}  // namespace attn
