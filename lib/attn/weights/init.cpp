#include <attn/weights/init.hpp>

#include <cmath>
#include <stdexcept>

namespace attn {
namespace {

Tensor<float> uniform_within(TorchGenerator& generator, const Shape& shape, double bound) {
  Tensor<float> tensor = empty<float>(shape);
  fill_uniform(generator, tensor, -bound, bound);
  return tensor;
}

/// As kaiming_uniform_ with a = √5 computes it: 1/√fan_in up to a rounding that the float32 bound can show.
double kaiming_bound(std::size_t fan_in) {
  const double slope = std::sqrt(5.0);
  const double gain = std::sqrt(2.0 / (1.0 + slope * slope));
  const double std = gain / std::sqrt(static_cast<double>(fan_in));
  return std::sqrt(3.0) * std;
}

double bias_bound(std::size_t fan_in) { return 1.0 / std::sqrt(static_cast<double>(fan_in)); }

/// √(2 / (fan_in + fan_out)), the standard deviation both xavier distributions aim at.
double xavier_std(const Shape& shape) {
  if (shape.size() < 2) throw std::invalid_argument("xavier initialisation needs at least two axes");
  std::size_t receptive_field = 1;
  for (std::size_t i = 2; i < shape.size(); ++i) receptive_field *= shape[i];
  return std::sqrt(2.0 / static_cast<double>(shape[1] * receptive_field + shape[0] * receptive_field));
}

}  // namespace

Tensor<float> draw(const ExpectedTensor& expected, const Sizes& sizes, TorchGenerator& generator) {
  const LayoutRow& row = *expected.row;
  const auto fan_in = [&] { return axis_size(row.fan_in, sizes); };
  switch (row.initialisation) {
    case Initialisation::linear_weight:
      return uniform_within(generator, expected.shape, kaiming_bound(fan_in()));
    case Initialisation::linear_bias:
      return uniform_within(generator, expected.shape, bias_bound(fan_in()));
    case Initialisation::drawn_then_zeros:
      uniform_within(generator, expected.shape, bias_bound(fan_in()));
      return filled(expected.shape, 0.0f);
    case Initialisation::zeros:
      return filled(expected.shape, 0.0f);
    case Initialisation::ones:
      return filled(expected.shape, 1.0f);
    case Initialisation::xavier_uniform:
      return xavier_uniform(generator, expected.shape);
    case Initialisation::xavier_normal:
      return xavier_normal(generator, expected.shape);
  }
  throw std::invalid_argument("unknown initialisation");
}

Tensor<float> linear_weight(TorchGenerator& generator, std::size_t outputs, std::size_t inputs) {
  return uniform_within(generator, {outputs, inputs}, kaiming_bound(inputs));
}

Tensor<float> linear_bias(TorchGenerator& generator, std::size_t outputs, std::size_t inputs) {
  return uniform_within(generator, {outputs}, bias_bound(inputs));
}

Tensor<float> embedding_weight(TorchGenerator& generator, std::size_t rows, std::size_t width) {
  return randn(generator, {rows, width});
}

Tensor<float> xavier_uniform(TorchGenerator& generator, const Shape& shape) {
  return uniform_within(generator, shape, std::sqrt(3.0) * xavier_std(shape));
}

Tensor<float> xavier_normal(TorchGenerator& generator, const Shape& shape) {
  Tensor<float> tensor = empty<float>(shape);
  fill_normal(generator, tensor, 0.0, xavier_std(shape));
  return tensor;
}

std::vector<NamedTensor<float>> initialise(const LayoutInfo& layout, const MultiheadShape& shape,
                                           TorchGenerator& generator) {
  const MultiheadShape full = resolved(layout, shape);
  const Sizes sizes = sizes_of(full);
  std::vector<NamedTensor<float>> tensors;
  for (const ExpectedTensor& expected : expected_tensors(layout, full)) {
    tensors.push_back({std::string(expected.row->name), draw(expected, sizes, generator)});
  }
  return tensors;
}

}  // namespace attn
