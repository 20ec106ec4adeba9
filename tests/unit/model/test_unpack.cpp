#include <attn/model/unpack.hpp>

#include "model_testing.hpp"

#include <algorithm>
#include <cmath>

using namespace attn;

namespace {

// An array of this shape that counts from `first`.
io::Array counting(const Shape& shape, double first = 0) {
  std::vector<double> values(*element_count(shape));
  for (double& value : values) value = first++;
  return io::make_array(std::move(values), shape);
}

// The tensors of a model in PyTorch's names: E = 4, H = 2, F = 6, V = 5, three positions.
std::vector<io::NamedArray> torch_arrays() {
  std::vector<io::NamedArray> arrays = {{"embedding.weight", counting({5, 4})}, {"positions.weight", counting({3, 4})}};
  const std::string layer = "decoder.layers.0.";
  const std::vector<std::pair<std::string, Shape>> parts = {
      {"self_attn.in_proj_weight", {12, 4}}, {"self_attn.in_proj_bias", {12}}, {"self_attn.out_proj.weight", {4, 4}},
      {"self_attn.out_proj.bias", {4}},      {"norm1.weight", {4}},            {"norm1.bias", {4}},
      {"linear1.weight", {6, 4}},            {"linear1.bias", {6}},            {"linear2.weight", {4, 6}},
      {"linear2.bias", {4}},                 {"norm2.weight", {4}},            {"norm2.bias", {4}}};
  for (const auto& [name, shape] : parts) arrays.push_back({layer + name, counting(shape)});
  arrays.push_back({"output.weight", counting({5, 4})});
  arrays.push_back({"output.bias", counting({5})});
  return arrays;
}

TransformerWeights<double> read(const std::vector<io::NamedArray>& arrays, const ModelConfig& config) {
  return unpacked<double>(config, torch_names(config), arrays, "model.safetensors");
}

// Reads a model of which the map feeds one row only, to see what becomes of it; the error says the rest is missing.
TransformerWeights<double> read_row(const std::string& row, const io::Array& array, const ModelConfig& config) {
  ModelNames map = parse_name_map(R"({"tensors": {"t": )" + row + "}}", "names.json");
  std::vector<io::NamedArray> arrays = torch_arrays();
  for (const NameRow& each : torch_names(config).rows) {
    const bool taken = std::any_of(each.feeds.begin(), each.feeds.end(), [&](const std::string& path) {
      std::string first = path;
      if (first.find("{i}") != std::string::npos) first.replace(first.find("{i}"), 3, "0");
      return std::find(map.rows[0].feeds.begin(), map.rows[0].feeds.end(), first) != map.rows[0].feeds.end();
    });
    if (!taken) map.rows.push_back(each);
  }
  map.ignore = {"*"};
  arrays.push_back({"t", array});
  return unpacked<double>(config, map, arrays, "model.safetensors");
}

}  // namespace

TEST_CASE("PyTorch's tensors are taken apart and transposed") {
  const TransformerWeights<double> weights = read(torch_arrays(), config_of("decoder"));
  const LayerWeights<double>& layer = weights.decoder->layers.at(0);
  // in_proj_weight counts 0 … 47 in rows of 4; row r belongs to output r: q has rows 0-3, k 4-7, v 8-11.
  CHECK((*layer.self.attention.w_q)(1, 2) == 2 * 4 + 1);
  CHECK((*layer.self.attention.w_k)(1, 2) == 6 * 4 + 1);
  CHECK((*layer.self.attention.b_v)(3) == 11);
  CHECK((*layer.ffn.maps.w_1)(3, 5) == 5 * 4 + 3);
  CHECK((*layer.ffn.norm.gamma)(3) == 3);
  CHECK((*weights.decoder->embedding.token_table)(2, 3) == 2 * 4 + 3);
  CHECK((*weights.w_out)(3, 2) == 2 * 4 + 3);
}

TEST_CASE("a tied output is the transposed token table, a fixed position table is computed") {
  std::vector<io::NamedArray> arrays = torch_arrays();
  const auto drop = [&arrays](const std::string& name) {
    arrays.erase(std::find_if(arrays.begin(), arrays.end(), [&name](const auto& each) { return each.name == name; }));
  };
  drop("output.weight");
  drop("positions.weight");
  const TransformerWeights<double> weights = read(arrays, config_of("decoder", R"(, "tie": true, "positions": "sinusoidal")"));
  CHECK((*weights.w_out)(3, 2) == 2 * 4 + 3);
  // Position 1, E = 4: sin 1, cos 1, sin 0.01, cos 0.01.
  const Tensor<double>& table = *weights.decoder->embedding.position_table;
  CHECK(table(1, 0) == doctest::Approx(std::sin(1.0)));
  CHECK(table(1, 3) == doctest::Approx(std::cos(0.01)));
}

TEST_CASE("side by side, by head, shared: each packing ends in the same form") {
  const ModelConfig config = config_of("decoder");
  const std::string feeds = R"({"feeds": ["decoder.0.self.w_q", "decoder.0.self.w_k", "decoder.0.self.w_v"], "stored": "in,out", "parts": )";
  // One row of 12: [q0 q1 q2 q3 | k… | v…], or by head [q0 q1 k0 k1 v0 v1 | q2 q3 k2 k3 v2 v3].
  const auto side = read_row(feeds + R"("side-by-side"})", counting({4, 12}), config);
  CHECK((*side.decoder->layers[0].self.attention.w_k)(1, 2) == 12 + 4 + 2);
  const auto by_head = read_row(feeds + R"("by-head"})", counting({4, 12}), config);
  CHECK((*by_head.decoder->layers[0].self.attention.w_q)(1, 2) == 12 + 6);
  CHECK((*by_head.decoder->layers[0].self.attention.w_k)(1, 1) == 12 + 3);
  CHECK((*by_head.decoder->layers[0].self.attention.w_v)(1, 3) == 12 + 11);
  const auto shared = read_row(R"({"feeds": ["decoder.0.self.gamma", "decoder.0.ffn.gamma"], "parts": "shared"})", counting({4}), config);
  CHECK((*shared.decoder->layers[0].self.norm.gamma)(3) == 3);
  CHECK((*shared.decoder->layers[0].ffn.norm.gamma)(3) == 3);
}

TEST_CASE("missing and unread tensors are listed") {
  std::vector<io::NamedArray> arrays = torch_arrays();
  arrays.erase(arrays.begin());
  arrays.push_back({"pooler.weight", counting({1})});
  CHECK(error_of([&] { read(arrays, config_of("decoder")); }) ==
        "input: model.safetensors: lacks 1 of 16 tensors: 'embedding.weight'; has 1 that this model does not read: 'pooler.weight'");
}

TEST_CASE("a tensor of another shape is refused with both shapes") {
  std::vector<io::NamedArray> arrays = torch_arrays();
  arrays[0].array = counting({4, 5});
  CHECK(error_of([&] { read(arrays, config_of("decoder")); }) ==
        "input: model.safetensors: tensor 'embedding.weight' has shape (4, 5), expected (5, 4)");
}

TEST_CASE("a map that feeds what the model does not have, or twice, or not at all, is refused") {
  const ModelConfig config = config_of("decoder");
  const auto refusal = [&](const std::string& tensors) {
    return error_of([&] { unpacked<double>(config, parse_name_map(R"({"ignore": ["*"], "tensors": )" + tensors + "}", "n"), {{"t", counting({4})}}, "f"); });
  };
  CHECK(contains(refusal(R"({"t": "decoder.0.self.gamm"})"), "the row of 't' feeds 'decoder.0.self.gamm', which this model does not have; did you mean 'decoder.0.self.gamma'?"));
  CHECK(contains(refusal(R"({"t": ["decoder.0.self.gamma", "decoder.0.self.gamma"]})"), "a second time"));
  CHECK(contains(refusal(R"({"t": ["decoder.0.self.gamma", "decoder.0.self.w_q"]})"), "holds parameters of shapes (4,) and (4, 4), which cannot share a tensor"));
  CHECK(contains(refusal(R"({"t": {"feeds": "decoder.0.self.gamma", "parts": "by-head"}})"), "is by-head, but 'decoder.0.self.gamma' has no heads"));
  CHECK(contains(refusal(R"({"t": []})"), "the row of 't' feeds nothing"));
  CHECK(contains(refusal(R"({"t": "decoder.0.self.gamma"})"), "no row of the name map feeds 'decoder.0.ffn.gamma', 'decoder.0.ffn.w_1'"));
}
