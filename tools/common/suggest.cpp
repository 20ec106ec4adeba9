#include "suggest.hpp"

#include <attn/io/names.hpp>

namespace attn::tools {

std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& known) {
  const std::optional<std::string> nearest = io::near_miss(mistyped, known);
  return nearest ? "; did you mean '" + *nearest + "'?" : "";
}

}  // namespace attn::tools
