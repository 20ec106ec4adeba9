// Numbers in text.
#pragma once

#include <cstddef>
#include <string_view>

namespace attn::io {

enum class NumberStatus { ok, not_a_number_text, out_of_range };

struct Number {
  double value = 0;
  NumberStatus status = NumberStatus::not_a_number_text;
  bool is_integer = false;  ///< written as an integer up to 2^53; false for -0, which an integer cannot be
};

/// Reads the whole of `text`, correctly rounded, whatever the locale: decimal numbers, and NaN, Inf and
/// Infinity with an optional minus sign, in any case. No plus sign, no blanks, no hexadecimal digits.
/// A number too large for float64, or one that is not zero and smaller than its smallest, is out of range.
Number parse_number(std::string_view text);

/// The same for the longest number that `text` begins with; the length of that. 0 when it begins with none.
std::size_t parse_number_at_beginning(std::string_view text, Number& number);

}  // namespace attn::io
