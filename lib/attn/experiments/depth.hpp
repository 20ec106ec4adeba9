// What becomes of positions and of differences between tokens in a deep stack: exercise 1 of Dive into Deep
// Learning 10.6, and Dong et al. 2021 ("Attention is not all you need"): pure attention approaches a matrix of
// rank one, all rows equal, doubly exponentially.
#pragma once

#include <attn/experiments/estimate.hpp>
#include <attn/experiments/stacks.hpp>

#include <cstddef>
#include <vector>

namespace attn {

/// What a layer of the stack is.
enum class StackKind {
  attention,               ///< x ← attention(x)
  attention_feed_forward,  ///< x ← ffn(attention(x))
  attention_residual,      ///< x ← x + attention(x)
  whole_layer,             ///< post-norm: x ← norm(x + attention(x)), x ← norm(x + ffn(x))
};

/// The state after some layers. Shares are of the size ‖X‖ of X [samples, L, E], in which every sample has tokens of
/// its own and all have the same sinusoidal positions.
struct DepthPoint {
  std::size_t layer = 0;  ///< 0 is the input
  StackKind kind = StackKind::attention;
  Estimate rank_one_residual;  ///< ‖X − 1·x̄ᵀ‖ / ‖X‖, x̄ the mean row of a sample: 0 when all rows are equal
  Estimate positions;          ///< the part of it that samples share at equal positions
  Estimate tokens;             ///< the part that they do not
};

/// Both parts are estimated without bias: the mean over n samples still holds 1/n of what they do not share.
DepthPoint shares_of(const Tensor<double>& x);

/// For every number of layers 0 … N, every kind of stack, all with the same weights and input. Draws for each layer
/// its attention and its feed-forward, then the tokens, once a draw. `samples` ≥ 2.
std::vector<DepthPoint> depth(const StackSizes& sizes, std::size_t samples, TorchGenerator& random);

}  // namespace attn
