#include "ranges.hpp"

#include "../common/numbers.hpp"

#include <attn/error.hpp>

#include <fmt/format.h>

#include <limits>

namespace attn::tools {
namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

// FIRST:LAST:xFACTOR or FIRST:LAST:+STEP
struct Range {
  std::uint64_t first, last, step;
  bool times;
};

Range parse_range(const std::string& option, const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::size_t second = text.find(':', colon + 1);
  if (second == std::string::npos || second + 2 > text.size() || (text[second + 1] != 'x' && text[second + 1] != '+')) {
    throw UsageError(option, fmt::format("expected FIRST:LAST:xFACTOR or FIRST:LAST:+STEP such as 64:8192:x2, found '{}'", text));
  }
  Range range;
  range.first = parse_whole(option, text.substr(0, colon), 1, largest);
  range.last = parse_whole(option, text.substr(colon + 1, second - colon - 1), 1, largest);
  range.times = text[second + 1] == 'x';
  range.step = parse_whole(option, text.substr(second + 2), range.times ? 2 : 1, largest);
  if (range.last < range.first) {
    throw UsageError(option, fmt::format("the range '{}' ends at {}, before its start {}", text, range.last, range.first));
  }
  return range;
}

}  // namespace

std::vector<cost::Count> parse_sizes(const std::string& option, const std::string& text, std::size_t most) {
  std::vector<cost::Count> sizes;
  const auto append = [&](cost::Count size) {
    if (sizes.size() == most) throw UsageError(option, fmt::format("'{}' has more than {} sizes", text, most));
    sizes.push_back(size);
  };
  if (text.find(':') == std::string::npos) {
    for (const std::string& part : parse_list(option, text)) append(static_cast<cost::Count>(parse_whole(option, part, 1, largest)));
    return sizes;
  }
  const Range range = parse_range(option, text);
  // Counts have twice the bits of the bounds, so the step past the end cannot overflow.
  for (cost::Count size = range.first; size <= static_cast<cost::Count>(range.last);
       size = range.times ? size * static_cast<cost::Count>(range.step) : size + static_cast<cost::Count>(range.step)) {
    append(size);
  }
  return sizes;
}

}  // namespace attn::tools
