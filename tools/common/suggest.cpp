#include "suggest.hpp"

#include <algorithm>
#include <numeric>

namespace attn::tools {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& known) {
  const std::string* nearest = nullptr;
  std::size_t least = std::clamp<std::size_t>(mistyped.size() / 3, 1, 3) + 1;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(mistyped, name);
    if (distance < least) {
      least = distance;
      nearest = &name;
    }
  }
  return nearest ? "; did you mean '" + *nearest + "'?" : "";
}

}  // namespace attn::tools
