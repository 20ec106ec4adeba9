#include <attn/error.hpp>
#include <attn/ops/layer.hpp>

#include <utility>

namespace attn {
namespace {

template <class T>
Tensor<T> with_batch(Tensor<T> tensor) {
  const Shape shape = shape_of(tensor);
  return shape.size() == 2 ? reshaped(std::move(tensor), {1, shape[0], shape[1]}) : tensor;
}

// Around any sublayer: f computes its result from the tensor it is given and keeps its own steps.
template <class T, class Steps, class Weights, class F>
void run_block(Steps& steps, const Tensor<T>& x, const Weights& weights, const LayerOptions<T>& options, F&& sublayer) {
  if (options.placement == NormPlacement::pre) {
    steps.norm = normalised(x, weights.norm, options.norm);
    steps.residual = residual(x, sublayer(steps.norm.norm), weights.residual);
  } else {
    steps.residual = residual(x, sublayer(x), weights.residual);
    steps.norm = normalised(steps.residual.residual, weights.norm, options.norm);
  }
}

template <class T>
MultiheadOptions<T> with_cache(MultiheadOptions<T> self, std::optional<KeysAndValues<T>> past) {
  if (past) {
    self.attention.past_key = std::move(past->key);
    self.attention.past_value = std::move(past->value);
  }
  return self;
}

void require_memory(bool there) {
  if (!there) throw ShapeError(std::string(name_of(Step::memory)), "is missing: a decoder layer attends to it");
}

template <class T>
AttentionBlockSteps<T> self_block(const Tensor<T>& x, std::optional<KeysAndValues<T>> past, const AttentionBlockWeights<T>& weights,
                                  const LayerOptions<T>& options) {
  AttentionBlockSteps<T> steps;
  MultiheadOptions<T> self = with_cache(options.self, std::move(past));
  run_block(steps, x, weights, options, [&](const Tensor<T>& source) -> const Tensor<T>& {
    steps.attention = multihead<T>({source}, weights.attention, std::move(self));
    return steps.attention.output;
  });
  return steps;
}

template <class T>
AttentionBlockSteps<T> cross_block(const Tensor<T>& x, const std::optional<Tensor<T>>& memory,
                                   std::optional<KeysAndValues<T>> computed, const AttentionBlockWeights<T>& weights,
                                   const LayerOptions<T>& options) {
  require_memory(memory || computed);
  AttentionBlockSteps<T> steps;
  run_block(steps, x, weights, options, [&](const Tensor<T>& source) -> const Tensor<T>& {
    steps.attention = multihead<T>({source, memory, std::nullopt, std::move(computed)}, weights.attention, options.cross);
    return steps.attention.output;
  });
  return steps;
}

template <class T>
FeedForwardBlockSteps<T> feed_forward_block(const Tensor<T>& x, const FeedForwardBlockWeights<T>& weights,
                                            const LayerOptions<T>& options) {
  FeedForwardBlockSteps<T> steps;
  run_block(steps, x, weights, options, [&](const Tensor<T>& source) -> const Tensor<T>& {
    steps.maps = feed_forward(source, weights.maps, options.activation);
    return steps.maps.output;
  });
  return steps;
}

// A block of which only the result is wanted. Around the sublayer nothing is larger than its input.
template <class T, class Weights, class F>
Tensor<T> result_of_block(const Tensor<T>& x, const Weights& weights, const LayerOptions<T>& options, F&& sublayer) {
  struct {
    NormSteps<T> norm;
    ResidualSteps<T> residual;
  } around;
  run_block(around, x, weights, options, sublayer);
  return options.placement == NormPlacement::post ? std::move(around.norm.norm) : std::move(around.residual.residual);
}

}  // namespace

template <class T>
LayerSteps<T> layer(LayerInputs<T> inputs, const LayerWeights<T>& weights, const LayerOptions<T>& options) {
  LayerSteps<T> steps;
  steps.placement = options.placement;
  const bool unbatched = inputs.x.dimension() == 2;
  steps.x = with_batch(std::move(inputs.x));
  if (weights.cross && inputs.memory) steps.memory = with_batch(std::move(*inputs.memory));

  steps.self = self_block(steps.x, std::move(inputs.cache.self), weights.self, options);
  const Tensor<T>* handed_on = &steps.result_of(steps.self);
  if (weights.cross) {
    steps.cross = cross_block(*handed_on, steps.memory, std::move(inputs.cache.cross), *weights.cross, options);
    handed_on = &steps.result_of(*steps.cross);
  }
  steps.ffn = feed_forward_block(*handed_on, weights.ffn, options);
  if (unbatched) {
    const Tensor<T>& result = steps.result_of(steps.ffn);
    steps.flat_output = reshaped(result, {result.shape(1), result.shape(2)});
  }
  return steps;
}

template <class T>
Tensor<T> fused_layer(LayerInputs<T> inputs, const LayerWeights<T>& weights, const LayerOptions<T>& options,
                      const FusedOptions& fused) {
  const bool unbatched = inputs.x.dimension() == 2;
  Tensor<T> x = with_batch(std::move(inputs.x));
  MultiheadOptions<T> self = with_cache(options.self, std::move(inputs.cache.self));
  x = result_of_block(x, weights.self, options, [&](const Tensor<T>& source) {
    return fused_multihead<T>({source}, weights.self.attention, std::move(self), fused).output;
  });
  if (weights.cross) {
    require_memory(inputs.memory || inputs.cache.cross);
    if (inputs.memory) inputs.memory = with_batch(std::move(*inputs.memory));
    x = result_of_block(x, *weights.cross, options, [&](const Tensor<T>& source) {
      MultiheadInputs<T> sources{source, std::move(inputs.memory), std::nullopt, std::move(inputs.cache.cross)};
      return fused_multihead<T>(std::move(sources), weights.cross->attention, options.cross, fused).output;
    });
  }
  x = result_of_block(x, weights.ffn, options, [&](const Tensor<T>& source) {
    return feed_forward(source, weights.ffn.maps, options.activation).output;
  });
  if (!unbatched) return x;
  const Shape matrix = {x.shape(1), x.shape(2)};
  return reshaped(std::move(x), matrix);
}

template <class T>
LayerCache<T> cache_after(const LayerSteps<T>& steps) {
  LayerCache<T> cache{cache_after(steps.self.attention.attention), std::nullopt};
  if (steps.cross) cache.cross = cache_after(steps.cross->attention.attention);
  return cache;
}

template LayerSteps<float> layer(LayerInputs<float>, const LayerWeights<float>&, const LayerOptions<float>&);
template LayerSteps<double> layer(LayerInputs<double>, const LayerWeights<double>&, const LayerOptions<double>&);
template Tensor<float> fused_layer(LayerInputs<float>, const LayerWeights<float>&, const LayerOptions<float>&, const FusedOptions&);
template Tensor<double> fused_layer(LayerInputs<double>, const LayerWeights<double>&, const LayerOptions<double>&, const FusedOptions&);
template LayerCache<float> cache_after(const LayerSteps<float>&);
template LayerCache<double> cache_after(const LayerSteps<double>&);

}  // namespace attn
