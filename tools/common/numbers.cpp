#include "numbers.hpp"

#include <attn/error.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace attn::tools {

std::uint64_t parse_whole(const std::string& option, const std::string& text, std::uint64_t least,
                          std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool leading_zero = text.size() > 1 && text[0] == '0';  // would be octal elsewhere
  if (error != std::errc{} || stop != end || leading_zero || number < least || number > most) {
    // A bound that only a number of twenty digits passes would say nothing about what was typed.
    const bool too_large = error == std::errc::result_out_of_range || (error == std::errc{} && number > most);
    const bool no_bound = most == UINT64_MAX || (most > UINT32_MAX && !too_large);
    const std::string range = no_bound ? fmt::format("a whole number, at least {}", least)
                                       : fmt::format("a whole number from {} to {}", least, most);
    throw UsageError(option, fmt::format("expected {}, found '{}'", range, text));
  }
  return number;
}

double parse_number(const std::string& option, const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::result_out_of_range) {
    throw UsageError(option, fmt::format("'{}' is outside the range of float64", text));
  }
  if (error != std::errc{} || stop != end || !std::isfinite(number)) {
    throw UsageError(option, fmt::format("expected a number such as 0.5 or 1e-6, found '{}'", text));
  }
  return number;
}

std::vector<std::string> parse_list(const std::string& option, const std::string& text) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t comma = text.find(',', start);
    parts.push_back(text.substr(start, comma - start));
    if (parts.back().empty()) {
      throw UsageError(option, fmt::format("expected values separated by single commas, found '{}'", text));
    }
    if (comma == std::string::npos) return parts;
    start = comma + 1;
  }
}

std::size_t parse_bytes(const std::string& option, const std::string& text) {
  static constexpr std::pair<const char*, std::size_t> units[] = {
      {"KiB", std::size_t{1} << 10}, {"MiB", std::size_t{1} << 20}, {"GiB", std::size_t{1} << 30}};
  for (const auto& [suffix, factor] : units) {
    if (text.size() <= 3 || text.compare(text.size() - 3, 3, suffix) != 0) continue;
    return parse_whole(option, text.substr(0, text.size() - 3), 1, SIZE_MAX / factor) * factor;
  }
  if (text.find_first_not_of("0123456789") != std::string::npos) {
    throw UsageError(option, fmt::format("expected a number of bytes such as 4096, 512KiB, 64MiB or 4GiB, found '{}'", text));
  }
  return parse_whole(option, text, 1);
}

}  // namespace attn::tools
