#include <attn/model/config.hpp>

#include "model_testing.hpp"

using namespace attn;

TEST_CASE("what a configuration leaves out is the original Transformer's") {
  const ModelConfig config = config_of("encoder-decoder");
  CHECK(config.sizes.kv_heads == 2);
  CHECK(config.sizes.head_dim == 2);
  CHECK(config.sizes.source_vocabulary == 5);
  CHECK(config.norm.place == NormPlacement::post);
  CHECK_FALSE(config.norm.final);
  CHECK(config.eps == 1e-5);
  CHECK(config.activation == Activation::relu);
  CHECK(config.positions == Positions::learned);
  CHECK_FALSE(config.attention_scale.has_value());
  CHECK(config.bias);
  CHECK_FALSE(config.tie);
}

TEST_CASE("every choice is read") {
  const ModelConfig config = config_of("decoder", R"(, "norm": {"kind": "rms", "place": "pre"}, "eps": 0.25, "activation": "swiglu",
      "positions": "rope-interleaved", "rope_base": 500, "scale": {"attention": 2, "embedding": "sqrt"}, "bias": false, "tie": true,
      "tokenizer": {"target": {"kind": "words", "file": "w.txt"}, "eos": 4})",
                                       R"(, "kv_heads": 1, "head_dim": 6)");
  CHECK(config.norm.kind == NormKind::rms);
  CHECK(config.norm.final);  // a pre-norm stack ends with a norm unless it says otherwise
  CHECK(config.gated);
  CHECK(config.embedding_scale == 2);  // √4
  CHECK(config.target->file == "w.txt");
  CHECK(config.eos == 4);
  const StackOptions<double> options = stack_options<double>(config, 3);
  CHECK(options.layer.self.kv_heads == 1);
  CHECK(options.layer.self.attention.scale == 2);
  CHECK(options.layer.norm.eps == 0.25);
  CHECK(options.layer.activation == Activation::silu);
  CHECK(options.layer.self.attention.rotary->options.pairing == RotaryPairing::interleaved);
  CHECK(shape_of(options.layer.self.attention.rotary->tables->cos) == Shape{3, 6});
  CHECK_FALSE(options.layer.cross.attention.rotary.has_value());
}

TEST_CASE("a configuration that is incomplete, unknown or contradictory is refused") {
  const auto refusal = [](const std::string& text) { return error_of([&] { parse_model_config(text, "config.json"); }); };
  CHECK(refusal("{}") == "input: config.json: family is missing");
  CHECK(refusal(R"({"family": "decoder"})") == "input: config.json: sizes is missing");
  CHECK(contains(refusal(R"({"family": "decoders", "sizes": {}})"), "family must be one of 'encoder', 'decoder', 'encoder-decoder', found 'decoders'; did you mean 'decoder'?"));
  CHECK(contains(refusal(config_text("decoder", R"(, "activations": "relu")")), "activations is not a field of this file; did you mean 'activation'?"));
  CHECK(contains(refusal(config_text("decoder", "", R"(, "encoder_layers": 1)")), "sizes.encoder_layers has no place in a model of this family"));
  CHECK(contains(refusal(config_text("decoder", "", R"(, "source_vocabulary": 1)")), "sizes.source_vocabulary is for an encoder-decoder"));
  CHECK(contains(refusal(config_text("decoder", "", R"(, "kv_heads": 3)")), "sizes.kv_heads is 3, which does not divide the 2 heads"));
  CHECK(contains(refusal(config_text("decoder", R"(, "eps": -1)")), "eps must not be negative, found -1"));
  CHECK(contains(refusal(config_text("decoder", R"(, "positions": "rope-half")", R"(, "head_dim": 3)")), "the head size 3 is odd"));
  CHECK(contains(refusal(config_text("decoder", R"(, "tokenizer": {"bos": 5})")), "tokenizer.bos is 5, but the vocabulary has 5 tokens"));
  CHECK(contains(refusal(config_text("decoder", R"(, "tokenizer": {"source": {"kind": "words", "file": "w"}})")), "tokenizer.source is for a model with an encoder"));
  CHECK(contains(refusal(config_text("decoder", R"(, "scale": {"attention": "two"})")), "scale.attention must be a number or \"auto\""));
  CHECK(contains(refusal(R"({"family": "encoder", "sizes": {"width": 5, "heads": 2}})"), "sizes.heads is 2, which does not divide the width 5; give head_dim"));
  CHECK(contains(refusal("{"), "config.json"));
}
