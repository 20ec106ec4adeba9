// What a model is beside its numbers: config.json of a model directory.
//
//   {"family": "encoder-decoder",               encoder | decoder | encoder-decoder
//    "sizes": {"width": 64, "heads": 4, "kv_heads": 4, "head_dim": 16, "feed_forward": 128,
//              "encoder_layers": 2, "decoder_layers": 2,
//              "vocabulary": 41, "source_vocabulary": 17, "max_length": 16, "segments": 0},
//    "norm": {"kind": "layer", "place": "post", "final": false, "embedding": false},
//    "eps": 1e-5, "activation": "relu",
//    "positions": "learned",                    none | learned | sinusoidal | rope-half | rope-interleaved
//    "rope_base": 10000,
//    "scale": {"attention": "auto", "embedding": 1},
//    "bias": true,                              linear maps, and LayerNorms, have biases
//    "tie": false,                              the map to the logits is the transposed token table
//    "tokenizer": {"source": {"kind": "characters", "file": "source.txt"},
//                  "target": {"kind": "words", "file": "target.txt"}, "pad": 0, "bos": 1, "eos": 2}}
//
// Required: family, sizes.width, heads, feed_forward, vocabulary, and the layers and max_length that the
// family and the positions need. The rest has the values of the original Transformer: kv_heads = heads,
// head_dim = width / heads, LayerNorm after the residual connection, eps 1e-5, ReLU, learned positions.
#pragma once

#include <attn/ops/transformer.hpp>
#include <attn/weights/transformer_weights.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace attn {

enum class Family { encoder, decoder, encoder_decoder };

enum class Positions { none, learned, sinusoidal, rope_half, rope_interleaved };

/// How text becomes tokens.
enum class TokenizerKind {
  characters,  ///< each character is a token
  words,       ///< words between spaces; tokens that end in a hyphen are written together with the next
};

struct ModelSizes {
  std::size_t width = 0;              ///< E
  std::size_t heads = 0;              ///< H
  std::size_t kv_heads = 0;           ///< Hk
  std::size_t head_dim = 0;           ///< D
  std::size_t feed_forward = 0;       ///< F
  std::size_t encoder_layers = 0;
  std::size_t decoder_layers = 0;
  std::size_t vocabulary = 0;         ///< V, of the last stack
  std::size_t source_vocabulary = 0;  ///< of the encoder of an encoder-decoder
  std::size_t max_length = 0;         ///< Lm, rows of the position tables; 0: unlimited
  std::size_t segments = 0;           ///< Sg, rows of the segment table; 0: none
};

struct NormConfig {
  NormKind kind = NormKind::layer;
  NormPlacement place = NormPlacement::post;
  bool final = false;      ///< a norm after the last layer
  bool embedding = false;  ///< a norm of the embedded input
};

struct TokenizerConfig {
  TokenizerKind kind = TokenizerKind::words;
  std::string file;  ///< one token a line, in the model's directory
};

struct ModelConfig {
  Family family = Family::encoder_decoder;
  ModelSizes sizes;
  NormConfig norm;
  double eps = 1e-5;
  Activation activation = Activation::relu;
  bool gated = false;  ///< the feed-forward has a gate (SwiGLU, GEGLU)
  Positions positions = Positions::learned;
  double rope_base = 10000;
  std::optional<double> attention_scale;  ///< empty: 1/√D
  double embedding_scale = 1;             ///< factor on token embeddings
  bool bias = true;
  bool tie = false;
  std::optional<TokenizerConfig> source;  ///< of an encoder's input
  std::optional<TokenizerConfig> target;  ///< of a decoder's
  std::optional<std::size_t> pad, bos, eos;

  bool has_encoder() const { return family != Family::decoder; }
  bool has_decoder() const { return family != Family::encoder; }
  std::size_t layers(Stack stack) const { return stack == Stack::encoder ? sizes.encoder_layers : sizes.decoder_layers; }
  /// Rows of the token table of a stack.
  std::size_t vocabulary(Stack stack) const {
    return stack == Stack::encoder && has_decoder() ? sizes.source_vocabulary : sizes.vocabulary;
  }
};

/// The configuration in a JSON text. `subject` ("DIR/config.json") begins the message of every error.
/// Throws InputError for anything missing, unknown or contradictory.
ModelConfig parse_model_config(std::string_view text, const std::string& subject);

/// The options of the stacks of this model, masks aside. Rotary tables are computed here, once, for sequences of at
/// most `longest` tokens.
template <class T>
StackOptions<T> stack_options(const ModelConfig& config, std::size_t longest);

}  // namespace attn
