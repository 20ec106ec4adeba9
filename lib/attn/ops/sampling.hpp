// The next token from a row of logits: the most probable one, or one drawn at random as PyTorch draws it.
#pragma once

#include <attn/random.hpp>
#include <attn/tensor.hpp>

#include <cstddef>

namespace attn {

struct SamplingOptions {
  double temperature = 1;  ///< > 0; logits are divided by it: below 1 sharper, above 1 flatter
  std::size_t top_k = 0;   ///< only the k largest logits (and those equal to the k-th) may be drawn; 0: all
};

/// The place of the largest element; of equal ones the first. Throws NonFiniteError for NaN, std::invalid_argument
/// for an empty tensor.
template <class T>
std::size_t most_probable(const Tensor<T>& logits);

/// softmax(logits / temperature) over the tokens that may be drawn, zero for the others; [V].
/// Throws UsageError unless temperature is positive and finite.
template <class T>
Tensor<T> token_probabilities(const Tensor<T>& logits, const SamplingOptions& options);

/// torch.multinomial(probabilities, 1) on a CPU: every token races with an exponential waiting time
/// -log(1 - u), and the largest p / waiting time wins. Draws one number for every token.
template <class T>
std::size_t drawn_token(const Tensor<T>& probabilities, TorchGenerator& random);

}  // namespace attn
