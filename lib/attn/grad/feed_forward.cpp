#include <attn/error.hpp>
#include <attn/grad/feed_forward.hpp>

#include <cmath>
#include <stdexcept>

namespace attn {
namespace {

constexpr double half_of_root_2 = 0.70710678118654752440;
constexpr double one_over_root_2_pi = 0.39894228040143267794;
constexpr double root_of_2_over_pi = 0.79788456080286535588;
constexpr double cubic = 0.044715;

}  // namespace

double activation_slope(Activation activation, double x) {
  switch (activation) {
    case Activation::relu:
      return x > 0 ? 1 : 0;
    case Activation::gelu:  // Φ(x) + x·φ(x)
      return 0.5 * (1 + std::erf(x * half_of_root_2)) + x * one_over_root_2_pi * std::exp(-0.5 * x * x);
    case Activation::gelu_tanh: {
      const double t = std::tanh(root_of_2_over_pi * (x + cubic * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root_of_2_over_pi * (1 + 3 * cubic * x * x);
    }
    case Activation::silu: {  // σ(x)·(1 + x·(1 − σ(x)))
      const double sigma = 1 / (1 + std::exp(-x));
      return sigma * (1 + x * (1 - sigma));
    }
  }
  throw std::invalid_argument("unknown activation");
}

HiddenGradients hidden_backward(const Tensor<double>& up, const std::optional<Tensor<double>>& gate, Activation activation,
                                const Tensor<double>& d) {
  if (shape_of(up) != shape_of(d) || (gate && shape_of(*gate) != shape_of(d))) {
    throw ShapeError("backward of the activation", "a gradient " + to_string(shape_of(d)) + " does not belong to " + to_string(shape_of(up)));
  }
  HiddenGradients gradients{empty<double>(shape_of(d)), std::nullopt};
  if (gate) gradients.gate = empty<double>(shape_of(d));
  for (std::size_t i = 0; i < d.size(); ++i) {
    if (!gate) {
      gradients.up.data()[i] = d.data()[i] * activation_slope(activation, up.data()[i]);
      continue;
    }
    gradients.up.data()[i] = d.data()[i] * activated(activation, gate->data()[i]);
    gradients.gate->data()[i] = d.data()[i] * up.data()[i] * activation_slope(activation, gate->data()[i]);
  }
  return gradients;
}

}  // namespace attn
