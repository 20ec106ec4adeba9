#include <attn/io/number.hpp>

#include <charconv>
#include <cmath>

namespace attn::io {

Number parse_number(std::string_view text) {
  Number number;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number.value);
  // from_chars would also take the C library's "nan(payload)".
  if (parsed.ec == std::errc::invalid_argument || parsed.ptr != end || text.back() == ')') return number;
  if (parsed.ec == std::errc::result_out_of_range) {
    number.status = NumberStatus::out_of_range;
    return number;
  }
  number.status = NumberStatus::ok;
  number.is_integer = text.find_first_not_of("-0123456789") == std::string_view::npos &&
                      std::abs(number.value) <= 0x1p53 && !(number.value == 0 && std::signbit(number.value));
  return number;
}

}  // namespace attn::io
