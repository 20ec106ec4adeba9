// A tensor somebody handed in, kept in the precision it was saved in: half the memory where that is float32.
#pragma once

#include <attn/tensor.hpp>

#include <variant>

namespace attn {

class StoredTensor {
 public:
  StoredTensor() : values_(Tensor<double>()) {}
  StoredTensor(Tensor<double> values) : values_(std::move(values)) {}  // NOLINT: either is a stored tensor
  StoredTensor(Tensor<float> values) : values_(std::move(values)) {}   // NOLINT

  TensorView view() const {
    return std::visit([](const auto& values) { return TensorView(values); }, values_);
  }
  Shape shape() const { return view().shape(); }
  std::size_t size() const { return view().size(); }

  /// The numbers in float64: the stored tensor itself, or a copy made in `copy`.
  const Tensor<double>& widened(Tensor<double>& copy) const {
    if (const auto* own = std::get_if<Tensor<double>>(&values_)) return *own;
    return copy = in<double>();
  }

  /// A copy in float64, or rounded once to float32.
  template <class T>
  Tensor<T> in() const {
    return std::visit([](const auto& values) { return Tensor<T>(xt::cast<T>(values)); }, values_);
  }

  /// The tensor that f(tensor) makes of it, for an f that works in either precision.
  template <class F>
  StoredTensor map(F&& f) && {
    return std::visit([&f](auto& values) { return StoredTensor(f(std::move(values))); }, values_);
  }
  template <class F>
  StoredTensor map(F&& f) const& {
    return std::visit([&f](const auto& values) { return StoredTensor(f(values)); }, values_);
  }

 private:
  std::variant<Tensor<double>, Tensor<float>> values_;
};

}  // namespace attn
