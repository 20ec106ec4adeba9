// "Did you mean": the nearest known name to a mistyped one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace attn::tools {

/// Levenshtein distance in bytes: single insertions, deletions and replacements.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// "; did you mean 'NAME'?" for the nearest of `known`, or "" when none is near enough (a third of the
/// length, at least 1 and at most 3 edits).
std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& known);

}  // namespace attn::tools
