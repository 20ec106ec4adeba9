// Four numbers that are computed with at once, cell by cell as alone: for loops of which the compiler would make no
// vectors by itself.
#pragma once

#include <cstddef>
#include <cstring>

// How a vector is passed depends on the target. None is: everything here is inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace attn {

constexpr std::size_t lanes = 4;
using Lanes = double __attribute__((vector_size(lanes * sizeof(double))));

#define ATTNSCOPE_LANE_OPERATION inline __attribute__((always_inline))

/// The numbers at an address, which need not be aligned; a float32 is widened.
ATTNSCOPE_LANE_OPERATION Lanes lanes_at(const double* numbers) {
  Lanes result;
  std::memcpy(&result, numbers, sizeof result);
  return result;
}
ATTNSCOPE_LANE_OPERATION Lanes lanes_at(const float* numbers) {
  float __attribute__((vector_size(lanes * sizeof(float)))) narrow;
  std::memcpy(&narrow, numbers, sizeof narrow);
  return __builtin_convertvector(narrow, Lanes);
}

ATTNSCOPE_LANE_OPERATION Lanes magnitude(const Lanes& x) { return x < 0 ? -x : x; }

/// `maximum`, or `value` where that is larger; a NaN is not.
ATTNSCOPE_LANE_OPERATION void raise(Lanes& maximum, const Lanes& value) { maximum = value > maximum ? value : maximum; }

ATTNSCOPE_LANE_OPERATION double largest(const Lanes& x) {
  double result = x[0];
  for (std::size_t lane = 1; lane < lanes; ++lane) result = x[lane] > result ? x[lane] : result;
  return result;
}

ATTNSCOPE_LANE_OPERATION double total(const Lanes& x) {
  double sum = 0;
  for (std::size_t lane = 0; lane < lanes; ++lane) sum += x[lane];
  return sum;
}

#undef ATTNSCOPE_LANE_OPERATION

}  // namespace attn
