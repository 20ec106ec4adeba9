#include <attn/error.hpp>
#include <attn/ops/feed_forward.hpp>
#include <attn/ops/multihead.hpp>

#include <cmath>
#include <stdexcept>
#include <string>

namespace attn {
namespace {

constexpr double half_of_root_2 = 0.70710678118654752440;
constexpr double root_of_2_over_pi = 0.79788456080286535588;

std::string name(Step step) { return std::string(name_of(step)); }

}  // namespace

template <class T>
T activated(Activation activation, T x) {
  switch (activation) {
    case Activation::relu:
      return x < 0 ? T{0} : x;  // NaN is not below zero, and stays
    case Activation::gelu:
      return T{0.5} * x * (1 + std::erf(x * static_cast<T>(half_of_root_2)));
    case Activation::gelu_tanh:
      return T{0.5} * x * (1 + std::tanh(static_cast<T>(root_of_2_over_pi) * (x + static_cast<T>(0.044715) * x * x * x)));
    case Activation::silu:
      return x / (1 + std::exp(-x));
  }
  throw std::invalid_argument("unknown activation");
}

template <class T>
Tensor<T> activated(const Tensor<T>& up, const std::optional<Tensor<T>>& gate, Activation activation) {
  if (gate && shape_of(*gate) != shape_of(up)) {
    throw ShapeError(name(Step::ffn_hidden), "the gate " + to_string(shape_of(*gate)) + " and what it opens, " +
                                                 to_string(shape_of(up)) + ", differ");
  }
  Tensor<T> hidden = empty<T>(shape_of(up));
  for (std::size_t i = 0; i < up.size(); ++i) {
    hidden.data()[i] = gate ? activated(activation, gate->data()[i]) * up.data()[i] : activated(activation, up.data()[i]);
  }
  return hidden;
}

template <class T>
FeedForwardSteps<T> feed_forward(const Tensor<T>& x, const FeedForwardWeights<T>& weights, Activation activation) {
  FeedForwardSteps<T> steps;
  if (weights.w_gate || weights.b_gate) steps.gate = linear(x, weights.w_gate, weights.b_gate, name(Step::ffn_gate));
  steps.up = linear(x, weights.w_1, weights.b_1, name(Step::ffn_up));
  steps.hidden = activated(steps.up, steps.gate, activation);
  steps.output = linear(steps.hidden, weights.w_2, weights.b_2, name(Step::ffn_output));
  return steps;
}

template float activated(Activation, float);
template double activated(Activation, double);
template Tensor<float> activated(const Tensor<float>&, const std::optional<Tensor<float>>&, Activation);
template Tensor<double> activated(const Tensor<double>&, const std::optional<Tensor<double>>&, Activation);
template FeedForwardSteps<float> feed_forward(const Tensor<float>&, const FeedForwardWeights<float>&, Activation);
template FeedForwardSteps<double> feed_forward(const Tensor<double>&, const FeedForwardWeights<double>&, Activation);

}  // namespace attn
