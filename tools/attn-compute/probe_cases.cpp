#include "probe_cases.hpp"

#include <attn/random.hpp>
#include <attn/weights/layer_layout.hpp>
#include <attn/weights/multihead_shape.hpp>

#include <algorithm>
#include <cmath>

namespace attn::tools {
namespace {

constexpr std::uint64_t seed = 1729;

const LayoutInfo& layout_named(const std::string& name) {
  const std::vector<LayoutInfo>& table = layout_table();
  return *std::find_if(table.begin(), table.end(), [&](const LayoutInfo& row) { return row.name == name; });
}

Tensor<float> normal(TorchGenerator& random, const Shape& shape, double deviation) {
  Tensor<float> tensor = randn(random, shape);
  for (float& value : tensor.storage()) value *= static_cast<float>(deviation);
  return tensor;
}

MultiheadShape shape_of(const ProbeCase& probe) {
  MultiheadShape shape;
  shape.d_model = probe.d_model;
  shape.heads = probe.heads;
  shape.kv_heads = probe.kv_heads;
  shape.head_dim = probe.head_dim;
  shape.value_dim = probe.value_dim;
  shape.bias = true;
  return resolved(layout_named(probe.layout), shape);
}

// The tensors of a module's state_dict in their order, by name.
std::vector<NamedShape> shapes_of_weights(const ProbeCase& probe) {
  std::vector<NamedShape> shapes;
  if (probe.kind == ProbeKind::attention) {
    for (const ExpectedTensor& expected : expected_tensors(layout_named(probe.layout), shape_of(probe))) {
      shapes.push_back({std::string(expected.row->name), expected.shape});
    }
    return shapes;
  }
  LayerShape layer;
  layer.decoder = probe.kind == ProbeKind::decoder_layer;
  layer.attention = shape_of(probe);
  layer.ffn_width = probe.d_model + 5;
  TorchGenerator random(seed);
  const LayoutInfo& layout = layout_named(probe.layout);
  for (const NamedTensor<float>& fresh : initialise(layout, resolved(layout, layer), random)) {
    shapes.push_back({fresh.name, attn::shape_of(fresh.tensor)});
  }
  return shapes;
}

// Parameters that are neither zero nor one anywhere: not the biases, and not the gains of norms.
Tensor<float> parameter(TorchGenerator& random, const NamedShape& named) {
  const bool matrix = named.shape.size() > 1;
  Tensor<float> tensor = normal(random, named.shape, matrix ? 1.3 / std::sqrt(static_cast<double>(named.shape.back())) : 0.5);
  const std::vector<LayerRow>& rows = layer_rows();
  const bool gain = std::any_of(rows.begin(), rows.end(), [&](const LayerRow& row) { return row.feeds == Step::gamma && row.name == named.name; });
  if (gain) tensor += 1.5F;
  return tensor;
}

}  // namespace

const std::vector<ProbeCase>& probe_cases() {
  // name, layout, B, H, Hk, Lq, Lk, D, Dv, E
  static const std::vector<ProbeCase> cases = {
      {"self", "torch", 2, 3, 3, 5, 5, 4, 4, 12, {"--causal", "--valid-lens", "5,3"}},
      {"cross", "d2l", 2, 6, 3, 5, 7, 4, 8, 9, {"--causal", "--valid-lens", "7,4"}, true},
      {"sources", "torch", 2, 3, 3, 5, 7, 4, 4, 12, {}, true},
      {"masked-row", "torch", 2, 3, 3, 5, 5, 4, 4, 12, {"--valid-lens", "0,4"}},
      {"large-scores", "torch", 2, 3, 3, 5, 5, 4, 4, 12, {}, false, 0, 12.0F},
      {"cache", "d2l", 2, 6, 3, 4, 9, 8, 7, 10, {"--causal"}, false, 5},
      {"window", "d2l", 2, 4, 2, 7, 7, 3, 5, 10, {"--window", "2,1"}},
      {"softcap", "d2l", 2, 4, 2, 6, 6, 3, 5, 10, {"--softcap", "2.5", "--causal"}},
      {"scale", "d2l", 2, 4, 2, 6, 6, 3, 5, 10, {"--scale", "0.3"}},
      {"encoder-layer", "torch", 2, 3, 3, 5, 5, 4, 4, 12, {"--activation", "gelu", "--eps", "0.01", "--valid-lens", "5,3"},
       false, 0, 1.3F, ProbeKind::encoder_layer},
      {"decoder-layer", "torch", 2, 3, 3, 5, 7, 4, 4, 12, {"--norm", "pre", "--eps", "0.01", "--causal", "--memory-valid-lens", "7,4"},
       true, 0, 1.3F, ProbeKind::decoder_layer},
  };
  return cases;
}

std::vector<ProbeTensor> probe_tensors(const ProbeCase& probe) {
  TorchGenerator random(seed);
  std::vector<ProbeTensor> tensors;
  const double size = static_cast<double>(probe.input_size);
  const auto add = [&](Step step, const Shape& shape) { tensors.push_back({std::string(name_of(step)), normal(random, shape, size)}); };
  add(Step::x, {probe.batch, probe.query_len, probe.d_model});
  if (probe.memory) add(Step::memory, {probe.batch, probe.key_len, probe.d_model});
  if (probe.past_len > 0) {
    add(Step::past_key, {probe.batch, probe.kv_heads, probe.past_len, probe.head_dim});
    add(Step::past_value, {probe.batch, probe.kv_heads, probe.past_len, probe.value_dim});
  }
  for (const NamedShape& named : shapes_of_weights(probe)) tensors.push_back({"weights." + named.name, parameter(random, named)});
  return tensors;
}

std::vector<std::string> probe_arguments(const ProbeCase& probe, const std::string& file) {
  std::vector<std::string> words = {"--layout", probe.layout, "--heads", std::to_string(probe.heads),
                                    "--weights", file + ":weights", "--input", file + ":x"};
  if (probe.kind == ProbeKind::decoder_layer) words.insert(words.begin(), {"--kind", "decoder"});
  if (probe.memory) words.insert(words.end(), {"--memory", file + ":memory"});
  if (probe.past_len > 0) words.insert(words.end(), {"--past-key", file + ":past_key", "--past-value", file + ":past_value"});
  words.insert(words.end(), probe.options.begin(), probe.options.end());
  return words;
}

}  // namespace attn::tools
