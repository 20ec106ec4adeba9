#include <attn/ops/transformer.hpp>

#include <attn/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace attn {
namespace {

// The rows `first` … of a table, as many as there are positions.
template <class T>
Tensor<T> table_rows(const Tensor<T>& table, std::size_t first, std::size_t count) {
  const std::size_t width = table.shape(1);
  Tensor<T> rows = empty<T>({count, width});
  std::copy_n(table.data() + first * width, count * width, rows.data());
  return rows;
}

template <class T>
Tensor<T> token_rows(const TokenBatch& tokens, const Tensor<T>& table, T scale) {
  const std::size_t width = table.shape(1);
  Tensor<T> rows = empty<T>({tokens.batch, tokens.length, width});
  for (std::size_t i = 0; i < tokens.tokens.size(); ++i) {
    const std::size_t token = tokens.tokens[i];
    if (token >= table.shape(0)) {
      throw InputError("tokens", "there is no token " + std::to_string(token) + ": the vocabulary has " +
                                     std::to_string(table.shape(0)) + " tokens, counted from 0");
    }
    for (std::size_t e = 0; e < width; ++e) rows.data()[i * width + e] = table.data()[token * width + e] * scale;
  }
  return rows;
}

// Adds the same rows [L, E] to every sample of x [B, L, E].
template <class T>
void add_rows(Tensor<T>& x, const Tensor<T>& rows) {
  const std::size_t size = rows.size();
  for (std::size_t first = 0; first < x.size(); first += size) {
    for (std::size_t i = 0; i < size; ++i) x.data()[first + i] += rows.data()[i];
  }
}

template <class T>
std::size_t past_length(const std::vector<LayerCache<T>>& caches) {
  return caches.empty() || !caches.front().self ? 0 : caches.front().self->key.shape(2);
}

std::string path(const std::string& prefix, Step step) { return prefix + std::string(name_of(step)); }

template <class T>
void append_norm(Trace& trace, const NormSteps<T>& norm, const std::string& prefix) {
  visit(norm, [&](Step step, const Tensor<T>& tensor) {
    trace.entries.push_back({path(prefix, step), step, axes_of(step, trace.sizes), TensorView(tensor)});
  });
}

template <class T>
void append_stack(Trace& trace, const StackSteps<T>& steps, const std::string& prefix) {
  const auto add = [&](Step step, const Tensor<T>& tensor) {
    trace.entries.push_back({path(prefix, step), step, axes_of(step, trace.sizes), TensorView(tensor)});
  };
  add(Step::token_embedding, steps.embedding.token_embedding);
  if (steps.embedding.position_embedding) add(Step::position_embedding, *steps.embedding.position_embedding);
  if (steps.embedding.segment_embedding) add(Step::segment_embedding, *steps.embedding.segment_embedding);
  add(Step::x, steps.embedding.x);
  if (steps.embedding.norm) append_norm(trace, *steps.embedding.norm, path_of_embedding_norm(prefix));
  for (std::size_t i = 0; i < steps.layers.size(); ++i) append_to(trace, steps.layers[i], path_of_layer(prefix, i));
  if (steps.final_norm) append_norm(trace, *steps.final_norm, path_of_final_norm(prefix));
  add(Step::output, steps.output());
}

// What run_stack computes for a whole sequence, without its steps.
template <class T>
Tensor<T> fused_stack(const TokenBatch& tokens, const std::optional<Tensor<T>>& memory, const StackWeights<T>& weights,
                      const StackOptions<T>& options, const FusedOptions& fused) {
  Tensor<T> x = embedded(tokens, 0, weights.embedding, options).output();
  for (const LayerWeights<T>& each : weights.layers) {
    x = fused_layer<T>({std::move(x), each.cross ? memory : std::nullopt}, each, options.layer, fused);
  }
  return weights.final_norm ? normalised(x, *weights.final_norm, options.layer.norm).norm : x;
}

}  // namespace

bool TokenBatch::padded() const {
  return std::any_of(lengths.begin(), lengths.end(), [this](std::size_t each) { return each < length; });
}

TokenBatch token_batch(const std::vector<std::vector<std::size_t>>& rows, std::size_t pad) {
  TokenBatch batch;
  batch.batch = rows.size();
  for (const auto& row : rows) {
    batch.lengths.push_back(row.size());
    batch.length = std::max(batch.length, row.size());
  }
  for (const auto& row : rows) {
    batch.tokens.insert(batch.tokens.end(), row.begin(), row.end());
    batch.tokens.insert(batch.tokens.end(), batch.length - row.size(), pad);
  }
  return batch;
}

template <class T>
EmbeddingSteps<T> embedded(const TokenBatch& tokens, std::size_t first_position, const EmbeddingWeights<T>& weights,
                           const StackOptions<T>& options) {
  EmbeddingSteps<T> steps;
  steps.token_embedding = token_rows(tokens, *weights.token_table, static_cast<T>(options.embedding_scale));
  steps.x = steps.token_embedding;
  if (weights.position_table) {
    const std::size_t last = first_position + tokens.length, rows = weights.position_table->shape(0);
    if (last > rows) {
      throw InputError("tokens", "a sequence of " + std::to_string(last) + " tokens is longer than the " +
                                     std::to_string(rows) + " positions of this model");
    }
    steps.position_embedding = table_rows(*weights.position_table, first_position, tokens.length);
    add_rows(steps.x, *steps.position_embedding);
  }
  if (weights.segment_table) {
    steps.segment_embedding = empty<T>({tokens.length, weights.segment_table->shape(1)});
    for (std::size_t i = 0; i < steps.segment_embedding->size(); ++i) {
      steps.segment_embedding->data()[i] = weights.segment_table->data()[i % weights.segment_table->shape(1)];
    }
    add_rows(steps.x, *steps.segment_embedding);
  }
  if (weights.norm) steps.norm = normalised(steps.x, *weights.norm, options.layer.norm);
  return steps;
}

template <class T>
StackSteps<T> run_stack(const TokenBatch& tokens, const std::optional<Tensor<T>>& memory, std::vector<LayerCache<T>> caches,
                        const StackWeights<T>& weights, const StackOptions<T>& options) {
  StackSteps<T> steps;
  steps.embedding = embedded(tokens, past_length(caches), weights.embedding, options);
  steps.layers.reserve(weights.layers.size());
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    const Tensor<T>& x = i == 0 ? steps.embedding.output() : steps.layers.back().output();
    LayerCache<T> cache = caches.empty() ? LayerCache<T>{} : std::move(caches[i]);
    const bool reads_memory = weights.layers[i].cross && !cache.cross;
    steps.layers.push_back(
        layer<T>({x, reads_memory ? memory : std::nullopt, std::move(cache)}, weights.layers[i], options.layer));
  }
  if (weights.final_norm) {
    const Tensor<T>& x = steps.layers.empty() ? steps.embedding.output() : steps.layers.back().output();
    steps.final_norm = normalised(x, *weights.final_norm, options.layer.norm);
  }
  return steps;
}

template <class T>
StackOptions<T> with_padding_mask(StackOptions<T> options, const TokenBatch& source) {
  if (source.padded()) options.layer.self.attention.mask.valid_lens = source.lengths;
  return options;
}

template <class T>
StackOptions<T> with_target_masks(StackOptions<T> options, const TokenBatch* source) {
  options.layer.self.attention.mask.causal = true;
  if (source && source->padded()) options.layer.cross.attention.mask.valid_lens = source->lengths;
  return options;
}

template <class T>
TransformerSteps<T> transformer(const TokenBatch& source, const TokenBatch& target, const TransformerWeights<T>& weights,
                                const StackOptions<T>& options) {
  TransformerSteps<T> steps;
  std::optional<Tensor<T>> memory;
  if (weights.encoder) {
    steps.encoder = run_stack<T>(source, std::nullopt, {}, *weights.encoder, with_padding_mask(options, source));
    memory = steps.encoder->output();
  }
  if (weights.decoder) {
    steps.decoder = run_stack<T>(target, memory, {}, *weights.decoder,
                                 with_target_masks(options, weights.encoder ? &source : nullptr));
  }
  if (weights.w_out) {
    const StackSteps<T>& last = steps.decoder ? *steps.decoder : *steps.encoder;
    steps.logits = linear(last.output(), weights.w_out, weights.b_out, std::string(name_of(Step::logits)));
  }
  return steps;
}

template <class T>
Tensor<T> fused_transformer(const TokenBatch& source, const TokenBatch& target, const TransformerWeights<T>& weights,
                            const StackOptions<T>& options, const FusedOptions& fused) {
  std::optional<Tensor<T>> memory;
  Tensor<T> last;
  if (weights.encoder) {
    last = fused_stack<T>(source, std::nullopt, *weights.encoder, with_padding_mask(options, source), fused);
    memory = last;
  }
  if (weights.decoder) {
    const StackOptions<T> masked = with_target_masks(options, weights.encoder ? &source : nullptr);
    last = fused_stack<T>(target, memory, *weights.decoder, masked, fused);
  }
  return weights.w_out ? linear(last, weights.w_out, weights.b_out, std::string(name_of(Step::logits))) : last;
}

template <class T>
void append_to(Trace& trace, const TransformerSteps<T>& steps) {
  if (steps.encoder) append_stack(trace, *steps.encoder, path_of_stack(Stack::encoder));
  if (steps.decoder) append_stack(trace, *steps.decoder, path_of_stack(Stack::decoder));
  if (steps.logits) trace.entries.push_back({std::string(name_of(Step::logits)), Step::logits, axes_of(Step::logits, trace.sizes), TensorView(*steps.logits)});
}

template EmbeddingSteps<float> embedded(const TokenBatch&, std::size_t, const EmbeddingWeights<float>&, const StackOptions<float>&);
template StackSteps<float> run_stack(const TokenBatch&, const std::optional<Tensor<float>>&, std::vector<LayerCache<float>>,
                                     const StackWeights<float>&, const StackOptions<float>&);
template StackOptions<float> with_padding_mask(StackOptions<float>, const TokenBatch&);
template StackOptions<float> with_target_masks(StackOptions<float>, const TokenBatch*);
template TransformerSteps<float> transformer(const TokenBatch&, const TokenBatch&, const TransformerWeights<float>&,
                                             const StackOptions<float>&);
template Tensor<float> fused_transformer(const TokenBatch&, const TokenBatch&, const TransformerWeights<float>&,
                                         const StackOptions<float>&, const FusedOptions&);
template Tensor<double> fused_transformer(const TokenBatch&, const TokenBatch&, const TransformerWeights<double>&,
                                          const StackOptions<double>&, const FusedOptions&);
template void append_to(Trace&, const TransformerSteps<float>&);
template EmbeddingSteps<double> embedded(const TokenBatch&, std::size_t, const EmbeddingWeights<double>&, const StackOptions<double>&);
template StackSteps<double> run_stack(const TokenBatch&, const std::optional<Tensor<double>>&, std::vector<LayerCache<double>>,
                                     const StackWeights<double>&, const StackOptions<double>&);
template StackOptions<double> with_padding_mask(StackOptions<double>, const TokenBatch&);
template StackOptions<double> with_target_masks(StackOptions<double>, const TokenBatch*);
template TransformerSteps<double> transformer(const TokenBatch&, const TokenBatch&, const TransformerWeights<double>&,
                                             const StackOptions<double>&);
template void append_to(Trace&, const TransformerSteps<double>&);

}  // namespace attn
