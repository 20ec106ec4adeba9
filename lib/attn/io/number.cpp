#include <attn/io/number.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace attn::io {
namespace {

// Most numbers of a file have a fraction, and then need no look at their text.
bool is_written_as_integer(std::string_view text, double value) {
  if (!(std::abs(value) <= 0x1p53) || static_cast<double>(static_cast<std::int64_t>(value)) != value) return false;
  if (value == 0 && std::signbit(value)) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
}

}  // namespace

std::size_t parse_number_at_beginning(std::string_view text, Number& number) {
  number = {};
  const char* const begin = text.data();
  const auto [end, error] = std::from_chars(begin, begin + text.size(), number.value);
  // from_chars would also take the C library's "nan(payload)".
  if (error == std::errc::invalid_argument || end[-1] == ')') return 0;
  const auto length = static_cast<std::size_t>(end - begin);
  if (error == std::errc::result_out_of_range) {
    number.status = NumberStatus::out_of_range;
  } else {
    number.status = NumberStatus::ok;
    number.is_integer = is_written_as_integer(text.substr(0, length), number.value);
  }
  return length;
}

Number parse_number(std::string_view text) {
  Number number;
  return parse_number_at_beginning(text, number) == text.size() ? number : Number{};
}

}  // namespace attn::io
