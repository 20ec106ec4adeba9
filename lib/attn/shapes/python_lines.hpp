// Where the statements of a pasted program begin and end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace attn::shapes::python {

/// One statement of the source, apart from its comment.
struct Line {
  std::size_t number = 0;  ///< of its first line in the source, from 1
  std::string code, comment;
};

/// Logical lines: brackets continue a line, a semicolon ends a statement, # begins a comment.
std::vector<Line> logical_lines(std::string_view source);

/// The program with a line break before every statement, for one that lost its own on the way through a web
/// page: Python never has two operands side by side, so the second begins a statement. A comment ends there
/// too, which puts its further words on lines of their own, where they say nothing.
std::string with_line_breaks(std::string_view source);

/// The code of a page that marks it with fences of three backticks, block after block without the word for its
/// language; a page without fences as it is.
std::string fenced_code(std::string_view page);

}  // namespace attn::shapes::python
