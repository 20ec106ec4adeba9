#include <attn/shapes/python_tokens.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>

namespace attn::shapes::python {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }
bool is_number_part(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_'; }

/// 16 for "0x40", 8 for "0o17", 2 for "0b101", else 10.
int base_of(std::string_view number) {
  if (number.size() < 2 || number[0] != '0') return 10;
  switch (number[1]) {
    case 'x': case 'X': return 16;
    case 'o': case 'O': return 8;
    case 'b': case 'B': return 2;
    default: return 10;
  }
}

/// The number if it is all of the text.
template <class Number, class... Base>
std::optional<double> whole_text(std::string_view text, Base... base) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, base...);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return static_cast<double>(number);
}

/// Takes one token after the other off the source.
class Scanner {
 public:
  explicit Scanner(std::string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      if (std::isspace(static_cast<unsigned char>(source_[at_])) != 0) {
        ++at_;
      } else {
        const std::size_t begin = at_;
        tokens_.push_back(next());
        tokens_.back().begin = begin;
      }
    }
    return std::move(tokens_);
  }

 private:
  template <class Belongs>
  std::string take_while(Belongs belongs) {
    const std::size_t start = at_;
    while (at_ < source_.size() && belongs(source_[at_])) ++at_;
    return std::string(source_.substr(start, at_ - start));
  }

  Token next() {
    const char c = source_[at_];
    const bool point = c == '.' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1]);
    if (is_digit(c) || point) return number();
    if (is_name_start(c)) return {Token::Kind::name, take_while(is_name_part)};
    if (const std::string_view quote = quote_at(source_, at_); !quote.empty()) return text(quote);
    return symbol();
  }

  /// With its letters, so that what is no number is not taken for one and a half: 0x40, 1e-3, 3j.
  Token number() {
    Token token{Token::Kind::number, take_while(is_number_part)};
    const bool has_exponent = base_of(token.text) == 10 && (token.text.back() == 'e' || token.text.back() == 'E');
    const bool has_sign = at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+');
    if (!has_exponent || !has_sign) return token;
    token.text += source_[at_++];
    token.text += take_while(is_number_part);
    return token;
  }

  Token text(std::string_view quote) {
    const std::size_t begin = at_ + quote.size();
    at_ = end_of_text(source_, at_);
    std::string_view inside = source_.substr(begin, at_ - begin);
    const bool closed = inside.size() >= quote.size() && inside.substr(inside.size() - quote.size()) == quote;
    if (closed) inside.remove_suffix(quote.size());
    return {Token::Kind::text, std::string(inside)};
  }

  Token symbol() {
    static constexpr std::string_view pairs[] = {"**", "//", "==", "!=", "<=", ">=", "->", "+=", "-=", "*=", "/="};
    for (const std::string_view pair : pairs) {
      if (source_.substr(at_, 2) != pair) continue;
      at_ += 2;
      return {Token::Kind::symbol, std::string(pair)};
    }
    return {Token::Kind::symbol, std::string(1, source_[at_++])};
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view source) { return Scanner(source).run(); }

std::string_view quote_at(std::string_view source, std::size_t at) {
  if (at >= source.size() || (source[at] != '\'' && source[at] != '"')) return {};
  const bool triple = at + 2 < source.size() && source[at + 1] == source[at] && source[at + 2] == source[at];
  return source.substr(at, triple ? 3 : 1);
}

std::size_t end_of_text(std::string_view source, std::size_t at) {
  const std::string_view quote = quote_at(source, at);
  for (std::size_t i = at + quote.size(); i < source.size(); ++i) {
    if (source[i] == '\\') {
      ++i;
    } else if (source.compare(i, quote.size(), quote) == 0) {
      return i + quote.size();
    } else if (source[i] == '\n' && quote.size() == 1) {
      return i;
    }
  }
  return source.size();
}

std::optional<double> number_of(std::string_view token) {
  std::string digits(token);
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  const int base = base_of(digits);
  if (base == 10) return whole_text<double>(digits);
  return whole_text<std::uint64_t>(std::string_view(digits).substr(2), base);
}

}  // namespace attn::shapes::python
