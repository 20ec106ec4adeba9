#include <attn/ops/sampling.hpp>

#include <attn/error.hpp>
#include <attn/ops/softmax.hpp>
#include <attn/steps.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace attn {

template <class T>
std::size_t most_probable(const Tensor<T>& logits) {
  if (logits.size() == 0) throw std::invalid_argument("no logits to choose from");
  std::size_t best = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits.data()[i])) {
      throw NonFiniteError(std::string(name_of(Step::logits)), "element " + std::to_string(i) + " is NaN; no token is the most probable");
    }
    if (logits.data()[i] > logits.data()[best]) best = i;
  }
  return best;
}

template <class T>
Tensor<T> token_probabilities(const Tensor<T>& logits, const SamplingOptions& options) {
  if (!(options.temperature > 0) || !std::isfinite(options.temperature)) {
    throw UsageError("--temperature", "must be a number above 0");
  }
  Tensor<T> scaled = logits;
  for (T& value : scaled.storage()) value /= static_cast<T>(options.temperature);
  if (options.top_k > 0 && options.top_k < scaled.size()) {
    std::vector<T> sorted(scaled.begin(), scaled.end());
    const auto kth = sorted.begin() + static_cast<std::ptrdiff_t>(options.top_k - 1);
    std::nth_element(sorted.begin(), kth, sorted.end(), std::greater<T>());
    for (T& value : scaled.storage()) {
      if (value < *kth) value = -std::numeric_limits<T>::infinity();
    }
  }
  return softmax(scaled).weights;
}

template <class T>
std::size_t drawn_token(const Tensor<T>& probabilities, TorchGenerator& random) {
  std::size_t winner = 0;
  T best = -1;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const T waiting_time = static_cast<T>(-std::log(1 - random.uniform_double()));
    const T speed = probabilities.data()[i] / waiting_time;
    if (speed > best) {
      best = speed;
      winner = i;
    }
  }
  if (best < 0) throw NonFiniteError("probabilities", "are NaN: no token can be drawn");
  return winner;
}

template std::size_t most_probable(const Tensor<float>&);
template std::size_t most_probable(const Tensor<double>&);
template Tensor<float> token_probabilities(const Tensor<float>&, const SamplingOptions&);
template Tensor<double> token_probabilities(const Tensor<double>&, const SamplingOptions&);
template std::size_t drawn_token(const Tensor<float>&, TorchGenerator&);
template std::size_t drawn_token(const Tensor<double>&, TorchGenerator&);

}  // namespace attn
