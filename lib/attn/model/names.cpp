#include <attn/model/names.hpp>

#include <attn/error.hpp>
#include <attn/io/names.hpp>
#include <attn/io/strict_json.hpp>
#include <attn/model/json_fields.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace attn {
namespace {

const std::string layer_number = "{i}";

std::string replaced(std::string text, const std::string& number) {
  for (std::size_t at = text.find(layer_number); at != std::string::npos; at = text.find(layer_number, at)) {
    text.replace(at, layer_number.size(), number);
  }
  return text;
}

bool begins_with(const std::string& text, const std::string& beginning) {
  return text.compare(0, beginning.size(), beginning) == 0;
}

// Collects the rows of one stack in PyTorch's names.
class TorchRows {
 public:
  TorchRows(std::vector<NameRow>& rows, const ModelConfig& config, Stack stack)
      : rows_(rows), config_(config), stack_(stack), path_(path_of_stack(stack)) {}

  void add_tables() {
    const std::string side = stack_ == Stack::encoder && config_.has_decoder() ? "source" : "target";
    const std::string name = config_.has_encoder() && config_.has_decoder() ? side + "_" : "";
    add(name + "embedding.weight", {path_ + std::string(name_of(Step::token_table))});
    if (config_.positions == Positions::learned) add(name + "positions.weight", {path_ + std::string(name_of(Step::position_table))});
    if (config_.sizes.segments > 0) add(name + "segments.weight", {path_ + std::string(name_of(Step::segment_table))});
    if (config_.norm.embedding) add_norm(name + "embedding_norm", path_of_embedding_norm(path_));
  }

  void add_layers() {
    const std::string layer = path_ + "layers." + layer_number + ".";
    int norm = 0;
    for (const Block block : {Block::self, Block::cross}) {
      if (block == Block::cross && !(stack_ == Stack::decoder && config_.has_encoder())) continue;
      add_attention(layer + (block == Block::self ? "self_attn." : "multihead_attn."), block);
      add_norm(layer + "norm" + std::to_string(++norm), pattern(block));
    }
    add_map(layer + "linear1", Block::ffn, Step::w_1, Step::b_1);
    if (config_.gated) add_map(layer + "linear_gate", Block::ffn, Step::w_gate, Step::b_gate);
    add_map(layer + "linear2", Block::ffn, Step::w_2, Step::b_2);
    add_norm(layer + "norm" + std::to_string(++norm), pattern(Block::ffn));
    if (config_.norm.final) add_norm(path_ + "norm", path_of_final_norm(path_));
  }

 private:
  void add(const std::string& name, std::vector<std::string> feeds) { rows_.push_back({name, std::move(feeds)}); }

  // "decoder.{i}.cross."
  std::string pattern(Block block) const { return path_of_block(path_ + layer_number + ".", block); }
  std::string pattern(Block block, Step step) const { return pattern(block) + std::string(name_of(step)); }

  void add_attention(const std::string& name, Block block) {
    const auto three = [&](Step q, Step k, Step v) {
      return std::vector<std::string>{pattern(block, q), pattern(block, k), pattern(block, v)};
    };
    add(name + "in_proj_weight", three(Step::w_q, Step::w_k, Step::w_v));
    if (config_.bias) add(name + "in_proj_bias", three(Step::b_q, Step::b_k, Step::b_v));
    add_map(name + "out_proj", block, Step::w_o, Step::b_o);
  }

  void add_map(const std::string& name, Block block, Step weight, Step bias) {
    add(name + ".weight", {pattern(block, weight)});
    if (config_.bias) add(name + ".bias", {pattern(block, bias)});
  }

  void add_norm(const std::string& name, const std::string& path) {
    add(name + ".weight", {path + std::string(name_of(Step::gamma))});
    if (config_.bias && config_.norm.kind == NormKind::layer) add(name + ".bias", {path + std::string(name_of(Step::beta))});
  }

  std::vector<NameRow>& rows_;
  const ModelConfig& config_;
  Stack stack_;
  std::string path_;  // of the stack
};

NameRow read_row(JsonFields& tensors, const std::string& name, const nlohmann::json& value) {
  NameRow row;
  row.name = name;
  if (value.is_string() || value.is_array()) {
    row.feeds = *tensors.texts(name);
    return row;
  }
  static const std::vector<std::pair<std::string, Stored>> stored = {{"out,in", Stored::out_in}, {"in,out", Stored::in_out}};
  static const std::vector<std::pair<std::string, Parts>> parts = {
      {"side-by-side", Parts::side_by_side}, {"by-head", Parts::by_head}, {"shared", Parts::shared}};
  JsonFields fields = *tensors.object(name);
  row.feeds = fields.require("feeds", fields.texts("feeds"));
  row.stored = fields.choice("stored", stored).value_or(row.stored);
  row.parts = fields.choice("parts", parts).value_or(row.parts);
  fields.finish();
  return row;
}

// The stack that a row's parameters stand in; empty for the map to the logits.
std::optional<Stack> stack_of(const NameRow& row) {
  for (const Stack stack : {Stack::encoder, Stack::decoder}) {
    if (!row.feeds.empty() && begins_with(row.feeds.front(), path_of_stack(stack))) return stack;
  }
  return std::nullopt;
}

}  // namespace

ModelNames torch_names(const ModelConfig& config) {
  ModelNames map;
  for (const Stack stack : {Stack::encoder, Stack::decoder}) {
    if (config.layers(stack) == 0) continue;
    TorchRows rows(map.rows, config, stack);
    rows.add_tables();
    rows.add_layers();
  }
  if (config.has_decoder() && !config.tie) map.rows.push_back({"output.weight", {std::string(name_of(Step::w_out))}});
  if (config.has_decoder() && config.bias) map.rows.push_back({"output.bias", {std::string(name_of(Step::b_out))}});
  return map;
}

ModelNames parse_name_map(std::string_view text, const std::string& subject) {
  const nlohmann::json json = io::parse_strict_json(text, subject);
  JsonFields fields(json, subject);
  ModelNames map;
  fields.text("about");
  map.prefix = fields.text("prefix").value_or("");
  map.ignore = fields.texts("ignore").value_or(std::vector<std::string>{});
  if (const nlohmann::json* config = fields.find("config")) map.config = parse_model_config(config->dump(), subject + ": config");
  JsonFields tensors = fields.require("tensors", fields.object("tensors"));
  for (const auto& [name, value] : fields.find("tensors")->items()) map.rows.push_back(read_row(tensors, name, value));
  fields.finish();
  return map;
}

std::vector<NameRow> expanded(const std::vector<NameRow>& rows, const ModelConfig& config) {
  std::vector<NameRow> result;
  for (const NameRow& row : rows) {
    const std::optional<Stack> stack = stack_of(row);
    if (row.name.find(layer_number) == std::string::npos || !stack) {
      result.push_back(row);
      continue;
    }
    for (std::size_t i = 0; i < config.layers(*stack); ++i) {
      NameRow one = row;
      one.name = replaced(row.name, std::to_string(i));
      for (std::string& path : one.feeds) path = replaced(path, std::to_string(i));
      result.push_back(std::move(one));
    }
  }
  return result;
}

}  // namespace attn
