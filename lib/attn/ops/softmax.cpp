#include <attn/error.hpp>
#include <attn/ops/softmax.hpp>

#include <cmath>
#include <limits>
#include <string>

namespace attn {
namespace {

template <class T>
struct Row {
  T max;
  T sum;
};

// Fills `exponentials` with exp(s − max) and returns max and sum. A NaN anywhere reaches the sum.
template <class T>
Row<T> exponentials_of(const T* scores, T* exponentials, std::size_t keys) {
  T max = -std::numeric_limits<T>::infinity();
  for (std::size_t j = 0; j < keys; ++j) {
    if (scores[j] > max) max = scores[j];
  }
  T sum = 0;
  for (std::size_t j = 0; j < keys; ++j) {
    const T below = scores[j] - max;
    exponentials[j] = below == -std::numeric_limits<T>::infinity() ? 0 : std::exp(below);  // so many keys are forbidden that it pays
    sum += exponentials[j];
  }
  return {max, sum};
}

// The same numbers for a row that distributes nothing, by the chosen policy.
template <class T>
Row<T> exponentials_of_masked_row(T* exponentials, std::size_t keys, MaskedRows policy) {
  T each = 0;
  if (policy == MaskedRows::nan) each = std::numeric_limits<T>::quiet_NaN();
  if (policy == MaskedRows::uniform) each = 1;
  for (std::size_t j = 0; j < keys; ++j) exponentials[j] = each;
  return {-std::numeric_limits<T>::infinity(), each * static_cast<T>(keys)};
}

}  // namespace

template <class T>
std::vector<bool> fully_masked_rows(const Tensor<T>& mask) {
  if (mask.dimension() == 0) throw ShapeError("mask", "needs rows, found a single number");
  const std::size_t keys = mask.shape().back();
  const std::size_t rows = keys == 0 ? 0 : mask.size() / keys;
  std::vector<bool> masked(rows, true);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t j = 0; j < keys && masked[row]; ++j) {
      masked[row] = mask.data()[row * keys + j] == -std::numeric_limits<T>::infinity();
    }
  }
  return masked;
}

template <class T>
SoftmaxSteps<T> softmax(const Tensor<T>& scores, const std::vector<bool>& masked, MaskedRows policy,
                        Detail detail) {
  const Shape shape = shape_of(scores);
  if (shape.empty()) throw ShapeError("softmax", "needs rows, found a single number");
  const std::size_t keys = shape.back();
  const std::size_t rows = keys == 0 ? 0 : scores.size() / keys;
  if (!masked.empty() && masked.size() != rows) {
    throw ShapeError("softmax", "found " + std::to_string(rows) + " rows, but the mask has " + std::to_string(masked.size()));
  }
  SoftmaxSteps<T> steps;
  steps.weights = empty<T>(shape);
  if (detail == Detail::yes) {
    Shape reduced = shape;
    reduced.back() = 1;
    steps.row_max = empty<T>(reduced);
    steps.exp = empty<T>(shape);
    steps.row_sum = empty<T>(reduced);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    T* weights = steps.weights.data() + row * keys;
    const bool nothing_visible = !masked.empty() && masked[row];
    const Row<T> found = nothing_visible
                             ? exponentials_of_masked_row(weights, keys, policy)
                             : exponentials_of(scores.data() + row * keys, weights, keys);
    if (detail == Detail::yes) {
      steps.row_max->data()[row] = found.max;
      steps.row_sum->data()[row] = found.sum;
      for (std::size_t j = 0; j < keys; ++j) steps.exp->data()[row * keys + j] = weights[j];
    }
    // A masked row under `zero` has sum 0 and keeps its zeros; 0/0 is what `nan` is for.
    if (nothing_visible && policy == MaskedRows::zero) continue;
    for (std::size_t j = 0; j < keys; ++j) weights[j] /= found.sum;
  }
  return steps;
}

template std::vector<bool> fully_masked_rows(const Tensor<float>&);
template std::vector<bool> fully_masked_rows(const Tensor<double>&);
template SoftmaxSteps<float> softmax(const Tensor<float>&, const std::vector<bool>&, MaskedRows, Detail);
template SoftmaxSteps<double> softmax(const Tensor<double>&, const std::vector<bool>&, MaskedRows, Detail);

}  // namespace attn
