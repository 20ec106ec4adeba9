#include <attn/model/vocabulary.hpp>

#include <attn/error.hpp>
#include <attn/io/names.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace attn {
namespace {

// Bytes of the UTF-8 character that begins with `lead`; 1 for a byte that begins none.
std::size_t character_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

bool is_special(const std::string& token) { return token.size() > 2 && token.front() == '<' && token.back() == '>'; }

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

Vocabulary::Vocabulary(std::string_view lines, TokenizerKind kind, std::size_t expected, const std::string& subject)
    : file_(subject), kind_(kind) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    std::string token(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (!token.empty() && token.back() == '\r') token.pop_back();
    const std::string place = fmt::format("line {} ", tokens_.size() + 1);
    if (token.empty()) throw InputError(subject, place + "is empty; expected one token a line");
    if (std::any_of(token.begin(), token.end(), is_space)) throw InputError(subject, place + io::in_quotes(token) + " has a space in it");
    if (kind == TokenizerKind::characters && !is_special(token) && character_length(token[0]) != token.size()) {
      throw InputError(subject, place + io::in_quotes(token) + " is not a single character");
    }
    if (!numbers_.insert({token, tokens_.size()}).second) throw InputError(subject, place + io::in_quotes(token) + " stands there before");
    tokens_.push_back(std::move(token));
  }
  if (tokens_.size() != expected) {
    throw InputError(subject, fmt::format("has {} tokens, but the configuration says {}", tokens_.size(), expected));
  }
}

std::vector<std::size_t> Vocabulary::encode(std::string_view text, const std::string& subject) const {
  std::vector<std::size_t> result;
  for (std::size_t begin = 0; begin < text.size();) {
    if (is_space(text[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < text.size() && !is_space(text[end])) ++end;
    const std::vector<std::size_t> word = encode_word(text, begin, end, subject);
    result.insert(result.end(), word.begin(), word.end());
    begin = end;
  }
  return result;
}

// Characters one by one; words by the longest token that fits, as long as each but the last ends in a hyphen.
std::vector<std::size_t> Vocabulary::encode_word(std::string_view text, std::size_t begin, std::size_t end, const std::string& subject) const {
  std::vector<std::size_t> result;
  while (begin < end) {
    std::size_t length = end - begin;
    if (kind_ == TokenizerKind::characters) {
      length = std::min(length, character_length(text[begin]));
    } else if (numbers_.find(text.substr(begin, length)) == numbers_.end()) {
      const std::size_t hyphen = text.substr(begin, length).find('-');
      if (hyphen != std::string_view::npos) length = hyphen + 1;
    }
    const std::string_view piece = text.substr(begin, length);
    const auto found = numbers_.find(piece);
    if (found == numbers_.end() || is_special(found->first)) {
      throw InputError(subject, fmt::format("{} at byte {} is not in the vocabulary {}", io::in_quotes(piece), begin, file_));
    }
    result.push_back(found->second);
    begin += length;
  }
  return result;
}

std::string Vocabulary::decode(const std::vector<std::size_t>& tokens) const {
  std::string text;
  for (const std::size_t number : tokens) {
    const std::string& word = token(number);
    if (is_special(word)) continue;
    if (kind_ == TokenizerKind::words && !text.empty() && text.back() != '-') text += ' ';
    text += word;
  }
  return text;
}

}  // namespace attn
