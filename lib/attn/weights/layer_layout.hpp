// How a whole layer names, orients and packs its parameters: two modules of attention under prefixes, and
// rows of data for the rest, with the names of PyTorch's TransformerEncoderLayer and TransformerDecoderLayer.
//
// What those classes do not have (a gate, a mapped residual) gets a name in the same style.
#pragma once

#include <attn/random.hpp>
#include <attn/weights/infer.hpp>
#include <attn/weights/layer_weights.hpp>
#include <attn/weights/multihead_shape.hpp>
#include <attn/weights/named_tensor.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn {

/// Sizes and parts of one layer. Zero means "the default".
struct LayerShape {
  bool decoder = false;          ///< attends to a memory
  MultiheadShape attention;      ///< of self-attention and of cross-attention
  std::size_t ffn_width = 0;     ///< F; default 4·E
  std::size_t output_width = 0;  ///< Eo, width of the feed-forward's result; default E
  bool residual_map = false;     ///< the feed-forward's residual connection has a map W_s
  bool gated = false;            ///< the feed-forward has a gate
  bool norm_shift = true;        ///< normalisations have a shift β (LayerNorm), or a gain only (RMSNorm)
  bool norm_first = false;       ///< pre-norm; decides the width of the feed-forward's normalisation
};

/// One parameter of a layer outside its attentions.
struct LayerRow {
  std::string_view name;  ///< "linear1.weight"
  std::string_view axes;  ///< letters of shape.hpp: "F, E"
  Block block;
  Step feeds;
  Initialisation initialisation;
  std::string_view fan_in;
  bool (*present)(const LayerShape&);
};

/// All rows, in the order in which the constructor makes them; the attentions come before.
const std::vector<LayerRow>& layer_rows();

/// "self_attn." and "multihead_attn.".
std::string_view attention_prefix(Block block);

/// The same shape with every default filled in.
/// Throws UsageError as the attention's `resolved`, and for an output width without a mapped residual.
LayerShape resolved(const LayoutInfo& layout, const LayerShape& shape);

/// The letters of a resolved shape.
Sizes sizes_of(const LayerShape& shape);

/// The state_dict of a new layer whose attentions have this layout, drawn in the order of PyTorch's
/// constructor.
std::vector<NamedTensor<float>> initialise(const LayoutInfo& layout, const LayerShape& shape, TorchGenerator& generator);

/// The resolved shape that these tensors have; `heads` as in infer_shape, `norm_first` as given.
/// Throws InputError(subject) if a tensor that every layer has is missing.
LayerShape infer_layer_shape(const LayoutInfo& layout, const std::vector<NamedShape>& tensors, std::size_t heads,
                             bool norm_first, const std::string& subject);

/// The canonical form of a layer's tensors.
/// Throws InputError(subject) for a tensor that is missing, unexpected or wrongly shaped.
template <class T>
LayerWeights<T> to_canonical(const LayoutInfo& layout, const LayerShape& shape,
                             const std::vector<NamedTensor<T>>& tensors, const std::string& subject);

}  // namespace attn
