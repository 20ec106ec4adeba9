// A tensor somebody handed in, kept in the precision it was saved in: half the memory where that is float32, and none
// where its numbers are read in the bytes of the file.
#pragma once

#include <attn/tensor.hpp>

#include <functional>
#include <memory>
#include <type_traits>
#include <variant>

namespace attn {

class StoredTensor {
 public:
  StoredTensor() : values_(Tensor<double>()) {}
  StoredTensor(Tensor<double> values) : values_(std::move(values)) {}  // NOLINT: either is a stored tensor
  StoredTensor(Tensor<float> values) : values_(std::move(values)) {}   // NOLINT

  /// Numbers that stand elsewhere, at any address. `owner` keeps them there; without one, they must outlive this. `put_back`
  /// gives up the memory that they were read into, where they can be read once more.
  StoredTensor(TensorView numbers, std::shared_ptr<const void> owner, std::function<void()> put_back = {})
      : values_(Elsewhere{std::move(numbers), std::move(owner), std::move(put_back)}) {}

  /// Says that nobody reads the numbers for a while: those of a file need not stay in memory.
  void put_back() const {
    const auto* elsewhere = std::get_if<Elsewhere>(&values_);
    if (elsewhere && elsewhere->put_back) elsewhere->put_back();
  }

  TensorView view() const {
    return std::visit([](const auto& values) { return view_of(values); }, values_);
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
    const TensorView numbers = view();
    Tensor<T> copy = empty<T>(numbers.shape());
    numbers.with_numbers([&, to = copy.data()](const auto* from) {
      for (std::size_t i = 0; i < numbers.size(); ++i) to[i] = static_cast<T>(from[i].value);
    });
    return copy;
  }

  /// The tensor that f(tensor) makes of it, for an f that works in either precision.
  template <class F>
  StoredTensor map(F&& f) && {
    return std::visit([&f](auto& values) { return mapped(std::move(values), f); }, values_);
  }

  /// A part of it whose numbers stand side by side, from a row-major position on: nothing is copied, and this tensor must
  /// outlive the part.
  StoredTensor part(std::size_t first, Shape shape) const {
    const TensorView all = view();
    const char* const begin = static_cast<const char*>(all.data()) + first * bytes_per_element(all.precision());
    const auto* elsewhere = std::get_if<Elsewhere>(&values_);
    return {TensorView(all.precision(), std::move(shape), begin), elsewhere ? elsewhere->owner : nullptr};
  }

 private:
  struct Elsewhere {
    TensorView numbers;
    std::shared_ptr<const void> owner;
    std::function<void()> put_back;
  };

  template <class T>
  static TensorView view_of(const Tensor<T>& values) { return values; }
  static TensorView view_of(const Elsewhere& values) { return values.numbers; }

  template <class T, class F>
  static StoredTensor mapped(Tensor<T>&& values, F& f) { return f(std::move(values)); }
  template <class F>
  static StoredTensor mapped(Elsewhere&& values, F& f) {
    const StoredTensor there(std::move(values.numbers), std::move(values.owner));
    if (there.view().precision() == Precision::float64) return f(there.in<double>());
    return f(there.in<float>());
  }

  std::variant<Tensor<double>, Tensor<float>, Elsewhere> values_;
};

}  // namespace attn
