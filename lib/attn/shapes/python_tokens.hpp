// The words and signs of a line of Python.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::shapes::python {

struct Token {
  enum class Kind { name, number, text, symbol };
  Kind kind = Kind::symbol;
  std::string text;       ///< of a text without its quotes
  std::size_t begin = 0;  ///< where it starts in the source
};

/// Every token of the source, comments included ("#" is a symbol). Never throws: a byte that begins
/// nothing known is a symbol, and bytes beyond ASCII belong to names.
std::vector<Token> tokens_of(std::string_view source);

/// The quotation mark of one or three characters that begins a text there; empty where none does.
std::string_view quote_at(std::string_view source, std::size_t at);

/// Where the text ends whose quotation mark stands there: behind the closing one; before the line break where a mark
/// of one character is not closed on its line; at the end of the source.
std::size_t end_of_text(std::string_view source, std::size_t at);

/// What a number token stands for: 1_024, 0x40, 0o17, 0b101, 1.5e-3. Empty unless all of it is one real number.
std::optional<double> number_of(std::string_view token);

}  // namespace attn::shapes::python
