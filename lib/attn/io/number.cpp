#include <attn/io/number.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace attn::io {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// An integer of few digits, such as an index: its own double, with nothing to be rounded. 0 when it is none, or
// when it goes on as something else.
std::size_t parse_short_integer(std::string_view text, Number& number) {
  constexpr std::size_t most_digits = 15;  // all such are below 2^53
  const std::size_t first = !text.empty() && text.front() == '-' ? 1 : 0, limit = std::min(text.size(), first + most_digits);
  std::size_t end = first;
  std::int64_t value = 0;
  for (; end < limit && is_digit(text[end]); ++end) value = 10 * value + (text[end] - '0');
  const bool goes_on = end < text.size() && (is_digit(text[end]) || text[end] == '.' || text[end] == 'e' || text[end] == 'E');
  if (end == first || goes_on || (first == 1 && value == 0)) return 0;
  number = {static_cast<double>(first == 1 ? -value : value), NumberStatus::ok, true};
  return end;
}

// The other integers up to 2^53; all others have another character than digits and their sign.
bool is_long_integer(std::string_view text, double value) {
  const bool is_whole = std::abs(value) <= 0x1p53 && static_cast<double>(static_cast<std::int64_t>(value)) == value;
  const bool is_minus_zero = value == 0 && std::signbit(value);
  return is_whole && !is_minus_zero && std::all_of(text.begin(), text.end(), [](char c) { return c == '-' || is_digit(c); });
}

}  // namespace

std::size_t parse_number_at_beginning(std::string_view text, Number& number) {
  if (const std::size_t length = parse_short_integer(text, number)) return length;
  number = {};
  const char* const begin = text.data();
  const auto [end, error] = std::from_chars(begin, begin + text.size(), number.value);
  // from_chars would also take the C library's "nan(payload)".
  if (error == std::errc::invalid_argument || end[-1] == ')') return 0;
  const auto length = static_cast<std::size_t>(end - begin);
  const bool fits = error != std::errc::result_out_of_range;
  number.status = fits ? NumberStatus::ok : NumberStatus::out_of_range;
  number.is_integer = fits && is_long_integer(text.substr(0, length), number.value);
  return length;
}

Number parse_number(std::string_view text) {
  Number number;
  return parse_number_at_beginning(text, number) == text.size() ? number : Number{};
}

}  // namespace attn::io
