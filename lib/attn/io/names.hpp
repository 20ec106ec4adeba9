// Names of arrays in messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// 'text' in single quotes, on one line and at most about 60 bytes long, whatever it holds.
std::string in_quotes(std::string_view text);

/// Text for a message: control characters and bytes that are not UTF-8 are written as \xNN.
std::string one_line(std::string_view text);

/// "'a', 'b', 'c'"; of a long list only the beginning, and how many more there are.
std::string list_in_quotes(const std::vector<std::string>& names);

/// The candidate that `name` is most likely a slip of: equal but for upper and lower case, or at most
/// one edit in three characters away. Empty when there is none.
std::optional<std::string> near_miss(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace attn::io
