#include <attn/error.hpp>
#include <attn/grad/linear.hpp>
#include <attn/ops/matmul.hpp>
#include <attn/transpose.hpp>

namespace attn {
namespace {

Tensor<double> as_matrix(const Tensor<double>& rows) {
  const std::size_t width = rows.shape().back();
  return reshaped(rows, {width == 0 ? 0 : rows.size() / width, width});
}

// The sum of all rows, in the shape of the bias that was added to each.
Tensor<double> sum_of_rows(const Tensor<double>& d, const Shape& shape) {
  Tensor<double> sum = filled<double>(shape, 0);
  if (sum.size() != d.shape().back()) {
    throw ShapeError("backward of a linear map", "a bias " + to_string(shape) + " does not belong to rows of a gradient " + to_string(shape_of(d)));
  }
  for (std::size_t i = 0; i < d.size(); ++i) sum.data()[i % sum.size()] += d.data()[i];
  return sum;
}

}  // namespace

LinearGradients linear_backward(const Tensor<double>& x, const std::optional<Tensor<double>>& w,
                                const std::optional<Tensor<double>>& b, const Tensor<double>& d) {
  LinearGradients gradients;
  gradients.x = w ? matmul(d, transposed(*w)) : d;
  if (shape_of(gradients.x) != shape_of(x)) {
    throw ShapeError("backward of a linear map", "a gradient " + to_string(shape_of(d)) + " does not belong to an input " + to_string(shape_of(x)));
  }
  if (w) gradients.w = matmul(transposed(as_matrix(x)), as_matrix(d));
  if (b) gradients.b = sum_of_rows(d, shape_of(*b));
  return gradients;
}

}  // namespace attn
