#include <attn/error.hpp>
#include <attn/ops/heads.hpp>
#include <attn/ops/matmul.hpp>
#include <attn/ops/stages.hpp>
#include <attn/transpose.hpp>

#include <cmath>
#include <limits>
#include <string>

namespace attn {
namespace {

// What both products of attention need to know: whose rows meet which keys.
struct HeadSizes {
  std::size_t batch, heads, kv_heads, query_len, key_len, head_dim;
};

// rows [B, H, Lq, ·] and keys (or values) [B, Hk, Lk, ·].
template <class T>
HeadSizes head_sizes(const Tensor<T>& rows, const Tensor<T>& keys) {
  return {rows.shape(0), rows.shape(1), keys.shape(1), rows.shape(2), keys.shape(2), rows.shape(3)};
}

// Both products read keys and rows together: their shapes must fit before anything is read.
template <class T>
void require_product(const Tensor<T>& rows, const Tensor<T>& keys, bool fits, const char* name) {
  const bool ranks = rows.dimension() == 4 && keys.dimension() == 4;
  const bool heads = ranks && rows.shape(0) == keys.shape(0) && keys.shape(1) > 0 && rows.shape(1) % keys.shape(1) == 0;
  if (!heads || !fits) {
    throw ShapeError(name, to_string(shape_of(rows)) + " and " + to_string(shape_of(keys)) + " do not fit");
  }
}

// A copy of `tensor` with f applied to every element.
template <class T, class F>
Tensor<T> map(const Tensor<T>& tensor, F&& f) {
  Tensor<T> result = tensor;
  for (T& element : result.storage()) element = f(element);
  return result;
}

}  // namespace

template <class T>
Tensor<T> rotated(const Tensor<T>& rows, const RotaryPositions<T>& rotary, std::size_t past) {
  RopeOptions options = rotary.options;
  if (options.head_dim == 0 && rows.dimension() > 0) options.head_dim = rows.shape().back();
  if (rotary.tables) return rope_rotated(rows, options, *rotary.tables, past);
  options.offset += past;
  return rope_rotated(rows, options);
}

template <class T>
Tensor<T> raw_scores(const Tensor<T>& q, const Tensor<T>& k) {
  require_product(q, k, q.dimension() == 4 && k.dimension() == 4 && q.shape(3) == k.shape(3), "queries and keys");
  const HeadSizes s = head_sizes(q, k);
  Tensor<T> scores = empty<T>({s.batch, s.heads, s.query_len, s.key_len});
  Tensor<T> key_columns = empty<T>({s.head_dim, s.key_len});
  const std::size_t group = s.heads / s.kv_heads;
  for (std::size_t b = 0; b < s.batch; ++b) {
    for (std::size_t h = 0; h < s.heads; ++h) {
      const T* keys = k.data() + (b * s.kv_heads + h / group) * s.key_len * s.head_dim;
      // One transposition serves all the query heads that share these keys.
      if (h % group == 0) transpose(keys, key_columns.data(), s.key_len, s.head_dim);
      const std::size_t slice = b * s.heads + h;
      multiply(q.data() + slice * s.query_len * s.head_dim, key_columns.data(),
               scores.data() + slice * s.query_len * s.key_len, s.query_len, s.head_dim, s.key_len);
    }
  }
  return scores;
}

template <class T>
Tensor<T> weighted_values(const Tensor<T>& weights, const Tensor<T>& v) {
  require_product(weights, v, weights.dimension() == 4 && v.dimension() == 4 && weights.shape(3) == v.shape(2), "weights and values");
  const HeadSizes s = head_sizes(weights, v);
  const std::size_t value_dim = v.shape(3);
  Tensor<T> heads = empty<T>({s.batch, s.heads, s.query_len, value_dim});
  const std::size_t group = s.heads / s.kv_heads;
  for (std::size_t slice = 0; slice < s.batch * s.heads; ++slice) {
    const std::size_t b = slice / s.heads, h = slice % s.heads;
    multiply(weights.data() + slice * s.query_len * s.key_len,
             v.data() + (b * s.kv_heads + h / group) * s.key_len * value_dim,
             heads.data() + slice * s.query_len * value_dim, s.query_len, s.key_len, value_dim);
  }
  return heads;
}

template <class T>
Tensor<T> scaled_scores(const Tensor<T>& scores, T scale) {
  return map(scores, [scale](T score) { return score * scale; });
}

template <class T>
Tensor<T> capped_scores(const Tensor<T>& scores, T cap) {
  return map(scores, [cap](T score) { return cap * std::tanh(score / cap); });
}

template <class T>
Tensor<T> masked_scores(const Tensor<T>& scores, const Tensor<T>& mask, T fill) {
  if (shape_of(scores) != shape_of(mask)) {
    throw ShapeError("mask", to_string(shape_of(mask)) + " and scores " + to_string(shape_of(scores)) + " differ");
  }
  Tensor<T> result = empty<T>(shape_of(scores));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool forbidden = mask.data()[i] == -std::numeric_limits<T>::infinity();
    result.data()[i] = forbidden ? fill : scores.data()[i] + mask.data()[i];
  }
  return result;
}

template <class T>
std::optional<MaskedRows> policy_of_masked_rows(const AttentionOptions<T>& options) {
  const bool finite_fill = options.mask_fill != -std::numeric_limits<T>::infinity();
  if (!options.mask.any() || (finite_fill && !options.masked_rows)) return std::nullopt;
  return options.masked_rows.value_or(MaskedRows::zero);
}

template <class T>
std::vector<bool> rows_under_policy(const AttentionOptions<T>& options, const Tensor<T>* mask) {
  const bool finite_fill = options.mask_fill != -std::numeric_limits<T>::infinity();
  if (!mask || (finite_fill && !options.masked_rows)) return {};
  return fully_masked_rows(*mask);
}

template <class T>
Tensor<T> dropped_weights(const Tensor<T>& weights, const Tensor<T>& keep, double p) {
  if (shape_of(keep) != shape_of(weights)) {
    throw ShapeError("dropout", "mask " + to_string(shape_of(keep)) + " and weights " + to_string(shape_of(weights)) + " differ");
  }
  Tensor<T> result = empty<T>(shape_of(weights));
  const T kept_share = static_cast<T>(1 - p);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    // With p = 1 nothing is kept; 0/0 must not turn the zeros into NaN.
    result.data()[i] = keep.data()[i] == 0 ? T{0} : weights.data()[i] * (keep.data()[i] / kept_share);
  }
  return result;
}

template <class T>
Tensor<T> append_key(const Tensor<T>& keys, const std::optional<Tensor<T>>& row, const std::string& name) {
  if (keys.dimension() != 4) throw ShapeError(name, "expected keys (B, Hk, L, D), found " + to_string(shape_of(keys)));
  const std::size_t batch = keys.shape(0), kv_heads = keys.shape(1), head_dim = keys.shape(3);
  if (row && row->size() != kv_heads * head_dim) {
    throw ShapeError(name, "found " + std::to_string(row->size()) + " numbers, expected Hk·D = " +
                               std::to_string(kv_heads * head_dim));
  }
  Tensor<T> last = filled<T>({batch, kv_heads, 1, head_dim}, T{0});
  if (row) {
    for (std::size_t i = 0; i < last.size(); ++i) last.data()[i] = row->data()[i % row->size()];
  }
  return concatenate_keys(keys, last);
}

template <class T>
Tensor<T> mean_over_heads(const Tensor<T>& weights) {
  if (weights.dimension() != 4) throw ShapeError("mean over heads", "expected (B, H, Lq, Lk), found " + to_string(shape_of(weights)));
  const std::size_t batch = weights.shape(0), heads = weights.shape(1);
  const std::size_t map = weights.shape(2) * weights.shape(3);
  Tensor<T> mean = filled<T>({batch, weights.shape(2), weights.shape(3)}, T{0});
  for (std::size_t b = 0; b < batch; ++b) {
    T* target = mean.data() + b * map;
    for (std::size_t h = 0; h < heads; ++h) {
      const T* source = weights.data() + (b * heads + h) * map;
      for (std::size_t i = 0; i < map; ++i) target[i] += source[i];
    }
    for (std::size_t i = 0; i < map; ++i) target[i] /= static_cast<T>(heads);
  }
  return mean;
}

template Tensor<float> rotated(const Tensor<float>&, const RotaryPositions<float>&, std::size_t);
template Tensor<double> rotated(const Tensor<double>&, const RotaryPositions<double>&, std::size_t);
template Tensor<float> raw_scores(const Tensor<float>&, const Tensor<float>&);
template Tensor<double> raw_scores(const Tensor<double>&, const Tensor<double>&);
template Tensor<float> scaled_scores(const Tensor<float>&, float);
template Tensor<double> scaled_scores(const Tensor<double>&, double);
template Tensor<float> capped_scores(const Tensor<float>&, float);
template Tensor<double> capped_scores(const Tensor<double>&, double);
template Tensor<float> masked_scores(const Tensor<float>&, const Tensor<float>&, float);
template Tensor<double> masked_scores(const Tensor<double>&, const Tensor<double>&, double);
template std::optional<MaskedRows> policy_of_masked_rows(const AttentionOptions<float>&);
template std::optional<MaskedRows> policy_of_masked_rows(const AttentionOptions<double>&);
template std::vector<bool> rows_under_policy(const AttentionOptions<float>&, const Tensor<float>*);
template std::vector<bool> rows_under_policy(const AttentionOptions<double>&, const Tensor<double>*);
template Tensor<float> dropped_weights(const Tensor<float>&, const Tensor<float>&, double);
template Tensor<double> dropped_weights(const Tensor<double>&, const Tensor<double>&, double);
template Tensor<float> weighted_values(const Tensor<float>&, const Tensor<float>&);
template Tensor<double> weighted_values(const Tensor<double>&, const Tensor<double>&);
template Tensor<float> append_key(const Tensor<float>&, const std::optional<Tensor<float>>&, const std::string&);
template Tensor<double> append_key(const Tensor<double>&, const std::optional<Tensor<double>>&, const std::string&);
template Tensor<float> mean_over_heads(const Tensor<float>&);
template Tensor<double> mean_over_heads(const Tensor<double>&);

}  // namespace attn
