// Stacks of freshly initialised layers, for experiments about depth.
#pragma once

#include <attn/ops/layer.hpp>
#include <attn/random.hpp>
#include <attn/tensor.hpp>

#include <cstddef>

namespace attn {

struct StackSizes {
  std::size_t layers = 24;
  std::size_t len = 16;
  std::size_t d_model = 32;
  std::size_t heads = 4;
  std::size_t draws = 20;  ///< inputs, each with weights of its own
};

/// Self-attention with an output map, as PyTorch's nn.MultiheadAttention begins.
/// Throws UsageError if the heads do not divide the width.
MultiheadWeights<double> fresh_attention(const StackSizes& sizes, TorchGenerator& random);

/// Two linear maps around a middle four times as wide, as nn.Linear begins.
FeedForwardWeights<double> fresh_feed_forward(std::size_t d_model, TorchGenerator& random);

/// Standard normal numbers, widened.
Tensor<double> normal_input(const Shape& shape, TorchGenerator& random);

/// The Frobenius norm.
double norm_of(const Tensor<double>& tensor);

}  // namespace attn
