#include <attn/model/config.hpp>

#include <attn/error.hpp>
#include <attn/io/strict_json.hpp>
#include <attn/model/json_fields.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <memory>
#include <utility>

namespace attn {
namespace {

template <class Value>
using Words = std::vector<std::pair<std::string, Value>>;

struct FeedForwardKind {
  Activation activation;
  bool gated;
};

const Words<Family> families = {
    {"encoder", Family::encoder}, {"decoder", Family::decoder}, {"encoder-decoder", Family::encoder_decoder}};
const Words<NormKind> norm_kinds = {{"layer", NormKind::layer}, {"rms", NormKind::rms}};
const Words<NormPlacement> norm_places = {{"pre", NormPlacement::pre}, {"post", NormPlacement::post}};
const Words<FeedForwardKind> activations = {{"relu", {Activation::relu, false}},
                                            {"gelu", {Activation::gelu, false}},
                                            {"gelu-tanh", {Activation::gelu_tanh, false}},
                                            {"silu", {Activation::silu, false}},
                                            {"swiglu", {Activation::silu, true}},
                                            {"geglu", {Activation::gelu, true}},
                                            {"reglu", {Activation::relu, true}}};
const Words<Positions> position_kinds = {{"none", Positions::none},
                                         {"learned", Positions::learned},
                                         {"sinusoidal", Positions::sinusoidal},
                                         {"rope-half", Positions::rope_half},
                                         {"rope-interleaved", Positions::rope_interleaved}};
const Words<TokenizerKind> tokenizer_kinds = {{"characters", TokenizerKind::characters}, {"words", TokenizerKind::words}};

// A field that must be there if `wanted`, and must not be otherwise.
std::size_t layers_of(JsonFields& fields, const std::string& key, bool wanted) {
  const std::optional<std::size_t> layers = fields.whole(key, 1);
  if (wanted) return fields.require(key, layers);
  if (layers) fields.refuse(key, "has no place in a model of this family");
  return 0;
}

void read_head_sizes(JsonFields& fields, ModelSizes& sizes) {
  sizes.width = fields.require("width", fields.whole("width", 1));
  sizes.heads = fields.require("heads", fields.whole("heads", 1));
  sizes.kv_heads = fields.whole("kv_heads", 1).value_or(sizes.heads);
  if (sizes.heads % sizes.kv_heads != 0) {
    fields.refuse("kv_heads", fmt::format("is {}, which does not divide the {} heads", sizes.kv_heads, sizes.heads));
  }
  const std::optional<std::size_t> head_dim = fields.whole("head_dim", 1);
  if (!head_dim && sizes.width % sizes.heads != 0) {
    fields.refuse("heads", fmt::format("is {}, which does not divide the width {}; give head_dim", sizes.heads, sizes.width));
  }
  sizes.head_dim = head_dim.value_or(sizes.width / sizes.heads);
}

void read_sizes(JsonFields fields, ModelConfig& config) {
  ModelSizes& sizes = config.sizes;
  read_head_sizes(fields, sizes);
  sizes.feed_forward = fields.require("feed_forward", fields.whole("feed_forward", 1));
  sizes.encoder_layers = layers_of(fields, "encoder_layers", config.has_encoder());
  sizes.decoder_layers = layers_of(fields, "decoder_layers", config.has_decoder());
  sizes.vocabulary = fields.require("vocabulary", fields.whole("vocabulary", 1));
  const std::optional<std::size_t> source = fields.whole("source_vocabulary", 1);
  if (source && config.family != Family::encoder_decoder) {
    fields.refuse("source_vocabulary", "is for an encoder-decoder; a model with one stack has one vocabulary");
  }
  sizes.source_vocabulary = source.value_or(sizes.vocabulary);
  sizes.segments = fields.whole("segments").value_or(0);
  const std::optional<std::size_t> max_length = fields.whole("max_length", 1);
  const bool has_table = config.positions == Positions::learned || config.positions == Positions::sinusoidal;
  sizes.max_length = has_table ? fields.require("max_length", max_length) : max_length.value_or(0);
  fields.finish();
}

void read_norm(JsonFields fields, NormConfig& norm) {
  norm.kind = fields.choice("kind", norm_kinds).value_or(norm.kind);
  norm.place = fields.choice("place", norm_places).value_or(norm.place);
  norm.final = fields.truth("final").value_or(norm.place == NormPlacement::pre);
  norm.embedding = fields.truth("embedding").value_or(false);
  fields.finish();
}

void read_scale(JsonFields fields, ModelConfig& config) {
  const nlohmann::json* attention = fields.find("attention");
  if (attention && *attention != "auto") {
    if (!attention->is_number()) fields.refuse("attention", "must be a number or \"auto\", which is 1/√D");
    config.attention_scale = fields.number("attention");
  }
  const nlohmann::json* embedding = fields.find("embedding");
  if (embedding && *embedding == "sqrt") {
    config.embedding_scale = std::sqrt(static_cast<double>(config.sizes.width));
  } else if (embedding) {
    if (!embedding->is_number()) fields.refuse("embedding", "must be a number or \"sqrt\", which is √E");
    config.embedding_scale = *fields.number("embedding");
  }
  fields.finish();
}

std::optional<TokenizerConfig> read_tokenizer(std::optional<JsonFields> fields) {
  if (!fields) return std::nullopt;
  TokenizerConfig tokenizer;
  tokenizer.kind = fields->require("kind", fields->choice("kind", tokenizer_kinds));
  tokenizer.file = fields->require("file", fields->text("file"));
  fields->finish();
  return tokenizer;
}

void read_tokenizers(JsonFields fields, ModelConfig& config) {
  config.source = read_tokenizer(fields.object("source"));
  config.target = read_tokenizer(fields.object("target"));
  if (config.source && !config.has_encoder()) fields.refuse("source", "is for a model with an encoder");
  if (config.target && !config.has_decoder()) fields.refuse("target", "is for a model with a decoder");
  const std::size_t vocabulary = config.sizes.vocabulary;
  for (auto [key, target] : {std::pair{"pad", &config.pad}, {"bos", &config.bos}, {"eos", &config.eos}}) {
    *target = fields.whole(key);
    if (*target && **target >= vocabulary) fields.refuse(key, fmt::format("is {}, but the vocabulary has {} tokens", **target, vocabulary));
  }
  fields.finish();
}

}  // namespace

ModelConfig parse_model_config(std::string_view text, const std::string& subject) {
  const nlohmann::json json = io::parse_strict_json(text, subject);
  JsonFields fields(json, subject);
  ModelConfig config;
  config.family = fields.require("family", fields.choice("family", families));
  config.positions = fields.choice("positions", position_kinds).value_or(config.positions);
  read_sizes(fields.require("sizes", fields.object("sizes")), config);
  if (auto norm = fields.object("norm")) read_norm(*norm, config.norm);
  config.eps = fields.number("eps").value_or(config.eps);
  if (config.eps < 0) fields.refuse("eps", fmt::format("must not be negative, found {}", config.eps));
  if (const auto kind = fields.choice("activation", activations)) {
    config.activation = kind->activation;
    config.gated = kind->gated;
  }
  config.rope_base = fields.number("rope_base").value_or(config.rope_base);
  if (config.rope_base < 1) fields.refuse("rope_base", fmt::format("must be at least 1, found {}", config.rope_base));
  const bool rotary = config.positions == Positions::rope_half || config.positions == Positions::rope_interleaved;
  if (rotary && config.sizes.head_dim % 2 != 0) {
    fields.refuse("positions", fmt::format("turn pairs of coordinates, but the head size {} is odd", config.sizes.head_dim));
  }
  if (auto scale = fields.object("scale")) read_scale(*scale, config);
  config.bias = fields.truth("bias").value_or(config.bias);
  config.tie = fields.truth("tie").value_or(config.tie);
  if (auto tokenizer = fields.object("tokenizer")) read_tokenizers(*tokenizer, config);
  fields.finish();
  return config;
}

template <class T>
StackOptions<T> stack_options(const ModelConfig& config, std::size_t longest) {
  StackOptions<T> options;
  for (MultiheadOptions<T>* attention : {&options.layer.self, &options.layer.cross}) {
    attention->heads = config.sizes.heads;
    attention->kv_heads = config.sizes.kv_heads;
    attention->attention.scale = config.attention_scale;
  }
  if (config.positions == Positions::rope_half || config.positions == Positions::rope_interleaved) {
    RotaryPositions<T> rotary;
    rotary.options.head_dim = config.sizes.head_dim;
    rotary.options.base = config.rope_base;
    rotary.options.pairing = config.positions == Positions::rope_half ? RotaryPairing::half_split : RotaryPairing::interleaved;
    rotary.tables = std::make_shared<const RopeTables<T>>(rope_tables<T>(longest, rotary.options));
    options.layer.self.attention.rotary = std::move(rotary);
  }
  options.layer.placement = config.norm.place;
  options.layer.norm.kind = config.norm.kind;
  options.layer.norm.eps = config.eps;
  options.layer.activation = config.activation;
  options.embedding_scale = config.embedding_scale;
  return options;
}

template StackOptions<float> stack_options(const ModelConfig&, std::size_t);
template StackOptions<double> stack_options(const ModelConfig&, std::size_t);

}  // namespace attn
