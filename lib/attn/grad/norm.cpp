#include <attn/error.hpp>
#include <attn/grad/norm.hpp>

#include <cmath>

namespace attn {
namespace {

// Calls f(row, i) for every element of x [..., E].
template <class F>
void for_each(const Tensor<double>& x, F&& f) {
  const std::size_t width = x.shape().back();
  for (std::size_t i = 0; i < x.size(); ++i) f(i / width, i);
}

Tensor<double> zero_a_row(const Tensor<double>& x) {
  Shape shape = shape_of(x);
  shape.back() = 1;
  return filled<double>(shape, 0);
}

}  // namespace

NormGradients norm_backward(const Tensor<double>& x, const std::optional<Tensor<double>>& mean, const Tensor<double>& spread,
                            const NormWeights<double>& weights, double eps, const Tensor<double>& d) {
  if (shape_of(x) != shape_of(d) || x.dimension() == 0) {
    throw ShapeError("backward of a normalisation", "a gradient " + to_string(shape_of(d)) + " does not belong to rows " + to_string(shape_of(x)));
  }
  const std::size_t width = x.shape().back();
  NormGradients gradients{empty<double>(shape_of(x)), std::nullopt, zero_a_row(x), std::nullopt, std::nullopt};
  if (mean) gradients.mean = zero_a_row(x);
  if (weights.gamma) gradients.gamma = filled<double>(shape_of(*weights.gamma), 0);
  if (weights.beta) gradients.beta = filled<double>(shape_of(*weights.beta), 0);
  for_each(x, [&](std::size_t row, std::size_t i) {
    const double square = spread.data()[row] + eps, root = std::sqrt(square);
    const double centred = x.data()[i] - (mean ? mean->data()[row] : 0);
    const double through = d.data()[i] * (weights.gamma ? weights.gamma->data()[i % width] : 1);
    gradients.x.data()[i] = through / root;
    if (gradients.mean) gradients.mean->data()[row] -= through / root;
    gradients.spread.data()[row] -= through * centred / (2 * square * root);
    if (gradients.gamma) gradients.gamma->data()[i % width] += d.data()[i] * centred / root;
    if (gradients.beta) gradients.beta->data()[i % width] += d.data()[i];
  });
  return gradients;
}

VarianceGradients row_variances_backward(const Tensor<double>& x, const Tensor<double>& means, Variance variance, const Tensor<double>& d) {
  VarianceGradients gradients{empty<double>(shape_of(x)), zero_a_row(x)};
  const double divisor = static_cast<double>(x.shape().back()) - (variance == Variance::unbiased ? 1 : 0);
  for_each(x, [&](std::size_t row, std::size_t i) {
    gradients.x.data()[i] = d.data()[row] * 2 * (x.data()[i] - means.data()[row]) / divisor;
    gradients.mean.data()[row] -= gradients.x.data()[i];
  });
  return gradients;
}

Tensor<double> row_mean_squares_backward(const Tensor<double>& x, const Tensor<double>& d) {
  Tensor<double> gradient = empty<double>(shape_of(x));
  const double width = static_cast<double>(x.shape().back());
  for_each(x, [&](std::size_t row, std::size_t i) { gradient.data()[i] = d.data()[row] * 2 * x.data()[i] / width; });
  return gradient;
}

Tensor<double> row_means_backward(const Tensor<double>& x, const Tensor<double>& d) {
  Tensor<double> gradient = empty<double>(shape_of(x));
  const double width = static_cast<double>(x.shape().back());
  for_each(x, [&](std::size_t row, std::size_t i) { gradient.data()[i] = d.data()[row] / width; });
  return gradient;
}

}  // namespace attn
