// The tensor of this library, and the only place that includes xtensor.
//
// `Tensor<T>` is a concrete, row-major xtensor array. Never bind an xtensor expression to `auto` and
// never put a reducer inside a larger expression: xtensor 0.24 evaluates `a - amax(a, {1}, keep_dims)`
// wrongly when it is lazy. The operations of this library assign every result to a `Tensor<T>`.
#pragma once

// The headers moved into folders in xtensor 0.26.
#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xarray.hpp>
#else
#include <xtensor/xarray.hpp>
#endif

#include <attn/shape.hpp>

#include <cstddef>
#include <type_traits>

namespace attn {

template <class T>
using Tensor = xt::xarray<T, xt::layout_type::row_major>;

/// The scalar types the library computes with.
enum class Precision { float64, float32 };

template <class T>
constexpr Precision precision_of() {
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, float>);
  return std::is_same_v<T, double> ? Precision::float64 : Precision::float32;
}

/// "float64" or "float32", as NumPy and PyTorch spell them.
constexpr const char* to_string(Precision precision) {
  return precision == Precision::float64 ? "float64" : "float32";
}

constexpr std::size_t bytes_per_element(Precision precision) {
  return precision == Precision::float64 ? sizeof(double) : sizeof(float);
}

template <class T>
Shape shape_of(const Tensor<T>& tensor) {
  return Shape(tensor.shape().begin(), tensor.shape().end());
}

/// A tensor whose elements are not yet set.
template <class T>
Tensor<T> empty(const Shape& shape) {
  return Tensor<T>::from_shape(shape);
}

template <class T>
Tensor<T> filled(const Shape& shape, T value) {
  Tensor<T> tensor = empty<T>(shape);
  for (T& element : tensor.storage()) element = value;
  return tensor;
}

/// The same elements in the same order under another shape of equal element count.
template <class T>
Tensor<T> reshaped(Tensor<T> tensor, const Shape& shape) {
  tensor.reshape(shape);
  return tensor;
}

/// A number that need not stand at a multiple of its size, as those of an array in an archive.
template <class T>
struct __attribute__((packed)) UnalignedNumber {
  T value;
  operator T() const { return value; }  // NOLINT: it is that number
};

/// A tensor of either precision, seen without copying and without a template parameter: what
/// everything outside the mathematics (printing, files, comparison) works on. Valid while the
/// tensor it was made from lives.
class TensorView {
 public:
  template <class T>
  TensorView(const Tensor<T>& tensor)  // NOLINT: a tensor is a view of itself
      : precision_(precision_of<T>()), shape_(shape_of(tensor)), size_(tensor.size()), data_(tensor.data()) {}

  /// Row-major data owned elsewhere, at any address.
  TensorView(Precision precision, Shape shape, const void* data)
      : precision_(precision), shape_(std::move(shape)), size_(*element_count(shape_)), data_(data) {}

  Precision precision() const { return precision_; }
  const Shape& shape() const { return shape_; }
  std::size_t rank() const { return shape_.size(); }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * bytes_per_element(precision_); }
  const void* data() const { return data_; }

  /// f(numbers) with a pointer to the elements in their own precision.
  template <class F>
  decltype(auto) with_numbers(F&& f) const {
    if (precision_ == Precision::float64) return f(static_cast<const UnalignedNumber<double>*>(data_));
    return f(static_cast<const UnalignedNumber<float>*>(data_));
  }

  /// The element at a row-major position, widened exactly. No bounds check.
  double operator[](std::size_t flat) const {
    return with_numbers([flat](const auto* numbers) { return static_cast<double>(numbers[flat]); });
  }

 private:
  Precision precision_;
  Shape shape_;
  std::size_t size_;
  const void* data_;
};

}  // namespace attn
