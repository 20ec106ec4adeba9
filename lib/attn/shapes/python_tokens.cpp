#include <attn/shapes/python_tokens.hpp>

#include <cctype>

namespace attn::shapes::python {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

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
    if (c == '\'' || c == '"') return text(c);
    return symbol();
  }

  Token number() {
    Token token{Token::Kind::number, take_while([](char d) { return is_digit(d) || d == '.' || d == '_'; })};
    const bool exponent = at_ < source_.size() && (source_[at_] == 'e' || source_[at_] == 'E');
    if (exponent) token.text += take_while([](char d) { return is_name_part(d) || d == '-' || d == '+'; });
    return token;
  }

  Token text(char quote) {
    ++at_;
    Token token{Token::Kind::text, take_while([quote](char d) { return d != quote; })};
    if (at_ < source_.size()) ++at_;
    return token;
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

}  // namespace attn::shapes::python
