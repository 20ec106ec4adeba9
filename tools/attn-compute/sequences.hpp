// The sequences that a model reads and writes, as text or as numbers of tokens.
#pragma once

#include <attn/model/config.hpp>
#include <attn/model/vocabulary.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

using TokenRow = std::vector<std::size_t>;

/// Options that name sequences: --text, --tokens, --text-file, --target, --target-tokens.
struct SequenceOptions {
  std::vector<std::string> texts;
  std::vector<TokenRow> tokens;
  std::string text_file;  ///< "-": standard input
  std::optional<std::string> target;
  std::optional<TokenRow> target_tokens;
};

/// One run of the model: what is read, and what the decoder begins with.
struct Sequence {
  std::string text;  ///< as it was given; the tokens' numbers where there was none
  TokenRow source;   ///< of the encoder
  TokenRow prompt;   ///< of the decoder
};

/// "5,6,7". Throws UsageError.
TokenRow parse_tokens(const std::string& option, const std::string& text);

/// "5,6,7"
std::string text_of(const TokenRow& tokens);

/// The sequences of a run, at least one. Text goes to the encoder, or, where there is none, after the begin token
/// to the decoder. Throws UsageError for options that contradict each other or the model, InputError for
/// text outside the vocabulary, an empty line, or more tokens than the model has positions.
std::vector<Sequence> read_sequences(const SequenceOptions& options, const ModelConfig& config,
                                     const std::optional<Vocabulary>& source, const std::optional<Vocabulary>& target);

}  // namespace attn::tools
