// The words and signs of a line of Python.
#pragma once

#include <cstddef>
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

}  // namespace attn::shapes::python
