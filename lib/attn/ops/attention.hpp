// Scaled dot-product attention, every step kept.
//
//   scores_raw    = Q·Kᵀ                           [B, H, Lq, Lk]
//   scores_scaled = scores_raw · scale
//   scores_capped = c·tanh(scores_scaled / c)      only with a soft cap
//   scores_masked = scores + mask, forbidden keys filled
//   weights       = softmax(scores_masked) over keys
//   heads         = weights·V                      [B, H, Lq, Dv]
//
// Vaswani et al. 2017, equation 1. Soft cap (Gemma 2, 2024) before the mask: after it, a forbidden key
// would come back with the finite score −c.
#pragma once

#include <attn/ops/mask.hpp>
#include <attn/ops/rope.hpp>
#include <attn/ops/softmax.hpp>
#include <attn/steps.hpp>
#include <attn/tensor.hpp>

#include <limits>
#include <memory>
#include <optional>

namespace attn {

/// Queries and keys turned by their positions before they meet. Row 0 of this run stands at position
/// offset + P, so that a cache moves it on; cached keys are turned already.
template <class T>
struct RotaryPositions {
  RopeOptions options;                               ///< head_dim 0 means D
  std::shared_ptr<const RopeTables<T>> tables = {};  ///< of positions offset …; absent: computed for this run
};

/// Keys and values, split into heads: what a cache holds.
template <class T>
struct KeysAndValues {
  Tensor<T> key;    ///< [B, Hk, L, D]
  Tensor<T> value;  ///< [B, Hk, L, Dv]
};

template <class T>
struct AttentionOptions {
  std::optional<double> scale;   ///< factor on the scores; empty: 1/√D, with D the head size of Q
  std::optional<double> softcap;  ///< c > 0; empty: none
  MaskRules<T> mask;
  /// Written over the score of a forbidden key.
  T mask_fill = -std::numeric_limits<T>::infinity();
  /// For rows in which every key is forbidden. Empty: zero if mask_fill is −inf; with a finite fill,
  /// whatever the softmax of the filled scores gives.
  std::optional<MaskedRows> masked_rows;
  std::optional<Tensor<T>> past_key;    ///< [B, Hk, P, D], together with past_value
  std::optional<Tensor<T>> past_value;  ///< [B, Hk, P, Dv]
  std::optional<RotaryPositions<T>> rotary;  ///< absent: positions play no part here
  /// Dropout: which weights are kept (1) and which dropped (0), [B, H, Lq, Lk], and with what
  /// probability p each was dropped; kept weights are divided by 1 − p.
  std::optional<Tensor<T>> dropout_keep;
  double dropout_p = 0;
  Detail detail = Detail::no;  ///< also keep row_max, exp and row_sum
};

/// The tensors of one run, in order of computation.
template <class T>
struct AttentionSteps {
  Sizes sizes;                              ///< of this run
  Tensor<T> q;                              ///< [B, H, Lq, D]
  Tensor<T> k;                              ///< [B, Hk, Ln, D], before any repetition for grouped heads
  Tensor<T> v;                              ///< [B, Hk, Ln, Dv]
  std::optional<Tensor<T>> q_rot;           ///< [B, H, Lq, D], only with rotary positions
  std::optional<Tensor<T>> k_rot;           ///< [B, Hk, Ln, D]
  std::optional<Tensor<T>> past_key;        ///< [B, Hk, P, D]
  std::optional<Tensor<T>> past_value;      ///< [B, Hk, P, Dv]
  std::optional<Tensor<T>> present_key;     ///< [B, Hk, Lk, D], only with a cache
  std::optional<Tensor<T>> present_value;   ///< [B, Hk, Lk, Dv]
  Tensor<T> scores_raw;                     ///< [B, H, Lq, Lk]
  Tensor<T> scores_scaled;                  ///< [B, H, Lq, Lk]
  std::optional<Tensor<T>> scores_capped;   ///< [B, H, Lq, Lk], only with a soft cap
  std::optional<Tensor<T>> mask;            ///< [B, H, Lq, Lk], only with a mask rule
  Tensor<T> scores_masked;                  ///< [B, H, Lq, Lk]
  SoftmaxSteps<T> softmax;                  ///< weights [B, H, Lq, Lk], and the inside on request
  std::optional<Tensor<T>> weights_dropped; ///< [B, H, Lq, Lk], only with dropout
  Tensor<T> heads;                          ///< [B, H, Lq, Dv]
};

/// Calls f(step, tensor) for every tensor present, in order of computation.
template <class T, class F>
void visit(const AttentionSteps<T>& steps, F&& f) {
  const auto visit_optional = [&f](Step step, const std::optional<Tensor<T>>& tensor) {
    if (tensor) f(step, *tensor);
  };
  f(Step::q, steps.q);
  f(Step::k, steps.k);
  f(Step::v, steps.v);
  visit_optional(Step::q_rot, steps.q_rot);
  visit_optional(Step::k_rot, steps.k_rot);
  visit_optional(Step::past_key, steps.past_key);
  visit_optional(Step::past_value, steps.past_value);
  visit_optional(Step::present_key, steps.present_key);
  visit_optional(Step::present_value, steps.present_value);
  f(Step::scores_raw, steps.scores_raw);
  f(Step::scores_scaled, steps.scores_scaled);
  visit_optional(Step::scores_capped, steps.scores_capped);
  visit_optional(Step::mask, steps.mask);
  f(Step::scores_masked, steps.scores_masked);
  visit_optional(Step::row_max, steps.softmax.row_max);
  visit_optional(Step::exp, steps.softmax.exp);
  visit_optional(Step::row_sum, steps.softmax.row_sum);
  f(Step::weights, steps.softmax.weights);
  visit_optional(Step::weights_dropped, steps.weights_dropped);
  f(Step::heads, steps.heads);
}

/// The sizes that a run on these tensors has (d_model and the widths of the sources stay 0).
/// Throws ShapeError if q [B, H, Lq, D], k [B, Hk, Ln, D], v [B, Hk, Ln, Dv] and the cache do not fit:
/// rank 4, equal batch, equal D, as many keys as values, H a multiple of Hk.
template <class T>
Sizes attention_sizes(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                      const AttentionOptions<T>& options);

/// Query head h reads key/value head h / (H / Hk). Throws as attention_sizes and check_mask.
/// Degenerate cases: no keys (Lk = 0) or no head width (D = 0) give empty sums, that is zeros.
template <class T>
AttentionSteps<T> attention(Tensor<T> q, Tensor<T> k, Tensor<T> v, AttentionOptions<T> options);

/// All keys and values that the queries met, positions included: the cache of the next run.
template <class T>
KeysAndValues<T> cache_after(const AttentionSteps<T>& steps);

/// The factor that `attention` uses: options.scale, else 1/√D (1 when D = 0).
template <class T>
T effective_scale(const AttentionOptions<T>& options, std::size_t head_dim);

}  // namespace attn
