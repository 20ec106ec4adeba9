#include <attn/model/names.hpp>

#include "model_testing.hpp"

#include <algorithm>

using namespace attn;

namespace {

const NameRow* find(const std::vector<NameRow>& rows, const std::string& name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&name](const NameRow& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::vector<NameRow> torch_rows(const std::string& family, const std::string& more = "") {
  const ModelConfig config = config_of(family, more);
  return expanded(torch_names(config).rows, config);
}

}  // namespace

TEST_CASE("without a map the names are those of PyTorch's layers") {
  const std::vector<NameRow> rows = torch_rows("encoder-decoder");
  // 4 tables, 12 tensors of the encoder's layer, 18 of the decoder's, 2 of the output.
  CHECK(rows.size() == 4 + 12 + 18 + 2);
  const NameRow* packed = find(rows, "decoder.layers.0.multihead_attn.in_proj_weight");
  REQUIRE(packed);
  CHECK(packed->feeds == std::vector<std::string>{"decoder.0.cross.w_q", "decoder.0.cross.w_k", "decoder.0.cross.w_v"});
  CHECK(find(rows, "decoder.layers.0.norm3.bias")->feeds.front() == "decoder.0.ffn.beta");
  CHECK(find(rows, "encoder.layers.0.norm2.weight")->feeds.front() == "encoder.0.ffn.gamma");
  CHECK(find(rows, "source_positions.weight")->feeds.front() == "encoder.position_table");
}

TEST_CASE("parts that the configuration does not have have no names") {
  CHECK_FALSE(find(torch_rows("decoder", R"(, "bias": false)"), "decoder.layers.0.self_attn.in_proj_bias"));
  CHECK_FALSE(find(torch_rows("decoder", R"(, "positions": "none")"), "positions.weight"));
  CHECK_FALSE(find(torch_rows("decoder", R"(, "tie": true)"), "output.weight"));
  CHECK(find(torch_rows("decoder", R"(, "norm": {"place": "pre"})"), "decoder.norm.weight"));
  CHECK(find(torch_rows("decoder", R"(, "activation": "swiglu")"), "decoder.layers.0.linear_gate.weight"));
  CHECK(find(torch_rows("encoder", R"(, "norm": {"embedding": true})"), "embedding_norm.bias"));
}

TEST_CASE("a map is read, and a layer's number takes the place of {i}") {
  const ModelNames map = parse_name_map(R"({"about": "x", "prefix": "model.", "ignore": ["*.bias"], "tensors": {
      "wte": "decoder.token_table",
      "h.{i}.qkv": {"feeds": ["decoder.{i}.self.w_q", "decoder.{i}.self.w_k"], "stored": "in,out", "parts": "by-head"}}})", "names.json");
  CHECK(map.prefix == "model.");
  CHECK(map.ignore == std::vector<std::string>{"*.bias"});
  CHECK_FALSE(map.config.has_value());
  ModelConfig config = config_of("decoder");
  config.sizes.decoder_layers = 12;
  const std::vector<NameRow> rows = expanded(map.rows, config);
  CHECK(rows.size() == 13);
  const NameRow* row = find(rows, "h.11.qkv");
  REQUIRE(row);
  CHECK(row->feeds[1] == "decoder.11.self.w_k");
  CHECK(row->stored == Stored::in_out);
  CHECK(row->parts == Parts::by_head);
}

TEST_CASE("a map may bring the configuration") {
  const ModelNames map = parse_name_map(R"({"tensors": {}, "config": )" + config_text("encoder") + "}", "names.json");
  CHECK(map.config->family == Family::encoder);
}

TEST_CASE("a malformed map is refused with its place") {
  const auto refusal = [](const std::string& text) { return error_of([&] { parse_name_map(text, "names.json"); }); };
  CHECK(refusal("{}") == "input: names.json: tensors is missing");
  CHECK(contains(refusal(R"({"tensors": {"a": 3}})"), "names.json: tensors.a must be an object"));
  CHECK(contains(refusal(R"({"tensors": {"a": {"stored": "out,in"}}})"), "tensors.a.feeds is missing"));
  CHECK(contains(refusal(R"({"tensors": {"a": {"feeds": "w_out", "stored": "out"}}})"), "tensors.a.stored must be one of 'out,in', 'in,out'"));
  CHECK(contains(refusal(R"({"tensors": {}, "config": {}})"), "names.json: config: family is missing"));
  CHECK(contains(refusal(R"({"tensors": {}, "ignored": []})"), "did you mean 'ignore'?"));
}
