// Text into tokens and back.
#pragma once

#include <attn/model/config.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

/// The tokens of one side of a model; a token's number is its place in the list.
class Vocabulary {
 public:
  /// One token a line, UTF-8. `subject` (the file) begins the message of every error. Throws InputError unless
  /// there are `expected` tokens, none of them empty or given twice, and each a single character if the
  /// tokenizer takes characters. Tokens in angle brackets (<pad>) never stand in a text.
  Vocabulary(std::string_view lines, TokenizerKind kind, std::size_t expected, const std::string& subject);

  /// The tokens of a text. Spaces separate words and are skipped between characters. Throws InputError for a
  /// piece of text that is no token: names it, and its place; `subject` is the text's name in that message.
  std::vector<std::size_t> encode(std::string_view text, const std::string& subject = "--text") const;

  /// The text of tokens; those in angle brackets are left out. Characters are joined, words put apart by
  /// spaces, except after a token that ends in a hyphen.
  std::string decode(const std::vector<std::size_t>& tokens) const;

  /// The token itself, for labels. Throws std::out_of_range beyond the vocabulary.
  const std::string& token(std::size_t number) const { return tokens_.at(number); }
  std::size_t size() const { return tokens_.size(); }

 private:
  std::vector<std::size_t> encode_word(std::string_view text, std::size_t begin, std::size_t end, const std::string& subject) const;

  std::string file_;
  TokenizerKind kind_;
  std::vector<std::string> tokens_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
};

}  // namespace attn
