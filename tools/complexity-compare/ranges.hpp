// Options that take several sizes: 64, 64,128,512, 64:8192:x2 (times two) or 64:512:+64 (in equal steps).
#pragma once

#include <attn/cost/count.hpp>

#include <string>
#include <vector>

namespace attn::tools {

/// The sizes, in the order given. Throws UsageError for a text that is none of the above, a size below 1, a
/// range that runs backwards or stands still, or more than `most` sizes.
std::vector<cost::Count> parse_sizes(const std::string& option, const std::string& text, std::size_t most = 1000);

}  // namespace attn::tools
