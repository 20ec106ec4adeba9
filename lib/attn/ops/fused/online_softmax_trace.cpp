#include <attn/ops/fused/online_softmax_trace.hpp>

#include <attn/error.hpp>
#include <attn/ops/heads.hpp>
#include <attn/ops/stages.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {
namespace {

using fused::Range;

// One head of one sample, whatever the cache and the groups of heads.
template <class T>
struct OneHead {
  const T* queries;  // [Lq, D]
  const T* keys;     // [Lk, D]
  const T* values;   // [Lk, Dv]
  std::size_t b, h;
};

template <class T>
struct Run {
  Sizes sizes;
  const AttentionOptions<T>& options;
  T scale;
  TileSizes tile;
};

template <class T>
T dot(const T* a, const T* b, std::size_t count) {
  T sum = 0;
  for (std::size_t d = 0; d < count; ++d) sum += a[d] * b[d];
  return sum;
}

// Whether every query of the panel is forbidden every key of the tile by this one rule.
template <class T>
bool forbids_all(bool MaskVerdict<T>::*rule, const Run<T>& run, const OneHead<T>& head, const Range& queries, const Range& keys) {
  for (std::size_t i = queries.begin; i < queries.end; ++i) {
    for (std::size_t j = keys.begin; j < keys.end; ++j) {
      if (!(mask_verdict(run.options.mask, run.sizes, head.b, head.h, i, j).*rule)) return false;
    }
  }
  return true;
}

template <class T>
LeftOut reason_of(const Run<T>& run, const OneHead<T>& head, const Range& queries, const Range& keys) {
  const fused::Visibility<T> visibility(run.options.mask, run.sizes, run.options.mask_fill, head.b, head.h);
  for (const Range& met : visibility.keys_for(queries)) {
    if (!overlap(met, keys).empty()) return LeftOut::no;
  }
  if (forbids_all(&MaskVerdict<T>::causal, run, head, queries, keys)) return LeftOut::causal;
  if (forbids_all(&MaskVerdict<T>::padding, run, head, queries, keys)) return LeftOut::padding;
  if (forbids_all(&MaskVerdict<T>::window, run, head, queries, keys)) return LeftOut::window;
  return LeftOut::several;
}

// The score of one query and one key: scaled, capped, masked.
template <class T>
T score_of(const Run<T>& run, const OneHead<T>& head, std::size_t i, std::size_t j, const MaskVerdict<T>& verdict) {
  if (verdict.forbidden()) return run.options.mask_fill;
  const std::size_t width = run.sizes.head_dim;
  T score = run.scale * dot(head.queries + i * width, head.keys + j * width, width);
  if (run.options.softcap) {
    const T cap = static_cast<T>(*run.options.softcap);
    score = cap * std::tanh(score / cap);
  }
  return score + verdict.added;
}

// The three moves of one query at one tile, after `before`.
template <class T>
OnlineRow<T> meet(const Run<T>& run, const OneHead<T>& head, std::size_t i, const Range& keys, const OnlineRow<T>& before) {
  OnlineRow<T> row;
  row.seen = before.seen;

  // 1. The scores of this tile.
  for (std::size_t j = keys.begin; j < keys.end; ++j) {
    const MaskVerdict<T> verdict = mask_verdict(run.options.mask, run.sizes, head.b, head.h, i, j);
    row.scores.push_back(score_of(run, head, i, j, verdict));
    row.seen = row.seen || !verdict.forbidden();
  }

  // 2. Weights under the largest score so far. What was summed under the old one is put right by one factor.
  row.max_before = row.max = before.max;
  for (const T score : row.scores) row.max = score > row.max ? score : row.max;
  // A row that has met only −inf: its weights are 0, not exp(−inf − −inf).
  const T shift = row.max == -std::numeric_limits<T>::infinity() ? T{0} : row.max;
  row.factor = std::exp(row.max_before - shift);
  row.sum_before = before.sum;
  row.sum = row.factor * before.sum;
  for (const T score : row.scores) {
    row.weights.push_back(std::exp(score - shift));
    row.sum += row.weights.back();
  }

  // 3. The values, weighted and added up.
  for (std::size_t d = 0; d < run.sizes.value_dim; ++d) {
    T value = row.factor * before.values[d];
    for (std::size_t j = keys.begin; j < keys.end; ++j) {
      value += row.weights[j - keys.begin] * head.values[j * run.sizes.value_dim + d];
    }
    row.values.push_back(value);
  }
  return row;
}

template <class T>
OnlinePanel<T> panel_of(const Run<T>& run, const OneHead<T>& head, const Range& queries) {
  OnlinePanel<T> panel{head.b, head.h, queries, {}, {}};
  OnlineRow<T> start;
  start.values.assign(run.sizes.value_dim, T{0});
  panel.last.assign(queries.size(), start);
  for (std::size_t begin = 0; begin < run.sizes.key_len; begin += run.tile.keys) {
    const Range keys = {begin, std::min(begin + run.tile.keys, run.sizes.key_len)};
    OnlineTile<T> tile{keys, reason_of(run, head, queries, keys), {}};
    if (tile.left_out == LeftOut::no) {
      for (std::size_t i = 0; i < queries.size(); ++i) {
        tile.rows.push_back(meet(run, head, queries.begin + i, keys, panel.last[i]));
      }
      panel.last = tile.rows;
    }
    panel.tiles.push_back(std::move(tile));
  }
  return panel;
}

template <class T>
T mean_of_column(const OneHead<T>& head, const Sizes& sizes, std::size_t d) {
  T sum = 0;
  for (std::size_t j = 0; j < sizes.key_len; ++j) sum += head.values[j * sizes.value_dim + d];
  return sum / static_cast<T>(sizes.key_len);
}

// o/l, or what stands in its place.
template <class T>
T result_of(const Run<T>& run, const OneHead<T>& head, const OnlineRow<T>& row, std::size_t d) {
  if (run.sizes.key_len == 0) return T{0};
  const std::optional<MaskedRows> policy = policy_of_masked_rows(run.options);
  if (row.seen || !policy) return row.values[d] / row.sum;
  if (*policy == MaskedRows::uniform) return mean_of_column(head, run.sizes, d);
  return *policy == MaskedRows::zero ? T{0} : std::numeric_limits<T>::quiet_NaN();
}

template <class T>
void attend(OnlineSoftmaxTrace<T>& trace, const Run<T>& run, const OneHead<T>& head) {
  const Sizes& sizes = run.sizes;
  T* const heads = trace.heads.data() + (head.b * sizes.heads + head.h) * sizes.query_len * sizes.value_dim;
  for (std::size_t begin = 0; begin < sizes.query_len; begin += run.tile.queries) {
    const Range queries = {begin, std::min(begin + run.tile.queries, sizes.query_len)};
    trace.panels.push_back(panel_of(run, head, queries));
    for (std::size_t i = 0; i < queries.size(); ++i) {
      for (std::size_t d = 0; d < sizes.value_dim; ++d) {
        heads[(begin + i) * sizes.value_dim + d] = result_of(run, head, trace.panels.back().last[i], d);
      }
    }
  }
}

// What the queries of all heads meet: the cache, then the new keys.
template <class T>
KeysAndValues<T> keys_of(const Tensor<T>& k, const Tensor<T>& v, const AttentionOptions<T>& options, const Sizes& sizes) {
  KeysAndValues<T> met{options.rotary ? rotated(k, *options.rotary, sizes.past_len) : k, v};
  if (options.past_key) {
    met.key = concatenate_keys(*options.past_key, met.key);
    met.value = concatenate_keys(*options.past_value, met.value);
  }
  if (met.key.shape(2) != met.value.shape(2)) {
    throw ShapeError("attention", "past keys " + to_string(shape_of(*options.past_key)) + " and past values " +
                                      to_string(shape_of(*options.past_value)) + " differ in length");
  }
  return met;
}

}  // namespace

template <class T>
OnlineSoftmaxTrace<T> online_softmax_trace(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                           const AttentionOptions<T>& options, TileSizes tile) {
  if (options.dropout_keep) throw UsageError("online softmax", "keeps no weights that dropout could drop");
  if (tile.queries == 0 || tile.keys == 0) throw UsageError("online softmax", "a tile needs at least one query and one key");
  const Sizes sizes = attention_sizes(q, k, v, options);
  check_mask(options.mask, sizes);
  const KeysAndValues<T> met = keys_of(k, v, options, sizes);
  const Tensor<T> queries = options.rotary ? rotated(q, *options.rotary, sizes.past_len) : q;
  const Run<T> run{sizes, options, effective_scale(options, sizes.head_dim), tile};
  OnlineSoftmaxTrace<T> trace{sizes, run.scale, {}, empty<T>({sizes.batch, sizes.heads, sizes.query_len, sizes.value_dim})};
  for (std::size_t b = 0; b < sizes.batch; ++b) {
    for (std::size_t h = 0; h < sizes.heads; ++h) {
      const std::size_t slice = b * sizes.heads + h, kv_slice = b * sizes.kv_heads + h / (sizes.heads / sizes.kv_heads);
      attend<T>(trace, run,
                {queries.data() + slice * sizes.query_len * sizes.head_dim,
                 met.key.data() + kv_slice * sizes.key_len * sizes.head_dim,
                 met.value.data() + kv_slice * sizes.key_len * sizes.value_dim, b, h});
    }
  }
  return trace;
}

template OnlineSoftmaxTrace<float> online_softmax_trace(const Tensor<float>&, const Tensor<float>&, const Tensor<float>&,
                                                        const AttentionOptions<float>&, TileSizes);
template OnlineSoftmaxTrace<double> online_softmax_trace(const Tensor<double>&, const Tensor<double>&, const Tensor<double>&,
                                                         const AttentionOptions<double>&, TileSizes);

}  // namespace attn
