#include <attn/weights/layer_layout.hpp>

#include <attn/error.hpp>
#include <attn/weights/convert.hpp>
#include <attn/weights/init.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace attn {
namespace {

using B = Block;
using I = Initialisation;
using S = Step;

bool always(const LayerShape&) { return true; }
bool if_gated(const LayerShape& s) { return s.gated; }
bool if_mapped(const LayerShape& s) { return s.residual_map; }
bool if_shifted(const LayerShape& s) { return s.norm_shift; }
// The last normalisation is norm2 of an encoder and norm3 of a decoder; with post-norm it sees the output.
bool encoder_post(const LayerShape& s) { return !s.decoder && !s.norm_first; }
bool encoder_pre(const LayerShape& s) { return !s.decoder && s.norm_first; }
bool decoder(const LayerShape& s) { return s.decoder; }
bool decoder_post(const LayerShape& s) { return s.decoder && !s.norm_first; }
bool decoder_pre(const LayerShape& s) { return s.decoder && s.norm_first; }
template <bool (*present)(const LayerShape&)>
bool shifted(const LayerShape& s) { return s.norm_shift && present(s); }

std::vector<Block> attention_blocks(const LayerShape& shape) {
  return shape.decoder ? std::vector<Block>{B::self, B::cross} : std::vector<Block>{B::self};
}

bool starts_with(const std::string& name, std::string_view prefix) { return name.compare(0, prefix.size(), prefix) == 0; }

std::optional<std::string> without_prefix(const std::string& name, std::string_view prefix) {
  if (!starts_with(name, prefix)) return std::nullopt;
  return name.substr(prefix.size());
}

std::string subject_of(const std::string& subject, Block block) {
  const std::string_view prefix = attention_prefix(block);
  return subject + ": " + std::string(prefix.substr(0, prefix.size() - 1));
}

const NamedShape* find_tensor(const std::vector<NamedShape>& tensors, std::string_view name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [name](const NamedShape& each) { return each.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

// A matrix in the orientation x·W; PyTorch's nn.Linear stores the transpose.
template <class T>
Tensor<T> turned(const Tensor<T>& tensor) {
  if (tensor.dimension() != 2) return tensor;
  Tensor<T> result = empty<T>({tensor.shape(1), tensor.shape(0)});
  for (std::size_t i = 0; i < tensor.shape(0); ++i) {
    for (std::size_t j = 0; j < tensor.shape(1); ++j) result(j, i) = tensor(i, j);
  }
  return result;
}

// Where a parameter outside the attentions lives.
template <class T>
std::optional<Tensor<T>>& parameter(LayerWeights<T>& weights, const LayerRow& row) {
  NormWeights<T>& norm = row.block == B::self ? weights.self.norm : row.block == B::cross ? weights.cross->norm : weights.ffn.norm;
  FeedForwardWeights<T>& maps = weights.ffn.maps;
  switch (row.feeds) {
    case S::gamma: return norm.gamma;
    case S::beta: return norm.beta;
    case S::w_1: return maps.w_1;
    case S::b_1: return maps.b_1;
    case S::w_gate: return maps.w_gate;
    case S::b_gate: return maps.b_gate;
    case S::w_2: return maps.w_2;
    case S::b_2: return maps.b_2;
    case S::w_s: return weights.ffn.residual.w_s;
    case S::b_s: return weights.ffn.residual.b_s;
    default: throw std::invalid_argument("step " + std::string(name_of(row.feeds)) + " is not a parameter of a layer");
  }
}

// Every tensor outside the attentions that a layer of this resolved shape has.
std::vector<std::pair<const LayerRow*, Shape>> expected_rows(const LayerShape& shape) {
  std::vector<std::pair<const LayerRow*, Shape>> expected;
  for (const LayerRow& row : layer_rows()) {
    if (row.present(shape)) expected.emplace_back(&row, shape_of_axes(row.axes, sizes_of(shape)));
  }
  return expected;
}

template <class T>
void require_known(const LayerShape& shape, const std::vector<NamedTensor<T>>& tensors, const std::string& subject) {
  std::string list;
  std::map<std::string, int> seen;
  for (const Block block : attention_blocks(shape)) list += (list.empty() ? "" : ", ") + std::string(attention_prefix(block)) + "*";
  for (const auto& [row, expected] : expected_rows(shape)) list += ", " + std::string(row->name);
  for (const NamedTensor<T>& named : tensors) {
    const auto rows = expected_rows(shape);
    const bool is_row = std::any_of(rows.begin(), rows.end(), [&](const auto& each) { return each.first->name == named.name; });
    const auto blocks = attention_blocks(shape);
    const bool in_attention = std::any_of(blocks.begin(), blocks.end(), [&](Block block) { return starts_with(named.name, attention_prefix(block)); });
    if (!is_row && !in_attention) throw InputError(subject, "has tensor " + named.name + ", which is not one of " + list);
    if (is_row && seen[named.name]++ > 0) throw InputError(subject, "has tensor " + named.name + " twice");
  }
}

template <class T>
MultiheadWeights<T> attention_of(const LayoutInfo& layout, const LayerShape& shape, const std::vector<NamedTensor<T>>& tensors,
                                 Block block, const std::string& subject) {
  std::vector<NamedTensor<T>> own;
  for (const NamedTensor<T>& named : tensors) {
    if (const auto name = without_prefix(named.name, attention_prefix(block))) own.push_back({*name, named.tensor});
  }
  return to_canonical(layout, shape.attention, own, subject_of(subject, block));
}

}  // namespace

const std::vector<LayerRow>& layer_rows() {
  static const std::vector<LayerRow> rows = {
      {"linear1.weight", "F, E", B::ffn, S::w_1, I::linear_weight, "E", always},
      {"linear1.bias", "F", B::ffn, S::b_1, I::linear_bias, "E", always},
      {"linear_gate.weight", "F, E", B::ffn, S::w_gate, I::linear_weight, "E", if_gated},
      {"linear_gate.bias", "F", B::ffn, S::b_gate, I::linear_bias, "E", if_gated},
      {"linear2.weight", "Eo, F", B::ffn, S::w_2, I::linear_weight, "F", always},
      {"linear2.bias", "Eo", B::ffn, S::b_2, I::linear_bias, "F", always},
      {"residual.weight", "Eo, E", B::ffn, S::w_s, I::linear_weight, "E", if_mapped},
      {"residual.bias", "Eo", B::ffn, S::b_s, I::linear_bias, "E", if_mapped},
      {"norm1.weight", "E", B::self, S::gamma, I::ones, "", always},
      {"norm1.bias", "E", B::self, S::beta, I::zeros, "", if_shifted},
      {"norm2.weight", "Eo", B::ffn, S::gamma, I::ones, "", encoder_post},
      {"norm2.bias", "Eo", B::ffn, S::beta, I::zeros, "", shifted<encoder_post>},
      {"norm2.weight", "E", B::ffn, S::gamma, I::ones, "", encoder_pre},
      {"norm2.bias", "E", B::ffn, S::beta, I::zeros, "", shifted<encoder_pre>},
      {"norm2.weight", "E", B::cross, S::gamma, I::ones, "", decoder},
      {"norm2.bias", "E", B::cross, S::beta, I::zeros, "", shifted<decoder>},
      {"norm3.weight", "Eo", B::ffn, S::gamma, I::ones, "", decoder_post},
      {"norm3.bias", "Eo", B::ffn, S::beta, I::zeros, "", shifted<decoder_post>},
      {"norm3.weight", "E", B::ffn, S::gamma, I::ones, "", decoder_pre},
      {"norm3.bias", "E", B::ffn, S::beta, I::zeros, "", shifted<decoder_pre>},
  };
  return rows;
}

std::string_view attention_prefix(Block block) {
  if (block == B::ffn) throw std::invalid_argument("the feed-forward has no attention");
  return block == B::self ? "self_attn." : "multihead_attn.";
}

LayerShape resolved(const LayoutInfo& layout, const LayerShape& shape) {
  LayerShape full = shape;
  full.attention = resolved(layout, shape.attention);
  const std::size_t width = full.attention.d_model;
  if (full.ffn_width == 0) full.ffn_width = 4 * width;
  if (full.output_width == 0) full.output_width = width;
  if (full.output_width != width && !full.residual_map) {
    throw UsageError("layer", "the feed-forward returns rows of width " + std::to_string(full.output_width) +
                                  ", which cannot be added to rows of width " + std::to_string(width) +
                                  " without a linear map on the residual connection");
  }
  return full;
}

Sizes sizes_of(const LayerShape& shape) {
  Sizes sizes = sizes_of(shape.attention);
  sizes.ffn_width = shape.ffn_width;
  sizes.output_width = shape.output_width;
  return sizes;
}

std::vector<NamedTensor<float>> initialise(const LayoutInfo& layout, const LayerShape& shape, TorchGenerator& generator) {
  const LayerShape full = resolved(layout, shape);
  std::vector<NamedTensor<float>> tensors;
  for (const Block block : attention_blocks(full)) {
    for (NamedTensor<float>& named : initialise(layout, full.attention, generator)) {
      tensors.push_back({std::string(attention_prefix(block)) + named.name, std::move(named.tensor)});
    }
  }
  for (const auto& [row, expected] : expected_rows(full)) {
    const LayoutRow drawn{row->name, row->axes, {row->feeds}, Orientation::out_in, Packing::whole, Presence::always, row->initialisation, row->fan_in};
    tensors.push_back({std::string(row->name), draw({&drawn, expected}, sizes_of(full), generator)});
  }
  return tensors;
}

LayerShape infer_layer_shape(const LayoutInfo& layout, const std::vector<NamedShape>& tensors, std::size_t heads,
                             bool norm_first, const std::string& subject) {
  std::vector<NamedShape> own;
  LayerShape shape;
  for (const NamedShape& named : tensors) {
    if (const auto name = without_prefix(named.name, attention_prefix(B::self))) own.push_back({*name, named.shape});
    shape.decoder = shape.decoder || starts_with(named.name, attention_prefix(B::cross));
  }
  shape.attention = infer_shape(layout, own, heads, subject_of(subject, B::self));
  const auto matrix = [&](std::string_view name) {
    const NamedShape* named = find_tensor(tensors, name);
    if (!named) throw InputError(subject, "lacks tensor " + std::string(name));
    if (named->shape.size() != 2) throw InputError(subject, "tensor " + named->name + " has shape " + to_string(named->shape) + ", expected a matrix");
    return named->shape;
  };
  shape.ffn_width = matrix("linear1.weight")[0];
  shape.output_width = matrix("linear2.weight")[0];
  shape.gated = find_tensor(tensors, "linear_gate.weight") != nullptr;
  shape.residual_map = find_tensor(tensors, "residual.weight") != nullptr;
  shape.norm_shift = find_tensor(tensors, "norm1.bias") != nullptr;
  shape.norm_first = norm_first;
  return resolved(layout, shape);
}

template <class T>
LayerWeights<T> to_canonical(const LayoutInfo& layout, const LayerShape& shape, const std::vector<NamedTensor<T>>& tensors,
                             const std::string& subject) {
  const LayerShape full = resolved(layout, shape);
  require_known(full, tensors, subject);
  LayerWeights<T> weights;
  weights.self.attention = attention_of(layout, full, tensors, B::self, subject);
  if (full.decoder) weights.cross = AttentionBlockWeights<T>{attention_of(layout, full, tensors, B::cross, subject), {}, {}};
  for (const auto& [row, expected] : expected_rows(full)) {
    const auto named = std::find_if(tensors.begin(), tensors.end(), [name = row->name](const NamedTensor<T>& each) { return each.name == name; });
    if (named == tensors.end()) throw InputError(subject, "lacks tensor " + std::string(row->name));
    if (shape_of(named->tensor) != expected) {
      throw InputError(subject, "tensor " + named->name + " has shape " + to_string(shape_of(named->tensor)) + ", expected " +
                                    to_string(expected) + " = (" + std::string(row->axes) + ")");
    }
    parameter(weights, *row) = turned(named->tensor);
  }
  return weights;
}

template LayerWeights<float> to_canonical(const LayoutInfo&, const LayerShape&, const std::vector<NamedTensor<float>>&, const std::string&);
template LayerWeights<double> to_canonical(const LayoutInfo&, const LayerShape&, const std::vector<NamedTensor<double>>&, const std::string&);

}  // namespace attn
