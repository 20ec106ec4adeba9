// How many columns of a fixed-width page a text takes, and how to fill a page with it.
//
// Wide and fullwidth characters (Chinese, Japanese, Korean, emoji) take two columns, combining marks
// none, as Unicode Standard Annex #11 and terminals have it; ambiguous ones take one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace attn::render {

/// Takes the first character off `text` (not empty). Each byte that is not part of well-formed UTF-8
/// comes out as U+FFFD.
char32_t take_character(std::string_view& text);

/// 0, 1 or 2 columns. Control characters take none.
int character_width(char32_t character);

std::size_t display_width(std::string_view text);

/// The same text with every malformed byte replaced by U+FFFD; what is written to a page or to JSON.
std::string valid_utf8(std::string_view text);

/// Padded with spaces to `width` columns; longer texts are returned as they are.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

/// Cut to at most `width` columns, the last one an ellipsis when something was cut off.
std::string clip(std::string_view text, std::size_t width);

/// Lines of at most `width` columns. Breaks at spaces and between CJK characters, but never puts closing
/// punctuation at the start of a line or opening punctuation at its end; a word longer than a line is
/// cut. Line breaks in the text are kept.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

}  // namespace attn::render
