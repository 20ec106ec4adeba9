// "Did you mean": the nearest known name to a mistyped one, as the end of a message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace attn::tools {

/// "; did you mean 'NAME'?" for the nearest of `known`, or "" when none is near enough (io::near_miss).
std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& known);

}  // namespace attn::tools
