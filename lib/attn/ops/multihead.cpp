#include <attn/error.hpp>
#include <attn/ops/heads.hpp>
#include <attn/ops/matmul.hpp>
#include <attn/ops/multihead.hpp>
#include <attn/ops/stages.hpp>

#include <string>
#include <utility>

namespace attn {
namespace {

std::string name(Step step) { return std::string(name_of(step)); }

// (L, E) is one sample: (1, L, E).
template <class T>
Tensor<T> with_batch(Tensor<T> source, Step step) {
  const Shape shape = shape_of(source);
  if (shape.size() == 3) return source;
  if (shape.size() == 2) return reshaped(std::move(source), {1, shape[0], shape[1]});
  throw ShapeError(name(step), "expected rank 3 (B, L, E) or 2 (L, E), found " + to_string(shape));
}

template <class T>
std::optional<Tensor<T>> with_batch(std::optional<Tensor<T>> source, Step step) {
  if (!source) return std::nullopt;
  return with_batch(std::move(*source), step);
}

// Keys and values of their source, split into heads, with the keys that the module itself appends.
template <class T>
KeysAndValues<T> keys_and_values(MultiheadSteps<T>& steps, const MultiheadWeights<T>& weights,
                                 const MultiheadOptions<T>& options) {
  const Tensor<T>& key_source = steps.memory ? *steps.memory : steps.x;
  const Tensor<T>& value_source = steps.memory_value ? *steps.memory_value : key_source;
  if (weights.w_k || weights.b_k) steps.k_proj = linear(key_source, weights.w_k, weights.b_k, name(Step::k_proj));
  if (weights.w_v || weights.b_v) steps.v_proj = linear(value_source, weights.w_v, weights.b_v, name(Step::v_proj));
  Tensor<T> k = split_heads(steps.k_proj ? *steps.k_proj : key_source, options.kv_heads);
  Tensor<T> v = split_heads(steps.v_proj ? *steps.v_proj : value_source, options.kv_heads);
  if (weights.bias_k || weights.bias_v) {
    k = append_key(k, weights.bias_k, name(Step::bias_k));
    v = append_key(v, weights.bias_v, name(Step::bias_v));
  }
  if (options.add_zero_attn) {
    k = append_key(k, std::optional<Tensor<T>>(), "zero key");
    v = append_key(v, std::optional<Tensor<T>>(), "zero value");
  }
  return {std::move(k), std::move(v)};
}

template <class T>
struct ProjectedHeads {
  Tensor<T> q;
  KeysAndValues<T> kv;
  std::size_t appended;  // keys that the module adds to those of the source
};

// Sources, linear maps and heads, and the keys that no mask rule applies to.
template <class T>
ProjectedHeads<T> project(MultiheadSteps<T>& steps, MultiheadInputs<T> inputs, const MultiheadWeights<T>& weights,
                          MultiheadOptions<T>& options) {
  steps.x = with_batch(std::move(inputs.x), Step::x);
  if (!inputs.computed) {
    steps.memory = with_batch(std::move(inputs.memory), Step::memory);
    steps.memory_value = with_batch(std::move(inputs.memory_value), Step::memory_value);
  }
  if (weights.w_q || weights.b_q) steps.q_proj = linear(steps.x, weights.w_q, weights.b_q, name(Step::q_proj));
  Tensor<T> q = split_heads(steps.q_proj ? *steps.q_proj : steps.x, options.heads);
  KeysAndValues<T> kv = inputs.computed ? std::move(*inputs.computed) : keys_and_values(steps, weights, options);
  const std::size_t appended = (weights.bias_k || weights.bias_v ? 1 : 0) + (options.add_zero_attn ? 1 : 0);
  options.attention.mask.exempt_keys += appended;
  return {std::move(q), std::move(kv), appended};
}

// What attention itself does not see: the widths of the sources, and which of the keys the module appended.
template <class T>
void complete(Sizes& sizes, const MultiheadSteps<T>& steps, std::size_t appended) {
  sizes.new_len -= appended;
  sizes.d_model = steps.x.shape(2);
  sizes.key_width = (steps.memory ? *steps.memory : steps.x).shape(2);
  sizes.value_width = steps.memory_value ? steps.memory_value->shape(2) : sizes.key_width;
}

template <class T>
Tensor<T> mapped_output(const Tensor<T>& merged, const MultiheadWeights<T>& weights, bool unbatched) {
  Tensor<T> output = linear(merged, weights.w_o, weights.b_o, name(Step::output));
  if (!unbatched) return output;
  const Shape matrix = {output.shape(1), output.shape(2)};
  return reshaped(std::move(output), matrix);
}

}  // namespace

template <class T>
Tensor<T> linear(const Tensor<T>& source, const std::optional<Tensor<T>>& w, const std::optional<Tensor<T>>& b,
                 const std::string& subject) {
  if (source.dimension() == 0) throw ShapeError(subject, "a linear map needs rows, found a single number");
  if (w && (w->dimension() != 2 || w->shape(0) != source.shape().back())) {
    throw ShapeError(subject, "a map of shape " + to_string(shape_of(*w)) + " cannot be applied to rows of width " +
                               std::to_string(source.shape().back()));
  }
  Tensor<T> result = w ? matmul(source, *w) : source;
  if (!b) return result;
  const std::size_t width = result.shape().back();
  if (b->size() != width) {
    throw ShapeError(subject, "a bias of shape " + to_string(shape_of(*b)) + " cannot be added to rows of width " +
                               std::to_string(width));
  }
  for (T* row = result.data(); row != result.data() + result.size(); row += width) {
    for (std::size_t j = 0; j < width; ++j) row[j] += b->data()[j];
  }
  return result;
}

template <class T>
MultiheadSteps<T> multihead(MultiheadInputs<T> inputs, const MultiheadWeights<T>& weights,
                            MultiheadOptions<T> options) {
  MultiheadSteps<T> steps;
  const bool unbatched = inputs.x.dimension() == 2;

  // 1. Linear maps and heads. Absent maps are the identity and leave no step.
  ProjectedHeads<T> projected = project(steps, std::move(inputs), weights, options);

  // 2. Attention in every head.
  steps.attention = attention(std::move(projected.q), std::move(projected.kv.key), std::move(projected.kv.value),
                              std::move(options.attention));
  complete(steps.attention.sizes, steps, projected.appended);
  if (options.average_weights) {
    steps.weights_averaged = mean_over_heads(
        steps.attention.weights_dropped ? *steps.attention.weights_dropped : steps.attention.softmax.weights);
  }

  // 3. Heads side by side again, and the output map.
  steps.merged = merge_heads(steps.attention.heads);
  steps.output = mapped_output(steps.merged, weights, unbatched);
  return steps;
}

template <class T>
MultiheadEnds<T> fused_multihead(MultiheadInputs<T> inputs, const MultiheadWeights<T>& weights,
                                 MultiheadOptions<T> options, const FusedOptions& fused) {
  if (options.average_weights) throw UsageError("fused attention", "keeps no weights that could be averaged");
  MultiheadSteps<T> steps;
  const bool unbatched = inputs.x.dimension() == 2;
  const ProjectedHeads<T> projected = project(steps, std::move(inputs), weights, options);
  steps.q_proj = steps.k_proj = steps.v_proj = std::nullopt;
  const auto& [q, kv, appended] = projected;
  MultiheadEnds<T> ends;
  ends.sizes = attention_sizes(q, kv.key, kv.value, options.attention);
  complete(ends.sizes, steps, appended);
  ends.merged = merge_heads(fused_attention(q, kv.key, kv.value, options.attention, fused));
  ends.output = mapped_output(ends.merged, weights, unbatched);
  ends.x = std::move(steps.x);
  ends.memory = std::move(steps.memory);
  ends.memory_value = std::move(steps.memory_value);
  return ends;
}

template Tensor<float> linear(const Tensor<float>&, const std::optional<Tensor<float>>&,
                              const std::optional<Tensor<float>>&, const std::string&);
template Tensor<double> linear(const Tensor<double>&, const std::optional<Tensor<double>>&,
                               const std::optional<Tensor<double>>&, const std::string&);
template MultiheadSteps<float> multihead(MultiheadInputs<float>, const MultiheadWeights<float>&,
                                         MultiheadOptions<float>);
template MultiheadSteps<double> multihead(MultiheadInputs<double>, const MultiheadWeights<double>&,
                                          MultiheadOptions<double>);
template MultiheadEnds<float> fused_multihead(MultiheadInputs<float>, const MultiheadWeights<float>&,
                                              MultiheadOptions<float>, const FusedOptions&);
template MultiheadEnds<double> fused_multihead(MultiheadInputs<double>, const MultiheadWeights<double>&,
                                               MultiheadOptions<double>, const FusedOptions&);

}  // namespace attn
