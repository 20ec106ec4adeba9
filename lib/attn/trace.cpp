#include <attn/trace.hpp>

namespace attn {

std::string axes_of(Step step, const Sizes& sizes) {
  std::string axes(step_info(step).axes);
  if (sizes.past_len > 0) return axes;
  const std::size_t new_len = axes.find("Ln");
  if (new_len != std::string::npos) axes.replace(new_len, 2, "Lk");
  return axes;
}

}  // namespace attn
