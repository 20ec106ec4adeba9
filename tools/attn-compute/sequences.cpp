#include "sequences.hpp"

#include "../common/numbers.hpp"

#include <attn/error.hpp>
#include <attn/io/file.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace attn::tools {
namespace {

// The lines of a file, without the empty one after the last line break.
std::vector<std::string> lines_of(const std::string& path) {
  const io::Bytes file = path == "-" ? io::load_stdin("--text-file") : io::load_file(path, "--text-file " + path);
  std::vector<std::string> lines;
  for (std::string_view rest = file.text(); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    lines.emplace_back(rest.substr(0, end));
    if (!lines.back().empty() && lines.back().back() == '\r') lines.back().pop_back();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (lines.empty()) throw InputError("--text-file " + path, "has no lines; expected one text a line");
  return lines;
}

const Vocabulary& require_vocabulary(const std::optional<Vocabulary>& vocabulary, const std::string& option, const std::string& numbers) {
  if (!vocabulary) throw UsageError(option, "needs a vocabulary, and this model has none; give the numbers of the tokens with " + numbers);
  return *vocabulary;
}

// The tokens that the decoder of an encoder-decoder begins with.
TokenRow prompt_of(const SequenceOptions& options, const ModelConfig& config, const std::optional<Vocabulary>& vocabulary) {
  if (options.target_tokens) return *options.target_tokens;
  if (!config.bos) throw UsageError("--target-tokens", "is missing: this model's configuration names no begin token (tokenizer.bos)");
  TokenRow prompt = {*config.bos};
  if (options.target) {
    const TokenRow more = require_vocabulary(vocabulary, "--target", "--target-tokens").encode(*options.target, "--target");
    prompt.insert(prompt.end(), more.begin(), more.end());
  }
  return prompt;
}

void check(const SequenceOptions& options, const ModelConfig& config) {
  const int kinds = !options.texts.empty() + !options.tokens.empty() + !options.text_file.empty();
  if (kinds == 0) throw UsageError("", "expected what the model is to read: --text, --tokens or --text-file");
  if (kinds > 1) throw UsageError("", "--text, --tokens and --text-file are three ways to say the same; give one");
  if (options.target && options.target_tokens) throw UsageError("--target", "and --target-tokens are two ways to say the same; give one");
  if ((options.target || options.target_tokens) && config.family != Family::encoder_decoder) {
    throw UsageError("--target", "is for a model with an encoder and a decoder");
  }
}

void check_length(const std::string& option, const TokenRow& tokens, const std::string& text, const ModelConfig& config) {
  if (tokens.empty()) throw InputError(option, "'" + text + "' holds no tokens");
  const std::size_t most = config.sizes.max_length;
  if (most > 0 && tokens.size() > most) {
    throw InputError(option, fmt::format("'{}' has {} tokens, but this model has {} positions", text, tokens.size(), most));
  }
}

}  // namespace

TokenRow parse_tokens(const std::string& option, const std::string& text) {
  TokenRow tokens;
  for (const std::string& part : parse_list(option, text)) tokens.push_back(parse_whole(option, part, 0, std::size_t{1} << 31));
  return tokens;
}

std::string text_of(const TokenRow& tokens) { return fmt::format("{}", fmt::join(tokens, ",")); }

std::vector<Sequence> read_sequences(const SequenceOptions& options, const ModelConfig& config,
                                     const std::optional<Vocabulary>& source, const std::optional<Vocabulary>& target) {
  check(options, config);
  std::vector<Sequence> sequences;
  const std::string read = !options.tokens.empty() ? "--tokens" : options.text_file.empty() ? "--text" : "--text-file";
  const auto add = [&](const std::string& text, TokenRow tokens) {
    check_length(read, tokens, text, config);
    Sequence sequence{text, {}, {}};
    (config.has_encoder() ? sequence.source : sequence.prompt) = std::move(tokens);
    if (config.family == Family::encoder_decoder) {
      sequence.prompt = prompt_of(options, config, target);
      check_length(options.target ? "--target" : "--target-tokens", sequence.prompt, options.target.value_or(text_of(sequence.prompt)), config);
    }
    sequences.push_back(std::move(sequence));
  };
  for (const TokenRow& tokens : options.tokens) add(text_of(tokens), tokens);
  for (const std::string& text : options.text_file.empty() ? options.texts : lines_of(options.text_file)) {
    TokenRow tokens = require_vocabulary(config.has_encoder() ? source : target, read, "--tokens").encode(text, read);
    if (!config.has_encoder() && config.bos) tokens.insert(tokens.begin(), *config.bos);
    add(text, std::move(tokens));
  }
  return sequences;
}

}  // namespace attn::tools
