#include <attn/ops/alibi.hpp>

#include <attn/error.hpp>

#include <cmath>
#include <limits>
#include <string>

namespace attn {

std::vector<double> alibi_slopes_without_rule(std::size_t heads) {
  std::vector<double> slopes;
  for (std::size_t h = 1; h <= heads; ++h) {
    slopes.push_back(std::exp2(-8.0 * static_cast<double>(h) / static_cast<double>(heads)));
  }
  return slopes;
}

std::vector<double> alibi_slopes(std::size_t heads) {
  if (heads == 0) throw UsageError("heads", "expected at least 1, found 0");
  std::size_t power = 1;
  while (power <= heads / 2) power *= 2;
  std::vector<double> slopes = alibi_slopes_without_rule(power);
  const std::vector<double> finer = alibi_slopes_without_rule(2 * power);
  for (std::size_t h = 0; slopes.size() < heads; h += 2) slopes.push_back(finer[h]);
  return slopes;
}

template <class T>
Tensor<T> alibi_bias(const std::vector<double>& slopes, std::size_t query_len, std::size_t key_len, AlibiFuture future) {
  if (key_len < query_len) {
    throw UsageError("key_len", "expected at least the query length " + std::to_string(query_len) + ", found " +
                                    std::to_string(key_len));
  }
  Tensor<T> bias = empty<T>({slopes.size(), query_len, key_len});
  for (std::size_t h = 0; h < slopes.size(); ++h) {
    for (std::size_t i = 0; i < query_len; ++i) {
      const std::size_t position = i + key_len - query_len;
      for (std::size_t j = 0; j < key_len; ++j) {
        const std::size_t distance = position > j ? position - j : j - position;
        const bool is_future = j > position && future == AlibiFuture::masked;
        bias(h, i, j) = is_future ? -std::numeric_limits<T>::infinity() : static_cast<T>(0 - slopes[h] * static_cast<double>(distance));
      }
    }
  }
  return bias;
}

template Tensor<float> alibi_bias(const std::vector<double>&, std::size_t, std::size_t, AlibiFuture);
template Tensor<double> alibi_bias(const std::vector<double>&, std::size_t, std::size_t, AlibiFuture);

}  // namespace attn
