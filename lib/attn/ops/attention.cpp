#include <attn/error.hpp>
#include <attn/ops/attention.hpp>
#include <attn/ops/heads.hpp>
#include <attn/ops/stages.hpp>

#include <cmath>
#include <string>
#include <utility>

namespace attn {
namespace {

void require(bool fits, const std::string& problem) {
  if (!fits) throw ShapeError("attention", problem);
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

  // 1. Positions, and all keys and values: those of the cache, then the new ones.
  if (options.rotary) {
    steps.q_rot = rotated(steps.q, *options.rotary, sizes.past_len);
    steps.k_rot = rotated(steps.k, *options.rotary, sizes.past_len);
  }
  const Tensor<T>& new_keys = steps.k_rot ? *steps.k_rot : steps.k;
  if (options.past_key) {
    steps.past_key = std::move(options.past_key);
    steps.past_value = std::move(options.past_value);
    steps.present_key = concatenate_keys(*steps.past_key, new_keys);
    steps.present_value = concatenate_keys(*steps.past_value, steps.v);
    require(steps.present_key->shape(2) == steps.present_value->shape(2),
            "past keys " + to_string(shape_of(*steps.past_key)) + " and past values " +
                to_string(shape_of(*steps.past_value)) + " differ in length");
  }
  const Tensor<T>& keys = steps.present_key ? *steps.present_key : new_keys;
  const Tensor<T>& values = steps.present_value ? *steps.present_value : steps.v;

  // 2. Scores: products, scale, soft cap, mask — in this order.
  steps.scores_raw = raw_scores(steps.q_rot ? *steps.q_rot : steps.q, keys);
  const T scale = effective_scale(options, sizes.head_dim);
  steps.scores_scaled = scaled_scores(steps.scores_raw, scale);
  if (options.softcap) steps.scores_capped = capped_scores(steps.scores_scaled, static_cast<T>(*options.softcap));
  const Tensor<T>& scores = steps.scores_capped ? *steps.scores_capped : steps.scores_scaled;
  if (options.mask.any()) steps.mask = combined_mask(options.mask, sizes);
  steps.scores_masked = steps.mask ? masked_scores(scores, *steps.mask, options.mask_fill) : scores;

  // 3. Weights: softmax over keys, then dropout.
  steps.softmax = softmax(steps.scores_masked, rows_under_policy(options, steps.mask ? &*steps.mask : nullptr),
                          options.masked_rows.value_or(MaskedRows::zero), options.detail);
  if (options.dropout_keep) {
    steps.weights_dropped = dropped_weights(steps.softmax.weights, *options.dropout_keep, options.dropout_p);
  }

  // 4. Per head, the weighted sum of the values.
  steps.heads = weighted_values(steps.weights_dropped ? *steps.weights_dropped : steps.softmax.weights, values);
  return steps;
}

template <class T>
KeysAndValues<T> cache_after(const AttentionSteps<T>& steps) {
  const Tensor<T>& key = steps.present_key ? *steps.present_key : steps.k_rot ? *steps.k_rot : steps.k;
  return {key, steps.present_value ? *steps.present_value : steps.v};
}

template KeysAndValues<float> cache_after(const AttentionSteps<float>&);
template KeysAndValues<double> cache_after(const AttentionSteps<double>&);
template Sizes attention_sizes(const Tensor<float>&, const Tensor<float>&, const Tensor<float>&,
                               const AttentionOptions<float>&);
template Sizes attention_sizes(const Tensor<double>&, const Tensor<double>&, const Tensor<double>&,
                               const AttentionOptions<double>&);
template AttentionSteps<float> attention(Tensor<float>, Tensor<float>, Tensor<float>, AttentionOptions<float>);
template AttentionSteps<double> attention(Tensor<double>, Tensor<double>, Tensor<double>, AttentionOptions<double>);
template float effective_scale(const AttentionOptions<float>&, std::size_t);
template double effective_scale(const AttentionOptions<double>&, std::size_t);

}  // namespace attn
