// The shapes of a module of attention, step by step, without computing anything.
#pragma once

#include <attn/shapes/module.hpp>
#include <attn/shapes/tracer.hpp>

namespace attn::shapes {

/// Every tensor between the inputs and the outputs, in order of computation: what PyTorch 1.13 does in the
/// slow (training) path for its own modules, what the source says for the others. The last row is the
/// output. `find_contradictions` (rules.hpp) must be empty for these arguments.
ShapeTrace trace_shapes(const ModuleConfig& config, const ModuleCall& call);

/// The axes that a run of this module and call has, by letter.
struct Legend {
  Axis B, H, Hk, Lq, Lk, E, Ek, Ev, D, Dv, F, V;
};
Legend legend_of(const ModuleConfig& config, const ModuleCall& call);

/// nn.MultiheadAttention's inside on sequence-first tensors [L, B, ·]; shared by the layers.
/// Returns the output [Lq, B, E]. `config` has its defaults filled in.
struct TorchSources {
  Axes query, key, value;
  bool key_is_query = false, value_is_key = false;
  bool need_weights = false;  ///< also the weights by head, and their mean
};
Axes trace_torch_attention(Tracer& tracer, const ModuleConfig& config, const Legend& legend,
                           const TorchSources& sources, bool unbatched);

/// Encoder layer, decoder layer and transformer.
void trace_layers(Tracer& tracer, const ModuleConfig& config, const ModuleCall& call);

}  // namespace attn::shapes
