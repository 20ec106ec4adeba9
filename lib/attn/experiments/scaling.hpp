// Why scores are divided by √d: what a dot product's size does to the softmax above it.
//
// Vaswani et al. 2017, section 3.2.1: with independent standard normal components q·k has mean 0 and variance d;
// large scores push the softmax to where its gradients are small.
#pragma once

#include <attn/experiments/estimate.hpp>
#include <attn/random.hpp>

#include <cstddef>
#include <vector>

namespace attn {

struct ScalingOptions {
  std::vector<std::size_t> head_dims;  ///< d
  std::size_t keys = 64;               ///< of each query, at least 2
  std::size_t draws = 200;             ///< queries, each with its own keys
};

/// One row of scores of a query q against keys k_j, all standard normal, averaged over draws.
struct ScalingPoint {
  std::size_t head_dim = 0;
  bool scaled = false;       ///< q·k/√d instead of q·k
  Estimate variance;         ///< of the scores of a row (unbiased): d, or 1 when scaled
  Estimate largest_weight;   ///< of softmax(scores): 1 when saturated
  Estimate entropy;          ///< of the weights in units of log(keys): 1 for equal weights, 0 when saturated
  Estimate jacobian;         ///< ‖∂ weights / ∂ scores‖, the Frobenius norm of diag(p) − p·pᵀ
};

/// For every head size the unscaled point, then the scaled one, of the same draws. Draws q [d], then
/// k [keys, d], once for each draw.
std::vector<ScalingPoint> scaling(const ScalingOptions& options, TorchGenerator& random);

/// ‖diag(p) − p·pᵀ‖ of weights that sum to one: √(Σp² − 2Σp³ + (Σp²)²).
double softmax_jacobian_norm(const std::vector<double>& weights);

}  // namespace attn
