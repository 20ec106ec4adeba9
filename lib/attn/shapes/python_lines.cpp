#include <attn/shapes/one_of.hpp>
#include <attn/shapes/python_lines.hpp>
#include <attn/shapes/python_tokens.hpp>

#include <algorithm>

namespace attn::shapes::python {
namespace {

bool joins_operands(const Token& token) {
  return token.kind == Token::Kind::name && is_one_of(token.text, {"and", "or", "not", "in", "is", "if", "else", "as", "lambda"});
}

bool begins_a_statement(const Token& token) {
  return token.kind == Token::Kind::name &&
         is_one_of(token.text, {"import", "from", "class", "def", "return", "raise", "del", "global", "assert", "for", "while",
                                "with", "elif", "yield", "await", "async"});
}

bool ends_an_operand(const Token& token) {
  if (token.kind == Token::Kind::symbol) return is_one_of(token.text, {")", "]", "}"});
  return !joins_operands(token) && !begins_a_statement(token);
}

int depth_of(const Token& token) {
  if (token.kind != Token::Kind::symbol) return 0;
  if (is_one_of(token.text, {"(", "[", "{"})) return 1;
  return is_one_of(token.text, {")", "]", "}"}) ? -1 : 0;
}

}  // namespace

std::vector<Line> logical_lines(std::string_view source) {
  std::vector<Line> lines;
  Line line{1, "", ""};
  std::size_t number = 1;
  int open = 0;
  const auto end_line = [&] {
    if (!line.code.empty() || !line.comment.empty()) lines.push_back(line);
    line = {number, "", ""};
  };
  for (std::size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c == '\n') ++number;
    if (!quote_at(source, i).empty()) {
      const std::string_view text = source.substr(i, end_of_text(source, i) - i);
      number += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
      line.code += text;
      i += text.size() - 1;
    } else if (c == '#') {
      const std::size_t end = std::min(source.find('\n', i), source.size());
      line.comment += source.substr(i + 1, end - i - 1);
      i = end - 1;
    } else if (open == 0 && (c == '\n' || c == ';')) {
      end_line();
    } else {
      if (c == '(' || c == '[' || c == '{') ++open;
      if (c == ')' || c == ']' || c == '}') open = std::max(0, open - 1);
      line.code += c == '\n' ? ' ' : c;
    }
  }
  end_line();
  return lines;
}

std::string with_line_breaks(std::string_view source) {
  std::string text;
  std::size_t copied = 0;
  int depth = 0;
  const Token* previous = nullptr;
  const std::vector<Token> tokens = tokens_of(source);
  for (const Token& token : tokens) {
    const bool after_colon = previous && previous->kind == Token::Kind::symbol && previous->text == ":";
    const bool side_by_side = previous && token.kind == Token::Kind::name && !joins_operands(token) && ends_an_operand(*previous);
    if (depth == 0 && (after_colon || side_by_side)) {
      text += std::string(source.substr(copied, token.begin - copied)) + "\n";
      copied = token.begin;
    }
    depth = std::max(0, depth + depth_of(token));
    previous = &token;
  }
  return text + std::string(source.substr(copied));
}

std::string fenced_code(std::string_view page) {
  constexpr std::string_view fence = "```", letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::size_t begin = page.find(fence);
  if (begin == std::string_view::npos) return std::string(page);
  std::string code;
  while (begin != std::string_view::npos) {
    begin = std::min(page.find_first_not_of(letters, begin + fence.size()), page.size());
    const std::size_t end = std::min(page.find(fence, begin), page.size());
    const std::string_view block = page.substr(begin, end - begin);
    code += (block.find('\n') == std::string_view::npos ? with_line_breaks(block) : std::string(block)) + "\n";
    begin = page.find(fence, std::min(end + fence.size(), page.size()));
  }
  return code;
}

}  // namespace attn::shapes::python
