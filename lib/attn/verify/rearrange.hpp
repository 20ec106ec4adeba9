// Rearranging tensors of rank 4 and 3 cell by cell, for mistakes that put right numbers in wrong places.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>

namespace attn {

/// A tensor of `shape` (rank 4) whose cell [a, b, c, d] is f(a, b, c, d).
template <class F>
Tensor<double> fill_cells(const Shape& shape, F&& f) {
  Tensor<double> result = empty<double>(shape);
  double* cell = result.data();
  for (std::size_t a = 0; a < shape[0]; ++a) {
    for (std::size_t b = 0; b < shape[1]; ++b) {
      for (std::size_t c = 0; c < shape[2]; ++c) {
        for (std::size_t d = 0; d < shape[3]; ++d) *cell++ = f(a, b, c, d);
      }
    }
  }
  return result;
}

/// Axes of a rank-3 or rank-4 tensor exchanged.
template <class T>
Tensor<T> swap_axes(const Tensor<T>& tensor, std::size_t first, std::size_t second) {
  const Shape shape = shape_of(tensor);
  Shape strides(shape.size(), 1);
  for (std::size_t axis = shape.size() - 1; axis-- > 0;) strides[axis] = strides[axis + 1] * shape[axis + 1];
  Shape target = shape;
  std::swap(target[first], target[second]);
  std::swap(strides[first], strides[second]);
  Tensor<T> result = empty<T>(target);
  for (std::size_t flat = 0; flat < result.size(); ++flat) {
    std::size_t rest = flat, source = 0;
    for (std::size_t axis = target.size(); axis-- > 0;) {
      source += rest % target[axis] * strides[axis];
      rest /= target[axis];
    }
    result.data()[flat] = tensor.data()[source];
  }
  return result;
}

}  // namespace attn
