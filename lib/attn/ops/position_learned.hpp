// A positional encoding that is learned: one row of free parameters for each position, as nn.Embedding, and
// a small task in which nothing but the position matters, on which it can be trained.
//
// The task: every position i ≥ 1 attends to its predecessor. With a table P [L, d] and one map M [d, d],
//
//     S = P·M·Pᵀ / √d,   A = softmax(S) over keys,   loss = -mean over i ≥ 1 of log A[i, i - 1].
//
// A fixed sinusoidal table can solve it as well: M may become the rotation by δ = -1.
#pragma once

#include <attn/random.hpp>
#include <attn/tensor.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace attn {

/// The weight of a fresh torch.nn.Embedding(len, width): standard normal.
Tensor<float> learned_table(TorchGenerator& generator, std::size_t len, std::size_t width);

struct PreviousTokenLoss {
  double loss = 0;
  double accuracy = 0;        ///< share of positions ≥ 1 whose largest weight is on their predecessor
  Tensor<double> table_gradient;  ///< [L, d]
  Tensor<double> map_gradient;    ///< [d, d]
};

/// The loss of the task and its gradients. table [L, d] with L ≥ 2, map [d, d]; throws ShapeError.
PreviousTokenLoss previous_token_loss(const Tensor<double>& table, const Tensor<double>& map);

enum class TrainTable { yes, no };

struct Fit {
  std::vector<double> losses;  ///< before each step, and after the last
  double accuracy = 0;         ///< after the last step
  Tensor<double> table;
  Tensor<double> map;
};

/// Plain gradient descent: `steps` steps of size `rate` on the map, and on the table unless it is fixed.
/// `progress(step)` is called before each step.
Fit fit_previous_token(Tensor<double> table, Tensor<double> map, TrainTable train_table, std::size_t steps, double rate,
                       const std::function<void(std::size_t)>& progress = {});

}  // namespace attn
