// Writing a sequence token by token: each new token is chosen from the logits after the ones before it.
//
// With a cache the keys and values of earlier tokens (and those of the source) are computed once; a new token
// costs one row of every product. Without, the whole sequence runs again for every token, as the formulas are
// written. Both give the same numbers, bit for bit, as long as no product is so large that it goes to BLAS.
#pragma once

#include <attn/ops/sampling.hpp>
#include <attn/ops/transformer.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace attn {

enum class CacheUse { yes, no };

/// A decoder in the middle of one sequence. Weights and options must outlive it.
template <class T>
class Decoder {
 public:
  /// Encodes the source, if the model has an encoder. Throws as `transformer`, and std::invalid_argument for a
  /// model without a decoder or without a map to the logits.
  Decoder(const TransformerWeights<T>& weights, const StackOptions<T>& options, const std::vector<std::size_t>& source,
          CacheUse cache = CacheUse::yes);

  /// Appends tokens (at least one) and returns the logits [V] after the last of them.
  Tensor<T> next(const std::vector<std::size_t>& tokens);

  std::size_t length() const { return tokens_.size(); }

 private:
  const TransformerWeights<T>& weights_;
  StackOptions<T> options_;
  CacheUse use_;
  std::optional<Tensor<T>> memory_;
  std::vector<LayerCache<T>> caches_;
  std::vector<std::size_t> tokens_;
};

/// How a sequence is continued, and when it ends.
struct GenerationOptions {
  std::size_t most_tokens = 0;              ///< of the continuation, the end token included
  std::optional<std::size_t> end;           ///< the token that ends the sequence; it is part of the result
  std::optional<SamplingOptions> sampling;  ///< absent: greedy
};

/// What was written, and how sure the model was of each token.
struct Generated {
  std::vector<std::size_t> tokens;
  std::vector<double> probabilities;  ///< of each token, under softmax of its logits
};

/// Continues `prompt` (at least one token). Greedy draws nothing from `random`.
template <class T>
Generated generate(Decoder<T>& decoder, const std::vector<std::size_t>& prompt, const GenerationOptions& options,
                   TorchGenerator& random);

}  // namespace attn
