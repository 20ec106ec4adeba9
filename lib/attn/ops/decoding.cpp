#include <attn/ops/decoding.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace attn {
namespace {

// The last row of [1, L, E], as [1, E].
template <class T>
Tensor<T> last_row(const Tensor<T>& rows) {
  const std::size_t width = rows.shape(2);
  Tensor<T> row = empty<T>({1, width});
  std::copy_n(rows.data() + rows.size() - width, width, row.data());
  return row;
}

}  // namespace

template <class T>
Decoder<T>::Decoder(const TransformerWeights<T>& weights, const StackOptions<T>& options, const std::vector<std::size_t>& source,
                    CacheUse cache)
    : weights_(weights), options_(with_target_masks(options, nullptr)), use_(cache) {
  if (!weights.decoder || !weights.w_out) throw std::invalid_argument("a decoder needs a stack and a map to the logits");
  if (weights.encoder) memory_ = run_stack<T>(token_batch({source}), std::nullopt, {}, *weights.encoder, options).output();
}

template <class T>
Tensor<T> Decoder<T>::next(const std::vector<std::size_t>& tokens) {
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  const TokenBatch input = token_batch({use_ == CacheUse::yes ? tokens : tokens_});
  const StackSteps<T> steps = run_stack(input, memory_, std::move(caches_), *weights_.decoder, options_);
  caches_.clear();
  if (use_ == CacheUse::yes) {
    for (const LayerSteps<T>& layer : steps.layers) caches_.push_back(cache_after(layer));
  }
  const Tensor<T> logits = linear(last_row(steps.output()), weights_.w_out, weights_.b_out, std::string(name_of(Step::logits)));
  return reshaped(logits, {logits.size()});
}

template <class T>
Generated generate(Decoder<T>& decoder, const std::vector<std::size_t>& prompt, const GenerationOptions& options,
                   TorchGenerator& random) {
  Generated result;
  std::vector<std::size_t> given = prompt;
  while (result.tokens.size() < options.most_tokens) {
    const Tensor<T> logits = decoder.next(given);
    const std::size_t token = options.sampling ? drawn_token(token_probabilities(logits, *options.sampling), random)
                                               : most_probable(logits);
    result.tokens.push_back(token);
    result.probabilities.push_back(static_cast<double>(token_probabilities(logits, {}).data()[token]));
    if (token == options.end) break;
    given = {token};
  }
  return result;
}

template class Decoder<float>;
template class Decoder<double>;
template Generated generate(Decoder<float>&, const std::vector<std::size_t>&, const GenerationOptions&, TorchGenerator&);
template Generated generate(Decoder<double>&, const std::vector<std::size_t>&, const GenerationOptions&, TorchGenerator&);

}  // namespace attn
