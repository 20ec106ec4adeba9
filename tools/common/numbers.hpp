// Strict numbers for option values: the whole text must be one number in range, or the option is refused.
// CLI11's own conversions wrap -1 to 2^64 - 1, read 010 as octal and 1e400 as infinity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace attn::tools {

/// A whole number from `least` to `most`. Throws UsageError naming the option, what was found and the range.
std::uint64_t parse_whole(const std::string& option, const std::string& text, std::uint64_t least = 0,
                          std::uint64_t most = UINT64_MAX);

/// A finite decimal number such as 0.5, -3 or 1e-6. Throws UsageError.
double parse_number(const std::string& option, const std::string& text);

/// Comma-separated parts, none of them empty: "3,2" -> {"3", "2"}. Throws UsageError.
std::vector<std::string> parse_list(const std::string& option, const std::string& text);

/// A number of bytes: 4096, 512KiB, 64MiB, 4GiB. Throws UsageError.
std::size_t parse_bytes(const std::string& option, const std::string& text);

}  // namespace attn::tools
