// The configurations that tests/reference/make_shapes.py ran through PyTorch.
#pragma once

#include <attn/shapes/module.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <string>

namespace attn::shapes {

inline const nlohmann::json& recorded_cases() {
  static const nlohmann::json file =
      nlohmann::json::parse(std::ifstream(std::string(ATTNSCOPE_REFERENCE_DIR) + "/shapes/cases.json"));
  return file["cases"];
}

inline ModuleConfig config_of(const nlohmann::json& c) {
  ModuleConfig config;
  for (const ImplRow& row : impl_table()) {
    if (c["impl"] == std::string(row.name)) config.impl = row.impl;
  }
  config.d_model = c["d_model"];
  config.heads = c["heads"];
  config.kv_heads = c.value("kv_heads", std::size_t{0});
  config.head_dim = c.value("head_dim", std::size_t{0});
  config.value_dim = c.value("value_dim", std::size_t{0});
  config.key_width = c.value("key_width", std::size_t{0});
  config.value_width = c.value("value_width", std::size_t{0});
  config.ffn = c.value("ffn", std::size_t{0});
  config.encoder_layers = c.value("encoder_layers", std::size_t{0});
  config.decoder_layers = c.value("decoder_layers", std::size_t{0});
  config.bias = c.value("bias", config.impl != Impl::d2l);
  config.bias_kv = c.value("bias_kv", false);
  config.zero_attn = c.value("zero_attn", false);
  config.batch_first = c.value("batch_first", false);
  return config;
}

inline ModuleCall call_of(const nlohmann::json& c) {
  ModuleCall call;
  call.query = c["query"].get<Shape>();
  call.key = c.value("key", Shape{});
  call.value = c.value("value", Shape{});
  if (c.contains("attn_mask")) call.attn_mask = c["attn_mask"].get<Shape>();
  if (c.contains("key_padding_mask")) call.key_padding_mask = c["key_padding_mask"].get<Shape>();
  return call;
}

}  // namespace attn::shapes
