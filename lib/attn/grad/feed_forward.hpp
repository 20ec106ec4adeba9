// Backward through the activation of a feed-forward, with and without a gate.
#pragma once

#include <attn/ops/feed_forward.hpp>
#include <attn/tensor.hpp>

#include <optional>

namespace attn {

/// The derivative of `activated` at x; of ReLU at 0, where it has none, 0 as PyTorch takes it.
double activation_slope(Activation activation, double x);

struct HiddenGradients {
  Tensor<double> up;                   ///< [..., F]
  std::optional<Tensor<double>> gate;  ///< [..., F]; absent as the gate is
};

/// hidden = act(up), or act(gate) ⊙ up: d·act′(up), or d·act(gate) for up and d·up·act′(gate) for the gate.
/// Throws ShapeError if the shapes differ.
HiddenGradients hidden_backward(const Tensor<double>& up, const std::optional<Tensor<double>>& gate, Activation activation,
                                const Tensor<double>& d);

}  // namespace attn
