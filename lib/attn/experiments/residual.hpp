// What the residual connection z = x + f(x) does to the gradient of a deep stack.
#pragma once

#include <attn/experiments/estimate.hpp>
#include <attn/experiments/stacks.hpp>

#include <cstddef>
#include <vector>

namespace attn {

/// The gradient that reaches the input of one layer of a stack of self-attention.
struct GradientPoint {
  std::size_t layer = 0;     ///< 0 is the first; `layers` is the output of the last
  bool connected = false;    ///< with z = x + f(x), instead of z = f(x)
  Estimate log10_gradient;   ///< of ‖∂L/∂x of this layer‖ / ‖∂L/∂ output‖
};

/// For every layer the stack without the connection, then with it, both with the same weights, input and
/// gradient of the output. Draws the weights layer by layer, the input [1, L, E] and the gradient, once a draw.
std::vector<GradientPoint> residual_gradients(const StackSizes& sizes, TorchGenerator& random);

}  // namespace attn
