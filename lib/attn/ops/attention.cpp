#include <attn/error.hpp>
#include <attn/ops/attention.hpp>
#include <attn/ops/heads.hpp>
#include <attn/ops/matmul.hpp>

#include <cmath>
#include <string>
#include <utility>

namespace attn {
namespace {

void require(bool fits, const std::string& problem) {
  if (!fits) throw ShapeError("attention", problem);
}

// scores[b, h] = q[b, h] · k[b, h / group]ᵀ
template <class T>
Tensor<T> raw_scores(const Tensor<T>& q, const Tensor<T>& k, const Sizes& s) {
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

// heads[b, h] = weights[b, h] · v[b, h / group]
template <class T>
Tensor<T> weighted_values(const Tensor<T>& weights, const Tensor<T>& v, const Sizes& s) {
  Tensor<T> heads = empty<T>({s.batch, s.heads, s.query_len, s.value_dim});
  const std::size_t group = s.heads / s.kv_heads;
  for (std::size_t slice = 0; slice < s.batch * s.heads; ++slice) {
    const std::size_t b = slice / s.heads, h = slice % s.heads;
    multiply(weights.data() + slice * s.query_len * s.key_len,
             v.data() + (b * s.kv_heads + h / group) * s.key_len * s.value_dim,
             heads.data() + slice * s.query_len * s.value_dim, s.query_len, s.key_len, s.value_dim);
  }
  return heads;
}

// A copy of `tensor` with f applied to every element.
template <class T, class F>
Tensor<T> map(const Tensor<T>& tensor, F&& f) {
  Tensor<T> result = tensor;
  for (T& element : result.storage()) element = f(element);
  return result;
}

// A forbidden key is overwritten, not added to: NaN + −inf would stay NaN, and 0·(−inf) is NaN.
template <class T>
Tensor<T> masked_scores(const Tensor<T>& scores, const Tensor<T>& mask, T fill) {
  Tensor<T> result = empty<T>(shape_of(scores));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool forbidden = mask.data()[i] == -std::numeric_limits<T>::infinity();
    result.data()[i] = forbidden ? fill : scores.data()[i] + mask.data()[i];
  }
  return result;
}

// Which rows the masked-row policy replaces; empty when the softmax of the scores decides.
template <class T>
std::vector<bool> rows_under_policy(const AttentionOptions<T>& options, const std::optional<Tensor<T>>& mask) {
  const bool finite_fill = options.mask_fill != -std::numeric_limits<T>::infinity();
  if (!mask || (finite_fill && !options.masked_rows)) return {};
  return fully_masked_rows(*mask);
}

template <class T>
Tensor<T> dropped(const Tensor<T>& weights, const Tensor<T>& keep, double p) {
  require(shape_of(keep) == shape_of(weights), "dropout mask " + to_string(shape_of(keep)) +
                                                   " and weights " + to_string(shape_of(weights)) + " differ");
  Tensor<T> result = empty<T>(shape_of(weights));
  const T kept_share = static_cast<T>(1 - p);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    // With p = 1 nothing is kept; 0/0 must not turn the zeros into NaN.
    result.data()[i] = keep.data()[i] == 0 ? T{0} : weights.data()[i] * (keep.data()[i] / kept_share);
  }
  return result;
}

}  // namespace

template <class T>
Sizes attention_sizes(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                      const AttentionOptions<T>& options) {
  const Shape qs = shape_of(q), ks = shape_of(k), vs = shape_of(v);
  const std::string shapes = "q " + to_string(qs) + ", k " + to_string(ks) + ", v " + to_string(vs);
  require(qs.size() == 4 && ks.size() == 4 && vs.size() == 4, "expected (B, H, L, D) three times, found " + shapes);
  require(qs[0] == ks[0] && ks[0] == vs[0], "batch sizes differ: " + shapes);
  require(ks[1] == vs[1], "keys and values must have the same number of heads: " + shapes);
  require(ks[2] == vs[2], "there must be one value for each key: " + shapes);
  require(qs[3] == ks[3], "queries and keys must have the same head size: " + shapes);
  require(ks[1] > 0 && qs[1] % ks[1] == 0, std::to_string(qs[1]) + " query heads are not a multiple of " +
                                               std::to_string(ks[1]) + " key/value heads");
  require(options.past_key.has_value() == options.past_value.has_value(),
          "a cache needs past keys and past values together");
  require(!options.past_key || (options.past_key->dimension() == 4 && options.past_value->dimension() == 4),
          "past keys and values must have shape (B, Hk, P, D)");
  Sizes sizes;
  sizes.batch = qs[0];
  sizes.heads = qs[1];
  sizes.kv_heads = ks[1];
  sizes.query_len = qs[2];
  sizes.new_len = ks[2];
  sizes.past_len = options.past_key ? options.past_key->shape(2) : 0;
  sizes.key_len = sizes.past_len + sizes.new_len;
  sizes.head_dim = qs[3];
  sizes.value_dim = vs[3];
  return sizes;
}

template <class T>
T effective_scale(const AttentionOptions<T>& options, std::size_t head_dim) {
  if (options.scale) return static_cast<T>(*options.scale);
  return head_dim == 0 ? T{1} : static_cast<T>(1 / std::sqrt(static_cast<double>(head_dim)));
}

template <class T>
AttentionSteps<T> attention(Tensor<T> q, Tensor<T> k, Tensor<T> v, AttentionOptions<T> options) {
  const Sizes sizes = attention_sizes(q, k, v, options);
  AttentionSteps<T> steps;
  steps.sizes = sizes;
  steps.q = std::move(q);
  steps.k = std::move(k);
  steps.v = std::move(v);

  // 1. All keys and values: those of the cache, then the new ones.
  if (options.past_key) {
    steps.past_key = std::move(options.past_key);
    steps.past_value = std::move(options.past_value);
    steps.present_key = concatenate_keys(*steps.past_key, steps.k);
    steps.present_value = concatenate_keys(*steps.past_value, steps.v);
    require(steps.present_key->shape(2) == steps.present_value->shape(2),
            "past keys " + to_string(shape_of(*steps.past_key)) + " and past values " +
                to_string(shape_of(*steps.past_value)) + " differ in length");
  }
  const Tensor<T>& keys = steps.present_key ? *steps.present_key : steps.k;
  const Tensor<T>& values = steps.present_value ? *steps.present_value : steps.v;

  // 2. Scores: products, scale, soft cap, mask — in this order.
  steps.scores_raw = raw_scores(steps.q, keys, sizes);
  const T scale = effective_scale(options, sizes.head_dim);
  steps.scores_scaled = map(steps.scores_raw, [scale](T score) { return score * scale; });
  if (options.softcap) {
    const T cap = static_cast<T>(*options.softcap);
    steps.scores_capped = map(steps.scores_scaled, [cap](T score) { return cap * std::tanh(score / cap); });
  }
  const Tensor<T>& scores = steps.scores_capped ? *steps.scores_capped : steps.scores_scaled;
  if (options.mask.any()) steps.mask = combined_mask(options.mask, sizes);
  steps.scores_masked = steps.mask ? masked_scores(scores, *steps.mask, options.mask_fill) : scores;

  // 3. Weights: softmax over keys, then dropout.
  steps.softmax = softmax(steps.scores_masked, rows_under_policy(options, steps.mask),
                          options.masked_rows.value_or(MaskedRows::zero), options.detail);
  if (options.dropout_keep) {
    steps.weights_dropped = dropped(steps.softmax.weights, *options.dropout_keep, options.dropout_p);
  }

  // 4. Per head, the weighted sum of the values.
  steps.heads = weighted_values(steps.weights_dropped ? *steps.weights_dropped : steps.softmax.weights, values, sizes);
  return steps;
}

template Sizes attention_sizes(const Tensor<float>&, const Tensor<float>&, const Tensor<float>&,
                               const AttentionOptions<float>&);
template Sizes attention_sizes(const Tensor<double>&, const Tensor<double>&, const Tensor<double>&,
                               const AttentionOptions<double>&);
template AttentionSteps<float> attention(Tensor<float>, Tensor<float>, Tensor<float>, AttentionOptions<float>);
template AttentionSteps<double> attention(Tensor<double>, Tensor<double>, Tensor<double>, AttentionOptions<double>);
template float effective_scale(const AttentionOptions<float>&, std::size_t);
template double effective_scale(const AttentionOptions<double>&, std::size_t);

}  // namespace attn
